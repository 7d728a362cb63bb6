"""What a real number is: Python's, NumPy's, and those of other libraries where they are compared with."""

from __future__ import annotations

import sys

from autograd.recording import current_tracer, paused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["float_equal_to", "is_like_a_number", "is_number", "real"]


def is_number(x: Any) -> bool:
    """Whether x is a real number: Python's, or a scalar of NumPy."""
    if isinstance(x, (int, float)):
        return True
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.generic) and x.dtype.kind in "fiub"


def real(x: Any) -> float:
    """x as a float.

    Raises:
        TypeError: for anything that is not a real number, a `Value` included.
    """
    if type(x) is float:
        return x
    if is_number(x):
        return float(x)
    if hasattr(x, "operands") and paused and (tracer := current_tracer()) is not None:
        tracer.value_of_value(x)
    advice = ": use it itself, or its data" if hasattr(x, "operands") else ""
    raise TypeError(f"expected a real number, not {x!r} of type {type(x).__name__}{advice}")


def is_like_a_number(x: Any) -> bool:
    """Whether x is a number of some other library than Python's and NumPy's: a fraction, mpmath's, SymPy's."""
    numeric = hasattr(type(x), "__float__") or hasattr(type(x), "__complex__")
    return numeric and not is_number(x) and not getattr(x, "shape", None)  # and no array of them


def float_equal_to(x: Any) -> float | None:
    """The one float that equals such a number; None if there is none, as for ⅓: then no float ever equals it."""
    try:
        number = complex(x).real
        return number if number == x else None
    except (TypeError, ValueError, ArithmeticError):
        return None
