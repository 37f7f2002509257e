// Says what the line is like: a lamp with a word, the clock, and the ages and countdowns all over the page.

import { at, put } from "./dom";
import { line } from "./line";
import { span, untaken } from "./words";

/** The lamp in the page's bar. */
class LineLamp extends HTMLElement {
  private waiting: number | null = null;

  connectedCallback(): void {
    line.on("tick", () => this.show());
    line.on("news", ({ waiting }) => this.count(waiting));
    this.show();
  }

  private count(waiting: number): void {
    document.title = (waiting > 0 ? `(${waiting} P1) ` : "") + (document.body.dataset.title ?? "");
    if (this.waiting !== null && waiting > this.waiting) {
      put(at("news"), untaken(waiting));
    }
    this.waiting = waiting;
  }

  private show(): void {
    const dim = line.isDim();
    document.body.classList.toggle("dim", dim);
    this.className = dim ? "line off" : line.connected ? "line on" : "line";
    put(at("line-word"), line.signedOut ? "Signed out" : dim ? "No connection" : line.connected ? "Live" : "Connecting");
    put(at("clock"), new Date(dim ? line.heardMs() : line.nowMs()).toISOString().slice(11, 19));
    showAges();
  }
}

function showAges(): void {
  const now = line.nowMs();
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-age]")) {
    put(time, span(now - Number(time.dataset.age)));
  }
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-until]")) {
    put(time, span(Number(time.dataset.until) - now + 999));
  }
}

export function defineLineLamp(): void {
  customElements.define("line-lamp", LineLamp);
}
