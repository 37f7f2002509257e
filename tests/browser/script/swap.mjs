// A tag is swapped while its wearer is where they must not be: by keyboard alone, and the incident is one all the way.

import assert from "node:assert/strict";

import { opens, publish, write } from "./forms.mjs";
import { found, look } from "./look.mjs";
import { ask, becomes, focused, isLive, origin, signIn, signInAs, story } from "./stage.mjs";

const WEARER = "/records/wearers/w-1";
const [OLD, NEW] = [1, 4];
const MINUTE_MS = 60_000;

await story(async ({ person }) => {
  const [amy, ben] = [await person(), await person()];
  await ben.context().addInitScript(() => localStorage.setItem("map-off", "1"));
  await signInAs(amy, { id: "amy", role: "supervisor" });
  await signIn(ben, "Ben Lloyd");

  const incident = await ask("violation", 1);
  const card = amy.locator(`article[data-incident="${incident}"]`);
  await card.waitFor();
  await amy.keyboard.press("j");
  await focused(amy, `open-${incident}`);
  await amy.keyboard.press("o");
  await card.getByText("Owned by Amy Okafor").waitFor();
  // Whoever has acted keeps it.
  await amy.keyboard.press("a");
  await card.getByText("Acted on by Amy Okafor").waitFor();
  await ben.goto(`${origin}/incidents/${incident}`);
  await isLive(ben);

  // The new tag is on, and nobody has written down whose it is.
  const strays = (page) => page.locator(".strays code").allInnerTexts();
  const fitted = (await ask("now")) - 2 * MINUTE_MS;
  await ask("seen", { tag: NEW, north: 0 });
  await becomes(() => strays(amy), ["sim/tag-4"]);
  await ask("seen", { tag: OLD, north: 0 });

  // It is given to its wearer, and for a while they wear both.
  await toWearer(amy);
  await write(amy, [["tag.1.id", "sim/tag-4"], ["tag.1.from", utc(fitted)]]);
  await publish(amy, WEARER);
  await look(amy, "swap-both");
  await ask("seen", { tag: NEW, north: 0.0001 });
  await ask("seen", { tag: OLD, north: 0.0001 });
  await toWearer(amy);
  const removed = await ask("now");
  await write(amy, [["tag.0.until", utc(removed)]]);
  await publish(amy, WEARER);
  await look(amy, "swap-done");
  await ben.locator(".head .state", { hasText: "Acted on by Amy Okafor" }).waitFor();
  await ben.locator(".head .lasts", { hasText: "still going on" }).waitFor();

  // The incident goes on with the new tag: it says when they have left.
  await ask("leave", NEW);
  await ben.locator(".head .lasts", { hasText: "situation over" }).waitFor();
  await ben.locator(".head .state", { hasText: "Acted on by Amy Okafor" }).waitFor();

  // What the old one kept from before is the wearer's and changes nothing; what it says now is nobody's, its cut strap too.
  await ask("seen", { tag: OLD, north: 0, at_ms: fitted });
  await ask("seen", { tag: OLD, north: 0, cut: true });
  await amy.goto(`${origin}/`);
  await becomes(() => strays(amy), ["sim/tag-1"]);
  await card.getByText("Acted on by Amy Okafor").waitFor();
  await card.getByText("situation over").waitFor();
  assert.deepEqual(await ask("incidents", 1), [{ id: incident, kind: "violation", ongoing: false, episodes: 1 }]);
  assert.equal(await amy.locator("article[data-incident]").count(), 1);
  await look(amy, "swap-queue");
  await look(ben, "swap-incident");
  assert.deepEqual(found, []);
});

/** From any page to the wearer's record. */
async function toWearer(page) {
  await page.goto(`${origin}/records`);
  await opens(page, "Robin Vale");
}

/** As a form takes an instant. */
function utc(ms) {
  return new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}
