// The playground as a whole: what runs when, and where its answers go.

import { EXAMPLES } from "./examples.js";
import { packed, unpacked } from "./address.js";
import { editor } from "./editor.js";
import { Live } from "./live.js";
import { Pad } from "./pad.js";
import { drawingOf, listen } from "./picture.js";
import { Python } from "./engine.js";
import { dress, scheme } from "./scheme.js";

const $ = (id) => document.getElementById(id);
/** How it is run by hand. */
const BY_HAND = matchMedia("(pointer: coarse)").matches ? "Run" : "Ctrl + Enter";
/** Code that took longer, in seconds, is not run again at each key. */
const QUICK = 0.3;
/** An error is not shown while one types, but so many milliseconds later. */
const PATIENCE = 600;
/** More letters are not shown of what is printed: the last ones are kept. */
const MOST = 20000;

const state = {
  version: "",
  running: false,
  again: false, // to be run once more, as something has changed meanwhile
  seconds: 0, // that the last run took
  typed: 0, // when the last key was hit
  tab: "picture",
  shown: null,
  chosen: -1,
  notice: "", // said beside the next answer
  wish: "", // the name of the node that was chosen by hand
  drawn: null, // what the picture shows, as text
  pageOf: false, // whether the live page is of this run
};

const code = editor($("editor"), { changed: edited, run: runAgain });
const python = new Python($("engine"), heard);
const pad = new Pad(
  { canvas: $("canvas"), seen: $("seen"), clear: $("clear"), digits: digitButtons() },
  () => $("pad").hidden || run(),
);
const live = new Live($("live"), saidByPage, scheme);

function digitButtons() {
  const buttons = Array.from({ length: 10 }, (_, digit) => {
    const button = document.createElement("button");
    button.textContent = digit;
    return button;
  });
  $("put").append(...buttons);
  return buttons;
}

// ── running ──────────────────────────────────────────────────────────────────────────────────────

function status(text, kind = "") {
  $("status").textContent = text;
  $("status").className = kind;
}

/** Run what is in the editor, or as soon as that can be. */
async function run() {
  if (!python.ready || state.running) {
    state.again = true;
    return;
  }
  state.running = true;
  state.again = false;
  state.pageOf = false;
  clearTimeout(timers.complaint); // of what was typed before
  clearTimeout(timers.slow);
  said = null; // what was printed before stays until there is something new
  timers.slow = setTimeout(() => {
    busy("Running …");
    complain(null);
  }, 250);
  const text = code.code,
    made = await python.ask("run", { code: text, pixels: $("pad").hidden ? Array(64).fill(0) : pad.pixels });
  finished();
  said ??= "";
  show();
  state.seconds = made.seconds;
  complain(made.wrong);
  if (!made.wrong) {
    const again = made.seconds > QUICK ? `${BY_HAND} runs it again` : "";
    status([state.notice, `Python ${state.version}`, duration(made.seconds), again].filter(Boolean).join(" · "));
    state.notice = "";
    await present(made.shown);
  }
  document.body.dataset.answered = text === code.code ? "now" : "";
  if (state.again) run();
}

/** It takes so long that one may want to stop it. */
function busy(text) {
  status(text, "busy");
  $("run").textContent = "Stop";
  $("run").classList.add("stop");
  $("run").title = "Python is stopped and starts anew";
}

/** Python does nothing any more. */
function finished() {
  clearTimeout(timers.slow);
  state.running = false;
  $("run").textContent = "Run";
  $("run").classList.remove("stop");
  $("run").title = "Ctrl + Enter";
}

const timers = { slow: 0, address: 0, complaint: 0, page: 0, print: 0, width: 0 };
let said = "";

function duration(seconds) {
  return seconds < 0.9995 ? `${Math.max(1, Math.round(1000 * seconds))} ms` : `${seconds.toFixed(1)} s`;
}

function stop() {
  python.start();
  finished();
  clearTimeout(timers.complaint);
  state.again = false;
  state.stopped = true;
  state.seconds = Infinity; // what is typed next is not run by itself
  live.lose();
  status("Stopped. Python starts anew …", "busy");
}

/** Something more is printed: shown soon, and not at every word of a loop. */
function printed(text) {
  said = (said ?? "") + text;
  if (said.length > MOST) said = `…${said.slice(-MOST)}`;
  timers.print ||= setTimeout(show, 100);
}

function show() {
  clearTimeout(timers.print);
  timers.print = 0;
  const output = $("output"),
    below = output.scrollTop + output.clientHeight > output.scrollHeight - 20;
  output.textContent = said;
  output.hidden = !said;
  if (below) output.scrollTop = output.scrollHeight;
}

