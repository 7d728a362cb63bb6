// Changing numbers: by hand, by gradient descent, back again; and comparing with a pinned pass.

/** Give a leaf another value; everything that follows from it follows. */
function change(v, x, field = null) {
  engine.value[v] = x;
  state.edited.add(v);
  for (const other of $("panel").querySelectorAll(`[data-leaf="${v}"]`)) if (other !== field) other.value = plain(x);
  recompute();
  paint();
}

function leafValues() {
  return engine.leaves.map((v) => engine.value[v]);
}

function setLeaves(values) {
  engine.leaves.forEach((v, k) => (engine.value[v] = values[k]));
  recompute();
}

function keepFrame(label) {
  state.frames.push({ label, leaves: leafValues(), loss: engine.value[engine.root] });
  state.frame = state.frames.length - 1;
}

/** A step of gradient descent on the parameters; what came after the frame shown is forgotten. */
function descend() {
  const rate = number($("rate").value);
  if (rate === null) return $("rate").setAttribute("aria-invalid", "true");
  $("rate").removeAttribute("aria-invalid");
  state.frames.length = state.frame + 1;
  const last = state.frames[state.frame];
  if (!last.leaves.every((x, k) => Object.is(x, engine.value[engine.leaves[k]]))) keepFrame("changed by hand");
  engine.descend(
    rate,
    engine.leaves.filter((v) => tape.parameter[v]),
    grad,
  );
  recompute();
  keepFrame(`step ${state.frames.length}`);
  state.step = STEPS;
  replay();
  film();
  paint();
  const before = state.frames[state.frame - 1].loss;
  say(`${tape.title} from ${short(before)} to ${short(engine.value[engine.root])}`);
}

function toFrame(frame) {
  state.frame = Math.min(state.frames.length - 1, Math.max(0, frame));
  setLeaves(state.frames[state.frame].leaves);
  state.edited.clear();
  film();
  paint();
}

function reset() {
  setLeaves(initial);
  state.edited.clear();
  state.frames.length = 0;
  beginFilm();
  state.step = STEPS;
  replay();
  mode("passes");
}

function pin() {
  state.pinned = state.pinned ? null : { value: Float64Array.from(engine.value), grad: Float64Array.from(grad) };
  state.differences = Boolean(state.pinned);
  $("pin").textContent = state.pinned ? "Unpin" : "Pin";
  $("pin").setAttribute("aria-pressed", String(Boolean(state.pinned)));
  document.body.classList.toggle("differing", state.differences);
  say(state.pinned ? "Pinned: the drawing shows differences from this pass" : "No longer pinned");
  paint();
}

function differences() {
  if (!state.pinned) return pin();
  state.differences = !state.differences;
  document.body.classList.toggle("differing", state.differences);
  paint();
}

function practise() {
  state.practising = !state.practising;
  state.answered.clear();
  $("practise").setAttribute("aria-pressed", String(state.practising));
  state.step = STEPS;
  replay();
  if (state.practising) {
    const first = usersOf(engine.root).length ? engine.root : parentsOf(engine.root).find((v) => engine.reached[v]);
    if (first !== undefined) state.selected = first;
  }
  paint();
}

function say(words) {
  $("caption").textContent = words;
}
