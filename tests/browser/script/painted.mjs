// How long it takes from the moment a tag's message is published until its danger is painted in front of an officer.

import assert from "node:assert/strict";

import { ask, signIn, story } from "./stage.mjs";

await story(async ({ person }) => {
  const page = await person();
  await signIn(page, "Amy Okafor");
  const took = [];
  for (const wearer of [1, 2, 3]) {
    // Ready before it happens: the first frame after the card is there.
    const painted = page.evaluate(
      (known) =>
        new Promise((done) => {
          const look = () => document.querySelectorAll("article.card.p1").length > known;
          const frame = () => requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now())));
          const watch = new MutationObserver(() => look() && (watch.disconnect(), frame()));
          watch.observe(document.body, { childList: true, subtree: true });
        }),
      wearer - 1,
    );
    await ask("violation", wearer);
    took.push((await painted) - (await ask("published")));
  }
  for (const ms of took) assert.ok(ms > 0, `${ms} ms: painted before it was published`);
  await ask("painted", took);
});
