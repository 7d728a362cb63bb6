// The groups that nodes stand in, one inside the other: a network, its layers, their neurons.

import { engine, names, tape } from "./graph.js";

/** Each { name, kind, parent }, the parent −1 for those that stand in no other. */
export const groups = tape.groups || [];

/** The innermost group of each node, or −1. */
export const groupOf = tape.group || names.map(() => -1);

/** The groups around a node, the outermost first. */
export function chain(v) {
  const around = [];
  for (let g = groupOf[v]; g >= 0; g = groups[g].parent) around.unshift(g);
  return around;
}

/** The nodes of a group; all of them for −1. */
export function within(g) {
  return engine.nodes((v) => g < 0 || chain(v).includes(g));
}

/** The groups around a group, the outermost first. */
export function ancestors(g) {
  const above = [];
  for (let a = groups[g].parent; a >= 0; a = groups[a].parent) above.unshift(a);
  return above;
}

/** How many levels of groups lie under a group, and so how many depths there are to choose from. */
export function levelsUnder(g) {
  let most = 0;
  for (const v of within(g)) {
    const around = chain(v);
    most = Math.max(most, around.length - (g < 0 ? 0 : around.indexOf(g) + 1));
  }
  return most;
}

/** What a module is one of: layers.0.neurons.2 is one of the neurons. */
export function attributeOf(group) {
  return group.kind === "module" ? (/([^.[]+)[.[]\d+\]?$/.exec(group.name)?.[1] ?? "module") : group.kind;
}
