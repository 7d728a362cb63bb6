// Choosing a node, and moving along the edges.

import { $ } from "../base/dom.js";
import { drawing } from "../display/stage.js";
import { boxAt, openView, roveTo, unfold } from "../display/view.js";
import { groupOf, groups } from "../model/groups.js";
import { given, offsets, titleOf } from "../model/given.js";
import { changed, FEW, state } from "../model/state.js";

/** Choose a node, showing the part of the graph it is in. */
export function select(v, focus = false) {
  state.selected = v;
  if (v >= 0 && boxAt(v)?.node !== v) openView({ group: groupOf[v] }, false);
  changed();
  const box = boxAt(v);
  if (box) {
    drawing.reveal(box);
    roveTo(box, focus);
  }
}

/** The box that an arrow key leads to from a box; undefined if there is none. */
export function neighbour(box, key) {
  const { boxes, links } = state.view,
    at = boxes.indexOf(box);
  // where links lead downwards, so do the keys
  if (drawing.down)
    key = { ArrowDown: "ArrowRight", ArrowUp: "ArrowLeft", ArrowRight: "ArrowDown", ArrowLeft: "ArrowUp" }[key];
  const across = drawing.down ? "x" : "y";
  const nearest = (found) =>
    found.sort((a, b) => Math.abs(a[across] - box[across]) - Math.abs(b[across] - box[across]))[0];
  if (key === "ArrowRight") return nearest(links.filter((l) => l.from === at).map((l) => boxes[l.to]));
  if (key === "ArrowLeft") return nearest(links.filter((l) => l.to === at).map((l) => boxes[l.from]));
  const column = boxes.filter((b) => b.rank === box.rank).sort((a, b) => a[across] - b[across]),
    place = column.indexOf(box);
  return key === "ArrowDown" ? column[place + 1] : column[place - 1];
}

/** Where an arrow key leads to neighbours that are not shown, show them; whether there were any. */
export function reach(box, key) {
  const side = {
    [drawing.down ? "ArrowUp" : "ArrowLeft"]: "before",
    [drawing.down ? "ArrowDown" : "ArrowRight"]: "after",
  }[key];
  if (!side || !box[side]) return false;
  unfold(box, side === "before");
  return true;
}

/** List a list of plain numbers in the panel, and go to its first field. */
function editGiven(k) {
  state.selected = -1;
  state.question = "leaves";
  if (!FEW) state.sorting = "order";
  state.filter = FEW ? "" : titleOf(given[k]);
  changed();
  const field = $("panel").querySelector(`[data-given="${offsets[k]}"]`);
  field?.scrollIntoView({ block: "nearest" });
  field?.focus();
}

/** Enter or a click on a box: plain numbers are listed, a node is explained, a closed group opens. */
export function enter(box) {
  if (box.given) return editGiven(box.place);
  if (box.group >= 0 && !box.ghost) openView({ group: box.group });
  else if (box.group >= 0) openView({ group: groups[box.group].parent });
  else select(box.node, true);
}
