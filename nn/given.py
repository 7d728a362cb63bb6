"""What callers give, looked at before anything is made of it: an error says what was expected and what came.

A whole number, a setting in its range, a list: each function takes the name that the message calls the
thing by, and gives it back as Python's own.

>>> whole("the number of inputs", 3)
3
>>> setting("lr", "fast", 0)
Traceback (most recent call last):
TypeError: lr is a finite number of at least 0, not 'fast' of type str
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from operator import index
from typing import Any

from autograd import Value
from autograd.readings import NUMBERS, reading
from autograd.real import is_number

__all__ = ["listed", "operands", "setting", "shown", "whole"]


def shown(x: Any) -> str:
    """What was given, for a message: its repr and its type."""
    text = repr(x)
    return f"{text if len(text) <= 80 else text[:79] + '…'} of type {type(x).__name__}"


def whole(what: str, n: Any, least: int = 1) -> int:
    """A whole number of at least `least`, Python's or NumPy's.

    Raises:
        TypeError: for what is no whole number; True and False are none.
        ValueError: for one that is less.
    """
    expected = f"{what} is a whole number of at least {least}, not"
    try:
        # An array of one number has an index too, and so has NumPy's truth before NumPy 2.
        if isinstance(n, (bool, Value)) or hasattr(n, "__len__") or getattr(n, "dtype", None) == "bool":
            raise TypeError
        number = index(n)
    except TypeError:
        raise TypeError(f"{expected} {shown(n)}") from None
    if number < least:
        raise ValueError(f"{expected} {n!r}")
    return number


def setting(
    name: str, x: Any, least: float, most: float = math.inf, *, below: float | None = None, positive: bool = False
) -> None:
    """Check a setting: a finite number from `least` to `most`, or less than `below`; if `positive`, not 0.

    Raises:
        TypeError: for what is no number, True and False included, as they belong to a switch.
        ValueError: for a number out of its range, infinite or NaN.
    """
    within = f" and less than {below}" if below is not None else f" and at most {most}" if most < math.inf else ""
    lowest = "above 0" if positive else f"of at least {least}"
    expected = f"{name} is a {'' if within else 'finite '}number {lowest}{within}, not"
    if not is_number(x) or isinstance(x, bool):
        raise TypeError(f"{expected} {shown(x)}")
    if not (least <= x <= most and (x < math.inf if below is None else x < below)) or (positive and not x):
        raise ValueError(f"{expected} {x!r}")


def listed(what: str, x: Any) -> list[Any]:
    """A list, tuple, array or other iterable in order, as a list; NumPy's numbers become Python's, which is fast.

    Raises:
        TypeError: for text, for a set or mapping, which have no order, or for what is not iterable.
    """
    if type(x) is list:
        return x
    given, x = x, x.tolist() if hasattr(x, "tolist") else x
    if not isinstance(x, (str, bytes, Set, Mapping)):
        try:
            return x if type(x) is list else list(x)
        except TypeError:
            pass
    raise TypeError(f"{what} are a list, a tuple or an array, not {shown(given)}")


def operands(what: str, xs: list[Any]) -> list[Any]:
    """A list of which each is a `Value` or a number (or a symbol): what primitives take.

    Raises:
        TypeError: for any other, with its place in the list.
    """
    for i, x in enumerate(xs):
        if type(x) not in NUMBERS and type(x) is not Value and not isinstance(x, Value):
            try:
                reading(x)
            except TypeError:
                raise TypeError(f"{what} are Values or numbers, and number {i} is {shown(x)}") from None
    return xs
