"""Drawings as a browser shows them, in whatever fonts it has: no text leaves its box, and no label meets another thing.

The drawings are those of the README and the notebooks, as they are committed, and some that are drawn here.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from drawing.test_columns import GRAPHS

from autograd import draw

ROOT = Path(__file__).parents[2]
FAMILIES = [  # the drawing's own first; those that are not there are the browser's default
    "", "DejaVu Sans", "DejaVu Sans Condensed", "DejaVu Serif", "DejaVu Sans Mono", "Liberation Sans",
    "Liberation Serif", "Liberation Mono", "Noto Sans", "Verdana", "Arial",
]  # fmt: skip
ROUNDED = 1
"""Pixel: letters hang over the ends of the room that their font gives them."""
DRAWN = ["2-2-2", "2-16-16-1", "digits", "20 random operations, 1", "60 random operations, 2", "a chain"]


def drawings() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "notebooks" / "pictures").glob("*.svg")):
        yield path.name, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for i, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            for output in cell.get("outputs", []):
                svg = "".join(output.get("data", {}).get("image/svg+xml", []))
                if "graphics-document" in svg:  # matplotlib's say nothing of the kind
                    yield f"{path.stem}, cell {i}", svg


COMMITTED = dict(drawings())

BOXES = """() => {
    const box = (e) => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
    const all = (selector) => [...document.querySelectorAll(selector)];
    const shape = (e) => e.querySelector(':scope > path, :scope > polygon, :scope > a > path, :scope > a > polygon');
    const lines = all('g.edge > path').map((p) => {
        const to = p.getScreenCTM(), length = p.getTotalLength(), points = [];
        for (let at = 0; at <= length; at += 2) {
            const q = p.getPointAtLength(at).matrixTransform(to);
            points.push([q.x, q.y]);
        }
        return { of: p.parentNode.id, points };
    });
    return {
        texts: all('g.node text, text.frame-title').map((t) => ({
            words: t.textContent, box: box(t),
            around: box(shape(t.closest('g.node') || document.getElementById(t.id.split('-')[0]))),
        })),
        nodes: all('g.node:not(.pill)').map((g) => ({ id: g.id, box: box(shape(g)) })),
        pills: all('g.pill').map((g) => ({ id: g.id, box: box(shape(g)), order: all('svg *').indexOf(g) })),
        titles: all('text.frame-title').map((t) => ({ id: t.textContent, box: box(t) })),
        edges: all('g.edge').map((g) => all('svg *').indexOf(g)),
        lines,
    };
}"""


class Rectangle(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rectangle, by: float = 0.5) -> bool:
        return (
            min(self.right, other.right) - max(self.left, other.left) > by
            and min(self.bottom, other.bottom) - max(self.top, other.top) > by
        )


@pytest.fixture
def show(browser: Any) -> Iterator[Any]:
    """Put a drawing into a page; what it is called then says what is where."""
    page = browser.new_page(viewport={"width": 1008, "height": 800})

    def show(svg: str) -> Any:
        page.set_content(f'<style>body{{margin:0}}</style><style id="font"></style>{svg[svg.index("<svg") :]}')
        return page

    yield show
    page.close()


@pytest.mark.parametrize("name", COMMITTED)
def test_no_text_leaves_its_box_in_any_font(name: str, show: Any) -> None:
    page = show(COMMITTED[name])
    for family in FAMILIES:
        style = f"text{{font-family:'{family}'!important}}" if family else ""
        page.evaluate("css => { document.getElementById('font').textContent = css; }", style)
        said = page.evaluate(BOXES)
        assert said["texts"]
        for text in said["texts"]:
            inside, around = Rectangle(*text["box"]), Rectangle(*text["around"])
            assert around.left - ROUNDED <= inside.left, (family, text["words"])
            assert inside.right <= around.right + ROUNDED, (family, text["words"])
            middle = (inside.top + inside.bottom) / 2  # of a line, which in some fonts is taller than its letters
            assert around.top <= middle <= around.bottom, (family, text["words"])


def collisions(said: Any) -> list[str]:
    """What of a drawing stands on something else."""
    pills = [(pill["id"], Rectangle(*pill["box"])) for pill in said["pills"]]
    boxes = [(box["id"], Rectangle(*box["box"])) for box in said["nodes"] + said["titles"]]
    found = [f"{a} on {b}" for (a, one), (b, other) in itertools.combinations(pills, 2) if one.meets(other)]
    found += [f"{a} on {b}" for (a, one), (b, other) in itertools.product(pills, boxes) if one.meets(other)]
    return found


def struck(said: Any) -> list[str]:
    """The labels that a line other than their own passes through."""
    found = []
    for pill in said["pills"]:
        left, top, right, bottom = pill["box"]
        for line in said["lines"]:
            if f"{line['of']}-pill" != pill["id"] and any(
                left + 1 < x < right - 1 and top + 1 < y < bottom - 1 for x, y in line["points"]
            ):
                found.append(f"{line['of']} through {pill['id']}")
    return found


@pytest.mark.parametrize("name", [*COMMITTED, *DRAWN])
def test_labels_on_lines_meet_nothing_and_are_not_struck_through(name: str, show: Any) -> None:
    said = show(COMMITTED.get(name) or draw(GRAPHS[name][0], model=GRAPHS[name][1]).svg).evaluate(BOXES)
    assert collisions(said) == []
    assert struck(said) == []
    assert all(pill["order"] > max(said["edges"]) for pill in said["pills"]), "drawn over every line"


@pytest.mark.parametrize("name", COMMITTED)
def test_a_drawing_is_never_wider_than_its_column(name: str, show: Any) -> None:
    page = show(COMMITTED[name])
    for column in (1008, 830, 360):
        page.set_viewport_size({"width": column, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= column


def test_the_drawings_are_those_of_the_readme_and_the_notebooks() -> None:
    assert {"neuron.svg", "digits.svg", "01_value, cell 7"} <= COMMITTED.keys()
