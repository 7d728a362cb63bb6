// The page as a whole: what hears what, buttons, and the start.
//
// Modules stand in folders, each built on those before it:
//
//   base      elements, labels, numbers as text, signals: nothing of graphs
//   model     the engine, the graph, the state of the page
//   words     what is said of a node: its sentence, its formulas, its derivation
//   display   the drawing and what stands around it, as the state has it
//   actions   what changes the state
//   panel     a node explained, with its fields, or the list of leaves
//   controls  keys, pointer, search, and the way through the groups
//
// bundle.py, beside this file, puts them into the one script of the page, with model/primitives.js, which is Python's.

import { change } from "./actions/change.js";
import { address, addressed, copyLink, opening, readAddress } from "./actions/address.js";
import { descend, reset, run } from "./actions/descent.js";
import { beginFilm } from "./actions/frames.js";
import { listenToKernel } from "./actions/kernel.js";
import { pin } from "./actions/pin.js";
import { mistake, practise } from "./actions/practice.js";
import { nextProblem } from "./actions/questions.js";
import { drawingAsSVG, fileName, offer, pageText, saveLaTeX, savePNG, saveSVG } from "./actions/save.js";
import { showSample } from "./actions/samples.js";
import { select } from "./actions/selection.js";
import { undo } from "./actions/undo.js";
import { go, mode, play, playAt, stepBy } from "./actions/walk.js";
import { $, element } from "./base/dom.js";
import { crumbs } from "./controls/crumbs.js";
import { ACTIONS, KEYS, onKey } from "./controls/keys.js";
import { listenToBox, listenToFilm, listenToOverview, listenToPlane, listenToStage } from "./controls/pointer.js";
import { find, search } from "./controls/search.js";
import { dress, isDark, theme } from "./controls/theme.js";
import { legend } from "./display/legend.js";
import { paint } from "./display/painting.js";
import { overview } from "./display/overview.js";
import { plane } from "./display/plane.js";
import { readouts } from "./display/readouts.js";
import { dock, drawing } from "./display/stage.js";
import { locals, opened, openAgain, openView, roveTo, unfold } from "./display/view.js";
import { engine, names, parentsOf, tape } from "./model/graph.js";
import { groups } from "./model/groups.js";
import { erf, erfc, power, quotient, remainder } from "./model/numeric.js";
import { problems } from "./model/problems.js";
import { lit, stage } from "./model/progress.js";
import { samples } from "./model/samples.js";
import { changed, FORWARD, passes, recompute, state, STEPS } from "./model/state.js";
import { Panel } from "./panel/panel.js";
import { wholeDerivation } from "./words/derivation.js";
import { ratio } from "./words/formulas.js";
import { factorFormula, factorsOf, onTheWay } from "./words/why.js";
import { pythonOf } from "./words/python.js";
import { gradientText, sentence } from "./words/words.js";

/** What each button does. */
const BUTTONS = {
  home: ACTIONS.Home,
  end: ACTIONS.End,
  back: ACTIONS[","],
  on: ACTIONS["."],
  play: () => play(),
  "zoom-in": ACTIONS["+"],
  "zoom-out": ACTIONS["-"],
  fit: ACTIONS.f,
  locals,
  dock,
  pin,
  practise,
  theme,
  help: ACTIONS["?"],
  descend,
  reset,
  problems: nextProblem,
  run,
  undo,
  link: copyLink,
  "sample-before": () => showSample(state.sample - 1),
  "sample-after": () => showSample(state.sample + 1),
  "save-svg": saveSVG,
  "save-png": savePNG,
  "save-latex": saveLaTeX,
  "save-page": () => offer(fileName("html"), "text/html", pageText()),
  print: () => print(),
};

/** Who is told when something has changed, and in which order. */
function connect() {
  const panel = new Panel($("panel"));
  changed.hear(paint);
  changed.hear(legend); // after the painting: it names what is there
  changed.hear(readouts);
  changed.hear(plane);
  changed.hear(address);
  changed.hear(() => panel.refresh());
  opened.hear((view) => view.boxes.forEach(listenToBox));
  opened.hear(crumbs);
}

function start() {
  connect();
  $("app").hidden = false;
  $("heading").textContent = `The graph of ${tape.title}`;
  document.body.classList.toggle("sampled", samples !== null);
  $("samples").hidden = samples === null;
  recompute();
  beginFilm();
  $("time").max = STEPS;
  $("turn").style.left = `${(FORWARD / STEPS) * 100}%`;
  $("theme").textContent = isDark() ? "Light" : "Dark";
  openView({ group: -1 }, false);
  opening();
  stepBy(STEPS <= 120 ? "product" : groups.length ? "layer" : "node"); // so that playing takes seconds, not minutes
  $("unit").value = state.unit;
  roveTo(state.view.boxes[state.view.boxes.length - 1], false);
  if (state.frames.length > 1) mode("training");
  $("keylist").replaceChildren(
    ...KEYS.flatMap(([key, what]) => [
      element("dt", {}, ...key.split(" ").map((k) => element("kbd", {}, k))),
      element("dd", {}, what),
    ]),
  );
  for (const [id, action] of Object.entries(BUTTONS)) $(id).addEventListener("click", () => action());
  for (const button of $("take").querySelectorAll("button"))
    button.addEventListener("click", () => ($("take").open = false));
  $("unit").addEventListener("change", () => stepBy($("unit").value));
  $("pace").addEventListener("change", () => playAt(Number($("pace").value)));
  window.addEventListener("hashchange", readAddress);
  $("time").addEventListener("input", () => go(Number($("time").value)));
  $("rate").addEventListener("keydown", (event) => event.key === "Enter" && descend());
  $("search").addEventListener("input", () => search($("search").value, false));
  $("find").addEventListener("submit", (event) => {
    event.preventDefault();
    search($("search").value, true);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!$("take").contains(event.target)) $("take").open = false;
  });
  document.addEventListener("keydown", onKey);
  listenToStage();
  listenToFilm();
  listenToOverview();
  listenToPlane();
  drawing.looked = overview;
  matchMedia("print").addEventListener("change", ({ matches }) => drawing.print(matches));
  readAddress();
  listenToKernel(dress);
  new ResizeObserver(resized).observe($("stage"));
}

/** The drawing follows its room; one that is turned or folded is laid out anew where the room's shape is another. */
function resized() {
  const { width } = drawing.room(),
    narrow = width < 560;
  if (state.view.links.length && narrow !== drawing.down) openAgain();
  else drawing.placed?.();
  overview();
}

start();

// For the console, and for tests: the engine, the state, and what the buttons do.
window.explorer = {
  lit,
  numeric: { power, erf, erfc, quotient, remainder },
  engine,
  state,
  tape,
  names,
  get grad() {
    return passes.grad;
  },
  get partial() {
    return passes.partial;
  },
  stage,
  change,
  go,
  descend,
  select,
  openView,
  parentsOf,
  unfold: (id) =>
    unfold(
      state.view.boxes.find((box) => box.id === id),
      true,
    ),
  why: (v) =>
    factorsOf(v).map((factor) => ({
      symbol: ratio(factor.use, factor.of, "text"),
      formula: factorFormula(factor, "text"),
      value: factor.value,
      count: factor.count ?? 1,
    })),
  problems,
  addressed,
  showSample,
  run,
  undo,
  onTheWay: (v) => Array.from(onTheWay(v)),
  paths: (v, most) => engine.paths(v, most),
  gradientText,
  sentence,
  drawingAsSVG,
  pageText,
  wholeDerivation,
  mistake,
  find,
  pythonOf,
};
