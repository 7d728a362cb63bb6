// One step back from whatever changed the leaves.

import { film } from "../display/film.js";
import { say } from "../display/readouts.js";
import { engine } from "../model/graph.js";
import { changed, passes, state } from "../model/state.js";
import { leafValues, setLeaves } from "./frames.js";

/** So many changes can be taken back; of many leaves fewer. */
const MOST = Math.max(5, Math.min(60, Math.floor(1e6 / engine.leaves.length)));

/** Keep the leaves as they are, before they change; changes of one kind in a row are one. */
export function remember(kind) {
  const last = state.before[state.before.length - 1];
  if (last?.kind === kind && kind.startsWith("leaf")) return;
  if (state.before.length === MOST) state.before.shift();
  const { frames, frame, steps, sample } = state;
  state.before.push({
    kind,
    leaves: leafValues(),
    frames: frames.slice(),
    frame,
    steps,
    sample,
    edited: [...state.edited],
  });
}

/** Take the last change back. */
export function undo() {
  const last = state.before.pop();
  if (!last) return say("There is nothing to take back");
  state.frames = last.frames;
  state.frame = last.frame;
  state.steps = last.steps;
  state.sample = last.sample;
  state.edited = new Set(last.edited);
  setLeaves(last.leaves);
  passes.batch = null;
  film();
  changed();
  say(`Taken back: ${last.kind.startsWith("leaf") ? "a changed number" : last.kind}`);
}
