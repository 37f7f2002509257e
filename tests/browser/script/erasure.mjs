// A wearer's time is over: one supervisor asks that their data be erased, another agrees, and what is left of it is a line
// without a name. The integrity chain verifies.

import assert from "node:assert/strict";

import { found, look } from "./look.mjs";
import { ask, origin, signInAs, story } from "./stage.mjs";

const DATA = `${origin}/records/wearers/w-3/data`;

await story(async ({ person }) => {
  const expects = ["status of 404", "status of 409", "status of 422"];
  const [amy, ben] = [await person({ expects }), await person({ expects })];
  for (const [page, id] of [[amy, "amy"], [ben, "ben"]]) await signInAs(page, { id, role: "supervisor" });

  await amy.goto(DATA);
  await amy.getByText("case c-3 has not ended").waitFor();
  assert.equal(await amy.getByRole("button", { name: "Ask for the erasure" }).count(), 0);
  await look(amy, "erasure-needed");
  const name = await ask("over", 3);
  await amy.goto(DATA);
  await amy.getByRole("button", { name: "Ask for the erasure" }).click();
  await amy.getByRole("heading", { name: /Nothing was done/ }).waitFor();
  await look(amy, "erasure-refused");
  await amy.getByLabel("Why it goes").fill("The rule of two years.");
  await amy.getByLabel("Their id, to say that you mean them").fill("w-3");
  await amy.getByRole("button", { name: "Ask for the erasure" }).click();
  await amy.getByText("Another supervisor has to agree.").waitFor();
  assert.equal(await amy.getByRole("button", { name: /Agree/ }).count(), 0);
  await look(amy, "erasure-asked");

  await ben.goto(DATA);
  await ben.getByText("The rule of two years.").waitFor();
  await look(ben, "erasure-agrees");
  await ben.getByLabel("Their id, to say that you mean them").fill("w-3");
  await ben.getByRole("button", { name: "Agree: erase w-3 for good" }).click();
  await ben.waitForURL(`${origin}/records/erasures`);
  await look(ben, "erasures-agreed");
  // What is left can still be kept, and let go.
  const left = ben.getByRole("link", { name: "What is left of wearer:w-3" });
  while ((await left.count()) === 0) {
    await ben.waitForTimeout(250);
    await ben.reload();
  }
  await left.click();
  await ben.getByRole("button", { name: "Place a hold" }).click();
  await ben.getByRole("heading", { name: /Nothing was done/ }).waitFor();
  await look(ben, "erasure-left-refused");
  await ben.getByLabel("Why it must be kept").fill("The trial of May.");
  await ben.getByRole("button", { name: "Place a hold" }).click();
  await ben.getByLabel("Why it can go").fill("It is another case.");
  await look(ben, "erasure-left");
  await ben.getByRole("button", { name: "Lift it" }).click();
  await ben.getByText("Lifted by ben").waitFor();
  await ben.goto(`${origin}/records/erasures`);
  // The service takes its time: it writes down twice what it remembers, as the line goes on, and then erases.
  await ask("battery", 1);
  await ask("violation", 2);
  while ((await ben.getByText("Erased on").count()) === 0) {
    await ben.waitForTimeout(250);
    await ben.reload();
  }
  await look(ben, "erasures-done");
  assert.ok(!(await ben.content()).includes(name));
  const gone = await amy.goto(DATA);
  assert.equal(gone.status(), 404);
  assert.equal(await ask("erased", name), true);
  assert.deepEqual(found, []);
});
