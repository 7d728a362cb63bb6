// The page: what is shown, what is chosen, and what keys and buttons do.

const $ = (id) => document.getElementById(id);
const pristine = document.documentElement.cloneNode(true); // what "Save the page" starts from
const tape = JSON.parse($("data").textContent);
const engine = new Engine(tape, PRIMITIVES);
const names = tape.name;
const groups = tape.groups || [];
const groupOf = tape.group || names.map(() => -1);
const FORWARD = engine.interior.length, STEPS = FORWARD + 1 + engine.backwardEdges.length;
const rank = new Int32Array(engine.n); // the step at which a node's value is there
engine.interior.forEach((v, k) => (rank[v] = k + 1));

const state = {
  step: STEPS, mode: "passes", playing: 0,
  selected: -1, // a node, or −1
  view: { group: -1, depth: 0 },
  pinned: null, differences: false,
  practising: false, answered: new Set(),
  docked: false, // whether someone chose where the panel is
  locals: null, // whether local derivatives stand on the edges; null: if there is room
  frames: [], frame: 0,
  edited: new Set(),
};
let grad, partial, reported, top, drawing; // the passes, and the size of the largest gradient as a power of ten

const initial = engine.leaves.map((v) => engine.value[v]);

// ── numbers ──────────────────────────────────────────────────────────────────────────────────

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
  if (edges.length !== 1 || !ACTIVATIONS.has(opOf(v).name)) return "";
  const slope = Math.abs(engine.local[edges[0]]);
  return slope === 0 ? "dead" : slope < 0.01 ? "saturated" : "";
}
const ACTIVATIONS = new Set("sigmoid tanh relu leaky_relu elu softplus silu gelu erf atan maximum minimum".split(" "));

function opOf(v) {
  return engine.op[v] < 0 ? null : tape.ops[engine.op[v]];
}

// ── words ────────────────────────────────────────────────────────────────────────────────────

/** What a box says a node does: its symbol, with a constant operand in its place. */
function caption(v) {
  const op = opOf(v);
  if (!op) return engine.operands.length && tape.parameter[v] ? "" : "";
  const operands = tape.operand.slice(engine.start[v], engine.start[v + 1]);
  if (operands.length === 2 && operands.some((x) => x < 0)) {
    const [a, b] = operands.map((x) => (x < 0 ? short(engine.constant[-1 - x]) : ""));
    const infix = op.name === "pow" ? "^" : op.symbol;
    return `${a} ${infix} ${b}`.trim();
  }
  return op.symbol;
}

function kindOf(v) {
  if (v === engine.root) return "root";
  return engine.op[v] >= 0 ? "operation" : tape.parameter[v] ? "parameter" : "input";
}

/** The gradient of a node as the walk has it, in a word. */
function gradientText(v) {
  if (hidden(v)) return "?";
  switch (stage(v)) {
    case "none": return "no flow";
    case "later": return "—";
    case "partial": return `${signed(partial[v])} + …`;
  }
  const just = state.step > FORWARD && state.step < STEPS && lit().operand === v;
  return just && engine.reports[v] > 1 ? `= ${signed(partial[v])}` : signed(partial[v]);
}

function hidden(v) {
  return state.practising && v !== engine.root && engine.reached[v] && !state.answered.has(v);
}

function known(v) {
  return engine.op[v] < 0 || rank[v] <= state.step;
}

/** A node's name for ears: "h3, tanh of z3, value 0.62, gradient −0.018". */
function sentence(v) {
  const op = opOf(v);
  const from = op ? parentsOf(v).map((u) => names[u]) : [];
  const what = op ? `${op.name} of ${from.slice(0, 4).join(", ")}${from.length > 4 ? ` and ${from.length - 4} more` : ""}` : kindOf(v);
  const value = known(v) ? short(engine.value[v]) : "not computed yet";
  const fate = known(v) && engine.fate(v) === "born" ? `, ${Number.isNaN(engine.value[v]) ? "NaN" : "infinity"} arises here` : "";
  const gradient = hidden(v) ? "hidden" : { none: "none flows here", later: "not computed yet", partial: `so far ${short(partial[v])}`, final: short(partial[v]) }[stage(v)];
  const numb = numbness(v);
  return `${names[v]}, ${v === engine.root ? "the root, " : ""}${what}, value ${value}${fate}, gradient ${gradient}${numb ? `, ${numb}` : ""}`;
}

function parentsOf(v) {
  if (v < 0) return [];
  return [...new Set(tape.operand.slice(engine.start[v], engine.start[v + 1]).filter((x) => x >= 0))];
}

function usersOf(v) {
  return [...new Set(engine.uses[v].map((e) => engine.user[e]))];
}

// ── the view: which boxes stand for which nodes ──────────────────────────────────────────────

/** The groups around a node, the outermost first. */
function chain(v) {
  const around = [];
  for (let g = groupOf[v]; g >= 0; g = groups[g].parent) around.unshift(g);
  return around;
}

function within(g) {
  return engine.nodes((v) => g < 0 || chain(v).includes(g));
}

