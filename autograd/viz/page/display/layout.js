// Where boxes go: the layered drawing of Sugiyama, Tagawa and Toda 1981, left to right.
//
// boxes: [{ width, height }]; links: [[from, to]] by index. Gives every box a centre x, y and every link the
// points it passes; the whole starts at 0, 0.
//
// Why not a library? Two are kept, and both were tried on 14 graphs of 9 to 404 nodes. dagre 3.1 (MIT, 49 kB) took
// twenty times as long in all, a second for the largest, and let more links cross (37 against 23 in ten random graphs).
// ELK 0.12 (elkjs) let fewer cross (15), took forty times as long, has 1.6 MB, five times what a whole page may have,
// and another licence (EPL 2.0 or GPL 3). A page lays out anew whenever a group is opened, and every level of it until
// one can be read, so it is time that counts; and either would have to be copied into this repository and kept current.

/** Places for boxes, routes for the links, and the width and height of it all. */
export function layered(boxes, links, gap = { column: 36, row: 9 }) {
  const n = boxes.length;
  if (!links.length) return grid(boxes, gap);
  links = acyclic(n, links);
  const rank = ranks(n, links);
  // A link over several columns passes a point in each, so that it bends around boxes.
  const cells = boxes.map((box, i) => ({
    height: box.height,
    width: box.width,
    rank: rank[i],
    left: [],
    right: [],
    weight: 1,
  }));
  const routes = links.map(([from, to]) => {
    const route = [from];
    for (let r = rank[from] + 1; r < rank[to]; r++) {
      route.push(cells.length);
      cells.push({ height: 2, width: 0, rank: r, left: [], right: [], weight: 8 });
    }
    route.push(to);
    for (let i = 1; i < route.length; i++) {
      cells[route[i - 1]].right.push(route[i]);
      cells[route[i]].left.push(route[i - 1]);
    }
    return route;
  });
  const columns = [];
  cells.forEach((cell, i) => (columns[cell.rank] ||= []).push(i));
  const order = ordered(cells, columns, depthFirst(n, cells));
  place(cells, order, gap.row);
  let x = 0,
    bottom = 0;
  for (const column of order) {
    const width = Math.max(...column.map((i) => cells[i].width));
    const crowd = Math.max(...column.map((i) => cells[i].left.length), 0);
    if (x > 0) x += gap.column + Math.min(70, 5 * crowd);
    for (const i of column) cells[i].x = x + width / 2;
    x += width;
  }
  const top = Math.min(...cells.map((cell) => cell.y - cell.height / 2));
  for (const cell of cells) bottom = Math.max(bottom, (cell.y -= top) + cell.height / 2);
  return {
    cells: cells.slice(0, n),
    routes: routes.map((route) => route.map((i) => cells[i])),
    width: x,
    height: bottom,
  };
}

/** Boxes without links, row by row. */
function grid(boxes, gap) {
  const width = Math.max(...boxes.map((box) => box.width)) + gap.row,
    height = Math.max(...boxes.map((box) => box.height)) + gap.row;
  const row = Math.ceil(Math.sqrt((boxes.length * height * 2.4) / width)); // 2.4 : 1, the shape of a stage
  const cells = boxes.map((box, k) => ({
    ...box,
    x: (k % row) * width + box.width / 2,
    y: Math.floor(k / row) * height + box.height / 2,
    rank: k % row,
  }));
  return {
    cells,
    routes: [],
    width: Math.min(row, boxes.length) * width - gap.row,
    height: Math.ceil(boxes.length / row) * height - gap.row,
  };
}

/** Links that close a cycle (a group that feeds itself through another) are left out. */
function acyclic(n, links) {
  const out = Array.from({ length: n }, () => []),
    mark = new Uint8Array(n),
    kept = new Set();
  links.forEach(([from], k) => out[from].push(k));
  for (let root = 0; root < n; root++) {
    if (mark[root]) continue;
    const stack = [[root, 0]];
    mark[root] = 1;
    while (stack.length) {
      const top = stack[stack.length - 1];
      if (top[1] === out[top[0]].length) {
        mark[top[0]] = 2;
        stack.pop();
        continue;
      }
      const k = out[top[0]][top[1]++],
        to = links[k][1];
      if (mark[to] === 1) continue;
      kept.add(k);
      if (!mark[to]) {
        mark[to] = 1;
        stack.push([to, 0]);
      }
    }
  }
  return links.filter((_, k) => kept.has(k));
}

