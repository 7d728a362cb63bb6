// Why a gradient is what it is, as HTML: formulas, numbers, and the reason for each factor.

import { short, sign } from "../base/numerals.js";
import { linkText } from "../display/links.js";
import { engine, names } from "../model/graph.js";
import { withheld } from "../model/progress.js";
import { passes } from "../model/state.js";
import { math, named, numeral, parenthesised, ratio } from "../words/formulas.js";
import { definition, factorFormula, factorsOf, ruleOf, standsAlone } from "../words/why.js";

const LONGEST = 8,
  MOST_REASONS = 12;

/** ∂root/∂v as a product: in symbols, as formulas, as numbers; then the ways where they part, and the reasons. */
export function why(v) {
  const factors = factorsOf(v);
  if (!factors.length) return "";
  if (withheld(v)) {
    const symbols = factors.map(({ use, of }) => ratio(use, of)).join("<mo>·</mo>");
    return `<h3>Why</h3><p class="formula">${math(`${ratio(engine.root, v)}<mo>=</mo>${symbols}`)}</p>`;
  }
  const told = new Set();
  let made = `<h3>Why ${short(passes.grad[v])}</h3>`;
  if (factors.length === 1 && factors[0].ways) made += parting(factors[0], told);
  else {
    made += equation(ratio(engine.root, v), sides(factors), passes.grad[v]);
    for (const factor of factors) {
      if (factor.ways) made += parting(factor, told);
      else told.add(factor);
    }
  }
  return made + because([...told]);
}

/** A product: its symbols, its formulas, its numbers; of a long one both ends. */
function sides(factors) {
  const shown = factors.length > LONGEST ? [...factors.slice(0, 4), null, ...factors.slice(-3)] : factors;
  const product = (write, dot) =>
    shown.map((factor) => (factor ? write(factor) : "<mi>…</mi>")).join(`<mo>${dot}</mo>`);
  const symbols = product(({ use, of }) => ratio(use, of), "·");
  const formulas = product((factor) => {
    const made = factorFormula(factor),
      bare = factors.length > 1 && standsAlone(factorFormula(factor, "text"));
    return bare ? parenthesised(made, "mathml") : `<mrow>${made}</mrow>`;
  }, "·");
  const numbers = product(({ value }) => {
    const made = numeral(value, "mathml");
    return value < 0 && factors.length > 1 ? parenthesised(made, "mathml") : made;
  }, "×");
  return [symbols, formulas, numbers];
}

/** left = side = side …, each on its own line, and the value at the end. */
function equation(left, lines, value) {
  const rows = lines.filter((line, k) => line !== left && line !== lines[k - 1]);
  const end = `<b class="${sign(value)}">${short(value)}</b>`;
  const first = rows.length ? math(`${left}<mo>=</mo>${rows[0]}`) : math(left);
  const next = rows.slice(1).map((row) => `<p class="formula next">${math(`<mo>=</mo>${row}`)}</p>`);
  return `<p class="formula">${first}</p>${next.join("")}<p class="formula next"><math><mo>=</mo></math> ${end}</p>`;
}

/** A factor that several ways make up: their products, and the sum. */
function parting({ use, of, value, ways, count, all }, told) {
  const left = ratio(use, of);
  for (const way of ways) for (const link of way.links) told.add(link);
  if (all) {
    const lines = [0, 1, 2].map((k) => ways.map((way) => sides(way.links)[k]).join("<mo>+</mo>"));
    const terms = ways
      .map((way) =>
        way.value < 0 ? parenthesised(numeral(way.value, "mathml"), "mathml") : numeral(way.value, "mathml"),
      )
      .join("<mo>+</mo>");
    return equation(left, [...lines, terms], value);
  }
  const rest = value - ways.reduce((sum, way) => sum + way.value, 0);
  const rows = ways.map((way) => {
    const nodes = [way.links[0].use, ...way.links.map((link) => link.of)];
    const shown = nodes.length > 7 ? [...nodes.slice(0, 3), -1, ...nodes.slice(-3)] : nodes;
    const path = shown.map((u) => (u < 0 ? "…" : linkText(u))).join(" ← ");
    return `<li><div>${path}</div><div class="product">= <b class="${sign(way.value)}">${short(way.value)}</b></div></li>`;
  });
  return [
    `<p class="formula">${math(`${left}<mo>=</mo>`)} <b class="${sign(value)}">${short(value)}</b>`,
    ` <span class="quiet">over ${short(count)} ways; the largest:</span></p><ul class="terms">${rows.join("")}</ul>`,
    `<p class="quiet">The other ${short(count - ways.length)} carry ${short(rest)} together.</p>`,
  ].join("");
}

/** Each factor with its formula, its number, and the node it is the derivative of. */
function because(links) {
  const defined = new Set();
  const rows = links.slice(0, MOST_REASONS).map((link) => {
    const made = factorFormula(link),
      isNumber = /^(<mo[^>]*>−<\/mo>)?<mn>[^<]*<\/mn>$/.test(made);
    const left = `${ratio(link.use, link.of)}<mo>=</mo>`;
    let row = `${math(isNumber ? left : `${left}${made}<mo>=</mo>`)} <b>${short(link.value)}</b>`;
    if (!defined.has(link.use)) {
      row += ` <span class="quiet">as ${math(`${named(link.use, "mathml")}<mo>=</mo>${definition(link)}`)}</span>`;
      defined.add(link.use);
    }
    return `<li>${row}${ruleOf(link) ? ` <span class="quiet">(${ruleOf(link)})</span>` : ""}</li>`;
  });
  const more = links.length - rows.length;
  if (more > 0) rows.push(`<li class="quiet">and ${more} more factors</li>`);
  return `<h3>because</h3><ul class="terms reasons" aria-label="Reasons for the gradient of ${names[links[0]?.of] ?? ""}">${rows.join("")}</ul>`;
}
