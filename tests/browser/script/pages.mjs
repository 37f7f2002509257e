// Every page, in light, dark and high contrast: axe finds nothing, nothing sticks out at the side, and there is a picture of
// each to look at.

import assert from "node:assert/strict";

import { DESK, found, look } from "./look.mjs";
import { ask, isLive, origin, pictures, signIn, story } from "./stage.mjs";

const PHONE = { width: 320, height: 568 };

await story(async ({ person }) => {
  // Pages are refused here on purpose, and the line is broken.
  const officer = await person({ expects: ["status of 401", "status of 403", "status of 404", "status of 410", "status of 422", "net::ERR_"] });
  // The drawing is looked at here; the moving map has a story of its own.
  await officer.context().addInitScript(() => localStorage.setItem("map-off", "1"));
  const at = (path) => officer.goto(`${origin}${path}`);

  await at("/sign-in");
  await look(officer, "sign-in");
  await officer.getByLabel("Sign-in link or code").fill("not a code");
  await officer.getByRole("button", { name: "Sign in" }).click();
  await officer.getByText("Error:").waitFor();
  await look(officer, "sign-in-refused");
  await officer.goto(await ask("link"));
  await officer.waitForURL("**/who");
  await look(officer, "who");
  await signIn(officer, "Amy Okafor");
  await look(officer, "queue-empty");

  const phone = await person({ viewport: PHONE, permissions: ["notifications"], expects: ["status of 404", "status of 410"] });
  await enrol(officer, phone);
  const call = await ask("call");
  const violation = await ask("violation", 1);
  await answer(phone);
  await ownPage(officer, phone);

  await ask("violation", 2);
  await ask("battery", 3);
  await at("/");
  await officer.getByRole("heading", { name: "Low battery" }).waitFor();
  await officer.getByRole("button", { name: "Own it" }).first().click();
  await officer.getByText("Owned by Amy Okafor").waitFor();
  await look(officer, "queue");
  await officer.getByRole("button", { name: "Keys" }).click();
  await look(officer, "keys");
  await officer.keyboard.press("Escape");
  await officer.keyboard.press("j");
  await officer.keyboard.press("x");
  await look(officer, "closing");
  await officer.keyboard.press("Escape");
  await officer.getByRole("button", { name: "Arm console" }).click();
  await officer.locator("#sound-on").waitFor();
  await look(officer, "queue-armed");

  await at("/trails");
  await isLive(officer);
  await look(officer, "trails");
  await at(`/incidents/${violation}`);
  await isLive(officer);
  await look(officer, "incident");
  await officer.getByRole("button", { name: "Add the note" }).click();
  await officer.getByText("Write a note first").first().waitFor();
  await look(officer, "incident-note-refused");
  await at(`/incidents/${violation}`);
  await officer.getByRole("button", { name: "Close the incident" }).click();
  await officer.getByText("Choose what it turned out to be").first().waitFor();
  await look(officer, "incident-close-refused");

  await at(`/incidents/${violation}/send`);
  await isLive(officer);
  await look(officer, "send");
  await officer.getByRole("button", { name: "Send Ben Lloyd" }).click();
  await officer.locator(".going", { hasText: "Ben Lloyd" }).waitFor();
  await look(officer, "incident-sent");
  for (const [path, name] of [["/respond", "respond"], [`/respond/${violation}`, "respond-card"]]) {
    await at(path);
    await look(officer, name, PHONE);
  }
  await officer.getByRole("button", { name: "I am on the way" }).click();
  await officer.getByRole("button", { name: "I am there" }).waitFor();
  await look(officer, "respond-en-route", PHONE);
  await officer.setViewportSize(DESK);

  await at("/");
  await officer.getByRole("heading", { name: "Low battery" }).getByRole("link").click();
  await officer.getByRole("button", { name: "Shelve it" }).click();
  await officer.getByText("Say why, in 1 to 200 characters").first().waitFor();
  await look(officer, "incident-shelve-refused");
  await officer.getByLabel("Why", { exact: true }).fill("He charges it at ten.");
  await officer.getByRole("button", { name: "Shelve it" }).click();
  await officer.getByText("Shelved for another").first().waitFor();
  await at("/");
  await officer.getByRole("heading", { name: "Shelved" }).waitFor();
  await look(officer, "queue-shelved");

  // She was told that protection is weak, and goes by it: no card, but a line where officers look.
  const cut = await ask("cut", 3);
  const told = /Jo Fields was told at \d\d:\d\d:\d\d UTC, .* ago, that protection is weak; not yet told that it is good again\./;
  await officer.getByRole("region", { name: "What protected persons were told" }).getByText(told).waitFor();
  await look(officer, "queue-told-weak");
  await at(`/incidents/${cut}`);
  await officer.locator(".head").getByText(told).waitFor();
  await look(officer, "incident-told-weak");
  // What rings does not go on ringing on a page of which there is no new picture.
  const endless = '<span class="alert ringing">Call <span id="rings" data-ends="0" data-ended="rang">ringing</span></span>';
  await officer.evaluate((html) => document.querySelector("main").insertAdjacentHTML("beforeend", html), endless);
  await officer.locator("#rings", { hasText: "rang" }).waitFor();

  await at(`/incidents/${call}`);
  await isLive(officer);
  await look(officer, "call-for-help");
  await at(`/incidents/${call}/call`);
  await isLive(officer);
  await look(officer, "whom-to-call");
  await at(`/incidents/${call}`);
  await officer.getByLabel("Confirmed").check();
  await officer.getByRole("button", { name: "Close the incident" }).click();
  await officer.getByText("Nothing more can be done about it here").waitFor();
  await look(officer, "incident-closed");
  await at("/incidents?closed");
  await look(officer, "closed");
  await at("/quality");
  await isLive(officer);
  await look(officer, "quality");
  await at("/incidents/4711");
  await look(officer, "no-such-incident");

  // The states of the line and of the sound, as an officer sees them.
  await at("/");
  await isLive(officer);
  await ask("break");
  await officer.locator("loss-screen.full").waitFor();
  await look(officer, "loss");
  await ask("mend");
  await officer.locator("#back").waitFor();
  await look(officer, "back");

  const plain = await person({ javaScriptEnabled: false });
  await plain.context().addCookies(await officer.context().cookies());
  await plain.goto(`${origin}/incidents/${violation}`);
  const said = plain.locator("noscript .deaf");
  await said.waitFor();
  assert.match(await said.innerText(), /^Scripts are off in this browser\. The page changes only when you load it again/);
  await plain.screenshot({ path: `${pictures}/without-script.png`, fullPage: true });
  await plain.getByRole("button", { name: "I have acted" }).click();
  await plain.getByText("Acted on by Amy Okafor").first().waitFor();

  assert.deepEqual(found, []);
});

