"""Numbers rounded for print so that what is printed adds up: 0.7414 × 0.1868 × 0.5933 = 0.08217.

The product of rounded factors need not be the rounded product. So `rounded_factors` and `rounded_terms` take
as many digits as it needs for the printed numbers, multiplied or added exactly, to give the printed result
to its last digit, and say ≈ where no number of digits does.

>>> rounded_factors([0.7413650695523157, 0.1868156017898332, 0.5932699921071872], 0.08216704056423077)
(['0.7414', '0.1868', '0.5933'], '=')
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Context, Decimal

from autograd.formulas.numbers import rounded

__all__ = ["DIGITS", "agrees", "rounded_factors", "rounded_terms", "sum_of_products_agrees"]

DIGITS = 4
"""How many digits a result is printed to."""

_EXACT = 17  # digits that tell any two floats apart
_WIDE = Context(prec=800)  # sums and products of rounded numbers, with digits to spare


def rounded_factors(numbers: Sequence[float], product: float, digits: int = DIGITS) -> tuple[list[str], str]:
    """The factors rounded, and "=" if their product is `product` to so many digits, else "≈"."""
    return _rounded(numbers, product, digits, _product)


def rounded_terms(numbers: Sequence[float], total: float, digits: int = DIGITS) -> tuple[list[str], str, int]:
    """The terms of a sum likewise, and how many digits they have."""
    found, relation = _rounded(numbers, total, digits, _sum)
    used = next((p for p in range(digits, _EXACT + 1) if [rounded(x, p) for x in numbers] == found), digits)
    return found, relation, used


def _rounded(
    numbers: Sequence[float], result: float, digits: int, combine: Callable[[list[Decimal]], Decimal]
) -> tuple[list[str], str]:
    if not all(map(math.isfinite, [*numbers, result])):
        return [rounded(x, digits) for x in numbers], "="
    for p in range(digits, _EXACT + 1):
        found = [rounded(x, p) for x in numbers]
        if agrees(combine([Decimal(f) for f in found]), result, digits):
            return found, "="
    return [rounded(x, digits) for x in numbers], "≈"


def agrees(exact: Decimal, result: float, digits: int) -> bool:
    """Whether a number rounds to the printed result, at its last printed digit."""
    if result == 0:
        return exact == 0
    printed = Decimal(f"{result:.{digits - 1}e}")
    unit = Decimal((0, (1,), printed.as_tuple().exponent))  # type: ignore[arg-type]
    return abs(_WIDE.subtract(exact, printed)) * 2 <= unit  # 2.1025 is 2.102 or 2.103: a float beside it is one of them


def sum_of_products_agrees(shown: Sequence[Sequence[str]], total: float, digits: int = DIGITS) -> bool:
    """Whether the printed factors, multiplied and added exactly, round to the printed total."""
    if not math.isfinite(total):
        return True
    exact = _sum([_product([Decimal(f) for f in product]) for product in shown])
    return not exact.is_finite() or agrees(exact, total, digits)


def _product(numbers: list[Decimal]) -> Decimal:
    result = Decimal(1)
    for x in numbers:
        result = _WIDE.multiply(result, x)
    return result


def _sum(numbers: list[Decimal]) -> Decimal:
    result = Decimal(0)
    for x in numbers:
        result = _WIDE.add(result, x)
    return result
