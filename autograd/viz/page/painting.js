// Painting: the numbers, colours and widths of the view as the walk has them.

/** The edge of the backward pass, or the node of the forward pass, that the walk has just done. */
function lit(step = state.step) {
  if (step > FORWARD + 1) {
    const edge = engine.backwardEdges[step - FORWARD - 2];
    return { edge, node: engine.user[edge], operand: engine.operand[edge] };
  }
  if (step === FORWARD + 1) return { edge: -1, node: engine.root, operand: engine.root };
  return { edge: -1, node: step ? engine.interior[step - 1] : -1, operand: -1 };
}

function walking() {
  return state.step < STEPS;
}

function norm(nodes, numbers) {
  return Math.sqrt(nodes.reduce((sum, v) => sum + numbers[v] * numbers[v], 0));
}

function paint() {
  const { boxes, links } = state.view,
    now = lit(),
    walk = walking();
  for (const box of boxes) paintBox(box, now, walk);
  const chosen = boxAt(state.selected);
  const labelled = state.view.roomy;
  for (const link of links) {
    const { path, mark } = link,
      [first] = link.edges;
    // edges that lead from one node to one node are read as one: x·x answers to x twice
    const single = link.edges.every(
      (e) => engine.user[e] === engine.user[first] && engine.operand[e] === engine.operand[first],
    )
      ? first
      : -1;
    const slope = single >= 0 ? link.edges.reduce((sum, e) => sum + engine.local[e], 0) : 0;
    const flowing = link.edges.filter((e) => engine.flows[e] && engine.reached[engine.user[e]]);
    const done =
      state.step > FORWARD + 1 ? flowing.filter((e) => stage(engine.user[e]) === "final" && (!walk || passed(e))) : [];
    let carried = 0,
      size = 0;
    const signs = new Set();
    for (const e of done) {
      const term = grad[engine.user[e]] * engine.local[e];
      carried += term;
      size += term * term;
      if (term) signs.add(term > 0);
    }
    size = Number.isNaN(carried) ? NaN : Math.sqrt(size);
    const isLit = walk && link.edges.includes(now.edge),
      near = chosen && (boxes[link.from] === chosen || boxes[link.to] === chosen);
    const veiled = state.practising && link.edges.some((e) => hidden(engine.operand[e]));
    const coloured = done.length > 0 && !veiled;
    const look = !flowing.length ? "none" : !coloured ? "later" : signs.size > 1 ? "mixed" : sign(carried);
    path.setAttribute("class", `edge ${look}${isLit ? " lit" : ""}${near ? " near" : ""}`);
    path.style.strokeWidth = isLit ? 4 : coloured ? (1 + 3.5 * strength(size)).toFixed(2) : 1.1;
    mark.setAttribute("class", `mark${isLit ? " lit" : ""}`);
    mark.textContent =
      single >= 0 && flowing.length && known(engine.user[single]) && (isLit || ((labelled || near) && !veiled))
        ? `×${short(isLit ? engine.local[now.edge] : slope, 3)}`
        : "";
  }
  legend();
  caption_();
  const since =
    state.pinned && state.differences
      ? `, Δ ${signed(engine.value[engine.root] - state.pinned.value[engine.root])} since the pin`
      : "";
  $("loss").textContent =
    `${cut(tape.title, 20)} = ${known(engine.root) ? short(engine.value[engine.root], 6) : "—"}${since}`;
  $("time").value = state.mode === "passes" ? state.step : state.frame;
  $("time").setAttribute("aria-valuetext", $("caption").textContent);
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
    text.flag.textContent =
      single >= 0 ? (box.low ? "" : flag(single)) : box.nodes.every((v) => engine.op[v] < 0) ? "‖w‖" : "‖a‖";
    text.sign.textContent =
      single < 0 ? "‖∂‖" : gradient.includes("…") ? "" : state.differences && state.pinned ? "Δ∂" : "∂";
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
    const dv = engine.value[v] - state.pinned.value[v],
      dg = grad[v] - state.pinned.grad[v];
    if (dv === 0 && dg === 0) classes.push("same");
    return {
      value: `Δ ${signed(dv)}`,
      gradient: engine.reached[v] ? signed(dg) : "no flow",
      size: dg,
      word: engine.reached[v] ? sign(dg) : "none",
    };
  }
  return {
    value: known(v) ? short(engine.value[v]) : "—",
    gradient: gradientText(v),
    size: final ? partial[v] : 0,
    word: final ? sign(partial[v]) : stage(v) === "none" ? "none" : "later",
  };
}

