// The view: which boxes stand for which nodes, and which group or neighbourhood is shown.

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
  const boxes = [],
    at = new Map(),
    where = new Int32Array(engine.n).fill(-1);
  const inside = new Uint8Array(engine.n);
  for (const v of within(view.group)) inside[v] = 1;
  const open = view.group < 0 ? [] : [...ancestors(view.group), view.group];
  const alone = view.group >= 0 && ["weights", "inputs"].includes(groups[view.group].kind); // an array of leaves
  const seat = (v, ghost) => {
    const around = chain(v).filter((g) => !open.includes(g));
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
  for (let v = 0; v < engine.n; v++) if (inside[v] && (!shown || shown.has(v))) seat(v, false);
  for (let v = 0; v < engine.n && !alone; v++)
    if (!inside[v] && (usersOf(v).some((u) => inside[u]) || parentsOf(v).some((u) => inside[u]))) seat(v, true);
  const links = new Map();
  for (let e = 0; e < engine.edges; e++) {
    const from = engine.operand[e] < 0 ? -1 : where[engine.operand[e]],
      to = where[engine.user[e]];
    if (from < 0 || to < 0 || from === to || (boxes[from].ghost && boxes[to].ghost)) continue;
    const key = `${from}-${to}`;
    if (!links.has(key)) links.set(key, { from, to, edges: [] });
    links.get(key).edges.push(e);
  }
  for (const box of boxes) dress(box);
  if (shown)
    for (const box of boxes) {
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
    box.neuron =
      !box.ghost &&
      box.outputs.length === 1 &&
      box.parameters.length > 0 &&
      !groups.some((g) => g.parent === box.group && g.kind !== "weights");
    box.kind = box.ghost ? "ghost group" : "group";
    const last = box.outputs[box.outputs.length - 1];
    box.caption =
      box.ghost || box.neuron
        ? ""
        : `${last === undefined || engine.op[last] < 0 ? "" : cut(caption(last), 14)}${parts > 1 ? ` ×${parts}` : ""}`;
    if (box.neuron && box.outputs.length === 1) box.title = names[last];
    else if (!box.ghost)
      box.note = box.parameters.length
        ? `${box.parameters.length} parameter${box.parameters.length > 1 ? "s" : ""}`
        : `${box.nodes.length} nodes`;
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

/** layers.0.neurons.2.w[1] is w[1] for short: its box stands in its neuron. */
function shortName(v) {
  return /^\w[\w.[\]]*\.([A-Za-z_]\w*(\[\d+\])*)$/.exec(names[v])?.[1] ?? names[v];
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
  if (made.boxes.length > 400 && view.focus === undefined)
    made = boxesOf({ ...view, focus: state.selected >= 0 ? state.selected : engine.root });
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
  $("crumbs").replaceChildren(
    crumb(tape.title, -1, !path.length),
    ...path.flatMap((g, i) => [element("span", {}, "›"), crumb(groups[g].name, g, i === path.length - 1)]),
  );
  const levels = levelsUnder(state.view.group),
    { focus, boxes } = state.view;
  $("around").textContent =
    focus === undefined ? "" : `around ${cut(names[focus])}: ${boxes.length} of ${engine.n} nodes`;
  $("levels").replaceChildren(
    ...(levels
      ? Array.from({ length: levels + 1 }, (_, depth) => {
          const button = element(
            "button",
            { "aria-pressed": String(depth === state.view.depth) },
            levelName(depth, levels),
          );
          button.onclick = () => openView({ group: state.view.group, depth });
          return button;
        })
      : []),
  );
}

function levelName(depth, levels) {
  if (depth === levels) return "operations";
  const kinds = new Set();
  for (let v = 0; v < engine.n; v++) {
    const around = chain(v),
      from = state.view.group < 0 ? 0 : around.indexOf(state.view.group) + 1;
    if (state.view.group >= 0 && !from) continue;
    if (around.length > from + depth) kinds.add(attributeOf(groups[around[from + depth]]));
  }
  const kind = [...kinds][0] || "group";
  if (kind === "model") return kind;
  return kind.endsWith("s") ? kind : `${kind}s`;
}

/** What a module is one of: layers.0.neurons.2 is one of the neurons. */
function attributeOf(group) {
  return group.kind === "module" ? (/([^.[]+)[.[]\d+\]?$/.exec(group.name)?.[1] ?? "module") : group.kind;
}
