// Gradient descent, and back to the start.

import { $ } from "../base/dom.js";
import { number, short } from "../base/numerals.js";
import { film } from "../display/film.js";
import { say } from "../display/readouts.js";
import { engine, tape } from "../model/graph.js";
import { changed, passes, recompute, replay, state, STEPS } from "../model/state.js";
import { beginFilm, keepFrame, setLeaves } from "./frames.js";
import { mode } from "./walk.js";

/** A step of gradient descent on the parameters; what came after the frame shown is forgotten. */
export function descend() {
  const rate = number($("rate").value);
  if (rate === null) return $("rate").setAttribute("aria-invalid", "true");
  $("rate").removeAttribute("aria-invalid");
  state.frames.length = state.frame + 1;
  const last = state.frames[state.frame];
  if (!last.leaves.every((x, k) => Object.is(x, engine.value[engine.leaves[k]]))) keepFrame("changed by hand");
  engine.descend(
    rate,
    engine.leaves.filter((v) => tape.parameter[v]),
    passes.grad,
  );
  recompute();
  keepFrame(`step ${state.frames.length}`);
  state.step = STEPS;
  replay();
  film();
  changed();
  const before = state.frames[state.frame - 1].loss;
  say(`${tape.title} from ${short(before)} to ${short(engine.value[engine.root])}`);
}

/** Everything as it was when the page was opened. */
export function reset() {
  setLeaves(engine.leaves.map((v) => engine.recorded[v]));
  state.edited.clear();
  state.frames.length = 0;
  beginFilm();
  state.step = STEPS;
  replay();
  mode("passes");
}
