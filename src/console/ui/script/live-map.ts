// The moving map in the place of the drawing, where this browser can: whatever goes wrong with it, the drawing comes back,
// the page says so in a line, and everything else goes on. On an incident's page, which has no drawing, it is about one
// wearer.

import { at, browser, put } from "./dom";
import { line } from "./line";
import { fetched, type LivePart } from "./live-part";
import type { Drawing, Wanted } from "./map";
import { card } from "./map-card";
import { about, type Borders, type Ground, type Places } from "./map-data";
import { span } from "./words";

/** A map that is not there after so long, while somebody could see it, is given up. */
const LOAD_MS = 20_000;
/** The ages at the marks are not counted by the second, and all together: each time the whole map is drawn anew. */
const AGES_EVERY_MS = 5_000;
/** Kept by a browser in which no moving map is wanted. */
export const MAP_OFF = "map-off";
/** What the drawing and the tables are fetched from, with the moving map and without it. */
const [WITH_DRAWING, WITHOUT] = ["/fragments/map", "/fragments/wearers"] as const;

class LiveMap extends HTMLElement {
  private drawing: Drawing | null = null;
  /** One that is not yet to be seen. */
  private coming: Drawing | null = null;
  private places: Places | null = null;
  /** Of all zones, and of those that this map is about. */
  private all: Borders | null = null;
  private borders: Borders | null = null;
  private chosen: number | null = null;
  private isWanted = false;
  private stale = false;
  private busy = false;
  /** Counts the tries: what an earlier one brings is of no use. */
  private tries = 0;

  connectedCallback(): void {
    const button = at("map-switch");
    button.hidden = false;
    // Where there is no drawing, there is nothing to see without this script.
    this.closest("section")?.removeAttribute("hidden");
    button.addEventListener("click", () => this.turn(!this.isWanted));
    at("map-nearer").addEventListener("click", () => this.drawing?.zoom(1));
    at("map-farther").addEventListener("click", () => this.drawing?.zoom(-1));
    at("map-all").addEventListener("click", () => this.places && this.borders && this.drawing?.showAll(this.places, this.borders));
    line.on("picture", () => void this.refresh());
    line.on("tick", () => this.stale && void this.refresh());
    line.on("news", () => this.guarded(() => this.draw()));
    if (!isOff()) void this.start();
  }

  /** The page is locked, and shows nobody's data. */
  disconnectedCallback(): void {
    this.isWanted = false;
    this.stop();
  }

  private turn(on: boolean): void {
    setOff(!on);
    put(at("map-word"), "");
    if (on) void this.start();
    else this.fallBack("");
  }

  private async start(): Promise<void> {
    const now = ++this.tries;
    this.want(true);
    if (!document.createElement("canvas").getContext("webgl2")) return this.fail("this browser has no WebGL 2");
    const { script = "", worker = "", outline = "" } = this.dataset;
    const figure = at("map-moving");
    figure.hidden = false;
    figure.classList.add("coming");
    const late = this.giveUpLate(now);
    try {
      // Not one of this bundle's parts: whoever needs no map does not pay for it.
      const [{ Drawing }, ground] = await Promise.all([
        import(script) as Promise<typeof import("./map")>,
        json<Ground>("/fragments/map/ground"),
        this.look(),
      ]);
      if (now !== this.tries || !this.places || !this.borders) return;
      const wanted: Wanted = {
        box: at("map-ground"),
        worker,
        outline,
        ground,
        places: this.places,
        borders: this.borders,
        age: (fixMs) => `${span(Math.floor(line.nowMs() / AGES_EVERY_MS) * AGES_EVERY_MS - fixMs)} ago`,
        begun: (drawing) => (now === this.tries ? (this.coming = drawing) : drawing.remove()),
        failed: (why, error) => now === this.tries && this.fail(why, error),
        chosen: (key) => this.choose(key),
        moved: () => this.guarded(() => this.follow()),
      };
      const drawing = await Drawing.make(wanted);
      if (now !== this.tries) return;
      [this.drawing, this.coming] = [drawing, null];
      // Whom the page is about need not be chosen.
      this.chosen = Number(this.dataset.wearer ?? NaN);
      this.takeOver(drawing);
    } catch (error) {
      if (now === this.tries) this.fail("it could not be loaded", error);
    } finally {
      clearInterval(late);
    }
  }

