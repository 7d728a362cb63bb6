// What is known at the step that the walk has come to.

import { engine } from "./graph.js";
import { FORWARD, passes, state, STEPS } from "./state.js";

/** The step at which a node's value is there, and the product of the backward pass that an edge is. */
const rank = new Int32Array(engine.n);
const edgeRank = new Int32Array(engine.edges);
engine.interior.forEach((v, k) => (rank[v] = k + 1));
engine.backwardEdges.forEach((e, k) => (edgeRank[e] = k + 1));

/** The edge of the backward pass, or the node of the forward pass, that the walk has just done. */
export function lit(step = state.step) {
  if (step > FORWARD + 1) {
    const edge = engine.backwardEdges[step - FORWARD - 2];
    return { edge, node: engine.user[edge], operand: engine.operand[edge] };
  }
  if (step === FORWARD + 1) return { edge: -1, node: engine.root, operand: engine.root };
  return { edge: -1, node: step ? engine.interior[step - 1] : -1, operand: -1 };
}

/** Whether the walk has not come to its end. */
export function walking() {
  return state.step < STEPS;
}

/** Whether the walk has done an edge of the backward pass. */
export function passed(e) {
  return edgeRank[e] <= state.step - FORWARD - 1;
}

/** What is known of a node's gradient: "none" flows, "later", "partial" or "final". */
export function stage(v) {
  if (!engine.reached[v]) return "none";
  if (state.step <= FORWARD) return "later";
  if (v === engine.root || passes.reported[v] === engine.reports[v]) return "final";
  return passes.reported[v] ? "partial" : "later";
}

/** Whether a node's value is there. */
export function known(v) {
  return engine.op[v] < 0 || rank[v] <= state.step;
}

/** Whether the walk has not come to a gradient yet: then what it will be is not told anywhere. */
export function withheld(v) {
  return walking() && engine.reached[v] === 1 && stage(v) !== "final";
}

/** Whether a gradient is kept back, to be asked for. */
export function hidden(v) {
  return state.practising && v !== engine.root && engine.reached[v] && !state.answered.has(v);
}