/** A person's phone agrees to push messages by an officer's link. */
async function enrol(officer, phone) {
  await officer.goto(`${origin}/enrolments`);
  await look(officer, "enrolments");
  await officer.getByLabel("Whose device").selectOption({ label: "Sam Rivers" });
  await officer.getByRole("button", { name: "Make a link", exact: true }).click();
  const link = await officer.locator(".link code").innerText();
  await look(officer, "enrolments-made");
  // No push service of a browser's maker is to be reached: the phones' own stands in for it.
  const subscription = await ask("subscription");
  await phone.goto(link);
  await phone.evaluate((text) => {
    PushManager.prototype.subscribe = async () => JSON.parse(text);
  }, subscription);
  await look(phone, "phone-enrol", PHONE);
  await phone.locator("#enrol button").click();
  await phone.locator("[data-when=done]").waitFor();
  await look(phone, "phone-enrol-done", PHONE);
  await phone.goto(link);
  await look(phone, "phone-enrol-used", PHONE);
  await phone.goto(`${origin}/enrol`);
  await look(phone, "phone-nothing", PHONE);
}

/** A protected person's own page: here they have been told of danger. */
async function ownPage(officer, phone) {
  await officer.goto(`${origin}/enrolments`);
  await officer.getByLabel("Whose page").selectOption({ label: "Sam Rivers" });
  await officer.getByRole("button", { name: "Make a link to it" }).click();
  const link = await officer.locator(".link code").innerText();
  await look(officer, "own-page-made");
  await phone.goto(link);
  await look(phone, "phone-own", PHONE);
  await phone.locator("button[value='3']").click();
  await phone.locator(".told.good").waitFor();
  await look(phone, "phone-own-answered", PHONE);
}

/** The page that a message opens. */
async function answer(phone) {
  const opened = new URL(await ask("pushed"), origin);
  await phone.goto(`${origin}${opened.pathname}`);
  await look(phone, "phone-answer", PHONE);
  await phone.locator("button[value='2']").click();
  await phone.locator(".told.good").waitFor();
  await look(phone, "phone-answered", PHONE);
  await phone.goto(`${origin}/answer`);
  await look(phone, "phone-answer-nothing", PHONE);
}
