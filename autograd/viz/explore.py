"""The page: a computation graph that stays alive in a browser.

With this module one can

* write a graph as one HTML file that needs no network and no server: ``explore(loss).save("loss.html")``;
* show it in a notebook: ``explore(loss)`` as the last line of a cell;
* watch a training as a film: ``explore(loss, history=snapshots)``;
* read what the page is made from: `tape`.

In the page the forward and the backward pass are walked step by step, every gradient is explained,
and any input or parameter can be changed: the page recomputes everything with the primitives of
`primitives.py`, written out as JavaScript by `javascript.py`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.graph import adjoints, evaluate, topological_order
from autograd.value import Value
from autograd.viz.draw import draw
from autograd.viz.javascript import source
from autograd.viz.levels import Levels, levels
from autograd.viz.modules import modules
from autograd.viz.names import Names
from autograd.viz.picture import MAX_NODES
from autograd.viz.render import GraphvizError, write
from autograd.viz.templates import MANY, template
from autograd.viz.text import latex, mathml

if TYPE_CHECKING:
    from autograd.primitives import Primitive

__all__ = ["Page", "explore", "tape"]

_TEMPLATES = Path(__file__).with_name("page")
# fmt: off
_SCRIPTS = (
    "numeric", "engine", "layout", "drawing",                      # these know nothing of each other, but for numbers
    "state", "words", "formulas", "view", "painting", "panel",     # what is shown
    "practice", "walk", "changes", "film", "take", "search", "page",  # what can be done
)
# fmt: on


def explore(
    value: Value,
    *,
    model: Any = None,
    parameters: Iterable[Value] | None = None,
    history: Sequence[tuple[str, Mapping[Value, float]]] = (),
    title: str = "",
) -> Page:
    """A page on which the graph of a value can be stepped through, changed and questioned.

    The page computes the graph anew from the data its leaves have now; `value` itself, and every
    gradient, stay as they are.

    Args:
        value: the root, the loss as a rule; gradients are ∂value/∂node.
        model: an object with `parameters` (a module of `nn` or one of your own), or a mapping of names
            to parameters: it gives the page its modules and names. Without it layers and neurons are found
            in the graph (`levels.py`).
        parameters: the leaves that a step of gradient descent in the page changes; the model's if not
            given, or those of the neurons that were found, or else all leaves.
        history: snapshots of a training, each a label and the data of some leaves, as
            ``("epoch 1", {w: w.data for w in model.parameters()})``; the page then shows the training as a
            film, with the same controls. Leaves that a snapshot does not name keep the data they have.
        title: of the page; the name of the value if not given.

    Raises:
        TypeError: if `value` is not a `Value`, for a `model` without parameters, or for a primitive
            whose formula cannot be read as JavaScript.
        ValueError: if a parameter or a snapshot names a node that is not a leaf of this graph.

    >>> from autograd import Value, sin
    >>> x = Value(0.5, label="x")
    >>> page = explore(sin(x**2 + 1))
    >>> page
    <page: 4 nodes, value 0.949>
    """
    return Page(tape(value, model=model, parameters=parameters, history=history, title=title), value)


class Page:
    """A self-contained page. In a notebook it shows itself; elsewhere `save` it and open it.

    Attributes:
        tape: what the page is made from (see `tape`).
        html: the page, one HTML document without a reference to any other.
    """

    def __init__(self, tape: dict[str, Any], value: Value) -> None:
        self.tape = tape
        self._value = value

    @cached_property
    def html(self) -> str:
        tape = self.tape
        primitives = ",\n".join(tape["code"])
        data = {key: part for key, part in tape.items() if key != "code"}
        script = "\n".join(
            [
                '"use strict"; {',
                f"const PRIMITIVES = [\n{primitives}\n];",
                *(_template(f"{name}.js") for name in _SCRIPTS),
                "}",
            ]
        )
        # The policy lets this script run and no other, whatever a label may smuggle in.
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        return _filled(
            _template("page.html"),
            {
                "digest": digest,
                "title": html.escape(tape["title"]),
                "style": _template("page.css"),
                "drawing": _drawing(self._value),
                "table": _table(tape),
                # "<" cannot occur in the JSON, so no label can end the element it stands in
                "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
                "script": script,
            },
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, whole or not at all, and return its path.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     explore(Value(2.0) * 3).save(f"{folder}/product.html").name
        'product.html'
        """
        path = Path(path)
        write(path, self.html.encode())
        return Path(path)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        frame = (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts allow-downloads allow-modals" '
            f'title="{html.escape(self._sentence())}" style="width:100%;height:640px;border:1px solid #8888;'
            'border-radius:8px"></iframe>'
        )
        return {"text/html": f"<p>{html.escape(self._sentence())}</p>\n{frame}", "text/plain": _listing(self.tape)}

    def _sentence(self) -> str:
        tape = self.tape
        leaves = sum(op < 0 for op in tape["op"])
        return (
            f"The graph of {tape['title']} = {_short(tape['data'][-1])}: {len(tape['op'])} nodes, {leaves} of them "
            "leaves; a page to step through the forward and the backward pass."
        )

    def __repr__(self) -> str:
        return f"<page: {len(self.tape['op'])} nodes, value {float(self.tape['data'][-1]):.3g}>"


