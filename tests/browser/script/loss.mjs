// The service stands still, and then is killed: at 3 s of the page's clock the data dims, at 5 s nothing else is to be seen,
// and it is heard.

import assert from "node:assert/strict";

import { ask, isAudible, isLive, signIn, sounds, story } from "./stage.mjs";

await story(async ({ person }) => {
  const page = await person({ expects: ["net::ERR_", "Failed to load resource"] });
  await page.clock.install();
  await signIn(page);
  await page.getByRole("button", { name: "Arm console" }).click();
  await page.locator("#sound-word", { hasText: "Armed" }).waitFor();
  const look = () =>
    page.evaluate(() => ({
      dim: document.body.classList.contains("dim"),
      full: document.querySelector("loss-screen").classList.contains("full"),
      hidden: document.querySelector("loss-screen").hidden,
      age: document.getElementById("loss-age").textContent,
    }));

  for (const how of ["freeze", "kill"]) {
    await isLive(page);
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1));
    await ask(how);
    // Whatever beat was still on its way has come when this has been answered.
    await page.evaluate(() => 0);
    const silent = await page.evaluate(() => performance.now());
    await page.clock.runFor(2_000);
    assert.deepEqual(await look(), { dim: false, full: false, hidden: true, age: "" }, how);
    await page.clock.runFor(1_250);
    const dim = await look();
    assert.deepEqual([dim.dim, dim.full, dim.hidden, dim.age], [true, false, false, "This picture is 3 s old."], how);
    await page.clock.runFor(2_000);
    assert.deepEqual((await look()).full, true, how);
    assert.ok((await page.evaluate(() => performance.now())) - silent < 5_500, "by the page's clock");
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
