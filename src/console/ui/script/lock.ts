// Whoever has touched nothing for a while is shown nobody's data. The line and the alarm go on.

import { at, put } from "./dom";
import { ask, line, type News } from "./line";
import { untaken } from "./words";

const TITLE = "Locked – Cordon";
/** How often a page that follows nothing asks whether it may still be seen. */
const ASK_EVERY_MS = 60_000;

/** Takes everything off the page that is about somebody. */
function lock(): void {
  const main = document.querySelector("main");
  if (!main || "locked" in main.dataset) return;
  main.dataset.locked = "";
  main.className = "narrow";
  const part = (tag: string, text: string): HTMLElement => Object.assign(document.createElement(tag), { textContent: text });
  const alarm = Object.assign(part("p", ""), { id: "locked-alarm", className: "loud", hidden: true });
  const again = Object.assign(document.createElement("a"), { href: "/sign-in", className: "button main", textContent: "Sign in again" });
  const action = part("p", "");
  action.append(again);
  main.replaceChildren(
    part("h1", "Locked"),
    alarm,
    part("p", "Nothing has been touched here for 15 minutes, so nobody's data is shown."),
    part("p", "The line goes on: an armed console still sounds, and this page still says how many P1 nobody has."),
    action,
  );
  // A question, a refusal and the title may name somebody, too.
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  for (const id of ["closing-what", "refused-title", "refused-why"]) put(at(id), "");
  at("refused").hidden = true;
  document.title = document.title.replace(document.body.dataset.title ?? document.title, TITLE);
  document.body.dataset.title = TITLE;
  again.focus();
}

/** How many wait is nobody's data. */
function sayAlarm({ waiting }: News): void {
  const alarm = document.getElementById("locked-alarm");
  if (!alarm) return;
  alarm.hidden = waiting === 0;
  put(alarm, `${untaken(waiting)}.`);
}

/** Locks when the feed says so, or the service refuses what it is asked for. */
export function watchLock(): void {
  line.on("locked", lock);
  line.on("news", sayAlarm);
}

/** The same on a page that follows nothing. No alarm is heard there: it leads to where one signs in again. */
export function askForLock(): void {
  setInterval(() => {
    ask("/fragments/here").then(
      ({ status }) => (status === 401 || status === 423) && location.replace("/sign-in"),
      // The next one may be answered.
      () => {},
    );
  }, ASK_EVERY_MS);
}