def tape(
    value: Value,
    *,
    model: Any = None,
    parameters: Iterable[Value] | None = None,
    history: Sequence[tuple[str, Mapping[Value, float]]] = (),
    title: str = "",
) -> dict[str, Any]:
    """What a page is made from, as plain lists and dictionaries (JSON, but for infinities as text).

    Nodes are numbered in topological order, the root last. The operands of node v are
    ``operand[start[v]:start[v + 1]]``; one that is not negative is a node, −1 − k is ``constant[k]``.

    >>> x = Value(3.0, label="x")
    >>> made = tape(x * x + 1)
    >>> made["op"], made["start"], made["operand"], made["constant"]
    ([-1, 0, 1], [0, 0, 2, 4], [0, 0, 1, -1], [1.0])
    >>> [op["name"] for op in made["ops"]], made["data"], made["gradient"]
    (['mul', 'add'], [3.0, 9.0, 10.0], [6.0, 1.0, 1.0])
    """
    if not isinstance(value, Value):
        raise TypeError(f"explore shows the graph of a Value, and was given {value!r}")
    order = topological_order(value)
    index = {node: i for i, node in enumerate(order)}
    leaves = {node for node in order if node.op is None}
    if parameters is not None:
        parameters = set(parameters)
        _check_leaves(parameters, leaves, "parameters")
    ops: dict[tuple[Any, int], int] = {}
    forms: dict[tuple[Any, ...], int] = {}
    made: dict[str, Any] = {key: [] for key in ("op", "operand", "constant", "ops", "code", "form", "forms")}
    found = in_graph = levels(order)
    if model is not None:
        found = modules(model, order)
    made |= {"start": [0], **_names(value, order, in_graph.name | found.name)}
    for node in order:
        if node.op is None:
            made["op"].append(-1)
            made["form"].append(-1)
        else:
            key = (node.op, len(node.operands))
            if key not in ops:
                ops[key] = len(ops)
                made["ops"].append(_op(*key, made["code"]))
            made["op"].append(ops[key])
            made["form"].append(_form(node, forms, made["forms"]))
            for x in node.operands:
                if isinstance(x, Value):
                    made["operand"].append(index[x])
                else:
                    made["constant"].append(_number(x))
                    made["operand"].append(-len(made["constant"]))
        made["start"].append(len(made["operand"]))
    primal = _primals(order)
    made["data"] = [_number(primal[node]) for node in order]
    made["gradient"] = _gradients(order, primal)
    if parameters is None:
        parameters = _parameters(found, leaves) or leaves
    made["parameter"] = [int(node in parameters) for node in order]
    made["groups"] = [vars(group) for group in found.groups]
    made["group"] = [found.group.get(node, -1) for node in order]
    made["history"] = [_snapshot(label, data, index, leaves) for label, data in history]
    made["title"] = title or made["name"][-1]
    return made


def _op(op: Primitive, arity: int, code: list[str]) -> dict[str, Any]:
    """A primitive of so many operands, its JavaScript added to `code`."""
    if _has_a_formula(op):
        code.append(source(op, arity))
    return {"name": op.name, "symbol": op.symbol, "code": len(code) - 1 if _has_a_formula(op) else -1}


def _form(node: Value, forms: dict[tuple[Any, ...], int], made: list[Any]) -> int:
    """The index of the template for a node's formula, which it shares with nodes of the same shape."""
    op = node.op
    if op is None or not _has_a_formula(op):
        return -1
    # A constant with few digits is read best as itself (x², not xᵃ at a = 2); the others stay slots, so nodes share.
    itself = not op.nary or len(node.operands) <= MANY
    constants = [x if itself and not isinstance(x, Value) and len(repr(x)) <= 4 else None for x in node.operands]
    key = (op, *map(repr, constants))
    if key not in forms:
        forms[key] = len(made)
        made.append(template(op, constants))
    return forms[key]


def _names(root: Value, order: list[Value], places: Mapping[Value, str]) -> dict[str, Any]:
    """A name for every node, and for those with a label what it looks like in MathML and LaTeX."""
    given = Names(root, None, order)
    labelled = {node: given.formula(node) for node in order if node.label or node is root}
    names = {node: term.name for node, term in labelled.items()}  # type: ignore[union-attr]
    taken = set(names.values())
    for node, name in places.items():
        if node not in names and name not in taken:
            names[node] = name
    fresh = (name for k in count(1) if (name := f"v{k}") not in taken)
    notations = {i: term for i, node in enumerate(order) if (term := labelled.get(node)) is not None}
    return {
        "name": [names.get(node) or next(fresh) for node in order],
        "mathml": {i: mathml(term) for i, term in notations.items()},
        "latex": {i: latex(term) for i, term in notations.items()},
    }


