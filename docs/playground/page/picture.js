// The drawing: an SVG from Python, of which only what is known to be harmless comes into the page.
//
// The worker runs anybody's code, so what it sends may be anything. It is read as XML, and built anew of the elements
// and attributes that drawings are made of: no link, no script, no style, no reference to anything.

const SVG = "http://www.w3.org/2000/svg";
const ELEMENTS = new Set("svg g title path polygon polyline ellipse circle rect line text tspan".split(" "));
const ATTRIBUTES = new Set(
  (
    "viewBox width height x y x1 y1 x2 y2 cx cy r rx ry d points transform fill stroke stroke-width stroke-dasharray " +
    "fill-opacity stroke-opacity opacity paint-order text-anchor font-family font-size font-weight font-style " +
    "textLength lengthAdjust role aria-label"
  ).split(" "),
);

function copied(element, deep = 0) {
  if (element.namespaceURI !== SVG || !ELEMENTS.has(element.localName) || deep > 20) return null;
  const made = document.createElementNS(SVG, element.localName);
  for (const { name, value } of element.attributes)
    if (ATTRIBUTES.has(name) && !value.includes("url")) made.setAttribute(name, value);
  if (/^n\d+$/.test(element.id)) made.dataset.node = element.id.slice(1);
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) made.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE) made.append(copied(child, deep + 1) ?? "");
  }
  return made;
}

/** The drawing as an element, or null where it is none. */
export function drawingOf(text) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return root.localName === "svg" ? copied(root) : null;
}

/** Let each box of a node be chosen, by pointer and by keys. */
export function listen(drawing, choose) {
  for (const box of drawing.querySelectorAll("[data-node]")) {
    const node = Number(box.dataset.node);
    box.setAttribute("role", "button");
    box.setAttribute("tabindex", "0");
    box.querySelector("path, polygon")?.setAttribute("class", "body");
    box.addEventListener("click", () => choose(node));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(node);
    });
  }
}
