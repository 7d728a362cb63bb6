// The form that asks for a hidden gradient.

import { hinted, mistake, near, solved, usedBy } from "../actions/practice.js";
import { element } from "../base/dom.js";
import { escape } from "../base/labels.js";
import { number } from "../base/numerals.js";
import { linkText } from "../display/links.js";
import { engine, names, tape } from "../model/graph.js";
import { passes, state } from "../model/state.js";
import { localRule, math, ratio } from "../words/formulas.js";

/** The form that asks for a hidden gradient. */
export function question(v) {
  const field = element("input", {
    type: "text",
    inputmode: "decimal",
    class: "number",
    "aria-label": `Your answer for the gradient of ${names[v]}`,
  });
  const verdict = element("p", { role: "status", class: "verdict" }),
    form = element("form", { class: "question" });
  const hint = element("button", { type: "button" }, "Hint"),
    reveal = element("button", { type: "button" }, "Show");
  form.innerHTML = `<label>${math(`${ratio(engine.root, v)}<mo>=</mo>`)} </label>`;
  form.append(field, element("button", {}, "Check"), hint, reveal);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = number(field.value);
    if (answer === null) verdict.textContent = "A number, please.";
    else if (near(answer, passes.grad[v])) solved(v);
    else verdict.innerHTML = mistake(v, answer);
  });
  reveal.disabled = !state.hinted.has(v);
  reveal.title = "after a hint; it does not count";
  hint.addEventListener("click", () => {
    hinted(v);
    reveal.disabled = false;
    const terms = usedBy(v).map((e) => `∂${escape(tape.title)}/∂${linkText(engine.user[e])} · ${localRule(e)}`);
    verdict.innerHTML = `Sum over its uses: ${terms.join(" + ")}`;
  });
  reveal.addEventListener("click", () => solved(v, true));
  return element("div", {}, form, verdict);
}
