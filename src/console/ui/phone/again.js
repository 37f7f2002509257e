// Fetches the page again while somebody looks at it: a position is old soon. What they have in hand stays there.
"use strict";
const EVERY_MS = 10_000;
const away = document.getElementById("away");
let pressing = false;
addEventListener("pointerdown", () => (pressing = true));
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (pressing = false));

async function again() {
  if (document.hidden || pressing) return;
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(5_000) });
    // Signed out, or closed meanwhile: the page itself says so.
    if (!answer.ok || answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const held = document.activeElement?.getAttribute("value");
    for (const part of ["main", "#clock"]) document.querySelector(part).replaceWith(fresh.querySelector(part));
    document.title = fresh.title;
    if (held) document.querySelector(`main button[value="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    away.hidden = true;
  } catch {
    away.hidden = false;
  }
}

setInterval(again, EVERY_MS);
document.addEventListener("visibilitychange", again);
