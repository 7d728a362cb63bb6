// The keys, and what they do.

import { descend, reset, run } from "../actions/descent.js";
import { differences, pin } from "../actions/pin.js";
import { practise } from "../actions/practice.js";
import { ask, nextProblem } from "../actions/questions.js";
import { enter, neighbour, reach, select } from "../actions/selection.js";
import { advance, go, leap, mode, play } from "../actions/walk.js";
import { undo } from "../actions/undo.js";
import { $ } from "../base/dom.js";
import { dock, drawing } from "../display/stage.js";
import { locals, openView, roveTo } from "../display/view.js";
import { groups } from "../model/groups.js";
import { length, state } from "../model/state.js";
import { theme } from "./theme.js";

/** What each key does, in words. */
export const KEYS = [
  ["← →", "a step back or on; on a node: to what it is computed from, to what it feeds"],
  ["↑ ↓", "on a node: to the ones above and below it"],
  [", .", "a step back or on, also on a node"],
  ["PgUp PgDn", "back or on to the next box of the drawing"],
  ["Space", "play or pause"],
  ["Home End", "to the start or the end"],
  ["Enter", "explain the node, open the group"],
  ["Escape", "back to the node, out of the group, choose nothing"],
  ["e", "change the value of the chosen leaf"],
  ["g", "a step of gradient descent"],
  ["x", "train on and on, or pause"],
  ["u", "take the last change back"],
  ["r", "everything as it was"],
  ["p d", "pin this pass; show or hide the differences"],
  ["q", "practise"],
  ["w v", "what matters most; where the gradient vanishes"],
  ["!", "to the next problem"],
  ["/", "search"],
  ["+ - f", "zoom, fit"],
  ["l", "local derivatives on the edges"],
  ["m", "walk the passes or the training"],
  ["t", "light or dark"],
  ["o", "panel at the side or below"],
  ["?", "these keys"],
];

/** What each key does, by its name in an event. */
export const ACTIONS = {
  ",": () => advance(-1),
  ".": () => advance(1),
  ArrowLeft: () => advance(-1),
  ArrowRight: () => advance(1),
  PageUp: () => leap(-1),
  PageDown: () => leap(1),
  Home: () => go(0),
  End: () => go(length()),
  " ": () => play(),
  "/": () => $("search").focus(),
  w: () => ask("matters"),
  v: () => ask("vanish"),
  "!": nextProblem,
  "+": () => drawing.zoom(1.25),
  "=": () => drawing.zoom(1.25),
  "-": () => drawing.zoom(0.8),
  f: () => drawing.fit(),
  p: pin,
  d: differences,
  q: practise,
  t: theme,
  o: dock,
  g: descend,
  r: reset,
  x: run,
  u: undo,
  l: locals,
  m: () => state.frames.length > 1 && mode(state.mode === "passes" ? "training" : "passes"),
  e: () => $("panel").querySelector("[data-leaf]")?.focus(),
  "?": () => $("keys").showModal(),
  Escape: () => {
    if ($("take").open) return ($("take").open = false);
    if (state.selected >= 0) return select(-1);
    if (state.view.group >= 0) openView({ group: groups[state.view.group].parent });
  },
  Backspace: () => state.view.group >= 0 && openView({ group: groups[state.view.group].parent }),
};

/** Do what a key says, unless it is typed into a field. */
export function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const at = event.target,
    typing = at.matches?.("input:not([type=range], [type=checkbox]), textarea, select"),
    box = state.view.boxes.find((b) => b.element === at);
  if (typing) {
    if (event.key === "Escape") at.blur();
    return;
  }
  if (box) {
    if (event.key.startsWith("Arrow")) {
      const next = neighbour(box, event.key);
      if (next) roveTo(next);
      else reach(box, event.key);
      return event.preventDefault();
    }
    if (event.key === "Enter") {
      enter(box);
      return event.preventDefault();
    }
  } else if (event.key === " " && at.matches?.("button, summary")) return;
  if (at.matches?.("input[type=range]") && /^(Arrow|Home|End|Page)/.test(event.key)) return;
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}
