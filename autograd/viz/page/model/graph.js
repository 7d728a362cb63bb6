// The graph that is shown, as Python wrote it down, and what can be asked of a node and its neighbours.

import { $ } from "../base/dom.js";
import { Engine } from "./engine.js";
import { PRIMITIVES } from "./primitives.js";

/** The document as it came, which "Save the page" starts from: read before anything in it is changed. */
export const pristine = document.documentElement.cloneNode(true);

/** What Python wrote: see `tape` in tape.py. */
export const tape = JSON.parse($("data").textContent);

/** Its values and gradients, as the leaves are now. */
export const engine = new Engine(tape, PRIMITIVES);

/** The name of each node. */
export const names = tape.name;

/** A node's operation { name, symbol, flat }; null for a leaf. */
export function opOf(v) {
  return engine.op[v] < 0 ? null : tape.ops[engine.op[v]];
}

/** What a node is in the graph, which is also a class of CSS. */
export function kindOf(v) {
  if (v === engine.root) return "root";
  return engine.op[v] >= 0 ? "operation" : tape.parameter[v] ? "parameter" : "input";
}

/** The nodes that a node is computed from, each once. */
export function parentsOf(v) {
  if (v < 0) return [];
  return [...new Set(tape.operand.slice(engine.start[v], engine.start[v + 1]).filter((x) => x >= 0))];
}

/** The nodes that are computed from it, each once. */
export function usersOf(v) {
  return [...new Set(engine.uses[v].map((e) => engine.user[e]))];
}

/** A unit that hardly passes its gradient on: "dead" at a slope of 0, "saturated" near it. */
export function numbness(v) {
  const edges = [];
  for (let e = engine.start[v]; e < engine.start[v + 1]; e++) if (engine.flows[e]) edges.push(e);
  if (edges.length !== 1 || !opOf(v).flat) return "";
  const slope = Math.abs(engine.local[edges[0]]);
  return slope === 0 ? "dead" : slope < tape.nearlyFlat ? opOf(v).flat : "";
}
