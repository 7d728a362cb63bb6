import assert from "node:assert/strict";
import test from "node:test";

import { close, engineOf, facts } from "./facts.js";

const { example, graphs, smooth } = facts;

/** Every path from v to the root, as the product of its slopes; only edges along which a gradient flows. */
function everyPath(engine, v) {
  if (v === engine.root) return [1];
  const found = [];
  for (const [edge, slope] of engine.slopes(v))
    for (const rest of everyPath(engine, engine.user[edge])) found.push(slope * rest);
  return found;
}

test("the worked 2-2-2 example has the hand derivation's error and gradients", () => {
  const engine = engineOf(example.tape),
    { grad } = engine.backward(),
    [start] = example.after;
  // 1e-12: each is a sum over paths of a dozen factors, each rounded by 1.1e-16; the tape itself is rounded to 17 digits
  close(engine.value[engine.root], start.error, 1e-12);
  close(engine.value[engine.root], 0.2983711087600027, 1e-12);
  start.slopes.forEach((slope, k) => close(grad[example.tape.name.indexOf(`w${k + 1}`)], slope, 1e-12, 0, `w${k + 1}`));
  close(grad[example.tape.name.indexOf("w5")], 0.08216704056423077, 1e-12);
  close(grad[example.tape.name.indexOf("w1")], 0.0004385677344743465, 1e-12);
});

test("gradient descent on the worked example takes the hand derivation's steps", () => {
  const engine = engineOf(example.tape),
    weights = Array.from({ length: 8 }, (_, k) => example.tape.name.indexOf(`w${k + 1}`));
  let done = 0;
  for (const { steps, error, weights: expected } of example.after) {
    for (; done < steps; done++) {
      engine.descend(example.rate, weights, engine.backward().grad);
      engine.forward();
    }
    // ten thousand steps towards a minimum forget their rounding rather than add it up
    close(engine.value[engine.root], error, 1e-10, 0, `E after ${steps}`);
    expected.forEach((w, k) => close(engine.value[weights[k]], w, 1e-10, 0, `w${k + 1} after ${steps}`));
  }
  close(engine.value[engine.root], 3.510187782978859e-5, 1e-10);
});

test("values and gradients of any graph are Python's, whatever its leaves are changed to", () => {
  let compared = 0;
  for (const { tape, changes } of graphs) {
    const engine = engineOf(tape);
    for (const { leaves, values, gradients } of changes) {
      for (const [v, x] of leaves) engine.value[v] = Number(x);
      engine.forward();
      const { grad } = engine.backward(),
        finite = (numbers) => Math.max(0, ...numbers.map((x) => Math.abs(Number(x))).filter(Number.isFinite));
      // a sum can cancel: its error is that of its largest term, so it is measured by the largest number around
      values.forEach((x, v) => close(engine.value[v], x, 1e-12, finite(values), `value ${v}`));
      gradients.forEach((g, v) => {
        assert.equal(Boolean(engine.reached[v]), g !== null);
        if (g !== null) close(grad[v], g, 1e-12, finite(gradients.filter((x) => x !== null)), `gradient ${v}`);
        compared++;
      });
    }
  }
  assert.ok(compared > 3000);
});

test("every gradient is that of a finite difference", () => {
  for (const tape of [example.tape, ...smooth]) {
    const engine = engineOf(tape),
      { grad } = engine.backward();
    for (let v = 0; v < engine.root; v++)
      // h = ∛ε: the difference is off by h²f‴/6 and by ε·f/h, both some 4e-11 where f and f‴ are about 1
      close(engine.finiteDifference(v), engine.reached[v] ? grad[v] : 0, 3e-10, 1, `gradient of ${tape.name[v]}`);
  }
});

test("a finite difference leaves the values as they are", () => {
  const engine = engineOf(example.tape),
    before = engine.value.slice();
  for (let v = 0; v < engine.n; v++) engine.finiteDifference(v);
  assert.deepEqual(engine.value, before);
});

test("the backward pass up to a step is the sum of the products so far, one more at each step", () => {
  for (const { tape } of graphs.slice(0, 20)) {
    const engine = engineOf(tape),
      sum = new Float64Array(engine.n),
      all = engine.backward();
    sum[engine.root] = 1;
    engine.backwardEdges.forEach((e, k) => {
      sum[engine.operand[e]] += all.grad[engine.user[e]] * engine.local[e];
      const { grad, reported } = engine.backward(k + 1);
      assert.deepEqual(grad, sum);
      assert.equal(
        reported.reduce((a, b) => a + b, 0),
        k + 1,
      );
      // what an edge hands on is final before it does
      assert.equal(reported[engine.user[e]], engine.reports[engine.user[e]]);
    });
    assert.deepEqual(all.reported, engine.reports);
  }
});

