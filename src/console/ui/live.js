// Keeps a page true: swaps in fresh parts when the picture changes, lets ages and countdowns run, and says so loudly
// when it no longer hears the service.
"use strict";

const DIM_MS = 3000; // without a heartbeat: the picture dims and shows its age
const LOST_MS = 5000; // the banner; a line that has gone silent is given up and tried anew
const RETRY_MS = [800, 2000]; // a new try comes after a random time between these
const HOLD_MS = 2000; // how long a pointer on a button may hold a swap back

const body = document.body;
const at = (id) => document.getElementById(id);
const regions = [...document.querySelectorAll("[data-live]")].map((element) => ({
  element,
  url: element.dataset.live,
  stale: false,
  busy: false,
}));

let heardAt = performance.now(); // by the browser's clock, which no operator sets back
let serverMs = Number(body.dataset.now);
let version = Number(body.dataset.version);
let waiting = null;
let source = null;
let connected = false;
let signedOut = false;
let retryAt = Infinity;

// --- time ---

const now = () => serverMs + (performance.now() - heardAt);

// The same words as the service's own: see `span` in words.rs.
function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 100) return `${s} s`;
  if (s < 6000) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const silent = performance.now() - heardAt;
  const t = now();
  for (const time of document.querySelectorAll("time[data-age]")) put(time, span(t - Number(time.dataset.age)));
  for (const time of document.querySelectorAll("time[data-until]")) put(time, span(Number(time.dataset.until) - t + 999));
  showLine(silent);
  if (!signedOut && connected && silent > LOST_MS) drop();
  if (!signedOut && performance.now() > retryAt) connect();
  for (const region of regions) if (region.stale) refresh(region);
}

// --- what the line is like ---

function showLine(silent) {
  const dim = signedOut || silent > DIM_MS;
  const lost = signedOut || silent > LOST_MS;
  body.classList.toggle("dim", dim);
  at("line").className = dim ? "line off" : connected ? "line on" : "line";
  const word = signedOut ? "Signed out" : dim ? "No connection" : connected ? "Live" : "Connecting";
  put(at("line-word"), word);
  put(at("clock"), new Date(dim ? serverMs : now()).toISOString().slice(11, 19));
  at("loss").hidden = !dim;
  at("loss").classList.toggle("full", lost);
  put(at("loss-age"), dim ? `This picture is ${span(silent)} old.` : "");
  if (signedOut) {
    put(at("loss-title"), "Signed out");
    put(at("loss-text"), "Your sign-in has ended and this page no longer changes. Sign in again.");
  }
}

function news(count) {
  document.title = (count > 0 ? `(${count} P1) ` : "") + body.dataset.title;
  if (waiting !== null && count > waiting) {
    put(at("news"), count === 1 ? "One P1 incident that nobody has" : `${count} P1 incidents that nobody has`);
  }
  waiting = count;
}

// --- the feed ---

function connect() {
  retryAt = Infinity;
  source = new EventSource("/live");
  source.addEventListener("heartbeat", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("board", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("signed-out", () => leave());
  source.onerror = () => drop();
}

function hear(beat) {
  const back = !connected;
  connected = true;
  heardAt = performance.now();
  serverMs = beat.now_ms;
  if (beat.version !== version || back) {
    version = beat.version;
    for (const region of regions) region.stale = true;
    for (const region of regions) refresh(region);
  }
  news(beat.waiting);
}

function drop() {
  if (source) source.close();
  source = null;
  connected = false;
  retryAt = performance.now() + RETRY_MS[0] + Math.random() * (RETRY_MS[1] - RETRY_MS[0]);
  // A refused feed looks like a lost one; a page that is refused says which.
  fetch("/live", { method: "HEAD" }).then((answer) => answer.status === 401 && leave(), () => {});
}

function leave() {
  signedOut = true;
  if (source) source.close();
  source = null;
  connected = false;
}

// --- fresh parts ---

async function refresh(region) {
  if (region.busy || held(region)) return;
  region.busy = true;
  region.stale = false;
  try {
    const answer = await fetch(region.url);
    if (answer.status === 401) return leave();
    if (!answer.ok) throw new Error(answer.status);
    const html = await answer.text();
    if (held(region)) region.stale = true;
    else swap(region.element, html);
  } catch {
    region.stale = true;
  } finally {
    region.busy = false;
  }
}

// A button must not move away under a finger, nor a half-made press be lost.
const pointer = { on: null, since: 0, down: false };
document.addEventListener("pointerover", (event) => {
  const on = event.target.closest(".actions");
  if (on !== pointer.on) Object.assign(pointer, { on, since: performance.now() });
});
document.addEventListener("pointerdown", () => (pointer.down = true));
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => (pointer.down = false)));

function held({ element }) {
  const hovering = pointer.on && element.contains(pointer.on) && performance.now() - pointer.since < HOLD_MS;
  return pointer.down || hovering;
}

function swap(element, html) {
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolls = [...element.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  element.replaceChildren(fresh.content);
  element.querySelectorAll(".scroll").forEach((box, i) => scrolls[i] && box.scrollTo(...scrolls[i]));
  if (focused) at(focused)?.focus({ preventScroll: true });
}

connect();
setInterval(tick, 250);
