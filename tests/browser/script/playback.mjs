// An incident played back: each instant says what the table says of it, by keyboard alone; it plays at a speed and stops; and
// what is taken along holds every position.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { found, look } from "./look.mjs";
import { ask, becomes, isLive, origin, pictures, signIn, story } from "./stage.mjs";

await story(async ({ person }) => {
  const amy = await person({ expects: ["status of 422"] });
  await amy.context().addInitScript(() => localStorage.setItem("map-off", "1"));
  await signIn(amy, "Amy Okafor");
  const incident = await ask("visit", 1);
  await amy.goto(`${origin}/incidents/${incident}`);
  await amy.getByRole("button", { name: "I have acted" }).click();
  await amy.getByText("Acted on by Amy Okafor").first().waitFor();
  await amy.getByLabel("Note", { exact: true }).fill("She is with her sister.");
  await amy.getByRole("button", { name: "Add the note" }).click();
  await amy.getByText("Note by Amy Okafor").waitFor();
  await amy.getByLabel("Confirmed").check();
  await amy.getByRole("button", { name: "Close the incident" }).click();
  await amy.getByText("Nothing more can be done about it here").waitFor();
  await amy.getByRole("link", { name: "Play it back" }).click();
  await amy.getByRole("heading", { name: "Playback: Robin Vale" }).waitFor();
  await isLive(amy);
  await amy.locator("#pb-bar").waitFor();
  await look(amy, "playback");

  // One position after the other, by keyboard: the instant says what the table says.
  const rows = await amy.locator("#pb-rows tr").evaluateAll((rows) =>
    rows.map((row) => ({
      received: row.children[1].firstChild.textContent.trim(),
      believed: row.querySelector("td.stage .outlook")?.textContent ?? row.querySelector("td.stage").textContent.trim(),
    })),
  );
  assert.equal(rows.length, 9);
  assert.ok(rows.some(({ believed }) => believed === "CURLEW: Violation"));
  assert.ok(rows.some(({ believed }) => believed === "CURLEW: Left, still near"));
  const instant = async () => ({
    received: short(await amy.locator("#pb-clock").getAttribute("datetime")),
    believed: await amy.locator("#pb-state").innerText(),
  });
  const bar = amy.getByRole("slider", { name: "Time" });
  await bar.focus();
  await amy.keyboard.press("Home");
  await amy.getByText("No position known yet").waitFor();
  for (const [nth, row] of rows.entries()) {
    await amy.keyboard.press("ArrowRight");
    assert.deepEqual(await instant(), row);
    const marked = amy.locator("#pb-rows tr.now");
    assert.equal(await marked.count(), 1);
    assert.equal(await marked.locator("th").innerText(), String(nth + 1));
    assert.ok((await bar.getAttribute("aria-valuetext")).includes(row.believed));
    if (row.believed === "CURLEW: Violation") await look(amy, `playback-at-${nth + 1}`);
    await bar.focus();
  }
  await amy.getByRole("button", { name: "Follow closely" }).click();
  await look(amy, "playback-close");
  await amy.getByRole("button", { name: "Follow closely" }).click();
  await bar.focus();
  await amy.keyboard.press("ArrowLeft");
  assert.deepEqual(await instant(), rows.at(-2));
  await amy.keyboard.press("End");
  assert.equal(await amy.locator("#pb-story .ahead").count(), 0, "all of it has happened");
  await amy.keyboard.press("Home");
  const all = await amy.locator("#pb-story li").count();
  assert.equal(await amy.locator("#pb-story .ahead").count(), all, "nothing has happened yet");

  // Halfway through the time in which no position came, the last one is old.
  const [gap] = await amy.locator("#pb-strip [data-from]:has(.bar-gap)").evaluateAll((bars) => bars.slice(1, 2).map((bar) => Number(bar.dataset.from)));
  await bar.evaluate((input, ms) => {
    input.value = String(ms);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, gap + 180_000);
  await amy.getByText(/^Out of sight: the last position 3 min old, error ±8 m$/).waitFor();
  await bar.focus();
  await amy.keyboard.press("Home");

  // From event to event; what is told lights up when it is told.
  await amy.getByRole("button", { name: "Next event" }).click();
  const first = await amy.locator("#pb-story .now time").first().getAttribute("datetime");
  assert.equal(await amy.locator("#pb-clock").getAttribute("datetime"), first);

  // It plays by itself, and stops when it is told to.
  await amy.getByLabel("Speed").selectOption("300×");
  await bar.focus();
  await amy.keyboard.press("Home");
  const begin = await amy.locator("#pb-clock").getAttribute("datetime");
  await amy.keyboard.press("Space");
  await amy.getByRole("button", { name: "Pause" }).waitFor();
  await becomes(async () => (await amy.locator("#pb-clock").getAttribute("datetime")) > begin, true);
  await amy.keyboard.press("Space");
  await amy.getByRole("button", { name: "Play", exact: true }).waitFor();
  const stood = await amy.locator("#pb-clock").getAttribute("datetime");
  await amy.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await amy.locator("#pb-clock").getAttribute("datetime"), stood);
  // Whoever wants no motion is played to in steps, up to the end.
  await amy.emulateMedia({ reducedMotion: "reduce" });
  await amy.getByRole("button", { name: "Play", exact: true }).click();
  await amy.getByRole("button", { name: "Play", exact: true }).waitFor();
  assert.equal(await bar.inputValue(), await bar.getAttribute("max"));
  await amy.emulateMedia({ reducedMotion: "no-preference" });

  const csv = await download(amy, "Positions as CSV");
  assert.equal(csv.name, `playback-incident-${incident}.csv`);
  assert.equal(csv.text.trim().split("\r\n").length, rows.length + 1);
  const map = await download(amy, "Map as GeoJSON");
  const { features } = JSON.parse(map.text);
  assert.equal(features.filter(({ properties }) => properties.kind === "fix").length, rows.length);
  for (const text of [csv.text, map.text]) assert.ok(!/Robin|Sam Rivers|sister/.test(text), "a file names nobody");

  await amy.getByRole("link", { name: "Explanation for a court" }).click();
  await amy.getByRole("heading", { name: "Where and when" }).waitFor();
  const red = await amy.locator("svg .zone").first().evaluate((zone) => getComputedStyle(zone).stroke);
  assert.equal(red, "rgb(177, 15, 36)", "its styles are let in");
  await look(amy, "explanation");
  await amy.goto(`${origin}/incidents/${incident}/playback`);

  await amy.getByLabel("From", { exact: true }).fill("yesterday");
  await amy.getByRole("button", { name: "Play this time" }).click();
  await amy.getByRole("heading", { name: "This time cannot be played" }).waitFor();
  await look(amy, "playback-refused");
  await amy.goto(`${origin}/records/wearers/w-1`);
  await amy.getByRole("link", { name: "Play back" }).click();
  await amy.locator("#pb-bar").waitFor();
  await look(amy, "playback-wearer");

  const plain = await person({ javaScriptEnabled: false });
  await plain.context().addCookies(await amy.context().cookies());
  await plain.goto(`${origin}/incidents/${incident}/playback`);
  assert.equal(await plain.locator("#pb-rows tr").count(), rows.length);
  assert.ok(await plain.locator("#pb-strip rect.bar-violation").first().isVisible());
  assert.ok(!(await plain.locator("#pb-bar").isVisible()));
  await plain.screenshot({ path: `${pictures}/playback-without-script.png`, fullPage: true });
  assert.deepEqual(found, []);
});

/** As the table has it: `1 Mar 02:14:07`. */
function short(iso) {
  const at = new Date(iso);
  const month = at.toLocaleString("en-GB", { month: "short", timeZone: "UTC" }).slice(0, 3);
  return `${at.getUTCDate()} ${month} ${iso.slice(11, 19)}`;
}

async function download(page, name) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
}
