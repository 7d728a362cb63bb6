// Comparing with a pinned pass.

import { $ } from "../base/dom.js";
import { say } from "../display/readouts.js";
import { engine } from "../model/graph.js";
import { changed, passes, state } from "../model/state.js";

/** Keep this pass to compare with, or let it go. */
export function pin() {
  state.pinned = state.pinned ? null : { value: Float64Array.from(engine.value), grad: Float64Array.from(passes.grad) };
  state.differences = Boolean(state.pinned);
  $("pin").textContent = state.pinned ? "Unpin" : "Pin";
  $("pin").setAttribute("aria-pressed", String(Boolean(state.pinned)));
  document.body.classList.toggle("differing", state.differences);
  say(state.pinned ? "Pinned: the drawing shows differences from this pass" : "No longer pinned");
  changed();
}

/** Show differences from the pinned pass, or the numbers themselves. */
export function differences() {
  if (!state.pinned) return pin();
  state.differences = !state.differences;
  document.body.classList.toggle("differing", state.differences);
  changed();
}
