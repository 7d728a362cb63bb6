// Choosing one of the samples.

import { engine } from "../model/graph.js";
import { places, samples } from "../model/samples.js";
import { changed, passes, recompute, state } from "../model/state.js";

/** Show a sample: its numbers at the inputs and the targets. */
export function showSample(k) {
  const rows = samples.rows;
  state.sample = ((k % rows.length) + rows.length) % rows.length;
  places.forEach((v, i) => {
    if (v >= 0) engine.value[v] = rows[state.sample][i];
  });
  recompute(passes.batch);
  changed();
}
