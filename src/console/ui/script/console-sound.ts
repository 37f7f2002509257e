// Arms the console: from then on it can be heard, and the service counts on it.

import { at, formToken, put, tab } from "./dom";
import { ask, line, type News } from "./line";
import { sound } from "./sound";

/** How often an armed console says so. The service gives up on it after 10 s. */
const ARMED_EVERY_MS = 3000;
const [ARMED, MUTED] = ["armed", "muted"] as const;

class ConsoleSound extends HTMLElement {
  private armed = tab.get(ARMED) !== null;
  private muted = tab.get(MUTED) !== null;
  private saidAt = -Infinity;
  private refused = false;

  connectedCallback(): void {
    this.hidden = false;
    sound.onchange = () => this.show();
    at("arm").addEventListener("click", () => void this.arm());
    at("sound-unblock").addEventListener("click", () => void this.arm());
    at("sound-test").addEventListener("click", () => sound.once("test"));
    at("sound-mute").addEventListener("click", () => this.mute());
    document.querySelector("form.officer")?.addEventListener("submit", () => this.disarm());
    // Any press unlocks what the browser has blocked; once it is done, since the bar that then goes moves what is under it.
    for (const press of ["click", "keydown"]) {
      document.addEventListener(press, () => this.armed && !sound.isRunning() && void sound.open());
    }
    line.on("news", (news) => this.hear(news));
    // A lost line has a tone of its own.
    line.on("tick", () => line.isLost() && sound.setDanger(false));
    if (this.armed) void this.open();
    this.show();
  }

  private async arm(): Promise<void> {
    this.armed = true;
    tab.set(ARMED, "1");
    await this.open();
    sound.once("test");
    this.saidAt = -Infinity;
    this.show();
  }

  /** The service may go silent before it is heard for the first time. */
  private async open(): Promise<void> {
    await sound.open();
    if (this.armed) sound.heard(line.silentMs());
  }

  private disarm(): void {
    this.armed = false;
    tab.set(ARMED, null);
    sound.close();
  }

  /** Danger cannot be muted. */
  private mute(): void {
    this.muted = !this.muted;
    tab.set(MUTED, this.muted ? "1" : null);
    this.show();
  }

  private hear({ waiting, raised }: News): void {
    if (!this.armed) return;
    sound.heard(0);
    sound.setDanger(waiting > 0);
    const worst = Math.min(...raised.filter((priority) => priority > 1));
    if (!this.muted && waiting === 0 && Number.isFinite(worst)) sound.once(worst === 2 ? "p2" : "p3");
    this.sayArmed();
    this.show();
  }

  /** With the feed's own beat: a page that is no longer reached does not say that it can be relied on. */
  private sayArmed(): void {
    if (!sound.isRunning() || performance.now() - this.saidAt < ARMED_EVERY_MS) return;
    this.saidAt = performance.now();
    const body = new URLSearchParams({ form_token: formToken() });
    ask("/armed", { method: "POST", body }).then(
      (answer) => (this.refused = !answer.ok),
      () => {},
    );
  }

  private show(): void {
    const blocked = this.armed && sound.isBlocked();
    at("arm").hidden = this.armed;
    at("sound-on").hidden = !this.armed || blocked;
    at("sound-blocked").hidden = !blocked;
    at("sound-off").hidden = this.armed || this.dataset.wanted === undefined;
    at("sound-refused").hidden = !this.refused;
    at("sound-mute").setAttribute("aria-pressed", String(this.muted));
    put(at("sound-word"), this.muted ? "Armed, P2 and P3 muted" : "Armed");
  }
}

export function defineConsoleSound(): void {
  customElements.define("console-sound", ConsoleSound);
}
