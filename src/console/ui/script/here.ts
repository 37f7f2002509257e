// Tells the service, at most once a minute, that somebody is still here: a key or a pointer was pressed.

const HERE_EVERY_MS = 60_000;
let toldAt = performance.now();

function here(): void {
  if (performance.now() - toldAt < HERE_EVERY_MS) return;
  toldAt = performance.now();
  const token = document.querySelector<HTMLInputElement>('input[name="form_token"]');
  if (!token) return;
  const body = new URLSearchParams({ form_token: token.value });
  fetch("/here", { method: "POST", body }).catch(() => {});
}

export function watchPresence(): void {
  for (const sign of ["keydown", "pointerdown"]) document.addEventListener(sign, here, { passive: true });
}
