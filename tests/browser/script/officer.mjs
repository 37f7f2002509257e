// A night's work by keyboard alone: signing in with a password and a code, and a live violation, from the tag's message to
// the closed incident.

import assert from "node:assert/strict";

import { ask, begun, focused, isAudible, isLive, origin, signInByKeyboard, sounds, story, tabTo } from "./stage.mjs";

await story(async ({ person }) => {
  // A refusal, also of a code that was typed too late, is answered with a status that a browser writes down as an error.
  const page = await person({ expects: ["status of 403", "status of 409"] });
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

  const amy = await ask("account", { id: "amy", role: "officer" });
  await page.goto(`${origin}/sign-in`);
  await signInByKeyboard(page, amy);
  await page.waitForURL(`${origin}/`);
  await isLive(page);
  await page.locator(".officer", { hasText: "Amy Okafor" }).waitFor();

  // Arming: the test tone is heard.
  await tabTo(page, "arm");
  await press("Enter");
  await sounds(page, "test");
  await isAudible(page);
  await page.locator("#sound-word", { hasText: "Armed" }).waitFor();
  await sounds(page);

  // Keys do nothing while no card is in hand, and nothing in a dialog.
  await press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await press("o", "Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" });

  // Danger: heard again and again, until somebody has it.
  const incident = await ask("violation", 1);
  const card = page.locator(`article[data-incident="${incident}"]`);
  await card.waitFor();
  await sounds(page, "p1");
  await isAudible(page);
  await press("o");
  await card.getByText("Nobody has it").waitFor();
  await press("j");
  await focused(page, `open-${incident}`);
  await press("o");
  await card.getByText("Owned by Amy Okafor").waitFor();
  await sounds(page);
  assert.equal(await begun(page, "p1"), 1, "one tone that repeats, not one for each beat");
  await focused(page, `open-${incident}`);

  await press("a");
  await card.getByText("Acted on by Amy Okafor").waitFor();

  // Two keys send a responder, who says by text that they go.
  await press("r");
  await page.waitForURL(`**/incidents/${incident}/send`);
  await isLive(page);
  await press("2");
  await page.waitForURL(`**/incidents/${incident}`);
  await page.locator(".going", { hasText: "Ben Lloyd" }).waitFor();
  await ask("goes");
  await page.locator(".going .accepted", { hasText: "Ben Lloyd goes" }).waitFor();
  await page.locator(".head", { hasText: "Acted on by Ben Lloyd" }).waitFor();

  // Whom to call, and back.
  await press("c");
  await page.waitForURL(`**/incidents/${incident}/call`);
  await page.getByRole("link", { name: "+447700900001" }).waitFor();
  await page.getByText("Do not tell the wearer where the protected person is").waitFor();
  await page.goBack();
  await isLive(page);
  await press("j");

  // A note, in which keys are letters.
  await press("n");
  await page.waitForURL(`**/incidents/${incident}#note-text`);
  await focused(page, "note-text");
  await page.keyboard.type("xo? patrol is there; jack has seen it");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await press("Tab", "Enter");
  await page.getByText("xo? patrol is there; jack has seen it").first().waitFor();
  await isLive(page);

  // No single key closes: the question does, with an answer; Escape leaves it open.
  const closing = page.getByRole("dialog", { name: "Close: what did it turn out to be?" });
  await press("x");
  await closing.waitFor();
  // Nor does a hasty Enter: it leaves it open.
  await press("Enter");
  await closing.waitFor({ state: "hidden" });
  await press("x");
  await closing.waitFor();
  await press("Escape");
  await closing.waitFor({ state: "hidden" });
  assert.equal(await page.locator(".state.closed").count(), 0);
  await press("x");
  await closing.waitFor();
  await closing.getByText("P1 Violation, Robin Vale").waitFor();
  // Nobody is closed out of a zone while they are in it.
  await press("1");
  await page.locator("#refused", { hasText: "Still in the zone" }).waitFor();
  await ask("leave", 1);
  await page.locator(".head", { hasText: "situation over" }).waitFor();
  await press("x");
  await closing.waitFor();
  await press("1");
  await page.locator(".head .state.closed", { hasText: "Closed by Amy Okafor: confirmed" }).waitFor();
  await page.goto(`${origin}/incidents?closed`);
  await page.getByRole("link", { name: "Violation" }).waitFor();
});
