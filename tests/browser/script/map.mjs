// The moving map: it shows who moves and by which way, keeps to the page's colours, and stands on an imported region. When
// it fails, or cannot be, or is not wanted, the drawing is there and the queue works.

import assert from "node:assert/strict";

import { found, look } from "./look.mjs";
import { ask, becomes, isLive, origin, pictures, signIn, story } from "./stage.mjs";

const isOn = (page) => page.locator("live-map[data-on]").waitFor();
const drawing = (page) => page.locator("#field svg[role=img]");
const inSight = (page, text) => becomes(() => page.locator("#map-sight").innerText(), `In sight: ${text}.`);
const word = (page) => page.locator("#map-word");
const turn = (page) => page.getByRole("button", { name: "Moving map" }).click();

/** The map was not to be had, for this reason; the drawing is. */
async function isDrawnInstead(page, why) {
  await drawing(page).waitFor();
  assert.match(await word(page).innerText(), why);
  assert.ok(await page.locator("#map-moving").isHidden());
  assert.equal(await page.locator("#map-switch").getAttribute("aria-pressed"), "false");
}

await story(async ({ person }) => {
  const page = await person({ expects: ["net::ERR_FAILED"], viewport: { width: 1440, height: 900 } });
  await signIn(page, "Amy Okafor");
  await isOn(page);
  assert.equal(await drawing(page).count(), 0, "one map is enough");
  await inSight(page, "0 wearers, 3 zones, 0 ways");

  // Somebody is in the middle of all zones, and then far away, and between the two nobody knows.
  const violation = await ask("violation", 1);
  await inSight(page, "1 wearer, 3 zones, 0 ways");
  const ground = page.locator("#map-ground");
  const { width, height } = await ground.boundingBox();
  await ground.click({ position: { x: width / 2, y: height / 2 } });
  const card = page.locator("#map-card");
  await card.getByRole("link", { name: "Robin Vale" }).waitFor();
  await card.getByText("Violation").waitFor();
  const inside = page.locator("#field tr", { hasText: "Robin Vale" });
  for (const said of [/CURLEW/, /200 m inside; now .* % likely to be inside/]) {
    assert.match(await card.innerText(), said);
    assert.match(await inside.innerText(), said, "the table says it, too");
  }
  const before = await card.boundingBox();
  await ask("leave", 1);
  await becomes(async () => (await card.boundingBox()).y < before.y - 100, true);
  await page.getByRole("button", { name: "Show all" }).click();
  await inSight(page, "1 wearer, 3 zones, 1 way (1 with a gap)");
  await card.getByText("Clear").waitFor();

  await page.locator(`#open-${violation}`).click();
  await isOn(page);
  await inSight(page, "1 wearer, 1 zone, 1 way (1 with a gap)");
  await card.getByText("Clear").waitFor();
  await look(page, "incident-map", { width: 1440, height: 900 });
  await page.goto(`${origin}/`);
  await isOn(page);
  await ask("violation", 2);
  await page.getByText("What the marks mean").click();
  await page.mouse.move(0, 0);
  await look(page, "map", { width: 1440, height: 900 });
  await page.goto(`${origin}/trails`);
  await isLive(page);
  await page.getByText("the way is not known").first().waitFor();

  // The graphics fail: the drawing comes back, and the queue goes on.
  await page.goto(`${origin}/`);
  await isOn(page);
  await page.evaluate(() => {
    const canvas = document.querySelector("#map-ground canvas");
    (canvas.getContext("webgl2") ?? canvas.getContext("webgl")).getExtension("WEBGL_lose_context").loseContext();
  });
  await isDrawnInstead(page, /graphics have failed/);
  await page.locator(`#own-${violation}`).click();
  await page.getByText("Owned by Amy Okafor").first().waitFor();

  // It can be had again, and be switched off for good.
  await turn(page);
  await isOn(page);
  assert.equal(await word(page).innerText(), "");
  await turn(page);
  await drawing(page).waitFor();
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.reload();
  await isLive(page);
  await drawing(page).waitFor();
  assert.deepEqual(asked.filter((path) => /map[.-]|places|zones|outline/.test(path)), [], "who wants no map does not pay for it");

  // A region is imported: ranges of it are all that is asked for.
  await ask("region");
  await turn(page);
  await isOn(page);
  await page.getByText("\u00a9 The Test Survey 2026").waitFor();
  await becomes(async () => asked.includes("/fragments/map/region"), true);
  await inSight(page, "2 wearers, 3 zones, 1 way (1 with a gap)");
  await page.screenshot({ path: `${pictures}/map-region.png` });

  // Its script does not come.
  await page.route("**/assets/map.*.js", (route) => route.abort());
  await page.reload();
  await isDrawnInstead(page, /could not be loaded/);

  // A browser that draws nothing of the kind.
  const plain = await person({ flags: ["--disable-3d-apis"] });
  await signIn(plain, "Ben Lloyd");
  await isDrawnInstead(plain, /no WebGL 2/);
  await plain.locator(`article[data-incident="${violation}"]`).waitFor();

  assert.deepEqual(found, []);
});
