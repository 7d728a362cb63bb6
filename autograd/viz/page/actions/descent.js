// Gradient descent, a step or many, and back to the start.

import { $ } from "../base/dom.js";
import { number, short } from "../base/numerals.js";
import { film } from "../display/film.js";
import { say } from "../display/readouts.js";
import { engine, tape } from "../model/graph.js";
import { samples } from "../model/samples.js";
import { changed, overAll, parameters, passes, recompute, replay, state, STEPS } from "../model/state.js";
import { beginFilm, firstValues, keepFrame, leafValues, setLeaves } from "./frames.js";
import { remember } from "./undo.js";
import { mode, play } from "./walk.js";

/** A picture of the page is painted at most so often, and steps of a run are made in between, in milliseconds. */
const TICK = 40,
  WORK = 28;

/** The learning rate; null, and a mark at its field and a word, if it is none. */
function rate() {
  const found = rateOf($("rate").value);
  $("rate").setAttribute("aria-invalid", String(found === null));
  if (found === null) say("η is a number, such as 0.1");
  return found;
}

/** What was typed as a learning rate; null if it is none. */
export function rateOf(text) {
  const found = number(text);
  return Number.isFinite(found) ? found : null;
}

/** The parameters moved against their gradient, over all samples where there are some. */
function stepDown(eta) {
  if (samples) {
    engine.descend(eta, parameters, overAll().grad);
    passes.batch = null;
  } else {
    engine.descend(eta, parameters, passes.grad);
    recompute();
  }
  state.steps++;
}

function begin(kind) {
  remember(kind);
  state.frames.length = state.frame + 1;
  const last = state.frames[state.frame];
  const now = leafValues();
  if (!last.leaves.every((x, k) => Object.is(x, now[k]))) keepFrame("changed by hand");
}

/** What a step, or some of them, have made is kept as a frame, and shown. */
function show() {
  recompute(samples && overAll());
  keepFrame(`step ${state.steps}`);
  state.step = STEPS;
  replay();
  film();
  changed();
}

/** A step of gradient descent; what came after the frame shown is forgotten. */
export function descend() {
  const eta = rate();
  if (eta === null) return;
  begin("a step");
  const before = state.frames[state.frame].loss;
  stepDown(eta);
  show();
  say(`${tape.title} from ${short(before)} to ${short(state.frames[state.frame].loss)}`);
}

/** Train on and on, or pause. */
export function run(on = !state.running) {
  clearTimeout(state.running);
  state.running = 0;
  $("run").textContent = on ? "Pause" : "Run";
  $("run").setAttribute("aria-pressed", String(on));
  const eta = on ? rate() : null;
  if (eta === null) {
    $("run").textContent = "Run";
    $("run").setAttribute("aria-pressed", "false");
    if (!on) changed();
    return;
  }
  play(false);
  begin("a run");
  const tick = () => {
    const many = Number($("speed").value),
      until = performance.now() + WORK;
    for (let k = 0; k < many && (k === 0 || performance.now() < until); k++) stepDown(eta);
    show();
    if (!Number.isFinite(state.frames[state.frame].loss)) {
      run(false);
      say(`${tape.title} is no longer a number: a smaller η would help`);
    } else state.running = setTimeout(tick, many > 1 ? TICK : 4 * TICK);
  };
  state.running = setTimeout(tick, 0);
}

/** Everything as it was when the page was opened. */
export function reset() {
  if (state.running) run(false);
  remember("the reset");
  setLeaves(firstValues());
  $("rate").value = $("rate").defaultValue;
  $("rate").setAttribute("aria-invalid", "false");
  state.edited.clear();
  state.frames = [];
  state.sample = 0;
  state.steps = 0;
  passes.batch = null;
  beginFilm();
  state.step = STEPS;
  replay();
  mode("passes");
}
