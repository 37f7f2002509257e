// What a silent line looks like: first a strip above a dimmed page, then nothing else to look at.

import { at, put } from "./dom";
import { line } from "./line";
import { sound } from "./sound";
import { counted, span } from "./words";

class LossScreen extends HTMLElement {
  connectedCallback(): void {
    line.on("tick", () => this.show());
    line.on("left", () => this.sayLeft());
    line.on("back", ({ silentMs, raised }) => this.sayBack(silentMs, raised));
    at("loss-silence").addEventListener("click", () => sound.silenceLoss());
    at("back-done").addEventListener("click", () => (at("back").hidden = true));
  }

  private show(): void {
    const [dim, lost] = [line.isDim(), line.isLost()];
    this.hidden = !dim;
    this.classList.toggle("full", lost);
    // What is behind it is old: no key and no button there works until the line is back.
    for (const part of document.querySelectorAll<HTMLElement>("main, header.bar")) part.inert = lost && !line.signedOut;
    put(at("loss-age"), dim ? `This picture is ${span(line.silentMs())} old.` : "");
    at("loss-silence").hidden = !(lost && sound.isLossHeard());
  }

  private sayLeft(): void {
    put(at("loss-title"), "Signed out");
    put(at("loss-text"), "Your sign-in has ended and this page no longer changes.");
    at("loss-again").hidden = false;
  }

  private sayBack(silentMs: number, raised: number[]): void {
    const meanwhile = counted(raised);
    const news = meanwhile ? `Raised meanwhile: ${meanwhile}.` : "Nothing was raised meanwhile.";
    put(at("back-text"), `The connection is back after ${span(silentMs)}. ${news}`);
    at("back").hidden = false;
  }
}

export function defineLossScreen(): void {
  customElements.define("loss-screen", LossScreen);
}
