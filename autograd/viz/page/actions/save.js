// Taking it away: the drawing as SVG and PNG, the page with its inputs, the derivation.

import { $, element, SVG, svg } from "../base/dom.js";
import { escape } from "../base/labels.js";
import { short } from "../base/numerals.js";
import { drawing } from "../display/stage.js";
import { engine, names, opOf, parentsOf, pristine, tape } from "../model/graph.js";
import { passes, state } from "../model/state.js";
import { wholeDerivation } from "../words/derivation.js";

/** The drawing as an SVG document of its own, its styles written on the elements. */
export function drawingAsSVG() {
  const copy = drawing.world.cloneNode(true),
    margin = 16;
  const properties = [
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "font",
    "text-anchor",
    "opacity",
    "visibility",
  ];
  const originals = drawing.world.querySelectorAll("*"),
    copies = copy.querySelectorAll("*");
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    copies[i].setAttribute("style", properties.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
    for (const name of ["tabindex", "role", "class", "aria-pressed"]) copies[i].removeAttribute(name);
  });
  copy.setAttribute("transform", `translate(${margin} ${margin})`);
  const width = Math.ceil(drawing.width + 2 * margin),
    height = Math.ceil(drawing.height + 2 * margin);
  const page = svg(
    "svg",
    { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` },
    svg("rect", { width, height, fill: getComputedStyle($("stage")).backgroundColor }),
    copy,
  );
  return { text: new XMLSerializer().serializeToString(page), width, height };
}

/** Hand a file to the browser. */
export function offer(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type })),
    anchor = element("a", { href: address, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** The title as the name of a file. */
export const fileName = (ending) =>
  `${tape.title.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40) || "graph"}.${ending}`;

/** Offer the drawing as SVG. */
export function saveSVG() {
  offer(fileName("svg"), "image/svg+xml", drawingAsSVG().text);
}

/** Offer the drawing as PNG, twice its size if that is not too large. */
export function savePNG() {
  const { text, width, height } = drawingAsSVG(),
    image = new Image(),
    scale = Math.min(2, 8000 / Math.max(width, height));
  image.onload = () => {
    const canvas = element("canvas", { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
    canvas.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
    canvas.getContext("2d").drawImage(image, 0, 0);
    canvas.toBlob((blob) => offer(fileName("png"), "image/png", blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

/** This page with the leaves as they are now. */
export function pageText() {
  const numeric = (x) => (Number.isFinite(x) ? x : String(x));
  const now = {
    ...tape,
    data: Array.from(engine.value, numeric),
    constant: engine.constant.map(numeric),
  };
  const page = pristine.cloneNode(true);
  page.querySelector("noscript").textContent =
    `<main class="static"><h1>${escape(tape.title)}</h1>${drawingAsSVG().text}${listing()}</main>`;
  page.querySelector("#data").textContent = JSON.stringify(now).replaceAll("<", "\\u003c");
  return `<!doctype html>\n${page.outerHTML}\n`;
}

/** The passes as a table, as Python writes it for readers without JavaScript. */
function listing() {
  const operands = (v) =>
    parentsOf(v)
      .slice(0, 8)
      .map((u) => names[u])
      .join(", ");
  const row = (v) => [
    names[v],
    engine.op[v] < 0 ? "leaf" : `${opOf(v).name}(${operands(v)})`,
    short(engine.value[v]),
    engine.reached[v] ? short(passes.grad[v]) : "—",
  ];
  const cells = (v) =>
    row(v)
      .map((cell) => `<td>${escape(cell)}</td>`)
      .join("");
  const rows = Array.from({ length: Math.min(engine.n, 2000) }, (_, v) => `<tr>${cells(v)}</tr>`);
  return `<table class="listing"><thead><tr><th>node</th><th>computed as</th><th>value</th><th>gradient</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** Offer the derivation of the chosen gradient, or else of the largest one of a leaf, as LaTeX. */
export function saveLaTeX() {
  const v = state.selected < 0 ? heaviestParameter() : state.selected;
  offer(fileName("tex"), "text/x-tex", `${wholeDerivation(v)}\n`);
}

function heaviestParameter() {
  return (
    engine.leaves
      .filter((v) => engine.reached[v])
      .sort((a, b) => Math.abs(passes.grad[b]) - Math.abs(passes.grad[a]))[0] ?? engine.root
  );
}
