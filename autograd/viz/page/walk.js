// Choosing a node, moving the focus along edges, and walking through the passes.

/** Choose a node, showing the part of the graph it is in. */
function select(v, focus = false) {
  state.selected = v;
  if (v >= 0 && boxAt(v)?.node !== v) openView({ group: groupOf[v] }, false);
  paint();
  const box = boxAt(v);
  if (box) {
    drawing.reveal(box);
    roveTo(box, focus);
  }
}

/** One box at a time can be reached with Tab; the arrow keys move that place along the edges. */
function roveTo(box, focus = true) {
  for (const other of state.view.boxes) other.element.setAttribute("tabindex", other === box ? "0" : "-1");
  if (focus) {
    box.element.focus({ preventScroll: true });
    drawing.reveal(box);
  }
}

function neighbour(box, key) {
  const { boxes, links } = state.view,
    at = boxes.indexOf(box);
  const nearest = (found) => found.sort((a, b) => Math.abs(a.y - box.y) - Math.abs(b.y - box.y))[0];
  if (key === "ArrowRight") return nearest(links.filter((l) => l.from === at).map((l) => boxes[l.to]));
  if (key === "ArrowLeft") return nearest(links.filter((l) => l.to === at).map((l) => boxes[l.from]));
  const column = boxes.filter((b) => b.rank === box.rank).sort((a, b) => a.y - b.y),
    place = column.indexOf(box);
  return key === "ArrowDown" ? column[place + 1] : column[place - 1];
}

/** Enter or a click on a box: a node is explained, a closed group opens. */
function enter(box) {
  if (box.group >= 0 && !box.ghost) openView({ group: box.group });
  else if (box.group >= 0) openView({ group: groups[box.group].parent });
  else select(box.node, true);
}

function listen(box) {
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

function go(step) {
  if (state.mode === "training") return toFrame(step);
  state.step = Math.min(STEPS, Math.max(0, step));
  replay();
  paint();
  const now = lit(),
    at = now.operand >= 0 ? now.operand : now.node;
  if (walking() && boxAt(at)) drawing.reveal(boxAt(at));
  else if (walking() && at >= 0 && state.view.focus !== undefined)
    openView({ group: state.view.group, depth: state.view.depth, focus: at }, false);
}

/** On, or back, until another box of the view is at work. */
function leap(by) {
  if (state.mode === "training") return go(state.frame + 10 * by);
  const at = (step) => state.view.where[lit(step).node] ?? -1;
  let step = state.step + by;
  while (step > 0 && step < STEPS && at(step + by) === at(step)) step += by;
  go(step);
}

const position = () => (state.mode === "passes" ? state.step : state.frame);
const length = () => (state.mode === "passes" ? STEPS : state.frames.length - 1);

function play(on = !state.playing) {
  clearTimeout(state.playing);
  state.playing = 0;
  $("play").textContent = on ? "Pause" : "Play";
  if (!on) return;
  if (position() >= length()) go(0);
  const pace = Math.max(40, Math.min(700, 24000 / Math.max(1, length())));
  const tick = () => {
    go(position() + 1);
    if (position() >= length()) play(false);
    else state.playing = setTimeout(tick, pace);
  };
  state.playing = setTimeout(tick, pace);
}
