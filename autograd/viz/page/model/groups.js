// The groups that nodes stand in, one inside the other: a network, its layers, their neurons, and parts of what is many.

import { engine, names, tape } from "./graph.js";

/** More than this many things side by side are rolled up into parts; an array of leaves into fewer. */
const MANY = 100,
  MANY_LEAVES = 400,
  PARTS = 14;

/** Each { name, kind, parent }, the parent −1 for those that stand in no other. */
export const groups = (tape.groups || []).map((group) => ({ ...group }));

/** The innermost group of each node, or −1. */
export const groupOf = Int32Array.from(tape.group || names.map(() => -1));

/** An array of leaves, whose boxes stand in a grid. */
export function isArray(g) {
  return g >= 0 && ["weights", "inputs"].includes(groups[g].kind);
}

rollUp();

/** The groups around each group, itself the last, and for each node those around it; shared, and not to be changed. */
const lines = [];
groups.forEach((_, g) => line(g));

function line(g) {
  return g < 0 ? [] : (lines[g] ||= [...line(groups[g].parent), g]);
}

/** The groups around a node, the outermost first. */
export function chainOf(v) {
  return line(groupOf[v]);
}

/** The nodes of a group; all of them for −1. */
export function within(g) {
  if (g < 0) return engine.nodes(() => true);
  const inside = groups.map((_, h) => line(h).includes(g));
  return engine.nodes((v) => groupOf[v] >= 0 && inside[groupOf[v]]);
}

/** The groups around a group, the outermost first. */
export function ancestors(g) {
  return line(g).slice(0, -1);
}

/** How many levels of groups lie under a group, and so how many depths there are to choose from. */
export function levelsUnder(g) {
  const at = line(g).length;
  let most = 0;
  for (let v = 0; v < engine.n; v++) {
    const around = chainOf(v);
    if (around.length - at > most && (g < 0 || around[at - 1] === g)) most = around.length - at;
  }
  return most;
}

/** How many boxes a group has at a depth. */
export function countAt(g, depth) {
  const at = line(g).length,
    seen = new Uint8Array(groups.length);
  let count = 0;
  for (let v = 0; v < engine.n; v++) {
    const around = chainOf(v);
    if (g >= 0 && around[at - 1] !== g) continue;
    const h = around.length > at + depth ? around[at + depth] : -1;
    if (h < 0) count++;
    else if (!seen[h]) ((seen[h] = 1), count++);
  }
  return count;
}

/** What a module is one of: layers.0.neurons.2 is one of the neurons. */
export function attributeOf(group) {
  return group.kind === "module" ? (/([^.[]+)[.[]\d+\]?$/.exec(group.name)?.[1] ?? "module") : group.kind;
}

/**
 * Where many nodes or groups stand side by side, parts around those that follow each other in the order of computation.
 *
 * A piece of that order never feeds an earlier one, so the parts can be drawn from left to right. Each ends, near
 * equal shares, where the fewest numbers are still needed: between two blocks of a network, or two samples.
 */
function rollUp() {
  const given = groups.length,
    first = new Int32Array(given).fill(-1),
    items = new Map(),
    add = (g, item) => (items.get(g) ?? items.set(g, []).get(g)).push(item);
  for (let v = 0; v < engine.n; v++) {
    add(groupOf[v], { node: v, group: -1, name: names[v] });
    for (let g = groupOf[v]; g >= 0 && first[g] < 0; g = groups[g].parent) {
      first[g] = v;
      add(groups[g].parent, { node: v, group: g, name: groups[g].name });
    }
  }
  for (const [g, many] of items) if (many.length > (isArray(g) ? MANY_LEAVES : MANY)) divide(g, many, needed(g, many));
}

/** How many numbers that were computed before each item of a group are needed by it or later ones. */
function needed(g, items) {
  const seat = new Int32Array(engine.n).fill(-1),
    place = new Map();
  items.forEach((item, k) => (item.group < 0 ? (seat[item.node] = k) : place.set(item.group, k)));
  if (place.size)
    for (let v = 0; v < engine.n; v++)
      for (let h = groupOf[v]; h >= 0 && seat[v] < 0; h = groups[h].parent) if (place.has(h)) seat[v] = place.get(h);
  const change = new Int32Array(items.length + 1);
  for (let v = 0; v < engine.n; v++) {
    let last = seat[v];
    if (last >= 0 && engine.op[v] >= 0) {
      for (const e of engine.uses[v]) last = Math.max(last, seat[engine.user[e]]);
      (change[seat[v] + 1]++, change[last + 1]--);
    }
  }
  for (let k = 1; k < change.length; k++) change[k] += change[k - 1];
  return change;
}

function divide(parent, items, live, from = 0, to = items.length) {
  const parts = Math.max(2, Math.min(PARTS, Math.ceil((to - from) / 25))),
    share = (to - from) / parts,
    kind = isArray(parent) ? groups[parent].kind : "part";
  let begin = from;
  for (let k = 1; k <= parts; k++) {
    let end = k < parts ? Math.round(from + k * share) : to;
    const middle = end,
      room = Math.floor(share / 2);
    if (k < parts)
      for (let c = Math.max(begin + 1, middle - room); c <= Math.min(to - 1, middle + room); c++)
        if (live[c] < live[end] || (live[c] === live[end] && Math.abs(c - middle) < Math.abs(end - middle))) end = c;
    if (end <= begin) continue;
    const name = begin + 1 < end ? `${items[begin].name} … ${items[end - 1].name}` : items[begin].name,
      part = groups.push({ name, kind, parent }) - 1;
    for (let i = begin; i < end; i++)
      if (items[i].group < 0) groupOf[items[i].node] = part;
      else groups[items[i].group].parent = part;
    if (end - begin > MANY) divide(part, items, live, begin, end);
    begin = end;
  }
}
