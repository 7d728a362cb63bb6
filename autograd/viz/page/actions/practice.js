// Practice: gradients are hidden and asked for, and a wrong factor is pointed out.

import { $ } from "../base/dom.js";
import { escape } from "../base/labels.js";
import { short } from "../base/numerals.js";
import { linkText } from "../display/links.js";
import { say } from "../display/readouts.js";
import { boxAt } from "../display/view.js";
import { engine, names, parentsOf, tape, usersOf } from "../model/graph.js";
import { changed, passes, replay, state, STEPS } from "../model/state.js";
import { localFormula, localRule, math, ratio } from "../words/formulas.js";

/** Begin to practise, or stop; the first node to ask for is chosen. */
export function practise() {
  state.practising = !state.practising;
  for (const nodes of [state.answered, state.shown, state.hinted]) nodes.clear();
  $("practise").setAttribute("aria-pressed", String(state.practising));
  state.step = STEPS;
  replay();
  if (state.practising) {
    const first = usersOf(engine.root).length ? engine.root : parentsOf(engine.root).find((v) => engine.reached[v]);
    if (first !== undefined) state.selected = first;
  }
  changed();
}

/** The edges that bring v its gradient, the first eight. */
export function usedBy(v) {
  return engine.uses[v].filter((e) => engine.flows[e] && engine.reached[engine.user[e]]).slice(0, 8);
}

/** A hint was given for a gradient; only then its answer is shown when one asks for it. */
export function hinted(v) {
  state.hinted.add(v);
}

/** Show a gradient that was found, or that one asked for: this one does not count. */
export function solved(v, shown = false) {
  state.answered.add(v);
  if (shown) state.shown.add(v);
  say(`∂${tape.title}/∂${names[v]} = ${short(passes.grad[v])}`);
  changed();
  boxAt(v)?.element.focus();
}

/** Whether an answer is right to about three digits. */
export function near(answer, truth) {
  return (
    answer === truth ||
    Math.abs(answer - truth) <= 0.006 * Math.abs(truth) ||
    (Number.isNaN(answer) && Number.isNaN(truth))
  );
}

/** ∂root/∂u, with u a link. */
function behind(u) {
  return `∂${escape(tape.title)}/∂${linkText(u)}`;
}

/** Which factor a wrong answer has wrong, as far as one can tell from the number. */
export function mistake(v, answer) {
  const uses = usedBy(v),
    term = (e, upstream = passes.grad[engine.user[e]], local = engine.local[e]) => upstream * local;
  const sumWith = (e, other) => uses.reduce((sum, f) => sum + (f === e ? other : term(f)), 0);
  if (near(-answer, passes.grad[v])) {
    const negative = uses.find((e) => engine.local[e] < 0) ?? uses[0];
    const u = engine.user[negative],
      rule = `${localRule(negative)} = ${short(engine.local[negative])}`;
    return `The size is right and the <b>sign</b> is not: look at ${rule} and at ${behind(u)}.`;
  }
  for (const e of uses) {
    const u = engine.user[e],
      factor = localRule(e);
    if (uses.length > 1 && near(answer, sumWith(e, 0)))
      return `A term is missing: ${escape(names[v])} is also used by ${linkText(u)}, and <b>every use adds</b>.`;
    const others = uses.filter((f) => f !== e).map((f) => linkText(engine.user[f]));
    if (uses.length > 1 && near(answer, term(e)))
      return `That is only the term through ${linkText(u)}: <b>add</b> the one${others.length > 1 ? "s" : ""} through ${others.join(", ")}.`;
    if (engine.local[e] !== 1 && near(answer, sumWith(e, passes.grad[u])))
      return `The <b>local derivative</b> is missing: multiply by ${factor} = ${short(engine.local[e])}.`;
    if (passes.grad[u] !== 1 && near(answer, sumWith(e, engine.local[e])))
      return `That is the local derivative alone: <b>multiply by ${behind(u)}</b>, what comes from behind.`;
    for (const [other, what] of [
      [engine.value[v], `the value of ${escape(names[v])}`],
      [engine.value[u], `the value of ${escape(names[u])}`],
      [1 / engine.local[e], "its reciprocal"],
      [2 * engine.local[e], "twice it"],
      [engine.local[e] / 2, "half of it"],
    ])
      if (near(answer, sumWith(e, passes.grad[u] * other)))
        return [
          `The wrong factor is ${ratio(u, v, "text")}: you used ${what}, ${short(other)}; `,
          `it is ${factor} = <b>${short(engine.local[e])}</b>.`,
        ].join("");
  }
  if (uses.length === 1) {
    const [e] = uses,
      u = engine.user[e];
    return [
      `With ${behind(u)} = ${short(passes.grad[u])} your answer needs ${math(ratio(u, v))} = ${short(answer / passes.grad[u])}; `,
      `by the rule it is ${math(localFormula(e))} = <b>${short(engine.local[e])}</b>.`,
    ].join("");
  }
  const terms = uses.map((e) => `${behind(engine.user[e])} × ${math(ratio(engine.user[e], v))}`);
  return `Not yet. It is a sum of ${uses.length} terms: ${terms.join(" + ")}.`;
}
