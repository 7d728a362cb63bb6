// The picture: boxes for nodes and closed groups, edges between them, and their numbers, rewritten in place.

import { svg } from "../base/dom.js";
import { columns } from "../base/labels.js";
import { arranged, READABLE } from "./arrange.js";
import { PILL, routed } from "./routes.js";

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
    const laid = this.arrange(view);
    routed(view.boxes, view.links, laid);
    const edges = svg("g", { class: "edges", "aria-hidden": "true" }),
      nodes = svg("g", { class: "nodes" });
    for (const link of view.links) {
      link.path = svg("path", { class: "edge", d: link.curve });
      edges.append(link.path);
    }
    for (const box of view.boxes) nodes.append(this.box(box));
    this.marks = svg("g", { class: "marks", "aria-hidden": "true" });
    this.world.replaceChildren(edges, nodes, this.marks);
  }

  /** Find places for a view's boxes, without drawing them. */
  arrange(view) {
    this.view = view;
    for (const box of view.boxes) this.measure(box);
    const laid = arranged(
      view.boxes,
      view.links.map((link) => [link.from, link.to]),
      { column: view.roomy ? 78 : 36, row: 9 },
      this.room(),
    );
    Object.assign(this, { width: laid.width, height: laid.height, down: laid.down, folded: laid.rows.length > 1 });
    view.boxes.forEach((box, i) =>
      Object.assign(box, { x: laid.cells[i].x, y: laid.cells[i].y, rank: laid.cells[i].rank }),
    );
    return laid;
  }

  measure(box) {
    const widest = Math.max(
      box.ghost ? 6 : 13,
      box.low ? columns(box.title) + 10 : 0,
      columns(box.title) + (box.caption ? 1 + (box.changing ? 14 : columns(box.caption)) : 0),
      columns(box.note || ""),
      box.rows > 1 ? 12 + Math.max(...box.given.names.map(columns)) : 0,
    );
    // A leaf or a neuron with a short name takes two lines; columns of them are what makes drawings tall.
    box.low = !box.ghost && !box.note && !box.caption && columns(box.title) <= 7 && (box.neuron || box.leaf);
    box.width = Math.ceil(widest * CHAR + 18);
    if (box.cells) box.width = Math.max(box.width, this.cellsInRow(box) * this.cellSize(box) + 15);
    if (box.given) {
      const side = box.cells ? Math.ceil(box.cells.length / this.cellsInRow(box)) * this.cellSize(box) : 0;
      box.height = (1 + box.rows) * LINE + 10 + (side && side + 3);
      return;
    }
    box.height = box.ghost
      ? LINE + 10
      : (box.low ? 2 : box.note ? 4 : 3) * LINE +
        10 +
        (box.cells ? Math.ceil(box.cells.length / this.cellsInRow(box)) * this.cellSize(box) + 3 : 0);
  }

  /** Write a number on a link, or nothing; its pill is made when it is first needed. */
  write(link, text, lit) {
    if (link.text === text && link.lit === lit) return;
    Object.assign(link, { text, lit });
    if (!text) {
      link.mark?.remove();
      return;
    }
    if (!link.mark) {
      link.mark = svg("g", { transform: `translate(${link.middle.x} ${link.middle.y})` });
      link.pill = svg("rect", { class: "pill", y: -PILL.height / 2, height: PILL.height, rx: PILL.height / 2 });
      link.number = svg("text", { y: 4, "text-anchor": "middle" });
      link.mark.append(link.pill, link.number);
    }
    const width = columns(text) * CHAR + 12;
    link.mark.setAttribute("class", `mark${lit ? " lit" : ""}`);
    link.number.textContent = text;
    link.pill.setAttribute("x", (-width / 2).toFixed(1));
    link.pill.setAttribute("width", width.toFixed(1));
    this.marks.append(link.mark);
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
    box.spoken = svg("title"); // its name for ears; the text in the box is in it, in other words
    group.append(box.spoken);
    const more = Math.max(11, (60 - height) / 2); // 44 px for a finger, at the scale at which text can just be read
    if (this.down)
      group.append(svg("rect", { class: "reach", x: -4, y: -more, width: width + 8, height: height + 2 * more }));
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
    if (box.given) {
      box.text.rows = Array.from({ length: box.rows }, (_, k) => text("value", width - 9, (k + 2) * LINE + 2, "end"));
      const called = box.text.rows.map((_, k) => text("note", 9, (k + 2) * LINE + 2, "start"));
      if (box.rows > 1) called.forEach((name, k) => (name.textContent = box.given.names[k]));
      group.append(...called, ...box.text.rows);
    } else if (!box.ghost) {
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
          y: (box.given ? LINE : 4 * LINE + 4) + 8 + Math.floor(k / row) * size,
          width: size - 1,
          height: size - 1,
          rx: size / 9,
        }),
      );
      group.append(...box.squares);
    }
    if (box.before) group.append(this.stub(box, `${box.before} …`, "before", -5, "end"));
    if (box.after) group.append(this.stub(box, `… ${box.after}`, "after", width + 5, "start"));
    box.element = group;
    return group;
  }

  /** How many neighbours are not shown, as something to click that shows them. */
  stub(box, text, side, x, anchor) {
    const below = this.down ? { x: box.width / 2, y: side === "before" ? -6 : box.height + 15, anchor: "middle" } : {};
    const place = { x, y: box.height / 2 + 4, anchor, ...below };
    const stub = svg("text", { class: "more", "data-side": side, x: place.x, y: place.y, "text-anchor": place.anchor });
    stub.append(svg("title", {}, "Show them"), text);
    return stub;
  }

  // ── the camera ────────────────────────────────────────────────────────────────────────────

  room() {
    const { width, height } = this.element.getBoundingClientRect();
    return { width: width || 800, height: height || 400 };
  }

  /** The scale at which the whole drawing is seen, and no more than 1.25. */
  fitting(room = this.room()) {
    return Math.min((room.width - 40) / this.width, (room.height - 28) / this.height, 1.25);
  }

  /** How many small squares stand side by side: as many as below each other, if that comes out even. */
  cellsInRow(box) {
    const side = Math.sqrt(box.cells.length);
    return Number.isInteger(side) && side > 5 ? side : Math.floor((box.width - 14) / this.cellSize(box));
  }

  cellSize(box) {
    return box.cells.length > 256 ? 5 : 9;
  }

  /** Show it all, however small. */
  fit() {
    const room = this.room(),
      scale = this.fitting(room);
    this.look({ x: (room.width - this.width * scale) / 2, y: (room.height - this.height * scale) / 2, scale });
    this.placed = () => this.fit();
  }

  /** Show it all if it can be read so, or else the part around a box, as large as can be read. */
  begin(box) {
    const room = this.room();
    if (this.fitting(room) >= READABLE || !box) this.fit();
    else {
      const scale = READABLE,
        within = (at, all, space) =>
          all * scale <= space - 40
            ? (space - all * scale) / 2
            : Math.min(20, Math.max(space - 20 - all * scale, space / 2 - at * scale));
      this.look({
        x: within(box.x, this.width, room.width),
        y: within(box.y, this.height, room.height),
        scale,
      });
    }
    this.placed = () => this.begin(box);
  }

  /** What put the drawing where it is, as long as nobody has moved it; then it follows its room. */
  placed = null;

  look(camera) {
    this.placed = null;
    Object.assign(this.camera, camera);
    this.put();
    this.looked();
  }

  /** Place the drawing as the camera has it, or on paper all of it. */
  put() {
    const { x, y, scale } = this.camera;
    this.world.setAttribute(
      "transform",
      this.paper ? "" : `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${scale.toFixed(4)})`,
    );
    if (this.paper) this.element.setAttribute("viewBox", `-30 -8 ${this.width + 60} ${this.height + 16}`);
    else this.element.removeAttribute("viewBox");
  }

  /** Whether the page is printed. */
  paper = false;

  print(paper) {
    this.paper = paper;
    this.put();
  }

  /** Told when the camera has moved. */
  looked = () => {};

  /** Whether a part of the drawing is out of sight. */
  overflows(room = this.room()) {
    const { x, y, scale } = this.camera;
    return x < -1 || y < -1 || x + this.width * scale > room.width + 1 || y + this.height * scale > room.height + 1;
  }

  zoom(factor, at) {
    const room = this.room(),
      { x, y, scale } = this.camera;
    at ||= { x: room.width / 2, y: room.height / 2 };
    const next = Math.min(4, Math.max(Math.min(0.08, this.fitting(room)), scale * factor));
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
