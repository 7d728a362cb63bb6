// The film of a training: the loss over its steps, with its axes.

import { $ } from "../base/dom.js";
import { cut, escape } from "../base/labels.js";
import { short } from "../base/numerals.js";
import { tape } from "../model/graph.js";
import { length, state } from "../model/state.js";

const WIDE = 100,
  TALL = 40;

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
  const x = (k) => ((k / (frames.length - 1)) * WIDE).toFixed(2),
    y = (loss) => (Number.isFinite(loss) ? TALL - 1 - ((level(loss) - low) / span) * (TALL - 2) : 1).toFixed(2);
  const choice = (name) => `<button data-mode="${name}" aria-pressed="${state.mode === name}">${name}</button>`;
  const middle = logs ? Math.sqrt(least * most) : (least + most) / 2;
  const called = `The loss over the training, from ${short(losses[0])} to ${short(losses[losses.length - 1])}`;
  const place = frames[frames.length - 1].step
    ? (k) => `step ${frames[k].step}`
    : (k) => escape(cut(frames[k].label, 14));
  box.innerHTML = [
    `<span class="quiet">${escape(cut(tape.title, 10))}${logs ? ", log scale" : ""}<br>`,
    `${short(losses[0])} → ${short(losses[losses.length - 1])}</span>`,
    `<span class="axis upright" aria-hidden="true"><span>${short(most, 3)}</span><span>${short(middle, 3)}</span><span>${short(least, 3)}</span></span>`,
    `<span class="graph"><svg viewBox="0 0 ${WIDE} ${TALL}" preserveAspectRatio="none" role="img" aria-label="${called}">`,
    `<path class="rule" d="M0 1H${WIDE}M0 ${TALL / 2}H${WIDE}M0 ${TALL - 1}H${WIDE}"/>`,
    `<polyline points="${losses.map((loss, k) => `${x(k)},${y(loss)}`).join(" ")}"/>`,
    `<line x1="${x(frame)}" x2="${x(frame)}" y1="0" y2="${TALL}"/></svg>`,
    `<span class="axis" aria-hidden="true"><span>${place(0)}</span><span>${place(frames.length - 1)}</span></span></span>`,
    `<span class="modes" role="group" aria-label="What the controls move through">`,
    `${choice("passes")}${choice("training")}</span>`,
  ].join("");
  if (state.mode === "training") $("time").max = length();
}
