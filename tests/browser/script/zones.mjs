// A zone by two people: one draws, rehearses and proposes it, and cannot approve it; another approves it, and from then on
// it is watched.

import assert from "node:assert/strict";

import { found, look } from "./look.mjs";
import { ask, origin, signInAs, signInByKeyboard, story } from "./stage.mjs";

const ZONES = "/records/cases/c-1/zones";

await story(async ({ person }) => {
  const expects = ["status of 403", "status of 409", "status of 422"];
  const [amy, ben] = [await person({ expects }), await person({ expects })];
  for (const [page, id] of [[amy, "amy"], [ben, "ben"]]) await signInAs(page, { id, role: "supervisor" });
  await ask("pass", 1);

  await amy.goto(`${origin}/records/cases/c-1`);
  await look(amy, "record-case");
  await amy.getByRole("link", { name: "Its zones" }).click();
  await look(amy, "zones");
  await amy.getByRole("link", { name: "Draw a new zone" }).click();
  await amy.getByRole("button", { name: "Draw and rehearse" }).last().click();
  await amy.getByRole("heading", { name: /things are to be put right/ }).waitFor();
  await look(amy, "zone-refused");

  await drawn(amy);
  await amy.getByLabel("Id", { exact: true }).fill("z-gym");
  await amy.getByLabel("Code name").fill("LINNET");
  // Where the wearer passed a while ago, half a degree north of their other zone.
  await amy.getByLabel("Middle of the circle, latitude").fill("54.5");
  await amy.getByLabel("Middle of the circle, longitude").fill("3.0");
  await amy.getByLabel("Radius of the circle, metres").fill("120");
  await amy.getByRole("button", { name: "Draw and rehearse" }).last().click();
  await amy.getByText("Rehearsed on the last 30 days").waitFor();
  const rehearsed = amy.locator("section[aria-labelledby=rehearsed]");
  await rehearsed.getByText(/^1 alert in/).waitFor();
  await rehearsed.getByText("Whoever walks around a circle finds its middle.").waitFor();
  await look(amy, "zone-rehearsed");
  await amy.getByRole("button", { name: "Hide the middle" }).click();
  await amy.getByText("Rehearsed on the last 30 days").waitFor();
  assert.notEqual(await amy.getByLabel("Middle of the circle, latitude").inputValue(), "54.5");
  assert.ok(Number(await amy.getByLabel("Radius of the circle, metres").inputValue()) > 120);
  await amy.getByLabel("Why", { exact: true }).fill("A new place of work, by the order of 3 March.");
  await amy.getByRole("button", { name: "Put it before a second person" }).click();
  await amy.getByText("You proposed it: somebody else has to approve it.").waitFor();
  assert.equal(await amy.getByRole("button", { name: /Approve/ }).count(), 0);
  const waits = amy.url();

  await ben.goto(`${origin}${ZONES}`);
  await ben.getByRole("link", { name: "A new zone, LINNET" }).click();
  await ben.getByText("A new place of work").waitFor();
  assert.equal(ben.url(), waits);
  await look(ben, "proposal");
  const pressed = Date.now();
  await ben.getByRole("button", { name: "Approve: in force at once" }).click();
  await ben.waitForURL(`**${ZONES}`);
  await ben.getByRole("rowheader", { name: "LINNET" }).waitFor();
  const incident = await ask("inside", 1);
  await amy.goto(`${origin}/`);
  await amy.locator(`article[data-incident="${incident}"]`, { hasText: "LINNET" }).waitFor();
  const took = Date.now() - pressed;
  await ask("alerting", took);

  // What was approved is a revision, and so is what changes it.
  await amy.goto(`${origin}${ZONES}`);
  await amy.getByRole("link", { name: "LINNET" }).click();
  await amy.getByRole("button", { name: "Middle of the circle" }).focus();
  for (let presses = 0; presses < 12; presses += 1) await amy.keyboard.press("+");
  await amy.getByLabel("Why", { exact: true }).fill("It was too small.");
  await amy.getByRole("button", { name: "Put it before a second person" }).click();
  await amy.getByText("You proposed it: somebody else has to approve it.").waitFor();
  await ben.goto(amy.url());
  await ben.getByText("It reaches 120 m further than before on all sides.").waitFor();
  await look(ben, "proposal-changed");
  await ben.getByRole("button", { name: "Approve: in force at once" }).click();
  await ben.waitForURL(`**${ZONES}`);

  await amy.goto(`${origin}/records/cases/c-1`);
  await amy.getByRole("link", { name: "Its history" }).click();
  await amy.getByRole("rowheader", { name: "3", exact: true }).waitFor();
  await amy.getByRole("row", { name: /Zone LINNET is new.*Amy Okafor, approved by Ben Lloyd/ }).waitFor();
  await look(amy, "history");
  await amy.getByRole("link", { name: "Zone LINNET was changed" }).click();
  await amy.getByText("It reaches 120 m further than before on all sides.").waitFor();
  await amy.getByRole("img", { name: /Zone LINNET, before and after/ }).waitFor();
  await look(amy, "compare");
  await amy.getByRole("link", { name: "History of case c-1" }).click();
  await amy.getByLabel("The earlier one").selectOption({ index: 2 });
  await amy.getByRole("button", { name: "Compare" }).click();
  await amy.getByRole("heading", { name: "Case c-1: revisions 1 and 3" }).waitFor();
  await amy.getByRole("heading", { name: "Zone LINNET is new" }).waitFor();

  // Zones of the whole unit, and zones that go with a person.
  await amy.goto(`${origin}/records/units/unit`);
  await amy.getByRole("link", { name: "Its zones" }).click();
  await look(amy, "zones-unit");
  await amy.getByRole("link", { name: "Draw a new zone" }).click();
  await amy.getByLabel("Rehearse it on").selectOption({ label: "Robin Vale" });
  await look(amy, "zone-unit");
  await fill(amy, { Id: "z-refuge", "Code name": "OTTER", "Middle of the circle, latitude": "54.2", "Middle of the circle, longitude": "3.2", "Radius of the circle, metres": "200", Why: "A refuge." });
  await approved(amy, ben, "/records/units/unit/zones");
  await ben.getByRole("rowheader", { name: "OTTER" }).waitFor();
  await amy.goto(`${origin}/records/units/unit`);
  await amy.getByRole("link", { name: "Its history" }).click();
  await amy.getByRole("row", { name: /^2 Zone OTTER is new A refuge\. Amy Okafor, approved by Ben Lloyd/ }).waitFor();
  await look(amy, "history-unit");
  await amy.getByRole("link", { name: "Zone OTTER is new" }).click();
  await amy.getByRole("img", { name: /Zone OTTER, before and after/ }).waitFor();
  await look(amy, "compare-unit");
  await amy.goto(`${origin}${ZONES}/around`);
  await amy.getByLabel("Around whom").selectOption({ label: "Sam Rivers" });
  await amy.getByRole("button", { name: "Look at it" }).last().click();
  await amy.getByRole("heading", { name: /things are to be put right/ }).waitFor();
  await look(amy, "zone-around");
  await fill(amy, { Id: "z-near", "Code name": "WREN", "Radius, metres": "300", Why: "She has agreed to it." });
  await approved(amy, ben, ZONES);
  await ben.getByRole("row", { name: /WREN.*300 m around Sam Rivers/ }).waitFor();

  await onTheMap(person, ben);
  assert.deepEqual(found, []);
});

