// Why a gradient is what it is, as `explain` says it: a product of factors from the root down to the node.
//
// The chain rule multiplies along a way and adds over ways. So the product runs over the nodes that every way passes;
// between two of them stands one local derivative, or the sum over the ways there are. Nodes without a name that only
// scale or add are passed over, with the formulas that Python found for them (shortcuts.py).

import { engine, opOf, tape } from "../model/graph.js";
import { moved } from "../model/given.js";
import { passes } from "../model/state.js";
import { filled, formula, localFormula, ratio } from "./formulas.js";

const FEW_WAYS = 4,
  FEW_FACTORS = 12;

const shortcut = new Map((tape.shortcuts ?? []).map((cut) => [cut.use * engine.n + cut.of, cut]));

let last = { v: -2 };

/** The nodes on ways from v to the root, as marks: v, the root, and all between; they are shared, and not to be changed. */
export function onTheWay(v) {
  if (last.v !== v) last = { v, on: marks(v) };
  return last.on;
}

function marks(v) {
  const on = new Uint8Array(engine.n);
  if (v < 0 || !engine.reached[v]) return on;
  on[v] = 1;
  for (let u = v + 1; u < engine.n; u++) {
    if (!engine.reached[u]) continue;
    for (let e = engine.start[u]; e < engine.start[u + 1]; e++)
      if (engine.flows[e] && on[engine.operand[e]]) {
        on[u] = 1;
        break;
      }
  }
  return on;
}

/** The links between v and the root, over nodes that are passed: for each node what it is computed from, and ∂ there. */
function linksTo(v) {
  const on = onTheWay(v),
    below = new Map();
  for (let u = v; u < engine.n; u++) {
    if (!on[u]) continue;
    const down = new Map();
    for (let e = u === v ? engine.start[u + 1] : engine.start[u]; e < engine.start[u + 1]; e++) {
      const x = engine.operand[e];
      if (!engine.flows[e] || !on[x]) continue;
      const link = down.get(x);
      if (link) ((link.value += engine.local[e]), link.edges.push(e));
      else down.set(x, { use: u, of: x, value: engine.local[e], edges: [e], cut: null });
    }
    below.set(u, down);
  }
  if (shortcut.size && !moved().length) passOver(v, below); // plain numbers are written out in those formulas
  return below;
}

function passOver(v, below) {
  const passed = new Set();
  const through = (u, found, factor) => {
    for (const [x, link] of below.get(u)) {
      if (passed.has(x)) through(x, found, factor * link.value);
      else found.set(x, (found.get(x) ?? 0) + factor * link.value);
    }
    return found;
  };
  const users = new Map();
  for (const [u, down] of below) for (const x of down.keys()) (users.get(x) ?? users.set(x, []).get(x)).push(u);
  // A node is passed over if each way over it, from a use to what it is computed from, has a formula; the uses first.
  const candidates = new Set();
  for (const { use, of } of shortcut.values()) {
    const on = marks(of);
    if (below.has(use) && below.has(of))
      for (let u = of + 1; u < use; u++) if (on[u] && below.has(u)) candidates.add(u);
  }
  for (const u of candidates) if (u !== v && u !== engine.root) passed.add(u);
  for (let dropped = true; dropped;) {
    dropped = false;
    for (const [u, down] of below) {
      if (passed.has(u)) continue;
      const reached = new Map();
      for (const x of down.keys()) if (passed.has(x)) through(x, reached, down.get(x).value);
      for (const x of reached.keys())
        if (!shortcut.has(u * engine.n + x) || (down.has(x) && !passed.has(x))) {
          for (const p of [...passed])
            if (p > x && p < u && reaches(u, p, x, below, passed)) dropped = passed.delete(p);
        }
    }
  }
  if (!passed.size) return;
  for (const [u, down] of [...below]) {
    if (passed.has(u)) continue;
    const reached = new Map();
    for (const [x, link] of [...down])
      if (passed.has(x)) {
        through(x, reached, link.value);
        down.delete(x);
      }
    for (const [x, value] of reached)
      down.set(x, { use: u, of: x, value, edges: [], cut: shortcut.get(u * engine.n + x) });
  }
  for (const u of passed) below.delete(u);
}

