// Tells the service, at most once a minute, that somebody is still here: a key or a pointer was pressed.
"use strict";
const HERE_EVERY_MS = 60000;
let toldAt = performance.now();
function here() {
  if (performance.now() - toldAt < HERE_EVERY_MS) return;
  toldAt = performance.now();
  const token = document.querySelector('input[name="form_token"]');
  if (token) fetch("/here", { method: "POST", body: new URLSearchParams({ form_token: token.value }) }).catch(() => {});
}
for (const sign of ["keydown", "pointerdown"]) document.addEventListener(sign, here, { passive: true });
