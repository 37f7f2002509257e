// From an installation in which nobody has written anything to a case in force, by the console alone; forms by keyboard alone.
// Then two people change the same case, and the second sees what the first has changed.

import assert from "node:assert/strict";

import { opens, press, publish, write } from "./forms.mjs";
import { found, look } from "./look.mjs";
import { ask, becomes, origin, signIn, story } from "./stage.mjs";

const SOONEST = "2026-01-01 00:00";

await story(async ({ person }) => {
  // Forms are refused here on purpose.
  const expects = ["status of 409", "status of 422"];
  const root = await person({ expects });
  await signUp(root);
  await root.goto(`${origin}/records`);
  await look(root, "records-empty");

  await opens(root, "Add a unit");
  await publish(root, "what is wrong");
  await look(root, "record-unit-errors");
  await write(root, [
    ["id", "seaward"],
    ["name", "Seaward"],
    ["area.south", "53"],
    ["area.north", "55"],
    ["area.west", "2"],
    ["area.east", "4"],
    ["staff.0.id", "amy"],
    ["staff.0.name", "Amy Okafor"],
    ["staff.0.sms", "+447700900011"],
    ["staff.0.voice", "+447700900011"],
  ]);
  await press(root, "more:staff");
  await write(root, [
    ["staff.1.id", "ben"],
    ["staff.1.name", "Ben Lloyd"],
    ["staff.1.sms", "+447700900012"],
    ["staff.1.voice", "+447700900012"],
    ["roles.desks", "amy, ben"],
    ["roles.supervisor", "ben"],
    ["roles.duty_manager", "amy"],
  ]);
  await publish(root, "/records/units/seaward");
  await look(root, "record-unit");

  const amy = await person({ expects });
  await amy.context().addInitScript(() => localStorage.setItem("map-off", "1"));
  await signIn(amy, "Amy Okafor");
  await amy.goto(`${origin}/records`);
  await opens(amy, "Add a wearer");
  await write(amy, [
    ["id", "w-1"],
    ["name", "Robin Vale"],
    ["tag.0.id", "sim/tag-1"],
    ["tag.0.from", SOONEST],
  ]);
  await publish(amy, "/records/wearers/w-1");
  await look(amy, "record-wearer");

  await amy.goto(`${origin}/records`);
  await opens(amy, "Add a person");
  await write(amy, [
    ["id", "p-1"],
    ["name", "Sam Rivers"],
    ["contact.0.channel", "Text"],
    ["contact.0.address", "+447700900001"],
  ]);
  await press(amy, "more:contact");
  await write(amy, [
    ["contact.1.channel", "Phone"],
    ["contact.1.address", "0770"],
    ["plan.nominated", "ben"],
    ["plan.weak", "90"],
    ["plan.quiet.from", "22:00"],
  ]);
  await publish(amy, "what is wrong");
  await look(amy, "record-person-errors");
  await write(amy, [
    ["contact.1.address", "+447700900001"],
    ["plan.quiet.until", "07:30"],
    ["plan.quiet.time_zone", "Europe/London"],
  ]);
  await publish(amy, "/records/persons/p-1");
  await look(amy, "record-person");

  await amy.goto(`${origin}/records`);
  await opens(amy, "Make a case");
  await write(amy, [
    ["id", "c-1"],
    ["wearer", "Robin"],
    ["persons", "p-1"],
    ["basis.from", SOONEST],
    ["risk", "High"],
    ["assessed.reason", "Two breaches in a week."],
    ["plan", "Weekly meetings."],
  ]);
  await publish(amy, "/records/cases/c-1");
  await look(amy, "record-case");
  await amy.goto(`${origin}/records`);
  await look(amy, "records");

  // It is in force: its tag is heard, and its person is.
  await ask("battery", 1);
  await ask("call");
  await amy.goto(`${origin}/`);
  await amy.getByRole("heading", { name: "Low battery" }).waitFor();
  await amy.getByText("Robin Vale").first().waitFor();
  await amy.getByText("Sam Rivers").first().waitFor();

  const ben = await person({ expects });
  await ben.context().addInitScript(() => localStorage.setItem("map-off", "1"));
  await signIn(ben, "Ben Lloyd");
  const at = `${origin}/records/cases/c-1`;
  for (const page of [amy, ben]) await page.goto(at);
  await write(ben, [["plan", "Weekly meetings, on Tuesdays."]]);
  await publish(ben, "/records/cases/c-1");
  await write(amy, [["review_due", "2026-12-01 09:00"]]);
  await publish(amy, "Somebody has changed this record");
  const conflict = amy.getByRole("region", { name: "In force now, and in your form" });
  assert.match(await conflict.innerText(), /Plan\s+Weekly meetings, on Tuesdays\.\s+Weekly meetings\./);
  await look(amy, "record-conflict");
  await write(amy, [["plan", "Weekly meetings, on Tuesdays."]]);
  await publish(amy, "/records/cases/c-1");
  await amy.reload();
  const holds = (name) => amy.locator(`[name="${name}"]`).inputValue();
  await becomes(async () => [await holds("plan"), await holds("review_due")], [
    "Weekly meetings, on Tuesdays.",
    "2026-12-01 09:00",
  ]);

  assert.deepEqual(found, []);
});

/** The first administrator, with a password and an app. */
async function signUp(page) {
  await page.goto(await ask("administrator"));
  const key = await page.locator(".key").innerText();
  await page.getByLabel("Password", { exact: true }).fill("four words as these");
  await page.getByLabel("Password, once more").fill("four words as these");
  await page.getByLabel("The six digits").fill(await ask("totp", key));
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByText("Keep these codes").first().waitFor();
}
