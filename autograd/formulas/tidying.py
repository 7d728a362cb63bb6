"""`tidy`: a product or quotient as one writes it by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping

from autograd.formulas.terms import Call, Formula, Name, Negative, Power, Product, Quotient, Term

__all__ = ["tidy"]


def tidy(term: Term) -> Term:
    """A product or quotient as one writes it by hand: the numbers multiplied, equal factors as a power,
    and in the order number, names, functions, sums.

    >>> from autograd.formulas.notation import text
    >>> x, u = Name("x"), Name("u")
    >>> text(tidy(0.5 * ((u - 1) * 2) * 1)), text(tidy(Call("cos", (u,)) * (2 * x)))
    ('u − 1', '2x·cos(u)')
    """
    if not isinstance(term, Product | Quotient | Negative):
        return term
    top, bottom = 1.0, 1.0
    above: dict[Term, float] = {}
    below: dict[Term, float] = {}
    todo: list[tuple[Term, bool]] = [(term, True)]
    while todo:
        x, up = todo.pop()
        if isinstance(x, Product):
            todo.extend((f, up) for f in reversed(x.factors))
        elif isinstance(x, Quotient):
            todo += [(x.denominator, not up), (x.numerator, up)]
        elif isinstance(x, Negative):
            todo.append((x.term, up))
            top = -top
        elif isinstance(x, Formula):
            base, times = _as_power(x)
            side = above if up else below
            side[base] = side.get(base, 0.0) + times
        elif up:
            top *= x
        else:
            bottom *= x
    if top == 0:
        return 0.0
    if bottom and math.isfinite(top) and math.isfinite(bottom):
        if top % bottom == 0:
            top, bottom = top / bottom, 1.0
        elif bottom % top == 0:
            top, bottom = math.copysign(1.0, bottom / top), abs(bottom / top)
    sign, top = (-1, -top) if top < 0 else (1, top)
    numerator, denominator = _by_hand(top, above), _by_hand(bottom, below)
    numbers = not isinstance(numerator, Formula) and not isinstance(denominator, Formula)
    result = Quotient(numerator, denominator) if numbers and not denominator else numerator / denominator
    return -result if sign < 0 else result


def _as_power(x: Term) -> tuple[Term, float]:
    """The base and exponent of a power with a whole exponent; of anything else, itself and 1."""
    if isinstance(x, Power) and not isinstance(x.exponent, Formula) and x.exponent == x.exponent // 1 > 0:
        return x.base, x.exponent
    return x, 1.0


def _by_hand(number: float, factors: Mapping[Term, float]) -> Term:
    product: Term = number
    for factor in sorted((base**times for base, times in factors.items()), key=_place):
        product = product * factor
    return product


def _place(factor: Term) -> int:
    base = factor.base if isinstance(factor, Power) else factor
    return 0 if isinstance(base, Name) else 1 if isinstance(base, Call) else 2
