// Whoever has touched nothing for a while is shown nobody's data. The line and the alarm go on.

/** Takes everything off the page that is about somebody. */
export function lock(): void {
  const main = document.querySelector("main");
  if (!main || "locked" in main.dataset) return;
  main.dataset.locked = "";
  const part = (tag: string, text: string): HTMLElement => Object.assign(document.createElement(tag), { textContent: text });
  const again = Object.assign(document.createElement("a"), { href: "/sign-in", className: "button main", textContent: "Sign in again" });
  main.replaceChildren(
    part("h1", "Locked"),
    part("p", "Nothing has been touched here for 15 minutes, so nobody's data is shown. Alarms still sound."),
    again,
  );
  again.focus();
}
