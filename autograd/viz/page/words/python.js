// A node as a Python program.

import { engine, names, opOf, parentsOf, tape } from "../model/graph.js";

/** Python that computes this node's value and gradient from its operands. */
export function pythonOf(v) {
  const needed = [];
  const seen = new Set([engine.root]);
  for (let u = engine.root; u >= 0; u--)
    if (seen.has(u)) {
      needed.unshift(u);
      for (const p of parentsOf(u)) seen.add(p);
    }
  const python = (u) =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(names[u]) && names.indexOf(names[u]) === u ? names[u] : `v${u}`;
  const literal = (x) =>
    Number.isNaN(x) ? 'float("nan")' : Number.isFinite(x) ? String(x) : `float("${x > 0 ? "inf" : "-inf"}")`;
  const line = (u) => {
    if (engine.op[u] < 0) return `${python(u)} = Value(${literal(engine.value[u])}, label=${JSON.stringify(names[u])})`;
    const x = tape.operand
      .slice(engine.start[u], engine.start[u + 1])
      .map((p) => (p < 0 ? literal(engine.constant[-1 - p]) : python(p)));
    return `${python(u)} = table[${JSON.stringify(opOf(u).name)}](${x.join(", ")})`;
  };
  return [
    "from autograd import Value",
    "from autograd.primitives import table",
    "",
    ...needed.map(line),
    `${python(engine.root)}.backward()`,
    `print(${python(v)}.data, ${python(v)}.grad)`,
    "",
  ].join("\n");
}
