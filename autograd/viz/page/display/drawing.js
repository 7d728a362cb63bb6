// The picture: boxes for nodes and closed groups, edges between them, and their numbers, rewritten in place.

import { svg } from "../base/dom.js";
import { columns } from "../base/labels.js";
import { layered } from "./layout.js";

const CHAR = 7.25,
  LINE = 14;

/** A view drawn as SVG in an element, and the camera that looks at it. */
export class Drawing {
  constructor(element) {
    this.element = element;
    this.camera = { x: 0, y: 0, scale: 1 };
    this.world = svg("g", { id: "world" });
    element.replaceChildren(this.world);
    this.boxes = [];
  }

  /** Draw a view: boxes { id, nodes, group, lines, … } and links { from, to, edges } between them. */
  show(view) {
    this.view = view;
    for (const box of view.boxes) this.measure(box);
    const laid = layered(
      view.boxes,
      view.links.map((link) => [link.from, link.to]),
      { column: view.roomy ? 78 : 36, row: 9 },
    );
    this.width = laid.width;
    this.height = laid.height;
    view.boxes.forEach((box, i) =>
      Object.assign(box, { x: laid.cells[i].x, y: laid.cells[i].y, rank: laid.cells[i].rank }),
    );
    const drawn = new Map();
    for (const cells of laid.routes)
      drawn.set(`${laid.cells.indexOf(cells[0])}-${laid.cells.indexOf(cells[cells.length - 1])}`, cells);
    const edges = svg("g", { class: "edges", "aria-hidden": "true" }),
      marks = svg("g", { class: "marks", "aria-hidden": "true" }),
      nodes = svg("g", { class: "nodes" });
    this.ports(view, drawn);
    for (const link of view.links) {
      link.path = svg("path", { class: "edge", d: link.curve });
      link.mark = svg("text", { class: "mark", x: link.middle.x, y: link.middle.y });
      edges.append(link.path);
      marks.append(link.mark);
    }
    for (const box of view.boxes) nodes.append(this.box(box));
    this.world.replaceChildren(edges, nodes, marks);
  }

  measure(box) {
    const widest = Math.max(
      box.ghost ? 6 : 13,
      box.low ? columns(box.title) + 10 : 0,
      columns(box.title) + (box.caption ? 1 + columns(box.caption) : 0),
      columns(box.note || ""),
    );
    // A leaf or a neuron with a short name takes two lines; columns of them are what makes drawings tall.
    box.low = !box.ghost && !box.note && !box.caption && columns(box.title) <= 7 && (box.neuron || box.leaf);
    box.width = Math.ceil(widest * CHAR + 18);
    if (box.cells) box.width = Math.max(box.width, this.cellsInRow(box) * this.cellSize(box) + 15);
    box.height = box.ghost
      ? LINE + 10
      : (box.low ? 2 : box.note ? 4 : 3) * LINE +
        10 +
        (box.cells ? Math.ceil(box.cells.length / this.cellsInRow(box)) * this.cellSize(box) + 3 : 0);
  }

  /** Where links leave and arrive: spread over the side of a box in the order of what they lead to. */
  ports(view, drawn) {
    const arriving = view.boxes.map(() => []);
    view.links.forEach((link) => {
      link.cells = drawn.get(`${link.from}-${link.to}`) || [view.boxes[link.from], view.boxes[link.to]];
      arriving[link.to].push(link);
    });
    arriving.forEach((links, i) => {
      const box = view.boxes[i],
        room = box.height - 16;
      links.sort((a, b) => a.cells[a.cells.length - 2].y - b.cells[b.cells.length - 2].y);
      links.forEach((link, k) => {
        const end = {
          x: box.x - box.width / 2,
          y: box.y + (links.length > 1 ? (k / (links.length - 1) - 0.5) * Math.min(room, 9 * (links.length - 1)) : 0),
        };
        const from = view.boxes[link.from];
        const points = [{ x: from.x + from.width / 2, y: from.y }, ...link.cells.slice(1, -1), end];
        link.curve = `M${points[0].x.toFixed(1)} ${points[0].y.toFixed(1)}`;
        for (let p = 1; p < points.length; p++) {
          const a = points[p - 1],
            b = points[p],
            bend = (b.x - a.x) * 0.45;
          link.curve += `C${(a.x + bend).toFixed(1)} ${a.y.toFixed(1)} ${(b.x - bend).toFixed(1)} ${b.y.toFixed(1)} ${b.x.toFixed(1)} ${b.y.toFixed(1)}`;
        }
        const a = points[points.length - 2];
        link.middle = { x: a.x * 0.4 + end.x * 0.6, y: a.y * 0.352 + end.y * 0.648 + 4 };
      });
    });
  }

