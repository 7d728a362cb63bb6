// Changing a number.

import { $ } from "../base/dom.js";
import { plain } from "../base/numerals.js";
import { put } from "../model/given.js";
import { engine } from "../model/graph.js";
import { changed, recompute, state } from "../model/state.js";
import { remember } from "./undo.js";

/** Give a plain number another value; everything that follows from it follows. */
export function changeGiven(k, x, field = null) {
  remember(`leaf, given ${k}`);
  put(k, x);
  follow(`[data-given="${k}"]`, x, field);
}

/** Give a leaf another value; everything that follows from it follows. */
export function change(v, x, field = null) {
  remember(`leaf ${v}`);
  engine.value[v] = x;
  state.edited.add(v);
  follow(`[data-leaf="${v}"]`, x, field);
}

/** Its other fields show the number, and everything is computed from it. */
function follow(fields, x, field) {
  for (const other of $("panel").querySelectorAll(fields)) if (other !== field) other.value = plain(x);
  recompute();
  changed();
}
