// A zone's shape as its form has it: read from the typed fields, and written into them. The fields are the truth.

import type { Place } from "./map-data";

export interface Circle {
  kind: "circle";
  middle: Place | null;
  radiusM: number | null;
}

export interface Polygon {
  kind: "polygon";
  /** The outer ring, then holes; the last corner joins the first. */
  rings: Place[][];
  /** It was pasted: the form has no field for its corners. */
  pasted: boolean;
}

export type Shape = Circle | Polygon;

const RADIUS_M = { least: 10, most: 50_000 };

/** Metres that a degree is long, to the east and to the north, on the ellipsoid. */
function degreesM(lat: number): [number, number] {
  const turn = (lat * Math.PI) / 180;
  const east = 111_412.84 * Math.cos(turn) - 93.5 * Math.cos(3 * turn);
  return [Math.max(east, 1), 111_132.95 - 559.82 * Math.cos(2 * turn) + 1.175 * Math.cos(4 * turn)];
}

/** A place so many metres east and north of another. */
export function moved([lon, lat]: Place, eastM: number, northM: number): Place {
  const [east, north] = degreesM(lat);
  return [lon + eastM / east, Math.max(-90, Math.min(90, lat + northM / north))];
}

/** How far one place is from another, metres; for distances that a zone has. */
export function apartM(one: Place, other: Place): number {
  const [east, north] = degreesM((one[1] + other[1]) / 2);
  return Math.hypot((one[0] - other[0]) * east, (one[1] - other[1]) * north);
}

/** A circle as corners. */
export function ring(middle: Place, radiusM: number): Place[] {
  return Array.from({ length: 72 }, (_, nth) => {
    const turn = (nth * Math.PI) / 36;
    return moved(middle, radiusM * Math.sin(turn), radiusM * Math.cos(turn));
  });
}

/** As near as a radius may be. */
export function radius(metres: number): number {
  return Math.round(Math.max(RADIUS_M.least, Math.min(RADIUS_M.most, metres)));
}

/** The typed fields of a zone's form. */
export class Fields {
  private readonly of = (name: string) => this.form.elements.namedItem(name) as HTMLInputElement;

  constructor(private readonly form: HTMLFormElement) {}

  read(): Shape {
    const kind = this.of("kind").value;
    if (kind === "circle") {
      const [lat, lon, radiusM] = ["lat", "lon", "radius_m"].map((name) => number(this.of(name).value));
      const isPlace = isDegrees(lon, 180) && isDegrees(lat, 90);
      return { kind, middle: isPlace ? [lon, lat] : null, radiusM: radiusM && radiusM > 0 ? radiusM : null };
    }
    const pasted = kind === "geojson";
    return { kind: "polygon", rings: pasted ? geojson(this.of("geojson").value) : typed(this.of("polygon").value), pasted };
  }

  /** The width of the warning zone, metres. */
  marginM(): number {
    return Math.max(0, number(this.of("margin_m").value) ?? 0);
  }

  write(shape: Shape): void {
    if (shape.kind === "circle") {
      const [lon, lat] = shape.middle ?? [null, null];
      this.put("lat", lat === null ? "" : degrees(lat));
      this.put("lon", lon === null ? "" : degrees(lon));
      this.put("radius_m", shape.radiusM === null ? "" : String(shape.radiusM));
    } else if (!shape.pasted) {
      const line = ([lon, lat]: Place) => `${degrees(lat)}, ${degrees(lon)}`;
      this.put("polygon", shape.rings.map((ring) => ring.map(line).join("\n")).join("\n\n"));
    }
  }

  private put(name: string, value: string): void {
    const field = this.of(name);
    if (field.value !== value) field.value = value;
  }
}

/** To a tenth of a metre. */
export function degrees(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}

function number(text: string): number | null {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

function isDegrees(value: number | null | undefined, most: number): value is number {
  return typeof value === "number" && Math.abs(value) <= most;
}

/** `lat, lon` on each line; an empty line begins another ring. What is no corner is left out: the service will name it. */
function typed(text: string): Place[][] {
  const rings: Place[][] = [[]];
  for (const line of text.split("\n").map((line) => line.trim())) {
    const [lat, lon] = line.split(",").map(number);
    if (line === "") rings.push([]);
    else if (isDegrees(lon, 180) && isDegrees(lat, 90)) rings.at(-1)?.push([lon, lat]);
  }
  return rings.filter(({ length }) => length > 0);
}

function geojson(text: string): Place[][] {
  try {
    const value = JSON.parse(text) as { type?: string; geometry?: unknown; coordinates?: unknown };
    const shape = (value.type === "Feature" ? value.geometry : value) as { type?: string; coordinates?: unknown };
    if (shape?.type !== "Polygon" || !Array.isArray(shape.coordinates)) return [];
    const rings = shape.coordinates as unknown[][];
    const isPlace = (at: unknown): at is Place => Array.isArray(at) && isDegrees(at[0] as number, 180) && isDegrees(at[1] as number, 90);
    // The last corner is the first again.
    return rings.map((ring) => (Array.isArray(ring) ? ring.slice(0, -1).filter(isPlace) : []));
  } catch {
    // Half pasted.
    return [];
  }
}