async function fill(page, fields) {
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
}

/** What one proposes, another approves, and then it is in the list of zones in force. */
async function approved(author, other, list) {
  await author.getByRole("button", { name: "Put it before a second person" }).click();
  await author.getByText("You proposed it: somebody else has to approve it.").waitFor();
  await other.goto(author.url());
  await other.getByRole("button", { name: "Approve: in force at once" }).click();
  await other.waitForURL(`**${list}`);
}

/** Draws by pointer and by keys, and looks whether the fields say so. */
async function drawn(page) {
  const ground = page.locator("#draw-ground");
  const field = async (label) => Number(await page.getByLabel(label, { exact: true }).inputValue());
  const near = (value, expected, within, what) => assert.ok(Math.abs(value - expected) < within, `${what}: ${value}, not ${expected}`);
  const [lat, lon, radius] = ["Middle of the circle, latitude", "Middle of the circle, longitude", "Radius of the circle, metres"];

  await ground.click({ position: { x: 200, y: 120 } });
  assert.deepEqual([await field(radius), (await field(lat)) > 53, (await field(lon)) > 2], [300, true, true]);
  const middle = page.getByRole("button", { name: "Middle of the circle" });
  const [north, east] = [await field(lat), await field(lon)];
  await middle.focus();
  for (const key of ["ArrowUp", "Shift+ArrowRight", "+", "+", "-"]) await page.keyboard.press(key);
  near(await field(lat), north + 10 / 111_300, 1e-6, "10 m north");
  near(await field(lon), east + 100 / 65_500, 1e-5, "100 m east");
  assert.equal(await field(radius), 310);
  await page.getByRole("status").filter({ hasText: "Radius 310 m." }).waitFor();

  // What is typed is drawn, and what is dragged is written.
  await page.getByLabel(lat).fill("54");
  await page.getByLabel(lon).fill("3");
  await page.getByLabel(radius).fill("500");
  await page.getByRole("button", { name: "Show all of it" }).click();
  const [box, at] = [await ground.boundingBox(), await middle.boundingBox()];
  near(at.x + at.width / 2, box.x + box.width / 2, 2, "the middle lies in the middle");
  assert.ok(at.width >= 24 && at.height >= 24, "a finger finds it");
  const grip = page.getByRole("button", { name: "Radius of the circle, 500 m" });
  const from = await grip.boundingBox();
  const across = from.x - at.x;
  await drag(page, from, -across / 2, 0);
  near(await field(radius), 250, 12, "half the radius");
  await look(page, "zone-drawn");

  await page.getByLabel("Shape").selectOption("polygon");
  const corners = page.getByLabel("Corners of the polygon");
  const lines = async () => (await corners.inputValue()).split("\n").filter((line) => line !== "");
  for (const [x, y] of [[100, 60], [300, 60], [300, 200]]) await ground.click({ position: { x, y } });
  assert.equal((await lines()).length, 3);
  await page.getByRole("button", { name: "Add a corner" }).click();
  assert.equal((await lines()).length, 4);
  await page.getByRole("status").filter({ hasText: /^Corner 4 of 4 at/ }).waitFor();
  const second = page.getByRole("button", { name: "Corner 2 of 4" });
  const before = (await lines())[1];
  await drag(page, await second.boundingBox(), 30, -20);
  assert.notEqual((await lines())[1], before);
  await look(page, "zone-polygon");
  await second.focus();
  await page.keyboard.press("Delete");
  assert.equal((await lines()).length, 3);
  await page.getByRole("status").filter({ hasText: "Corner 2 of 4 is removed." }).waitFor();
  assert.match(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), /^Corner 1 of 3/);
  await corners.fill("");
  await page.getByLabel("Shape").selectOption("circle");
}

