// Moves through a span that the service has played: one instant at a time, by hand or by itself. The page says everything
// without this; here each instant says what was known and believed by then, and nothing that came later.

import { at, put } from "./dom";
import { fetched } from "./live-part";
import { span } from "./words";

interface Fix {
  received: number;
  taken: number;
  /** Where in the drawing, and how wide its circle is. */
  at: [number, number, number];
  error: string;
}

interface Data {
  from_ms: number;
  until_ms: number;
  axis: [number, number];
  stages: { key: string; word: string; rank: number }[];
  zones: { applied: [number, number][] }[];
  fixes: Fix[];
  before: [string, string][];
  turns: [number, string, string][];
  story: number[];
  gaps: [number, number][];
  /** Over this long between two positions nothing is known of the way. */
  gap_ms: number;
}

/** How much nearer the picture comes that follows the wearer closely. */
const CLOSE = 5;
const MAP = { width: 800, height: 620 };
/** Positions of the way that are drawn behind the newest one. */
const WAY_MAX = 600;
/** How often the picture changes while it is played; where motion is not wanted, it does so once a second. */
const FRAME_MS = { motion: 60, still: 1000 };

class PlayBack extends HTMLElement {
  private data: Data | null = null;
  /** Of each position, which of it and those before it was taken last. */
  private newest: number[] = [];
  /** The instant that is shown. */
  private ms = 0;
  private playing: number | null = null;
  /** The picture goes with the wearer. */
  private isClose = false;
  private readonly bar = at("pb-at") as HTMLInputElement;

  connectedCallback(): void {
    void this.load();
  }

  /** The page is locked, and shows nobody's data. */
  disconnectedCallback(): void {
    this.pause();
    this.data = null;
  }

  private async load(): Promise<void> {
    try {
      const answer = await fetched(this.dataset.src ?? "", LOAD_MS);
      if (!answer) return;
      this.data = (await answer.json()) as Data;
    } catch {
      put(at("pb-word"), "The bar could not be loaded. Everything that it shows stands below. Load the page again to try once more.");
      return;
    }
    if (!this.isConnected) return;
    this.newest = newestOf(this.data.fixes);
    const { from_ms, until_ms } = this.data;
    Object.assign(this.bar, { min: String(from_ms), max: String(until_ms), step: "1" });
    at("pb-bar").hidden = false;
    this.dataset.on = "";
    this.bar.addEventListener("input", () => this.go(Number(this.bar.value)));
    at("pb-play").addEventListener("click", () => this.turn());
    at("pb-back").addEventListener("click", () => this.step(-1));
    at("pb-on").addEventListener("click", () => this.step(1));
    at("pb-event").addEventListener("click", () => this.next());
    const close = document.getElementById("pb-close");
    if (close) {
      close.hidden = false;
      close.addEventListener("click", () => {
        this.isClose = !this.isClose;
        close.setAttribute("aria-pressed", String(this.isClose));
        this.go(this.ms);
      });
    }
    this.addEventListener("keydown", (event) => this.press(event));
    this.go(from_ms);
  }

