// Finding nodes by name, operation, group or value.

import { select } from "../actions/selection.js";
import { $, element } from "../base/dom.js";
import { short } from "../base/numerals.js";
import { say } from "../display/readouts.js";
import { engine, kindOf, names, opOf } from "../model/graph.js";
import { chainOf, groups } from "../model/groups.js";
import { problemOf } from "../model/problems.js";
import { state } from "../model/state.js";
import { sentence } from "../words/words.js";

/** Nodes whose name, operation, group or value begins with, or else contains, what is searched. */
export function find(words) {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return [];
  const score = (v) => {
    const texts = [
      names[v],
      opOf(v)?.name ?? kindOf(v),
      ...chainOf(v).map((g) => groups[g].name),
      problemOf(v) || "–",
      short(engine.value[v]).replace("−", "-"),
    ].map((t) => t.toLowerCase());
    if (texts[0] === wanted || problemOf(v).toLowerCase() === wanted) return 3;
    if (texts.some((t) => t.startsWith(wanted))) return 2;
    return texts.some((t) => t.includes(wanted)) ? 1 : 0;
  };
  return engine
    .nodes(() => true)
    .map((v) => [score(v), v])
    .filter(([s]) => s)
    .sort((a, b) => b[0] - a[0] || a[1] - b[1])
    .map(([, v]) => v);
}

let lastSearch = "",
  nth = 0;

/** Mark what is found; with `focus` (Enter) also choose it, the next one each time. */
export function search(words, focus) {
  const found = find(words);
  nth = !focus ? -1 : words === lastSearch ? nth + 1 : 0;
  lastSearch = words;
  $("found").replaceChildren(...found.slice(0, 12).map((v) => element("option", { value: names[v] }, sentence(v))));
  for (const box of state.view.boxes)
    box.element.classList.toggle(
      "found",
      box.nodes.some((v) => found.includes(v)),
    );
  if (words.trim())
    say(
      found.length
        ? `${found.length} found${found.length > 1 ? `; Enter goes through them (${(Math.max(0, nth) % found.length) + 1})` : ""}`
        : `Nothing is called ${words}`,
    );
  if (focus && found.length) select(found[nth % found.length]);
  if (focus && found.length)
    for (const box of state.view.boxes)
      box.element.classList.toggle(
        "found",
        box.nodes.some((v) => found.includes(v)),
      );
}
