// The legend: what widths and colours mean.

import { $ } from "../base/dom.js";
import { cut, escape } from "../base/labels.js";
import { tape } from "../model/graph.js";
import { passes } from "../model/state.js";
import { drawing } from "./stage.js";

let shown = "";

/** Write the legend for the numbers there are now. */
export function legend() {
  const L = escape(cut(tape.title, 8));
  const decade = (d) => [
    `<span class="decade"><svg width="22" height="8">`,
    `<line x1="0" y1="4" x2="22" y2="4" stroke-width="${1 + 3.5 * Math.max(0.04, 1 + d / 6)}"/></svg>`,
    `<span>10<sup>${String(passes.top + d).replace("-", "−")}</sup></span></span>`,
  ];
  const made = [
    `<span>|∂${L}|</span>`,
    ...[0, -2, -4].flatMap(decade),
    `<span class="positive">+ ${L} grows with it</span><span class="negative">− shrinks</span>`,
    drawing.world.querySelector(".edge.none") ? `<span class="none">┄ no gradient</span>` : "",
    drawing.world.querySelector(".numb") ? `<span class="none">╌ saturated or dead</span>` : "",
  ].join("");
  if (made !== shown) $("legend").innerHTML = made;
  shown = made;
}
