// The state of the page: what is chosen and shown, and the numbers that follow from it.
//
// It is written by the modules of actions/ (and the view by display/view.js). Whoever has changed something says
// `changed()`; whatever shows it has asked to `changed.hear`.

import { signal } from "../base/signal.js";
import { engine, tape } from "./graph.js";
import { samples } from "./samples.js";

/** So many edges are computed at once without being felt. */
const SOON = 400000;

/** The leaves that gradient descent changes. */
export const parameters = engine.leaves.filter((v) => tape.parameter[v]);

/** Operations of the forward pass. */
export const FORWARD = engine.interior.length;

/** Steps of both passes: the operations, ∂root/∂root = 1, and the products of the backward pass. */
export const STEPS = FORWARD + 1 + engine.backwardEdges.length;

/** Few leaves are listed in order, of many the steepest first. */
export const FEW = engine.leaves.length <= 60;

/** What is chosen and shown. There are these fields and no others. */
export const state = Object.seal({
  step: STEPS, // how far the walk through the passes has come
  mode: "passes", // what the controls move through: "passes" or "training"
  playing: 0, // a timer, or 0
  selected: -1, // a node, or −1
  view: { group: -1, depth: 0 }, // as display/boxes.js makes it
  pinned: null, // the values and gradients of a pass to compare with
  differences: false, // whether the drawing shows them
  practising: false,
  answered: new Set(), // the nodes whose gradient was found in practice
  docked: false, // whether someone chose where the panel is
  locals: null, // whether local derivatives stand on the edges; null: if there is room
  frames: [], // of the training: label, leaves, loss, step
  steps: 0, // of gradient descent that were made
  running: 0, // a timer, or 0
  before: [], // what can be taken back
  sample: 0, // which of the samples is looked at
  unit: "product", // what a step of the walk is: a "product", a "node" or a "layer"
  pace: 1, // how fast it plays
  shown: new Set(), // the nodes whose gradient was asked to be shown in practice
  hinted: new Set(), // and those with a hint
  opened: "", // the view that the page opened with
  frame: 0,
  question: "leaves", // what the panel answers when no node is chosen: "leaves", "matters" or "vanish"
  sorting: FEW ? "order" : "gradient", // of the leaves: "order", "gradient" or "influence"
  filter: "", // which of them are listed
  delta: 0.1, // how far the chosen number moves in thought
  edited: new Set(), // the leaves that were changed by hand
});

/** The numbers that follow from the leaves and from the step of the walk. */
export const passes = Object.seal({
  grad: null, // ∂root/∂node when the backward pass is done
  partial: null, // the same as far as the walk has come,
  reported: null, // and how many terms each is the sum of
  batch: null, // the loss and the gradient over all samples, where that is known
  version: 0, // counts what was computed anew
  top: 0, // the size of the largest gradient as a power of ten
});

/** Said when something that is shown has changed. */
export const changed = signal();

/** Everything that follows from the leaves' values; `batch`, what follows for all samples, if that is known already. */
export function recompute(batch = null) {
  const soon = samples && samples.rows.length * engine.edges < SOON;
  passes.batch = batch ?? (soon ? engine.batch(samples, parameters) : null);
  passes.version++;
  engine.forward();
  const whole = engine.backward();
  passes.grad = whole.grad;
  let largest = 0;
  for (const g of passes.grad) if (Number.isFinite(g)) largest = Math.max(largest, Math.abs(g));
  passes.top = largest ? Math.ceil(Math.log10(largest)) : 0;
  if (state.step < STEPS) replay();
  else Object.assign(passes, { partial: whole.grad, reported: whole.reported });
}

/** The loss and the gradient over all samples. */
export function overAll() {
  return (passes.batch ??= engine.batch(samples, parameters));
}

/** The passes as far as the walk has come. */
export function replay() {
  const { grad, reported } = engine.backward(Math.max(0, state.step - FORWARD - 1));
  passes.partial = grad;
  passes.reported = reported;
}

/** Where the controls are. */
export const position = () => (state.mode === "passes" ? state.step : state.frame);

/** How far they go. */
export const length = () => (state.mode === "passes" ? STEPS : state.frames.length - 1);
