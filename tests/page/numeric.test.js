import test from "node:test";

import { erf, erfc, power } from "../../autograd/viz/page/model/numeric.js";
import { close, compiled, facts } from "./facts.js";

test("power is C99's, at every sign, infinity and NaN", () => {
  // V8's pow and the C library's are both within a unit or two in the last place
  for (const [a, b, expected] of facts.powers) close(power(Number(a), Number(b)), expected, 1e-15, 0, `${a} ** ${b}`);
});

test("erf and erfc have mpmath's digits", () => {
  for (const [x, erf_, erfc_] of facts.errors) {
    close(erf(x), erf_, 1e-14, 5e-324, `erf ${x}`); // some 40 terms of one sign, each rounded
    close(erfc(x), erfc_, 1e-12, 1e-308, `erfc ${x}`); // exp(−x²) at 27 rounds x² = 729 by 6e-14; then subnormal
  }
});

for (const { name, arity, source, cases } of facts.primitives)
  test(`${name} of ${arity} is Python's table at ${cases.length} points`, () => {
    const [value, derivatives] = compiled(source);
    for (const [given, y, local] of cases) {
      const x = given.map(Number),
        made = value(x);
      // a few units in the last place per operation (V8's and the C library's exp differ by one), 1e-12 in all
      close(made, y, 1e-12, 0, `${name}(${given})`);
      if (!local) continue; // Python raises there
      derivatives(made, x).forEach((d, k) => {
        const what = `∂${name}(${given})/∂${k}`;
        if (d === null || local[k] === null) {
          if (d !== local[k]) throw new Error(`${what}: ${d}, and ${local[k]} is expected`);
        } else close(d, local[k], 1e-12, 0, what);
      });
    }
  });
