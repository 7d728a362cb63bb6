// The layered drawing turned and folded to fit its room: from the top down on a narrow one, in rows on a wide one.

import { layered } from "./layout.js";

/** Space between two rows, for the links that lead from the end of one to the start of the next. */
const LANE = 34,
  MARGIN = 26;

/** At this scale letters are 9 px high: no drawing is folded more than it takes to be read. */
export const READABLE = 0.75;

/**
 * Places for boxes and routes for links, as `layered` gives them, in a room { width, height }.
 *
 * Besides, `down` says that links lead downwards, and `rows` where each row of a folded drawing lies: from left to
 * right, and the lane below it. Each cell has the row it stands in.
 */
export function arranged(boxes, links, gap, room) {
  if (room.width < 560 && links.length) return downwards(boxes, links);
  const laid = layered(boxes, links, gap);
  const folded = links.length ? folds(laid, room) : null;
  return { down: false, rows: [], ...(folded ?? laid) };
}

function downwards(boxes, links) {
  const turned = layered(
    boxes.map(({ width, height }) => ({ width: height, height: width })),
    links,
    { column: 34, row: 10 },
  );
  const seen = new Set();
  const turn = (cell) => {
    if (seen.has(cell)) return;
    seen.add(cell);
    [cell.x, cell.y, cell.width, cell.height] = [cell.y, cell.x, cell.height, cell.width];
  };
  turned.cells.forEach(turn);
  turned.routes.flat().forEach(turn);
  return { ...turned, width: turned.height, height: turned.width, down: true, rows: [] };
}

/** The same drawing in as many rows as make it largest in its room; null if one is best. */
function folds(laid, room) {
  const fit = (width, height) => Math.min((room.width - 40) / width, (room.height - 28) / height);
  let best = fit(laid.width, laid.height),
    found = null;
  const wide = (room.width - 40) / READABLE;
  if (best >= READABLE || laid.width <= wide) return null; // what is too tall would only get taller
  const all = [...new Set([...laid.cells, ...laid.routes.flat()])],
    columns = [];
  for (const cell of all) {
    const column = (columns[cell.rank] ||= { left: Infinity, right: -Infinity, crossing: 0 });
    column.left = Math.min(column.left, cell.x - cell.width / 2);
    column.right = Math.max(column.right, cell.x + cell.width / 2);
  }
  for (const route of laid.routes) for (const cell of route.slice(0, -1)) columns[cell.rank].crossing++;
  for (let count = 2; count <= Math.min(40, columns.length / 2) && best < READABLE; count++) {
    const ends = breaks(columns, laid.width / count);
    if (!ends) continue;
    const rows = measured(all, columns, ends);
    const width = Math.max(...rows.map((row) => row.width)) + 2 * MARGIN,
      height = rows.reduce((sum, row) => sum + row.height + LANE, -LANE);
    const scale = fit(width, height);
    if (scale > 1.1 * best) {
      best = scale;
      found = { rows, width, height };
    }
    if (width <= wide) {
      found = { rows, width, height }; // what is too much for the room is then read from above to below
      break;
    }
  }
  return found && fold(laid, all, found);
}

/** The last column of each row: near the width asked for, where few links cross; null if many always do. */
function breaks(columns, width) {
  const ends = [];
  let from = 0;
  while (from < columns.length) {
    let best = -1;
    for (let r = from; r < columns.length; r++) {
      const so = columns[r].right - columns[from].left;
      if (so > width * 1.12 && best >= 0) break;
      if (r === columns.length - 1) best = r;
      else if (so > width * 0.7 && columns[r].crossing <= 6)
        if (best < 0 || columns[r].crossing <= columns[best].crossing) best = r;
    }
    if (best < 0) return null;
    ends.push(best);
    from = best + 1;
  }
  return ends.length > 1 ? ends : null;
}

function measured(all, columns, ends) {
  const rowOf = [];
  ends.forEach((end, k) => {
    for (let r = k ? ends[k - 1] + 1 : 0; r <= end; r++) rowOf[r] = k;
  });
  const rows = ends.map((end, k) => {
    const from = k ? ends[k - 1] + 1 : 0;
    return {
      from,
      end,
      left: columns[from].left,
      width: columns[end].right - columns[from].left,
      top: 1e9,
      bottom: -1e9,
    };
  });
  for (const cell of all) {
    const row = rows[rowOf[cell.rank]];
    row.top = Math.min(row.top, cell.y - cell.height / 2);
    row.bottom = Math.max(row.bottom, cell.y + cell.height / 2);
  }
  for (const row of rows) row.height = row.bottom - row.top;
  return rows;
}

function fold(laid, all, { rows, width, height }) {
  let y = 0;
  for (const row of rows) {
    row.shift = y - row.top;
    row.lane = y + row.height + LANE / 2;
    y += row.height + LANE;
  }
  for (const cell of all) {
    cell.row = rows.findIndex((row) => cell.rank <= row.end);
    cell.x += MARGIN - rows[cell.row].left;
    cell.y += rows[cell.row].shift;
  }
  return {
    ...laid,
    width,
    height,
    rows: rows.map((row) => ({ left: MARGIN, right: MARGIN + row.width, lane: row.lane })),
  };
}
