// A part of the page that is fetched again with every new picture.

import { ask, line } from "./line";

/** How long a pointer on a button may hold a swap back. */
const HOLD_MS = 2000;

export class LivePart extends HTMLElement {
  private stale = false;
  private busy = false;

  connectedCallback(): void {
    line.on("picture", () => this.refresh());
    line.on("tick", () => this.stale && void this.refresh());
  }

  /** Fetches it, now or as soon as nobody's finger is on it. */
  async refresh(): Promise<void> {
    this.stale = true;
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
    const focused = this.contains(document.activeElement) ? document.activeElement : null;
    const [id, card] = [focused?.id, focused?.closest<HTMLElement>("[data-incident]")?.dataset.incident];
    const scrolls = [...this.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop] as const);
    const open = [...this.querySelectorAll("details[open][id]")].map((details) => details.id);
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    for (const id of open) fresh.content.getElementById(id)?.setAttribute("open", "");
    this.replaceChildren(fresh.content);
    this.querySelectorAll(".scroll").forEach((box, i) => {
      const [left, top] = scrolls[i] ?? [0, 0];
      box.scrollTo(left, top);
    });
    if (!focused) return;
    // A button that has done its work is gone; its card is still the one in hand.
    const again = (id && document.getElementById(id)) || document.getElementById(`open-${card}`);
    again?.focus({ preventScroll: true });
  }
}

/** What the service answers at once; nothing, where nobody is signed in any more, or somebody has touched nothing for a while. */
export async function fetched(address: string): Promise<Response | null> {
  const answer = await ask(address);
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

/** Every part of the page, now. */
export function refreshAll(): void {
  for (const part of document.querySelectorAll("live-part")) void (part as LivePart).refresh();
}

export function defineLivePart(): void {
  watchPointer();
  customElements.define("live-part", LivePart);
}