function paintGroup(box) {
  const ready = box.outputs.every(known),
    final = box.parameters.concat(box.outputs).every((v) => stage(v) === "final" || stage(v) === "none");
  const size = norm(box.parameters.length ? box.parameters : box.outputs, partial);
  return {
    value: ready ? short(norm(box.outputs, engine.value)) : "—",
    gradient: final && !state.practising ? short(size) : "—",
    size: final ? size : 0,
    word: "size",
  };
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
  const L = escape(cut(tape.title, 8));
  const decade = (d) => [
    `<span class="decade"><svg width="22" height="8">`,
    `<line x1="0" y1="4" x2="22" y2="4" stroke-width="${1 + 3.5 * Math.max(0.04, 1 + d / 6)}"/></svg>`,
    `<span>10<sup>${String(top + d).replace("-", "−")}</sup></span></span>`,
  ];
  $("legend").innerHTML = [
    `<span>|∂${L}|</span>`,
    ...[0, -2, -4].flatMap(decade),
    `<span class="positive">+ ${L} grows with it</span><span class="negative">− shrinks</span>`,
    drawing.world.querySelector(".edge.none") ? `<span class="none">┄ no gradient</span>` : "",
    drawing.world.querySelector(".numb") ? `<span class="none">╌ saturated or dead</span>` : "",
  ].join("");
}

/** What the walk has just done, as a sentence. */
function caption_() {
  $("caption").innerHTML = state.mode === "training" ? filmCaption() : walkCaption();
}

function walkCaption() {
  const now = lit(),
    products = engine.backwardEdges.length;
  if (!state.step) return "Nothing is computed yet: → runs the first operation.";
  if (!walking() && state.practising) {
    const asked = engine.reached.reduce((sum, r) => sum + r, -1); // all but the root
    return `<b>Practice:</b> ${state.answered.size} of ${asked} gradients found. Choose a node and give its gradient.`;
  }
  if (!walking()) return `<b>${FORWARD}</b> operations forward, <b>${products}</b> products backward: all done.`;
  if (state.step <= FORWARD) {
    const v = now.node,
      made = `${formulaText(v, "names")} = ${formulaText(v, "numbers", true)}`;
    return `<b>forward ${state.step}/${FORWARD}</b> ${made}<b>${short(engine.value[v])}</b>`;
  }
  const k = state.step - FORWARD - 1;
  if (!k) return `<b>backward</b> starts with ${delta(engine.root)} = <b>1</b>`;
  const { node, operand, edge } = now;
  const place = `<b>backward ${k}/${products}</b>`;
  if (hidden(operand)) return `${place} ${delta(operand)} gets its term from ${escape(names[node])}: which?`;
  const term = grad[node] * engine.local[edge],
    before = partial[operand] - term;
  const product = `${short(grad[node])} × ${bracketed(engine.local[edge])} = <b>${short(term)}</b>`;
  const added = `${short(before)} ${term < 0 ? "−" : "+"} ${short(Math.abs(term))} = <b>${short(partial[operand])}</b>`;
  const left = engine.reports[operand] - reported[operand];
  return [
    `${place} ${delta(node)} · ${ratio(node, operand, "text")} = ${product}`,
    reported[operand] > 1 ? ` added: ${added}` : "",
    left ? ` (${left} more to come)` : "",
  ].join("");
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
