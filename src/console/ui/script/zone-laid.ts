// Lays the moving map below a zone, for whoever draws it and for whoever decides about it.

import { browser } from "./dom";
import { MAP_OFF } from "./live-map";
import { fetched } from "./live-part";
import type { Ground } from "./map-data";
import type { Under, Watching } from "./zone-ground";

interface Wished {
  /** It is shown when the map comes, and hidden without one. */
  box: HTMLElement;
  /** What the map is called. */
  title: string;
  /** It cannot go on. */
  failed: () => void;
}

/** The map, and what must be said below it. Null where this browser cannot, or whoever sits at it will have none. */
export async function lay(element: HTMLElement, { box, title, failed }: Wished, watching: Watching): Promise<{ under: Under; owed: string } | null> {
  const { script = "", worker = "", outline = "" } = element.dataset;
  if (script === "" || browser.get(MAP_OFF) !== null || !document.createElement("canvas").getContext("webgl2")) return null;
  try {
    const answer = await fetched("/fragments/map/ground");
    if (!answer || !element.isConnected) return null;
    const { MapUnder } = (await import(script)) as typeof import("./map");
    box.hidden = false;
    const ground = (await answer.json()) as Ground;
    const laid = await MapUnder.make({ box, title, worker, outline, ground, failed }, watching);
    if (element.isConnected) return laid;
    // The page was locked meanwhile.
    laid.under.remove();
  } catch (error) {
    console.warn("the map below the zone:", error);
  }
  box.hidden = true;
  return null;
}
