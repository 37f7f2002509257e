// Two officers press "Own it" at once: one wins, and both see who.

import assert from "node:assert/strict";

import { ask, signIn, story } from "./stage.mjs";

/** Puts the pointer down on a button, and leaves it there. */
async function putFinger(page, button) {
  const isDown = (element) => element.matches(":active");
  await button.hover();
  await page.mouse.down();
  while (!(await button.evaluate(isDown))) {
    await page.mouse.up();
    await button.hover();
    await page.mouse.down();
  }
}

await story(async ({ person }) => {
  // The one who loses is answered with a refusal, which a browser writes down as an error.
  const expects = ["status of 409"];
  const names = ["Amy Okafor", "Ben Lloyd"];
  const pages = await Promise.all(names.map(() => person({ expects })));
  // Both must be as quick as can be, and neither draws a map for it.
  for (const page of pages) await page.addInitScript(() => localStorage.setItem("map-off", "1"));
  for (const [nth, page] of pages.entries()) await signIn(page, names[nth]);

  for (const wearer of [1, 2, 3]) {
    const incident = await ask("violation", wearer);
    const buttons = pages.map((page) => page.locator(`#own-${incident}`));
    await Promise.all(buttons.map((button) => button.waitFor()));
    // A page is not redrawn under a finger: with both down, whoever lets go second still presses what the first has taken.
    for (const [nth, page] of pages.entries()) await putFinger(page, buttons[nth]);
    await Promise.all(pages.map((page) => page.mouse.up()));
    const owners = await Promise.all(
      pages.map((page) => page.locator(`article[data-incident="${incident}"] .state`, { hasText: "Owned by" }).innerText()),
    );
    assert.equal(owners[0], owners[1], "both see the same owner");
    const winner = names.findIndex((name) => owners[0].includes(name));
    assert.ok(winner === 0 || winner === 1, owners[0]);
    // Whoever pressed too late is told; the winner is not.
    const refused = pages[1 - winner].locator("#refused");
    await refused.waitFor();
    assert.match(await refused.innerText(), /Somebody else has it/);
    assert.ok(await pages[winner].locator("#refused").isHidden());
    await refused.getByRole("button", { name: "Seen" }).click();
  }
});
