// Where in the groups the view is, and how deep it goes.

import { $, element } from "../base/dom.js";
import { cut } from "../base/labels.js";
import { MOST, openView } from "../display/view.js";
import { engine, names, tape } from "../model/graph.js";
import { ancestors, attributeOf, chainOf, countAt, groups, levelsUnder } from "../model/groups.js";
import { state } from "../model/state.js";

/** Show the way from the root to the view as buttons, and the levels it can be opened to. */
export function crumbs() {
  const { group, focus, boxes, depth: now } = state.view,
    path = group < 0 ? [] : [...ancestors(group), group];
  const crumb = (name, group, here) => {
    const button = element("button", { class: "crumb" }, cut(name, 28));
    if (here) button.setAttribute("aria-current", "page");
    button.addEventListener("click", () => openView({ group }));
    return button;
  };
  $("crumbs").hidden = !groups.length;
  $("crumbs").replaceChildren(
    crumb(tape.title, -1, !path.length),
    ...path.flatMap((g, i) => [element("span", {}, "›"), crumb(groups[g].name, g, i === path.length - 1)]),
  );
  $("around").textContent =
    focus === undefined ? "" : `around ${cut(names[focus])}: ${boxes.length} of ${engine.n} nodes`;
  const level = (name, pressed, view) => {
    const button = element("button", { "aria-pressed": String(pressed) }, name);
    button.addEventListener("click", () => openView(view()));
    return button;
  };
  const levels = levelsUnder(group),
    shown = [],
    called = levelNames(group, levels);
  for (let depth = 0; levels && depth <= levels; depth++)
    if (countAt(group, depth) <= MOST)
      shown.push(level(called[depth], focus === undefined && depth === now, () => ({ group, depth })));
  if (engine.n > 100)
    shown.push(
      level("around", focus !== undefined, () => ({
        group: -1,
        depth: levelsUnder(-1),
        focus: state.selected < 0 ? engine.root : state.selected,
      })),
    );
  $("levels").replaceChildren(...shown);
}

/** What is seen at each depth: the first kind of group there; of parts within parts each is finer. */
function levelNames(group, levels) {
  const from = group < 0 ? 0 : ancestors(group).length + 1,
    kinds = Array.from({ length: levels }, () => null);
  for (let v = 0; v < engine.n; v++) {
    const around = chainOf(v);
    if (group >= 0 && around[from - 1] !== group) continue;
    for (let d = from; d < around.length; d++)
      if (kinds[d - from] === null || kinds[d - from] === "part") kinds[d - from] = attributeOf(groups[around[d]]);
  }
  const called = kinds.map((kind) => (kind === "model" || kind?.endsWith("s") ? kind : `${kind || "group"}s`));
  return [
    ...called.map((name, d) => (called.indexOf(name) < d ? `finer${d > called.indexOf(name) + 1 ? d : ""}` : name)),
    "operations",
  ];
}
