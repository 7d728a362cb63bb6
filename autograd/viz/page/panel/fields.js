// A number field, a slider and a gradient for a leaf.

import { element } from "../base/dom.js";
import { plain } from "../base/numerals.js";
import { givenNames, numberAt } from "../model/given.js";
import { engine, names } from "../model/graph.js";

/** A number field and a slider for a leaf. The slider spans twice the size the leaf began with. */
export function fields(v, x = engine.value[v], name = names[v]) {
  const span = Math.max(1, 2 * Math.abs(Number.isFinite(x) ? x : 1));
  const field = element("input", {
    type: "text",
    inputmode: "decimal",
    class: "number",
    "data-leaf": v,
    "aria-label": `Value of ${name}`,
  });
  const slider = element("input", {
    type: "range",
    min: -span,
    max: span,
    step: "any",
    "data-leaf": v,
    "aria-label": `Slider for ${name}`,
  });
  field.value = plain(x);
  slider.value = x;
  return [field, slider];
}

/** The same for a plain number. */
export function fieldsOfGiven(k) {
  const made = fields(-1, numberAt(k), givenNames[k]);
  for (const field of made) {
    delete field.dataset.leaf;
    field.dataset.given = k;
  }
  return made;
}

/** The gradient beside a leaf, kept up to date. */
export function live(v) {
  return element("output", { class: "leaf-gradient", "data-live": v, "aria-label": `Gradient of ${names[v]}` });
}
