"""What the elementary functions of the table mean for each kind of operand.

The rows of `primitives.py` are arithmetic (which every kind of number brings along) and elementary
functions such as exp, sin and `where`. This module says who computes those:

=============  ==========================================  ===============================
operand        elementary functions                        what the table then is
=============  ==========================================  ===============================
float          `math`                                      the eager engine
`Value`        a new node (added by `value.py`)            derivatives of derivatives
NumPy array    `numpy`, IEEE throughout, in doubles        the compiled program
SymPy          `sympy`                                     the hand derivation
mpmath         `mpmath`, at any precision                  the referee
=============  ==========================================  ===============================

A library is imported only when one of its own objects comes along.

A reading of one's own is an entry in `readings`: for a type of number, who computes the elementary functions. Every
formula, every derivative and every walk of `graph` then takes such numbers. Intervals, that contain whatever can come
out when the inputs are not known exactly:

>>> import math
>>> from autograd.readings import Functions, readings
>>> from dataclasses import dataclass
>>> @dataclass(eq=False)
... class Interval:
...     low: float
...     high: float
...     def __add__(self, other):
...         return Interval(self.low + other.low, self.high + other.high)
...     def __mul__(self, other):
...         corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
...         return Interval(min(corners), max(corners))
>>> readings[Interval] = Functions({"exp": lambda x: Interval(math.exp(x.low), math.exp(x.high))})

With that, ∂(x² eˣ)/∂x for x from 1 to 1.5, where it is 8.15 at the least and 23.5 at the most:

>>> from autograd import Value, topological_order
>>> from autograd.graph import adjoints, evaluate
>>> x = Value(1.0)
>>> order = topological_order(x * x * x.exp())
>>> slope = adjoints(order, evaluate(order, {x: Interval(1.0, 1.5)}), Interval(1.0, 1.0))[x]
>>> f"{slope.low:.4f} to {slope.high:.4f}"
'8.1548 to 23.5289'

`autograd.enclose` is that, in earnest: rounded outwards, with every function and with comparisons that are not decided.
"""

from __future__ import annotations

import math
import sys
from _operator import (
    add,
    floordiv,
    mod,
    mul,
    sub,
    truediv,
)  # the part of operator that is written in C: 0.5 ms less to import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from functools import reduce
    from types import ModuleType
    from typing import Any

    Primitive = Any  # autograd.primitives.Primitive: imports only point down, and that module reads this one
else:
    from _functools import reduce  # the part of functools that is written in C, likewise

__all__ = ["FLOATS", "NUMBERS", "Functions", "Reading", "Whole", "one_by_one", "reading", "readings"]

NUMBERS = frozenset({float, int, bool})
"""Python's own real numbers; everything else is looked up in `readings`."""


class Reading:
    """How primitives are applied to one kind of operand.

    Attributes:
        precedence: where operands of several kinds meet, the highest decides. Numbers give way to anything;
            arrays come first, since they apply a primitive to their elements, whatever those are.
    """

    precedence = 0

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        raise NotImplementedError


class Functions(Reading):
    """A reading by a library: an elementary function is the library's, by its name in the row; any other its formula.

    Args:
        functions: what the library lacks, or means something else by, under the names of the table.
        library: the module that has the others.
    """

    def __init__(self, functions: dict[str, Callable[..., Any]], library: ModuleType | None = None) -> None:
        self.functions, self.library = functions, library

    def function(self, op: Primitive) -> Callable[..., Any] | None:
        """What computes a primitive in this reading; None if nothing does."""
        given = self.functions.get(op.name)
        if given is not None or op.formula is not None or self.library is None:
            return given or op.formula
        return getattr(self.library, op.called.get(self.library.__name__, op.name), None)

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        function = self.function(op)
        if function is None:
            raise TypeError(f"{op.name} has no function for operands of type {type(operands[0]).__name__}")
        return function(*operands)


class _Numbers(Reading):
    """Numbers that are not Python's own (NumPy's scalars, subclasses of float) become floats."""

    precedence = -1

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        return op(*[x if type(x) in NUMBERS else self._number(op, x, operands) for x in operands])

    def _number(self, op: Primitive, x: Any, operands: Sequence[Any]) -> float:
        if isinstance(x, (float, int)) or getattr(getattr(x, "dtype", None), "kind", "") in _REAL:
            return float(x)
        raise unreadable(op, operands)