test("a gradient is the sum over all paths, and the heaviest are found with their number", () => {
  for (const tape of [example.tape, ...smooth, ...graphs.slice(0, 20).map((graph) => graph.tape)]) {
    const engine = engineOf(tape),
      { grad } = engine.backward();
    for (const v of engine.leaves) {
      const every = engine.reached[v] ? everyPath(engine, v) : [],
        heaviest = every.map(Math.abs).sort((a, b) => b - a),
        { paths, count } = engine.paths(v, 3);
      if (every.some(Number.isNaN)) continue;
      assert.equal(count, every.length);
      assert.equal(paths.length, Math.min(3, every.length));
      paths.forEach((path, k) => {
        close(Math.abs(path.product), heaviest[k], 1e-12, 0, "weight of a path");
        // the edges lead from v to the root, one after the other, and their slopes multiply to the product
        let here = v;
        for (const e of path.edges) {
          assert.equal(engine.operand[e], here);
          here = engine.user[e];
        }
        assert.equal(here, engine.root);
        close(
          path.slopes.reduce((a, b) => a * b, 1),
          path.product,
          1e-12,
        );
      });
      if (every.length)
        close(
          every.reduce((a, b) => a + b, 0),
          grad[v],
          1e-12,
          heaviest[0],
        );
    }
  }
});

test("NaN and infinities are born where every operand is finite, and come from there", () => {
  const engine = engineOf(smooth[0]), // sin(x² + 1) eˣ / (1 + x²)
    born = () => engine.nodes((v) => engine.fate(v) === "born"),
    came = () => engine.nodes((v) => engine.fate(v) === "came");
  assert.deepEqual([...born(), ...came()], []);
  const [x] = engine.leaves;
  engine.value[x] = 1000; // e¹⁰⁰⁰ overflows
  engine.forward();
  assert.deepEqual(
    born().map((v) => smooth[0].ops[engine.op[v]].name),
    ["exp"],
  );
  assert.ok(came().every((v) => engine.operands(v, engine.value).some((y) => !Number.isFinite(y))));
  engine.value[x] = NaN;
  engine.forward();
  assert.deepEqual(born(), [x]);
  assert.deepEqual(came(), engine.interior);
});

test("descending changes the leaves it is given, against their gradients, and no others", () => {
  const engine = engineOf(smooth[1]),
    { grad } = engine.backward(),
    before = engine.value.slice(),
    some = engine.leaves.filter((_, k) => k % 3 === 0);
  engine.descend(0.1, some, grad);
  engine.value.forEach((x, v) => assert.equal(x, some.includes(v) ? before[v] - 0.1 * grad[v] : before[v]));
  engine.forward();
  assert.ok(engine.value[engine.root] < before[engine.root]);
});

test("the mean over samples is the mean of the passes, and leaves the numbers as they were", () => {
  const engine = engineOf(facts.smooth[1]),
    [x, w, target] = engine.leaves,
    rows = [
      [0.3, 1],
      [-0.7, 0.5],
      [0.1, -2],
    ],
    before = Array.from(engine.value);
  const { loss, grad } = engine.batch({ rows, inputs: [x], targets: [target] }, [w]);
  assert.deepEqual(Array.from(engine.value), before);
  let [sum, slope] = [0, 0];
  for (const [a, b] of rows) {
    const alone = engineOf(facts.smooth[1]);
    alone.value[x] = a;
    alone.value[target] = b;
    alone.forward();
    sum += alone.value[alone.root] / rows.length;
    slope += alone.backward().grad[w] / rows.length;
  }
  close(loss, sum, 1e-12);
  close(grad[w], slope, 1e-12);
});

test("the answer to another value of a node is that of a whole forward pass", () => {
  for (const tape of facts.smooth)
    for (const v of engineOf(tape).leaves.slice(0, 5)) {
      const engine = engineOf(tape),
        xs = [-0.3, 0.2, 1.1],
        found = engine.respond(v, xs);
      xs.forEach((x, k) => {
        const other = engineOf(tape);
        other.value[v] = x;
        other.forward();
        close(found[k], other.value[other.root], 1e-12);
        close(engine.surface([v], [[x]], engine.root)[0], other.value[other.root], 1e-12);
      });
    }
});
