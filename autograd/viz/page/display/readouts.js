// What stands in words beside the drawing: the loss, and what the walk has just done.

import { $ } from "../base/dom.js";
import { cut, escape } from "../base/labels.js";
import { bracketed, short, signed } from "../base/numerals.js";
import { engine, names, tape } from "../model/graph.js";
import { problems } from "../model/problems.js";
import { hidden, known, lit, walking } from "../model/progress.js";
import { FORWARD, passes, position, state } from "../model/state.js";
import { delta, formulaText, ratio } from "../words/formulas.js";

/** The loss, what the walk has just done as a sentence, and the place of both on the slider. */
export function readouts() {
  $("caption").innerHTML = state.mode === "training" ? filmCaption() : walkCaption();
  const since =
    state.pinned && state.differences
      ? `, Δ ${signed(engine.value[engine.root] - state.pinned.value[engine.root])} since the pin`
      : "";
  $("loss").textContent =
    `${cut(tape.title, 20)} = ${known(engine.root) ? short(engine.value[engine.root], 6) : "—"}${since}`;
  const wrong = problems().length;
  $("problems").hidden = !wrong;
  $("problems").textContent = `Problems (${wrong})`;
  $("steps").textContent = state.steps ? `step ${state.steps}` : "";
  $("undo").disabled = !state.before.length;
  $("time").value = position();
  $("time").setAttribute("aria-valuetext", $("caption").textContent);
}

function walkCaption() {
  const now = lit(),
    products = engine.backwardEdges.length;
  if (!state.step) return "Nothing is computed yet: → runs the first operation.";
  if (!walking() && state.practising) {
    const asked = engine.reached.reduce((sum, r) => sum + r, -1); // all but the root
    const found = state.answered.size - state.shown.size,
      shown = state.shown.size ? `, ${state.shown.size} shown` : "";
    return `<b>Practice:</b> ${found} of ${asked} gradients found${shown}. Choose a node and give its gradient.`;
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
  const term = passes.grad[node] * engine.local[edge],
    before = passes.partial[operand] - term;
  const product = `${short(passes.grad[node])} × ${bracketed(engine.local[edge])} = <b>${short(term)}</b>`;
  const added = `${short(before)} ${term < 0 ? "−" : "+"} ${short(Math.abs(term))} = <b>${short(passes.partial[operand])}</b>`;
  const left = engine.reports[operand] - passes.reported[operand];
  return [
    `${place} ${delta(node)} · ${ratio(node, operand, "text")} = ${product}`,
    passes.reported[operand] > 1 ? ` added: ${added}` : "",
    left ? ` (${left} more to come)` : "",
  ].join("");
}

function filmCaption() {
  const { frames, frame } = state;
  const change = frame ? ` (${signed(frames[frame].loss - frames[frame - 1].loss)})` : "";
  const { label, loss } = frames[frame];
  return `<b>${escape(label)}</b>, ${frame + 1} of ${frames.length}: ${escape(tape.title)} = <b>${short(loss, 6)}</b>${change}`;
}

/** Say something once, in the place of the caption: it is read aloud. */
export function say(words) {
  $("caption").textContent = words;
}
