"""How a number differs from the right one, in words that do not tell the right one."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["THREE_DIGITS", "close", "relation"]


THREE_DIGITS = 5e-3
"""Relative: what rounding to three digits may change, 1.005 to 1.01 say."""


def close(given: float, expected: float, rtol: float, atol: float) -> bool:
    """Whether it is the expected number, but for rounding; to `THREE_DIGITS`, whether its third digit is right or next.

    >>> close(0.833, 5 / 6, THREE_DIGITS, 0), close(0.83, 5 / 6, THREE_DIGITS, 0)
    (True, False)
    """
    if rtol == THREE_DIGITS and expected and math.isfinite(given):
        third = 10.0 ** (math.floor(math.log10(abs(expected))) - 2)
        atol, rtol = max(atol, min(1.0001 * third, rtol * abs(expected))), 0.0
    return math.isclose(given, expected, rel_tol=rtol, abs_tol=atol)


def relation(given: float, expected: float, factors: Mapping[str, float] | None = None, wanted: str = "") -> str:
    """A sentence about a number that is not the right one.

    Args:
        factors: numbers by which one may be off, by the names to give them; 2 is always among them.
        wanted: what is said where it is the right one with too few digits, such as "three digits are wanted".

    >>> relation(-3.0, 3.0), relation(12.0, 3.0, {"m": 4})
    ('It has the right size and the wrong sign.', 'It is too large by a factor m.')
    >>> relation(0.0, 3.0), relation(1.0, 3.0)
    ('It should not be 0.', 'It is too small.')
    """
    if math.isnan(given):
        return "Somewhere on the way 0/0, ∞ − ∞ or the like was computed."
    if math.isinf(given):
        return "It grows beyond all bounds."
    if given == 0:
        return "It should not be 0."
    if abs(expected) < 1e-12:
        return "That is not right."
    ratio = given / expected
    if close(ratio, -1, 1e-6, 0):
        return "It has the right size and the wrong sign."
    if wanted and _rounded(given, expected):
        return f"It is rounded too far: {wanted}."
    sign = ", and has the wrong sign" if ratio < 0 else ""
    for name, factor in {**(factors or {}), "2": 2.0}.items():
        if close(abs(ratio), factor, 1e-6, 0):
            return f"It is too large by a factor {name}{sign}."
        if close(abs(ratio), 1 / factor, 1e-6, 0):
            return f"It is too small by a factor {name}{sign}."
    if ratio < 0:
        return f"It has the wrong sign, and is too {'large' if ratio < -1 else 'small'} in size."
    size = " in size" if given < 0 else ""
    return f"It is too {'large' if ratio > 1 else 'small'}{size}."


def _rounded(given: float, expected: float) -> bool:
    """Whether it is the expected number with fewer digits, rounded or cut off."""
    if not given or not expected:
        return False
    for digits in range(1, 6):
        unit = 10.0 ** (math.floor(math.log10(abs(expected))) - digits + 1)
        for short in (round(expected / unit), math.trunc(expected / unit)):
            if close(given, short * unit, 1e-9, 0):
                return True
    return False
