// The lines between boxes: where they leave and arrive, how they bend, and where there is room for a number on them.

/** How large the pill with a local derivative is. */
export const PILL = { width: 72, height: 18 };

/** Give each link of a drawing its `curve`, as SVG writes paths, and the `middle` its number stands at. */
export function routed(boxes, links, laid) {
  const routes = new Map(),
    seat = new Map(laid.cells.map((cell, k) => [cell, k]));
  for (const cells of laid.routes) routes.set(`${seat.get(cells[0])}-${seat.get(cells[cells.length - 1])}`, cells);
  const arriving = boxes.map(() => []),
    turns = laid.rows.map(() => 0);
  for (const link of links) {
    link.cells = routes.get(`${link.from}-${link.to}`) || [laid.cells[link.from], laid.cells[link.to]];
    arriving[link.to].push(link);
  }
  const across = laid.down ? "x" : "y";
  arriving.forEach((coming, i) => {
    const box = boxes[i],
      room = (laid.down ? box.width : box.height) - 16;
    coming.sort((a, b) => a.cells[a.cells.length - 2][across] - b.cells[b.cells.length - 2][across]);
    coming.forEach((link, k) => {
      const spread = coming.length > 1 ? (k / (coming.length - 1) - 0.5) * Math.min(room, 9 * (coming.length - 1)) : 0;
      const from = boxes[link.from];
      const points = [
        laid.down ? { x: from.x, y: from.y + from.height / 2 } : { x: from.x + from.width / 2, y: from.y },
        ...link.cells.slice(1, -1),
        laid.down ? { x: box.x + spread, y: box.y - box.height / 2 } : { x: box.x - box.width / 2, y: box.y + spread },
      ];
      const rows = link.cells.map((cell) => cell.row);
      trace(link, points, rows, laid, turns);
    });
  });
  if (links.length <= 250) spaced(boxes, links);
  else for (const link of links) Object.assign(link, { free: false, middle: link.places[0] });
}

const f = (x) => x.toFixed(1);

function trace(link, points, rows, laid, turns) {
  link.curve = `M${f(points[0].x)} ${f(points[0].y)}`;
  link.places = [];
  for (let p = 1; p < points.length; p++) {
    const a = points[p - 1],
      b = points[p];
    if (laid.rows.length && rows[p] !== rows[p - 1]) returning(link, a, b, rows[p - 1], rows[p], laid, turns);
    else {
      const dx = laid.down ? 0 : (b.x - a.x) * 0.45,
        dy = laid.down ? (b.y - a.y) * 0.45 : 0;
      link.curve += `C${f(a.x + dx)} ${f(a.y + dy)} ${f(b.x - dx)} ${f(b.y - dy)} ${f(b.x)} ${f(b.y)}`;
      for (const t of [0.5, 0.62, 0.38, 0.75, 0.25]) link.places.push(along(a, b, dx, dy, t));
    }
  }
}

/** From the end of a row to the start of a later one, as a typewriter returns; its number stands on the way back. */
function returning(link, a, b, from, to, laid, turns) {
  const k = turns[from]++ % 5,
    r = 7,
    right = laid.rows[from].right + 10 + 4 * k,
    left = laid.rows[to].left - 8 - 4 * k,
    lane = laid.rows[to - 1].lane - 8 + 4 * k,
    up = Math.sign(a.y - lane) || 1,
    down = Math.sign(b.y - lane) || 1;
  link.curve += [
    `H${f(right - r)}Q${f(right)} ${f(a.y)} ${f(right)} ${f(a.y - up * r)}V${f(lane + up * r)}`,
    `Q${f(right)} ${f(lane)} ${f(right - r)} ${f(lane)}H${f(left + r)}`,
    `Q${f(left)} ${f(lane)} ${f(left)} ${f(lane + down * r)}V${f(b.y - down * r)}Q${f(left)} ${f(b.y)} ${f(left + r)} ${f(b.y)}H${f(b.x)}`,
  ].join("");
  for (const t of [0.5, 0.35, 0.65, 0.2, 0.8]) link.places.push({ x: right + t * (left - right), y: lane });
}

function along(a, b, dx, dy, t) {
  const s = 1 - t,
    mix = (p, q, r, o) => s * s * s * p + 3 * s * s * t * q + 3 * s * t * t * r + t * t * t * o;
  return { x: mix(a.x, a.x + dx, b.x - dx, b.x), y: mix(a.y, a.y + dy, b.y - dy, b.y) };
}

/** A place for each pill that no box and no other pill has; where there is none, the link is not `free`. */
function spaced(boxes, links) {
  const taken = boxes.map(({ x, y, width, height }) => ({ x, y, width, height }));
  const clear = (p) =>
    taken.every(
      (o) =>
        Math.abs(o.x - p.x) >= (o.width + PILL.width) / 2 + 1 ||
        Math.abs(o.y - p.y) >= (o.height + PILL.height) / 2 + 1,
    );
  for (const link of links) {
    const place = link.places.find(clear);
    link.free = Boolean(place);
    link.middle = place ?? link.places[0];
    if (place) taken.push({ ...place, ...PILL });
  }
}
