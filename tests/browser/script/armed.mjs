// A control room that counts on its consoles: one that is not armed says so; while none is, people are phoned.

import assert from "node:assert/strict";

import { ask, becomes, begun, origin, signIn, sounds, story } from "./stage.mjs";

await story(async ({ person }) => {
  const page = await person();
  await signIn(page, "Amy Okafor");
  await page.locator("#sound-off", { hasText: "This console is not armed." }).waitFor();
  const abandoned = page.locator("article[data-incident]", { hasText: "No console is armed" });
  await abandoned.getByText("still going on").waitFor();
  await ask("texted");

  await page.getByRole("button", { name: "Arm console" }).click();
  await page.locator("#sound-off").waitFor({ state: "hidden" });
  await abandoned.getByText("situation over, not closed").waitFor();
  // It is still nobody's: it sounds.
  await sounds(page, "p1");
  await abandoned.getByRole("button", { name: "Own it" }).click();
  await sounds(page);

  // P3 sounds once; muted it does not, and danger does all the same.
  await ask("battery", 3);
  await sounds(page, "p3");
  await sounds(page);
  await page.getByRole("button", { name: "Mute P2 and P3" }).click();
  const quiet = await ask("battery", 2);
  await page.locator(`article[data-incident="${quiet}"]`).waitFor();
  assert.equal(await begun(page, "p3"), 1);
  await ask("violation", 1);
  await sounds(page, "p1");

  // A page that its reader has not touched may not sound: that is a red bar, until they do.
  await page.context().addInitScript(() => location.protocol === "http:" && sessionStorage.setItem("armed", "1"));
  const untouched = await page.context().newPage();
  await untouched.goto(`${origin}/`);
  // Whatever Playwright itself asks a page counts as a touch.
  const quietly = await page.context().newCDPSession(untouched);
  const look = async (expression) => (await quietly.send("Runtime.evaluate", { expression })).result.value;
  await becomes(() => look(`document.getElementById("line-word").textContent`), "Live");
  await becomes(() => look(`document.getElementById("sound-blocked").hidden`), false);
  await untouched.keyboard.press("Shift");
  await becomes(() => look(`document.getElementById("sound-blocked").hidden`), true);
  await sounds(untouched, "p1");
});