/** Show an error at its line, a moment later if one is typing; or that there is none. */
function complain(wrong) {
  clearTimeout(timers.complaint);
  if (!wrong) {
    $("wrong").hidden = true;
    code.mark(null);
    return;
  }
  const now = () => {
    code.mark(wrong);
    const where = document.createElement("button");
    where.textContent = `Line ${wrong.line}`;
    where.addEventListener("click", () => code.reveal(wrong.line));
    $("wrong").replaceChildren(...(wrong.line ? [where, " "] : []), wrong.message);
    if (wrong.calls?.length > 1) $("wrong").append(` (called from line ${ways(wrong.calls.slice(0, -1))})`);
    $("wrong").hidden = false;
    status("The picture is that of the last run without an error");
    if (!state.shown) {
      status("");
      nothing("Here comes the picture of what the last line is, once the program runs.");
    }
  };
  const typing = PATIENCE - (performance.now() - state.typed);
  if (typing > 0) timers.complaint = setTimeout(now, typing);
  else now();
}

/** The lines of the calls that led somewhere, the first and the last ones; one that calls itself once. */
function ways(lines) {
  const found = lines.filter((line, k) => line !== lines[k - 1]);
  return (found.length > 5 ? [found[0], "…", ...found.slice(-3)] : found).join(", ").replace(", …,", " …");
}