function boxesOf(view) {
  const boxes = [], at = new Map(), where = new Int32Array(engine.n).fill(-1);
  const inside = new Uint8Array(engine.n);
  for (const v of within(view.group)) inside[v] = 1;
  const open = view.group < 0 ? [] : [...ancestors(view.group), view.group];
  const alone = view.group >= 0 && ["weights", "inputs"].includes(groups[view.group].kind); // an array of leaves
  const seat = (v, ghost) => {
    const around = chain(v).filter((g) => !open.includes(g));
    const g = ghost ? around[0] ?? -1 : around.length > view.depth ? around[view.depth] : -1;
    const key = g >= 0 ? `g${g}` : `n${v}`;
    if (!at.has(key)) {
      at.set(key, boxes.length);
      boxes.push({ id: key, group: g, nodes: [], ghost });
    }
    where[v] = at.get(key);
    boxes[where[v]].nodes.push(v);
  };
  const shown = focusNodes(view);
  for (let v = 0; v < engine.n; v++) if (inside[v] && (!shown || shown.has(v))) seat(v, false);
  for (let v = 0; v < engine.n && !alone; v++)
    if (!inside[v] && (usersOf(v).some((u) => inside[u]) || parentsOf(v).some((u) => inside[u]))) seat(v, true);
  const links = new Map();
  for (let e = 0; e < engine.edges; e++) {
    const from = engine.operand[e] < 0 ? -1 : where[engine.operand[e]], to = where[engine.user[e]];
    if (from < 0 || to < 0 || from === to || (boxes[from].ghost && boxes[to].ghost)) continue;
    const key = `${from}-${to}`;
    if (!links.has(key)) links.set(key, { from, to, edges: [] });
    links.get(key).edges.push(e);
  }
  for (const box of boxes) dress(box);
  if (shown) for (const box of boxes) {
    box.before = parentsOf(box.node ?? -1).filter((u) => where[u] < 0).length;
    box.after = box.node === undefined ? 0 : usersOf(box.node).filter((u) => where[u] < 0).length;
  }
  const roomy = state.locals ?? links.size <= 14; // so that a local derivative fits on each edge
  return { ...view, roomy, boxes, links: [...links.values()], where };
}

function ancestors(g) {
  const above = [];
  for (let a = groups[g].parent; a >= 0; a = groups[a].parent) above.unshift(a);
  return above;
}

/** Beyond 400 boxes a view shows what is near: two steps around a node, and its heaviest path to the root. */
function focusNodes(view) {
  if (view.focus === undefined) return null;
  const near = new Set([view.focus]);
  let edge = [view.focus];
  for (let steps = 0; steps < 2; steps++) {
    edge = edge.flatMap((v) => [...parentsOf(v).slice(0, 12), ...usersOf(v).slice(0, 12)]).filter((v) => !near.has(v));
    for (const v of edge) if (near.size < 60) near.add(v);
  }
  const path = engine.paths(view.focus, 1).paths[0];
  for (const e of path ? path.edges.slice(-40) : []) near.add(engine.user[e]);
  near.add(engine.root);
  return near;
}

/** A box's fixed words. */
function dress(box) {
  if (box.group >= 0) {
    const group = groups[box.group];
    box.title = cut(group.name, 22);
    const parts = groups.filter((g) => g.parent === box.group && g.kind !== "weights").length;
    box.outputs = box.nodes.filter((v) => v === engine.root || usersOf(v).some((u) => !box.nodes.includes(u)));
    box.parameters = box.nodes.filter((v) => tape.parameter[v]);
    box.neuron = !box.ghost && box.outputs.length === 1 && box.parameters.length > 0 && !groups.some((g) => g.parent === box.group && g.kind !== "weights");
    box.kind = box.ghost ? "ghost group" : "group";
    const last = box.outputs[box.outputs.length - 1];
    box.caption = box.ghost || box.neuron ? "" : `${last === undefined || engine.op[last] < 0 ? "" : cut(caption(last), 14)}${parts > 1 ? ` ×${parts}` : ""}`;
    if (box.neuron && box.outputs.length === 1) box.title = names[last];
    else if (!box.ghost) box.note = box.parameters.length ? `${box.parameters.length} parameter${box.parameters.length > 1 ? "s" : ""}` : `${box.nodes.length} nodes`;
    if (!box.ghost && box.outputs.length > 1) box.cells = box.outputs.slice(0, 1024);
  } else {
    const v = box.nodes[0];
    box.node = v;
    box.title = cut(shortName(v));
    box.caption = box.ghost ? "" : cut(caption(v), 14);
    box.kind = box.ghost ? "ghost" : kindOf(v);
    box.outputs = [v];
  }
}

/** layers.0.weight[1][2] is weight[1][2] for short: its box stands in its layer. */
function shortName(v) {
  return /^\w[\w.]*\.(\w+(\[\d+\])+)$/.exec(names[v])?.[1] ?? names[v];
}

/** How many levels of groups lie under a group, and so how many depths there are to choose from. */
function levelsUnder(g) {
  let most = 0;
  for (const v of within(g)) {
    const around = chain(v);
    most = Math.max(most, around.length - (g < 0 ? 0 : around.indexOf(g) + 1));
  }
  return most;
}

/** The most open depth that can be read: at most 100 boxes, and text of 9 px or more when fitted. */
function readableDepth(group) {
  const levels = levelsUnder(group);
  for (let depth = levels; depth > 0; depth--) {
    const view = boxesOf({ group, depth });
    if (view.boxes.length > 100) continue;
    drawing.show(view);
    if (Math.max(fittingDocked(true), fittingDocked(false)) >= 0.75) return depth;
  }
  return 0;
}

function openView(view, focus = true) {
  if (view.depth === undefined) view.depth = readableDepth(view.group);
  let made = boxesOf(view);
  if (made.boxes.length > 400 && view.focus === undefined) made = boxesOf({ ...view, focus: state.selected >= 0 ? state.selected : engine.root });
  state.view = made;
  drawing.show(made);
  if (!state.docked) dockWhereItFits();
  drawing.fit();
  for (const box of made.boxes) listen(box);
  crumbs();
  $("locals").setAttribute("aria-pressed", String(made.roomy));
  paint();
  if (focus && made.boxes.length) roveTo(boxAt(state.selected) || made.boxes[made.boxes.length - 1], false);
}

