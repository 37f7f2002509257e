// What a zone is drawn upon: the moving map where this browser can, and else a plain sheet with a scale. Both say where a
// place is in the box, and what lies at a point of it.

import type { Place } from "./map-data";
import { apartM, moved } from "./zone-shape";

export type Point = [number, number];

/** West, south, east and north, degrees. */
export type Box = [number, number, number, number];

export interface Under {
  /** Pixels from the box's left and top. */
  spot(at: Place): Point;
  place(at: Point): Place;
  fit(box: Box): void;
  zoom(by: number): void;
  /** The motorways in sight, as far as the ground knows them. */
  motorways(): Place[][];
  /** Whether these are all that there are in a box that is in sight. */
  knowsRoads(box: Box): boolean;
  remove(): void;
}

export interface Watching {
  /** It was moved. */
  moved: () => void;
  /** It stands still, and all of it is there. */
  settled: () => void;
  /** It was clicked, and not dragged. */
  clicked: (at: Place) => void;
}

const EDGE_PX = 48;
/** Further than this from where it went down, a pointer drags. */
const STILL_PX = 4;
/** Metres of a pixel. */
const SCALES = { least: 0.05, most: 20_000 };
const BAR_PX = 110;

/** A sheet without any ground. */
export class Sheet implements Under {
  private middle: Place = [0, 0];
  private scale = 10;
  private readonly off = new AbortController();
  private readonly bar = document.createElement("p");

  constructor(
    private readonly box: HTMLElement,
    private readonly watching: Watching,
  ) {
    this.bar.className = "sheet-bar";
    box.append(this.bar);
    box.classList.add("sheet");
    box.addEventListener("pointerdown", (event) => this.press(event), { signal: this.off.signal });
    box.addEventListener("wheel", (event) => this.wheel(event), { signal: this.off.signal, passive: false });
  }

  spot([lon, lat]: Place): Point {
    const { clientWidth, clientHeight } = this.box;
    const east = apartM([lon, this.middle[1]], this.middle) * Math.sign(lon - this.middle[0]);
    const north = apartM([this.middle[0], lat], this.middle) * Math.sign(lat - this.middle[1]);
    return [clientWidth / 2 + east / this.scale, clientHeight / 2 - north / this.scale];
  }

  place([x, y]: Point): Place {
    const { clientWidth, clientHeight } = this.box;
    return moved(this.middle, (x - clientWidth / 2) * this.scale, (clientHeight / 2 - y) * this.scale);
  }

  fit([west, south, east, north]: Box): void {
    this.middle = [(west + east) / 2, (south + north) / 2];
    const wide = apartM([west, this.middle[1]], [east, this.middle[1]]) / Math.max(this.box.clientWidth - 2 * EDGE_PX, 50);
    const high = apartM([this.middle[0], south], [this.middle[0], north]) / Math.max(this.box.clientHeight - 2 * EDGE_PX, 50);
    this.rescale(Math.max(wide, high, 0.5));
  }

  zoom(by: number): void {
    this.rescale(this.scale / 2 ** by);
  }

  motorways(): Place[][] {
    return [];
  }

  knowsRoads(): boolean {
    return false;
  }

  remove(): void {
    this.off.abort();
    this.bar.remove();
    this.box.classList.remove("sheet");
  }

  private rescale(scale: number): void {
    this.scale = Math.max(SCALES.least, Math.min(SCALES.most, scale));
    // The longest round length that the bar has room for.
    const room = this.scale * BAR_PX;
    const ten = 10 ** Math.floor(Math.log10(room));
    const metres = [5, 2, 1].map((n) => n * ten).find((m) => m <= room) ?? ten;
    this.bar.textContent = metres < 1000 ? `${metres} m` : `${metres / 1000} km`;
    this.bar.style.width = `${metres / this.scale}px`;
    this.watching.moved();
  }

  private wheel(event: WheelEvent): void {
    // A page is scrolled by the same wheel.
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 0.5 : -0.5);
  }

  private press(down: PointerEvent): void {
    if (down.button !== 0 || (down.target as Element).closest("button")) return;
    const [from, corner] = [this.middle, this.box.getBoundingClientRect()];
    const done = new AbortController();
    let isDragged = false;
    const move = (event: PointerEvent): void => {
      const [x, y] = [event.clientX - down.clientX, event.clientY - down.clientY];
      isDragged ||= Math.hypot(x, y) > STILL_PX;
      if (!isDragged) return;
      this.middle = moved(from, -x * this.scale, y * this.scale);
      this.watching.moved();
    };
    const up = (event: PointerEvent): void => {
      done.abort();
      if (!isDragged && event.type === "pointerup") this.watching.clicked(this.place([down.clientX - corner.left, down.clientY - corner.top]));
    };
    window.addEventListener("pointermove", move, { signal: done.signal });
    for (const end of ["pointerup", "pointercancel"] as const) window.addEventListener(end, up, { signal: done.signal });
  }
}
