// The samples: which of them is looked at, and the output over the plane of two inputs, with the boundary it draws.

import { $ } from "../base/dom.js";
import { short } from "../base/numerals.js";
import { engine, names, tape } from "../model/graph.js";
import { samples } from "../model/samples.js";
import { passes, state } from "../model/state.js";

const SIDE = 200,
  WORK = 500000; // edges that are evaluated for one picture

let range = null,
  painted = "";

/** Show the samples, if there are some. */
export function plane() {
  if (!samples) return;
  const { rows, inputs } = samples,
    row = rows[state.sample];
  const part = (from, to) => row.slice(from, to).map((x) => short(x, 3));
  const some = (list) => (list.length > 4 ? `${list.slice(0, 3).join(", ")}, …` : list.join(", "));
  $("sample-number").textContent = `${state.sample + 1} of ${rows.length}`;
  $("sample-text").textContent =
    `x = ${some(part(0, inputs.length))} → y = ${some(part(inputs.length, row.length))}, output ${some(samples.outputs.map((v) => short(engine.value[v], 3)))}`;
  $("sample-loss").textContent = passes.batch ? `${tape.title} over all: ${short(passes.batch.loss)}` : "";
  const canvas = $("plane"),
    flat = inputs.length === 2 && samples.outputs.length > 0,
    side = Math.sqrt(inputs.length);
  canvas.hidden = !flat && !(Number.isInteger(side) && side >= 3);
  if (canvas.hidden) return;
  const now = `${passes.version} ${state.sample} ${colour("ink")}`;
  if (painted === now) return;
  painted = now;
  if (flat) field(canvas);
  else tile(canvas, side, row);
  canvas.setAttribute(
    "aria-label",
    flat
      ? `${names[samples.outputs[0]]} over ${inputs.map((v, k) => names[v] ?? `x${k + 1}`).join(" and ")}, with the samples`
      : `The sample's inputs as ${side} by ${side} squares`,
  );
}

/** A colour of the page as red, green and blue. */
function colour(name) {
  const [r, g, b] = getComputedStyle($(`ink-${name}`))
    .color.match(/[\d.]+/g)
    .map(Number);
  return [r, g, b];
}

function tile(canvas, side, row) {
  const pen = canvas.getContext("2d"),
    most = Math.max(...row.slice(0, side * side).map(Math.abs), 1e-300),
    [paper, ink] = [colour("paper"), colour("ink")];
  canvas.width = canvas.height = SIDE;
  for (let k = 0; k < side * side; k++) {
    const share = Math.abs(row[k]) / most;
    pen.fillStyle = `rgb(${paper.map((p, c) => Math.round(p + (ink[c] - p) * share))})`;
    pen.fillRect(
      ((k % side) * SIDE) / side,
      (Math.floor(k / side) * SIDE) / side,
      SIDE / side + 0.5,
      SIDE / side + 0.5,
    );
  }
}

/** The middle of the targets: where the boundary runs, and how far the colours go on either side. */
function scale() {
  const at = samples.inputs.length,
    ys = samples.rows.map((row) => row[at]).filter(Number.isFinite);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  return { middle: (low + high) / 2, half: (high - low) / 2 || 1 };
}

function bounds() {
  if (range) return range;
  range = [0, 1].map((k) => {
    const all = samples.rows.map((row) => row[k]),
      [low, high] = [Math.min(...all), Math.max(...all)],
      margin = 0.12 * (high - low || 1);
    return { low: low - margin, span: high - low + 2 * margin };
  });
  return range;
}

function field(canvas) {
  const [x, y] = bounds(),
    { middle, half } = scale(),
    n = Math.max(9, Math.min(48, Math.floor(Math.sqrt(WORK / Math.max(1, engine.edges))))),
    points = [];
  for (let j = 0; j < n; j++)
    for (let i = 0; i < n; i++) points.push([x.low + (x.span * i) / (n - 1), y.low + y.span * (1 - j / (n - 1))]);
  const outputs = engine.surface(samples.inputs, points, samples.outputs[0]).map((o) => (o - middle) / half);
  const paper = colour("paper"),
    inks = [colour("negative"), colour("positive")];
  const small = new OffscreenCanvas(n, n),
    image = small.getContext("2d").createImageData(n, n);
  outputs.forEach((o, k) => {
    const share = Number.isNaN(o) ? 0 : Math.min(1, Math.abs(o)) * 0.62;
    for (let c = 0; c < 3; c++) image.data[4 * k + c] = paper[c] + (inks[o > 0 ? 1 : 0][c] - paper[c]) * share;
    image.data[4 * k + 3] = 255;
  });
  small.getContext("2d").putImageData(image, 0, 0);
  const sharp = Math.min(2, window.devicePixelRatio || 1),
    pen = canvas.getContext("2d"),
    ink = `rgb(${colour("ink")})`;
  canvas.width = canvas.height = SIDE * sharp;
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  const cell = SIDE / (n - 1);
  pen.drawImage(small, -cell / 2, -cell / 2, SIDE + cell, SIDE + cell);
  pen.strokeStyle = ink;
  pen.lineWidth = 1.8;
  pen.stroke(boundary(outputs, n, cell));
  samples.rows.forEach((row, k) => {
    pen.beginPath();
    pen.arc(...seat(row), k === state.sample ? 6 : 3.6, 0, 7);
    pen.fillStyle = `rgb(${inks[row[2] > middle ? 1 : 0]})`;
    pen.fill();
    pen.strokeStyle = k === state.sample ? ink : `rgb(${paper})`;
    pen.lineWidth = k === state.sample ? 2.4 : 1.2;
    pen.stroke();
  });
}

/** Where a sample stands on the canvas. */
function seat(row) {
  const [x, y] = bounds();
  return [((row[0] - x.low) / x.span) * SIDE, (1 - (row[1] - y.low) / y.span) * SIDE];
}

/** The line on which the output is 0, cell by cell (marching squares). */
function boundary(outputs, n, cell) {
  const line = new Path2D();
  for (let j = 0; j + 1 < n; j++)
    for (let i = 0; i + 1 < n; i++) {
      const corners = [
        [i, j],
        [i + 1, j],
        [i + 1, j + 1],
        [i, j + 1],
      ];
      const cuts = [];
      corners.forEach(([ax, ay], k) => {
        const [bx, by] = corners[(k + 1) % 4],
          a = outputs[ay * n + ax],
          b = outputs[by * n + bx];
        if (a > 0 !== b > 0) cuts.push([ax + ((bx - ax) * a) / (a - b), ay + ((by - ay) * a) / (a - b)]);
      });
      for (let k = 0; k + 1 < cuts.length; k += 2) {
        line.moveTo(cuts[k][0] * cell, cuts[k][1] * cell);
        line.lineTo(cuts[k + 1][0] * cell, cuts[k + 1][1] * cell);
      }
    }
  return line;
}

/** The sample nearest to a point of the plane. */
export function sampleAt(event) {
  const { left, top, width } = $("plane").getBoundingClientRect(),
    [x, y] = [((event.clientX - left) / width) * SIDE, ((event.clientY - top) / width) * SIDE];
  let best = 0,
    least = Infinity;
  samples.rows.forEach((row, k) => {
    const [a, b] = seat(row),
      far = Math.hypot(a - x, b - y);
    if (far < least) [least, best] = [far, k];
  });
  return best;
}

/** Whether a click on the canvas chooses a sample. */
export function isPlane() {
  return samples !== null && samples.inputs.length === 2;
}
