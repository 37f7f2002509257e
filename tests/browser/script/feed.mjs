// The feed is cut, things happen, and it comes back: nothing is missed, and what came meanwhile is said.

import assert from "node:assert/strict";

import { ask, becomes, isLive, signIn, story } from "./stage.mjs";

await story(async ({ person }) => {
  const page = await person({ expects: ["net::ERR_", "Failed to load resource"] });
  await signIn(page, "Amy Okafor");

  for (const [how, wearer] of [["break", 1], ["silence", 2]]) {
    await ask(how);
    const loss = page.locator("loss-screen.full");
    await loss.waitFor();
    assert.ok(await page.evaluate(() => document.querySelector("main").inert), "what is old takes no orders");
    const danger = await ask("violation", wearer);
    assert.equal(await page.locator(`article[data-incident="${danger}"]`).count(), 0, "it cannot be known here");
    const upkeep = wearer === 1 ? await ask("battery", 3) : null;
    await ask("mend");
    await loss.waitFor({ state: "hidden" });
    await isLive(page);
    const raised = `Raised meanwhile: ${upkeep ? "1 P1 and 1 P3" : "1 P1"}.`;
    await becomes(async () => (await page.locator("#back-text").innerText()).split(". ").pop(), raised);
    for (const incident of [danger, upkeep].filter(Boolean)) {
      await page.locator(`article[data-incident="${incident}"]`).waitFor();
    }
    await page.getByRole("button", { name: "Seen" }).click();
  }
  // A cut in which nothing happens says that, too.
  await ask("break");
  await page.locator("loss-screen.full").waitFor();
  await ask("mend");
  await page.locator("#back-text", { hasText: "Nothing was raised meanwhile." }).waitFor();
});