function boxAt(v) {
  return v >= 0 && state.view.where[v] >= 0 ? state.view.boxes[state.view.where[v]] : null;
}

function crumbs() {
  const path = state.view.group < 0 ? [] : [...ancestors(state.view.group), state.view.group];
  const crumb = (name, group, here) => {
    const button = element("button", { class: "crumb" }, cut(name, 28));
    if (here) button.setAttribute("aria-current", "page");
    button.onclick = () => openView({ group });
    return button;
  };
  $("crumbs").hidden = !groups.length;
  $("crumbs").replaceChildren(crumb(tape.title, -1, !path.length), ...path.flatMap((g, i) => [element("span", {}, "›"), crumb(groups[g].name, g, i === path.length - 1)]));
  const levels = levelsUnder(state.view.group), { focus, boxes } = state.view;
  $("around").textContent = focus === undefined ? "" : `around ${cut(names[focus])}: ${boxes.length} of ${engine.n} nodes`;
  $("levels").replaceChildren(...(levels ? Array.from({ length: levels + 1 }, (_, depth) => {
    const button = element("button", { "aria-pressed": String(depth === state.view.depth) }, levelName(depth, levels));
    button.onclick = () => openView({ group: state.view.group, depth });
    return button;
  }) : []));
}

function levelName(depth, levels) {
  if (depth === levels) return "operations";
  const kinds = new Set();
  for (let v = 0; v < engine.n; v++) {
    const around = chain(v), from = state.view.group < 0 ? 0 : around.indexOf(state.view.group) + 1;
    if (state.view.group >= 0 && !from) continue;
    if (around.length > from + depth) kinds.add(attributeOf(groups[around[from + depth]]));
  }
  const kind = [...kinds][0] || "group";
  if (kind === "model") return kind;
  return kind.endsWith("s") ? kind : `${kind}s`;
}

