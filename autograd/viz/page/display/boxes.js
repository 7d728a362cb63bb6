// Which boxes stand for which nodes, in a group or around a node.

import { cut } from "../base/labels.js";
import { engine, kindOf, names, parentsOf, tape, usersOf } from "../model/graph.js";
import { given, titleOf } from "../model/given.js";
import { ancestors, chainOf, groups, isArray, within } from "../model/groups.js";
import { state } from "../model/state.js";
import { caption, shortName } from "../words/words.js";

/** The boxes of a view { group, depth, focus, extra } and the links between them; `where` has the box of each node, or −1. */
export function boxesOf(view) {
  const boxes = [],
    at = new Map(),
    where = new Int32Array(engine.n).fill(-1);
  const inside = new Uint8Array(engine.n),
    beside = new Uint8Array(engine.n);
  for (const v of within(view.group)) inside[v] = 1;
  const open = view.group < 0 ? [] : [...ancestors(view.group), view.group];
  const seat = (v, ghost) => {
    const around = chainOf(v).filter((g) => !open.includes(g));
    const g = ghost ? (around[0] ?? -1) : around.length > view.depth ? around[view.depth] : -1;
    const key = g >= 0 ? `g${g}` : `n${v}`;
    if (!at.has(key)) {
      at.set(key, boxes.length);
      boxes.push({ id: key, group: g, nodes: [], ghost });
    }
    where[v] = at.get(key);
    boxes[where[v]].nodes.push(v);
  };
  const shown = focusNodes(view);
  const lists = shown ? [] : given.filter(({ users }) => users.some((v) => inside[v]));
  for (const list of lists) boxes.push(plainBox(list));
  for (let v = 0; v < engine.n; v++) if (inside[v] && (!shown || shown.has(v))) seat(v, false);
  if (!isArray(view.group))
    for (let e = 0; e < engine.edges; e++) {
      const from = engine.operand[e],
        to = engine.user[e];
      if (from >= 0 && inside[from] !== inside[to]) beside[inside[from] ? to : from] = 1;
    }
  for (let v = 0; v < engine.n; v++) if (beside[v]) seat(v, true);
  const links = new Map();
  for (let e = 0; e < engine.edges; e++) {
    const from = engine.operand[e] < 0 ? -1 : where[engine.operand[e]],
      to = where[engine.user[e]];
    if (from < 0 || to < 0 || from === to || (boxes[from].ghost && boxes[to].ghost)) continue;
    const key = from * boxes.length + to;
    if (!links.has(key)) links.set(key, { from, to, edges: [] });
    links.get(key).edges.push(e);
  }
  lists.forEach(({ users }, from) => {
    for (const to of new Set(users.map((v) => where[v])))
      if (to >= 0) links.set(`${from} ${to}`, { from, to, edges: [] });
  });
  boxes.forEach((box, i) => box.given || dress(box, i, where));
  if (shown)
    for (const box of boxes) {
      box.before = parentsOf(box.node ?? -1).filter((u) => where[u] < 0).length;
      box.after = box.node === undefined ? 0 : usersOf(box.node).filter((u) => where[u] < 0).length;
    }
  const roomy = state.locals ?? links.size <= 14; // so that a local derivative fits on each edge
  return { ...view, roomy, boxes, links: [...links.values()], where };
}

/** So many plain numbers stand in their box; more are squares, and a square of them the picture that it is. */
const FEW_NUMBERS = 5;

/** A list of plain numbers: a box without a node. */
function plainBox(list) {
  const k = given.indexOf(list),
    count = list.names.length,
    few = count <= FEW_NUMBERS;
  return {
    ...{ id: `x${k}`, given: list, place: k, group: -1, nodes: [], outputs: [], ghost: false, kind: "input given" },
    title: titleOf(list),
    cells: few ? undefined : list.names,
    rows: few ? count : 0,
  };
}

/** What is near a node: some steps around it, its heaviest path to the root, and what was asked for besides. */
function focusNodes(view) {
  if (view.focus === undefined) return null;
  const near = new Set([view.focus, ...(view.extra ?? [])]);
  let edge = [view.focus];
  for (let steps = 0; steps < 12 && (steps < 2 || near.size < 30); steps++) {
    edge = edge.flatMap((v) => [...parentsOf(v).slice(0, 12), ...usersOf(v).slice(0, 12)]).filter((v) => !near.has(v));
    for (const v of edge) if (near.size < 60) near.add(v);
  }
  const path = engine.paths(view.focus, 1).paths[0];
  for (const e of path ? path.edges.slice(-12) : []) near.add(engine.user[e]);
  near.add(engine.root);
  return near;
}

/** The neighbours of a box that are not shown: what its "… 3" stands for. */
export function hiddenBeside(box, where, before) {
  return (before ? parentsOf : usersOf)(box.node).filter((u) => where[u] < 0);
}

/** How many groups stand in a group, those in its parts included. */
function innerOf(g) {
  let count = 0;
  groups.forEach(({ parent, kind }, h) => {
    if (parent === g) count += kind === "part" ? innerOf(h) : Number(kind !== "weights");
  });
  return count;
}

/** A box's fixed words. */
function dress(box, place, where) {
  if (box.group >= 0) {
    const group = groups[box.group];
    const inner = innerOf(box.group);
    const leaves = (v) => v === engine.root || engine.uses[v].some((e) => where[engine.user[e]] !== place);
    box.title = cut(group.name, 22);
    box.outputs = box.nodes.filter(leaves);
    box.parameters = box.nodes.filter((v) => tape.parameter[v]);
    box.neuron = !box.ghost && group.kind !== "part" && box.outputs.length === 1 && box.parameters.length > 0 && !inner;
    box.kind = box.ghost ? "ghost group" : "group";
    const last = box.outputs[box.outputs.length - 1];
    box.caption =
      box.ghost || box.neuron || group.kind === "part"
        ? ""
        : `${last === undefined || engine.op[last] < 0 ? "" : cut(caption(last), 14)}${inner > 1 ? ` ×${inner}` : ""}`;
    if (box.neuron && box.outputs.length === 1) box.title = names[last];
    else if (!box.ghost)
      box.note =
        box.parameters.length && group.kind !== "part"
          ? `${box.parameters.length} parameter${box.parameters.length > 1 ? "s" : ""}`
          : `${box.nodes.length} nodes`;
    if (!box.ghost && box.outputs.length > 1) box.cells = box.outputs.slice(0, group.kind === "part" ? 60 : 1024);
  } else {
    const v = box.nodes[0];
    box.node = v;
    box.leaf = engine.op[v] < 0;
    box.title = cut(shortName(v));
    box.caption = box.ghost ? "" : cut(caption(v), 14);
    box.changing = given.some(({ users }) => users.includes(v)); // a number in its caption may be another
    box.kind = box.ghost ? "ghost" : kindOf(v);
    box.outputs = [v];
  }
}
