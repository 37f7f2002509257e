// What keeps a page true and audible, and takes keys.

import { watchActions } from "./actions";
import { defineConsoleSound } from "./console-sound";
import { watchPresence } from "./here";
import { defineKeyMap } from "./key-map";
import { defineLineLamp } from "./line-lamp";
import { defineLiveMap } from "./live-map";
import { defineLivePart } from "./live-part";
import { defineLossScreen } from "./loss-screen";
import { line } from "./line";
import { askForLock, watchLock } from "./lock";
import { definePlayBack } from "./play-back";
import { defineZoneCheck } from "./zone-check";
import { defineZoneDrawing } from "./zone-drawing";

watchPresence();
// Whoever administers or audits follows nothing.
if ("live" in document.body.dataset) {
  defineLineLamp();
  defineLossScreen();
  defineLivePart();
  defineLiveMap();
  definePlayBack();
  defineZoneCheck();
  defineZoneDrawing();
  defineConsoleSound();
  defineKeyMap();
  watchActions();
  watchLock();
  line.open();
} else {
  askForLock();
}
