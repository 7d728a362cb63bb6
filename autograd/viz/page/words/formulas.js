// Formulas: templates that Python wrote from the table, with this graph's names or numbers put in.
//
// In a template the operand k stands as the k-th CJK ideograph from U+4E00, the result y as the last of them.

import { escape } from "../base/labels.js";
import { short } from "../base/numerals.js";
import { engine, names, opOf, tape } from "../model/graph.js";

const FIRST = 0x4e00,
  RESULT = 0x9fff;

const SLOT = {
  text: /[\u4e00-\u9fff]/g,
  mathml: /<mi>([\u4e00-\u9fff])<\/mi>/g,
  latex: /\\text\{([\u4e00-\u9fff])\}/g,
};

/** What stands in parentheses of the template. */
const ENCLOSED = { text: /\( \)/, mathml: /\(<\/mo> <mo>\)/, latex: /\( \\right\)|\( \)/ };

/** A name in a notation. Names are anyone's labels, and escaped. */
export function named(v, notation) {
  if (notation === "text") return names[v];
  const given = tape[notation][v];
  if (given !== undefined) return given;
  const [, letters, digits] = /^(.*?)([\d.]*)$/s.exec(names[v]),
    below = digits.replaceAll(".", ",");
  if (notation === "latex") return below ? `${letters}_{${below}}` : letters;
  return below && letters
    ? `<msub><mi>${escape(letters)}</mi><mn>${below}</mn></msub>`
    : `<mi>${escape(names[v])}</mi>`;
}

/** Digits in MathML, a minus before them as a sign. */
function signedNumeral(text) {
  return text.startsWith("−") ? `<mo form="prefix">−</mo><mn>${text.slice(1)}</mn>` : `<mn>${text}</mn>`;
}

/** A number in a notation. */
export function numeral(x, notation) {
  const text = short(x);
  if (notation === "text") return text;
  if (notation === "latex")
    return text
      .replace("−", "-")
      .replace("∞", "\\infty ")
      .replace(/NaN/, "\\text{NaN}")
      .replace(/e(.*)/, (_, e) => ` \\cdot 10^{${e.replace("−", "-")}}`);
  const [mantissa, exponent] = text.split("e").map((part) => signedNumeral(part));
  return exponent ? `${mantissa}<mo>·</mo><msup><mn>10</mn><mrow>${exponent}</mrow></msup>` : mantissa;
}

/** Something written, in parentheses of its notation. */
export function parenthesised(text, notation) {
  return { text: `(${text})`, latex: `\\left(${text}\\right)`, mathml: `<mrow><mo>(</mo>${text}<mo>)</mo></mrow>` }[
    notation
  ];
}

/** What stands in a slot of a formula of v: the result, an operand, or a constant (below zero). */
const inPlace = (v) => (slot) => (slot === RESULT - FIRST ? v : engine.operand[engine.start[v] + slot]);

/** A template with operands put in, as names or as numbers; numbers that would run together get parentheses. */
function written(template, seat, notation, numbers) {
  if (notation === "text") template = escape(template);
  return template.replace(SLOT[notation], (found, letter, at) => {
    const code = (typeof letter === "string" ? letter : found).codePointAt(0);
    const operand = seat(code - FIRST);
    const constant = operand < 0;
    if (!numbers && !constant) return notation === "text" ? escape(named(operand, notation)) : named(operand, notation);
    const x = constant ? engine.constant[-1 - operand] : engine.value[operand];
    if (typeof letter !== "string") at = letter;
    const before = template.slice(Math.max(0, at - 8), at),
      after = template.slice(at + found.length, at + found.length + 6);
    const crowded = {
      text: /[\w)²³]$/.test(before) || /^[\w(²³⁴⁵^]/.test(after),
      mathml: /(<\/mn>|<\/mi>|\u2062<\/mo>|<msup><mrow>)$/.test(before),
      latex: /[\w}]\s?$/.test(before) || /^\^/.test(after),
    }[notation];
    const digits = numeral(x, notation);
    if (ENCLOSED[notation].test(`${template.slice(0, at)} ${template.slice(at + found.length)}`)) return digits;
    return (x < 0 && template !== found) ||
      crowded ||
      (notation !== "mathml" && digits.includes("e") && template !== found)
      ? parenthesised(digits, notation)
      : digits;
  });
}

function formOf(v) {
  return tape.form[v] < 0 ? null : tape.forms[tape.form[v]];
}

const NOTATION = { text: 0, mathml: 1, latex: 2 };

/** The right side of y = f(operands). */
export function formula(v, notation = "mathml", numbers = false) {
  const form = formOf(v);
  if (form) return written(form.formula[NOTATION[notation]], inPlace(v), notation, numbers);
  const op = opOf(v),
    what = op ? op.name : "leaf";
  return { text: escape(what), mathml: `<mtext>${escape(what)}</mtext>`, latex: `\\text{made by hand}` }[notation];
}

/** ∂user/∂operand of an edge as the table has it. */
export function localFormula(e, notation = "mathml", numbers = false) {
  const v = engine.user[e],
    form = formOf(v),
    rule = form && form.local[e - engine.start[v]];
  return rule ? written(rule[NOTATION[notation]], inPlace(v), notation, numbers) : "";
}

/** A template whose slots stand for the nodes of a list, with their names put in. */
export function filled(template, nodes, notation = "mathml") {
  return written(template[NOTATION[notation]], (slot) => nodes[slot], notation, false);
}

/** A formula as HTML text: "names" with its left side, or "numbers", "" if that would say no more than the value. */
export function formulaText(v, how, withEquals = false) {
  const text = formula(v, "text", how === "numbers");
  return how === "names"
    ? `${escape(names[v])} = ${text}`
    : withEquals
      ? /^−?[\d.]+(e−?\d+)?$/.test(text)
        ? ""
        : `${text} = `
      : text;
}

/** ∂a/∂b. */
export function ratio(a, b, notation = "mathml") {
  if (notation === "text") return `∂${escape(names[a])}/∂${escape(names[b])}`;
  if (notation === "latex") return `\\frac{\\partial ${named(a, notation)}}{\\partial ${named(b, notation)}}`;
  return `<mfrac><mrow><mi>∂</mi>${named(a, notation)}</mrow><mrow><mi>∂</mi>${named(b, notation)}</mrow></mfrac>`;
}

/** ∂root/∂v as HTML text. */
export function delta(v) {
  return ratio(engine.root, v, "text");
}

/** ∂use/∂operand of an edge, with its rule: ∂z/∂w = x. */
export function localRule(e) {
  return math(`${ratio(engine.user[e], engine.operand[e])}<mo>=</mo>${localFormula(e)}`);
}

/** MathML around its inside. */
export function math(inside) {
  return `<math>${inside}</math>`;
}
