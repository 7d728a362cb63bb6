"""What the elementary functions of the table mean for each kind of operand.

The rows of `primitives.py` are arithmetic (which every kind of number brings along) and elementary
functions such as exp, sin and `where`. This module says who computes those:

=============  ==========================================  ===============================
operand        elementary functions                        what the table then is
=============  ==========================================  ===============================
float          `math`                                      the eager engine
`Value`        a new node (added by `value.py`)            derivatives of derivatives
NumPy array    `numpy`, IEEE throughout                    the compiled program
SymPy          `sympy`                                     the hand derivation
mpmath         `mpmath`, at any precision                  the referee
=============  ==========================================  ===============================

A library is imported only when one of its own objects comes along.
"""

from __future__ import annotations

import math
import sys
from operator import mul

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from autograd.primitives import Primitive

__all__ = ["FLOATS", "NUMBERS", "Functions", "Reading", "reading", "readings"]

NUMBERS = frozenset({float, int, bool})
"""Python's own real numbers; everything else is looked up in `readings`."""


class Reading:
    """How primitives are applied to one kind of operand."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        raise NotImplementedError


class Functions(Reading):
    """A reading by a library: elementary functions are the library's, the others their formula."""

    def __init__(self, functions: dict[str, Callable[..., Any]]) -> None:
        self.functions = functions

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        function = self.functions.get(op.name, op.formula)
        if function is None:
            raise TypeError(f"{op.name} has no function for operands of type {type(operands[0]).__name__}")
        return function(*operands)


class _Numbers(Reading):
    """Numbers that are not Python's own (NumPy's scalars, subclasses of float) become floats."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        return op(*(float(x) if isinstance(x, float) or hasattr(x, "dtype") else x for x in operands))


def _where(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _maximum(a: Any, b: Any) -> Any:
    return a if a > b else b if b >= a else a + b  # a + b: NaN if either is


def _minimum(a: Any, b: Any) -> Any:
    return a if a < b else b if b <= a else a + b


def _dot(*operands: float) -> float:
    n = len(operands) // 2
    return sum(map(mul, operands[:n], operands[n:-1]), operands[-1])


_ELEMENTARY = (
    *("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("erf", "erfc", "where", "maximum", "minimum"),
)
_PLAIN: dict[str, Callable[..., Any]] = {"where": _where, "maximum": _maximum, "minimum": _minimum}

FLOATS: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in _ELEMENTARY if hasattr(math, name)},
    **_PLAIN,
    "dot": _dot,
}
"""The reading on floats, used directly by the eager engine. Errors are those of `math`."""


def _numpy() -> None:
    import numpy as np

    def on_elements(op: Primitive, operands: Sequence[Any]) -> Any:
        return np.frompyfunc(op, len(operands), 1)(*operands)

    class Arrays(Functions):
        def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
            if any(isinstance(x, np.ndarray) and x.dtype.hasobject for x in operands):  # an array of Values, say
                return on_elements(op, operands)
            return super().apply(op, operands)

    np_name = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
    functions = {
        name: getattr(np, np_name.get(name, name)) for name in _ELEMENTARY if hasattr(np, np_name.get(name, name))
    }
    for name in ("erf", "erfc"):  # NumPy has neither; SciPy's would be a heavy dependency for two functions
        functions[name] = np.vectorize(getattr(math, name), otypes=[float])
    readings[np.ndarray] = Arrays(functions)
    readings[np.generic] = _Numbers()


def _sympy() -> None:
    import sympy

    def truth(condition: Any) -> Any:  # a number is true if it is not 0
        return condition if isinstance(condition, sympy.logic.boolalg.Boolean) else sympy.Ne(condition, 0)

    functions: dict[str, Callable[..., Any]] = {
        name: getattr(sympy, name) for name in _ELEMENTARY if hasattr(sympy, name)
    }
    functions.update(
        expm1=lambda x: sympy.exp(x) - 1,
        log1p=lambda x: sympy.log(1 + x),
        where=lambda condition, a, b: sympy.Piecewise((a, truth(condition)), (b, True)),
        maximum=lambda a, b: sympy.Piecewise((a, sympy.Ge(a, b)), (b, True)),
        minimum=lambda a, b: sympy.Piecewise((a, sympy.Le(a, b)), (b, True)),
        # Symbols do not overflow: as in the books (a test holds these equal to their rows)
        sigmoid=lambda x: 1 / (1 + sympy.exp(-x)),
        softplus=lambda x: sympy.log(1 + sympy.exp(x)),
        logsumexp=lambda *xs: sympy.log(sympy.Add(*(sympy.exp(x) for x in xs))),
    )
    readings[sympy.Basic] = Functions(functions)


def _mpmath() -> None:
    import mpmath

    functions = {name: getattr(mpmath, name) for name in _ELEMENTARY if hasattr(mpmath, name)}
    reading = Functions({**functions, **_PLAIN})
    for kind in (mpmath.mpf, mpmath.mpc, mpmath.constant if hasattr(mpmath, "constant") else mpmath.mpf):
        readings[kind] = reading


readings: dict[type, Reading] = {float: _Numbers()}
"""The reading for each type of operand (and its subclasses)."""

_LIBRARIES: dict[str, Callable[[], None]] = {"numpy": _numpy, "sympy": _sympy, "mpmath": _mpmath}


def reading(operand: Any) -> Reading:
    """The reading for an operand, by its type.

    Raises:
        TypeError: if there is none.
    """
    kind = type(operand)
    try:
        return readings[kind]
    except KeyError:
        pass
    for base in kind.__mro__:
        library = base.__module__.partition(".")[0]
        if library in _LIBRARIES and library in sys.modules:
            _LIBRARIES.pop(library)()
    for base in kind.__mro__:
        if base in readings:
            readings[kind] = readings[base]
            return readings[base]
    raise TypeError(f"expected a Value or a number (or an array, or a SymPy or mpmath number), not {operand!r}")
