// The film of a training: the loss over its frames.

import { $ } from "../base/dom.js";
import { cut, escape } from "../base/labels.js";
import { short } from "../base/numerals.js";
import { tape } from "../model/graph.js";
import { length, state } from "../model/state.js";

/** Show the loss over the frames, and which of them is looked at; nothing if there is but one. */
export function film() {
  const { frames, frame } = state,
    box = $("film");
  box.hidden = frames.length < 2;
  document.body.classList.toggle("filmed", frames.length > 1);
  if (box.hidden) return;
  const losses = frames.map((f) => f.loss),
    finite = losses.filter(Number.isFinite);
  const least = Math.min(...finite),
    most = Math.max(...finite),
    logs = least > 0 && most / least > 50;
  const level = (x) => (logs ? Math.log(x) : x),
    low = level(least),
    span = level(most) - low || 1;
  const at = (x, k) =>
    `${((k / (frames.length - 1)) * 100).toFixed(2)},${Number.isFinite(x) ? (26 - ((level(x) - low) / span) * 22).toFixed(2) : 2}`;
  const [x] = at(losses[frame], frame).split(",");
  const choice = (name) => `<button data-mode="${name}" aria-pressed="${state.mode === name}">${name}</button>`;
  box.innerHTML = [
    `<span class="quiet">${escape(cut(tape.title, 10))}${logs ? ", log scale" : ""}<br>`,
    `${short(losses[0])} → ${short(losses[losses.length - 1])}</span>`,
    `<svg viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label="The loss over the training">`,
    `<polyline points="${losses.map(at).join(" ")}"/><line x1="${x}" x2="${x}" y1="0" y2="28"/></svg>`,
    `<span class="modes" role="group" aria-label="What the controls move through">`,
    `${choice("passes")}${choice("training")}</span>`,
  ].join("");
  $("time").max = length();
}
