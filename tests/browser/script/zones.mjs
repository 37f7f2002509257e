// A zone by two people: one draws, rehearses and proposes it, and cannot approve it; another approves it, and from then on
// it is watched.

import assert from "node:assert/strict";

import { found, look } from "./look.mjs";
import { ask, isLive, origin, signInByKeyboard, story } from "./stage.mjs";

const ZONES = "/records/cases/c-1/zones";

await story(async ({ person }) => {
  const expects = ["status of 403", "status of 409", "status of 422"];
  const [amy, ben] = [await person({ expects }), await person({ expects })];
  for (const [page, id] of [[amy, "amy"], [ben, "ben"]]) {
    await page.context().addInitScript(() => localStorage.setItem("map-off", "1"));
    const account = await ask("account", { id, role: "supervisor" });
    await page.goto(`${origin}/sign-in`);
    await signInByKeyboard(page, account);
    await isLive(page);
  }
  await ask("pass", 1);

  await amy.goto(`${origin}/records/cases/c-1`);
  await look(amy, "record-case");
  await amy.getByRole("link", { name: "Its zones" }).click();
  await look(amy, "zones");
  await amy.getByRole("link", { name: "Draw a new zone" }).click();
  await amy.getByRole("button", { name: "Draw and rehearse" }).last().click();
  await amy.getByRole("heading", { name: /things are to be put right/ }).waitFor();
  await look(amy, "zone-refused");

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
  assert.deepEqual(found, []);
});
