// What every script stands on: the test that has started it and does what it asks for, and a browser that reaches nothing
// but Cordon.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";

import { chromium } from "playwright-core";

/** Patience with what takes as long as it takes. Nothing is ever waited for without looking. */
export const SOON = 30_000;

export const { origin, program, pictures } = JSON.parse(process.env.CORDON_STAGE);

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the test for something, such as a violation, and waits until it is done. */
export async function ask(what, about = null) {
  process.stdout.write(`${JSON.stringify({ ask: what, about })}\n`);
  const { value, done } = await answers.next();
  assert.ok(!done, `the test has gone without answering ${what}`);
  return JSON.parse(value);
}

/** Runs a script's story, and fails if a page did what it must not. */
export async function story(tell) {
  const browsers = [];
  const launch = async (...flags) => {
    const browser = await chromium.launch({
      executablePath: program,
      args: [
        // Whatever it asks for, only this machine answers.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--autoplay-policy=document-user-activation-required",
        ...flags,
      ],
    });
    browsers.push(browser);
    return browser;
  };
  const usual = await launch();
  const strays = [];
  const errors = [];
  const watched = {
    /** A browser of its own, with nothing in it; with `flags` one that lacks something. Errors that a story brings about are expected. */
    async person({ expects = [], flags = [], ...options } = {}) {
      const browser = flags.length > 0 ? await launch(...flags) : usual;
      const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, ...options });
      context.setDefaultTimeout(SOON);
      await context.addInitScript(listen);
      const isExpected = (text) => expects.some((expected) => text.includes(expected));
      context.on("request", (request) => {
        const url = new URL(request.url());
        if (url.origin !== origin && ["http:", "https:", "ws:", "wss:"].includes(url.protocol)) strays.push(request.url());
      });
      context.on("weberror", (error) => errors.push(String(error.error())));
      context.on("console", (message) => {
        if (message.type() === "error" && !isExpected(message.text())) errors.push(`${message.text()} ${message.location().url}`);
      });
      return context.newPage();
    },
  };
  try {
    await tell(watched);
  } finally {
    for (const browser of browsers) await browser.close();
  }
  assert.deepEqual(strays, [], "requests to other places");
  assert.deepEqual(errors, [], "errors on pages");
  process.exit(0);
}

/** Signs in with a fresh link as one of the staff; the first, where no name is given. */
export async function signIn(page, name) {
  await page.goto(await ask("link"));
  await page.waitForURL("**/who");
  await page.getByLabel("Your name").selectOption(name ? { label: name } : { index: 0 });
  await page.getByRole("button", { name: "Go to the queue" }).click();
  await page.waitForURL(`${origin}/`);
  await isLive(page);
}

/** Signs in where one is asked to, with an account's password and the code of its app, by keyboard alone. */
export async function signInByKeyboard(page, { name, password }) {
  await tabTo(page, "name");
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await focused(page, "password");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your code" }).waitFor();
  for (;;) {
    await focused(page, "code");
    await page.keyboard.type(await ask("code", name));
    const isAnswer = (response) => response.url() === `${origin}/sign-in/code`;
    const [answer] = await Promise.all([page.waitForResponse(isAnswer), page.waitForEvent("load"), page.keyboard.press("Enter")]);
    // Whoever types too late takes the next code.
    if (answer.status() !== 403) break;
  }
}

/** Signs somebody in whose account the test makes, such as `{ id: "amy", role: "officer" }`, on a page without the moving map. */
export async function signInAs(page, about) {
  await page.context().addInitScript(() => localStorage.setItem("map-off", "1"));
  const account = await ask("account", about);
  await page.goto(`${origin}/sign-in`);
  await signInByKeyboard(page, account);
  await isLive(page);
}

/** Presses Tab until something has the focus. */
export async function tabTo(page, id) {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not come to #${id}`);
}

export async function isLive(page) {
  await page.locator("#line-word", { hasText: "Live" }).waitFor();
}

/** Waits until what `look` finds is as expected; says what it was instead. */
export async function becomes(look, expected) {
  const until = Date.now() + SOON;
  let found = await look();
  while (!isDeepStrictEqual(found, expected) && Date.now() < until) {
    await new Promise((done) => setTimeout(done, 50));
    found = await look();
  }
  assert.deepEqual(found, expected);
}

/** Waits until something has the focus. */
export function focused(page, id) {
  return becomes(() => page.evaluate(() => document.activeElement?.id), id);
}

/** Runs in the page: keeps account of what is played, and puts an ear to what comes out. */
function listen() {
  window.heard = { playing: new Map(), ears: [] };
  const names = { 2.2: "p1", 1.4: "p2", 0.9: "p3", 2.4: "loss", 1.2: "test" };
  const { connect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      const ear = to.context.createAnalyser();
      connect.call(this, ear);
      window.heard.ears.push(ear);
    }
    return connect.call(this, to, ...rest);
  };
  const { start, stop } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (from = 0) {
    const name = names[this.buffer.duration.toFixed(1)];
    window.heard.playing.set(this, { name, from, loop: this.loop, to: this.loop ? Infinity : from + this.buffer.duration });
    window.heard.count = { ...window.heard.count, [name]: (window.heard.count?.[name] ?? 0) + 1 };
    return start.call(this, from);
  };
  AudioBufferSourceNode.prototype.stop = function (...when) {
    window.heard.playing.delete(this);
    return stop.apply(this, when);
  };
}

/** Waits until exactly these tones sound, by the sound card's clock: what has begun, has not ended and was not stopped. */
export function sounds(page, ...names) {
  const sounding = () =>
    [...window.heard.playing]
      .filter(([{ context }, { from, to }]) => {
        return context.state === "running" && from <= context.currentTime && context.currentTime < to;
      })
      .map(([, { name }]) => name)
      .sort();
  return becomes(() => page.evaluate(sounding), names.sort());
}

/** Waits until something really comes out: samples, not intentions. */
export function isAudible(page) {
  const audible = () =>
    window.heard.ears.some((ear) => {
      const samples = new Float32Array(ear.fftSize);
      ear.getFloatTimeDomainData(samples);
      return samples.some((sample) => Math.abs(sample) > 0.05);
    });
  return becomes(() => page.evaluate(audible), true);
}

/** How often a tone was begun on this page. */
export function begun(page, name) {
  return page.evaluate((name) => window.heard.count?.[name] ?? 0, name);
}
