// The derivation of a gradient as LaTeX.

import { engine } from "../model/graph.js";
import { passes } from "../model/state.js";
import { formula, named, numeral, parenthesised, ratio } from "./formulas.js";

/** The derivation of ∂root/∂v as LaTeX: the sum over its uses, symbols first, then numbers. */
export function derivation(v) {
  const terms = engine.uses[v].filter((e) => engine.flows[e] && engine.reached[engine.user[e]]);
  const left = ratio(engine.root, v, "latex");
  if (v === engine.root) return `${left} &= 1`;
  if (!terms.length) return `${left} &= 0 \\quad\\text{(no gradient flows)}`;
  const signs = (numbers) =>
    terms.map((e) => {
      const u = engine.user[e];
      if (!numbers) return `${ratio(engine.root, u, "latex")} \\cdot ${ratio(u, v, "latex")}`;
      const factor = (x) => (x < 0 ? parenthesised(numeral(x, "latex"), "latex") : numeral(x, "latex"));
      return `${factor(passes.grad[u])} \\times ${factor(engine.local[e])}`;
    });
  return `${left} &= ${signs(false).join(" + ")} \\\\\n&= ${signs(true).join(" + ")} = ${numeral(passes.grad[v], "latex")}`;
}

/** The derivation along the heaviest path, from the root down to v. */
export function wholeDerivation(v) {
  const path = engine.paths(v, 1).paths[0];
  const nodes = [
    engine.root,
    ...(path
      ? path.edges
          .slice()
          .reverse()
          .map((e) => engine.operand[e])
      : []),
  ];
  const used = [...new Set([...nodes, v])].slice(0, 40);
  const values = used
    .filter((u) => engine.op[u] >= 0)
    .map((u) => `${named(u, "latex")} &= ${formula(u, "latex")} = ${numeral(engine.value[u], "latex")}`);
  return `\\begin{aligned}\n${[...values, ...used.map(derivation)].join(" \\\\\n")}\n\\end{aligned}`;
}