/** What a module is one of: layers.0.neurons.2 is one of the neurons. */
function attributeOf(group) {
  return group.kind === "module" ? /([^.[]+)[.[]\d+\]?$/.exec(group.name)?.[1] ?? "module" : group.kind;
}

// ── painting ─────────────────────────────────────────────────────────────────────────────────

/** The edge of the backward pass, or the node of the forward pass, that the walk has just done. */
function lit() {
  if (state.step > FORWARD + 1) {
    const edge = engine.backwardEdges[state.step - FORWARD - 2];
    return { edge, node: engine.user[edge], operand: engine.operand[edge] };
  }
  if (state.step === FORWARD + 1) return { edge: -1, node: engine.root, operand: engine.root };
  return { edge: -1, node: state.step ? engine.interior[state.step - 1] : -1, operand: -1 };
}

function walking() {
  return state.step < STEPS;
}

function norm(nodes, numbers) {
  return Math.sqrt(nodes.reduce((sum, v) => sum + numbers[v] * numbers[v], 0));
}

function paint() {
  const { boxes, links } = state.view, now = lit(), walk = walking();
  for (const box of boxes) paintBox(box, now, walk);
  const chosen = boxAt(state.selected);
  const labelled = state.view.roomy;
  for (const link of links) {
    const { path, mark } = link, [first] = link.edges;
    // edges that lead from one node to one node are read as one: x·x answers to x twice
    const single = link.edges.every((e) => engine.user[e] === engine.user[first] && engine.operand[e] === engine.operand[first]) ? first : -1;
    const slope = single >= 0 ? link.edges.reduce((sum, e) => sum + engine.local[e], 0) : 0;
    const flowing = link.edges.filter((e) => engine.flows[e] && engine.reached[engine.user[e]]);
    const done = state.step > FORWARD + 1 ? flowing.filter((e) => stage(engine.user[e]) === "final" && (!walk || passed(e))) : [];
    let carried = 0, size = 0;
    const signs = new Set();
    for (const e of done) {
      const term = grad[engine.user[e]] * engine.local[e];
      carried += term;
      size += term * term;
      if (term) signs.add(term > 0);
    }
    size = Number.isNaN(carried) ? NaN : Math.sqrt(size);
    const isLit = walk && link.edges.includes(now.edge), near = chosen && (boxes[link.from] === chosen || boxes[link.to] === chosen);
    const veiled = state.practising && link.edges.some((e) => hidden(engine.operand[e]));
    path.setAttribute("class", `edge ${flowing.length ? (done.length && !veiled ? (signs.size > 1 ? "mixed" : sign(carried)) : "later") : "none"}${isLit ? " lit" : ""}${near ? " near" : ""}`);
    path.style.strokeWidth = isLit ? 4 : done.length && !veiled ? (1 + 3.5 * strength(size)).toFixed(2) : 1.1;
    mark.setAttribute("class", `mark${isLit ? " lit" : ""}`);
    mark.textContent = single >= 0 && flowing.length && known(engine.user[single]) && (isLit || ((labelled || near) && !veiled)) ? `×${short(isLit ? engine.local[now.edge] : slope, 3)}` : "";
  }
  legend();
  caption_();
  const since = state.pinned && state.differences ? `, Δ ${signed(engine.value[engine.root] - state.pinned.value[engine.root])} since the pin` : "";
  $("loss").textContent = `${cut(tape.title, 20)} = ${known(engine.root) ? short(engine.value[engine.root], 6) : "—"}${since}`;
  $("time").value = state.mode === "passes" ? state.step : state.frame;
  panel.refresh();
}

/** Whether the walk has done an edge of the backward pass. */
function passed(e) {
  return edgeRank[e] <= state.step - FORWARD - 1;
}
const edgeRank = new Int32Array(engine.edges);
engine.backwardEdges.forEach((e, k) => (edgeRank[e] = k + 1));

function paintBox(box, now, walk) {
  const { element: group, text } = box;
  const classes = ["node", box.kind];
  if (walk && box.nodes.includes(now.edge >= 0 ? now.operand : now.node)) classes.push("lit");
  if (walk && now.edge >= 0 && box.nodes.includes(now.node)) classes.push("sending");
  if (box.nodes.includes(state.selected)) classes.push("selected");
  if (!box.ghost) {
    const single = box.outputs.length === 1 ? box.outputs[0] : -1;
    const { value, gradient, size, word } = single >= 0 ? paintNode(single, classes) : paintGroup(box);
    text.value.textContent = value;
    text.gradient.textContent = gradient;
    text.gradient.setAttribute("class", `gradient ${word}`);
    text.flag.textContent = single >= 0 ? (box.low ? "" : flag(single)) : box.nodes.every((v) => engine.op[v] < 0) ? "‖w‖" : "‖a‖";
    text.sign.textContent = single < 0 ? "‖∂‖" : gradient.includes("…") ? "" : state.differences && state.pinned ? "Δ∂" : "∂";
    box.bar.setAttribute("width", ((box.width - 18) * strength(size)).toFixed(1));
    box.bar.setAttribute("class", `bar ${word}`);
    box.cells?.forEach((v, k) => {
      const g = stage(v) === "final" && !hidden(v) ? partial[v] : NaN;
      box.squares[k].setAttribute("class", `cell ${Number.isNaN(g) ? "later" : sign(g)}`);
      box.squares[k].style.opacity = Number.isNaN(g) ? 1 : Math.max(0.12, strength(g));
    });
  }
  group.setAttribute("class", classes.join(" "));
  group.setAttribute("aria-label", box.node !== undefined ? sentence(box.node) : groupSentence(box));
  group.setAttribute("aria-pressed", String(box.nodes.includes(state.selected)));
}

function paintNode(v, classes) {
  if (!known(v)) classes.push("uncomputed");
  if (known(v) && engine.fate(v) === "born") classes.push("born");
  const numb = numbness(v);
  if (numb && known(v)) classes.push("numb");
  if (state.edited.has(v)) classes.push("edited");
  const final = stage(v) === "final" && !hidden(v);
  if (state.differences && state.pinned) {
    const dv = engine.value[v] - state.pinned.value[v], dg = grad[v] - state.pinned.grad[v];
    if (dv === 0 && dg === 0) classes.push("same");
    return { value: `Δ ${signed(dv)}`, gradient: engine.reached[v] ? signed(dg) : "no flow", size: dg, word: engine.reached[v] ? sign(dg) : "none" };
  }
  return { value: known(v) ? short(engine.value[v]) : "—", gradient: gradientText(v), size: final ? partial[v] : 0, word: final ? sign(partial[v]) : stage(v) === "none" ? "none" : "later" };
}

function paintGroup(box) {
  const ready = box.outputs.every(known), final = box.parameters.concat(box.outputs).every((v) => stage(v) === "final" || stage(v) === "none");
  const size = norm(box.parameters.length ? box.parameters : box.outputs, partial);
  return { value: ready ? short(norm(box.outputs, engine.value)) : "—", gradient: final && !state.practising ? short(size) : "—", size: final ? size : 0, word: "size" };
}

function groupSentence(box) {
  const parts = groups.filter((g) => g.parent === box.group).length;
  const inside = parts ? `${parts} parts` : `${box.nodes.length} nodes`;
  return `${groups[box.group].name}, ${inside}, ${box.parameters.length} parameters, Enter opens it`;
}

function flag(v) {
  if (!known(v)) return "";
  if (engine.fate(v) === "born") return "! born";
  const numb = numbness(v);
  return numb === "dead" ? "dead" : numb ? "sat." : "";
}

function legend() {
  const decades = [0, -2, -4, -6].map((d) => `<span class="decade"><svg width="22" height="8"><line x1="0" y1="4" x2="22" y2="4" stroke-width="${1 + 3.5 * Math.max(0.04, 1 + d / 6)}"/></svg><span>10<sup>${String(top + d).replace("-", "−")}</sup></span></span>`);
  $("legend").innerHTML = `<span>|∂${escape(cut(tape.title, 8))}|</span>${decades.join("")}<span class="positive">+ ${escape(cut(tape.title, 8))} grows with it</span><span class="negative">− shrinks</span><span class="none">┄ no gradient</span>`;
}

/** What the walk has just done, as a sentence. */
function caption_() {
  $("caption").innerHTML = state.mode === "training" ? filmCaption() : walkCaption();
}

function walkCaption() {
  const now = lit(), L = escape(tape.title);
  if (!state.step) return "Nothing is computed yet: → runs the first operation.";
  if (!walking() && state.practising) return `<b>Practice:</b> ${state.answered.size} of ${engine.reached.reduce((sum, r) => sum + r, -1)} gradients found. Choose a node and give its gradient.`;
  if (!walking()) return `<b>${FORWARD}</b> operations forward, <b>${engine.backwardEdges.length}</b> products backward: all done.`;
  if (state.step <= FORWARD) return `<b>forward ${state.step}/${FORWARD}</b> ${formulaText(now.node, "names")} = ${formulaText(now.node, "numbers", true)}<b>${short(engine.value[now.node])}</b>`;
  const k = state.step - FORWARD - 1;
  if (!k) return `<b>backward</b> starts with ∂${L}/∂${L} = <b>1</b>`;
  const { node, operand, edge } = now, term = grad[node] * engine.local[edge], before = partial[operand] - term;
  if (hidden(operand)) return `<b>backward ${k}/${engine.backwardEdges.length}</b> ∂${L}/∂${escape(names[operand])} gets its term from ${escape(names[node])}: which?`;
  const sum = reported[operand] > 1 ? ` added: ${short(before)} ${term < 0 ? "−" : "+"} ${short(Math.abs(term))} = <b>${short(partial[operand])}</b>` : "";
  const left = engine.reports[operand] - reported[operand];
  return `<b>backward ${k}/${engine.backwardEdges.length}</b> ∂${L}/∂${escape(names[node])} · ∂${escape(names[node])}/∂${escape(names[operand])} = ${short(grad[node])} × ${bracketed(engine.local[edge])} = <b>${short(term)}</b>${sum}${left ? ` (${left} more to come)` : ""}`;
}

function bracketed(x) {
  return x < 0 ? `(${short(x)})` : short(x);
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// ── choosing and walking ─────────────────────────────────────────────────────────────────────

/** Choose a node, showing the part of the graph it is in. */
function select(v, focus = false) {
  state.selected = v;
  if (v >= 0 && boxAt(v)?.node !== v) openView({ group: groupOf[v] }, false);
  paint();
  const box = boxAt(v);
  if (box) {
    drawing.reveal(box);
    roveTo(box, focus);
  }
}

/** One box at a time can be reached with Tab; the arrow keys move that place along the edges. */
function roveTo(box, focus = true) {
  for (const other of state.view.boxes) other.element.setAttribute("tabindex", other === box ? "0" : "-1");
  if (focus) {
    box.element.focus({ preventScroll: true });
    drawing.reveal(box);
  }
}

function neighbour(box, key) {
  const { boxes, links } = state.view, at = boxes.indexOf(box);
  const nearest = (found) => found.sort((a, b) => Math.abs(a.y - box.y) - Math.abs(b.y - box.y))[0];
  if (key === "ArrowRight") return nearest(links.filter((l) => l.from === at).map((l) => boxes[l.to]));
  if (key === "ArrowLeft") return nearest(links.filter((l) => l.to === at).map((l) => boxes[l.from]));
  const column = boxes.filter((b) => b.rank === box.rank).sort((a, b) => a.y - b.y), place = column.indexOf(box);
  return key === "ArrowDown" ? column[place + 1] : column[place - 1];
}

/** Enter or a click on a box: a node is explained, a closed group opens. */
function enter(box) {
  if (box.group >= 0 && !box.ghost) openView({ group: box.group });
  else if (box.group >= 0) openView({ group: groups[box.group].parent });
  else select(box.node, true);
}

function listen(box) {
  let drag = null;
  const { element: group } = box;
  group.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    drag = { x: event.clientX, from: box.node === undefined ? 0 : engine.value[box.node], moved: false };
    group.setPointerCapture(event.pointerId);
  });
  group.addEventListener("pointermove", (event) => {
    if (!drag || box.node === undefined || engine.op[box.node] >= 0 || box.ghost) return;
    const moved = event.clientX - drag.x;
    if (Math.abs(moved) > 4) drag.moved = true;
    if (drag.moved) change(box.node, Number((drag.from + (moved / 200) * Math.max(1, Math.abs(drag.from))).toPrecision(4)));
  });
  group.addEventListener("pointerup", () => {
    if (drag && !drag.moved) {
      roveTo(box);
      enter(box);
    }
    drag = null;
  });
  group.addEventListener("pointercancel", () => (drag = null));
}

