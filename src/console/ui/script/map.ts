// The moving map. It is loaded when it is wanted, and knows nothing of the line: it is given what to show.

import { Map as Canvas, ScaleControl, setWorkerUrl, type GeoJSONSource, type LayerSpecification, type MapOptions, type StyleSpecification } from "maplibre-gl";

import { DOTS, isDark, marks, palette, repaint, watchColours } from "./map-colours";
import { collection, extent, trailFeatures, wearerFeatures, zoneFeatures, type Borders, type Ground, type Places } from "./map-data";
import { below, type Below } from "./map-ground";
import { MARKS, overlay } from "./map-style";

export { MapUnder } from "./zone-map";

/** Nearer than a street is never shown at first. */
const FIRST_ZOOM_MAX = 15;
const EDGE_PX = 40;

export interface Wanted {
  box: HTMLElement;
  worker: string;
  outline: string;
  ground: Ground;
  places: Places;
  borders: Borders;
  age: (fixMs: number) => string;
  /** It is there, though not yet to be seen: from now on it holds what must be given back. */
  begun: (drawing: Drawing) => void;
  /** It cannot go on; nothing it has drawn is to be relied on. */
  failed: (why: string, error?: unknown) => void;
  /** The wearer with this key was chosen; nobody, for null. */
  chosen: (key: number | null) => void;
  /** It was moved, or stands still again. */
  moved: () => void;
}

/** How many of each are in sight. */
export interface Sight {
  wearers: number;
  zones: number;
  ways: number;
  /** Of these, ways with a gap in sight. */
  gaps: number;
}

export class Drawing {
  readonly owed: string;
  private readonly map: Canvas;
  private shown = { zones: "", trails: "", wearers: "" };
  private readonly gone = new AbortController();

  /** Draws all of it once; ready when it is to be seen. */
  static async make(wanted: Wanted): Promise<Drawing> {
    setWorkerUrl(wanted.worker);
    const drawing = new Drawing(wanted, await below(wanted.outline, wanted.ground));
    wanted.begun(drawing);
    await new Promise((ready) => drawing.map.once("load", ready));
    drawing.show(wanted.places, wanted.borders);
    return drawing;
  }

  private constructor(
    private readonly wanted: Wanted,
    private readonly under: Below,
  ) {
    this.owed = under.owed;
    const box = extent(wanted.places, wanted.borders);
    const options: MapOptions = {
      container: wanted.box,
      style: this.style(),
      attributionControl: false,
      fadeDuration: 0,
      dragRotate: false,
      touchPitch: false,
      pitchWithRotate: false,
      maxPitch: 0,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
      locale: { "Map.Title": "Map of zones and wearers; the tables say the same" },
      ...(box && { bounds: box, fitBoundsOptions: { padding: EDGE_PX, maxZoom: FIRST_ZOOM_MAX } }),
    };
    this.map = new Canvas(options);
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 120, unit: "metric" }), "bottom-left");
    this.addMarks();
    this.watch();
  }

  private watch(): void {
    const { failed, chosen, moved } = this.wanted;
    this.map.on("webglcontextlost", () => failed("this browser's graphics have failed"));
    this.map.on("error", ({ error, ...where }) => {
      // Of an imported map a tile may be missing; the rest goes on.
      if (!("sourceId" in where && where.sourceId === "region")) failed("something in it has failed", error);
    });
    this.map.on("click", ({ point }) => {
      const [mark] = this.map.queryRenderedFeatures(point, { layers: [MARKS] });
      chosen(mark ? Number(mark.properties.key) : null);
    });
    for (const [event, cursor] of [["mouseenter", "pointer"], ["mouseleave", ""]] as const) {
      this.map.on(event, MARKS, () => (this.map.getCanvas().style.cursor = cursor));
    }
    this.map.on("move", moved);
    this.map.on("idle", moved);
    watchColours(() => this.dress(), this.gone.signal);
  }

  private layers(): LayerSpecification[] {
    const colours = palette();
    return [...this.under.layers(colours, isDark()), ...overlay(colours)];
  }

  private style(): StyleSpecification {
    const empty = () => ({ type: "geojson", data: collection([]) }) as const;
    const sources = { ...this.under.sources, zones: empty(), trails: empty(), wearers: empty() };
    return { version: 8, sources, layers: this.layers() };
  }

  private addMarks(): void {
    for (const [name, image] of marks()) {
      if (this.map.hasImage(name)) this.map.updateImage(name, image);
      else this.map.addImage(name, image, { pixelRatio: DOTS });
    }
  }

  /** The page's colours have changed. */
  private dress(): void {
    repaint(this.map, this.layers());
    this.addMarks();
  }

  /** Draws what has changed. */
  show(places: Places, borders: Borders): void {
    const { age } = this.wanted;
    this.put("zones", [borders.borders, places.zones], () => zoneFeatures(borders, places.zones));
    this.put("trails", places.trails, () => trailFeatures(places.trails));
    this.put("wearers", places.wearers.map((wearer) => [wearer, age(wearer.fix_ms)]), () => wearerFeatures(places.wearers, age));
  }

  private put(name: keyof Drawing["shown"], what: unknown, features: () => GeoJSON.FeatureCollection): void {
    const now = JSON.stringify(what);
    if (this.shown[name] === now) return;
    this.shown[name] = now;
    this.map.getSource<GeoJSONSource>(name)?.setData(features());
  }

  /** Where a place is in the box, pixels from its left and top. */
  spot(at: [number, number]): { x: number; y: number } {
    return this.map.project(at);
  }

  sight(): Sight {
    const seen = (layers: string[], property: string) => {
      return new Set(this.map.queryRenderedFeatures({ layers }).map(({ properties }) => properties[property])).size;
    };
    return {
      wearers: seen([MARKS], "key"),
      zones: seen(["zones", "idle-zones"], "code"),
      ways: seen(["trail-legs", "trail-gaps"], "key"),
      gaps: seen(["trail-gaps"], "key"),
    };
  }

  zoom(by: number): void {
    this.map.zoomTo(this.map.getZoom() + by);
  }

  /** Everything that there is. */
  showAll(places: Places, borders: Borders): void {
    const box = extent(places, borders);
    if (box) this.map.fitBounds(box, { padding: EDGE_PX, maxZoom: FIRST_ZOOM_MAX });
  }

  /** Gives back all that it holds. */
  remove(): void {
    this.gone.abort();
    this.map.remove();
  }
}
