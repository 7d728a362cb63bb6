// A number field, a slider and a gradient for a leaf.

import { element } from "../base/dom.js";
import { plain } from "../base/numerals.js";
import { engine, names } from "../model/graph.js";

/** A number field and a slider for a leaf. The slider spans twice the size the leaf began with. */
export function fields(v) {
  const x = engine.value[v],
    span = Math.max(1, 2 * Math.abs(Number.isFinite(x) ? x : 1));
  const field = element("input", {
    type: "text",
    inputmode: "decimal",
    class: "number",
    "data-leaf": v,
    "aria-label": `Value of ${names[v]}`,
  });
  const slider = element("input", {
    type: "range",
    min: -span,
    max: span,
    step: "any",
    "data-leaf": v,
    "aria-label": `Slider for ${names[v]}`,
  });
  field.value = plain(x);
  slider.value = x;
  return [field, slider];
}

/** The gradient beside a leaf, kept up to date. */
export function live(v) {
  return element("output", { class: "leaf-gradient", "data-live": v, "aria-label": `Gradient of ${names[v]}` });
}
