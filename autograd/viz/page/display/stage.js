// Where the drawing stands: its place on the page, and the panel beside or below it.

import { $ } from "../base/dom.js";
import { state } from "../model/state.js";
import { READABLE } from "./arrange.js";
import { Drawing } from "./drawing.js";

/** The drawing of the page. */
export const drawing = new Drawing($("graph"));

/** Move the panel from below to the side, or back. */
export function dock() {
  state.docked = true; // by hand: from now on it stays there
  document.body.classList.toggle("side");
  drawing.placed?.();
}

/** The panel goes where it leaves the drawing of a view larger: beside a tall one, below a wide one. */
export function dockWhereItFits(view) {
  const side = innerWidth > 720 && fittingDocked(view, true) > 1.15 * fittingDocked(view, false); // below, if there is little in it
  document.body.classList.toggle("side", side);
}

/** Whether the whole of a view can be read, with the panel at the side or below. */
export function legible(view) {
  return [false, true].some((side) => fittingDocked(view, side) >= READABLE);
}

/** How large the drawing of a view would be with the panel at the side, or below. */
function fittingDocked(view, side) {
  const now = document.body.classList.contains("side");
  document.body.classList.toggle("side", side);
  drawing.arrange(view);
  const size = drawing.fitting();
  document.body.classList.toggle("side", now);
  return size;
}
