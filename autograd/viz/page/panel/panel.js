// The panel: everything about one node, or the list of leaves when none is chosen.

import { change, changeGiven } from "../actions/change.js";
import { ask, filterBy, sortBy } from "../actions/questions.js";
import { select } from "../actions/selection.js";
import { $, element, mark, write } from "../base/dom.js";
import { morph } from "../base/morph.js";
import { number, plain, sign } from "../base/numerals.js";
import { link } from "../display/links.js";
import { say } from "../display/readouts.js";
import { boxAt } from "../display/view.js";
import { engine, kindOf, names, opOf, tape } from "../model/graph.js";
import { given, givenNames, numberAt, offsets, titleOf } from "../model/given.js";
import { chainOf, groups, within } from "../model/groups.js";
import { hidden, stage, withheld } from "../model/progress.js";
import { passes, state } from "../model/state.js";
import { derivation } from "../words/derivation.js";
import { pythonOf } from "../words/python.js";
import { gradientText } from "../words/words.js";
import { copyText } from "../base/clipboard.js";
import { vanishing } from "./depth.js";
import { about, chain, proof } from "./explanation.js";
import { fields, fieldsOfGiven, live } from "./fields.js";
import { question } from "./question.js";
import { answer, movedBy } from "./whatif.js";
import { why } from "./why.js";

/** What is written anew whenever something has changed, by its place. */
/** The number that a field stands for. */
function valueOf({ dataset: { leaf, given } }) {
  return leaf === undefined ? numberAt(Number(given)) : engine.value[Number(leaf)];
}

const PARTS = { about, why, chain, proof, vanishing };

const QUESTIONS = [
  ["leaves", "Inputs and parameters"],
  ["matters", "What matters most?"],
  ["vanish", "Where does it vanish?"],
];