function go(step) {
  if (state.mode === "training") return toFrame(step);
  state.step = Math.min(STEPS, Math.max(0, step));
  replay();
  paint();
  const now = lit(), at = now.operand >= 0 ? now.operand : now.node;
  if (walking() && boxAt(at)) drawing.reveal(boxAt(at));
  else if (walking() && at >= 0 && state.view.focus !== undefined) openView({ group: state.view.group, depth: state.view.depth, focus: at }, false);
}

const position = () => (state.mode === "passes" ? state.step : state.frame);
const length = () => (state.mode === "passes" ? STEPS : state.frames.length - 1);

function play(on = !state.playing) {
  clearTimeout(state.playing);
  state.playing = 0;
  $("play").textContent = on ? "Pause" : "Play";
  if (!on) return;
  if (position() >= length()) go(0);
  const pace = Math.max(40, Math.min(700, 24000 / Math.max(1, length())));
  const tick = () => {
    go(position() + 1);
    if (position() >= length()) play(false);
    else state.playing = setTimeout(tick, pace);
  };
  state.playing = setTimeout(tick, pace);
}

// ── changing ─────────────────────────────────────────────────────────────────────────────────

/** Give a leaf another value; everything that follows from it follows. */
function change(v, x, field = null) {
  engine.value[v] = x;
  state.edited.add(v);
  for (const other of $("panel").querySelectorAll(`[data-leaf="${v}"]`)) if (other !== field) other.value = plain(x);
  recompute();
  paint();
}

function leafValues() {
  return engine.leaves.map((v) => engine.value[v]);
}

function setLeaves(values) {
  engine.leaves.forEach((v, k) => (engine.value[v] = values[k]));
  recompute();
}

function keepFrame(label) {
  state.frames.push({ label, leaves: leafValues(), loss: engine.value[engine.root] });
  state.frame = state.frames.length - 1;
}

