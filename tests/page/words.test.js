import assert from "node:assert/strict";
import test from "node:test";

import { number } from "../../autograd/viz/page/base/numerals.js";
import { page } from "./facts.js";

const from = page("example");
const { engine, names } = await from("model/graph.js");
const { FORWARD, passes, recompute, replay, state, STEPS } = await from("model/state.js");
const { formula, formulaText } = await from("words/formulas.js");
const { derivation } = await from("words/derivation.js");
const { gradientText, sentence } = await from("words/words.js");
recompute();

const w5 = names.indexOf("w5"),
  nodes = engine.nodes(() => true);
const FOUR_DIGITS = 5.001e-4; // half a unit in the fourth, where the first is a 1

/** What arithmetic comes to that is written with numbers. */
function computed(text) {
  const code = text.replaceAll("·", "*").replaceAll("−", "-").replaceAll("²", "**2").replaceAll("σ(", "sigma(");
  assert.match(code, /^(sigma|[\d.e()\s+*-])*$/);
  return new Function("sigma", `return ${code};`)((z) => 1 / (1 + Math.exp(-z)));
}

/** How far a sum of products of numbers with four digits may be from the sum itself. */
const rounding = (sizes, factors) => FOUR_DIGITS * factors * sizes.reduce((sum, size) => sum + Math.abs(size), 0);

test("a formula with numbers comes to the node's value", () => {
  for (const v of engine.interior) {
    const text = formula(v, "text", true),
      sizes = [engine.value[v], ...engine.operands(v, engine.value)];
    assert.ok(Math.abs(computed(text) - engine.value[v]) <= rounding(sizes, 2), `${names[v]} = ${text}`);
    assert.ok(formulaText(v, "names").startsWith(`${names[v]} = `));
  }
});

test("the numbers of a derivation come to the gradient that stands behind them", () => {
  for (const v of nodes) {
    const lines = derivation(v).split("\\\\\n"),
      last = lines[lines.length - 1];
    if (v === engine.root) {
      assert.match(last, /&= 1$/);
      continue;
    }
    const plain = last.replace(/ \\cdot 10\^\{(-?\d+)\}/g, "e$1").replace(/\\left|\\right|&=/g, ""),
      [sum, result] = plain.replaceAll("\\times", "*").split("=");
    const sizes = engine.uses[v].map((e) => passes.grad[engine.user[e]] * engine.local[e]);
    assert.ok(Math.abs(number(result) - passes.grad[v]) <= FOUR_DIGITS * Math.abs(passes.grad[v]), last);
    assert.ok(Math.abs(computed(sum) - passes.grad[v]) <= rounding(sizes, 2), last);
    assert.equal(sum.split("*").length - 1, engine.uses[v].length); // a product for each use
  }
});

test("at every step of the walk a gradient is a dash, a partial sum, or there", () => {
  const sum = new Float64Array(engine.n),
    terms = new Int32Array(engine.n),
    all = engine.uses.map((uses) => uses.filter((e) => engine.flows[e]).length);
  sum[engine.root] = 1;
  for (let step = 0; step <= STEPS; step++) {
    if (step > FORWARD + 1) {
      const e = engine.backwardEdges[step - FORWARD - 2];
      sum[engine.operand[e]] += sum[engine.user[e]] * engine.local[e];
      terms[engine.operand[e]]++;
    }
    state.step = step;
    replay();
    for (const v of nodes) {
      const text = gradientText(v);
      if (step <= FORWARD || (v !== engine.root && !terms[v])) assert.equal(text, "—");
      else {
        assert.equal(text.endsWith(" + …"), terms[v] < all[v]);
        const shown = number(
          text
            .replace(/^= |\+ …$/g, "")
            .trim()
            .replace("+", ""),
        );
        assert.ok(Math.abs(shown - sum[v]) <= FOUR_DIGITS * Math.abs(sum[v]), text);
      }
    }
  }
});

test("a node is said in a sentence", () => {
  state.step = STEPS;
  replay();
  assert.equal(sentence(w5), "w5, parameter, value 0.4, gradient 0.08217");
  state.step = 0;
  replay();
  assert.equal(sentence(w5), "w5, parameter, value 0.4, gradient not computed yet");
  assert.match(sentence(engine.root), /, the root, mul of .*, value not computed yet, gradient not computed yet$/);
});

test("the state has the fields it has", () => {
  assert.throws(() => (state.selcted = 1), TypeError);
  assert.throws(() => (passes.gradient = 1), TypeError);
});