class Whole:
    """A whole sequence of operands of an n-ary row: arithmetic and functions go element by element."""

    __slots__ = ("elements",)

    def __init__(self, elements: Sequence[Any]) -> None:
        self.elements = elements

    def __mul__(self, other: Any) -> Whole:
        if type(other) is Whole:
            return Whole(list(map(mul, self.elements, other.elements)))
        return Whole([x * other for x in self.elements])

    def __sub__(self, other: Any) -> Whole:
        if type(other) is Whole:
            return Whole(list(map(sub, self.elements, other.elements)))
        return Whole([x - other for x in self.elements])

    def __truediv__(self, other: Any) -> Whole:
        if type(other) is Whole:
            return Whole(list(map(truediv, self.elements, other.elements)))
        return Whole([x / other for x in self.elements])

    def summed(self) -> Any:
        """x₁ + x₂ + …, in this order."""
        return reduce(add, self.elements)

    def greatest(self, maximum: Primitive) -> Any:
        """The greatest of x₁, x₂, …, two by two."""
        return reduce(maximum, self.elements)


def one_by_one(operands: Iterable[Any]) -> list[Any]:
    """Operands of which some are whole sequences, each by itself."""
    return [x for z in operands for x in (z.elements if type(z) is Whole else (z,))]


class _Wholes(Reading):
    precedence = 2

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        if op.nary:
            return op(*one_by_one(operands))
        (whole,) = operands
        return Whole([op(x) for x in whole.elements])


