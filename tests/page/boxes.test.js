import assert from "node:assert/strict";
import test from "node:test";

import { page } from "./facts.js";

for (const name of ["modules", "layers"]) {
  const from = page(name);
  const { engine, usersOf, parentsOf } = await from("model/graph.js");
  const { ancestors, chainOf, groups, levelsUnder, within } = await from("model/groups.js");
  const { boxesOf } = await from("display/boxes.js");

  const VIEWS = [-1, ...groups.keys()].flatMap((group) =>
    Array.from({ length: levelsUnder(group) + 1 }, (_, depth) => ({ group, depth })),
  );
  const leavesOnly = (group) => group >= 0 && ["weights", "inputs"].includes(groups[group].kind);

  test(`${name}: in every view each node of the group stands in one box, and only what is next to it beside them`, () => {
    for (const view of VIEWS) {
      const { boxes, where } = boxesOf(view),
        inside = new Set(within(view.group)),
        seated = boxes.flatMap((box) => box.nodes);
      assert.equal(new Set(seated).size, seated.length);
      boxes.forEach((box, k) => box.nodes.forEach((v) => assert.equal(where[v], k)));
      assert.deepEqual(new Set(boxes.filter((box) => !box.ghost).flatMap((box) => box.nodes)), inside);
      for (const box of boxes.filter((box) => box.ghost))
        for (const v of box.nodes) {
          assert.ok([...usersOf(v), ...parentsOf(v)].some((u) => inside.has(u)));
          const around = chainOf(v).find((g) => g !== view.group && !ancestors(view.group).includes(g)); // as it is seen from here
          assert.equal(box.group, around ?? -1);
        }
    }
  });

  test(`${name}: every edge between two boxes of a group belongs to the one link between them`, () => {
    for (const view of VIEWS) {
      const { boxes, links, where } = boxesOf(view),
        linked = new Map();
      for (const link of links)
        for (const e of link.edges) {
          assert.ok(!linked.has(e));
          linked.set(e, link);
        }
      assert.equal(new Set(links.map(({ from, to }) => `${from} ${to}`)).size, links.length);
      for (let e = 0; e < engine.edges; e++) {
        const [from, to] = [engine.operand[e] < 0 ? -1 : where[engine.operand[e]], where[engine.user[e]]],
          drawn = from >= 0 && to >= 0 && from !== to && !(boxes[from].ghost && boxes[to].ghost);
        assert.equal(linked.has(e), drawn);
        if (drawn) assert.deepEqual([linked.get(e).from, linked.get(e).to], [from, to]);
      }
    }
  });

  test(`${name}: going deeper opens boxes, until every node has its own`, () => {
    for (const group of [-1, ...groups.keys()]) {
      const levels = levelsUnder(group),
        counts = Array.from(
          { length: levels + 1 },
          (_, depth) => boxesOf({ group, depth }).boxes.filter((box) => !box.ghost && !box.given).length,
        );
      counts.forEach((count, depth) => assert.ok(!depth || count >= counts[depth - 1]));
      if (!leavesOnly(group)) assert.equal(counts[levels], within(group).length);
    }
  });

  test(`${name}: around a node stand its neighbours, theirs, the root, and no more than can be read`, () => {
    for (const focus of engine.nodes((v) => v % 7 === 0)) {
      const { boxes, where } = boxesOf({ group: -1, depth: levelsUnder(-1), focus }),
        shown = boxes.filter((box) => !box.ghost);
      assert.ok(where[focus] >= 0 && where[engine.root] >= 0);
      assert.ok(shown.length <= 60 + 40 + 1);
      for (const v of [...usersOf(focus).slice(0, 12), ...parentsOf(focus).slice(0, 12)]) assert.ok(where[v] >= 0);
      for (const box of shown) {
        assert.equal(box.before, parentsOf(box.node).filter((u) => where[u] < 0).length);
        assert.equal(box.after, usersOf(box.node).filter((u) => where[u] < 0).length);
      }
    }
  });
}