/** What Python says by itself; code that goes around session.py may say anything. */
function heard(kind, of) {
  if (kind === "ready") {
    state.version = of;
    status(state.stopped ? `Stopped. Python has started anew; what is shown stays. ${BY_HAND} runs the code` : "Ready");
    document.body.dataset.ready = "yes";
    state.failed = false;
    if (!state.stopped || state.again) run();
    state.stopped = false;
  } else if (kind === "failed") {
    finished();
    complain({
      message: `Python has ended: ${of}. ${python.loaded ? `${BY_HAND} starts it anew` : "Load the page again"}.`,
    });
    status("");
    state.stopped = state.failed = true;
  } else if (kind === "printed") printed(String(of));
  else if (kind === "live") {
    state.pageOf = true;
    if (state.running) tab("live"); // it is being trained, and one wants to watch
    showLive(parsed(of) ?? {});
  } else if (kind === "state") live.state(parsed(of));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// ── the result ───────────────────────────────────────────────────────────────────────────────────

async function present(shown) {
  state.shown = shown;
  $("title").textContent = shown?.title ?? "";
  if (!shown) {
    nothing("The last line is no Value, so there is nothing to draw.");
    return;
  }
  const options = shown.nodes.map(([node, name]) => new Option(name, node)),
    wished = shown.nodes.find(([, name]) => name === state.wish);
  state.chosen = wished ? wished[0] : shown.chosen;
  $("wrt").replaceChildren(...options);
  if (shown.live) tab("live");
  await look();
}

function nothing(text) {
  $("live").hidden = true;
  $("live-empty").textContent = "Here comes the page of what the last line is.";
  $("live-empty").hidden = false;
  noPicture(text);
}

function noPicture(text) {
  const p = document.createElement("p");
  p.className = "empty";
  p.textContent = text;
  $("picture").replaceChildren(p);
  $("why").hidden = true;
  state.drawn = null;
  saving();
}

/** Bring what is looked at up to date. */
async function look() {
  if (!state.shown || state.running) return;
  if (state.tab === "live") {
    if (state.pageOf) return;
    if (performance.now() - state.typed > PATIENCE) return askLive();
    clearTimeout(timers.page); // a page is not made at each key
    timers.page = setTimeout(look, PATIENCE);
    return;
  }
  const width = Math.max(320, Math.floor($("picture").clientWidth) - 24);
  const asked = [python.ask("picture", { theme: scheme(), width }), python.ask("why", { node: state.chosen })];
  const [picture, why] = await drawn(Promise.all(asked));
  paint(picture);
  explained(why);
}

/** What Python answers that draws; if that takes long it is said, nothing else is shown, and it can be stopped. */
async function drawn(asked) {
  const before = $("status").textContent;
  clearTimeout(timers.slow);
  const slow = (timers.slow = setTimeout(() => {
    busy("Drawing …");
    if (state.tab === "picture") noPicture("Here comes the picture.");
  }, 250));
  const answer = await asked;
  if (slow === timers.slow && !state.running) {
    finished();
    if ($("status").className === "busy") status(before);
  }
  return answer;
}

function paint({ svg, words, wrong }) {
  if (!svg) {
    nothing(wrong ?? "The last line is no Value, so there is nothing to draw.");
    return;
  }
  const drawing = drawingOf(svg);
  if (!drawing) return;
  drawing.setAttribute("class", "drawing");
  fit(drawing);
  drawing.setAttribute("role", "group");
  listen(drawing, choose);
  const focused = document.activeElement?.dataset?.node;
  $("picture").replaceChildren(drawing);
  if (focused !== undefined) drawing.querySelector(`[data-node="${focused}"]`)?.focus();
  state.drawn = svg;
  state.words = words;
  saving();
  lit();
}

/** Let a drawing that is a little too high be seen whole; one that would be too small to read is scrolled. */
function fit(drawing) {
  const [wide, high] = ["width", "height"].map((side) => Number(drawing.getAttribute(side))),
    room = $("picture").clientHeight - 24,
    scale = Math.min(1, room / high);
  if (!(wide && high) || scale < 0.7 || matchMedia("(max-width: 860px)").matches) return;
  drawing.setAttribute("width", wide * scale);
  drawing.setAttribute("height", high * scale);
}

function lit() {
  for (const box of $("picture").querySelectorAll("[data-node]"))
    box.setAttribute("aria-pressed", String(Number(box.dataset.node) === state.chosen));
}

function explained({ text, name, wrong }) {
  $("why").hidden = state.chosen < 0;
  $("reason").textContent = text ?? wrong ?? "";
  $("top").textContent = `∂${state.shown?.name ?? "y"}`;
  const wrt = $("wrt");
  if (state.chosen >= 0 && ![...wrt.options].some((option) => Number(option.value) === state.chosen))
    wrt.append(new Option(name ?? `node ${state.chosen}`, state.chosen));
  wrt.value = state.chosen;
}

/** Ask for the gradient of this node. */
async function choose(node) {
  if (state.running || !python.ready) return;
  state.chosen = node;
  lit();
  explained(await python.ask("why", { node }));
  state.wish = $("wrt").selectedOptions[0]?.text ?? "";
}

// ── the live page ────────────────────────────────────────────────────────────────────────────────

async function askLive() {
  state.pageOf = true; // asked for once
  const { wrong } = await drawn(python.ask("show_page"));
  if (wrong) {
    $("live-empty").textContent = wrong;
    $("live-empty").hidden = false;
    $("live").hidden = true;
    saving();
  }
}

async function showLive(graph) {
  $("live").hidden = false;
  $("live-empty").hidden = true;
  if (await live.show(graph)) return saving();
  $("live-empty").textContent = "This is no page of a graph.";
  $("live-empty").hidden = false;
  $("live").hidden = true;
}

/** A number was changed on the live page: Python's graph has it now, and the picture follows. */
async function saidByPage(said) {
  if (!python.ready || typeof said !== "object") return;
  const { changed, shown } = await python.ask("heard", { said });
  if (changed && shown) $("title").textContent = shown.title;
}

function tab(name) {
  state.tab = name;
  $("title").hidden = name === "live"; // it has a title of its own
  for (const each of ["picture", "live"]) {
    $(`tab-${each}`).setAttribute("aria-selected", String(each === name));
    $(`tab-${each}`).tabIndex = each === name ? 0 : -1;
    $(`view-${each}`).hidden = each !== name;
  }
  saving();
}

for (const name of ["picture", "live"]) {
  $(`tab-${name}`).addEventListener("click", () => {
    tab(name);
    if (python.ready && !state.running) look();
  });
  $(`tab-${name}`).addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const other = $(`tab-${name === "live" ? "picture" : "live"}`);
    other.focus();
    other.click();
  });
}

/** Offer to save what is looked at, if there is something. */
function saving() {
  const page = state.tab === "live";
  $("save").textContent = page ? "Save page" : "Save SVG";
  $("save").hidden = page ? $("live").hidden : !state.drawn;
}

$("save").addEventListener("click", () => {
  if (state.tab === "live") offer("graph.html", "text/html", live.html);
  else offer("graph.svg", "image/svg+xml", new XMLSerializer().serializeToString(drawingOf(state.drawn)));
});

