// A zone drawn by pointer or by keys. Whatever is drawn is written into the form's fields, and whatever is typed there is
// drawn: the fields are the truth, and without this script they are all there is.

import { at, put } from "./dom";
import type { Place } from "./map-data";
import { Sheet, type Box, type Point, type Under } from "./zone-ground";
import { lay } from "./zone-laid";
import { extent, Outline } from "./zone-outline";
import { crosses } from "./zone-roads";
import { apartM, degrees, Fields, moved, radius, type Circle, type Polygon, type Shape } from "./zone-shape";

/** What a press of an arrow key moves, metres; with Shift, and without. */
const STEP_M = { far: 100, near: 10 };
const FIRST_RADIUS_M = 300;
/** More corners cannot be told apart by hand. */
const HANDLES_MAX = 100;
/** Two handles never lie nearer than a finger can part. */
const APART_PX = 32;
const ARROWS: Record<string, Point> = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** What a handle moves. */
type Grip = { part: "middle" } | { part: "radius" } | { part: "corner"; ring: number; nth: number };

class ZoneDrawing extends HTMLElement {
  private fields!: Fields;
  private shape!: Shape;
  private under!: Under;
  private readonly handles = new Map<string, HTMLButtonElement>();
  private readonly outline = new Outline();
  /** The corner after which the next one comes. */
  private chosen: { ring: number; nth: number } | null = null;
  private says = "";
  private isDragging = false;
  private readonly watching = {
    moved: () => this.draw(),
    settled: () => this.warn(),
    clicked: (place: Place) => this.take(place),
  };

  connectedCallback(): void {
    const form = document.getElementById("form") as HTMLFormElement;
    this.fields = new Fields(form);
    this.shape = this.fields.read();
    this.hidden = false;
    at("draw-handles").before(this.outline.svg);
    this.under = new Sheet(at("draw-ground"), this.watching);
    this.showAll();
    for (const event of ["input", "change"]) form.addEventListener(event, () => this.typed());
    at("draw-nearer").addEventListener("click", () => this.under.zoom(1));
    at("draw-farther").addEventListener("click", () => this.under.zoom(-1));
    at("draw-all").addEventListener("click", () => this.showAll());
    at("draw-add").addEventListener("click", () => this.add());
    at("draw-remove").addEventListener("click", () => this.drop());
    new ResizeObserver(() => this.draw()).observe(at("draw-ground"));
    void this.lay();
  }

  /** The page is locked, and shows nobody's data. */
  disconnectedCallback(): void {
    this.under.remove();
  }

  /** Lays the moving map below. Without it the sheet stays, and all works. */
  private async lay(): Promise<void> {
    const box = at("draw-map");
    const failed = (): void => {
      if (this.under instanceof Sheet) return;
      this.under.remove();
      box.hidden = true;
      this.under = new Sheet(at("draw-ground"), this.watching);
      this.showAll();
    };
    const laid = await lay(this, { box, title: "Map to draw the zone on; the fields say the same", failed }, this.watching);
    if (!laid) return;
    this.under.remove();
    this.under = laid.under;
    put(at("draw-owed"), laid.owed);
    this.showAll();
  }

  /** All of the shape; the unit's area, where there is none yet. */
  private showAll(): void {
    const box = extent(this.shape, this.fields.marginM());
    this.under.fit(box ?? ((this.dataset.area ?? "-10,49,2,60").split(",").map(Number) as Box));
  }

  private typed(): void {
    this.shape = this.fields.read();
    this.draw();
  }

  /** What was drawn is in the fields before it is to be seen. */
  private change(shape: Shape, says: string): void {
    this.fields.write(shape);
    this.shape = shape;
    this.draw();
    this.says = says;
    // A screen reader is told where a drag ends, not of all on the way.
    if (!this.isDragging) put(at("draw-says"), says);
  }

  private take(place: Place): void {
    const { shape } = this;
    if (shape.kind === "circle") this.setMiddle(shape, place);
    else if (!shape.pasted) this.insert(shape, place);
  }

  private setMiddle(shape: Circle, middle: Place): void {
    const radiusM = shape.radiusM ?? FIRST_RADIUS_M;
    this.change({ ...shape, middle, radiusM }, `Middle at ${written(middle)}, radius ${radiusM} m.`);
  }

