// Where something is wrong: a NaN or an infinity is born, a unit is dead, or saturated.

import { engine, numbness } from "./graph.js";

/** What is wrong with a node, in a word: "NaN", "∞", "dead", "saturated", or "". */
export function problemOf(v) {
  if (engine.fate(v) === "born") return Number.isNaN(engine.value[v]) ? "NaN" : "∞";
  return engine.op[v] < 0 ? "" : numbness(v);
}

/** The nodes with a problem: first where numbers are lost, then the dead, then the saturated. */
export function problems() {
  const rank = (v) => ["dead", "saturated"].indexOf(problemOf(v));
  return engine
    .nodes((v) => problemOf(v) !== "")
    .map((v) => [rank(v), v])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([, v]) => v);
}

/** How deep each node lies: on how many operations at most it rests. */
export function depths() {
  const depth = new Int32Array(engine.n);
  for (const v of engine.interior)
    for (let e = engine.start[v]; e < engine.start[v + 1]; e++)
      if (engine.operand[e] >= 0) depth[v] = Math.max(depth[v], depth[engine.operand[e]] + 1);
  return depth;
}
