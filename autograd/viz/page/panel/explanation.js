// A node explained, as HTML: its value, the chain rule at its place, its paths to the root, and a proof.

import { escape } from "../base/labels.js";
import { bracketed, short, sign, signed } from "../base/numerals.js";
import { linkText, some } from "../display/links.js";
import { engine, names, numbness, opOf, parentsOf, tape, usersOf } from "../model/graph.js";
import { known, stage, withheld } from "../model/progress.js";
import { passes, state } from "../model/state.js";
import { formula, localFormula, math, named, numeral, ratio } from "../words/formulas.js";
import { gradientText, sentence } from "../words/words.js";

/** What a node is: its formula, its value, where that is not finite or its slope all but zero, and its neighbours. */
export function about(v) {
  let made = "";
  if (engine.op[v] >= 0) {
    made += `<p class="formula">${math(`${named(v, "mathml")}<mo>=</mo>${formula(v)}`)}</p>`;
    const rest = known(v) ? [formula(v, "mathml", true), numeral(engine.value[v], "mathml")] : [];
    for (const right of rest) made += `<p class="formula">${math(`<mo>=</mo>${right}`)}</p>`;
  } else made += `<p class="quiet">${engine.value[v]}</p>`.replaceAll("-", "−");
  if (!known(v)) made = '<p class="quiet">Not computed yet at this step of the walk.</p>' + made;
  if (engine.fate(v) === "born") {
    const what = Number.isNaN(engine.value[v]) ? "NaN" : "An infinity";
    const why = `every operand is finite, ${escape(opOf(v)?.name)} of them is not (Python raises here)`;
    made += `<p class="warn"><b>${what} is born here:</b> ${engine.op[v] < 0 ? "it was put in" : why}.</p>`;
  }
  const lost = parentsOf(v).filter((u) => !Number.isFinite(engine.value[u]));
  if (engine.fate(v) === "came")
    made += `<p class="warn">Not finite, because of ${lost.slice(0, 3).map(linkText).join(", ")}.</p>`;
  const numb = numbness(v);
  if (numb === "dead") made += `<p class="warn">Dead: its slope is 0 here, so no change behind it is felt.</p>`;
  if (numb === "saturated")
    made += `<p class="warn">Saturated: its slope is under ${tape.nearlyFlat} here, so what lies behind it learns slowly.</p>`;
  const from = parentsOf(v),
    to = usersOf(v);
  if (from.length) made += `<p class="quiet">from ${some(from)}</p>`;
  if (to.length) made += `<p class="quiet">feeds ${some(to)}</p>`;
  return made;
}

/** ∂root/∂v as the sum over the uses of v. */
export function chain(v) {
  const heading = `<h3>One step of the chain rule</h3>`;
  if (withheld(v)) return `${heading}${stageNote(v)}`;
  if (v === engine.root) {
    const one = math(`${ratio(v, v)}<mo>=</mo><mn>1</mn>`);
    return `${heading}<p class="formula">${one}</p><p class="quiet">The backward pass starts here.</p>`;
  }
  const flows = engine.uses[v].filter((e) => engine.flows[e] && engine.reached[engine.user[e]]);
  if (!flows.length) {
    const why = `No gradient flows to ${escape(names[v])}: it only decides, or the root does not depend on it.`;
    return `${heading}<p>${why} That is not the same as a gradient of zero.</p>`;
  }
  const rows = flows.slice(0, 12).map((e) => term(e, v));
  if (flows.length > 12) {
    const rest = flows.slice(12).reduce((sum, e) => sum + passes.grad[engine.user[e]] * engine.local[e], 0);
    rows.push(`<li class="more">… and ${flows.length - 12} more uses, together <b>${short(rest)}</b></li>`);
  }
  const L = ratio(engine.root, v);
  const shares = flows.slice(0, 4).map((e) => bracketed(passes.grad[engine.user[e]] * engine.local[e]));
  if (flows.length > 4) shares.push("…");
  const terms = flows.length > 1 ? `${shares.join(" + ")} = ` : "";
  const total = `<b class="${sign(passes.grad[v])}">${short(passes.grad[v], 6)}</b>`;
  const sum = `<p class="sum">${math(`${L}<mo>=</mo>`)} ${terms}${total}</p>`;
  const used =
    flows.length > 1
      ? `<p class="quiet">${escape(names[v])} is used ${flows.length} times; every use adds a term.</p>`
      : "";
  return `${heading}${used}<ul class="terms">${rows.join("")}</ul>${sum}${stageNote(v)}`;
}

