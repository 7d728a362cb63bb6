// What the panel is asked when no node is chosen, and by how much a number may be moved.

import { say } from "../display/readouts.js";
import { names } from "../model/graph.js";
import { problemOf, problems } from "../model/problems.js";
import { changed, FEW, state } from "../model/state.js";
import { select } from "./selection.js";

/** Ask the panel: "leaves", "matters" or "vanish". */
export function ask(question) {
  state.question = question;
  if (question === "matters" && state.sorting === "order") state.sorting = "gradient";
  if (question === "leaves") state.sorting = FEW ? "order" : "gradient";
  state.selected = -1;
  changed();
}

/** The leaves "in order", by their "gradient" or by their "influence" |w ∂|. */
export function sortBy(sorting) {
  state.sorting = sorting;
  changed();
}

/** Only leaves whose name or group contains this. */
export function filterBy(words) {
  state.filter = words;
  changed();
}

/** Move the chosen number by this much, in thought. */
export function moveBy(delta) {
  state.delta = delta;
  changed();
}

/** Go to the next problem after the node that is chosen. */
export function nextProblem() {
  const found = problems();
  if (!found.length) return;
  const at = found.indexOf(state.selected),
    v = found[(at + 1) % found.length];
  select(v, true);
  say(`${names[v]}: ${problemOf(v)}. Problem ${found.indexOf(v) + 1} of ${found.length}`);
}