/** A step of gradient descent on the parameters; what came after the frame shown is forgotten. */
function descend() {
  const rate = number($("rate").value);
  if (rate === null) return $("rate").setAttribute("aria-invalid", "true");
  $("rate").removeAttribute("aria-invalid");
  state.frames.length = state.frame + 1;
  const last = state.frames[state.frame];
  if (!last.leaves.every((x, k) => Object.is(x, engine.value[engine.leaves[k]]))) keepFrame("changed by hand");
  engine.descend(rate, engine.leaves.filter((v) => tape.parameter[v]), grad);
  recompute();
  keepFrame(`step ${state.frames.length}`);
  state.step = STEPS;
  replay();
  film();
  paint();
  const before = state.frames[state.frame - 1].loss;
  say(`${tape.title} from ${short(before)} to ${short(engine.value[engine.root])}`);
}

function toFrame(frame) {
  state.frame = Math.min(state.frames.length - 1, Math.max(0, frame));
  setLeaves(state.frames[state.frame].leaves);
  state.edited.clear();
  film();
  paint();
}

function reset() {
  setLeaves(initial);
  state.edited.clear();
  state.frames.length = 0;
  beginFilm();
  state.step = STEPS;
  replay();
  mode("passes");
}

function pin() {
  state.pinned = state.pinned ? null : { value: Float64Array.from(engine.value), grad: Float64Array.from(grad) };
  state.differences = Boolean(state.pinned);
  $("pin").textContent = state.pinned ? "Unpin" : "Pin";
  $("pin").setAttribute("aria-pressed", String(Boolean(state.pinned)));
  document.body.classList.toggle("differing", state.differences);
  say(state.pinned ? "Pinned: the drawing shows differences from this pass" : "No longer pinned");
  paint();
}

function differences() {
  if (!state.pinned) return pin();
  state.differences = !state.differences;
  document.body.classList.toggle("differing", state.differences);
  paint();
}

function practise() {
  state.practising = !state.practising;
  state.answered.clear();
  $("practise").setAttribute("aria-pressed", String(state.practising));
  state.step = STEPS;
  replay();
  if (state.practising) {
    const first = usersOf(engine.root).length ? engine.root : parentsOf(engine.root).find((v) => engine.reached[v]);
    if (first !== undefined) state.selected = first;
  }
  paint();
}

function say(words) {
  $("caption").textContent = words;
}

// ── the film of a training ───────────────────────────────────────────────────────────────────

function beginFilm() {
  const now = leafValues(), seat = new Map(engine.leaves.map((v, k) => [v, k]));
  for (const [label, data] of tape.history) {
    const leaves = now.slice();
    for (const [v, x] of data) leaves[seat.get(v)] = Number(x);
    setLeaves(leaves);
    keepFrame(label);
  }
  setLeaves(now);
  if (!tape.history.length) keepFrame("start");
  else setLeaves(state.frames[state.frame].leaves);
  film();
}

function film() {
  const { frames, frame } = state, box = $("film");
  box.hidden = frames.length < 2;
  document.body.classList.toggle("filmed", frames.length > 1);
  if (box.hidden) return;
  const losses = frames.map((f) => f.loss), finite = losses.filter(Number.isFinite);
  const least = Math.min(...finite), most = Math.max(...finite), logs = least > 0 && most / least > 50;
  const level = (x) => (logs ? Math.log(x) : x), low = level(least), span = level(most) - low || 1;
  const at = (x, k) => `${((k / (frames.length - 1)) * 100).toFixed(2)},${Number.isFinite(x) ? (26 - ((level(x) - low) / span) * 22).toFixed(2) : 2}`;
  const [x, y] = at(losses[frame], frame).split(",");
  box.innerHTML = `<span class="quiet">${escape(cut(tape.title, 10))}${logs ? ", log scale" : ""}<br>${short(losses[0])} → ${short(losses[losses.length - 1])}</span><svg viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label="The loss over the training"><polyline points="${losses.map(at).join(" ")}"/><line x1="${x}" x2="${x}" y1="0" y2="28"/></svg><span class="modes" role="group" aria-label="What the controls move through"><button data-mode="passes" aria-pressed="${state.mode === "passes"}">passes</button><button data-mode="training" aria-pressed="${state.mode === "training"}">training</button></span>`;
  box.querySelector("svg").onpointerdown = (event) => {
    const { left, width } = box.querySelector("svg").getBoundingClientRect();
    mode("training");
    toFrame(Math.round(((event.clientX - left) / width) * (frames.length - 1)));
  };
  void y;
  for (const button of box.querySelectorAll("[data-mode]")) button.onclick = () => mode(button.dataset.mode);
  $("time").max = length();
}

function mode(to) {
  play(false);
  state.mode = to;
  state.step = STEPS;
  replay();
  film();
  $("time").max = length();
  $("time").setAttribute("aria-label", to === "passes" ? "Step of the passes" : "Frame of the training");
  $("turn").style.display = to === "passes" ? "" : "none";
  paint();
}

function filmCaption() {
  const { frames, frame } = state;
  const change = frame ? ` (${signed(frames[frame].loss - frames[frame - 1].loss)})` : "";
  return `<b>${escape(frames[frame].label)}</b>, ${frame + 1} of ${frames.length}: ${escape(tape.title)} = <b>${short(frames[frame].loss, 6)}</b>${change}`;
}

// ── taking it away ───────────────────────────────────────────────────────────────────────────

