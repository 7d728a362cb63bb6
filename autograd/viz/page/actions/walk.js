// Walking through the passes, and through the frames of a training.

import { $ } from "../base/dom.js";
import { film } from "../display/film.js";
import { drawing } from "../display/stage.js";
import { boxAt, openView } from "../display/view.js";
import { ancestors, chainOf } from "../model/groups.js";
import { lit, walking } from "../model/progress.js";
import { changed, FORWARD, length, position, replay, state, STEPS } from "../model/state.js";
import { toFrame } from "./frames.js";

/** Go to a step of the passes, or to a frame of the training. */
export function go(step) {
  if (state.mode === "training") return toFrame(step);
  state.step = Math.min(STEPS, Math.max(0, step));
  replay();
  changed();
  follow();
}

/** Bring what the walk has just done into sight, with the part of the graph it stands in. */
function follow() {
  const now = lit(),
    at = now.operand >= 0 ? now.operand : now.node;
  if (!walking() || at < 0) return;
  const { group, depth, focus } = state.view,
    box = boxAt(at);
  if (focus !== undefined && !box) openView({ group, depth, focus: at }, false);
  else if (!box || (box.ghost && box.group >= 0)) openView({ group: beside(group, at), depth }, false);
  drawing.reveal(boxAt(at));
}

/** The group of a node that lies as deep as another group. */
function beside(group, v) {
  const around = chainOf(v);
  return around[Math.min(group < 0 ? 0 : ancestors(group).length + 1, around.length) - 1] ?? -1;
}

/** On, or back, until another box of the view is at work. */
export function leap(by) {
  if (state.mode === "training") return go(state.frame + 10 * by);
  const at = (step) => state.view.where[lit(step).node] ?? -1;
  let step = state.step + by;
  while (step > 0 && step < STEPS && at(step + by) === at(step)) step += by;
  go(step);
}

/** A step on or back: a product, all products of a node, or all of a layer: a column of the drawing. */
export function advance(by) {
  if (state.mode === "training" || state.unit === "product") return go(position() + by);
  if (state.unit === "layer") return go(throughLayer(by));
  let step = state.step + by;
  const node = lit(step).node;
  while (step > 0 && step < STEPS && lit(step + by).node === node) step += by;
  go(step);
}

/** The step at which the next column of the drawing is done: forward they lie further on each, backward further back. */
function throughLayer(by) {
  const { boxes, where } = state.view,
    column = (step) => boxes[where[lit(step).node] ?? -1]?.rank ?? -1,
    backward = (step) => step > FORWARD;
  let step = state.step + by,
    at = column(step);
  for (; step > 0 && step < STEPS; step += by) {
    const next = column(step + by);
    if (backward(step + by) !== backward(step)) break;
    if (at < 0) at = next;
    else if (next >= 0 && (backward(step) === by > 0 ? next < at : next > at)) break;
  }
  return step;
}

/** Choose what a step is. */
export function stepBy(unit) {
  state.unit = unit;
}

/** Choose how fast it plays. */
export function playAt(pace) {
  state.pace = pace;
}

/** How long a step takes at the chosen speed, in milliseconds; the film of a training takes some twenty seconds. */
function pause() {
  const whole = { product: 700, node: 800, layer: 1100 }[state.unit];
  return (state.mode === "training" ? Math.max(40, Math.min(700, 24000 / Math.max(1, length()))) : whole) / state.pace;
}

/** Play or pause. */
export function play(on = !state.playing) {
  clearTimeout(state.playing);
  state.playing = 0;
  $("play").textContent = on ? "Pause" : "Play";
  if (!on) return;
  if (position() >= length()) go(0);
  const tick = () => {
    advance(1);
    if (position() >= length()) play(false);
    else state.playing = setTimeout(tick, pause());
  };
  state.playing = setTimeout(tick, pause());
}

/** Let the controls move through the "passes" or through the "training". */
export function mode(to) {
  play(false);
  state.mode = to;
  state.step = STEPS;
  replay();
  film();
  $("time").max = length();
  $("time").setAttribute("aria-label", to === "passes" ? "Step of the passes" : "Frame of the training");
  $("turn").style.display = to === "passes" ? "" : "none";
  changed();
}