/** What stands in the panel, kept up to date; what is typed there changes leaves. */
export class Panel {
  constructor(element) {
    this.element = element;
    this.shown = null;
    element.addEventListener("click", (event) => {
      const found = (what) => event.target.closest(what);
      if (found("[data-node]")) select(Number(found("[data-node]").dataset.node), true);
      if (found("[data-copy]")) this.copy(found("[data-copy]"));
      if (found("[data-ask]")) ask(found("[data-ask]").dataset.ask);
      if (found("[data-sort]")) sortBy(found("[data-sort]").dataset.sort);
    });
    element.addEventListener("input", (event) => {
      const { leaf, given } = event.target.dataset;
      if (leaf !== undefined) this.typed(Number(leaf), event.target);
      if (given !== undefined) this.typed(Number(given), event.target, changeGiven);
      if (event.target.id === "filter") filterBy(event.target.value);
    });
    element.addEventListener("focusin", ({ target }) => {
      if (target.matches("[data-leaf], [data-given]")) target.before = valueOf(target);
    });
    element.addEventListener("focusout", ({ target }) => {
      if (target.matches("[data-leaf], [data-given]")) this.left(target);
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

  /** What is typed is taken as long as it is a number; where it is none, the number stays that was there before. */
  typed(v, field, put = change) {
    const x = number(field.value);
    field.setAttribute("aria-invalid", String(x === null));
    put(v, x ?? field.before ?? valueOf(field), field);
  }

  /** A field that is left shows the number that is in force. */
  left(field) {
    if (number(field.value) !== null) return;
    say(`“${field.value}” is no number`);
    field.value = plain(valueOf(field));
    field.setAttribute("aria-invalid", "false");
  }

  /** Show the node that is selected; fields keep their place while they are typed in. */
  refresh() {
    const chosen = state.selected;
    const key = `${chosen} ${state.practising && hidden(chosen)} ${chosen < 0 ? state.question : ""}`;
    if (this.shown !== key) {
      this.shown = key;
      this.listed = null;
      const ask = this.questions();
      this.element.replaceChildren(ask, ...(chosen < 0 ? this.answer() : this.node(chosen)));
      this.element.scrollTop = 0;
    }
    if (chosen < 0 && state.question !== "vanish") this.list();
    for (const field of this.element.querySelectorAll("[data-leaf], [data-given]")) {
      const x = valueOf(field);
      if (field !== document.activeElement || field.type === "range")
        if (field.type === "range") field.value = x;
        else if (field.value !== plain(x)) field.value = plain(x);
    }
    for (const output of this.element.querySelectorAll("[data-live]")) {
      const v = Number(output.dataset.live);
      write(output, gradientText(v));
      mark(output, "class", `leaf-gradient ${stage(v) === "final" && !hidden(v) ? sign(passes.partial[v]) : "later"}`);
    }
    this.bars();
    for (const section of this.element.querySelectorAll("[data-part]")) {
      const made = PARTS[section.dataset.part](state.selected);
      if (section.written !== made) morph(section, made);
      section.written = made;
    }
    const place = this.element.querySelector("[data-answer]");
    if (place && withheld(chosen)) place.replaceChildren();
    else if (place) answer(chosen, place);
  }

  /** What can be asked of the whole graph. */
  questions() {
    const row = element("div", { class: "questions", role: "group", "aria-label": "Questions about the whole graph" });
    for (const [name, words] of QUESTIONS) {
      const pressed = state.selected < 0 && state.question === name;
      row.append(element("button", { "data-ask": name, "aria-pressed": String(pressed) }, words));
    }
    return row;
  }

  answer() {
    if (state.question === "vanish") return [element("section", { class: "wide" }, part("vanishing"))];
    const sorts = [
      ["order", "in order"],
      ["gradient", "by |∂|"],
      ["influence", "by |w·∂|"],
    ].map(([name, words]) => element("button", { "data-sort": name }, words));
    const filter = element("input", {
      id: "filter",
      type: "search",
      placeholder: "name or layer",
      "aria-label": "Only leaves with this in their name or layer",
      autocomplete: "off",
    });
    filter.value = state.filter;
    const tools = element(
      "div",
      { class: "sorting" },
      ...sorts,
      filter,
      element("span", { class: "quiet", id: "listed" }),
    );
    return [element("section", { class: "wide" }, tools, element("ul", { class: "leaves" }))];
  }

  /** The leaves that are asked for, in the order that is asked for; it stays until it is asked for anew. */
  list() {
    const key = `${state.sorting} ${state.filter} ${state.view.group}`;
    if (this.listed === key) return;
    this.listed = key;
    if ($("filter") !== document.activeElement) $("filter").value = state.filter;
    const wanted = state.filter.trim().toLowerCase(),
      called = (v) => [names[v], ...chainOf(v).map((g) => groups[g].name)].join("\n").toLowerCase();
    const inView = within(state.question === "matters" ? -1 : state.view.group).filter(
      (v) => engine.op[v] < 0 && (!wanted || called(v).includes(wanted)),
    );
    const order = state.sorting === "order" ? (v) => tape.parameter[v] : weight;
    inView.sort((a, b) => order(b) - order(a) || a - b);
    const shown = inView.slice(0, 90);
    const plain =
      state.question === "matters" || state.sorting !== "order"
        ? []
        : given.flatMap((list, k) =>
            list.names
              .map((_, i) => offsets[k] + i)
              .filter((at) => !wanted || `${givenNames[at]}\n${titleOf(list)}`.includes(wanted)),
          );
    this.element
      .querySelector(".leaves")
      .replaceChildren(
        ...shown.map((v) =>
          element("li", {}, link(v), ...fields(v), element("span", { class: "meter", "data-bar": v }), live(v)),
        ),
        ...plain.slice(0, Math.max(0, 90 - shown.length)).map((k) => this.given(k)),
      );
    $("listed").textContent = shown.length < inView.length ? `the first ${shown.length} of ${inView.length}` : "";
    for (const button of this.element.querySelectorAll("[data-sort]"))
      button.setAttribute("aria-pressed", String(button.dataset.sort === state.sorting));
  }

  given(k) {
    const why = "A plain number, and no node: no gradient reaches it";
    return element(
      "li",
      { title: why },
      element("span", { class: "quiet" }, givenNames[k]),
      ...fieldsOfGiven(k),
      element("span"),
      element("span", { class: "leaf-gradient later" }, "no ∂"),
    );
  }

  /** A bar for each leaf that is listed, as long as its share of the largest. */
  bars() {
    const places = [...this.element.querySelectorAll("[data-bar]")],
      sizes = places.map((place) => (hidden(Number(place.dataset.bar)) ? 0 : weight(Number(place.dataset.bar)))),
      most = Math.max(...sizes.filter(Number.isFinite), 0);
    places.forEach((place, k) => {
      mark(place, "style", `--share: ${most ? Math.min(1, sizes[k] / most).toFixed(3) : "0"}`);
      const v = Number(place.dataset.bar); // what is not told yet has no colour either
      mark(place, "class", `meter ${withheld(v) || hidden(v) ? "later" : sign(passes.grad[v])}`);
    });
  }

  node(v) {
    const title = element("h2", {}, names[v]);
    title.append(
      element("small", {}, engine.op[v] < 0 ? kindOf(v) : `${opOf(v).name}${v === engine.root ? ", the root" : ""}`),
    );
    const head = element("section", { class: "about", tabindex: "0", role: "region", "aria-label": "The node" }, title);
    if (engine.op[v] < 0) head.append(element("div", { class: "edit" }, ...fields(v)));
    head.append(part("about"));
    if (state.practising && hidden(v))
      return [head, element("section", { class: "chain" }, element("h3", {}, "Your turn"), question(v))];
    return [
      head,
      element("section", { class: "why", tabindex: "0", role: "region", "aria-label": "Why" }, part("why")),
      element("section", { class: "chain", tabindex: "0", role: "region", "aria-label": "One step" }, part("chain")),
      element("section", { class: "proof" }, movedBy(v), element("div", { "data-answer": "" }), part("proof")),
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

/** How much a leaf counts, as the leaves are sorted. */
function weight(v) {
  if (withheld(v)) return 0;
  const size = Math.abs(passes.grad[v]) * (state.sorting === "influence" ? Math.abs(engine.value[v]) : 1);
  return engine.reached[v] ? size || 0 : 0;
}

function part(name) {
  return element("div", { "data-part": name });
}
