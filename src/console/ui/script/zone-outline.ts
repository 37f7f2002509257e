// A zone and its warning zone, drawn over whatever ground there is.

import type { Place } from "./map-data";
import type { Box, Under } from "./zone-ground";
import { moved, ring, type Shape } from "./zone-shape";

const SVG = "http://www.w3.org/2000/svg";

export class Outline {
  readonly svg = document.createElementNS(SVG, "svg");
  private readonly paths = ["edge", "area", "hot"].map((name) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    return path;
  });

  constructor() {
    this.svg.setAttribute("class", "drawn");
    this.svg.setAttribute("aria-hidden", "true");
    const wide = document.createElementNS(SVG, "g");
    wide.setAttribute("class", "wide");
    const [edge, area, hot] = this.paths;
    if (!edge || !area || !hot) return;
    wide.append(edge, area);
    this.svg.append(wide, hot);
  }

  draw(shape: Shape, marginM: number, under: Under): void {
    const path = (rings: Place[][]) => rings.map((corners) => `M${corners.map((corner) => under.spot(corner).map((px) => px.toFixed(1)).join(" ")).join("L")}Z`).join("");
    let [zone, wide, stroke] = ["", "", 0];
    if (shape.kind === "polygon") {
      zone = wide = path(shape.rings);
      const [first] = shape.rings.flat();
      if (first) {
        const [[x, y], [x2, y2]] = [under.spot(first), under.spot(moved(first, 0, marginM))];
        stroke = 2 * Math.hypot(x - x2, y - y2);
      }
    } else if (shape.middle && shape.radiusM) {
      zone = path([ring(shape.middle, shape.radiusM)]);
      wide = path([ring(shape.middle, shape.radiusM + marginM)]);
    }
    for (const [nth, [d, width]] of ([[wide, stroke + 2], [wide, Math.max(0, stroke - 1)], [zone, 2]] as const).entries()) {
      this.paths[nth]?.setAttribute("d", d);
      this.paths[nth]?.setAttribute("stroke-width", String(width));
    }
  }
}

/** The box of all of a shape; a circle's with its warning zone. */
export function extent(shape: Shape, marginM: number): Box | null {
  const places = shape.kind === "polygon" ? shape.rings.flat() : shape.middle ? ring(shape.middle, (shape.radiusM ?? 0) + marginM) : [];
  const [first] = places;
  if (!first) return null;
  return places.reduce<Box>(
    ([west, south, east, north], [lon, lat]) => [Math.min(west, lon), Math.min(south, lat), Math.max(east, lon), Math.max(north, lat)],
    [...first, ...first],
  );
}
