// A console that nobody touches for a quarter of an hour: wherever it is open it shows nobody's data, and still raises the
// alarm. A password and a code bring the queue back.

import assert from "node:assert/strict";

import { found, look } from "./look.mjs";
import { ask, becomes, isLive, origin, signInByKeyboard, sounds, story } from "./stage.mjs";

/** Of whom nothing is to be seen any more. */
const SOMEBODY = ["Robin Vale", "Lee Marsh", "Sam Rivers", "CURLEW", "PLOVER", "+4477009"];

/** Nothing of anybody is left on a page. */
async function isLocked(page, title) {
  await page.getByRole("heading", { name: "Locked" }).waitFor();
  await becomes(() => page.title(), title);
  const content = await page.content();
  assert.deepEqual(SOMEBODY.filter((somebody) => content.includes(somebody)), [], page.url());
  assert.equal(await page.locator("canvas").count(), 0);
}

await story(async ({ person }) => {
  // What is refused a browser writes down as an error.
  const queue = await person({ expects: ["status of 403", "status of 423"] });
  const amy = await ask("account", { id: "amy", role: "officer" });
  await queue.goto(`${origin}/sign-in`);
  await signInByKeyboard(queue, amy);
  await isLive(queue);
  await queue.getByRole("button", { name: "Arm console" }).click();
  const known = await ask("violation", 1);
  await queue.locator(`#own-${known}`).click();
  await queue.getByText("Owned by Amy Okafor").waitFor();
  await sounds(queue);
  await queue.locator("live-map[data-on]").waitFor();

  // The same session in other windows: one asks about somebody, one has nothing that it would fetch again.
  const beside = async (path) => {
    const page = await queue.context().newPage();
    await page.goto(`${origin}${path}`);
    await isLive(page);
    return page;
  };
  const incident = await beside(`/incidents/${known}`);
  await incident.keyboard.press("x");
  await incident.getByRole("dialog").getByText("Robin Vale").waitFor();
  const devices = await beside("/enrolments");
  await devices.locator("option", { hasText: "Sam Rivers" }).first().waitFor({ state: "attached" });

  await ask("idle");
  for (const page of [queue, incident, devices]) await isLocked(page, "Locked – Cordon");
  await becomes(() => queue.evaluate(() => document.activeElement.textContent), "Sign in again");
  await isLive(queue);
  await look(queue, "locked");

  // The alarm goes on, and says nothing of anybody.
  const unknown = await ask("violation", 2);
  await sounds(queue, "p1");
  for (const page of [queue, incident]) {
    await page.getByText("One P1 incident that nobody has.").waitFor();
    await isLocked(page, "(1 P1) Locked – Cordon");
  }
  await look(queue, "locked-alarm");

  // Touching it does not unlock it, nor does loading it again.
  await queue.keyboard.press("j");
  await queue.keyboard.press("o");
  assert.equal(await queue.evaluate(async () => (await fetch("/fragments/queue")).status), 423);
  await isLocked(queue, "(1 P1) Locked – Cordon");
  await devices.goto(`${origin}/`);
  await devices.waitForURL("**/sign-in");

  // A wrong password does not, either; the right one and a code do.
  await queue.keyboard.press("Enter");
  await queue.waitForURL("**/sign-in");
  await queue.getByLabel("What you sign in as").fill(amy.name);
  await queue.getByLabel("Password").fill("a guess of one");
  await queue.keyboard.press("Enter");
  await queue.getByText("do not belong together").waitFor();
  await queue.goto(`${origin}/`);
  await queue.waitForURL("**/sign-in");
  await signInByKeyboard(queue, amy);
  await isLive(queue);
  for (const [id, name] of [[known, "Robin Vale"], [unknown, "Lee Marsh"]]) {
    await queue.locator(`article[data-incident="${id}"]`, { hasText: name }).waitFor();
  }

  // Whoever follows nothing hears no alarm: their page leads to where they sign in again.
  const auditor = await person({ expects: ["status of 403", "status of 423"] });
  await auditor.clock.install();
  await auditor.goto(`${origin}/sign-in`);
  await signInByKeyboard(auditor, await ask("account", { id: "ada", role: "auditor" }));
  await auditor.getByText("see incident").first().waitFor();
  await auditor.clock.runFor(60_000);
  await auditor.getByText("see incident").first().waitFor();
  await ask("idle");
  await auditor.clock.runFor(60_000);
  await auditor.waitForURL("**/sign-in");
  await auditor.goBack();
  await auditor.waitForURL("**/sign-in");

  assert.deepEqual(found, []);
});
