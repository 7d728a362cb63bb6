// Where the gradient vanishes: its size by depth, from the leaves to the root, on a scale of powers of ten.

import { escape } from "../base/labels.js";
import { short } from "../base/numerals.js";
import { linkText } from "../display/links.js";
import { engine, names, tape } from "../model/graph.js";
import { depths } from "../model/problems.js";
import { withheld } from "../model/progress.js";
import { passes } from "../model/state.js";

const BINS = 40;

/** The chart, and the weakest and strongest node of each depth where they differ most. */
export function vanishing() {
  const depth = depths(),
    most = depth[engine.root],
    per = Math.max(1, Math.ceil((most + 1) / BINS)),
    bins = [];
  for (const v of engine.interior) {
    const size = Math.abs(passes.grad[v]);
    if (!engine.reached[v] || withheld(v)) continue;
    const bin = (bins[Math.floor((depth[v] - 1) / per)] ||= { from: depth[v], to: depth[v], nodes: [] });
    bin.from = Math.min(bin.from, depth[v]);
    bin.to = Math.max(bin.to, depth[v]);
    bin.nodes.push([size, v]);
  }
  const rows = bins.filter(Boolean);
  for (const bin of rows) {
    bin.nodes.sort((a, b) => a[0] - b[0]);
    bin.weakest = bin.nodes[0];
    bin.strongest = bin.nodes[bin.nodes.length - 1];
    bin.middle = bin.nodes[bin.nodes.length >> 1][0];
  }
  if (!rows.length) return `<h2>Where does it vanish?</h2><p>No operation has a gradient.</p>`;
  return [
    `<div class="vanish"><div><h2>Where does it vanish?</h2><p class="quiet">|∂${escape(tape.title)}/∂node| by depth: what lies on `,
    `few operations at the left, ${escape(tape.title)} at the right; a bar from the weakest to the strongest, the median as a dot.</p>`,
    `${summary(rows)}</div>${chart(rows)}</div>`,
  ].join("");
}

const power = (x) => Math.log10(x);

function chart(rows) {
  const sizes = rows.flatMap((bin) => bin.nodes.map(([size]) => size)).filter((x) => x > 0 && Number.isFinite(x));
  const narrow = innerWidth < 900 || document.body.classList.contains("side"); // then its letters would be small
  const width = narrow ? 340 : 720,
    height = 150,
    left = 46,
    top = 8,
    tall = height - 34;
  const high = Math.ceil(Math.max(...sizes.map(power), 0)),
    low = Math.min(high - 1, Math.max(high - 300, Math.floor(Math.min(...sizes.map(power), high - 1))));
  const py = (x) => top + (1 - (Math.max(low, x > 0 ? power(x) : low) - low) / (high - low)) * tall;
  const step = (width - left - 8) / rows.length,
    every = Math.ceil((high - low) / 5);
  const made = [
    `<svg class="curve depth" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(label(rows))}">`,
  ];
  for (let p = high; p >= low; p -= every) {
    const y = py(10 ** p).toFixed(1);
    made.push(`<line class="rule" x1="${left}" x2="${width - 8}" y1="${y}" y2="${y}"/>`);
    made.push(`<text x="${left - 6}" y="${Number(y) + 4}" text-anchor="end">1e${String(p).replace("-", "−")}</text>`);
  }
  rows.forEach((bin, k) => {
    const x = left + step * (k + 0.5),
      [a, b] = [py(bin.strongest[0]), py(bin.weakest[0])],
      zero = bin.weakest[0] === 0 ? " lost" : "",
      what = `${depthName(bin)}: ${short(bin.weakest[0])} to ${short(bin.strongest[0])}`;
    made.push(
      `<g class="depthbar${zero}" data-node="${bin.weakest[1]}"><title>${escape(what)}; to the weakest, ${escape(names[bin.weakest[1]])}</title>`,
      `<rect x="${(x - step / 2).toFixed(1)}" y="${top}" width="${step.toFixed(1)}" height="${tall}" class="target"/>`,
      `<rect x="${(x - Math.min(9, step * 0.36)).toFixed(1)}" y="${(a - 1.5).toFixed(1)}" width="${Math.min(18, step * 0.72).toFixed(1)}" height="${(b - a + 3).toFixed(1)}" rx="3"/>`,
      `<circle cx="${x.toFixed(1)}" cy="${py(bin.middle).toFixed(1)}" r="3"/></g>`,
    );
    if (k % Math.ceil(rows.length / (narrow ? 8 : 16)) === 0)
      made.push(`<text x="${x.toFixed(1)}" y="${height - 8}" text-anchor="middle">${bin.from}</text>`);
  });
  return `${made.join("")}</svg>`;
}

function depthName({ from, to }) {
  return from === to ? `depth ${from}` : `depths ${from} to ${to}`;
}

function label(rows) {
  const [first, last] = [rows[0], rows[rows.length - 1]];
  return `Size of the gradient by depth: median ${short(last.middle)} at ${depthName(last)}, ${short(first.middle)} at ${depthName(first)}`;
}

/** In words: how much is left at the left end, and which depth loses most. */
function summary(rows) {
  const [first, last] = [rows[0], rows[rows.length - 1]],
    ratio = first.middle / last.middle;
  let worst = null;
  for (let k = 0; k + 1 < rows.length; k++) {
    const loss = rows[k].middle / rows[k + 1].middle;
    if (!worst || loss < worst.loss) worst = { loss, at: rows[k], after: rows[k + 1] };
  }
  const parts = [];
  if (rows.length > 1 && Number.isFinite(ratio))
    parts.push(
      `From ${depthName(last)} to ${depthName(first)} the median changes by a factor of <b>${short(ratio)}</b>.`,
    );
  if (worst && worst.loss < 1)
    parts.push(
      `Most is lost between ${depthName(worst.after)} and ${depthName(worst.at)}: × ${short(worst.loss)}; the weakest there is ${linkText(worst.at.weakest[1])} with ${short(worst.at.weakest[0])}.`,
    );
  return `<p>${parts.join(" ")}</p>`;
}
