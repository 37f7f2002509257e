// The page's own colours and marks, as they look just now: by night, by day, and in the reader's own.

import type { LayerSpecification, Map as Canvas } from "maplibre-gl";

/** The colours that the map takes from style.css. */
const NAMES = [
  "map", "land", "coast", "street", "water", "zone", "zone-edge", "zone-calm", "zone-calm-edge", "margin", "margin-edge",
  "idle", "halo", "text", "soft", "calm", "way",
] as const;

export type Palette = Record<(typeof NAMES)[number], string>;

export function palette(): Palette {
  const probe = document.createElement("i");
  // Where the reader has chosen colours, style.css has said which of them go where.
  probe.style.setProperty("forced-color-adjust", "none");
  document.body.append(probe);
  const found = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(found) as Palette;
}

const THEMES = ["(prefers-color-scheme: light)", "(forced-colors: active)"].map((query) => matchMedia(query));

/** Calls back when the page's colours are others, until it is given up. */
export function watchColours(changed: () => void, signal: AbortSignal): void {
  for (const theme of THEMES) theme.addEventListener("change", changed, { signal });
}

export function isDark(): boolean {
  return !matchMedia("(prefers-color-scheme: light)").matches;
}

/** Paints layers that a map has in what they say now. */
export function repaint(map: Canvas, layers: LayerSpecification[]): void {
  for (const { id, paint = {} } of layers) {
    for (const [name, value] of Object.entries(paint)) map.setPaintProperty(id, name as "fill-color", value as string);
  }
}

/** Marks are painted for screens with up to this many dots to a pixel. */
export const DOTS = 2;

/** The legend's marks, by name, painted as the page paints them. */
export function marks(): Map<string, ImageData> {
  const all = document.querySelectorAll<SVGSVGElement>("#map-moving svg[data-mark]");
  const painted = new Map([...all].map((svg) => [svg.dataset.mark ?? "", paint(svg)] as const));
  painted.set("unknown", dot());
  return painted;
}

function canvas(size: number): CanvasRenderingContext2D {
  const context = Object.assign(document.createElement("canvas"), { width: size, height: size }).getContext("2d");
  if (!context) throw new Error("no canvas");
  return context;
}

function paint(svg: SVGSVGElement): ImageData {
  const { x, y, width } = svg.viewBox.baseVal;
  const context = canvas(width * DOTS);
  context.scale(DOTS, DOTS);
  context.translate(-x, -y);
  // In the mark of who cannot be seen, the ring alone: what is in it is another mark.
  const shapes = svg.dataset.mark === "dark" ? ".dark" : "path, circle";
  for (const shape of svg.querySelectorAll<SVGGeometryElement>(shapes)) {
    const { fill, stroke, strokeWidth, strokeDasharray } = getComputedStyle(shape);
    const outline = new Path2D(shape instanceof SVGPathElement ? (shape.getAttribute("d") ?? "") : "");
    if (shape instanceof SVGCircleElement) outline.arc(0, 0, shape.r.baseVal.value, 0, 2 * Math.PI);
    context.setLineDash(strokeDasharray === "none" ? [] : strokeDasharray.split(",").map(parseFloat));
    if (stroke !== "none") {
      Object.assign(context, { strokeStyle: stroke, lineWidth: 2 * parseFloat(strokeWidth) });
      if (fill === "none") context.lineWidth /= 2;
      context.stroke(outline);
    }
    if (fill !== "none") {
      context.fillStyle = fill;
      context.fill(outline);
    }
  }
  return context.getImageData(0, 0, context.canvas.width, context.canvas.height);
}

/** A fix of which nobody knows what was believed. */
function dot(): ImageData {
  const context = canvas(10 * DOTS);
  context.fillStyle = palette().way;
  context.arc(5 * DOTS, 5 * DOTS, 3 * DOTS, 0, 2 * Math.PI);
  context.fill();
  return context.getImageData(0, 0, context.canvas.width, context.canvas.height);
}
