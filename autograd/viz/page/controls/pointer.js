// The mouse, the pen and the finger: on a box, and on the drawing.

import { change } from "../actions/change.js";
import { toFrame } from "../actions/frames.js";
import { showSample } from "../actions/samples.js";
import { enter } from "../actions/selection.js";
import { mode } from "../actions/walk.js";
import { $ } from "../base/dom.js";
import { isPlane, sampleAt } from "../display/plane.js";
import { lookAt } from "../display/overview.js";
import { drawing } from "../display/stage.js";
import { roveTo, unfold } from "../display/view.js";
import { engine } from "../model/graph.js";
import { state } from "../model/state.js";

/** A click on a box enters it; a leaf that is dragged sideways with a mouse changes. A finger moves the drawing. */
export function listenToBox(box) {
  let drag = null;
  const { element: group } = box;
  group.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") return;
    event.stopPropagation();
    const side = event.target.closest("[data-side]")?.dataset.side;
    drag = { x: event.clientX, from: box.node === undefined ? 0 : engine.value[box.node], moved: false, side };
    group.setPointerCapture(event.pointerId);
  });
  group.addEventListener("pointermove", (event) => {
    if (!drag || box.node === undefined || engine.op[box.node] >= 0 || box.ghost) return;
    const moved = event.clientX - drag.x;
    if (Math.abs(moved) > 4) drag.moved = true;
    if (drag.moved)
      change(box.node, Number((drag.from + (moved / 200) * Math.max(1, Math.abs(drag.from))).toPrecision(4)));
  });
  group.addEventListener("pointerup", () => {
    if (drag && !drag.moved) tap(box, drag.side);
    drag = null;
  });
  group.addEventListener("pointercancel", () => (drag = null));
}

function tap(box, side) {
  if (side) return unfold(box, side === "before");
  roveTo(box);
  enter(box);
}

/** The drawing is moved by dragging, zoomed with the wheel or two fingers, fitted with two clicks. */
export function listenToStage() {
  const graph = $("graph"),
    fingers = new Map();
  let moved = false,
    begun = null;
  const middle = () => {
    const all = [...fingers.values()],
      { left, top } = graph.getBoundingClientRect(),
      [a, b] = [all[0], all[all.length - 1]];
    return { x: (a.x + b.x) / 2 - left, y: (a.y + b.y) / 2 - top, apart: Math.hypot(a.x - b.x, a.y - b.y) };
  };
  graph.addEventListener("pointerdown", (event) => {
    if (!fingers.size) [moved, begun] = [false, event];
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size > 1) moved = true;
    graph.setPointerCapture(event.pointerId);
  });
  graph.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    if (!moved && Math.hypot(event.clientX - begun.clientX, event.clientY - begun.clientY) < 4) return;
    moved = true;
    const before = middle();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = middle();
    if (before.apart) drawing.zoom(after.apart / before.apart, before);
    drawing.look({ x: drawing.camera.x + after.x - before.x, y: drawing.camera.y + after.y - before.y });
  });
  graph.addEventListener("pointerup", (event) => {
    const tapped = fingers.delete(event.pointerId) && !moved && begun.pointerType === "touch";
    const group = tapped && begun.target.closest(".node"),
      box = group && state.view.boxes.find((b) => b.element === group);
    if (box) tap(box, begun.target.closest("[data-side]")?.dataset.side);
  });
  graph.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
  graph.addEventListener(
    "wheel",
    (event) => {
      if (window !== window.parent && !event.ctrlKey && !event.metaKey) return; // in a notebook the wheel scrolls it
      event.preventDefault();
      const { left, top } = graph.getBoundingClientRect();
      drawing.zoom(Math.exp(-event.deltaY * 0.0015), { x: event.clientX - left, y: event.clientY - top });
    },
    { passive: false },
  );
  graph.addEventListener("dblclick", (event) => event.target === graph && drawing.fit());
}

/** A place in the overview is looked at. */
export function listenToOverview() {
  const map = $("overview");
  map.addEventListener("pointerdown", (event) => {
    map.setPointerCapture(event.pointerId);
    lookAt(event);
  });
  map.addEventListener("pointermove", (event) => map.hasPointerCapture(event.pointerId) && lookAt(event));
}

/** A click on the plane chooses the nearest sample. */
export function listenToPlane() {
  $("plane").addEventListener("pointerdown", (event) => isPlane() && showSample(sampleAt(event)));
}

/** A place on the curve of the loss is a frame of the training. */
export function listenToFilm() {
  $("film").addEventListener("pointerdown", (event) => {
    const curve = event.target.closest("svg");
    if (!curve) return;
    const { left, width } = curve.getBoundingClientRect();
    mode("training");
    toFrame(Math.round(((event.clientX - left) / width) * (state.frames.length - 1)));
  });
  $("film").addEventListener("click", (event) => {
    const choice = event.target.closest("[data-mode]");
    if (choice) mode(choice.dataset.mode);
  });
}