def _where(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _maximum(a: Any, b: Any) -> Any:
    return a if a > b else b if b >= a else a + b  # a + b: NaN if either is


def _minimum(a: Any, b: Any) -> Any:
    return a if a < b else b if b <= a else a + b


def _dot(*operands: float) -> float:
    n = len(operands) // 2
    return sum(map(mul, operands[:n], operands[n:-1]), operands[-1])


_REAL = frozenset("fiub")
"""The kinds of NumPy's data types that are real numbers."""

_PLAIN: dict[str, Callable[..., Any]] = {"where": _where, "maximum": _maximum, "minimum": _minimum}

FLOATS = Functions({**_PLAIN, "mod": mod, "floordiv": floordiv, "dot": _dot}, math)
"""The reading on floats, used directly by the eager engine. Errors are those of `math`."""


def _numpy() -> None:
    import numpy as np

    from autograd.special import erf, erfc

    def on_elements(op: Primitive, operands: Sequence[Any]) -> Any:
        """The primitive of each element, as NumPy's ufuncs do for arrays of objects, and of any number of operands."""
        shape = np.broadcast_shapes(*map(np.shape, operands))
        columns = [np.broadcast_to(np.asarray(x, dtype=object), shape).flat for x in operands]
        results = np.empty(shape, dtype=object)
        for i, elements in enumerate(zip(*columns, strict=True)):
            results.flat[i] = op(*elements)
        return results if shape else results[()]

    def in_doubles(x: Any) -> Any:
        """Python's floats are doubles: in uint8 −3 is 253, and a half has 3 digits."""
        if isinstance(x, (np.ndarray, np.generic)) and (x.dtype.kind != "f" or x.dtype.itemsize < 8):
            return x.astype(np.float64)
        return x

    class Arrays(Functions):
        precedence = 1

        def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
            objects = False
            for x in operands:
                if isinstance(x, np.ma.MaskedArray):
                    raise TypeError(
                        f"{op.name} of a masked array would lose its mask: fill it first, and choose with where"
                    )
                if isinstance(x, (np.ndarray, np.generic)):
                    if x.dtype.kind not in _REAL:
                        if x.dtype.kind != "O":
                            raise unreadable(op, operands)
                        objects = True
                elif type(x) not in NUMBERS and not isinstance(x, (float, int)):
                    if known(x) is None:
                        raise unreadable(op, operands)
                    objects = True  # a Value beside an array, say
            return on_elements(op, operands) if objects else super().apply(op, [in_doubles(x) for x in operands])

    readings[np.ndarray] = Arrays({"erf": erf, "erfc": erfc}, np)
    readings[np.generic] = _Numbers()


def _sympy() -> None:
    import mpmath  # what SymPy computes its floats with
    import sympy

    def truth(condition: Any) -> Any:  # a number is true if it is not 0
        return condition if isinstance(condition, sympy.logic.boolalg.Boolean) else sympy.Ne(condition, 0)

    functions: dict[str, Callable[..., Any]] = {
        "expm1": lambda x: sympy.Float(mpmath.expm1(x)) if x.is_Float else sympy.exp(x) - 1,  # 1 + 1e-20 is 1
        "log1p": lambda x: sympy.Float(mpmath.log1p(x)) if x.is_Float else sympy.log(1 + x),
        "log2": lambda x: sympy.log(x) / sympy.log(2),
        "log10": lambda x: sympy.log(x) / sympy.log(10),
        "cbrt": lambda x: sympy.Piecewise((sympy.cbrt(x), x >= 0), (-sympy.cbrt(-x), True)),  # its own is complex
        "hypot": lambda a, b: sympy.sqrt(a**2 + b**2),
        "mod": lambda a, b: a - b * sympy.floor(a / b),
        "floordiv": lambda a, b: sympy.floor(a / b),
        "where": lambda condition, a, b: sympy.Piecewise((a, truth(condition)), (b, True)),
        "maximum": lambda a, b: sympy.Piecewise((a, sympy.Ge(a, b)), (b, True)),
        "minimum": lambda a, b: sympy.Piecewise((a, sympy.Le(a, b)), (b, True)),
        # Symbols do not overflow: as in the books (a test holds these equal to their rows)
        "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
        "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
        "logsumexp": lambda *xs: sympy.log(sympy.Add(*(sympy.exp(x) for x in xs))),
    }
    readings[sympy.Basic] = Functions(functions, sympy)


def _mpmath() -> None:
    import mpmath

    class Digits(Functions):
        def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
            # A float among them would be what `where` or `maximum` gives, and the rest be computed by floats.
            return super().apply(op, [mpmath.mpf(x) if type(x) in (float, int) else x for x in operands])

    functions: dict[str, Callable[..., Any]] = {
        "log2": lambda x: mpmath.log(x, 2),
        "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),  # mpmath's own is complex for x < 0
        "mod": mod,
        "floordiv": lambda a, b: mpmath.nint((a - a % b) / b),  # a % b is exact, and the quotient nearly whole
    }
    reading = Digits({**_PLAIN, **functions}, mpmath)
    for kind in (mpmath.mpf, mpmath.mpc, mpmath.constant if hasattr(mpmath, "constant") else mpmath.mpf):
        readings[kind] = reading


readings: dict[type, Reading] = {float: _Numbers(), Whole: _Wholes()}
"""The reading for each type of operand (and its subclasses)."""

_LIBRARIES: dict[str, Callable[[], None]] = {"numpy": _numpy, "sympy": _sympy, "mpmath": _mpmath}


def reading(operand: Any) -> Reading:
    """The reading for an operand, by its type.

    Raises:
        TypeError: if there is none.
    """
    found = known(operand)
    if found is None:
        raise TypeError(f"expected a Value or a number (or an array, or a SymPy or mpmath number), not {operand!r}")
    return found


def known(operand: Any) -> Reading | None:
    """The reading for an operand, or None."""
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
    return None


def shared_reading(op: Primitive, operands: Sequence[Any]) -> Reading:
    """The reading for operands of several kinds, whichever order they are in.

    Raises:
        TypeError: if there is none.
    """
    kinds = {type(x): x for x in operands if type(x) not in NUMBERS}
    found = {kind: which for kind, x in kinds.items() if (which := known(x)) is not None}
    highest = max((which.precedence for which in found.values()), default=0)
    deciding = {kind: which for kind, which in found.items() if which.precedence == highest}
    # Of one kind and its subclass, the subclass decides, as with Python's operators.
    chosen = {
        which for kind, which in deciding.items() if not any(kind in other.__mro__[1:] for other in deciding)
    } or set(deciding.values())
    if len(chosen) != 1:
        raise unreadable(op, operands)
    return chosen.pop()


def unreadable(op: Primitive, operands: Sequence[Any]) -> TypeError:
    """The error of operands that do not go together."""
    kinds = dict.fromkeys(_kind(x) for x in operands)
    return TypeError(
        f"{op.name} takes numbers, Values, arrays of those, or numbers of one library such as SymPy; "
        f"together it cannot take {', '.join(kinds)}"
    )


def _kind(x: Any) -> str:
    name = type(x).__name__
    dtype = getattr(x, "dtype", None)
    return f"{name} of {dtype}" if dtype is not None and hasattr(x, "ndim") and x.ndim else name
