// Painting: the numbers, colours and widths of the view as the walk has them.

import { mark, write } from "../base/dom.js";
import { cut } from "../base/labels.js";
import { short, sign, signed } from "../base/numerals.js";
import { engine, numbness } from "../model/graph.js";
import { givenNames, numberAt, offsets } from "../model/given.js";
import { groups } from "../model/groups.js";
import { problemOf } from "../model/problems.js";
import { hidden, known, lit, passed, stage, walking } from "../model/progress.js";
import { FORWARD, passes, state } from "../model/state.js";
import { onTheWay } from "../words/why.js";
import { caption, gradientText, sentence, spokenGradient } from "../words/words.js";
import { drawing } from "./stage.js";
import { boxAt } from "./view.js";

/** Write numbers, colours and widths of all boxes and links anew. */
export function paint() {
  const { boxes, links } = state.view,
    now = lit(),
    walk = walking();
  const chosen = boxAt(state.selected);
  // the whole way from the chosen node to the root is lit, and the rest is dimmed
  const way = state.selected >= 0 && state.selected !== engine.root && engine.reached[state.selected] && !walk;
  const on = way && onTheWay(state.selected);
  const aside = (box) => Boolean(on) && !(box.given?.users ?? box.nodes).some((v) => on[v]);
  for (const box of boxes) paintBox(box, now, walk, chosen, aside(box));
  const labelled = state.view.roomy;
  for (const link of links) {
    const { path } = link,
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
      const term = passes.grad[engine.user[e]] * engine.local[e];
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
    const through = on && flowing.some((e) => on[engine.user[e]] && on[engine.operand[e]]);
    const place = through ? " near" : on ? " aside" : near ? " near" : "";
    const kind = `edge ${look}${isLit ? " lit" : place}`;
    if (link.kind !== kind) path.setAttribute("class", kind);
    link.kind = kind;
    const width = isLit ? 4 : coloured ? (1 + 3.5 * strength(size)).toFixed(1) : 1.1;
    if (link.width !== width) path.style.strokeWidth = width;
    link.width = width;
    const told = isLit || (link.free && (through || (!on && (labelled || near))) && !veiled);
    drawing.write(
      link,
      single >= 0 && flowing.length && known(engine.user[single]) && told
        ? `×${short(isLit ? engine.local[now.edge] : slope, 3)}`
        : "",
      isLit,
    );
  }
}

function paintGiven(box) {
  const from = offsets[box.place],
    own = box.given.names.map((_, k) => numberAt(from + k)),
    [low, high] = [Math.min(...own), Math.max(...own)];
  box.text.rows.forEach((row, k) => write(row, short(own[k])));
  box.squares?.forEach((square, k) => {
    mark(square, "class", "cell plain");
    mark(square, "fill-opacity", high > low ? ((own[k] - low) / (high - low)).toFixed(2) : "0.5");
  });
  const said = own.slice(0, 8).map((x, k) => `${givenNames[from + k]} ${short(x)}`);
  write(
    box.spoken,
    `${box.title}, plain ${own.length > 1 ? "numbers" : "number"}: ${said.join(", ")}${own.length > 8 ? " …" : ""}, Enter changes ${own.length > 1 ? "them" : "it"}`,
  );
}

