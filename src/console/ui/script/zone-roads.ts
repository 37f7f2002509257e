// Whether a road runs through a zone: whoever only drives past is then inside it.

import type { Place } from "./map-data";
import { apartM, type Shape } from "./zone-shape";

type Point = [number, number];

/** Whether any of these lines comes into the shape. */
export function crosses(shape: Shape, lines: Place[][]): boolean {
  const rings = shape.kind === "polygon" ? shape.rings : [];
  const from = shape.kind === "circle" ? shape.middle : (rings[0]?.[0] ?? null);
  if (!from) return false;
  // Metres east and north of it: a zone is small enough to be flat.
  const flat = ([lon, lat]: Place): Point => [
    apartM([lon, from[1]], from) * Math.sign(lon - from[0]),
    apartM([from[0], lat], from) * Math.sign(lat - from[1]),
  ];
  const legs = lines.flatMap((line) => pairs(line.map(flat)));
  if (shape.kind === "circle") return legs.some(([one, other]) => reach([0, 0], one, other) <= (shape.radiusM ?? 0));
  const edges = rings.flatMap((ring) => pairs([...ring, ...ring.slice(0, 1)].map(flat)));
  return legs.some(([one, other]) => isInside(one, edges) || edges.some((edge) => meet([one, other], edge)));
}

function pairs(line: Point[]): [Point, Point][] {
  return line.slice(1).map((to, nth) => [line[nth] ?? to, to]);
}

/** How near a leg comes to a point. */
function reach([x, y]: Point, [x1, y1]: Point, [x2, y2]: Point): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const share = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x1 + share * dx - x, y1 + share * dy - y);
}

/** A way east of the point crosses an odd number of edges; holes count with the others. */
function isInside([x, y]: Point, edges: [Point, Point][]): boolean {
  return edges.filter(([[x1, y1], [x2, y2]]) => y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)).length % 2 === 1;
}

function meet([a, b]: [Point, Point], [c, d]: [Point, Point]): boolean {
  const side = ([x1, y1]: Point, [x2, y2]: Point, [x, y]: Point) => Math.sign((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}
