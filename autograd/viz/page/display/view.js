// The view: which group or neighbourhood is shown, and the box that Tab reaches.

import { $ } from "../base/dom.js";
import { signal } from "../base/signal.js";
import { engine } from "../model/graph.js";
import { levelsUnder } from "../model/groups.js";
import { changed, state } from "../model/state.js";
import { boxesOf } from "./boxes.js";
import { dockWhereItFits, drawing, fittingDocked } from "./stage.js";

/** Said with the view when its boxes have been drawn. */
export const opened = signal();

/** Show a group, to its depth if that is given and else as deep as can be read. */
export function openView(view, focus = true) {
  if (view.depth === undefined) view.depth = readableDepth(view.group);
  let made = boxesOf(view);
  if (made.boxes.length > 400 && view.focus === undefined)
    made = boxesOf({ ...view, focus: state.selected >= 0 ? state.selected : engine.root });
  state.view = made;
  drawing.show(made);
  if (!state.docked) dockWhereItFits();
  drawing.fit();
  opened(made);
  $("locals").setAttribute("aria-pressed", String(made.roomy));
  changed();
  if (focus && made.boxes.length) roveTo(boxAt(state.selected) || made.boxes[made.boxes.length - 1], false);
}

/** The most open depth that can be read: at most 100 boxes, and text of 9 px or more when fitted. */
function readableDepth(group) {
  const levels = levelsUnder(group);
  for (let depth = levels; depth > 0; depth--) {
    const view = boxesOf({ group, depth });
    if (view.boxes.length > 100) continue;
    drawing.show(view);
    if (Math.max(fittingDocked(true), fittingDocked(false)) >= 0.75) return depth;
  }
  return 0;
}

/** The box of the view that stands for a node; null if there is none. */
export function boxAt(v) {
  return v >= 0 && state.view.where[v] >= 0 ? state.view.boxes[state.view.where[v]] : null;
}

/** One box at a time can be reached with Tab; the arrow keys move that place along the edges. */
export function roveTo(box, focus = true) {
  for (const other of state.view.boxes) other.element.setAttribute("tabindex", other === box ? "0" : "-1");
  if (focus) {
    box.element.focus({ preventScroll: true });
    drawing.reveal(box);
  }
}

/** Show local derivatives on the edges, or not. */
export function locals() {
  state.locals = !state.view.roomy;
  openView({ group: state.view.group, depth: state.view.depth }, false);
}