function paintBox(box, now, walk, chosen, aside) {
  const { element: group, text } = box;
  const classes = ["node", box.kind];
  if (aside) classes.push("aside");
  if (walk && boxAt(now.edge >= 0 ? now.operand : now.node) === box) classes.push("lit");
  if (walk && now.edge >= 0 && boxAt(now.node) === box) classes.push("sending");
  if (box === chosen) classes.push("selected");
  if (box.given) {
    mark(box.element, "class", classes.join(" "));
    return paintGiven(box);
  }
  if (box.changing && !box.ghost) write(text.caption, cut(caption(box.node), 14));
  if (!box.ghost) {
    const single = box.outputs.length === 1 ? box.outputs[0] : -1;
    const { value, gradient, size, word } = single >= 0 ? paintNode(single, classes) : paintGroup(box);
    write(text.value, value);
    write(text.gradient, gradient);
    mark(text.gradient, "class", `gradient ${word}`);
    const leaves = single < 0 && box.nodes.every((v) => engine.op[v] < 0);
    write(text.flag, single >= 0 ? (box.low ? "" : flag(single)) : leaves ? "‖w‖" : "‖a‖");
    const plain = state.differences && state.pinned ? "Δ∂" : "∂";
    write(text.sign, single < 0 ? "‖∂‖" : gradient.includes("…") ? "" : plain);
    mark(box.bar, "width", ((box.width - 18) * strength(size)).toFixed(1));
    mark(box.bar, "class", `bar ${word}`);
    box.cells?.forEach((v, k) => {
      const g = stage(v) === "final" && !hidden(v) ? passes.partial[v] : NaN;
      mark(box.squares[k], "class", `cell ${Number.isNaN(g) ? "later" : sign(g)}`);
      mark(box.squares[k], "opacity", Number.isNaN(g) ? "1" : Math.max(0.12, strength(g)).toFixed(2));
    });
  }
  mark(group, "class", classes.join(" "));
  write(box.spoken, box.node !== undefined ? sentence(box.node) : groupSentence(box));
  mark(group, "aria-pressed", String(box === chosen));
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
      dg = passes.grad[v] - state.pinned.grad[v];
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
    size: final ? passes.partial[v] : 0,
    word: final ? sign(passes.partial[v]) : stage(v) === "none" ? "none" : "later",
  };
}

function paintGroup(box) {
  const ready = box.outputs.every(known),
    final = box.parameters.concat(box.outputs).every((v) => stage(v) === "final" || stage(v) === "none");
  const size = norm(box.parameters.length ? box.parameters : box.outputs, passes.partial);
  return {
    value: ready ? short(norm(box.outputs, engine.value)) : "—",
    gradient: final && !state.practising ? short(size) : "—",
    size: final ? size : 0,
    word: "size",
  };
}

function groupSentence(box) {
  const parts = groups.filter((g) => g.parent === box.group).length,
    inside = parts ? `${parts} parts` : `${box.nodes.length} nodes`,
    what = `${groups[box.group].name}, ${inside}, ${box.parameters.length} parameters`;
  if (box.ghost) return `${what}, outside, Enter leads there`;
  const single = box.outputs.length === 1 ? box.outputs[0] : -1,
    shown = single >= 0 ? null : paintGroup(box),
    value = single >= 0 ? (known(single) ? short(engine.value[single]) : "") : shown.value.replace("—", ""),
    gradient = single >= 0 ? spokenGradient(single) : shown.gradient.replace("—", "") || "not computed yet";
  const size = single >= 0 ? "" : "of size ",
    wrong = box.nodes.filter((v) => known(v) && problemOf(v)).length;
  const state = wrong ? `, ${wrong} problem${wrong > 1 ? "s" : ""} inside` : "";
  return `${what}, value ${value ? size + value : "not computed yet"}, gradient ${gradient === "not computed yet" ? "" : size}${gradient}${state}, Enter opens it`;
}

function flag(v) {
  if (!known(v)) return "";
  if (engine.fate(v) === "born") return "! born";
  const numb = numbness(v);
  return numb === "dead" ? "dead" : numb ? "sat." : "";
}

function norm(nodes, numbers) {
  return Math.sqrt(nodes.reduce((sum, v) => sum + numbers[v] * numbers[v], 0));
}

/** Where |x| lies on the scale of the legend: 1 at its top, 0 six powers of ten below or at zero. */
function strength(x) {
  const size = Math.abs(x);
  if (!(size > 0)) return 0;
  return size === Infinity ? 1 : Math.min(1, Math.max(0.04, 1 + (Math.log10(size) - passes.top) / 6));
}
