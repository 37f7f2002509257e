// How zones, ways and wearers are drawn: shapes and words first, colour beside them.

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";

import type { Palette } from "./map-colours";

/** The layer whose marks can be chosen. */
export const MARKS = "wearer-marks";
/** Names of wearers who are clear, and of zones that nobody is near, are shown from these zooms on. */
const CLEAR_NAMES = 14;
const ZONE_NAMES = 12;

const part = (name: string): ExpressionSpecification => ["==", ["get", "part"], name];
const has = (property: string): ExpressionSpecification => ["==", ["get", property], true];
const not = (filter: ExpressionSpecification): ExpressionSpecification => ["!", filter];
const all = (...filters: ExpressionSpecification[]): ExpressionSpecification => ["all", ...filters];
const letters = { "text-font": ["sans-serif"] };

export function overlay(palette: Palette): LayerSpecification[] {
  return [...zones(palette), ...ways(palette), ...wearers(palette)];
}

function zones(p: Palette): LayerSpecification[] {
  const source = "zones";
  const inForce = (name: string) => all(part(name), has("applies"));
  const hotter = (hot: string, calm: string): ExpressionSpecification => ["case", has("hot"), hot, calm];
  return [
    { id: "margins", type: "fill", source, filter: inForce("margin"), paint: { "fill-color": p.margin, "fill-opacity": 0.6 } },
    { id: "margin-edges", type: "line", source, filter: inForce("margin"), paint: { "line-color": p["margin-edge"], "line-width": 1.2, "line-dasharray": [6, 2] } },
    { id: "zones", type: "fill", source, filter: inForce("zone"), paint: { "fill-color": hotter(p.zone, p["zone-calm"]), "fill-opacity": 0.75 } },
    { id: "zone-edges", type: "line", source, filter: inForce("zone"), paint: { "line-color": hotter(p["zone-edge"], p["zone-calm-edge"]), "line-width": ["case", has("hot"), 2.5, 1.2] } },
    { id: "idle-zones", type: "line", source, filter: all(part("zone"), not(has("applies"))), paint: { "line-color": p.idle, "line-width": 1.2, "line-dasharray": [2, 3] } },
    zoneNames("hot-names", p, all(part("name"), has("hot")), 0),
    zoneNames("zone-names", p, all(part("name"), not(has("hot"))), ZONE_NAMES),
  ];
}

function zoneNames(id: string, p: Palette, filter: ExpressionSpecification, minzoom: number): LayerSpecification {
  return {
    id, type: "symbol", source: "zones", filter, minzoom,
    layout: { ...letters, "text-field": ["get", "code"], "text-size": 12, "text-letter-spacing": 0.03 },
    paint: { "text-color": p.soft, "text-halo-color": p.halo, "text-halo-width": 1.5 },
  };
}

function ways(p: Palette): LayerSpecification[] {
  const source = "trails";
  const round = { "line-cap": "round", "line-join": "round" } as const;
  return [
    { id: "trail-legs", type: "line", source, filter: part("leg"), layout: round, paint: { "line-color": p.way, "line-width": 2 } },
    { id: "trail-gaps", type: "line", source, filter: part("gap"), layout: round, paint: { "line-color": p.way, "line-width": 3, "line-dasharray": [0.1, 1.8] } },
    { id: "trail-fixes", type: "symbol", source, filter: part("fix"), layout: { "icon-image": ["get", "stage"], "icon-size": 0.5, "icon-allow-overlap": true, "icon-ignore-placement": true } },
  ];
}

function wearers(p: Palette): LayerSpecification[] {
  const source = "wearers";
  // Metres on the ground: twice as many pixels with each zoom.
  const radius: ExpressionSpecification = ["interpolate", ["exponential", 2], ["zoom"], 0, ["get", "pixels"], 24, ["*", ["get", "pixels"], 2 ** 24]];
  const icon = { "icon-allow-overlap": true, "icon-ignore-placement": true } as const;
  return [
    { id: "circles", type: "circle", source, paint: { "circle-radius": radius, "circle-color": p.calm, "circle-opacity": 0.12, "circle-stroke-color": p.calm, "circle-stroke-opacity": 0.6, "circle-stroke-width": 1 } },
    { id: "wearer-rings", type: "symbol", source, filter: has("dark"), layout: { ...icon, "icon-image": "dark" } },
    { id: MARKS, type: "symbol", source, layout: { ...icon, "icon-image": ["get", "stage"], "symbol-sort-key": ["get", "rank"] } },
    wearerNames("wearer-names", p, ["any", has("dark"), ["!=", ["get", "stage"], "clear"]], 0),
    wearerNames("clear-names", p, all(not(has("dark")), ["==", ["get", "stage"], "clear"]), CLEAR_NAMES),
  ];
}

/** The name, and how old the fix is. */
function wearerNames(id: string, p: Palette, filter: ExpressionSpecification, minzoom: number): LayerSpecification {
  return {
    id, type: "symbol", source: "wearers", filter, minzoom,
    layout: {
      ...letters,
      "text-field": ["format", ["get", "name"], {}, "\n", {}, ["get", "age"], { "font-scale": 0.85 }],
      "text-size": 13,
      "text-variable-anchor": ["left", "right", "top", "bottom"],
      "text-radial-offset": 1.1,
      "text-justify": "auto",
      "symbol-sort-key": ["-", 0, ["get", "rank"]],
    },
    paint: { "text-color": p.text, "text-halo-color": p.halo, "text-halo-width": 1.8 },
  };
}
