import assert from "node:assert/strict";
import test from "node:test";

import { layered } from "../../autograd/viz/page/display/layout.js";
import { facts, generator } from "./facts.js";

const GAP = { column: 36, row: 9 };

/** A graph whose links lead from a lower index to a higher one, with boxes of many sizes. */
function randomGraph(seed, n = 3 + (seed % 40)) {
  const random = generator(seed),
    boxes = Array.from({ length: n }, () => ({ width: 40 + 120 * random(), height: 20 + 80 * random() })),
    links = [];
  for (let v = 1; v < n; v++) {
    const operands = new Set();
    for (let k = 0; k < 3; k++) if (random() < 0.6) operands.add(Math.floor(random() * v));
    for (const u of operands) links.push([u, v]);
  }
  return { boxes, links };
}

/** The nodes of a tape as boxes of one size, each link once. */
function graphOf(tape) {
  const links = new Map();
  for (let v = 0; v < tape.op.length; v++)
    for (const u of tape.operand.slice(tape.start[v], tape.start[v + 1])) if (u >= 0) links.set(`${u} ${v}`, [u, v]);
  return { boxes: tape.op.map(() => ({ width: 110, height: 52 })), links: [...links.values()] };
}

const GRAPHS = [
  ...Array.from({ length: 60 }, (_, seed) => randomGraph(seed)),
  ...Object.values(facts.pages).map(graphOf),
];

const left = (cell) => cell.x - cell.width / 2,
  right = (cell) => cell.x + cell.width / 2,
  top = (cell) => cell.y - cell.height / 2,
  bottom = (cell) => cell.y + cell.height / 2;
const ROUNDING = 1e-9; // coordinates are sums of some hundred numbers up to 10⁴, each rounded by 1e-12

function apart(a, b, by = 0) {
  return (
    right(a) + by <= left(b) + ROUNDING ||
    right(b) + by <= left(a) + ROUNDING ||
    bottom(a) + by <= top(b) + ROUNDING ||
    bottom(b) + by <= top(a) + ROUNDING
  );
}

/** Whether two straight pieces cross within themselves. */
function crossing([a, b], [c, d]) {
  const side = (p, q, r) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

function shuffled(n, random) {
  const order = Array.from({ length: n }, (_, k) => [random(), k]).sort((a, b) => a[0] - b[0]);
  return order.map(([, k]) => k);
}

test("no two boxes overlap, and those of a column keep their distance", () => {
  for (const { boxes, links } of GRAPHS) {
    const { cells } = layered(boxes, links, GAP);
    cells.forEach((a, i) =>
      cells.slice(0, i).forEach((b) => {
        assert.ok(apart(a, b));
        if (links.length && a.rank === b.rank) assert.ok(apart(a, b, GAP.row));
      }),
    );
  }
});

test("boxes keep their size and their order in the list", () => {
  for (const { boxes, links } of GRAPHS)
    assert.deepEqual(
      layered(boxes, links, GAP).cells.map(({ width, height }) => ({ width, height })),
      boxes,
    );
});

test("every link leads to the right, and one over several columns passes a point in each, outside of boxes", () => {
  for (const { boxes, links } of GRAPHS) {
    const { cells, routes } = layered(boxes, links, GAP);
    assert.equal(routes.length, links.length);
    routes.forEach((route, k) => {
      const [from, to] = links[k];
      assert.equal(route[0], cells[from]);
      assert.equal(route[route.length - 1], cells[to]);
      assert.equal(route.length, cells[to].rank - cells[from].rank + 1);
      assert.ok(right(cells[from]) < left(cells[to]));
      for (let p = 1; p < route.length; p++) assert.ok(route[p - 1].x < route[p].x);
      for (const point of route.slice(1, -1)) assert.ok(cells.every((cell) => apart(cell, point)));
    });
  }
});

test("the whole starts at 0, 0 and is as large as it says", () => {
  for (const { boxes, links } of GRAPHS) {
    const { cells, routes, width, height } = layered(boxes, links, GAP),
      all = [...cells, ...routes.flat()];
    for (const [found, expected] of [
      [Math.min(...all.map(left)), 0],
      [Math.min(...all.map(top)), 0],
      [Math.max(...all.map(right)), width],
      [Math.max(...all.map(bottom)), height],
    ])
      if (links.length) assert.ok(Math.abs(found - expected) < ROUNDING, `${found} ${expected}`);
      else assert.ok(found >= 0 && found <= Math.max(width, height));
  }
});

test("the same graph is laid out the same way, and is left as it was", () => {
  for (const graph of GRAPHS) {
    const before = structuredClone(graph),
      first = layered(graph.boxes, graph.links, GAP);
    assert.deepEqual(layered(graph.boxes, graph.links, GAP), first);
    assert.deepEqual(graph, before);
  }
});

test("a leaf stands right before what it feeds, or the first of them", () => {
  for (const { boxes, links } of GRAPHS) {
    const { cells } = layered(boxes, links, GAP),
      fed = new Set(links.map(([, to]) => to));
    boxes.forEach((_, v) => {
      const users = links.filter(([from]) => from === v).map(([, to]) => cells[to].rank);
      if (users.length && !fed.has(v)) assert.equal(cells[v].rank, Math.min(...users) - 1);
    });
  }
});

test("the links of a tree do not cross", () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = generator(seed),
      n = 2 + Math.floor(30 * random()),
      boxes = Array.from({ length: n }, () => ({ width: 80, height: 30 })),
      // each node feeds one later node: an expression without a repeated name
      links = boxes.slice(1).map((_, v) => [v, v + 1 + Math.floor(random() * (n - v - 1))]),
      pieces = layered(boxes, links, GAP).routes.flatMap((route) => route.slice(1).map((to, p) => [route[p], to]));
    pieces.forEach((a, i) => pieces.slice(0, i).forEach((b) => assert.ok(!crossing(a, b), `seed ${seed}`)));
  }
});

