// Keys for what the buttons do. A key acts on the card that has the focus, never on one that has only just come up, and
// none closes an incident by itself.

import { at, browser, put } from "./dom";

const OFF = "keys-off";

/** What each key presses, on the card in hand. */
const PRESSES: Record<string, string> = { o: "own", a: "act", c: "call", r: "send", n: "note", s: "shelve" };

class KeyMap extends HTMLElement {
  private readonly help = at("keys") as HTMLDialogElement;
  private readonly closing = at("closing") as HTMLDialogElement;
  private readonly off = at("keys-off") as HTMLInputElement;

  connectedCallback(): void {
    this.hidden = false;
    this.off.checked = isOff();
    this.off.addEventListener("change", () => setOff(this.off.checked));
    at("keys-open").addEventListener("click", () => this.help.showModal());
    document.addEventListener("keydown", (event) => this.press(event));
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    if (this.closing.open) return this.choose(event);
    if (isOff() || document.querySelector("dialog[open]") || isField(event.target)) return;
    if (isInert(event.target)) return;
    const done = this.act(event.key);
    if (done) event.preventDefault();
  }

  /** Whether the key meant something. */
  private act(key: string): boolean {
    if (key === "?") return this.help.showModal(), true;
    if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
    if (key === "x") return this.ask();
    // Where one is to be chosen of several.
    if (/^[1-9]$/.test(key)) return press(`choice-${key}`);
    return key in PRESSES && press(`${PRESSES[key]}-${inHand()}`);
  }

  /** Asks what the incident in hand turned out to be: only that answer closes it. */
  private ask(): boolean {
    const incident = inHand();
    if (incident === "" || !document.getElementById(`close-${incident}`)) return false;
    const form = this.closing.querySelector("form");
    if (!form) return false;
    form.action = `/incidents/${incident}/close`;
    put(at("closing-what"), document.querySelector(`[data-incident="${incident}"]`)?.getAttribute("data-what") ?? "");
    this.closing.showModal();
    return true;
  }

  /** In that question a digit is an answer. */
  private choose(event: KeyboardEvent): void {
    const answer = this.closing.querySelector<HTMLButtonElement>(`button[data-key="${CSS.escape(event.key)}"]`);
    if (!answer) return;
    event.preventDefault();
    answer.click();
  }
}

/** The incident whose card has the focus; on an incident's own page, that one. */
function inHand(): string {
  const card = document.activeElement?.closest<HTMLElement>("[data-incident]");
  const own = document.querySelector<HTMLElement>("[data-incident].head");
  return (card ?? own)?.dataset.incident ?? "";
}

/** To the next card, or the one before. */
function step(by: number): boolean {
  const cards = [...document.querySelectorAll<HTMLElement>("article[data-incident]")];
  const now = cards.findIndex((card) => card.contains(document.activeElement));
  const next = cards[now < 0 ? 0 : Math.min(Math.max(now + by, 0), cards.length - 1)];
  const link = next && document.getElementById(`open-${next.dataset.incident}`);
  link?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return Boolean(link);
}

/** Presses a button or link. */
function press(id: string): boolean {
  const element = document.getElementById(id);
  if (!element) return false;
  element.click();
  return true;
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function isInert(target: EventTarget | null): boolean {
  return document.querySelector("main[inert]") !== null || (target instanceof Element && target.closest("[inert]") !== null);
}

function isOff(): boolean {
  return browser.get(OFF) !== null;
}

function setOff(off: boolean): void {
  browser.set(OFF, off ? "1" : null);
}

export function defineKeyMap(): void {
  customElements.define("key-map", KeyMap);
}
