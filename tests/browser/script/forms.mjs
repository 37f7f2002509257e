// Forms of records, filled in by keyboard alone.

import assert from "node:assert/strict";

import { origin } from "./stage.mjs";

/** More presses than any form has stops. */
const STOPS_MAX = 300;

/** Goes to where a link on a page leads, and waits for the form there. */
export async function opens(page, link) {
  await stop(page, (link) => document.activeElement.matches("a") && document.activeElement.innerText === link, link);
  await page.keyboard.press("Enter");
  await page.locator("#form").waitFor();
}

/** Goes on by the Tab key until what has the focus is what is looked for. */
async function stop(page, is, what) {
  for (let stops = 0; stops < STOPS_MAX; stops++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(is, what)) return;
  }
  assert.fail(`no way to ${what} by keyboard`);
}

/** Writes into fields in the order in which they stand on the page; boxes are ticked, and lists chosen from by their first letters. */
export async function write(page, fields) {
  for (const [name, text] of fields) {
    const isIt = ([name, text]) => {
      const at = document.activeElement;
      return at.name === name && (at.type !== "checkbox" || at.value === text);
    };
    await stop(page, isIt, [name, text]);
    const kind = await page.evaluate(() => document.activeElement.type);
    if (kind === "checkbox") {
      await page.keyboard.press("Space");
    } else if (kind === "select-one") {
      await page.keyboard.type(text);
      assert.ok(await page.evaluate((text) => document.activeElement.selectedOptions[0].label.startsWith(text), text), name);
    } else {
      await page.keyboard.press("Control+A");
      await page.keyboard.type(text);
    }
  }
}

/** Presses a form's button. */
export async function press(page, value) {
  await stop(page, (value) => document.activeElement.name === "do" && document.activeElement.value === value, value);
  const loaded = page.waitForEvent("load");
  await page.keyboard.press("Enter");
  await loaded;
}

/** Publishes a form, and waits for where that leads or what it says. */
export async function publish(page, leads) {
  await press(page, "publish");
  if (leads.startsWith("/")) {
    await page.waitForURL(`${origin}${leads}`);
    assert.equal(await page.locator(".errors[aria-labelledby]").count(), 0, "published");
  } else if (leads === "what is wrong") {
    await page.locator("#wrong").waitFor();
  } else {
    await page.getByRole("heading", { name: leads }).waitFor();
  }
}
