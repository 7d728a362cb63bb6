// What the page is about, what is chosen, and the numbers that follow from it.

const $ = (id) => document.getElementById(id);
const pristine = document.documentElement.cloneNode(true); // what "Save the page" starts from
const tape = JSON.parse($("data").textContent);
const engine = new Engine(tape, PRIMITIVES);
const names = tape.name;
const groups = tape.groups || [];
const groupOf = tape.group || names.map(() => -1);
const FORWARD = engine.interior.length,
  STEPS = FORWARD + 1 + engine.backwardEdges.length;
const rank = new Int32Array(engine.n); // the step at which a node's value is there
engine.interior.forEach((v, k) => (rank[v] = k + 1));

const state = {
  step: STEPS,
  mode: "passes",
  playing: 0,
  selected: -1, // a node, or −1
  view: { group: -1, depth: 0 },
  pinned: null,
  differences: false,
  practising: false,
  answered: new Set(),
  docked: false, // whether someone chose where the panel is
  locals: null, // whether local derivatives stand on the edges; null: if there is room
  frames: [],
  frame: 0,
  edited: new Set(),
};
let grad, partial, reported, top, drawing; // the passes, and the size of the largest gradient as a power of ten

const initial = engine.leaves.map((v) => engine.value[v]);

/** Everything that follows from the leaves' values. */
function recompute() {
  engine.forward();
  grad = engine.backward().grad;
  let largest = 0;
  for (const g of grad) if (Number.isFinite(g)) largest = Math.max(largest, Math.abs(g));
  top = largest ? Math.ceil(Math.log10(largest)) : 0;
  replay();
}

/** The passes as far as the walk has come. */
function replay() {
  ({ grad: partial, reported } = engine.backward(Math.max(0, state.step - FORWARD - 1)));
}

/** What is known of a node's gradient: "none" flows, "later", "partial" or "final". */
function stage(v) {
  if (!engine.reached[v]) return "none";
  if (state.step <= FORWARD) return "later";
  if (v === engine.root || reported[v] === engine.reports[v]) return "final";
  return reported[v] ? "partial" : "later";
}

/** Where |x| lies on the scale of the legend: 1 at its top, 0 six powers of ten below or at zero. */
function strength(x) {
  const size = Math.abs(x);
  if (!(size > 0)) return 0;
  return size === Infinity ? 1 : Math.min(1, Math.max(0.04, 1 + (Math.log10(size) - top) / 6));
}

function sign(x) {
  return Number.isNaN(x) ? "nan" : x > 0 ? "positive" : x < 0 ? "negative" : "zero";
}

/** A unit that hardly passes its gradient on: "dead" at a slope of 0, "saturated" near it. */
function numbness(v) {
  const edges = [];
  for (let e = engine.start[v]; e < engine.start[v + 1]; e++) if (engine.flows[e]) edges.push(e);
  if (edges.length !== 1 || !opOf(v).flat) return "";
  const slope = Math.abs(engine.local[edges[0]]);
  return slope === 0 ? "dead" : slope < tape.nearlyFlat ? opOf(v).flat : "";
}

function opOf(v) {
  return engine.op[v] < 0 ? null : tape.ops[engine.op[v]];
}
