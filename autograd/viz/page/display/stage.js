// Where the drawing stands: its place on the page, and the panel beside or below it.

import { $ } from "../base/dom.js";
import { state } from "../model/state.js";
import { Drawing } from "./drawing.js";

/** The drawing of the page. */
export const drawing = new Drawing($("graph"));

/** Move the panel from below to the side, or back. */
export function dock() {
  state.docked = true; // by hand: from now on it stays there
  document.body.classList.toggle("side");
  drawing.fit();
}

/** The panel goes where it leaves the drawing larger: beside a tall one, below a wide one. */
export function dockWhereItFits() {
  const side = innerWidth > 720 && fittingDocked(true) > 1.15 * fittingDocked(false); // below, if there is little in it
  document.body.classList.toggle("side", side);
}

/** How large the drawing would be with the panel at the side, or below. */
export function fittingDocked(side) {
  const now = document.body.classList.contains("side");
  document.body.classList.toggle("side", side);
  const size = drawing.fitting();
  document.body.classList.toggle("side", now);
  return size;
}
