// The view: which group or neighbourhood is shown, and the box that Tab reaches.

import { $ } from "../base/dom.js";
import { signal } from "../base/signal.js";
import { engine } from "../model/graph.js";
import { countAt, levelsUnder } from "../model/groups.js";
import { changed, state } from "../model/state.js";
import { boxesOf, hiddenBeside } from "./boxes.js";
import { dockWhereItFits, drawing, legible } from "./stage.js";

/** Said with the view when its boxes have been drawn. */
export const opened = signal();

/** More boxes than these are not shown at once. */
export const MOST = 420;

/** Show a group, to its depth if that is given and else as deep as can be read; with `still`, the camera stays at a box. */
export function openView(view, focus = true, still = null) {
  if (view.depth === undefined) view.depth = readableDepth(view.group);
  const made = boxesOf(view),
    camera = { ...drawing.camera };
  state.view = made;
  if (!state.docked) dockWhereItFits(made);
  drawing.show(made);
  const start = boxAt(state.selected) || made.boxes.find((box) => !box.ghost && box.nodes.includes(engine.root));
  const last = start || made.boxes[made.boxes.length - 1];
  const same = still && made.boxes.find((box) => box.id === still.id);
  const moved = same && [still.x - same.x, still.y - same.y].map((by) => by * camera.scale);
  if (same) drawing.look({ ...camera, x: camera.x + moved[0], y: camera.y + moved[1] });
  else drawing.begin(last);
  opened(made);
  $("locals").setAttribute("aria-pressed", String(made.roomy));
  changed();
  if (focus && made.boxes.length) roveTo(last, false);
}

/** The most open depth that can be read: at most 100 boxes, and text of 9 px or more when fitted. */
function readableDepth(group) {
  const levels = levelsUnder(group);
  for (let depth = levels; depth > 0; depth--) {
    if (countAt(group, depth) > 100) continue;
    if (legible(boxesOf({ group, depth }))) return depth;
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

/** Show the neighbours of a box that its "… 3" stands for. */
export function unfold(box, before) {
  const { group, depth, focus, extra, where } = state.view,
    more = hiddenBeside(box, where, before).slice(0, 30);
  openView({ group, depth, focus, extra: [...(extra ?? []), ...more] }, false, box);
  roveTo(boxAt(box.node), true);
}

/** The same view anew, where its room has got another shape. */
export function openAgain() {
  const { group, depth, focus, extra } = state.view;
  openView({ group, depth, focus, extra }, false);
}

/** Show local derivatives on the edges, or not. */
export function locals() {
  state.locals = !state.view.roomy;
  openAgain();
}