def _has_a_formula(op: Primitive) -> bool:
    """Not so for a node made by hand, ``Value(3, _children=(a, b), _op="+")``: it keeps its value."""
    return op.formula is not None or any(op.derivatives)  # type: ignore[arg-type]


def _primals(order: Sequence[Value]) -> dict[Value, float]:
    """The values as they follow from the leaves' data now; where Python raises, what was recorded."""
    try:
        return evaluate(order, {node: node.data for node in order if node.op is None or not _has_a_formula(node.op)})
    except (ArithmeticError, ValueError):
        return {node: node.data for node in order}


def _gradients(order: list[Value], primal: dict[Value, float]) -> list[float | str | None]:
    """∂root/∂node for the table that is there without JavaScript; None where no gradient flows."""
    try:
        adjoint = adjoints(order, primal)
    except (ArithmeticError, ValueError):
        return [None] * len(order)
    return [_number(adjoint[node]) if node in adjoint else None for node in order]


def _parameters(found: Levels, leaves: set[Value]) -> set[Value]:
    """The leaves that a model names, or that belong to a neuron."""
    outside = {-1, *(i for i, group in enumerate(found.groups) if group.kind in ("inputs", "loss"))}
    return {leaf for leaf in leaves if leaf in found.name or found.group.get(leaf, -1) not in outside}


def _check_leaves(nodes: Iterable[Any], leaves: set[Value], what: str) -> None:
    for node in nodes:
        if not isinstance(node, Value) or node not in leaves:
            raise ValueError(f"{what} are leaves of the graph that is shown, and {node!r} is not one")


def _snapshot(label: object, data: Mapping[Value, float], index: dict[Value, int], leaves: set[Value]) -> list[Any]:
    _check_leaves(data, leaves, f"the nodes of the snapshot {label!r}")
    return [str(label), [[index[node], _number(Value(number).data)] for node, number in data.items()]]


def _number(x: Any) -> float | str:
    """A number for JSON, which has neither NaN nor infinities."""
    return float(x) if math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def _short(x: float | str | None) -> str:
    return "—" if x is None else f"{float(x):.4g}".replace("-", "−")


def _drawing(value: Value) -> str:
    """What `draw` makes of the graph as the page has it, for readers without JavaScript; "" without Graphviz."""
    order = topological_order(value)
    try:
        copies = evaluate(order, {node: Value(node.data) for node in order if node.op is None})
        for node, copy in copies.items():
            copy.label = node.label
        copies[value].backward()
        value = copies[value]
    except (ArithmeticError, ValueError, RuntimeError):
        pass  # then it is drawn as it is
    try:
        return draw(value, theme="auto", depth=1 if len(order) > MAX_NODES else None).svg
    except (GraphvizError, ModuleNotFoundError):
        return ""


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """The template with each ``{{name}}`` replaced, once: what is put in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _rows(made: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Each node's name, operation with its operands, value and gradient."""
    names = made["name"]
    rows = []
    for i, op in enumerate(made["op"]):
        operands = made["operand"][made["start"][i] : made["start"][i + 1]]
        given = [names[x] if x >= 0 else _short(made["constant"][-1 - x]) for x in operands[:8]]
        given += ["…"] if len(operands) > 8 else []
        what = f"{made['ops'][op]['name']}({', '.join(given)})" if op >= 0 else "leaf"
        rows.append((names[i], what, _short(made["data"][i]), _short(made["gradient"][i])))
    return rows


def _table(made: Mapping[str, Any], most: int = 2000) -> str:
    """The passes as an HTML table, for readers without JavaScript."""
    rows = _rows(made)
    body = "\n".join(
        f'<tr><th scope="row">{html.escape(name)}</th>' + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows[:most]
    )  # fmt: skip
    more = f"<caption>The first {most} of {len(rows)} nodes.</caption>" if len(rows) > most else ""
    return (
        f'<table class="listing">{more}<thead><tr><th scope="col">node</th><th scope="col">computed as</th>'
        f'<th scope="col">value</th><th scope="col">gradient</th></tr></thead><tbody>{body}</tbody></table>'
    )


def _listing(made: Mapping[str, Any], most: int = 100) -> str:
    """The forward pass and the backward pass as plain text, one node a line.

    >>> x = Value(3.0, label="x")
    >>> print(_listing(tape(x * x + 1)))
    forward                        value
      x = leaf                         3
      v1 = mul(x, x)                   9
      y = add(v1, 1)                  10
    backward                    gradient
      y                                1
      v1                               1
      x                                6
    """
    rows = _rows(made)
    shown = rows if len(rows) <= most else [*rows[: most // 2], ("…", "", "", ""), *rows[-most // 2 :]]
    forward = [(f"  {name} = {what}" if what else "  …", value) for name, what, value, _ in shown]
    backward = [(f"  {name}", gradient) for name, _, _, gradient in reversed(shown)]
    lines = [("forward", "value"), *forward, ("backward", "gradient"), *backward]
    width = max(28, *(len(left) for left, _ in lines))
    return "\n".join(f"{left:<{width}}{right:>8}" for left, right in lines)