  box(box) {
    const { width, height } = box,
      left = box.x - width / 2,
      top = box.y - height / 2;
    const group = svg("g", {
      class: `node ${box.kind}`,
      id: box.id,
      tabindex: "-1",
      role: "button",
      transform: `translate(${left.toFixed(1)} ${top.toFixed(1)})`,
    });
    const rounding = box.kind.includes("input") || box.kind.includes("parameter") ? 14 : box.group >= 0 ? 3 : 7;
    if (box.group >= 0 && !box.ghost) group.append(svg("rect", { class: "stack", x: 4, y: 4, width, height, rx: 3 }));
    group.append(svg("rect", { class: "body", width, height, rx: rounding }));
    if (box.kind.includes("root"))
      group.append(svg("rect", { class: "inner", x: 3, y: 3, width: width - 6, height: height - 6, rx: 5 }));
    const text = (kind, x, y, anchor) => svg("text", { class: kind, x, y, "text-anchor": anchor });
    box.text = { title: text("title", 9, LINE + 1, "start"), caption: text("caption", width - 9, LINE + 1, "end") };
    box.text.title.textContent = box.title;
    box.text.caption.textContent = box.caption || "";
    group.append(box.text.title, box.text.caption);
    if (!box.ghost) {
      const second = box.low ? LINE + 1 : (box.note ? 3 : 2) * LINE + 2,
        third = second + LINE;
      box.text.value = text("value", width - 9, second, "end");
      box.text.gradient = text("gradient", width - 9, third, "end");
      box.text.flag = text("flag", 9, second, "start");
      box.text.sign = text("sign", 9, third, "start");
      box.bar = svg("rect", { class: "bar", x: 9, y: third + 4, width: 0, height: 2, rx: 1 });
      group.append(box.text.value, box.text.gradient, box.text.flag, box.text.sign, box.bar);
    }
    if (box.note) {
      box.text.note = text("note", 9, 2 * LINE + 1, "start");
      box.text.note.textContent = box.note;
      group.append(box.text.note);
    }
    if (box.cells) {
      const row = this.cellsInRow(box),
        size = this.cellSize(box);
      box.squares = box.cells.map((_, k) =>
        svg("rect", {
          class: "cell",
          x: 8 + (k % row) * size,
          y: 4 * LINE + 12 + Math.floor(k / row) * size,
          width: size - 1,
          height: size - 1,
          rx: size / 9,
        }),
      );
      group.append(...box.squares);
    }
    if (box.before)
      group.append(svg("text", { class: "more", x: -5, y: height / 2 + 4, "text-anchor": "end" }, `${box.before} …`));
    if (box.after)
      group.append(
        svg("text", { class: "more", x: width + 5, y: height / 2 + 4, "text-anchor": "start" }, `… ${box.after}`),
      );
    box.element = group;
    return group;
  }

  // ── the camera ────────────────────────────────────────────────────────────────────────────

  room() {
    const { width, height } = this.element.getBoundingClientRect();
    return { width: width || 800, height: height || 400 };
  }

  /** The scale at which the whole drawing is seen, and no more than 1.6. */
  fitting(room = this.room()) {
    return Math.min((room.width - 40) / this.width, (room.height - 62) / this.height, 1.6);
  }

  /** How many small squares stand side by side: as many as below each other, if that comes out even. */
  cellsInRow(box) {
    const side = Math.sqrt(box.cells.length);
    return Number.isInteger(side) && side > 5 ? side : Math.floor((box.width - 14) / this.cellSize(box));
  }

  cellSize(box) {
    return box.cells.length > 256 ? 5 : 9;
  }

  /** Show it all; if that would make the text smaller than 9 px, the end of the drawing at 9 px. */
  fit() {
    const room = this.room(),
      scale = Math.max(this.fitting(room), 0.75);
    const x =
      this.width * scale <= room.width - 16
        ? (room.width - this.width * scale) / 2
        : room.width - this.width * scale - 20;
    const y = (room.height - this.height * scale - 34) / 2;
    this.look({ x, y, scale });
    this.fitted = true;
  }

  /** Whether the drawing has been left where `fit` put it; then it follows its room. */
  fitted = false;

  look(camera) {
    this.fitted = false;
    Object.assign(this.camera, camera);
    this.world.setAttribute(
      "transform",
      `translate(${this.camera.x.toFixed(2)} ${this.camera.y.toFixed(2)}) scale(${this.camera.scale.toFixed(4)})`,
    );
  }

  zoom(factor, at) {
    const room = this.room(),
      { x, y, scale } = this.camera;
    at ||= { x: room.width / 2, y: room.height / 2 };
    const next = Math.min(4, Math.max(0.08, scale * factor));
    this.look({ scale: next, x: at.x - ((at.x - x) * next) / scale, y: at.y - ((at.y - y) * next) / scale });
  }

  /** Move as little as brings a box into sight. */
  reveal(box) {
    const room = this.room(),
      { scale } = this.camera;
    let { x, y } = this.camera;
    const left = x + (box.x - box.width / 2) * scale,
      right = x + (box.x + box.width / 2) * scale;
    const top = y + (box.y - box.height / 2) * scale,
      bottom = y + (box.y + box.height / 2) * scale;
    if (left < 12) x += 12 - left;
    else if (right > room.width - 12) x -= right - room.width + 12;
    if (top < 12) y += 12 - top;
    else if (bottom > room.height - 12) y -= bottom - room.height + 12;
    if (x !== this.camera.x || y !== this.camera.y) this.look({ x, y });
  }
}