  private insert(shape: Polygon, place: Place): void {
    const rings = shape.rings.length > 0 ? shape.rings.map((corners) => [...corners]) : [[]];
    const last = { ring: 0, nth: (rings[0]?.length ?? 0) - 1 };
    const after = this.chosen && rings[this.chosen.ring]?.[this.chosen.nth] ? this.chosen : last;
    rings[after.ring]?.splice(after.nth + 1, 0, place);
    this.chosen = { ring: after.ring, nth: after.nth + 1 };
    this.change({ ...shape, rings }, `${this.cornerName(rings, this.chosen)} at ${written(place)}.`);
  }

  /** By a button: in the middle of what is shown, or halfway to the next corner. */
  private add(): void {
    const { shape, chosen } = this;
    const { clientWidth, clientHeight } = at("draw-ground");
    let place = this.under.place([clientWidth / 2, clientHeight / 2]);
    if (shape.kind === "polygon" && chosen) {
      const corners = shape.rings[chosen.ring] ?? [];
      const [one, next] = [corners[chosen.nth], corners[(chosen.nth + 1) % corners.length]];
      if (one && next && one !== next) place = [(one[0] + next[0]) / 2, (one[1] + next[1]) / 2];
    }
    this.take(place);
    this.handles.get(this.chosen && shape.kind === "polygon" ? key({ part: "corner", ...this.chosen }) : "middle")?.focus();
  }

  private drop(): void {
    const { shape, chosen } = this;
    if (shape.kind !== "polygon" || shape.pasted || !chosen || !shape.rings[chosen.ring]?.[chosen.nth]) {
      put(at("draw-says"), "Choose a corner first.");
      return;
    }
    const name = this.cornerName(shape.rings, chosen);
    const rings = shape.rings.map((corners, nth) => (nth === chosen.ring ? corners.filter((_, n) => n !== chosen.nth) : corners));
    this.chosen = { ring: chosen.ring, nth: Math.max(0, chosen.nth - 1) };
    this.change({ ...shape, rings: rings.filter(({ length }) => length > 0) }, `${name} is removed.`);
    this.handles.get(key({ part: "corner", ...this.chosen }))?.focus();
  }

  private cornerName(rings: Place[][], { ring: of, nth }: { ring: number; nth: number }): string {
    const name = `Corner ${nth + 1} of ${rings[of]?.length ?? 0}`;
    return of === 0 ? name : `${name} of hole ${of}`;
  }

  /** What the ground says against the shape. */
  private warn(): void {
    if (this.isDragging) return;
    put(at("draw-road"), crosses(this.shape, this.under.motorways()) ? at("draw-road").dataset.says ?? "" : "");
  }

  /** Where a handle is. */
  private spotOf(grip: Grip): Place | null {
    const { shape } = this;
    if (shape.kind === "polygon") return grip.part === "corner" ? (shape.rings[grip.ring]?.[grip.nth] ?? null) : null;
    if (!shape.middle || grip.part === "corner") return null;
    return grip.part === "middle" ? shape.middle : moved(shape.middle, shape.radiusM ?? 0, 0);
  }

  /** A handle is put at a place. */
  private moveTo(grip: Grip, place: Place): void {
    const { shape } = this;
    if (shape.kind === "circle" && grip.part === "middle") return this.setMiddle(shape, place);
    if (shape.kind === "circle" && shape.middle && grip.part === "radius") return this.setRadius(shape, apartM(shape.middle, place));
    if (shape.kind !== "polygon" || grip.part !== "corner") return;
    const rings = shape.rings.map((corners, of) => corners.map((corner, nth) => (of === grip.ring && nth === grip.nth ? place : corner)));
    this.change({ ...shape, rings }, `${this.cornerName(rings, grip)} at ${written(place)}.`);
  }

  private setRadius(shape: Circle, metres: number): void {
    const radiusM = radius(metres);
    this.change({ ...shape, radiusM }, `Radius ${radiusM} m.`);
  }

  private press(grip: Grip, event: KeyboardEvent): void {
    const step = event.shiftKey ? STEP_M.far : STEP_M.near;
    const arrow = ARROWS[event.key];
    const { shape } = this;
    const place = this.spotOf(grip);
    const grows = { "+": 1, "=": 1, "-": -1, _: -1 }[event.key];
    if (arrow && place && grip.part === "radius" && shape.kind === "circle") this.setRadius(shape, (shape.radiusM ?? 0) + (arrow[0] + arrow[1]) * step);
    else if (arrow && place) this.moveTo(grip, moved(place, arrow[0] * step, arrow[1] * step));
    else if (grows && shape.kind === "circle") this.setRadius(shape, (shape.radiusM ?? 0) + grows * STEP_M.near);
    else if ((event.key === "Delete" || event.key === "Backspace") && grip.part === "corner") this.drop();
    else return;
    event.preventDefault();
  }