test("of two columns that can be joined without a crossing, most are", () => {
  let found = 0;
  for (let seed = 0; seed < 100; seed++) {
    const random = generator(seed),
      [n, m] = [3 + Math.floor(6 * random()), 3 + Math.floor(6 * random())],
      names = shuffled(n, random),
      others = shuffled(m, random).map((k) => k + n),
      boxes = Array.from({ length: n + m }, () => ({ width: 80, height: 30 })),
      links = [];
    // down both columns at once, one step on either side at a time; the boxes are named in any order
    for (let i = 0, k = 0; i < n && k < m; random() < n / (n + m) ? i++ : k++) links.push([names[i], others[k]]);
    const pieces = layered(boxes, links, GAP).routes;
    found += pieces.every((a, i) => pieces.slice(0, i).every((b) => !crossing(a, b)));
  }
  assert.ok(found >= 60, `${found} of 100`); // the order of a first walk alone gives 29
});

test("what is symmetric is drawn so: a user stands midway between its two operands", () => {
  const boxes = Array.from({ length: 3 }, () => ({ width: 80, height: 30 })),
    { cells } = layered(
      boxes,
      [
        [0, 2],
        [1, 2],
      ],
      GAP,
    );
  assert.deepEqual(
    cells.map(({ x, y }) => [x, y]),
    [
      [40, 15],
      [40, 54],
      [40 + 80 + 36 + 10, 34.5], // two links arrive: 5 more for each
    ],
  );
});

test("links that close a circle are left out, and every box still has its place", () => {
  const random = generator(7);
  for (let run = 0; run < 40; run++) {
    const n = 2 + Math.floor(12 * random()),
      boxes = Array.from({ length: n }, () => ({ width: 50, height: 30 })),
      all = new Map();
    for (let k = 0; k < 3 * n; k++) {
      const link = [Math.floor(n * random()), Math.floor(n * random())];
      if (link[0] !== link[1]) all.set(link.join(), link);
    }
    const links = [...all.values()],
      { cells, routes } = layered(boxes, links, GAP);
    assert.ok(routes.length <= links.length);
    for (const route of routes) assert.ok(route[0].rank < route[route.length - 1].rank);
    cells.forEach((a, i) => cells.slice(0, i).forEach((b) => assert.ok(apart(a, b))));
    // each left out would close a circle of those that were kept: it leads back to the left or stays in its column
    const kept = new Set(routes.map((route) => `${cells.indexOf(route[0])},${cells.indexOf(route[route.length - 1])}`));
    for (const [from, to] of links)
      if (!kept.has(`${from},${to}`)) assert.ok(reaches(to, from, kept), `${from} → ${to}`);
  }
});

function reaches(from, to, kept) {
  const seen = new Set([from]);
  for (const v of seen) for (const link of kept) if (link.startsWith(`${v},`)) seen.add(Number(link.split(",")[1]));
  return seen.has(to);
}

test("boxes without links stand in rows about as wide as a stage", () => {
  for (const n of [1, 2, 7, 64, 300]) {
    const random = generator(n),
      boxes = Array.from({ length: n }, () => ({ width: 40 + 60 * random(), height: 30 })),
      { cells, width, height } = layered(boxes, [], GAP);
    cells.forEach((a, i) => cells.slice(0, i).forEach((b) => assert.ok(apart(a, b, GAP.row))));
    for (const cell of cells)
      assert.ok(left(cell) >= 0 && top(cell) >= 0 && right(cell) <= width && bottom(cell) <= height);
    if (n >= 64) assert.ok(width / height > 1.8 && width / height < 3.2);
  }
});
