// A supervisor hands a wearer's data out to them and places a legal hold.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { found, look } from "./look.mjs";
import { ask, origin, signInAs, story } from "./stage.mjs";

await story(async ({ person }) => {
  const amy = await person({ expects: ["status of 409", "status of 422"] });
  await signInAs(amy, { id: "amy", role: "supervisor" });
  await ask("violation", 1);

  await amy.goto(`${origin}/records/wearers/w-1`);
  await amy.getByRole("link", { name: "Their data" }).click();
  await look(amy, "data");
  await amy.getByRole("button", { name: "Make the document" }).click();
  await amy.getByRole("heading", { name: /one thing is to be put right/ }).waitFor();
  await look(amy, "data-refused");
  await amy.getByLabel("Why it is made").fill("Their letter of 3 March.");
  const [download] = await Promise.all([
    amy.waitForEvent("download"),
    amy.getByRole("button", { name: "Make the document" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "wearer-w-1.json");
  const text = readFileSync(await download.path(), "utf8");
  const document = JSON.parse(text);
  assert.deepEqual([document.format, document.version, document.subject], ["cordon.subject", 1, "wearer:w-1"]);
  assert.ok(document.incidents.some((incident) => incident.kind === "violation"));
  for (const hers of ["+447700900001", "Sam Rivers", "CURLEW", "p-1"]) assert.ok(!text.includes(hers), hers);
  assert.ok(document.readers.some((reader) => reader.what === "export subject"));

  await amy.goto(`${origin}/records/wearers/w-1/data`);
  await amy.getByLabel("Why it must be kept").fill("The trial of May.");
  await amy.getByRole("button", { name: "Place a hold" }).click();
  await amy.getByText("The trial of May.").waitFor();
  await look(amy, "data-held");
  await amy.getByLabel("Why it can go").fill("It is over.");
  await amy.getByRole("button", { name: "Lift it" }).click();
  await amy.getByText("It is over.").waitFor();
  assert.equal(await amy.getByRole("button", { name: "Lift it" }).count(), 0);
  await look(amy, "data-lifted");
  assert.deepEqual(found, []);
});
