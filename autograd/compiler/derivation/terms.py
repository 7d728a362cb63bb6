"""What formulas of arrays have beside those of numbers: elements, sums over axes, products of matrices.

The formulas are those of `autograd.formulas`, and these kinds more. With indices, every formula is a number:

===================  ======================================================================
`Element`            an element of what has a name, ``W[i, k]``
`Reduction`          Σ over axes, or log Σ exp, or the greatest
`Indicator`          ``[x > 0]``: 1 where a condition holds, else 0
`Negation`           the opposite of a condition
`Tuple`              several things one after another
`Constant`           a number that rows of the table leave as it is
===================  ======================================================================

Without indices, a formula is a whole array (`vectors.py` finds out where that says the same):

===================  ======================================================================
`MatrixProduct`      ``W x``, ``δ xᵀ``
`Hadamard`           ``a ⊙ b``
`Transposed`         ``(W)ᵀ``
`Slice`              ``v[0:6:2]``
===================  ======================================================================

The program computes what it says, so nothing is dropped here when formulas are made, as it is where the table is
read with names; but numbers and signs stand in front: `times`, `over`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from autograd.compiler.derivation.indices import Index
from autograd.formulas.terms import (
    Call,
    Comparison,
    Formula,
    Negative,
    Piecewise,
    Product,
    Quotient,
    Sum,
    Term,
    parts,
    with_parts,
)

__all__ = [
    "COMPARISONS", "Constant", "Element", "Hadamard", "Indicator", "MatrixProduct", "Negation", "Reduction", "Slice",
    "Transposed", "Tuple", "as_condition", "as_number", "as_printed", "factored", "letters", "occurring", "over",
    "plus", "replaced", "scaled", "times",
]  # fmt: skip

COMPARISONS = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "=", "not_equal": "≠"}
"""The sign of each row of the table that compares."""


@dataclass(frozen=True, slots=True)
class Element(Formula):
    """An element of something that has a name; of a number, the number."""

    name: str
    shape: tuple[int, ...]
    at: tuple[Index, ...]

    def letters(self) -> set[str]:
        return set().union(*(index.letters() for index in self.at))


@dataclass(frozen=True, slots=True)
class Reduction(Formula):
    """Σ over some axes; or log Σ exp, or the greatest, over them."""

    name: str
    axes: tuple[str, ...]
    body: Term


@dataclass(frozen=True, slots=True)
class Negation(Formula):
    condition: Term


@dataclass(frozen=True, slots=True)
class Indicator(Formula):
    """1 where the condition is true, 0 elsewhere."""

    condition: Term


@dataclass(frozen=True, slots=True)
class Tuple(Formula):
    """Several things, one after another."""

    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Constant(Formula):
    """A number as a name would be: rows of the table write what they do with it, and do not do it."""

    value: float


@dataclass(frozen=True, slots=True)
class MatrixProduct(Formula):
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Hadamard(Formula):
    """Arrays multiplied element by element."""

    factors: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Transposed(Formula):
    of: Term


@dataclass(frozen=True, slots=True)
class Slice(Formula):
    """Elements of a vector with a name, from `start` on, `step` apart."""

    name: str
    start: int
    step: int
    length: int


# ── making formulas ───────────────────────────────────────────────────────────────────────────


def times(*terms: Term) -> Term:
    """The product, with one number in front, and its sign before that."""
    factor, factors = 1.0, list[Term]()
    for term in terms:
        number, rest = factored(term)
        factor *= number
        factors += rest
    return scaled(factor, tuple(factors))


def factored(term: Term) -> tuple[float, tuple[Term, ...]]:
    """The number in front of a product, and the other factors."""
    match term:
        case Negative(x):
            number, factors = factored(x)
            return -number, factors
        case Product((float() | int() as number, *rest)):
            return number, tuple(rest)
        case Product(factors):
            return 1.0, factors
        case Formula():
            return 1.0, (term,)
    return term, ()


def scaled(number: float, factors: tuple[Term, ...]) -> Term:
    """A number times some factors."""
    if not factors:
        return number
    negative = number < 0 or (number == 0 and math.copysign(1, number) < 0)
    size = -number if negative else number
    if size != 1:
        factors = (size, *factors)
    product = factors[0] if len(factors) == 1 else Product(factors)
    return Negative(product) if negative else product


def over(above: Term, below: Term) -> Term:
    """The quotient, with the sign of the numerator before it."""
    match above:
        case Negative(x):
            return Negative(Quotient(x, below))
    return Quotient(above, below)


def plus(*terms: Term) -> Term:
    """The sum."""
    return Sum(tuple(x for term in terms for x in (term.terms if isinstance(term, Sum) else (term,))))


def as_number(x: Term) -> Term:
    """x as a formula of a number: 1 or 0 for a condition."""
    return Indicator(x) if isinstance(x, Comparison | Negation) else x


def as_condition(x: Term) -> Term:
    """x as a condition: a number is true if it is not 0."""
    if isinstance(x, Comparison | Negation):
        return x
    return x.condition if isinstance(x, Indicator) else Comparison(x, "≠", 0.0)


def as_printed(term: Term) -> Term:
    """What a row of the table is when it is read with elements, as a program is printed: numbers in front,
    conditions as numbers where they are used as such."""
    if isinstance(term, Piecewise):
        condition, chosen, other = as_condition(as_printed(term.condition)), term.chosen, term.other
        if chosen == 1 and other == 0:
            return condition
        return Call("where", (condition, as_number(as_printed(chosen)), as_number(as_printed(other))))
    if isinstance(term, Constant):
        return term.value
    new = [as_number(as_printed(part)) for part in parts(term)]
    match term:
        case Sum():
            return plus(*new)
        case Product():
            return times(*new)
        case Negative():
            return times(-1.0, *new)
        case Quotient():
            return over(*new)
        case Call(name) if name in COMPARISONS:
            return Comparison(new[0], COMPARISONS[name], new[1])
    return with_parts(term, new)


# ── what is in a formula ──────────────────────────────────────────────────────────────────────


def letters(term: Term) -> set[str]:
    """The letters of axes that a term depends on."""
    if isinstance(term, Element):
        return term.letters()
    inside = set[str]().union(*map(letters, parts(term)))
    return inside - set(term.axes) if isinstance(term, Reduction) else inside


def occurring(term: Term) -> set[str]:
    """Every letter in a term, also those that a Σ binds."""
    if isinstance(term, Element):
        return term.letters()
    bound = set(term.axes) if isinstance(term, Reduction) else set[str]()
    return bound.union(*map(occurring, parts(term)))


def replaced(term: Term, change: Callable[[Element], Element]) -> Term:
    """The term with every element changed."""
    if isinstance(term, Element):
        return change(term)
    return with_parts(term, [replaced(part, change) for part in parts(term)])