async function drag(page, { x, y, width, height }, right, down) {
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 + right / 2, y + height / 2 + down / 2);
  await page.mouse.move(x + width / 2 + right, y + height / 2 + down);
  await page.mouse.up();
}

/** The same on the moving map. `other` has none. */
async function onTheMap(person, other) {
  const page = await person();
  const account = await ask("account", { id: "cat", role: "supervisor" });
  await page.goto(`${origin}/sign-in`);
  await signInByKeyboard(page, account);
  await page.goto(`${origin}${ZONES}/new`);
  await page.locator("#draw-map canvas").waitFor();
  await page.locator("#draw-owed", { hasText: "Natural Earth" }).waitFor();
  await page.locator("#draw-ground").click({ position: { x: 150, y: 100 } });
  await page.getByRole("button", { name: "Middle of the circle" }).focus();
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.getByLabel("Radius of the circle, metres").inputValue(), "300");
  await look(page, "zone-map");

  // Of an imported region the motorways are known: this one has one along the equator, and one along a meridian.
  await ask("region");
  await page.reload();
  await page.locator("#draw-owed", { hasText: "The Test Survey" }).waitFor();
  const road = page.getByText("A motorway runs through this zone");
  await page.getByLabel("Middle of the circle, latitude").fill("0.001");
  await page.getByLabel("Middle of the circle, longitude").fill("3");
  await page.getByLabel("Radius of the circle, metres").fill("300");
  await page.getByRole("button", { name: "Show all of it" }).click();
  await road.waitFor();
  await look(page, "zone-motorway");
  await page.getByLabel("Radius of the circle, metres").fill("100");
  await road.waitFor({ state: "detached" });
  await page.getByLabel("Shape").selectOption("polygon");
  await page.getByLabel("Corners of the polygon").fill("0.001, 2.999\n-0.001, 2.999\n-0.001, 3.001\n0.001, 3.001");
  await road.waitFor();
  await page.getByLabel("Corners of the polygon").fill("0.001, 2.999\n0.0005, 2.999\n0.0005, 3.001\n0.001, 3.001");
  await road.waitFor({ state: "detached" });

  // Whoever decides is told of it as whoever draws: that a motorway runs there, that none does, or that nobody has looked.
  const motorway = await ask("motorway");
  const checked = (page) => page.locator("#check-road");
  const through = await proposed(page, { Id: "z-road", "Code name": "SWIFT", "Middle of the circle, latitude": "54.3", "Middle of the circle, longitude": String(motorway), "Radius of the circle, metres": "300", Why: "By the order of 9 March." });
  const beside = await proposed(page, { Id: "z-beside", "Code name": "SERIN", "Middle of the circle, latitude": "54.3", "Middle of the circle, longitude": "3.2", "Radius of the circle, metres": "300", Why: "By the order of 9 March." });
  await page.goto(through);
  await checked(page).filter({ hasText: /^A motorway runs through this zone: .* Refuse it/ }).waitFor();
  await page.locator("#check-owed", { hasText: "The Test Survey" }).waitFor();
  await look(page, "proposal-motorway");
  await page.goto(beside);
  await checked(page).filter({ hasText: /^No motorway runs through this zone, as far as the imported map shows\.$/ }).waitFor();
  await other.goto(through);
  await checked(other).filter({ hasText: /has not been checked: that takes scripts and the moving map/ }).waitFor();
  const plain = await person({ javaScriptEnabled: false });
  await plain.context().addCookies(await other.context().cookies());
  await plain.goto(through);
  await checked(plain).filter({ hasText: /has not been checked: that takes scripts and the moving map/ }).waitFor();
  await plain.getByRole("button", { name: "Approve: in force at once" }).waitFor();
}

/** Where what somebody draws waits for a second person. */
async function proposed(page, fields) {
  await page.goto(`${origin}${ZONES}/new`);
  await fill(page, fields);
  await page.getByRole("button", { name: "Put it before a second person" }).click();
  await page.getByText("You proposed it: somebody else has to approve it.").waitFor();
  return page.url();
}
