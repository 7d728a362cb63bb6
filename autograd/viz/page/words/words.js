// What is said of a node: its caption, its gradient as the walk has it, and the sentence that is read aloud.

import { short, signed } from "../base/numerals.js";
import { engine, kindOf, names, numbness, opOf, parentsOf, tape } from "../model/graph.js";
import { hidden, known, lit, stage } from "../model/progress.js";
import { FORWARD, passes, state, STEPS } from "../model/state.js";

/** What a box says a node does: its symbol, with a constant operand in its place. */
export function caption(v) {
  const op = opOf(v);
  if (!op) return "";
  const operands = tape.operand.slice(engine.start[v], engine.start[v + 1]);
  if (operands.length === 2 && operands.some((x) => x < 0)) {
    const [a, b] = operands.map((x) => (x < 0 ? short(engine.constant[-1 - x]) : ""));
    const infix = op.name === "pow" ? "^" : op.symbol;
    return `${a} ${infix} ${b}`.trim();
  }
  return op.name === "dot" ? products(operands) : op.symbol;
}

/** What a sum of products is of: weights and inputs, squares, or any two things. */
function products(operands) {
  const half = operands.length >> 1,
    [first, second] = [operands.slice(0, half), operands.slice(half, 2 * half)];
  if (first.every((x, k) => x === second[k])) return half > 1 ? "Σ x²" : "x²";
  const leaf = (x) => x >= 0 && engine.op[x] < 0;
  return first.some(leaf) || second.every(leaf) ? "w·x + b" : "Σ a·b"; // y·z of a cross-entropy is no neuron
}

/** The gradient of a node as the walk has it, in a word. */
export function gradientText(v) {
  if (hidden(v)) return "?";
  switch (stage(v)) {
    case "none":
      return "no flow";
    case "later":
      return "—";
    case "partial":
      return `${signed(passes.partial[v])} + …`;
  }
  const just = state.step > FORWARD && state.step < STEPS && lit().operand === v;
  return just && engine.reports[v] > 1 ? `= ${signed(passes.partial[v])}` : signed(passes.partial[v]);
}

/** The gradient of a node for ears. */
export function spokenGradient(v) {
  if (hidden(v)) return "hidden";
  return {
    none: "none flows here",
    later: "not computed yet",
    partial: `so far ${short(passes.partial[v])}`,
    final: short(passes.partial[v]),
  }[stage(v)];
}

/** A node's name for ears: "h3, tanh of z3, value 0.62, gradient −0.018". */
export function sentence(v) {
  const op = opOf(v);
  const from = op ? parentsOf(v).map((u) => names[u]) : [];
  const what = op
    ? `${op.name} of ${from.slice(0, 4).join(", ")}${from.length > 4 ? ` and ${from.length - 4} more` : ""}`
    : kindOf(v);
  const value = known(v) ? short(engine.value[v]) : "not computed yet";
  const fate =
    known(v) && engine.fate(v) === "born" ? `, ${Number.isNaN(engine.value[v]) ? "NaN" : "infinity"} arises here` : "";
  const gradient = spokenGradient(v);
  const numb = numbness(v);
  return `${names[v]}, ${v === engine.root ? "the root, " : ""}${what}, value ${value}${fate}, gradient ${gradient}${numb ? `, ${numb}` : ""}`;
}

/** layers.0.neurons.2.w[1] is w[1] for short: its box stands in its neuron. */
export function shortName(v) {
  return /^\w[\w.[\]]*\.([A-Za-z_]\w*(\[\d+\])*)$/.exec(names[v])?.[1] ?? names[v];
}
