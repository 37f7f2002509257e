// What lies below the zones: outlines of countries, and above them an imported region or the demo's town.

import { layers as protomaps, namedFlavor } from "@protomaps/basemaps";
import type { FeatureCollection } from "geojson";
import { addProtocol, type LayerSpecification, type SourceSpecification } from "maplibre-gl";
import { FetchSource, PMTiles, Protocol } from "pmtiles";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

import type { Palette } from "./map-colours";
import { collection, type Ground } from "./map-data";

/** Nearer than this the outlines are too coarse to say where land ends. */
const COARSE_FROM = 8;
const COARSE_TO = 10;

export interface Below {
  sources: Record<string, SourceSpecification>;
  layers(palette: Palette, isDark: boolean): LayerSpecification[];
  /** What must be said below the map. */
  owed: string;
}

const tiles = new Protocol();
let isKnown = false;

export async function below(outlineUrl: string, ground: Ground): Promise<Below> {
  const outline = outlines((await (await fetch(outlineUrl)).json()) as Topology);
  const { region, town, unfit } = ground;
  if (region) return { ...regional(region), sources: { ...outline, ...regional(region).sources } };
  if (town) return { sources: { ...outline, town: townSource(town) }, layers: townLayers, owed: town.caption };
  const none = unfit ? "The imported map cannot be read: whoever runs this service should import it again. " : "";
  return { sources: outline, layers: outlineLayers, owed: `${none}Outlines of countries only: Natural Earth.` };
}

function outlines(world: Topology): Record<string, SourceSpecification> {
  const { countries, land } = world.objects as { countries?: GeometryCollection; land?: GeometryCollection };
  if (!countries || !land) throw new Error("the outlines are of another form");
  const borders = mesh(world, countries, (one, other) => one !== other);
  return {
    land: { type: "geojson", data: feature(world, land) as FeatureCollection },
    borders: { type: "geojson", data: borders },
  };
}

const fading = (most: number): ["interpolate", ["linear"], ["zoom"], number, number, number, number] => {
  return ["interpolate", ["linear"], ["zoom"], COARSE_FROM, most, COARSE_TO, 0];
};

function outlineLayers({ map, land, coast }: Palette): LayerSpecification[] {
  return [
    { id: "sea", type: "background", paint: { "background-color": map } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": land, "fill-opacity": fading(1) } },
    { id: "coast", type: "line", source: "land", paint: { "line-color": coast, "line-opacity": fading(1) } },
    { id: "borders", type: "line", source: "borders", paint: { "line-color": coast, "line-opacity": fading(0.7), "line-dasharray": [4, 3] } },
  ];
}

function townSource({ streets, river }: NonNullable<Ground["town"]>): SourceSpecification {
  const line = (coordinates: [number, number][], properties: Record<string, string>) => {
    return { type: "Feature" as const, properties, geometry: { type: "LineString" as const, coordinates } };
  };
  const roads = streets.map(({ name, line: way }) => line(way, { name, part: "street" }));
  return { type: "geojson", data: collection([line(river, { part: "river" }), ...roads]) };
}

function townLayers(palette: Palette): LayerSpecification[] {
  const { street, water, soft, halo } = palette;
  const wide = (least: number, most: number) => ["interpolate", ["exponential", 1.6], ["zoom"], 11, least, 17, most] as ["interpolate", ["exponential", number], ["zoom"], number, number, number, number];
  const round = { "line-cap": "round", "line-join": "round" } as const;
  return [
    ...outlineLayers(palette),
    { id: "river", type: "line", source: "town", filter: ["==", ["get", "part"], "river"], layout: round, paint: { "line-color": water, "line-width": wide(3, 60) } },
    { id: "streets", type: "line", source: "town", filter: ["==", ["get", "part"], "street"], layout: round, paint: { "line-color": street, "line-width": wide(0.8, 14) } },
    {
      id: "street-names", type: "symbol", source: "town", minzoom: 14, filter: ["==", ["get", "part"], "street"],
      layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 11 },
      paint: { "text-color": soft, "text-halo-color": halo, "text-halo-width": 1.2 },
    },
  ];
}

/** Tiles are read in ranges from the service. Their labels are drawn with this machine's own letters. */
function regional({ tag, attribution, bounds, zooms }: NonNullable<Ground["region"]>): Below {
  if (!isKnown) addProtocol("pmtiles", tiles.tile);
  isKnown = true;
  const url = `${location.origin}/fragments/map/region?${tag}`;
  tiles.add(new PMTiles(new FetchSource(url)));
  const source: SourceSpecification = { type: "vector", tiles: [`pmtiles://${url}/{z}/{x}/{y}`], bounds, minzoom: zooms[0], maxzoom: zooms[1] };
  return {
    sources: { region: source },
    layers: (palette, isDark) => [...outlineLayers(palette), ...styled(isDark)],
    owed: attribution,
  };
}

/** The Protomaps style without what needs pictures or letters from elsewhere. */
function styled(isDark: boolean): LayerSpecification[] {
  const all = protomaps("region", namedFlavor(isDark ? "dark" : "light"), { lang: "en" }) as LayerSpecification[];
  const plain = all.filter(({ id, type }) => type !== "background" && !["pois", "roads_oneway", "roads_shields"].includes(id));
  return plain.map((layer) => {
    const named = { ...layer, id: `region-${layer.id}` };
    if (named.type !== "symbol") return named;
    const { "icon-image": _, ...layout } = named.layout ?? {};
    return { ...named, layout: { ...layout, "text-font": ["sans-serif"] } };
  });
}
