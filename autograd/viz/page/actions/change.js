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
  for (const other of $("panel").querySelectorAll(`[data-given="${k}"]`)) if (other !== field) other.value = plain(x);
  recompute();
  changed();
}

/** Give a leaf another value; everything that follows from it follows. */
export function change(v, x, field = null) {
  remember(`leaf ${v}`);
  engine.value[v] = x;
  state.edited.add(v);
  for (const other of $("panel").querySelectorAll(`[data-leaf="${v}"]`)) if (other !== field) other.value = plain(x);
  recompute();
  changed();
}