  /** A page that nobody sees draws nothing, and that is no failure. */
  private giveUpLate(now: number): number {
    let seenMs = 0;
    const stepMs = 500;
    return window.setInterval(() => {
      if (!document.hidden) seenMs += stepMs;
      if (seenMs >= LOAD_MS && now === this.tries) this.fail("it takes too long");
    }, stepMs);
  }

  private takeOver(drawing: Drawing): void {
    at("map-moving").classList.remove("coming");
    put(at("map-owed"), drawing.owed);
    document.querySelector("#field > .map")?.remove();
    this.serve(WITHOUT);
    this.dataset.on = "";
    this.draw();
  }

  private serve(address: string): void {
    const part = document.getElementById("field") as LivePart | null;
    if (!part || part.getAttribute("src") === address) return;
    part.setAttribute("src", address);
    void part.refresh();
  }

  private fail(why: string, error?: unknown): void {
    // For whoever looks into it.
    if (error !== undefined) console.warn("the moving map:", error);
    const where = document.getElementById("field") ? "below" : "on the queue's page";
    this.fallBack(`The moving map is off, because ${why}. The drawing ${where} shows the same, and all else works.`);
  }

  private fallBack(word: string): void {
    this.stop();
    this.want(false);
    at("map-moving").hidden = true;
    put(at("map-word"), word);
    this.serve(WITH_DRAWING);
  }

  private stop(): void {
    this.tries++;
    delete this.dataset.on;
    const drawing = this.drawing ?? this.coming;
    [this.drawing, this.coming, this.chosen] = [null, null, null];
    try {
      drawing?.remove();
    } catch {
      // What has failed may not be able to clear up.
    }
  }

  private want(on: boolean): void {
    this.isWanted = on;
    at("map-switch").setAttribute("aria-pressed", String(on));
  }

  /** Runs a part of the map; if it breaks, only the map is gone. */
  private guarded(act: () => void): void {
    if (!this.drawing) return;
    try {
      act();
    } catch (error) {
      this.fail("something in it has failed", error);
    }
  }

  private async refresh(): Promise<void> {
    if (!this.isWanted) return;
    this.stale = true;
    if (this.busy || line.signedOut) return;
    this.stale = false;
    try {
      await this.look();
      this.guarded(() => this.draw());
    } catch {
      this.stale = true;
    }
  }

  /** Asks where everybody is and, if there are others, for the zones' borders. */
  private async look(): Promise<void> {
    this.busy = true;
    try {
      const all = await json<Places>("/fragments/map/places");
      if (this.all?.borders !== all.borders) this.all = await json<Borders>("/fragments/map/zones");
      const { wearer, zone = "" } = this.dataset;
      [this.places, this.borders] = wearer === undefined ? [all, this.all] : about(Number(wearer), zone, all, this.all);
    } finally {
      this.busy = false;
    }
  }

  private draw(): void {
    // Between the two answers the zones may have changed: the next picture has both.
    if (!this.places || this.borders?.borders !== this.places.borders) return;
    this.drawing?.show(this.places, this.borders);
    this.follow();
  }

  private choose(key: number | null): void {
    this.chosen = key;
    this.guarded(() => this.follow());
  }

  /** The card keeps to its wearer, and the words below to what is in sight. */
  private follow(): void {
    const wearer = this.places?.wearers.find(({ key }) => key === this.chosen);
    const spot = wearer && this.drawing?.spot(wearer.at);
    card(wearer ?? null, spot ?? { x: 0, y: 0 });
    const sight = this.drawing?.sight();
    if (!sight) return;
    const gaps = sight.gaps > 0 ? ` (${sight.gaps} with a gap)` : "";
    put(at("map-sight"), `In sight: ${counted(sight.wearers, "wearer")}, ${counted(sight.zones, "zone")}, ${counted(sight.ways, "way")}${gaps}.`);
  }
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

async function json<T>(address: string): Promise<T> {
  const answer = await fetched(address);
  if (!answer) throw new Error("nobody is signed in");
  return (await answer.json()) as T;
}

function isOff(): boolean {
  return browser.get(MAP_OFF) !== null;
}

function setOff(off: boolean): void {
  browser.set(MAP_OFF, off ? "1" : null);
}

export function defineLiveMap(): void {
  customElements.define("live-map", LiveMap);
}
