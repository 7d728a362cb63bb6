// The kernel of a notebook: what changes on the page is told to Python, and what changes in Python is shown.
//
// notebook.mjs, around the frame that the page stands in, passes on what widget.py and this module say to each other:
//
//   from here  { n, leaves: [[v, x], …], selected }     leaves that have other values, and the chosen node or −1
//   from there { leaves, selected, seen, word, frame }  all leaves as base64, and the last n that was heard
//
// While something said is unanswered, no more is said, and what was said is not taken back: a slider is never pulled
// out of the hand. The answer has the last word: what Python refuses is as it was.

import { $ } from "../base/dom.js";
import { plain } from "../base/numerals.js";
import { film } from "../display/film.js";
import { say } from "../display/readouts.js";
import { engine, tape } from "../model/graph.js";
import { moved } from "../model/given.js";
import { changed, recompute, state } from "../model/state.js";
import { keepFrame } from "./frames.js";
import { select } from "./selection.js";
import { remember } from "./undo.js";
import { mode } from "./walk.js";

const view = String(Math.random()), // several may show one graph
  said = new Set(); // the leaves of what is unanswered
let port = null,
  count = 0,
  asked = "", // what is unanswered
  alone = false, // whether plain numbers are others than in Python
  known = null, // the leaves as Python has them, as far as is known here,
  chosen = -1; // and the chosen node

/** Listen to a notebook, if there is one around; `dress` makes the page light or dark. */
export function listenToKernel(dress) {
  window.addEventListener("message", ({ source, data, ports }) => {
    if (source !== window.parent || data !== "autograd" || !ports.length) return;
    [port] = ports;
    port.addEventListener("message", ({ data }) => {
      if (data.state) hear(data.state);
      else if (data.lost) lost();
      else dress(data.scheme);
    });
    port.start();
  });
  changed.hear(tell);
}

/** Whether a frame of the film that Python gave along is looked at, which changes nothing there. */
function watching() {
  const frame = state.mode === "training" && state.frame < tape.history.length && state.frames[state.frame];
  return frame && engine.leaves.every((v, k) => Object.is(engine.value[v], frame.leaves[k]));
}

function tell() {
  if (!known) return;
  const differ = moved().length > 0;
  if (differ && !alone) say("A plain number is no Value: Python keeps its own, and it is changed here alone");
  alone = differ;
  if (asked) return;
  const leaves = [];
  if (!watching())
    engine.leaves.forEach((v, k) => {
      if (Object.is(engine.value[v], known[k])) return;
      leaves.push([v, (known[k] = engine.value[v])]);
      said.add(v);
    });
  if (!leaves.length && state.selected === chosen) return;
  chosen = state.selected;
  asked = `${view} ${++count}`;
  port.postMessage({ n: asked, leaves, selected: chosen });
}

/** Nobody hears what is said. */
function lost() {
  asked = "";
  said.clear();
  say("Python is not there any more, so this is changed here alone: run it again");
}

function hear({ leaves, selected, seen, word, frame }) {
  const values = new Float64Array(Uint8Array.from(window.atob(leaves), (c) => c.charCodeAt(0)).buffer),
    answered = asked && seen === asked,
    others = [];
  if (answered) {
    asked = "";
    said.clear();
  }
  if (known || !watching())
    engine.leaves.forEach((v, k) => {
      const ours = said.has(v) || (known && !Object.is(engine.value[v], known[k]));
      if (!ours && !Object.is(engine.value[v], values[k])) others.push([v, values[k]]);
    });
  if (others.length) move(others);
  known = known ? known.map((x, k) => (said.has(engine.leaves[k]) ? x : values[k])) : values;
  if (others.length || frame) {
    if (frame) keepFrame(frame);
    else if (state.mode === "training") mode("passes");
    film();
  }
  if (!asked) {
    const same = state.selected === chosen;
    chosen = selected;
    if (same && selected !== state.selected) select(selected);
  }
  changed();
  if (word && answered) say(word);
}

/** Leaves that are another number in Python; a field with one that was refused keeps what is being typed. */
function move(others) {
  remember("leaf in Python");
  for (const [v, x] of others) {
    engine.value[v] = x;
    for (const field of $("panel").querySelectorAll(`[data-leaf="${v}"]`))
      if (field === document.activeElement && document.hasFocus() && field.type !== "range")
        field.setAttribute("aria-invalid", "true");
      else field.value = plain(x);
  }
  recompute();
}