/** Columns: as far left as the operands allow, and what has fewer inputs than users right before its users. */
function ranks(n, links) {
  const into = Array.from({ length: n }, () => []),
    from = Array.from({ length: n }, () => []),
    waiting = new Int32Array(n);
  for (const [a, b] of links) (into[b].push(a), from[a].push(b), waiting[b]++);
  const rank = new Int32Array(n),
    order = [];
  for (let v = 0; v < n; v++) if (!waiting[v]) order.push(v);
  for (const v of order)
    for (const u of from[v]) {
      rank[u] = Math.max(rank[u], rank[v] + 1);
      if (!--waiting[u]) order.push(u);
    }
  for (const v of order.reverse())
    if (from[v].length && into[v].length < from[v].length + (into[v].length === 0))
      rank[v] = Math.min(...from[v].map((u) => rank[u])) - 1;
  const least = Math.min(...rank);
  return rank.map((r) => r - least);
}

/** A first order: as a walk from the last boxes meets them, operands in their order. */
function depthFirst(n, cells) {
  const place = new Map(),
    stack = [];
  for (let v = 0; v < n; v++) if (!cells[v].right.length) stack.push(v);
  while (stack.length) {
    const v = stack.pop();
    if (place.has(v)) continue;
    place.set(v, place.size);
    stack.push(...cells[v].left.slice().reverse());
  }
  return place;
}

/** The order within columns with the fewest crossings of a few barycentre sweeps. */
function ordered(cells, columns, first) {
  let best = null,
    fewest = Infinity;
  for (const column of columns) column.sort((a, b) => first.get(a) - first.get(b));
  const seat = new Map();
  const sit = (column) => column.forEach((i, k) => seat.set(i, k));
  columns.forEach(sit);
  for (let sweep = 0; sweep < 16; sweep++) {
    const crossings = crossed(cells, columns, seat);
    if (crossings < fewest) [fewest, best] = [crossings, columns.map((column) => column.slice())];
    if (!crossings) break;
    const side = sweep % 2 ? "right" : "left";
    for (const column of sweep % 2 ? columns.slice().reverse() : columns) {
      const wish = new Map(
        column.map((i) => {
          const near = cells[i][side];
          return [i, near.length ? near.reduce((sum, j) => sum + seat.get(j), 0) / near.length : seat.get(i)];
        }),
      );
      column.sort((a, b) => wish.get(a) - wish.get(b) || seat.get(a) - seat.get(b));
      sit(column);
    }
  }
  return best;
}

/** How many links cross, counted by inversions with a Fenwick tree. */
function crossed(cells, columns, seat) {
  let crossings = 0;
  for (const column of columns) {
    const ends = column.flatMap((i) => cells[i].right.map((j) => seat.get(j)).sort((a, b) => a - b));
    const size = Math.max(0, ...ends) + 1,
      tree = new Int32Array(size + 1);
    ends.forEach((end, k) => {
      let before = 0;
      for (let i = end + 1; i > 0; i -= i & -i) before += tree[i];
      crossings += k - before;
      for (let i = end + 1; i <= size; i += i & -i) tree[i]++;
    });
  }
  return crossings;
}

/** Heights: each column as near its neighbours as its order allows, in the sense of least squares. */
function place(cells, columns, gap) {
  for (const column of columns)
    settle(
      cells,
      column,
      gap,
      column.map(() => 0),
    );
  for (let sweep = 0; sweep < 24; sweep++) {
    const [side, run] = sweep % 2 ? ["left", columns] : ["right", columns.slice().reverse()];
    for (const column of run)
      settle(
        cells,
        column,
        gap,
        column.map((i) => {
          const near = cells[i][side].length ? cells[i][side] : sweep > 20 ? [] : cells[i].left.concat(cells[i].right);
          return near.length ? near.reduce((sum, j) => sum + cells[j].y, 0) / near.length : cells[i].y;
        }),
      );
  }
}

/** Isotonic regression by pooling adjacent violators (Ayer et al. 1955): wishes that collide share their mean. */
function settle(cells, column, gap, wishes) {
  const blocks = [];
  let offset = 0;
  column.forEach((i, k) => {
    const cell = cells[i];
    if (k) offset += cells[column[k - 1]].height / 2 + gap + cell.height / 2;
    let block = { sum: cell.weight * (wishes[k] - offset), weight: cell.weight, count: 1 };
    for (
      let last;
      (last = blocks[blocks.length - 1]) && last.sum / last.weight > block.sum / block.weight;
      blocks.pop()
    )
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, count: last.count + block.count };
    blocks.push(block);
    cell.offset = offset;
  });
  let k = 0;
  for (const block of blocks)
    for (let j = 0; j < block.count; j++, k++) cells[column[k]].y = block.sum / block.weight + cells[column[k]].offset;
}
