// The film of a training: its frames, the loss above them, and the controls that move through both.

function beginFilm() {
  const now = leafValues(),
    seat = new Map(engine.leaves.map((v, k) => [v, k]));
  for (const [label, data] of tape.history) {
    const leaves = now.slice();
    for (const [v, x] of data) leaves[seat.get(v)] = Number(x);
    setLeaves(leaves);
    keepFrame(label);
  }
  setLeaves(now);
  if (!tape.history.length) keepFrame("start");
  else setLeaves(state.frames[state.frame].leaves);
  film();
}

function film() {
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
  const at = (x, k) =>
    `${((k / (frames.length - 1)) * 100).toFixed(2)},${Number.isFinite(x) ? (26 - ((level(x) - low) / span) * 22).toFixed(2) : 2}`;
  const [x] = at(losses[frame], frame).split(",");
  const choice = (name) => `<button data-mode="${name}" aria-pressed="${state.mode === name}">${name}</button>`;
  box.innerHTML = [
    `<span class="quiet">${escape(cut(tape.title, 10))}${logs ? ", log scale" : ""}<br>`,
    `${short(losses[0])} → ${short(losses[losses.length - 1])}</span>`,
    `<svg viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label="The loss over the training">`,
    `<polyline points="${losses.map(at).join(" ")}"/><line x1="${x}" x2="${x}" y1="0" y2="28"/></svg>`,
    `<span class="modes" role="group" aria-label="What the controls move through">`,
    `${choice("passes")}${choice("training")}</span>`,
  ].join("");
  box.querySelector("svg").onpointerdown = (event) => {
    const { left, width } = box.querySelector("svg").getBoundingClientRect();
    mode("training");
    toFrame(Math.round(((event.clientX - left) / width) * (frames.length - 1)));
  };
  for (const button of box.querySelectorAll("[data-mode]")) button.onclick = () => mode(button.dataset.mode);
  $("time").max = length();
}

function mode(to) {
  play(false);
  state.mode = to;
  state.step = STEPS;
  replay();
  film();
  $("time").max = length();
  $("time").setAttribute("aria-label", to === "passes" ? "Step of the passes" : "Frame of the training");
  $("turn").style.display = to === "passes" ? "" : "none";
  paint();
}

function filmCaption() {
  const { frames, frame } = state;
  const change = frame ? ` (${signed(frames[frame].loss - frames[frame - 1].loss)})` : "";
  const { label, loss } = frames[frame];
  return `<b>${escape(label)}</b>, ${frame + 1} of ${frames.length}: ${escape(tape.title)} = <b>${short(loss, 6)}</b>${change}`;
}
