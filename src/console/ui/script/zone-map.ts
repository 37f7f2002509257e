// The moving map as the ground that a zone is drawn upon. A part of the map's bundle.

import { Map as Canvas, ScaleControl, setWorkerUrl } from "maplibre-gl";

import { isDark, palette, repaint, watchColours } from "./map-colours";
import type { Ground, Place } from "./map-data";
import { below } from "./map-ground";
import type { Box, Point, Under, Watching } from "./zone-ground";

const EDGE_PX = 48;
/** Nearer than a house is never shown at first. */
const FIRST_ZOOM_MAX = 17;

export interface Wished {
  box: HTMLElement;
  title: string;
  worker: string;
  outline: string;
  ground: Ground;
  failed: () => void;
}

export class MapUnder implements Under {
  /** Ready when it is to be seen. */
  static async make(wished: Wished, watching: Watching): Promise<{ under: MapUnder; owed: string }> {
    setWorkerUrl(wished.worker);
    const ground = await below(wished.outline, wished.ground);
    const layers = () => ground.layers(palette(), isDark());
    const map = new Canvas({
      container: wished.box,
      style: { version: 8, sources: ground.sources, layers: layers() },
      attributionControl: false,
      fadeDuration: 0,
      dragRotate: false,
      touchPitch: false,
      pitchWithRotate: false,
      maxPitch: 0,
      // The keys belong to the handles.
      keyboard: false,
      doubleClickZoom: false,
      cooperativeGestures: true,
      locale: { "Map.Title": wished.title },
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new ScaleControl({ maxWidth: 120, unit: "metric" }), "bottom-left");
    const lacking = { tile: false };
    map.on("error", ({ error, ...where }) => {
      // Of an imported map a tile may be missing; the rest goes on.
      if ("sourceId" in where && where.sourceId === "region") {
        lacking.tile = true;
        return;
      }
      console.warn("the map below the zone:", error);
      wished.failed();
    });
    map.on("webglcontextlost", wished.failed);
    map.on("move", watching.moved);
    map.on("idle", watching.settled);
    map.on("click", ({ lngLat }) => watching.clicked([lngLat.lng, lngLat.lat]));
    await new Promise((ready) => map.once("load", ready));
    const gone = new AbortController();
    watchColours(() => repaint(map, layers()), gone.signal);
    return { under: new MapUnder(map, wished.ground.region, lacking, gone), owed: ground.owed };
  }

  private constructor(
    private readonly map: Canvas,
    private readonly region: Ground["region"],
    /** Whether a part of the region could not be read. */
    private readonly lacking: { tile: boolean },
    private readonly gone: AbortController,
  ) {
    // It is a picture below the handles, which are what the keys reach.
    map.getCanvas().tabIndex = -1;
  }

  spot(at: Place): Point {
    const { x, y } = this.map.project(at);
    return [x, y];
  }

  place(at: Point): Place {
    const { lng, lat } = this.map.unproject(at);
    return [lng, lat];
  }

  fit(box: Box): void {
    this.map.fitBounds(box, { padding: EDGE_PX, maxZoom: FIRST_ZOOM_MAX, animate: false });
  }

  zoom(by: number): void {
    this.map.zoomTo(this.map.getZoom() + by, { animate: false });
  }

  motorways(): Place[][] {
    if (!this.region) return [];
    const found = this.map.querySourceFeatures("region", { sourceLayer: "roads", filter: ["==", ["get", "kind"], "highway"] });
    return found.flatMap(({ geometry }) => {
      if (geometry.type === "LineString") return [geometry.coordinates as Place[]];
      return geometry.type === "MultiLineString" ? (geometry.coordinates as Place[][]) : [];
    });
  }

  knowsRoads([west, south, east, north]: Box): boolean {
    if (!this.region || this.lacking.tile || this.map.getZoom() < this.region.zooms[0]) return false;
    const [left, bottom, right, top] = this.region.bounds;
    return left <= west && bottom <= south && east <= right && north <= top;
  }

  remove(): void {
    this.gone.abort();
    this.map.remove();
  }
}
