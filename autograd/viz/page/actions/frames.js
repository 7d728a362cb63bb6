// The frames of a training: kept, and gone to.

import { film } from "../display/film.js";
import { engine, tape } from "../model/graph.js";
import { asTheyCame, numbers, put } from "../model/given.js";
import { samples } from "../model/samples.js";
import { changed, overAll, passes, recompute, state } from "../model/state.js";

/** Of a long training every second frame is forgotten when there are so many; of many leaves fewer are kept. */
const MOST = Math.max(20, Math.min(600, Math.floor(4e6 / engine.leaves.length)));

/** The leaves as they are, in the order of engine.leaves, and then the plain numbers that were given. */
export function leafValues() {
  return Float64Array.from([...engine.leaves.map((v) => engine.value[v]), ...numbers()]);
}

/** The same as the page was opened. */
export function firstValues() {
  return Float64Array.from([...engine.leaves.map((v) => engine.recorded[v]), ...asTheyCame()]);
}

/** Give every leaf a value, and every plain number, in that order. */
export function setLeaves(values) {
  engine.leaves.forEach((v, k) => (engine.value[v] = values[k]));
  numbers().forEach((_, k) => put(k, values[engine.leaves.length + k]));
  recompute();
}

/** Add the leaves as they are to the frames, as the one that is looked at. */
export function keepFrame(label) {
  if (state.frames.length >= MOST) state.frames = state.frames.filter((_, k) => k % 2 === 0);
  const loss = samples ? overAll().loss : engine.value[engine.root];
  state.frames.push({ label, leaves: leafValues(), loss, step: state.steps });
  state.frame = state.frames.length - 1;
}

/** Look at a frame: its leaves, and what follows from them. */
export function toFrame(frame) {
  state.frame = Math.min(state.frames.length - 1, Math.max(0, frame));
  setLeaves(state.frames[state.frame].leaves);
  state.steps = state.frames[state.frame].step;
  passes.batch = null;
  state.edited.clear();
  film();
  changed();
}

/** The frames that Python gave along, or one to start from. */
export function beginFilm() {
  const now = leafValues(),
    seat = new Map(engine.leaves.map((v, k) => [v, k]));
  for (const [label, data] of tape.history) {
    const leaves = now.slice();
    for (const [v, x] of data) leaves[seat.get(v)] = Number(x);
    setLeaves(leaves);
    passes.batch = null;
    keepFrame(label);
  }
  setLeaves(now);
  passes.batch = null;
  if (!tape.history.length) keepFrame("start");
  else setLeaves(state.frames[state.frame].leaves);
  film();
}
