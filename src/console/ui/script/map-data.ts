// What the service says of the map, and what of it MapLibre is given.

import type { Feature, FeatureCollection, Geometry, Position } from "geojson";

/** East and north, degrees. */
export type Place = [number, number];

/** A wearer as the table has them, with their place. */
export interface Wearer {
  key: number;
  at: Place;
  /** Most likely within so many metres. */
  within_m: number;
  rank: number;
  stage: string;
  word: string;
  name: string;
  dark: boolean;
  zone: string;
  outlook: string;
  off: string[];
  since_ms: number | null;
  since_or_longer: boolean;
  fix_ms: number;
  heard_ms: number;
  error: string;
  incident: number | null;
}

export interface Places {
  /** Which borders the zones have. */
  borders: string;
  zones: { hot: boolean; applies: boolean }[];
  wearers: Wearer[];
  trails: { key: number; fixes: { at: Place; gap: boolean; stage: string | null }[] }[];
}

export interface Borders {
  borders: string;
  zones: { code: string; middle: Place; zone: Position[][][]; margin: Position[][][] }[];
}

/** What lies below: at most one of these. */
export interface Ground {
  region?: { tag: string; attribution: string; bounds: [number, number, number, number]; zooms: [number, number] };
  town?: { caption: string; streets: { name: string; line: Place[] }[]; river: Place[] };
  /** A region was imported that cannot be read. */
  unfit?: boolean;
}

/** The equator in metres, and the pixels that it has at zoom 0. */
const EQUATOR_M = 40_075_016.686;
const WORLD_PX = 512;

function feature(geometry: Geometry, properties: Record<string, unknown>): Feature {
  return { type: "Feature", geometry, properties };
}

export function collection(features: Feature[]): FeatureCollection {
  return { type: "FeatureCollection", features };
}

/** Zones with the state they are in: `zone`, `margin` and `name`, each told by its `part`. */
export function zoneFeatures({ zones }: Borders, now: Places["zones"]): FeatureCollection {
  return collection(
    zones.flatMap(({ code, middle, zone, margin }, nth) => {
      const state = { code, ...(now[nth] ?? { hot: false, applies: true }) };
      return [
        feature({ type: "MultiPolygon", coordinates: margin }, { ...state, part: "margin" }),
        feature({ type: "MultiPolygon", coordinates: zone }, { ...state, part: "zone" }),
        feature({ type: "Point", coordinates: middle }, { ...state, part: "name" }),
      ];
    }),
  );
}

/** Wearers, each with the radius of their circle in pixels at zoom 0. */
export function wearerFeatures(wearers: Wearer[], age: (fixMs: number) => string): FeatureCollection {
  return collection(
    wearers.map(({ key, at, within_m, rank, stage, name, dark, fix_ms }) => {
      const pixels = (within_m * WORLD_PX) / (EQUATOR_M * Math.cos((at[1] * Math.PI) / 180));
      return feature({ type: "Point", coordinates: at }, { key, rank, stage, name, dark, pixels, age: age(fix_ms) });
    }),
  );
}

/** Ways: `leg`s between fixes, `gap`s of which nothing is known, and the `fix`es that lie behind. */
export function trailFeatures(trails: Places["trails"]): FeatureCollection {
  return collection(
    trails.flatMap(({ key, fixes }) => {
      const pairs = fixes.slice(1).map((fix, nth) => {
        const coordinates = [fixes[nth]?.at ?? fix.at, fix.at];
        return feature({ type: "LineString", coordinates }, { key, part: fix.gap ? "gap" : "leg" });
      });
      const behind = fixes.slice(0, -1).map(({ at, stage }) => {
        return feature({ type: "Point", coordinates: at }, { key, part: "fix", stage: stage ?? "unknown" });
      });
      return [...pairs, ...behind];
    }),
  );
}

/** What is about one wearer and, by its code, one zone. */
export function about(wearer: number, zone: string, places: Places, borders: Borders): [Places, Borders] {
  const isMeant = (_: unknown, nth: number) => borders.zones[nth]?.code === zone;
  const isTheirs = ({ key }: { key: number }) => key === wearer;
  const { wearers, trails, zones } = places;
  return [
    { ...places, wearers: wearers.filter(isTheirs), trails: trails.filter(isTheirs), zones: zones.filter(isMeant) },
    { ...borders, zones: borders.zones.filter(isMeant) },
  ];
}

/** The least box around all zones and wearers, however far away they came from: west, south, east, north. */
export function extent(places: Places, borders: Borders | null): [number, number, number, number] | null {
  const corners = borders?.zones.flatMap(({ margin }) => margin.flat(2)) ?? [];
  const all: Position[] = [...corners, ...places.wearers.map(({ at }) => at)];
  const [first] = all;
  if (!first) return null;
  const box: [number, number, number, number] = [first[0] ?? 0, first[1] ?? 0, first[0] ?? 0, first[1] ?? 0];
  for (const [east = 0, north = 0] of all) {
    box[0] = Math.min(box[0], east);
    box[1] = Math.min(box[1], north);
    box[2] = Math.max(box[2], east);
    box[3] = Math.max(box[3], north);
  }
  return box;
}
