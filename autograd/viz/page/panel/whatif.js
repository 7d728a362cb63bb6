// What if a number moves: the gradient's prediction beside the truth, and the curve of the root with its tangent.

import { element } from "../base/dom.js";
import { escape } from "../base/labels.js";
import { morph } from "../base/morph.js";
import { number, plain, short, signed } from "../base/numerals.js";
import { moveBy } from "../actions/questions.js";
import { engine, names, tape } from "../model/graph.js";
import { passes, state } from "../model/state.js";

const WIDTH = 300,
  HEIGHT = 132,
  POINTS = 49,
  AT_ONCE = 40000;

let waiting = 0;

/** The heading, with a field for how far it moves. */
export function movedBy(v) {
  const field = element("input", {
    type: "text",
    inputmode: "decimal",
    class: "amount",
    "aria-label": `How far ${names[v]} moves`,
  });
  field.value = plain(state.delta);
  field.addEventListener("input", () => {
    const by = number(field.value);
    field.setAttribute("aria-invalid", String(by === null || !Number.isFinite(by)));
    if (by !== null && Number.isFinite(by)) moveBy(by);
  });
  const heading = element("h3", {}, "What if");
  return element("div", {}, heading, element("label", { class: "ask" }, `${names[v]} moves by `, field));
}

/** The answer, in numbers and as a curve; where it takes long, the curve follows a moment later. */
export function answer(v, place) {
  clearTimeout(waiting);
  const cone = engine.dependents(v);
  if (cone.length * POINTS < AT_ONCE) morph(place, written(v));
  else waiting = setTimeout(() => place.isConnected && morph(place, written(v)), 80);
}

function written(v) {
  const by = state.delta,
    x = engine.value[v],
    now = engine.value[engine.root],
    slope = passes.grad[v],
    L = escape(tape.title);
  const span = Math.max(6 * Math.abs(by), 1e-3 * Math.abs(x)) || 1;
  const xs = Array.from({ length: POINTS }, (_, k) => x + span * ((2 * k) / (POINTS - 1) - 1));
  const [then, ...ys] = engine.respond(v, [x + by, ...xs]);
  const predicted = engine.reached[v] ? slope * by : 0,
    truth = then - now,
    off = truth === predicted ? 0 : Math.abs(predicted - truth) / Math.max(Math.abs(truth), Math.abs(predicted));
  const made = [
    `<dl class="whatif"><dt>predicted, ∂${L}/∂${escape(names[v])} · ${short(by)}</dt><dd>${signed(predicted)}</dd>`,
    `<dt>truth, ${L} computed anew</dt><dd>${signed(truth)}</dd>`,
    `<dt>${L} then</dt><dd>${short(then)}</dd></dl>`,
    Number.isFinite(off) ? `<p class="quiet">The tangent is off by ${short(100 * off, 2)} % there.</p>` : "",
  ];
  return made.join("") + curve(v, xs, ys, { x, now, slope, by, then, predicted });
}

/** The root over the number, its tangent here, and the two answers at the place it would move to. */
function curve(v, xs, ys, { x, now, slope, by, then, predicted }) {
  const seen = [...ys, now, now + predicted].filter(Number.isFinite);
  if (seen.length < 3) return "";
  let low = Math.min(...seen),
    high = Math.max(...seen);
  if (high - low < 1e-12 * Math.max(1, Math.abs(high))) ((low -= 1e-6), (high += 1e-6));
  const left = 8,
    top = 8,
    wide = WIDTH - 16,
    tall = HEIGHT - 32;
  const px = (t) => (left + ((t - xs[0]) / (xs[xs.length - 1] - xs[0])) * wide).toFixed(1);
  const py = (y) => (top + (1 - (y - low) / (high - low)) * tall).toFixed(1);
  const line = ys.map((y, k) => (Number.isFinite(y) ? `${px(xs[k])},${py(y)}` : "")).filter(Boolean);
  const tangent = [xs[0], xs[xs.length - 1]].map((t) => `${px(t)},${py(now + slope * (t - x))}`);
  const label = `${tape.title} over ${names[v]}, from ${short(xs[0])} to ${short(xs[xs.length - 1])}, with its tangent`;
  return [
    `<svg class="curve" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(label)}">`,
    `<line class="axis" x1="${left}" x2="${left + wide}" y1="${top + tall}" y2="${top + tall}"/>`,
    `<polyline class="truth" points="${line.join(" ")}"/>`,
    `<polyline class="tangent" points="${tangent.join(" ")}"/>`,
    `<line class="gap" x1="${px(x + by)}" x2="${px(x + by)}" y1="${py(now + predicted)}" y2="${py(then)}"/>`,
    `<circle class="here" cx="${px(x)}" cy="${py(now)}" r="4"/>`,
    `<circle class="there" cx="${px(x + by)}" cy="${py(then)}" r="3.4"/>`,
    `<circle class="guess" cx="${px(x + by)}" cy="${py(now + predicted)}" r="3.4"/>`,
    `<text x="${left}" y="${HEIGHT - 6}">${short(xs[0], 3)}</text>`,
    `<text x="${px(x)}" y="${HEIGHT - 6}" text-anchor="middle">${escape(names[v])} = ${short(x, 3)}</text>`,
    `<text x="${left + wide}" y="${HEIGHT - 6}" text-anchor="end">${short(xs[xs.length - 1], 3)}</text></svg>`,
  ].join("");
}
