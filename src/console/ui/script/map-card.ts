// What is believed of one wearer, beside their mark: the words of the table.

import { at } from "./dom";
import { line } from "./line";
import type { Wearer } from "./map-data";
import { span } from "./words";

/** Shows a wearer's card at a spot of the map; none, for nobody. */
export function card(wearer: Wearer | null, { x, y }: { x: number; y: number }): void {
  const box = at("map-card");
  box.hidden = !wearer;
  if (!wearer) return box.replaceChildren();
  // What has not changed stays: a link under a finger does not move away.
  const said = JSON.stringify(wearer);
  if (box.dataset.said !== said) box.replaceChildren(title(wearer), ...lines(wearer));
  box.dataset.said = said;
  const map = at("map-ground");
  const isLeft = x > map.clientWidth / 2;
  const isAbove = y > map.clientHeight / 2;
  box.style.translate = `${Math.round(x)}px ${Math.round(y)}px`;
  box.style.transform = `translate(${isLeft ? "calc(-100% - 16px)" : "16px"}, ${isAbove ? "-100%" : "0"})`;
}

function title({ name, incident }: Wearer): HTMLElement {
  const heading = document.createElement("h3");
  if (incident === null) heading.textContent = name;
  else heading.append(Object.assign(document.createElement("a"), { href: `/incidents/${incident}`, textContent: name }));
  return heading;
}

function lines(wearer: Wearer): HTMLElement[] {
  const { word, dark, zone, outlook, off, since_ms, since_or_longer, fix_ms, heard_ms, error } = wearer;
  const since = since_ms === null ? [] : [" for ", age(since_ms), since_or_longer ? " or longer" : ""];
  return [
    text("strong", word, ...since),
    ...(dark ? [text("strong", "Cannot be seen now")] : []),
    ...(zone === "" ? [] : [text("span", `Zone ${zone}`)]),
    ...(outlook === "" ? [] : [text("span", outlook)]),
    ...off.map((why) => text("span", why)),
    text("span", "Last fix ", age(fix_ms), ` ago, ±${error}; heard `, age(heard_ms), " ago"),
  ];
}

function text(tag: string, ...parts: (string | HTMLElement)[]): HTMLElement {
  const paragraph = document.createElement("p");
  const inner = document.createElement(tag);
  inner.append(...parts);
  paragraph.append(inner);
  return paragraph;
}

/** Goes on by itself, as all ages on the page do. */
function age(ms: number): HTMLElement {
  const time = document.createElement("time");
  time.dataset.age = String(ms);
  time.textContent = span(line.nowMs() - ms);
  return time;
}