/** The drawing as an SVG document of its own, its styles written on the elements. */
function drawingAsSVG() {
  const copy = drawing.world.cloneNode(true), margin = 16;
  const properties = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font", "opacity", "paint-order", "visibility"];
  const originals = drawing.world.querySelectorAll("*"), copies = copy.querySelectorAll("*");
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    copies[i].setAttribute("style", properties.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
    for (const name of ["tabindex", "role", "class", "aria-pressed"]) copies[i].removeAttribute(name);
  });
  copy.setAttribute("transform", `translate(${margin} ${margin})`);
  const width = Math.ceil(drawing.width + 2 * margin), height = Math.ceil(drawing.height + 2 * margin);
  const page = svg("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` }, svg("rect", { width, height, fill: getComputedStyle($("stage")).backgroundColor }), copy);
  return { text: new XMLSerializer().serializeToString(page), width, height };
}

function offer(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type })), anchor = element("a", { href: address, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

const fileName = (ending) => `${tape.title.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40) || "graph"}.${ending}`;

function saveSVG() {
  offer(fileName("svg"), "image/svg+xml", drawingAsSVG().text);
}

function savePNG() {
  const { text, width, height } = drawingAsSVG(), image = new Image(), scale = Math.min(2, 8000 / Math.max(width, height));
  image.onload = () => {
    const canvas = element("canvas", { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
    canvas.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
    canvas.getContext("2d").drawImage(image, 0, 0);
    canvas.toBlob((blob) => offer(fileName("png"), "image/png", blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

/** This page with the leaves as they are now. */
function pageText() {
  const numeric = (x) => (Number.isFinite(x) ? x : String(x));
  const now = { ...tape, data: Array.from(engine.value, numeric), gradient: Array.from(grad, (g, v) => (engine.reached[v] ? numeric(g) : null)) };
  const page = pristine.cloneNode(true);
  page.querySelector("noscript").textContent = `<main class="static"><h1>${escape(tape.title)}</h1>${drawingAsSVG().text}${listing()}</main>`;
  page.querySelector("#data").textContent = JSON.stringify(now).replaceAll("<", "\\u003c");
  return `<!doctype html>\n${page.outerHTML}\n`;
}

/** The passes as a table, as Python writes it for readers without JavaScript. */
function listing() {
  const row = (v) => [names[v], engine.op[v] < 0 ? "leaf" : `${opOf(v).name}(${parentsOf(v).slice(0, 8).map((u) => names[u]).join(", ")})`, short(engine.value[v]), engine.reached[v] ? short(grad[v]) : "—"];
  const rows = Array.from({ length: Math.min(engine.n, 2000) }, (_, v) => `<tr>${row(v).map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`);
  return `<table class="listing"><thead><tr><th>node</th><th>computed as</th><th>value</th><th>gradient</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function saveLaTeX() {
  const v = state.selected < 0 ? heaviestParameter() : state.selected;
  offer(fileName("tex"), "text/x-tex", `${wholeDerivation(v)}\n`);
}

function heaviestParameter() {
  return engine.leaves.filter((v) => engine.reached[v]).sort((a, b) => Math.abs(grad[b]) - Math.abs(grad[a]))[0] ?? engine.root;
}

// ── finding ──────────────────────────────────────────────────────────────────────────────────

/** Nodes whose name, operation, group or value begins with, or else contains, what is searched. */
function find(words) {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return [];
  const score = (v) => {
    const texts = [names[v], opOf(v)?.name ?? kindOf(v), ...chain(v).map((g) => groups[g].name), short(engine.value[v]).replace("−", "-")].map((t) => t.toLowerCase());
    if (texts[0] === wanted) return 3;
    if (texts.some((t) => t.startsWith(wanted))) return 2;
    return texts.some((t) => t.includes(wanted)) ? 1 : 0;
  };
  return engine.nodes(() => true).map((v) => [score(v), v]).filter(([s]) => s).sort((a, b) => b[0] - a[0] || a[1] - b[1]).map(([, v]) => v);
}

let lastSearch = "", nth = 0;

function search(words, focus) {
  const found = find(words);
  nth = words === lastSearch && focus ? nth + 1 : 0;
  lastSearch = words;
  $("found").replaceChildren(...found.slice(0, 12).map((v) => element("option", { value: names[v] }, sentence(v))));
  for (const box of state.view.boxes) box.element.classList.toggle("found", box.nodes.some((v) => found.includes(v)));
  if (words.trim()) say(found.length ? `${found.length} found${found.length > 1 ? `; Enter goes through them (${(nth % found.length) + 1})` : ""}` : `Nothing is called ${words}`);
  if (focus && found.length) select(found[nth % found.length]);
  if (focus && found.length) for (const box of state.view.boxes) box.element.classList.toggle("found", box.nodes.some((v) => found.includes(v)));
}

// ── keys and buttons ─────────────────────────────────────────────────────────────────────────

const KEYS = [
  ["← →", "a step back or on; on a node: to what it is computed from, to what it feeds"],
  ["↑ ↓", "on a node: to the ones above and below it"],
  [", .", "a step back or on, also on a node"],
  ["Space", "play or pause"], ["Home End", "to the start or the end"],
  ["Enter", "explain the node, open the group"], ["Escape", "back to the node, out of the group, choose nothing"],
  ["e", "change the value of the chosen leaf"], ["g", "a step of gradient descent"], ["r", "everything as it was"],
  ["p d", "pin this pass; show or hide the differences"], ["q", "practise"],
  ["/", "search"], ["+ - f", "zoom, fit"], ["l", "local derivatives on the edges"], ["m", "walk the passes or the training"],
  ["t", "light or dark"], ["o", "panel at the side or below"], ["?", "these keys"],
];

const ACTIONS = {
  ",": () => go(position() - 1), ".": () => go(position() + 1),
  ArrowLeft: () => go(position() - 1), ArrowRight: () => go(position() + 1),
  Home: () => go(0), End: () => go(length()), " ": () => play(),
  "/": () => $("search").focus(), "+": () => drawing.zoom(1.25), "=": () => drawing.zoom(1.25), "-": () => drawing.zoom(0.8), f: () => drawing.fit(),
  p: pin, d: differences, q: practise, t: theme, o: dock, g: descend, r: reset, l: locals,
  m: () => state.frames.length > 1 && mode(state.mode === "passes" ? "training" : "passes"),
  e: () => $("panel").querySelector("[data-leaf]")?.focus(),
  "?": () => $("keys").showModal(),
  Escape: () => {
    if (state.selected >= 0) return select(-1);
    if (state.view.group >= 0) openView({ group: groups[state.view.group].parent });
  },
  Backspace: () => state.view.group >= 0 && openView({ group: groups[state.view.group].parent }),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const at = event.target, typing = at.matches?.("input:not([type=range]), textarea"), box = state.view.boxes.find((b) => b.element === at);
  if (typing) {
    if (event.key === "Escape") at.blur();
    return;
  }
  if (box) {
    if (event.key.startsWith("Arrow")) {
      const next = neighbour(box, event.key);
      if (next) roveTo(next);
      return event.preventDefault();
    }
    if (event.key === "Enter") {
      enter(box);
      return event.preventDefault();
    }
  } else if (event.key === " " && at.matches?.("button, summary")) return;
  if (at.matches?.("input[type=range]") && /^(Arrow|Home|End|Page)/.test(event.key)) return;
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function theme() {
  const dark = isDark();
  document.documentElement.style.colorScheme = dark ? "light" : "dark";
  $("theme").textContent = dark ? "Dark" : "Light";
}

function isDark() {
  const chosen = document.documentElement.style.colorScheme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function dock() {
  state.docked = true; // by hand: from now on it stays there
  document.body.classList.toggle("side");
  drawing.fit();
}

function locals() {
  state.locals = !state.view.roomy;
  openView({ group: state.view.group, depth: state.view.depth }, false);
}

/** The panel goes where it leaves the drawing larger: beside a tall one, below a wide one. */
function dockWhereItFits() {
  const side = innerWidth > 720 && fittingDocked(true) > 1.15 * fittingDocked(false); // below, if there is little in it
  document.body.classList.toggle("side", side);
}

/** How large the drawing would be with the panel at the side, or below. */
function fittingDocked(side) {
  const now = document.body.classList.contains("side");
  document.body.classList.toggle("side", side);
  const size = drawing.fitting();
  document.body.classList.toggle("side", now);
  return size;
}

const panel = new Panel($("panel"));

function start() {
  $("app").hidden = false;
  drawing = new Drawing($("graph"));
  recompute();
  beginFilm();
  $("time").max = STEPS;
  $("turn").style.left = `${(FORWARD / STEPS) * 100}%`;
  $("theme").textContent = isDark() ? "Light" : "Dark";
  openView({ group: -1 }, false);
  roveTo(state.view.boxes[state.view.boxes.length - 1], false);
  if (state.frames.length > 1) mode("training");
  $("keylist").replaceChildren(...KEYS.flatMap(([key, what]) => [element("dt", {}, ...key.split(" ").map((k) => element("kbd", {}, k))), element("dd", {}, what)]));
  const on = (id, action) => ($(id).onclick = () => action());
  on("home", ACTIONS.Home), on("end", ACTIONS.End), on("back", ACTIONS[","]), on("on", ACTIONS["."]), on("play", () => play());
  on("zoom-in", ACTIONS["+"]), on("zoom-out", ACTIONS["-"]), on("fit", ACTIONS.f), on("locals", locals), on("dock", () => dock());
  on("pin", pin), on("practise", practise), on("theme", theme), on("help", ACTIONS["?"]), on("descend", descend), on("reset", reset);
  on("save-svg", saveSVG), on("save-png", savePNG), on("save-latex", saveLaTeX), on("print", () => print());
  on("save-page", () => offer(fileName("html"), "text/html", pageText()));
  for (const button of $("take").querySelectorAll("button")) button.addEventListener("click", () => ($("take").open = false));
  $("time").oninput = () => go(Number($("time").value));
  $("rate").onkeydown = (event) => event.key === "Enter" && descend();
  $("search").oninput = () => search($("search").value, false);
  $("find").onsubmit = (event) => {
    event.preventDefault();
    search($("search").value, true);
  };
  document.addEventListener("keydown", onKey);
  const graph = $("graph");
  let pan = null;
  graph.onpointerdown = (event) => {
    pan = { x: event.clientX - drawing.camera.x, y: event.clientY - drawing.camera.y };
    graph.setPointerCapture(event.pointerId);
  };
  graph.onpointermove = (event) => pan && drawing.look({ x: event.clientX - pan.x, y: event.clientY - pan.y });
  graph.onpointerup = graph.onpointercancel = () => (pan = null);
  graph.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { left, top } = graph.getBoundingClientRect();
    drawing.zoom(Math.exp(-event.deltaY * 0.0015), { x: event.clientX - left, y: event.clientY - top });
  }, { passive: false });
  graph.addEventListener("dblclick", (event) => event.target === graph && drawing.fit());
  new ResizeObserver(() => drawing.fitted && drawing.fit()).observe($("stage"));
}

start();
window.explorer = { numeric: { power, erf, erfc }, engine, state, tape, names, get grad() { return grad; }, get partial() { return partial; }, stage, change, go, descend, select, openView, paths: (v, most) => engine.paths(v, most), gradientText, sentence, drawingAsSVG, pageText, wholeDerivation, mistake, find, pythonOf };
