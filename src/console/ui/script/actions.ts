// Posts what the buttons on a card say without leaving the page: an armed console is not to fall silent for it.

import { at, put } from "./dom";
import { line } from "./line";
import { refreshAll } from "./live-part";

/** The service itself says after 10 s that something is not certain. */
const CONFIRM_MS = 15_000;

/** Every form in a list of actions is sent this way; others, which a person has filled in, go as browsers send them. */
export function watchActions(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const isAnswer = form.matches("#closing form[method=post]");
    if (!isAnswer && !form.matches("live-part .actions form")) return;
    event.preventDefault();
    form.closest("dialog")?.close();
    void send(form, event.submitter);
  });
  at("refused-done").addEventListener("click", () => (at("refused").hidden = true));
}

/** Sends a form; what was refused is said on this page. */
async function send(form: HTMLFormElement, pressed: HTMLElement | null): Promise<void> {
  const body = new URLSearchParams(new FormData(form, pressed) as unknown as Record<string, string>);
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  at("refused").hidden = true;
  try {
    // Where it leads is where we are.
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(CONFIRM_MS) });
    if (answer.status === 401) return line.leave();
    if (answer.type !== "opaqueredirect") refuse(await answer.text());
  } catch {
    tell("It is not certain that this was done", "The service did not answer. Look at the incident before you rely on it.");
  } finally {
    for (const button of buttons) button.disabled = false;
    refreshAll();
  }
}

/** The service answers a refused form with a page that says why. */
function refuse(html: string): void {
  const page = new DOMParser().parseFromString(html, "text/html");
  const said = (selector: string) => page.querySelector(selector)?.textContent?.trim() ?? "";
  tell(said("main h1") || "This was not done", said("main h1 + p"));
}

function tell(title: string, why: string): void {
  put(at("refused-title"), title);
  put(at("refused-why"), why);
  at("refused").hidden = false;
}