  private drag(grip: Grip, down: PointerEvent): void {
    if (down.button !== 0) return;
    const handle = down.currentTarget as HTMLButtonElement;
    handle.setPointerCapture(down.pointerId);
    const place = this.spotOf(grip);
    if (!place) return;
    // Wherever on the handle it was taken.
    const [x, y] = this.under.spot(place);
    const done = new AbortController();
    const move = (event: PointerEvent): void => {
      this.moveTo(grip, this.under.place([x + event.clientX - down.clientX, y + event.clientY - down.clientY]));
    };
    handle.addEventListener("pointermove", move, { signal: done.signal });
    this.isDragging = true;
    const up = (): void => {
      done.abort();
      this.isDragging = false;
      put(at("draw-says"), this.says);
      this.warn();
    };
    for (const end of ["pointerup", "pointercancel"] as const) handle.addEventListener(end, up, { signal: done.signal });
  }

  private grips(): Grip[] {
    const { shape } = this;
    if (shape.kind === "circle") return shape.middle ? [{ part: "middle" }, { part: "radius" }] : [];
    const corners = shape.rings.flatMap((ring, of) => ring.map((_, nth): Grip => ({ part: "corner", ring: of, nth })));
    return shape.pasted || corners.length > HANDLES_MAX ? [] : corners;
  }

  private handle(grip: Grip): HTMLButtonElement {
    const known = this.handles.get(key(grip));
    if (known) return known;
    const made = Object.assign(document.createElement("button"), { type: "button", className: `handle ${grip.part}` });
    made.setAttribute("aria-describedby", "draw-keys");
    made.addEventListener("keydown", (event) => this.press(grip, event));
    made.addEventListener("pointerdown", (event) => this.drag(grip, event));
    made.addEventListener("focus", () => {
      if (grip.part !== "corner") return;
      this.chosen = { ring: grip.ring, nth: grip.nth };
      this.mark();
    });
    this.handles.set(key(grip), made);
    return made;
  }

  /** Which corner the next one comes after. */
  private mark(): void {
    const chosen = this.chosen && key({ part: "corner", ...this.chosen });
    for (const [name, handle] of this.handles) handle.toggleAttribute("data-chosen", name === chosen);
  }

  private draw(): void {
    const grips = this.grips();
    const wanted = new Set(grips.map(key));
    for (const [name, handle] of this.handles) {
      if (wanted.has(name)) continue;
      handle.remove();
      this.handles.delete(name);
    }
    for (const grip of grips) {
      const [handle, place] = [this.handle(grip), this.spotOf(grip)];
      if (!place) continue;
      const [x, y] = this.besides(grip, this.under.spot(place));
      Object.assign(handle.style, { left: `${x}px`, top: `${y}px` });
      handle.setAttribute("aria-label", this.nameOf(grip));
      if (!handle.isConnected) at("draw-handles").append(handle);
    }
    this.mark();
    this.outline.draw(this.shape, this.fields.marginM(), this.under);
    this.warn();
    const isPolygon = this.shape.kind === "polygon";
    put(at("draw-add"), isPolygon ? "Add a corner" : "Put the middle here");
    at("draw-remove").hidden = !isPolygon;
    at("draw-tools").hidden = this.shape.kind === "polygon" && this.shape.pasted;
  }

  /** The radius of a circle that is small in sight is taken beside its middle, not upon it. */
  private besides(grip: Grip, [x, y]: Point): Point {
    const middle = grip.part === "radius" ? this.spotOf({ part: "middle" }) : null;
    return middle ? [Math.max(x, this.under.spot(middle)[0] + APART_PX), y] : [x, y];
  }

  private nameOf(grip: Grip): string {
    const { shape } = this;
    if (grip.part === "corner") return shape.kind === "polygon" ? this.cornerName(shape.rings, grip) : "";
    return grip.part === "middle" ? "Middle of the circle" : `Radius of the circle, ${(shape as Circle).radiusM ?? 0} m`;
  }
}

function key(grip: Grip): string {
  return grip.part === "corner" ? `corner-${grip.ring}-${grip.nth}` : grip.part;
}

function written([lon, lat]: Place): string {
  return `${degrees(lat)}, ${degrees(lon)}`;
}

export function defineZoneDrawing(): void {
  customElements.define("zone-drawing", ZoneDrawing);
}
