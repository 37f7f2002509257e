// A zone that somebody else has drawn, on the moving map: whoever decides about it sees what it lies on, and is told of a
// motorway through it as whoever drew it was. Until that is known, the page says that it is not.

import { at, put } from "./dom";
import type { Place } from "./map-data";
import type { Box, Under } from "./zone-ground";
import { lay } from "./zone-laid";
import { extent, Outline } from "./zone-outline";
import { crosses } from "./zone-roads";
import type { Shape } from "./zone-shape";

/** As the service writes a zone. Corners are `[lat, lon]`, and the last one is the first again. */
interface Written {
  shape: { circle: { lat: number; lon: number; radius_m: number } } | { polygon: [number, number][][] };
  margin_m: number;
}

class ZoneCheck extends HTMLElement {
  private shape!: Shape;
  private marginM = 0;
  private box: Box | null = null;
  private under: Under | null = null;
  private isJudged = false;
  private readonly outline = new Outline();

  connectedCallback(): void {
    const { shape, margin_m } = JSON.parse(this.dataset.zone ?? "") as Written;
    this.shape = read(shape);
    this.marginM = margin_m;
    this.box = extent(this.shape, margin_m);
    at("check-map").after(this.outline.svg);
    at("check-nearer").addEventListener("click", () => this.under?.zoom(1));
    at("check-farther").addEventListener("click", () => this.under?.zoom(-1));
    at("check-all").addEventListener("click", () => this.showAll());
    void this.lay();
  }

  /** The page is locked, and shows nobody's data. */
  disconnectedCallback(): void {
    this.gone();
  }

  private async lay(): Promise<void> {
    const box = at("check-map");
    const failed = (): void => {
      this.gone();
      box.hidden = true;
    };
    const watching = { moved: () => this.draw(), settled: () => this.judge(), clicked: () => {} };
    const laid = await lay(this, { box, title: "The zone on the map; the words beside it say the same", failed }, watching);
    if (!laid) return;
    this.under = laid.under;
    put(at("check-owed"), laid.owed);
    new ResizeObserver(() => this.draw()).observe(box);
    this.showAll();
  }

  private showAll(): void {
    if (this.box) this.under?.fit(this.box);
  }

  private draw(): void {
    if (this.under) this.outline.draw(this.shape, this.marginM, this.under);
  }

  /** Once, while all of the zone is in sight. What is not known to be free is never said to be. */
  private judge(): void {
    if (!this.under || !this.box || this.isJudged) return;
    this.isJudged = true;
    const road = at("check-road");
    const { crossed, free, unknown } = road.dataset;
    const isCrossed = crosses(this.shape, this.under.motorways());
    const isFree = !isCrossed && this.under.knowsRoads(this.box);
    road.classList.toggle("told-of", !isFree);
    put(road, (isCrossed ? crossed : isFree ? free : unknown) ?? "");
  }

  private gone(): void {
    this.under?.remove();
    this.under = null;
  }
}

function read(shape: Written["shape"]): Shape {
  if ("circle" in shape) {
    const { lat, lon, radius_m } = shape.circle;
    return { kind: "circle", middle: [lon, lat], radiusM: radius_m };
  }
  const rings = shape.polygon.map((ring) => ring.slice(0, -1).map(([lat, lon]): Place => [lon, lat]));
  return { kind: "polygon", rings, pasted: false };
}

export function defineZoneCheck(): void {
  customElements.define("zone-check", ZoneCheck);
}
