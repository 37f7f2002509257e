// The service stands still, and then is killed: at 3 s of the page's clock the data dims, at 5 s nothing else is to be seen,
// and it is heard.

import assert from "node:assert/strict";

import { ask, isAudible, isLive, signIn, sounds, story } from "./stage.mjs";

/** How far time is let go between two looks, and how often the page itself looks at its clock. */
const STEP_MS = 100;
const TICK_MS = 250;

await story(async ({ person }) => {
  const page = await person({ expects: ["net::ERR_", "Failed to load resource"] });
  await page.clock.install();
  await signIn(page);
  await isLive(page);

  // Armed when the line has just gone silent: the tone does not wait for a beat that never comes.
  await ask("freeze");
  await page.getByRole("button", { name: "Arm console" }).click();
  await page.locator("#sound-word", { hasText: "Armed" }).waitFor();
  await sounds(page, "loss");
  await isAudible(page);
  await ask("thaw");
  await page.locator("loss-screen").waitFor({ state: "hidden" });

  const look = () =>
    page.evaluate(() => {
      const loss = document.querySelector("loss-screen");
      const isDim = document.body.classList.contains("dim") && !loss.hidden;
      return { now: performance.now(), isDim, isFull: isDim && loss.classList.contains("full") };
    });

  for (const how of ["freeze", "kill"]) {
    await isLive(page);
    // From here on the page's time passes only as the story lets it: what beats still come are of this moment.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
    const { now: still, isDim } = await look();
    assert.ok(!isDim, how);
    await ask(how);
    let [dimAt, fullAt] = [null, null];
    for (let ms = 0; ms < 6_000 && fullAt === null; ms += STEP_MS) {
      await page.clock.runFor(STEP_MS);
      const seen = await look();
      if (seen.isDim) dimAt ??= seen.now - still;
      if (seen.isFull) fullAt ??= seen.now - still;
    }
    assert.ok(dimAt > 1_500 && dimAt <= 3_000 + TICK_MS + STEP_MS, `${how}: dim after ${dimAt} ms`);
    assert.ok(fullAt > dimAt && fullAt <= 5_000 + TICK_MS + STEP_MS, `${how}: full after ${fullAt} ms`);
    assert.match(await page.locator("#loss-age").innerText(), /^This picture is [45] s old\.$/);
    // The sound card has a clock of its own.
    await sounds(page, "loss");
    await isAudible(page);
    await page.clock.runFor(500);
    await page.getByRole("button", { name: "Silence this tone" }).click();
    await sounds(page);
    if (how === "freeze") {
      await page.clock.resume();
      await ask("thaw");
      await page.locator("loss-screen").waitFor({ state: "hidden" });
    }
  }
});
