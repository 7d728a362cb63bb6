"""A scalar autograd engine to understand, check and really train by backpropagation.

>>> from autograd import Value, sin
>>> x = Value(0.5, label="x")
>>> y = sin(x**2 + 1)
>>> y.backward()
>>> y.data, x.grad
(0.9489846193555862, 0.3153223623952687)

One module, one idea: `primitives` is the table of functions and their local derivatives, `readings`
what the table is fed, `value` the node and its backward pass, `operators` its arithmetic, `graph` the walks.
Importing this package loads the standard library only; what needs more is loaded on first use.
"""

from __future__ import annotations

import autograd.copies  # gives Value copies and pickles
import autograd.operators  # noqa: F401  gives Value arithmetic
from autograd.collector import collector_paused
from autograd.graph import topological_order
from autograd.nary import dot, logsumexp, total
from autograd.primitives import primitive, reserved, table
from autograd.recording import no_grad
from autograd.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from autograd.primitives import *  # type: ignore[assignment] # noqa: F403  editors and type checkers then know sin, exp …

__version__ = "0.2.0.dev0"
"""Of the distribution, so of autograd and nn; pyproject.toml takes it from here, and CHANGELOG.md says what is new."""

_FUNCTIONS = {name: op for name, op in table.items() if "python" not in op.called and not op.nary}
"""The primitives but those that Python writes with signs, and those of sequences, which check what they are given."""

globals().update(_FUNCTIONS)

_ON_FIRST_USE = {
    "grad": "functional",
    "value_and_grad": "functional",
    "jacobian": "functional",
    "hessian": "functional",
    "hvp": "functional",
    "jvp": "functional",
    "jacfwd": "functional",
    "jacrev": "functional",
    "ravel": "functional",
    "gradcheck": "check",
    "enclose": "intervals",
    "symbolic": "symbols",
    "draw": "viz.picture.draw",
    "explain": "viz.explanation.explain",
    "explore": "viz.page.explore",
    "compile": "compiler",
    "take": "choice",
}
"""Which module the other public names come from."""

__all__ = [
    "Value", "topological_order", "no_grad", "collector_paused", "primitive", "dot", "total", "logsumexp",
    *_FUNCTIONS,
    *_ON_FIRST_USE,
]  # fmt: skip

for _name in set(__all__).difference(table):
    reserved.setdefault(_name, "a name of this package")


def _repr_latex_(value: Value) -> str | None:
    """What a notebook shows of a `Value` that is the last line of a cell."""
    from importlib import import_module

    displayed: str | None = import_module("autograd.viz.explanation.display").displayed(value)
    return displayed


Value._repr_latex_ = _repr_latex_  # type: ignore[attr-defined]


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}", name=name)
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"autograd.{_ON_FIRST_USE[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
