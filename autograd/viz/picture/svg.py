"""What Graphviz's SVG still needs: names that are spoken, addresses for every number, and a dark side.

With this module one can finish the SVG of a picture, `finish`. Then

* each node is ``<g id="n3" class="node operation" aria-label="h3, tanh of z3, value …">``, n3 the third in
  `topological_order` (from 0), with a `<title>` that browsers show as a tooltip;
* its texts are ``<text id="n3-value">``, ``id="n3-gradient"``, …, and the ground of its gradient ``id="n3-chip"``;
* each arrow is ``<g id="e5_0" class="edge p4">``: the first operand of node 5, with the step of its gradient; and its
  local derivative ``<g id="e5_0-pill">``, which is drawn over every line;
* no text is wider than its cell, whatever font it is shown in, and the drawing not wider than its column;
* with the theme "auto" the colours follow the reader's ``prefers-color-scheme``;
* whichever Graphviz laid it out, elements, texts, ids, classes and colours are the same.
"""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

from autograd.viz.picture.boxes import Node, Picture
from autograd.viz.picture.labels import texts
from autograd.viz.picture.metrics import width
from autograd.viz.picture.palette import PALETTES

__all__ = ["finish"]

_SVG = "http://www.w3.org/2000/svg"
_G, _TEXT, _TITLE, _STYLE = (f"{{{_SVG}}}{tag}" for tag in ("g", "text", "title", "style"))
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_SHAPES = tuple(f"{{{_SVG}}}{tag}" for tag in ("path", "polygon"))


def finish(svg: bytes, picture: Picture, *, theme: str = "light") -> str:
    """The SVG that Graphviz made of a picture, with titles, ids, classes and the colours of a theme.

    Args:
        svg: from the DOT that `dot.compose` made, light if the theme is "auto".
        picture: the same picture.
        theme: "light", "dark" or "auto".
    """
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.fromstring(svg)
    _as_any_graphviz(root)
    _fit(root)
    summary = f"Computation graph of {picture.root}, {picture.nodes} nodes"
    root.set("role", "graphics-document")
    root.set("aria-label", summary)
    by_id = {element.get("id"): element for element in root.iter(_G)}
    for box in picture.boxes:
        element = by_id[box.id]
        _name(element, box.sentence)
        for role, text in zip(texts(box), element.iter(_TEXT), strict=True):
            text.set("id", f"{box.id}-{role}")
            text.set("class", role)
        _align(list(element.iter(_TEXT)))
        shapes = [e for e in element if e.tag in _SHAPES]
        if isinstance(box, Node):
            shapes[-1].set("id", f"{box.id}-chip")
    titles = {box.id: box.sentence.partition(",")[0] for box in picture.boxes}
    for arrow in picture.arrows:
        _name(by_id[arrow.id], f"from {titles[arrow.source]} to {titles[arrow.target]}")
        _join(by_id, arrow.id)
    for k, frame in enumerate(picture.frames):
        _lift(by_id[f"f{k}"], by_id["drawing"], PALETTES["dark" if theme == "dark" else "light"])
        _name(by_id[f"f{k}"], frame.title if frame.title.startswith(frame.kind) else f"{frame.kind} {frame.title}")
    _name(by_id["drawing"], summary, role="group")
    if theme == "auto":
        _follow_the_reader(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _as_any_graphviz(root: ElementTree.Element) -> None:
    """Write what versions of Graphviz write differently as the latest does, so that only the layout is theirs.

    No line is "transparent" to the older ones (Debian's 2.43), which is no colour of SVG 1.1, and "none" to the newer;
    and only the newest (14) keep the spaces at both ends of a text, which readers drop otherwise.
    """
    for element in root.iter():
        for attribute in ("fill", "stroke"):
            if element.get(attribute) == "transparent":
                element.set(attribute, "none")
        if element.tag == _TEXT:
            element.set(_SPACE, "preserve")


def _fit(root: ElementTree.Element) -> None:
    """As wide as its column at most, and every text as wide as the cell that was made for it."""
    for side in ("width", "height"):
        root.set(side, root.get(side, "").removesuffix("pt"))  # a pixel, not the 4/3 pixels of a point
    root.set("style", "max-width:100%;height:auto")
    for text in root.iter(_TEXT):
        mono, bold = "Mono" in text.get("font-family", ""), text.get("font-weight") == "bold"
        if (wide := width(text.text or "", float(text.get("font-size", "12")), mono=mono, bold=bold)) > 0:
            text.set("textLength", f"{wide:g}")
            text.set("lengthAdjust", "spacingAndGlyphs")


def _lift(frame: ElementTree.Element, drawing: ElementTree.Element, colours: dict[str, str]) -> None:
    """Set the title of a frame over the lines that pass it, with a rim that keeps it legible."""
    for text in frame.findall(_TEXT):
        frame.remove(text)
        text.set("id", f"{frame.get('id')}-title")
        text.set("class", "frame-title")
        text.set("stroke", colours["frame"])
        text.set("stroke-width", "3")
        text.set("paint-order", "stroke")
        drawing.append(text)


def _align(texts: list[ElementTree.Element]) -> None:
    """Set the texts of a row on one line, which fonts of two weights are not quite."""
    for one, next_one in itertools.pairwise(texts):
        if abs(float(one.get("y", "0")) - float(next_one.get("y", "0"))) < 4:
            next_one.set("y", one.get("y", "0"))


def _join(by_id: dict[str | None, ElementTree.Element], arrow: str) -> None:
    """Make a line that a label stands on one: its second half is drawn with the first."""
    second = by_id.get(f"{arrow}-on")
    if second is None:
        return
    for part in list(second):
        if part.tag in _SHAPES:
            by_id[arrow].append(part)
    second.clear()
    pill = by_id[f"{arrow}-pill"]
    title = pill.find(_TITLE)
    if title is not None:
        pill.remove(title)
    for text in pill.iter(_TEXT):
        text.set("class", "derivative")


def _name(element: ElementTree.Element, sentence: str, role: str = "graphics-symbol") -> None:
    """What a screen reader says, and what a browser shows beside the mouse."""
    element.set("role", role)
    element.set("aria-label", sentence)
    title = element.find(_TITLE)
    if title is not None:
        title.text = sentence


def _follow_the_reader(root: ElementTree.Element) -> None:
    """Let each colour be that of its role in the dark palette where the reader prefers dark.

    The colours stay where they are for programs that know no CSS; a rule wins over them elsewhere.
    """
    roles = {colour: role for role, colour in PALETTES["light"].items()}
    used = set()
    for element in root.iter():
        for attribute in ("fill", "stroke"):
            colour = element.get(attribute) or ("#000000" if element.tag == _TEXT and attribute == "fill" else "")
            if role := roles.get(colour):
                used.add((attribute, role))
                element.set("class", f"{element.get('class', '')} {attribute}-{role}".strip())
    dark = PALETTES["dark"]
    rules = "".join(f".{attribute}-{role}{{{attribute}:{dark[role]}}}" for attribute, role in sorted(used))
    style = ElementTree.Element(_STYLE)
    style.text = f"@media screen and (prefers-color-scheme: dark){{{rules}}}"
    root.insert(0, style)