function offer(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ── the editor, examples and the address ─────────────────────────────────────────────────────────

function edited() {
  state.typed = performance.now();
  document.body.dataset.answered = "";
  withPad();
  clearTimeout(timers.address);
  timers.address = setTimeout(write, 300);
  state.unwritten = true;
  keep();
  if ($("run").textContent === "Stop") status(`Still at the code as it was: ${BY_HAND} runs it as it is now`, "busy");
  if (state.stopped) return;
  if (state.seconds <= QUICK && !state.running) run();
  else if (state.seconds <= QUICK) state.again = true;
  else if ($("run").textContent !== "Stop") status(`${BY_HAND} runs it`);
}

/** For a reload, as the address follows later, and holds no long code: what is in the editor at which address. */
function keep() {
  try {
    window.sessionStorage.setItem("playground", JSON.stringify([window.location.hash, code.code]));
  } catch {
    // then a reload opens what the address says
  }
}

/** What was in the editor at this address before a reload, or null. */
function kept() {
  try {
    const [hash, text] = JSON.parse(window.sessionStorage.getItem("playground")) ?? [];
    return hash === window.location.hash && typeof text === "string" ? text : null;
  } catch {
    return null;
  }
}

function withPad() {
  const hidden = !/\bdrawn\s*\(/.test(code.code);
  if ($("pad").hidden && !hidden) {
    $("pad").hidden = false;
    pad.paint();
  }
  $("pad").hidden = hidden;
}

function exampleOf(text) {
  return Object.keys(EXAMPLES).find((name) => EXAMPLES[name][1] === text) ?? "";
}

async function write() {
  clearTimeout(timers.address);
  const text = code.code,
    name = exampleOf(text);
  $("examples").value = name;
  const hash = name ? `example=${name}` : await packed(text);
  if (text === code.code) {
    window.history.replaceState(null, "", `#${hash}`);
    state.unwritten = false;
    keep();
  }
  return hash;
}

async function read(again = null) {
  const name = /^#example=(\w+)$/.exec(window.location.hash)?.[1],
    example = Object.hasOwn(EXAMPLES, name ?? "") ? EXAMPLES[name][1] : null,
    text = again ?? example ?? (await unpacked(window.location.hash));
  open(text ?? EXAMPLES.neuron[1]);
  state.notice = text === null && window.location.hash.length > 1 ? "The link's code could not be read" : "";
}

function open(text) {
  document.body.dataset.answered = "";
  code.code = text;
  code.mark(null);
  state.seconds = 0;
  state.wish = "";
  state.unwritten = false;
  $("examples").value = exampleOf(text);
  withPad();
  tab("picture");
}

$("examples").append(
  Object.assign(new Option("Your own code", ""), { hidden: true }),
  ...Object.entries(EXAMPLES).map(([name, [title]]) => new Option(title, name)),
);
$("examples").addEventListener("change", async () => {
  const name = $("examples").value;
  if (!name) return; // one's own code, where a browser offers that
  if (state.unwritten) await write(); // so that "back" leads to it
  window.history.pushState(null, "", `#example=${name}`);
  open(EXAMPLES[name][1]);
  keep();
  interruptAndRun();
});
window.addEventListener("hashchange", async () => {
  await read();
  interruptAndRun();
});

/** Another program takes the place of one that still runs. */
function interruptAndRun() {
  if (state.running || $("run").textContent === "Stop") stop();
  run();
}

$("run").addEventListener("click", () => ($("run").textContent === "Stop" ? stop() : runAgain()));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  event.preventDefault();
  runAgain();
});
$("share").addEventListener("click", async () => {
  const hash = await write();
  if (!hash) return status("The code is too long for a link");
  try {
    await navigator.clipboard.writeText(window.location.href);
    status("The link is copied: it opens the playground with this code");
  } catch {
    status("Copying is not allowed here: the link is in the address bar");
  }
});

/** Run by hand: at once, whatever is still going on. */
function runAgain() {
  if ($("run").textContent === "Stop") stop();
  if (state.failed && python.loaded) {
    state.failed = false;
    python.start();
    $("wrong").hidden = true;
  }
  run();
}

$("wrt").addEventListener("change", () => choose(Number($("wrt").value)));

let width = 0;
new ResizeObserver(() => {
  if (Math.abs($("picture").clientWidth - width) < 8) return;
  width = $("picture").clientWidth;
  clearTimeout(timers.width);
  timers.width = setTimeout(() => python.ready && !state.running && look(), 200);
}).observe($("picture"));

dress($("scheme"), () => {
  live.dress();
  if (!$("pad").hidden) pad.paint();
  if (python.ready && !state.running && state.tab === "picture") look();
});

async function start() {
  if (window.location.protocol === "file:") {
    document.body.dataset.file = "yes";
    return;
  }
  $("note").hidden = true;
  status("Python is loading (19 MB, the first time) …", "busy");
  const loaded = Promise.all([python.load(), live.load()]);
  await read(kept());
  await loaded;
}
start();
