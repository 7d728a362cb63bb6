// Names of nodes that lead to their nodes.

import { element } from "../base/dom.js";
import { cut, escape } from "../base/labels.js";
import { names } from "../model/graph.js";
import { shortName } from "../words/words.js";

/** A button that leads to a node, by its short name. */
export function link(v) {
  return element("button", { class: "link", "data-node": v, title: names[v] }, cut(shortName(v), 24));
}

/** The same as markup, by its name. */
export function linkText(v) {
  return `<button class="link" data-node="${v}">${escape(cut(names[v], 24))}</button>`;
}

/** The first eight of some nodes as links. */
export function some(nodes) {
  return nodes.slice(0, 8).map(linkText).join(", ") + (nodes.length > 8 ? ` and ${nodes.length - 8} more` : "");
}