  private press(event: KeyboardEvent): void {
    if (!this.data || event.ctrlKey || event.altKey || event.metaKey) return;
    const on = event.target as Element;
    // A list of choices, a table that scrolls and a button have keys of their own.
    if (on.closest("select, .scroll") || (event.key === " " && on.closest("button, a"))) return;
    const { from_ms, until_ms } = this.data;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      ArrowDown: () => this.step(-1),
      ArrowUp: () => this.step(1),
      Home: () => this.go(from_ms),
      End: () => this.go(until_ms),
      " ": () => this.turn(),
    };
    const act = acts[event.key];
    if (!act || (event.key.startsWith("Arrow") && !on.closest("#pb-bar"))) return;
    event.preventDefault();
    act();
  }

  /** To the position after the instant, or before it. */
  private step(by: 1 | -1): void {
    if (!this.data) return;
    this.pause();
    const all = this.data.fixes.map(({ received }) => received);
    const to = by > 0 ? all.find((ms) => ms > this.ms) : all.filter((ms) => ms < this.ms).at(-1);
    this.go(to ?? (by > 0 ? this.data.until_ms : this.data.from_ms));
  }

  /** To the next thing that happened. */
  private next(): void {
    if (!this.data) return;
    this.pause();
    this.go(this.data.story.find((ms) => ms > this.ms) ?? this.data.until_ms);
  }

  private turn(): void {
    if (this.playing !== null) return this.pause();
    if (!this.data) return;
    if (this.ms >= this.data.until_ms) this.go(this.data.from_ms);
    put(at("pb-play"), "Pause");
    // What changes many times a second is not read out.
    at("pb-state").setAttribute("aria-live", "off");
    const frameMs = matchMedia("(prefers-reduced-motion: reduce)").matches ? FRAME_MS.still : FRAME_MS.motion;
    let last = performance.now();
    this.playing = window.setInterval(() => {
      const now = performance.now();
      const speed = Number((at("pb-speed") as HTMLSelectElement).value);
      const to = this.ms + (now - last) * speed;
      last = now;
      this.go(to);
      if (this.data && this.ms >= this.data.until_ms) this.pause();
    }, frameMs);
  }

  private pause(): void {
    if (this.playing === null) return;
    clearInterval(this.playing);
    this.playing = null;
    put(at("pb-play"), "Play");
    at("pb-state").setAttribute("aria-live", "polite");
  }

  private go(ms: number): void {
    const { data } = this;
    if (!data) return;
    this.ms = Math.min(Math.max(ms, data.from_ms), data.until_ms);
    this.bar.value = String(this.ms);
    const known = upTo(data.fixes, this.ms, ({ received }) => received);
    const newest = data.fixes[this.newest[known - 1] ?? -1] ?? null;
    const state = this.state(data);
    put(at("pb-clock"), `${clock(this.ms)} UTC`);
    (at("pb-clock") as HTMLTimeElement).dateTime = new Date(this.ms).toISOString();
    put(at("pb-state"), state.says);
    put(at("pb-fix"), this.position(data, newest));
    this.bar.setAttribute("aria-valuetext", `${clock(this.ms)} UTC. ${state.says}`);
    this.draw(data, known, newest, state.worst);
    this.light(data, known);
  }

  /** What was known of where the wearer was. */
  private position(data: Data, newest: Fix | null): string {
    if (!newest) return "No position known yet";
    const isUnseen = data.gaps.some(([from, until]) => from + data.gap_ms < this.ms && this.ms < until);
    const known = `position ${span(this.ms - newest.taken)} old, error ±${newest.error}`;
    return isUnseen ? `Out of sight: the last ${known}` : `P${known.slice(1)}`;
  }

  /** What was believed by now of each zone that the wearer was not clear of; the worst of it. */
  private state(data: Data): { worst: string; says: string } {
    const believed = new Map(data.before);
    for (const [ms, zone, stage] of data.turns) {
      if (ms > this.ms) break;
      believed.set(zone, stage);
    }
    const word = (key: string) => data.stages.find((stage) => stage.key === key);
    const near = [...believed].filter(([, key]) => key !== "clear");
    near.sort(([, a], [, b]) => (word(b)?.rank ?? 0) - (word(a)?.rank ?? 0));
    const says = near.map(([zone, key]) => `${zone}: ${word(key)?.word ?? key}`).join("; ");
    return { worst: near[0]?.[1] ?? "clear", says: says || (word("clear")?.word ?? "") };
  }

  /** What was known of where the wearer was, and which zones were in force. */
  private draw(data: Data, known: number, newest: Fix | null, worst: string): void {
    const map = this.querySelector("#pb-map");
    if (!map) return;
    show(at("pb-moving"), newest !== null);
    data.zones.forEach(({ applied }, nth) => {
      const isOn = applied.some(([from, until]) => from <= this.ms && this.ms <= until);
      for (const part of map.querySelectorAll(`[data-zone="${nth}"]`)) show(part, isOn);
    });
    const way = data.fixes.slice(Math.max(0, known - WAY_MAX), known).sort((a, b) => a.taken - b.taken);
    let [line, gaps] = ["", ""];
    way.forEach(({ at: [x, y], taken }, nth) => {
      const before = way[nth - 1];
      const isGap = before !== undefined && taken - before.taken > data.gap_ms;
      if (isGap) gaps += `M${before.at[0]} ${before.at[1]}L${x} ${y}`;
      line += `${nth === 0 || isGap ? "M" : "L"}${x} ${y}`;
    });
    at("pb-way").setAttribute("d", line);
    at("pb-gap").setAttribute("d", gaps);
    const [x, y, r] = newest?.at ?? [0, 0, 0];
    for (const [name, value] of Object.entries({ cx: x, cy: y, r })) at("pb-circle").setAttribute(name, String(value));
    const close = this.isClose && newest ? CLOSE : 1;
    const [width, height] = [MAP.width / close, MAP.height / close];
    map.setAttribute("viewBox", close === 1 ? `0 0 ${width} ${height}` : `${x - width / 2} ${y - height / 2} ${width} ${height}`);
    map.classList.toggle("close", close !== 1);
    for (const mark of map.querySelectorAll("[data-stage]")) {
      mark.setAttribute("transform", `translate(${x} ${y}) scale(${1 / close})`);
      show(mark, newest !== null && mark.getAttribute("data-stage") === worst);
    }
  }

  /** What has not happened yet stays in the background; what has just happened is marked. */
  private light(data: Data, known: number): void {
    const [left, right] = data.axis;
    const share = (this.ms - data.from_ms) / Math.max(1, data.until_ms - data.from_ms);
    const cursor = at("pb-cursor");
    cursor.setAttribute("transform", `translate(${left + share * (right - left)} 0)`);
    show(cursor, true);
    for (const part of this.querySelectorAll<SVGElement>("#pb-strip [data-from]")) {
      part.classList.toggle("ahead", Number(part.dataset.from) > this.ms);
    }
    const items = [...at("pb-story").children];
    const past = upTo(data.story, this.ms, (ms) => ms);
    items.forEach((item, nth) => {
      item.classList.toggle("ahead", nth >= past);
      item.classList.toggle("now", nth < past && data.story[nth] === data.story[past - 1]);
    });
    const rows = document.getElementById("pb-rows")?.children ?? [];
    for (const [nth, row] of [...rows].entries()) row.classList.toggle("now", nth === known - 1);
  }
}

/** A span is played anew for this; others may be before it. */
const LOAD_MS = 60_000;

function newestOf(fixes: Fix[]): number[] {
  let best = 0;
  return fixes.map(({ taken }, nth) => (taken >= (fixes[best]?.taken ?? 0) ? (best = nth) : best));
}

/** How many of a list in order are not after an instant. */
function upTo<T>(list: T[], ms: number, when: (one: T) => number): number {
  const first = list.findIndex((one) => when(one) > ms);
  return first < 0 ? list.length : first;
}

function show(part: Element, isShown: boolean): void {
  part.setAttribute("visibility", isShown ? "visible" : "hidden");
}

function clock(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

export function definePlayBack(): void {
  customElements.define("play-back", PlayBack);
}
