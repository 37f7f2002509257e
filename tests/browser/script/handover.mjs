// A shift ends: Amy signs what is open, something new comes up, Ben is shown what is new and signs, and what was hers is his.
// Then he leaves without a handover, and she is told.

import assert from "node:assert/strict";

import { found, look } from "./look.mjs";
import { ask, focused, isLive, origin, pictures, signInAs, story, tabTo } from "./stage.mjs";

await story(async ({ person }) => {
  const expects = ["status of 409"];
  const [amy, ben] = [await person({ expects }), await person({ expects })];
  for (const [page, id] of [[amy, "amy"], [ben, "ben"]]) await signInAs(page, { id, role: "officer" });
  const violation = await ask("violation", 1);
  const battery = await ask("battery", 3);
  await press(amy, `act-${violation}`);
  await amy.locator(`article[data-incident="${violation}"] .state`, { hasText: "Acted on by Amy Okafor" }).waitFor();
  await write(amy, violation, "The patrol is at the gate; he waits for it.");
  await amy.goto(`${origin}/incidents/${battery}`);
  await amy.locator("#shelve-reason").fill("His mother charges it tonight.");
  await amy.getByRole("button", { name: "Shelve it" }).click();
  await amy.getByText("His mother charges it tonight.").first().waitFor();

  // By keyboard alone, from the menu.
  await amy.goto(`${origin}/handover`);
  await amy.getByRole("heading", { name: "I go off duty" }).waitFor();
  await look(amy, "handover-draft");
  await tabTo(amy, "says");
  await amy.keyboard.type("Sam Rivers phones at ten. Her sister has her key.");
  await tabTo(amy, "sign");
  await amy.keyboard.press("Enter");
  await amy.getByRole("heading", { name: "It waits" }).waitFor();
  const at = amy.url();
  await look(amy, "handover-waits");

  const cut = await ask("cut", 2);
  await ben.goto(`${origin}/handover`);
  await look(ben, "handover-of-others");
  await ben.getByRole("link", { name: "Read and sign" }).click();
  assert.equal(ben.url(), at);
  const news = ben.locator("section[aria-labelledby=new]");
  await news.getByRole("link", { name: /Lee Marsh/ }).first().waitFor();
  await ben.getByText("Her sister has her key.").waitFor();
  await ben.getByText("2 incidents become yours at once.").waitFor();
  await look(ben, "handover-to-sign");

  // She takes one more in hand while he reads.
  await amy.goto(`${origin}/`);
  await press(amy, `act-${cut}`);
  await amy.locator(`article[data-incident="${cut}"] .state`, { hasText: "Acted on by Amy Okafor" }).waitFor();
  await tabTo(ben, "says");
  await ben.keyboard.type("Which sister?");
  await tabTo(ben, "sign");
  await ben.keyboard.press("Enter");
  await ben.getByText("The picture has changed since this page was drawn.").waitFor();
  await ben.getByText("3 incidents become yours at once.").waitFor();
  await look(ben, "handover-changed");
  await tabTo(ben, "sign");
  await ben.keyboard.press("Enter");
  await ben.getByText("Signed by both.").waitFor();
  await look(ben, "handover-signed");
  await ben.emulateMedia({ media: "print" });
  await ben.screenshot({ path: `${pictures}/handover-printed.png`, fullPage: true });
  await ben.emulateMedia({ media: "screen" });
  await ben.goto(`${origin}/`);
  for (const incident of [violation, cut]) {
    const state = ben.locator(`article[data-incident="${incident}"] .state`);
    await state.getByText("Acted on by Amy Okafor, now with Ben Lloyd").waitFor();
  }

  // He leaves all the same.
  await ben.getByRole("button", { name: "Sign out" }).click();
  await ben.getByRole("heading", { name: "3 open incidents are yours" }).waitFor();
  await look(ben, "sign-out");
  await tabTo(ben, "anyway");
  await ben.keyboard.press("Enter");
  await ben.waitForURL("**/sign-in");
  const left = amy.locator(".left-open");
  await amy.reload();
  await left.getByText("2 open incidents are owned by somebody who is no longer here.").waitFor();
  await look(amy, "queue-left");
  await left.getByRole("link", { name: "Take them over" }).click();
  await amy.getByRole("heading", { name: /Ben Lloyd is no longer here/ }).waitFor();
  await look(amy, "handover-left");
  await amy.getByRole("button", { name: "Take them over" }).click();
  await amy.waitForURL(`${origin}/`);
  await isLive(amy);
  assert.equal(await left.count(), 0);
  assert.deepEqual(found, []);
});

/** Presses a button by its key, wherever it stands. */
async function press(page, id) {
  const button = page.locator(`#${id}`);
  await button.waitFor();
  await button.focus();
  await focused(page, id);
  await page.keyboard.press("Enter");
}

async function write(page, incident, text) {
  await page.goto(`${origin}/incidents/${incident}`);
  await page.locator("#note-text").fill(text);
  await page.getByRole("button", { name: "Add the note" }).click();
  await page.getByText(text).first().waitFor();
}
