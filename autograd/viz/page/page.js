// The page as a whole: keys, buttons, and the start.

const KEYS = [
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
  ["r", "everything as it was"],
  ["p d", "pin this pass; show or hide the differences"],
  ["q", "practise"],
  ["/", "search"],
  ["+ - f", "zoom, fit"],
  ["l", "local derivatives on the edges"],
  ["m", "walk the passes or the training"],
  ["t", "light or dark"],
  ["o", "panel at the side or below"],
  ["?", "these keys"],
];

const ACTIONS = {
  ",": () => go(position() - 1),
  ".": () => go(position() + 1),
  ArrowLeft: () => go(position() - 1),
  ArrowRight: () => go(position() + 1),
  PageUp: () => leap(-1),
  PageDown: () => leap(1),
  Home: () => go(0),
  End: () => go(length()),
  " ": () => play(),
  "/": () => $("search").focus(),
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

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const at = event.target,
    typing = at.matches?.("input:not([type=range]), textarea"),
    box = state.view.boxes.find((b) => b.element === at);
  if (typing) {
    if (event.key === "Escape") at.blur();
    return;
  }
  if (box) {
    if (event.key.startsWith("Arrow")) {
      const next = neighbour(box, event.key);
      if (next) roveTo(next);
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

function theme() {
  const dark = isDark();
  document.documentElement.style.colorScheme = dark ? "light" : "dark";
  $("theme").textContent = dark ? "Dark" : "Light";
}

function isDark() {
  const chosen = document.documentElement.style.colorScheme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function dock() {
  state.docked = true; // by hand: from now on it stays there
  document.body.classList.toggle("side");
  drawing.fit();
}

function locals() {
  state.locals = !state.view.roomy;
  openView({ group: state.view.group, depth: state.view.depth }, false);
}

/** The panel goes where it leaves the drawing larger: beside a tall one, below a wide one. */
function dockWhereItFits() {
  const side = innerWidth > 720 && fittingDocked(true) > 1.15 * fittingDocked(false); // below, if there is little in it
  document.body.classList.toggle("side", side);
}

/** How large the drawing would be with the panel at the side, or below. */
function fittingDocked(side) {
  const now = document.body.classList.contains("side");
  document.body.classList.toggle("side", side);
  const size = drawing.fitting();
  document.body.classList.toggle("side", now);
  return size;
}

const panel = new Panel($("panel"));

function start() {
  $("app").hidden = false;
  drawing = new Drawing($("graph"));
  recompute();
  beginFilm();
  $("time").max = STEPS;
  $("turn").style.left = `${(FORWARD / STEPS) * 100}%`;
  $("theme").textContent = isDark() ? "Light" : "Dark";
  openView({ group: -1 }, false);
  roveTo(state.view.boxes[state.view.boxes.length - 1], false);
  if (state.frames.length > 1) mode("training");
  $("keylist").replaceChildren(
    ...KEYS.flatMap(([key, what]) => [
      element("dt", {}, ...key.split(" ").map((k) => element("kbd", {}, k))),
      element("dd", {}, what),
    ]),
  );
  const on = (id, action) => ($(id).onclick = () => action());
  (on("home", ACTIONS.Home),
    on("end", ACTIONS.End),
    on("back", ACTIONS[","]),
    on("on", ACTIONS["."]),
    on("play", () => play()));
  (on("zoom-in", ACTIONS["+"]),
    on("zoom-out", ACTIONS["-"]),
    on("fit", ACTIONS.f),
    on("locals", locals),
    on("dock", () => dock()));
  (on("pin", pin),
    on("practise", practise),
    on("theme", theme),
    on("help", ACTIONS["?"]),
    on("descend", descend),
    on("reset", reset));
  (on("save-svg", saveSVG), on("save-png", savePNG), on("save-latex", saveLaTeX), on("print", () => print()));
  on("save-page", () => offer(fileName("html"), "text/html", pageText()));
  for (const button of $("take").querySelectorAll("button"))
    button.addEventListener("click", () => ($("take").open = false));
  $("time").oninput = () => go(Number($("time").value));
  $("rate").onkeydown = (event) => event.key === "Enter" && descend();
  $("search").oninput = () => search($("search").value, false);
  $("find").onsubmit = (event) => {
    event.preventDefault();
    search($("search").value, true);
  };
  document.addEventListener("pointerdown", (event) => {
    if (!$("take").contains(event.target)) $("take").open = false;
  });
  document.addEventListener("keydown", onKey);
  const graph = $("graph");
  let pan = null;
  graph.onpointerdown = (event) => {
    pan = { x: event.clientX - drawing.camera.x, y: event.clientY - drawing.camera.y };
    graph.setPointerCapture(event.pointerId);
  };
  graph.onpointermove = (event) => pan && drawing.look({ x: event.clientX - pan.x, y: event.clientY - pan.y });
  graph.onpointerup = graph.onpointercancel = () => (pan = null);
  graph.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { left, top } = graph.getBoundingClientRect();
      drawing.zoom(Math.exp(-event.deltaY * 0.0015), { x: event.clientX - left, y: event.clientY - top });
    },
    { passive: false },
  );
  graph.addEventListener("dblclick", (event) => event.target === graph && drawing.fit());
  new ResizeObserver(() => drawing.fitted && drawing.fit()).observe($("stage"));
}

start();
// For the console, and for tests: the engine, the state, and what the buttons do.
window.explorer = {
  lit,
  numeric: { power, erf, erfc },
  engine,
  state,
  tape,
  names,
  get grad() {
    return grad;
  },
  get partial() {
    return partial;
  },
  stage,
  change,
  go,
  descend,
  select,
  openView,
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
