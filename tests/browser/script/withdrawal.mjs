// A volunteer takes their consent back: a case worker writes it down, an advocate tells the protected person, and only then
// can watching be ended. After that their tag raises nothing.

import assert from "node:assert/strict";

import { found, look } from "./look.mjs";
import { ask, origin, signInAs, story } from "./stage.mjs";

const PAGE = `${origin}/records/cases/c-2/withdrawal`;

await story(async ({ person }) => {
  const expects = ["status of 403", "status of 409", "status of 422"];
  const [worker, advocate] = [await person({ expects }), await person({ expects })];
  for (const [page, id, role] of [[worker, "wim", "case_worker"], [advocate, "ada", "advocate"]]) await signInAs(page, { id, role, caseload: ["c-2"] });
  await ask("consent", 2);

  await worker.goto(`${origin}/records/cases/c-2`);
  await worker.getByRole("link", { name: "The wearer takes their consent back" }).click();
  await worker.waitForURL(PAGE);
  await look(worker, "withdrawal-none");
  await worker.getByRole("button", { name: "Write it down" }).click();
  await worker.getByRole("heading", { name: /2 things are to be put right/ }).waitFor();
  await look(worker, "withdrawal-refused");
  await worker.getByLabel("When did they say so?").fill(minutesAgo(90));
  await worker.getByLabel("How did they say it?").selectOption({ label: "In a call" });
  await worker.getByRole("button", { name: "Write it down" }).click();
  await worker.getByText(/Must end by/).waitFor();
  await worker.getByText("Not before every protected person has been told").waitFor();
  assert.equal(await worker.getByRole("button", { name: "End watching now" }).count(), 0);
  assert.ok(!(await worker.content()).includes("+447700900001"), "a case worker sees no number");
  await look(worker, "withdrawal-waits");
  await worker.goto(`${origin}/`);
  await worker.getByText("1 wearer has withdrawn").waitFor();
  await look(worker, "queue-withdrawn");
  await worker.goto(`${origin}/records`);
  await worker.getByText("whose wearer has withdrawn").waitFor();
  await look(worker, "records-withdrawn");

  await advocate.goto(PAGE);
  await advocate.getByText("+447700900001").waitFor();
  await look(advocate, "withdrawal-tell");
  await worker.goto(PAGE);
  await advocate.getByLabel("How were they told?").selectOption({ label: "In a call" });
  await advocate.getByLabel("When were they told, or last tried?").fill(minutesAgo(1));
  await advocate.getByRole("button", { name: "Write it down" }).click();
  await advocate.getByText("A supervisor or the case worker ends it.").waitFor();
  await look(advocate, "withdrawal-told");

  // The worker's page was open all the time: it has no button yet, and shows one when it is opened again.
  assert.equal(await worker.getByRole("button", { name: "End watching now" }).count(), 0);
  await worker.goto(PAGE);
  await look(worker, "withdrawal-ready");
  await worker.getByRole("button", { name: "End watching now" }).click();
  await worker.getByText(/Ended on/).waitFor();
  await look(worker, "withdrawal-ended");

  // Nobody is warned of them any more, and others are.
  assert.equal(await ask("unwatched", 2), true);
  await ask("violation", 1);
  assert.deepEqual(found, []);
});

/** As the form takes it. */
function minutesAgo(minutes) {
  return new Date(Date.now() - minutes * 60_000).toISOString().slice(0, 16).replace("T", " ");
}
