"""Formulas at given numbers: what they are there, `evaluate`, and which piece of them holds, `piece_at`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from autograd.formulas.terms import (
    Call,
    Comparison,
    Formula,
    Name,
    Negative,
    Piecewise,
    Power,
    Product,
    Quotient,
    Sum,
    Term,
    all_parts,
    parts,
)
from autograd.formulas.tidying import tidy
from autograd.primitives import table

__all__ = ["OPPOSITE", "evaluate", "piece_at"]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""What holds where a comparison does not."""


def evaluate(term: Term, numbers: Mapping[Name, float]) -> float:
    """The number a formula has when each name stands for a number.

    Raises:
        KeyError: for a name without a number.
        ValueError, OverflowError, ZeroDivisionError: as the primitives do.

    >>> evaluate(Name("x") ** 2 + 1, {Name("x"): 3.0})
    10.0
    """
    match term:
        case Name():
            return numbers[term]
        case Piecewise(condition, a, b):
            return evaluate(a if evaluate(condition, numbers) else b, numbers)
    values = [evaluate(x, numbers) for x in parts(term)]
    match term:
        case Sum():
            return sum(values)
        case Product():
            return math.prod(values)
        case Quotient():
            return values[0] / values[1]
        case Power():
            return float(table["pow"](*values))
        case Negative():
            return -values[0]
        case Call(name, _):
            return float(table[name](*values))
        case Comparison(_, sign, _):
            return _COMPARE[sign](*values)
        case Formula():
            raise TypeError(f"{term!r} stands for no number")
    return term


def piece_at(term: Term, numbers: Mapping[Name, float]) -> tuple[Term, list[Comparison]]:
    """The formula that holds at these numbers, and the comparisons that decided it.

    >>> from autograd.formulas.notation import text
    >>> z = Name("z")
    >>> piece, decided = piece_at(table["relu"].derivatives[0](z, z), {z: 2.0})
    >>> piece, text(decided[0])
    (1, 'z ≤ 0')
    """
    if not any(isinstance(x, Piecewise) for x in all_parts(term)):
        return term, []
    decided: list[Comparison] = []

    def follow(x: Term) -> Term:
        match x:
            case Piecewise(condition, a, b):
                if isinstance(condition, Comparison):
                    decided.append(condition)
                return follow(a if evaluate(condition, numbers) else b)
            case Sum(terms):
                return table["total"](*map(follow, terms))  # type: ignore[no-any-return]
            case Product(factors):
                return math.prod(map(follow, factors), start=1.0)
            case Quotient(a, b):
                return follow(a) / follow(b)
            case Power(a, b):
                return follow(a) ** follow(b)
            case Negative(a):
                return -follow(a)
            case Call(name, operands):
                return table[name](*map(follow, operands))  # type: ignore[no-any-return]
        return x

    return tidy(follow(term)), decided
