"""`draw`: the picture of a computation graph, with every value and gradient.

With this module one can

* see a graph: ``draw(loss)`` shows itself in a notebook;
* keep it: ``draw(loss).save("loss.svg")``, or .png, .pdf;
* see a network by its layers or neurons: ``draw(loss, depth=1)``;
* see how one leaf reaches the root: ``draw(loss, wrt=w)``.

The picture is data first (`composer.py`), then DOT (`dot.py`), laid out by Graphviz (`render.py`), and its SVG
gets names that are spoken and ids for every number (`svg.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.value import Value
from autograd.viz.picture.boxes import Picture
from autograd.viz.picture.composer import picture
from autograd.viz.picture.dot import WIDTH, compose

if TYPE_CHECKING:
    from autograd.viz.picture.drawing import Drawing

__all__ = ["draw"]

THEMES = ("auto", "light", "dark")


def draw(
    value: Value,
    *,
    depth: int | None = None,
    wrt: Value | None = None,
    model: Any = None,
    theme: str = "auto",
    local_derivatives: bool | None = None,
    legend: bool = True,
    max_nodes: int | None = None,
    digits: int = 0,
    width: int = WIDTH,
) -> Drawing:
    """Draw the graph of a value: one box a `Value`, with its gradient, from left to right.

    It is no wider than its column, and its text can be read there: what is too wide turns and runs from top to
    bottom, and what is too wide even so is shown by its neurons or layers.

    A box says what the value is called, how it was computed, its data and its gradient: blue if negative,
    orange if positive, a shade a power of ten, and "—" before `backward`. A line is as wide and of the
    colour of the gradient that flows back along it; dotted if none does. Plain numbers stand in the
    formulas. Neurons and layers (`structure/levels.py`), or the modules of a `model`, are frames, or blocks with the
    norms of their gradients and a cell for the gradient of each output.

    Args:
        value: the root of the graph, the loss as a rule.
        depth: how many levels to open: 0 shows the network as one block, 1 its layers, 2 its neurons,
            more the nodes. As many as there is room for if not given.
        wrt: a node; every path from it to the root is highlighted, and the rest grey.
        model: an object with `parameters` (a module of `nn` or one of your own), or a mapping of names to
            parameters. It says which leaves are parameters, their names, and the modules.
        theme: "auto", which is as its reader's screen in an SVG and light elsewhere, "light" or "dark".
        local_derivatives: whether lines carry ∂use/∂operand; if not given, where there are few.
        legend: whether what colours and outlines mean is explained below.
        max_nodes: how many boxes at most; what does not fit is shown as blocks, and the drawing says so. If neither
            this nor `depth` is given, as many as a column holds.
        digits: how many characters to keep room for in each number, for a page that changes them.
        width: of the column, in pixels; 1008 if it is not given.

    Returns:
        A `Drawing`, which is a `graphviz.Digraph`: ``.save("graph.png")``, ``.render(…)``, ``.source``,
        ``.svg``.

    Raises:
        TypeError: for a `value` or `wrt` that is no `Value`, or a `model` without parameters.
        ValueError: for a `wrt` outside the graph, or a setting out of its range.
        ModuleNotFoundError: without the Python package graphviz.
        autograd.viz.picture.render.GraphvizNotFoundError: when it is rendered and there is neither the `dot`
            program nor pygraphviz.

    >>> from autograd import Value, draw, sin
    >>> x = Value(0.5, label="x")
    >>> y = sin(x**2 + 1)
    >>> y.backward()
    >>> print(draw(y).words)
    leaf x, value 0.5, gradient +0.3153
    x², pow, value 0.25, gradient +0.3153
    x² + 1, add, value 1.25, gradient +0.3153
    y, sin of x² + 1, value 0.949, gradient +1
    """
    if theme not in THEMES:
        raise ValueError(f"theme is one of {', '.join(map(repr, THEMES))}, not {theme!r}")
    if not isinstance(width, int) or width < 100:
        raise ValueError(f"width is a number of pixels, 100 or more, not {width!r}")
    try:
        from autograd.viz.picture.drawing import Drawing
    except ModuleNotFoundError as error:
        if error.name != "graphviz":
            raise
        raise ModuleNotFoundError("draw needs two packages: pip install graphviz pygraphviz", name=error.name) from None
    drawings: dict[int, Drawing] = {}

    def drawing(shown: Picture) -> Drawing:
        made = Drawing(name="graph", format="svg", picture=shown, theme=theme)
        made.arrangement = compose(
            made,
            shown,
            theme="dark" if theme == "dark" else "light",
            local_derivatives=local_derivatives,
            legend=legend,
            digits=digits,
            width=width,
        )
        return made

    def fits(shown: Picture) -> bool:
        made = drawings[id(shown)] = drawing(shown)
        return made.fits()

    shown = picture(value, depth=depth, wrt=wrt, model=model, max_nodes=max_nodes, fits=fits)
    return drawings.get(id(shown)) or drawing(shown)
