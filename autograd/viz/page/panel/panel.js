// The panel: everything about one node, or the list of leaves when none is chosen.

import { change } from "../actions/change.js";
import { select } from "../actions/selection.js";
import { $, element } from "../base/dom.js";
import { number, plain, sign } from "../base/numerals.js";
import { link } from "../display/links.js";
import { boxAt } from "../display/view.js";
import { engine, kindOf, names, opOf, tape } from "../model/graph.js";
import { within } from "../model/groups.js";
import { hidden, stage } from "../model/progress.js";
import { passes, state } from "../model/state.js";
import { derivation } from "../words/derivation.js";
import { pythonOf } from "../words/python.js";
import { gradientText } from "../words/words.js";
import { copyText } from "./clipboard.js";
import { about, chain, paths, proof } from "./explanation.js";
import { fields, live } from "./fields.js";
import { question } from "./question.js";

/** What is written anew whenever something has changed, by its place. */
const PARTS = { about, chain, paths, proof };

/** What stands in the panel, kept up to date; what is typed there changes leaves. */
export class Panel {
  constructor(element) {
    this.element = element;
    this.shown = null;
    element.addEventListener("click", (event) => {
      const link = event.target.closest("[data-node]");
      if (link) select(Number(link.dataset.node), true);
      const copy = event.target.closest("[data-copy]");
      if (copy) this.copy(copy);
    });
    element.addEventListener("input", (event) => {
      const v = event.target.dataset.leaf;
      if (v !== undefined) this.typed(Number(v), event.target);
    });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        const box = boxAt(state.selected);
        if (box) box.element.focus();
        else $("graph").querySelector('[tabindex="0"]')?.focus();
      }
    });
  }

  typed(v, field) {
    const x = number(field.value);
    field.setAttribute("aria-invalid", String(x === null));
    if (x === null) return;
    change(v, x, field);
  }

  /** Show the node that is selected; fields keep their place while they are typed in. */
  refresh() {
    const key = `${state.selected} ${state.practising && hidden(state.selected)} ${state.selected < 0 ? state.view.group : ""}`;
    if (this.shown !== key) {
      this.shown = key;
      this.element.replaceChildren(...(state.selected < 0 ? this.leaves() : this.node(state.selected)));
    }
    for (const field of this.element.querySelectorAll("[data-leaf]")) {
      const v = Number(field.dataset.leaf);
      if (field !== document.activeElement || field.type === "range")
        if (field.type === "range") field.value = engine.value[v];
        else if (field.value !== plain(engine.value[v])) field.value = plain(engine.value[v]);
    }
    for (const output of this.element.querySelectorAll("[data-live]")) {
      const v = Number(output.dataset.live);
      output.textContent = gradientText(v);
      output.className = `leaf-gradient ${stage(v) === "final" && !hidden(v) ? sign(passes.partial[v]) : "later"}`;
    }
    for (const section of this.element.querySelectorAll("[data-part]")) {
      const made = PARTS[section.dataset.part](state.selected);
      if (section.innerHTML !== made) section.innerHTML = made;
    }
  }

  leaves() {
    const list = element("ul", { class: "leaves" });
    const inView = within(state.view.group).filter((v) => engine.op[v] < 0),
      weight = (v) => Math.abs(passes.grad[v]) || 0;
    const many = inView.length > 60; // then the ones with the steepest gradients come first
    const shown = inView
      .sort((a, b) => (many ? weight(b) - weight(a) : tape.parameter[b] - tape.parameter[a]) || a - b)
      .slice(0, 90);
    for (const v of shown) list.append(element("li", {}, link(v), ...fields(v), live(v)));
    const more = inView.length - shown.length;
    const heading = element("h2", {}, "Inputs and parameters");
    const note = element(
      "p",
      { class: "quiet" },
      "Change one and everything follows. Choose a node in the drawing to have its gradient explained.",
      more > 0 ? ` These ${shown.length} have the steepest gradients; ${more} more are found by searching.` : "",
    );
    return [element("section", { class: "wide" }, heading, note, list)];
  }

  node(v) {
    const title = element("h2", {}, names[v]);
    title.append(
      element("small", {}, engine.op[v] < 0 ? kindOf(v) : `${opOf(v).name}${v === engine.root ? ", the root" : ""}`),
    );
    const head = element("section", { class: "about" }, title);
    if (engine.op[v] < 0) head.append(element("div", { class: "edit" }, ...fields(v)));
    head.append(part("about"));
    if (state.practising && hidden(v))
      return [head, element("section", { class: "chain" }, element("h3", {}, "Your turn"), question(v))];
    return [
      head,
      element("section", { class: "chain" }, part("chain")),
      element("section", { class: "paths" }, part("paths")),
      element("section", { class: "proof" }, part("proof")),
    ];
  }

  copy(button) {
    const v = state.selected,
      what = button.dataset.copy === "latex" ? `\\begin{aligned}\n${derivation(v)}\n\\end{aligned}` : pythonOf(v);
    copyText(what).then((done) => {
      button.textContent = done ? "Copied" : "Not allowed here";
      setTimeout(() => (button.textContent = button.dataset.copy === "latex" ? "Copy LaTeX" : "Copy Python"), 1500);
    });
  }
}

function part(name) {
  return element("div", { "data-part": name });
}