/** What the use of v along an edge adds to the sum, and by which rule. */
function term(e, v) {
  const u = engine.user[e],
    direct = ratio(u, v),
    share = passes.grad[u] * engine.local[e];
  const isNumber = (made) => /^(<mo[^>]*>−<\/mo>)?<mn>[^<]*<\/mn>$/.test(made);
  const sides = [localFormula(e), localFormula(e, "mathml", true)].filter((side, k, all) => {
    return side && !isNumber(side) && side !== all[k - 1]; // a mere number stands at the end anyway
  });
  const why = `${math([direct, ...sides].join("<mo>=</mo>"))} = <b>${short(engine.local[e])}</b>`;
  const upstream = `<button class="link" data-node="${u}" title="${escape(sentence(u))}">${short(passes.grad[u])}</button>`;
  const product = `${upstream} × ${bracketed(engine.local[e])} = <b class="${sign(share)}">${short(share)}</b>`;
  return [
    `<li><div class="product">${math(`${ratio(engine.root, u)}<mo>·</mo>${direct}`)} = ${product}</div>`,
    `<div class="why">${why} <span class="quiet">${escape(opOf(u).name)}</span></div></li>`,
  ].join("");
}

/** ∂root/∂v beside a finite difference, and what has become of it since the pin. */
export function proof(v) {
  if (!engine.reached[v] || withheld(v)) return "";
  const difference = v === engine.root ? 1 : engine.finiteDifference(v);
  const gap = Math.abs(difference - passes.grad[v]) / Math.max(1e-8, Math.abs(passes.grad[v]), Math.abs(difference));
  const tiny = Math.abs(difference - passes.grad[v]) < 1e-9 * Math.max(1, Math.abs(engine.value[engine.root]));
  const agrees = tiny || gap < 1e-5;
  const lost = tiny && gap > 1e-5; // both are less than the rounding of the root can show
  const verdict = lost
    ? `Too small to see: less than the rounding of ${escape(tape.title)}.`
    : agrees
      ? `<span class="good">✓ agree</span>${gap > 0 ? ` to ${short(gap, 2)}` : ""}`
      : Number.isFinite(gap)
        ? `<span class="bad">✗ differ by ${short(gap, 2)}</span>: a kink or a jump lies within the step`
        : `<span class="bad">not comparable</span>`;
  const how = "(f(v + h) − f(v − h)) / 2h, without any derivative";
  let made = [
    `<h3>Proof</h3><dl><dt>chain rule</dt><dd>${short(passes.grad[v], 10)}</dd>`,
    `<dt title="${how}">finite difference</dt><dd>${short(difference, 10)}</dd></dl><p>${verdict}</p>`,
  ].join("");
  if (state.pinned) {
    const { value, grad: before } = state.pinned;
    const change = (from, to) => `<dd>${short(from)} → ${short(to)} (${signed(to - from)})</dd>`;
    made += `<h3>Since the pin</h3><dl><dt>value</dt>${change(value[v], engine.value[v])}`;
    made += `<dt>gradient</dt>${change(before[v], passes.grad[v])}</dl>`;
  }
  return `${made}<p class="copies"><button data-copy="latex">Copy LaTeX</button> <button data-copy="python">Copy Python</button></p>`;
}

function stageNote(v) {
  const at = stage(v);
  if (at === "partial")
    return `<p class="quiet">At this step of the walk: ${escape(gradientText(v))}, ${engine.reports[v] - passes.reported[v]} more to come.</p>`;
  return at === "later" ? '<p class="quiet">The walk has not come here yet: —, which is not 0.</p>' : "";
}
