// The mouse, the pen and the finger: on a box, and on the drawing.

import { change } from "../actions/change.js";
import { toFrame } from "../actions/frames.js";
import { enter } from "../actions/selection.js";
import { mode } from "../actions/walk.js";
import { $ } from "../base/dom.js";
import { drawing } from "../display/stage.js";
import { roveTo } from "../display/view.js";
import { engine } from "../model/graph.js";
import { state } from "../model/state.js";

/** A click on a box enters it; a leaf that is dragged sideways changes. */
export function listenToBox(box) {
  let drag = null;
  const { element: group } = box;
  group.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    drag = { x: event.clientX, from: box.node === undefined ? 0 : engine.value[box.node], moved: false };
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
    if (drag && !drag.moved) {
      roveTo(box);
      enter(box);
    }
    drag = null;
  });
  group.addEventListener("pointercancel", () => (drag = null));
}

/** The drawing is moved by dragging, zoomed with the wheel, fitted with two clicks. */
export function listenToStage() {
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
