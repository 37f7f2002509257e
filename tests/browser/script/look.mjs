// Looks at a page in light, dark and high contrast: axe finds nothing, nothing sticks out at the side, and there is a picture
// of each to look at.

import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";

import { pictures } from "./stage.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const THEMES = {
  light: { colorScheme: "light", forcedColors: "none" },
  dark: { colorScheme: "dark", forcedColors: "none" },
  contrast: { colorScheme: "dark", forcedColors: "active" },
};
export const DESK = { width: 1280, height: 800 };
/** A desk at 200 % and at 400 %, which is also the smallest phone. */
const NARROW = [640, 320];

/** What is wrong with the pages that were looked at. */
export const found = [];

mkdirSync(pictures, { recursive: true });

/** Judges a page as it stands, and takes pictures of it. */
export async function look(page, name, size = DESK) {
  for (const [theme, media] of Object.entries(THEMES)) {
    await page.emulateMedia(media);
    await page.setViewportSize(size);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    for (const { id, help, nodes } of violations) {
      found.push(`${name}, ${theme}: ${id}: ${help}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
    }
    await page.screenshot({ path: `${pictures}/${name}-${theme}.png`, fullPage: true, animations: "disabled" });
  }
  await page.emulateMedia(THEMES.light);
  for (const width of NARROW) {
    await page.setViewportSize({ width, height: 568 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) found.push(`${name}: ${wide} px wide where there are ${width}`);
    await page.screenshot({ path: `${pictures}/${name}-${width}.png`, fullPage: true, animations: "disabled" });
  }
  await page.setViewportSize(size);
}
