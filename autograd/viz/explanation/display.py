"""How a `Value` shows itself in a notebook: how it was computed, what it is, and its gradient, as a formula.

>>> from autograd import Value
>>> x = Value(0.5, label="x")
>>> y = (x ** 2 + 1).sin()
>>> print(displayed(y))
$y = \\sin\\left(x^{2} + 1\\right) = 0.949$
>>> y.backward()
>>> print(displayed(x))
$x = 0.5 \\qquad \\text{grad } 0.3153$
"""

from __future__ import annotations

from autograd.formulas.latex import latex
from autograd.formulas.terms import Name
from autograd.graph import topological_order
from autograd.structure.names import Names
from autograd.value import NOT_YET, Value

__all__ = ["displayed"]

MANY = 200
"""Of a larger graph the node is shown without how it was computed: names would have to be found for all."""
LONG = 300
"""And so is one whose formula has more letters than that."""


def displayed(value: Value) -> str | None:
    """A line of LaTeX between dollars; None for what has no number, as what `compile` passes to a function."""
    try:
        data = float(value.data)
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return None
    sides = [_formula(value), latex(_short(data))]
    gradient = getattr(value.grad, "data", value.grad)
    grad = "" if value.grad is NOT_YET or gradient == 0 else rf" \qquad \text{{grad }} {latex(_short(gradient))}"
    return f"${' = '.join(side for side in sides if side)}{grad}$"


def _short(x: float) -> float:
    return float(f"{x:.4g}")


def _formula(value: Value) -> str:
    """Its name, and how it was computed."""
    if value.op is None or not _is_small(value):
        return latex(Name(value.label)) if value.label else ""
    names = Names(value, None, topological_order(value))
    name, definition = latex(names.formula(value)), latex(names.definition(value))
    return f"{name} = {definition}" if len(definition) <= LONG and name != definition else name


def _is_small(value: Value) -> bool:
    seen, waiting = {value}, [value]
    while waiting and len(seen) <= MANY:
        for parent in waiting.pop().parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return len(seen) <= MANY
