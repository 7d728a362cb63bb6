"""A scalar autograd engine to understand, check and really train by backpropagation.

>>> from autograd import Value, sin
>>> x = Value(0.5, label="x")
>>> y = sin(x**2 + 1)
>>> y.backward()
>>> y.data, x.grad
(0.9489846193555862, 0.3153223623952687)

One module, one idea: `primitives` is the table of functions and their local derivatives, `readings`
what the table is fed, `value` the node and its backward pass, `graph` the walks. Importing this
package loads the standard library only; what needs more is loaded on first use.
"""

from __future__ import annotations

from autograd.graph import topological_order
from autograd.primitives import (
    acos,
    asin,
    atan,
    cos,
    cosh,
    elu,
    erf,
    erfc,
    exp,
    expm1,
    gelu,
    leaky_relu,
    log,
    log1p,
    maximum,
    minimum,
    primitive,
    relu,
    sigmoid,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
    where,
)
from autograd.value import Value, dot, logsumexp, no_grad, total

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ON_FIRST_USE = {
    "grad": "functional",
    "value_and_grad": "functional",
    "jacobian": "functional",
    "hessian": "functional",
    "hvp": "functional",
    "jvp": "functional",
    "jacfwd": "functional",
    "jacrev": "functional",
    "gradcheck": "check",
    "symbolic": "symbols",
    "draw": "viz.picture.draw",
    "explain": "viz.explanation.explain",
    "explore": "viz.explore",
    "compile": "compiler",
    "take": "choice",
}
"""Which module the other public names come from."""

__all__ = [
    "Value", "topological_order", "no_grad", "primitive", "dot", "total", "logsumexp",
    "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "erf", "erfc", "where", "maximum", "minimum",
    "sigmoid", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu",
    *_ON_FIRST_USE,
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}", name=name)
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"autograd.{_ON_FIRST_USE[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
