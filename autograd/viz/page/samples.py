"""The samples of a page: one graph, and the numbers that its inputs and targets take.

With this module one can

* build the graph of a loss at the first sample, with its inputs and targets as leaves: `sampled`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, NamedTuple

from autograd.value import Value

__all__ = ["Samples", "sampled"]

MOST = 2000
"""More samples are not written into a page."""


class Samples(NamedTuple):
    """A graph with the leaves that stand for a sample, and all the samples.

    Attributes:
        root: the loss of the first sample.
        inputs: the leaves of x; `targets` those of y.
        outputs: what the function gives, which is compared with the targets.
        rows: for each sample its inputs and then its targets.
    """

    root: Value
    inputs: list[Value]
    targets: list[Value]
    outputs: list[Value]
    rows: list[list[float]]


def sampled(loss: Callable[[Any, Any], Any], data: Any, f: Callable[[Any], Any]) -> Samples:
    """The graph of ``loss(f(x), y)`` at the first of the samples (X, Y).

    Of several outputs a target that is one whole number is the index of a class, and becomes a probability for each.

    Raises:
        TypeError: if `loss` or `f` is not a function, `data` is not a pair, or the loss is not a `Value`.
        ValueError: for no samples, more than 2 000, as many inputs as targets, or samples of unequal length.

    >>> made = sampled(lambda ŷ, y: (ŷ - y) ** 2, ([[1.0, 2.0], [3.0, 4.0]], [0.5, 1.5]), lambda x: x[0] * x[1])
    >>> made.root.data, [leaf.label for leaf in (*made.inputs, *made.targets)], made.rows[1]
    (2.25, ['x1', 'x2', 'y'], [3.0, 4.0, 1.5])
    """
    for name, what in (("value", loss), ("f=", f)):
        if not callable(what) or isinstance(what, Value):
            raise TypeError(f"with data=, {name} is a function: explore(loss, data=(X, Y), f=model), not {what!r}")
    try:
        X, Y = data
        X, Y = list(X), list(Y)
    except (TypeError, ValueError):
        raise TypeError(f"data= is a pair of inputs and targets (X, Y), not {data!r:.80}") from None
    if not X or len(X) > MOST:
        raise ValueError(f"data= holds 1 to {MOST} samples, and was given {len(X)}")
    if len(X) != len(Y):
        raise ValueError(f"data= holds as many targets as inputs, and was given {len(X)} inputs and {len(Y)} targets")
    classes = _classes(Y)
    xs, ys = [_row(x) for x in X], [_row(y) for y in Y]
    if len({len(x) for x in xs}) > 1 or len({len(y) for y in ys}) > 1:
        raise ValueError("the samples of data= have the same number of inputs, and of targets, each")
    inputs = _leaves("x", xs[0])
    out = f(inputs if _is_row(X[0]) else inputs[0])
    several = len(out) if isinstance(out, Sequence) else 1
    if several > 1 and classes is not None and classes <= set(range(several)):
        ys = [[float(k == y) for k in range(several)] for [y] in ys]
    targets = _leaves("y", ys[0])
    root = loss(out, targets if _is_row(Y[0]) or len(targets) > 1 else targets[0])
    if not isinstance(root, Value):
        raise TypeError(f"the loss of a sample is a Value, and was {root!r}")
    root.label = root.label or "E"
    outputs = [node for node in (out if isinstance(out, Sequence) else [out]) if isinstance(node, Value)]
    return Samples(root, inputs, targets, outputs, [[*x, *y] for x, y in zip(xs, ys, strict=True)])


def _classes(Y: Sequence[Any]) -> set[int] | None:
    """The targets that occur, if each is one whole number."""
    whole = all(isinstance(y, Integral) and not isinstance(y, bool) for y in Y)
    return {int(y) for y in Y} if whole else None


def _is_row(x: Any) -> bool:
    return hasattr(x, "__len__")


def _row(x: Any) -> list[float]:
    return [float(number) for number in (x if _is_row(x) else [x])]


def _leaves(letter: str, row: Sequence[float]) -> list[Value]:
    return [Value(x, label=letter if len(row) == 1 else f"{letter}{k}") for k, x in enumerate(row, 1)]