/** Whether p lies on a way from u to x over passed nodes alone. */
function reaches(u, p, x, below, passed) {
  const down = (from, to) =>
    [...below.get(from).keys()].some((y) => y === to || (passed.has(y) && y > to && down(y, to)));
  return down(u, p) && down(p, x);
}

/**
 * The factors of ∂root/∂v, from the root down: links { use, of, value }, and where ways part forks { use, of, value,
 * ways, count } with the ways as lists of links, the largest first; empty where no gradient flows.
 */
export function factorsOf(v) {
  if (v === engine.root || !engine.reached[v]) return [];
  const below = linksTo(v),
    order = [...below.keys()].sort((a, b) => a - b),
    uses = new Map(order.map((u) => [u, 0]));
  for (const down of below.values()) for (const x of down.keys()) uses.set(x, uses.get(x) + 1);
  const met = []; // places in the order
  let open = 0;
  for (let k = order.length - 1; k >= 0; k--) {
    const u = order[k];
    if (open === uses.get(u)) met.push(k);
    open += below.get(u).size - uses.get(u);
  }
  return met.slice(1).map((low, k) => {
    const [of, use] = [order[low], order[met[k]]],
      between = order.slice(low + 1, met[k]);
    return between.length ? fork(use, of, between, below) : below.get(use).get(of);
  });
}

function fork(use, of, between, below) {
  const size = (way) => (Number.isNaN(way.value) ? Infinity : Math.abs(way.value));
  const best = new Map([[of, [{ value: 1, link: null, rest: null }]]]),
    sum = new Map([[of, 1]]),
    count = new Map([[of, 1]]);
  for (const u of [...between, use]) {
    const found = [];
    let [total, ways] = [0, 0];
    for (const [x, link] of below.get(u)) {
      total += link.value * sum.get(x);
      ways += count.get(x);
      for (const rest of best.get(x)) found.push({ value: link.value * rest.value, link, rest });
    }
    sum.set(u, total);
    count.set(u, ways);
    best.set(u, found.sort((a, b) => size(b) - size(a)).slice(0, FEW_WAYS));
  }
  const ways = best.get(use).map((way) => {
    const links = [];
    for (let w = way; w.link; w = w.rest) links.push(w.link);
    return { value: way.value, links };
  });
  const factors = ways.reduce((n, way) => n + way.links.length, 0);
  const all = count.get(use) === ways.length && factors <= FEW_FACTORS;
  return { use, of, value: use === engine.root ? passes.grad[of] : sum.get(use), ways, count: count.get(use), all };
}

/** A factor as a formula: the local derivative of a link, the derivative itself where ways part. */
export function factorFormula(factor, notation = "mathml") {
  if (factor.ways) return ratio(factor.use, factor.of, notation);
  const { cut, edges } = factor;
  if (cut) return filled(cut.local, cut.of_local, notation);
  const parts = edges.map((e) => localFormula(e, notation) || ratio(factor.use, factor.of, notation));
  if (parts.every((part) => part === parts[0]) && parts.length > 1) {
    const part = isSum(edges[0]) ? { text: `(${parts[0]})`, latex: `\\left(${parts[0]}\\right)` }[notation] : null;
    return notation === "mathml"
      ? `<mn>${parts.length}</mn><mo>·</mo>${parts[0]}`
      : `${parts.length}·${part ?? parts[0]}`;
  }
  return parts.join(notation === "mathml" ? "<mo>+</mo>" : " + ");
}

const isSum = (e) => standsAlone(localFormula(e, "text"));

/** Whether a formula of a factor needs parentheses in a product. */
export function standsAlone(text) {
  let depth = 0;
  for (let k = 0; k < text.length; k++) {
    if (text[k] === "(") depth++;
    else if (text[k] === ")") depth--;
    else if (!depth && (text[k] === "+" || text[k] === "−") && (k === 0 || text[k - 1] === " ")) return true;
  }
  return false;
}

/** The formula that a use is computed by, as the explanation of one of its links writes it. */
export function definition({ use, cut }, notation = "mathml") {
  return cut ? filled(cut.formula, cut.of_formula, notation) : formula(use, notation);
}

/** The names of the primitives that a factor's local derivative is of. */
export function ruleOf({ use, cut }) {
  return cut ? "" : (opOf(use)?.name ?? "");
}
