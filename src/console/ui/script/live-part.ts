// A part of the page that is fetched again with every new picture.

import { ask, line } from "./line";

/** How long a pointer on a button may hold a swap back. */
const HOLD_MS = 2000;
/** A crowded page takes its time to be drawn; for so many times as long it is left alone, up to a second. */
const REST = 5;
const REST_MS_MAX = 1000;

export class LivePart extends HTMLElement {
  private stale = false;
  private busy = false;
  private restUntil = 0;
  /** What was fetched last, parted into cards and what is around them. */
  private parts: string[] = [];

  connectedCallback(): void {
    line.on("picture", () => this.refresh());
    line.on("tick", () => this.stale && void this.refresh());
  }

  /** Fetches it, now or as soon as nobody's finger is on it and it has rested; at once after something was done. */
  async refresh(isDone = false): Promise<void> {
    this.stale = true;
    if (!isDone && performance.now() < this.restUntil) return;
    if (this.busy || this.isHeld() || line.signedOut || !this.isConnected) return;
    this.busy = true;
    this.stale = false;
    try {
      const answer = await fetched(this.getAttribute("src") ?? "");
      if (!answer) return;
      const html = await answer.text();
      if (this.isHeld()) this.stale = true;
      else this.swap(html);
    } catch {
      this.stale = true;
    } finally {
      this.busy = false;
    }
  }

  /** A button must not move away under a finger, nor a half-made press be lost. */
  private isHeld(): boolean {
    const hovering = pointer.on && this.contains(pointer.on) && performance.now() - pointer.since < HOLD_MS;
    return pointer.down || Boolean(hovering);
  }

  private swap(html: string): void {
    const began = performance.now();
    const focused = this.contains(document.activeElement) ? document.activeElement : null;
    const [id, card] = [focused?.id, focused?.closest<HTMLElement>("[data-incident]")?.dataset.incident];
    const scrolls = [...this.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop] as const);
    const open = [...this.querySelectorAll("details[open][id]")].map((details) => details.id);
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    for (const id of open) fresh.content.getElementById(id)?.setAttribute("open", "");
    if (!this.patch(html, fresh.content)) {
      this.replaceChildren(fresh.content);
      this.querySelectorAll(".scroll").forEach((box, i) => {
        const [left, top] = scrolls[i] ?? [0, 0];
        box.scrollTo(left, top);
      });
    }
    this.restUntil = performance.now() + Math.min((performance.now() - began) * REST, REST_MS_MAX);
    if (!focused || focused.isConnected) return;
    // A button that has done its work is gone; its card is still the one in hand.
    const again = (id && document.getElementById(id)) || document.getElementById(`open-${card}`);
    again?.focus({ preventScroll: true });
  }

  /** Where the same cards stand in the same places, only those that say something else are drawn anew. */
  private patch(html: string, fresh: DocumentFragment): boolean {
    // Ages count themselves on.
    const parts = html.split(CARD).map((part) => part.replace(AGE, "$1"));
    const before = this.parts;
    this.parts = parts;
    const isCard = (i: number) => i % 2 === 1;
    const isSame = (part: string, i: number) => (isCard(i) ? cardId(part) === cardId(before[i]) : part === before[i]);
    if (parts.length !== before.length || !parts.every(isSame)) return false;
    const [there, next] = [this, fresh].map((root) => [...root.querySelectorAll("article[data-incident]")]);
    const count = (parts.length - 1) / 2;
    if (there?.length !== count || next?.length !== count) return false;
    for (let i = 0; i < count; i += 1) {
      const [old, card] = [there[i], next[i]];
      if (old && card && parts[2 * i + 1] !== before[2 * i + 1]) old.replaceWith(card);
    }
    return true;
  }
}

const CARD = /(<article [^]*?<\/article>)/;
const AGE = /(<time[^>]*>)[^<]*/g;

function cardId(part: string | undefined): string | undefined {
  return part?.match(/data-incident="(\d+)"/)?.[1];
}

/** What the service answers at once; nothing, where nobody is signed in any more, or somebody has touched nothing for a while. */
export async function fetched(address: string, withinMs?: number): Promise<Response | null> {
  const answer = await ask(address, {}, withinMs);
  if (answer.status === 401) return line.leave(), null;
  if (answer.status === 423) return line.lock(), null;
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer;
}

const pointer = { on: null as Element | null, since: 0, down: false };

function watchPointer(): void {
  document.addEventListener("pointerover", (event) => {
    const on = event.target instanceof Element ? event.target.closest(".actions") : null;
    if (on !== pointer.on) Object.assign(pointer, { on, since: performance.now() });
  });
  document.addEventListener("pointerdown", () => (pointer.down = true));
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => setTimeout(() => (pointer.down = false)));
  }
}

/** Every part of the page, now: somebody has done something. */
export function refreshAll(): void {
  for (const part of document.querySelectorAll("live-part")) void (part as LivePart).refresh(true);
}

export function defineLivePart(): void {
  watchPointer();
  customElements.define("live-part", LivePart);
}
