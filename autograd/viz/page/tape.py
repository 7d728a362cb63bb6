"""The tape: a graph as plain lists, from which a page can compute it again.

With this module one can

* write a graph down, `tape`: operations, operands, names, regions, and each primitive as JavaScript;
* test what a page will show without a browser.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd.formulas.latex import latex
from autograd.formulas.mathml import mathml
from autograd.formulas.spelling import clean
from autograd.formulas.terms import Name
from autograd.graph import adjoints, evaluate, topological_order
from autograd.primitives import NEARLY_FLAT
from autograd.structure.given import given
from autograd.structure.levels import Levels, levels
from autograd.structure.modules import modules
from autograd.structure.names import names_of
from autograd.value import ByHand, Value
from autograd.viz.page.javascript import source
from autograd.viz.page.samples import Samples
from autograd.viz.page.shortcuts import shortcuts
from autograd.viz.page.templates import MANY, template

if TYPE_CHECKING:
    from autograd.primitives import Primitive

__all__ = ["tape"]

LONGEST = 200
"""The most characters of a title, or of the name of a snapshot."""
MOST_GIVEN, MOST_NUMBERS = 4, 1024
"""More lists of plain numbers than that (samples of a batch), or longer ones, are no fields of the page."""


def tape(
    value: Value,
    *,
    model: Any = None,
    parameters: Iterable[Value] | None = None,
    history: Sequence[tuple[str, Mapping[Value, float]]] = (),
    title: str = "",
    samples: Samples | None = None,
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
    shown = [numbers for numbers in given(order) if len(numbers.data) <= MOST_NUMBERS]
    shown = shown if len(shown) <= MOST_GIVEN else []
    free = {seat for numbers in shown for seats in numbers.seats for seat in seats}  # those a page can change
    free |= {seat for numbers in shown for seat in numbers.total}
    at: dict[tuple[Value, int], int] = {}  # the constant in a place
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
            made["form"].append(_form(node, forms, made["forms"], free))
            for place, x in enumerate(node.operands):
                if isinstance(x, Value):
                    made["operand"].append(index[x])
                else:
                    at[node, place] = len(made["constant"])
                    made["constant"].append(_number(x))
                    made["operand"].append(-len(made["constant"]))
        made["start"].append(len(made["operand"]))
    primal = _primals(order)
    made["data"] = [_number(primal[node]) for node in order]
    made["gradient"] = _gradients(order, primal)
    if parameters is None:
        sample = {*samples.inputs, *samples.targets} if samples else set()
        parameters = _parameters(found, leaves) - sample or leaves - sample
    made["parameter"] = [int(node in parameters) for node in order]
    made["groups"] = [vars(region) for region in found.regions]
    made["group"] = [found.region.get(node, -1) for node in order]
    made["history"] = [_snapshot(label, data, index, leaves) for label, data in history]
    made["shortcuts"] = shortcuts(
        order,
        primal,
        in_graph.name | found.name | {n: name for n, name in zip(order, made["name"], strict=True) if n.op is None},
    )
    if shown:
        names = {*made["name"]}
        made["given"] = [
            {
                "kind": numbers.kind,
                "names": _fresh("x" if numbers.kind == "inputs" else "y", len(numbers.data), names),
                "seats": [[at[seat] for seat in seats] for seats in numbers.seats],
                "total": [at[seat] for seat in numbers.total],
                "users": [index[node] for node in numbers.users],
            }
            for numbers in shown
        ]
    if samples:
        made["samples"] = {
            "inputs": [index.get(node, -1) for node in samples.inputs],
            "targets": [index.get(node, -1) for node in samples.targets],
            "outputs": [index[node] for node in samples.outputs if node in index],
            "rows": [[_number(x) for x in row] for row in samples.rows],
        }
    made["nearlyFlat"] = NEARLY_FLAT
    made["title"] = clean(title, LONGEST) or made["name"][-1]
    return made


def _op(op: Primitive, arity: int, code: list[str]) -> dict[str, Any]:
    """A primitive of so many operands, its JavaScript added to `code`."""
    if _has_a_formula(op):
        code.append(source(op, arity))
    return {"name": op.name, "symbol": op.symbol, "flat": op.flat, "code": len(code) - 1 if _has_a_formula(op) else -1}


def _fresh(letter: str, count: int, taken: set[str]) -> list[str]:
    """Names for plain numbers that no node has: x1, x2 …, or else x′1, x′2 …"""
    names = [letter if count == 1 else f"{letter}{k}" for k in range(1, count + 1)]
    if not taken.isdisjoint(names):
        return _fresh(f"{letter}′", count, taken)
    taken.update(names)
    return names


def _form(node: Value, forms: dict[tuple[Any, ...], int], made: list[Any], free: set[tuple[Value, int]]) -> int:
    """The index of the template for a node's formula, which it shares with nodes of the same shape."""
    op = node.op
    if op is None or not _has_a_formula(op):
        return -1
    # A constant with few digits is read best as itself (x², not xᵃ at a = 2); the others stay slots, so nodes share.
    itself = not op.nary or len(node.operands) <= MANY
    constants = [
        x if itself and not isinstance(x, Value) and len(repr(x)) <= 4 and (node, place) not in free else None
        for place, x in enumerate(node.operands)
    ]
    key = (op, *map(repr, constants))
    if key not in forms:
        forms[key] = len(made)
        made.append(template(op, constants))
    return forms[key]


def _names(root: Value, order: list[Value], places: Mapping[Value, str]) -> dict[str, Any]:
    """A name for every node, and for those with a label what it looks like in MathML and LaTeX."""
    names = names_of(order, places)
    notations = {i: Name(names[node]) for i, node in enumerate(order) if node.label or node is root}
    return {
        "name": [names[node] for node in order],
        "mathml": {i: mathml(name) for i, name in notations.items()},
        # in braces where something stands above the name, as the page may square it
        "latex": {i: f"{{{made}}}" if "^" in (made := latex(name)) else made for i, name in notations.items()},
    }


def _has_a_formula(op: Primitive) -> bool:
    """Not so for a node made by hand, ``Value(3, _children=(a, b), _op="+")``: it keeps its value."""
    return not isinstance(op, ByHand)


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
    except (ArithmeticError, ValueError, RuntimeError):  # there is none, as where a node was made by hand
        return [None] * len(order)
    return [_number(adjoint[node]) if node in adjoint else None for node in order]


def _parameters(found: Levels, leaves: set[Value]) -> set[Value]:
    """The leaves that a model names, or that belong to a neuron."""
    outside = {-1, *(i for i, region in enumerate(found.regions) if region.kind in ("inputs", "loss"))}
    return {leaf for leaf in leaves if leaf in found.name or found.region.get(leaf, -1) not in outside}


def _check_leaves(nodes: Iterable[Any], leaves: set[Value], what: str) -> None:
    for node in nodes:
        if not isinstance(node, Value) or node not in leaves:
            raise ValueError(f"{what} are leaves of the graph that is shown, and {node!r} is not one")


def _snapshot(label: object, data: Mapping[Value, float], index: dict[Value, int], leaves: set[Value]) -> list[Any]:
    _check_leaves(data, leaves, f"the nodes of the snapshot {label!r}")
    return [clean(str(label), LONGEST), [[index[node], _number(Value(number).data)] for node, number in data.items()]]


def _number(x: Any) -> float | str:
    """A number for JSON, which has neither NaN nor infinities."""
    return float(x) if math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
