// Where in the groups the view is, and how deep it goes.

import { $, element } from "../base/dom.js";
import { cut } from "../base/labels.js";
import { openView } from "../display/view.js";
import { engine, names, tape } from "../model/graph.js";
import { ancestors, attributeOf, chain, groups, levelsUnder } from "../model/groups.js";
import { state } from "../model/state.js";

/** Show the way from the root to the view as buttons, and the levels it can be opened to. */
export function crumbs() {
  const path = state.view.group < 0 ? [] : [...ancestors(state.view.group), state.view.group];
  const crumb = (name, group, here) => {
    const button = element("button", { class: "crumb" }, cut(name, 28));
    if (here) button.setAttribute("aria-current", "page");
    button.onclick = () => openView({ group });
    return button;
  };
  $("crumbs").hidden = !groups.length;
  $("crumbs").replaceChildren(
    crumb(tape.title, -1, !path.length),
    ...path.flatMap((g, i) => [element("span", {}, "›"), crumb(groups[g].name, g, i === path.length - 1)]),
  );
  const levels = levelsUnder(state.view.group),
    { focus, boxes } = state.view;
  $("around").textContent =
    focus === undefined ? "" : `around ${cut(names[focus])}: ${boxes.length} of ${engine.n} nodes`;
  $("levels").replaceChildren(
    ...(levels
      ? Array.from({ length: levels + 1 }, (_, depth) => {
          const button = element(
            "button",
            { "aria-pressed": String(depth === state.view.depth) },
            levelName(depth, levels),
          );
          button.onclick = () => openView({ group: state.view.group, depth });
          return button;
        })
      : []),
  );
}

function levelName(depth, levels) {
  if (depth === levels) return "operations";
  const kinds = new Set();
  for (let v = 0; v < engine.n; v++) {
    const around = chain(v),
      from = state.view.group < 0 ? 0 : around.indexOf(state.view.group) + 1;
    if (state.view.group >= 0 && !from) continue;
    if (around.length > from + depth) kinds.add(attributeOf(groups[around[from + depth]]));
  }
  const kind = [...kinds][0] || "group";
  if (kind === "model") return kind;
  return kind.endsWith("s") ? kind : `${kind}s`;
}
