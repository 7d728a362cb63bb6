"""Numbers as text: one way to print one, wherever it is printed.

With this module one can write a number

* by the fewest digits that are it and no other, `exact`: in formulas and programs;
* to four digits, `brief`: in pictures, lists and pages;
* to so many digits, and say by its zeros that it was rounded, `rounded`: in derivations.

>>> exact(0.1), exact(-3.0), exact(1e-7), exact(2.0**40)
('0.1', '-3', '1e-7', '1099511627776')
>>> rounded(0.5, 4), rounded(1 / 3, 4), rounded(-12345678.9, 4), rounded(1 / 3000, 4)
('0.5', '0.3333', '-1.235e7', '3.333e-4')
>>> brief(0.5), brief(-1.25e-7), brief(0.25, sign=True), brief(12345.6), brief(-float("inf")), brief(None)
('0.5', '−1.25e−7', '+0.25', '12350', '−∞', '—')
"""

from __future__ import annotations

import math
import re

__all__ = ["brief", "exact", "rounded", "with_minus"]


def exact(x: float) -> str:
    """The fewest digits that are x and no other float; without a point where it is an integer."""
    x = float(x)
    return f"{x:.0f}" if x.is_integer() and abs(x) < 1e15 else _shorter(repr(x))


def rounded(x: float, digits: int) -> str:
    """x to so many significant digits; without trailing zeros only if that is exactly x."""
    if not math.isfinite(x):
        return str(x)
    x += 0.0  # −0.0 is 0
    if 0 < abs(x) < 1e-3:  # as `brief` and the page
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        whole = float(f"{mantissa}e{exponent}") == x and "." in mantissa
        return f"{mantissa.rstrip('0').rstrip('.') if whole else mantissa}e{int(exponent)}"
    written = f"{x:.{digits}g}"
    return _shorter(written if float(written) == x else f"{x:#.{digits}g}".rstrip("."))


def brief(x: float | str | None, sign: bool = False) -> str:
    """x to four digits, with a plus if `sign` says so; "—" for a number that is not known. The page does the same."""
    if x is None:
        return "—"
    x = float(x)
    if not math.isfinite(x):
        written = "NaN" if math.isnan(x) else "∞" if x > 0 else "-∞"
    elif x == 0:
        return "0"
    elif 1e-3 <= abs(x) < 1e5:
        written = f"{x:.4g}"
        written = f"{float(written):.0f}" if "e" in written else written
    else:
        mantissa, exponent = f"{x:.3e}".split("e")
        written = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return with_minus("+" * (sign and x > 0) + written)


def with_minus(digits: str) -> str:
    """Digits as they stand in print: with minus signs for hyphens."""
    return digits.replace("-", "−")


def _shorter(digits: str) -> str:
    """1.5e-07 as 1.5e-7."""
    return re.sub(r"e([+-]?)0*(\d)", lambda e: "e" + e[1].replace("+", "") + e[2], digits)
