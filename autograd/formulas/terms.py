"""Formulas as small trees: the table read with names in place of numbers.

With this module one can read a row by feeding it names: ``table["mul"].formula(Name("a"), Name("b"))`` is a·b; and
take a tree apart, `parts`, and put it together again, `with_parts`.

A tree is what the rows say, so nothing about a derivative is written here. Building one drops ·1
and +0 and nothing else; plain numbers stay plain numbers and are added and multiplied as such.
How a tree looks on paper is the notations' business (`notation.py`). A kind of formula of one's own is a frozen
dataclass below `Formula`; its fields of the types `Term` and ``tuple[Term, ...]`` are its parts.

>>> from autograd.formulas.notation import text
>>> from autograd.primitives import table
>>> a, b = Name("a"), Name("b")
>>> text(table["div"].derivatives[1](a / b, a, b))
'−a/b/b'
>>> parts(a + 2 * b)
(Name(name='a'), Product(factors=(2, Name(name='b'))))
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from autograd.primitives import Primitive
from autograd.readings import Reading, readings

__all__ = [
    "Call", "Chain", "Comparison", "Derivative", "Dots", "Formula", "Name", "Negative", "Piecewise", "Power", "Product",
    "Quotient", "Rounded", "Sum", "Term", "all_parts", "parts", "with_parts",
]  # fmt: skip


class Formula:
    """A piece of formula. Arithmetic with numbers and other formulas makes a larger one."""

    __slots__ = ()

    def __add__(self, other: Term) -> Term:
        return _add(self, other)

    def __radd__(self, other: Term) -> Term:
        return _add(other, self)

    def __sub__(self, other: Term) -> Term:
        return _add(self, _negative(other))

    def __rsub__(self, other: Term) -> Term:
        return _add(other, _negative(self))

    def __mul__(self, other: Term) -> Term:
        return _multiply(self, other)

    def __rmul__(self, other: Term) -> Term:
        return _multiply(other, self)

    def __truediv__(self, other: Term) -> Term:
        return _divide(self, other)

    def __rtruediv__(self, other: Term) -> Term:
        return _divide(other, self)

    def __pow__(self, other: Term) -> Term:
        return _power(self, other)

    def __rpow__(self, other: Term) -> Term:
        return _power(other, self)

    def __neg__(self) -> Term:
        return _negative(self)

    def __pos__(self) -> Term:
        return self

    def __abs__(self) -> Term:
        return Call("abs", (self,))

    def __lt__(self, other: Term) -> Comparison:
        return Comparison(self, "<", other)

    def __le__(self, other: Term) -> Comparison:
        return Comparison(self, "<=", other)

    def __gt__(self, other: Term) -> Comparison:
        return Comparison(self, ">", other)

    def __ge__(self, other: Term) -> Comparison:
        return Comparison(self, ">=", other)

    def __bool__(self) -> bool:
        raise TypeError("a formula is neither true nor false; a row of the table chooses with where(…), not with if")


Term = Formula | float
"""What stands in a tree: a formula, or a plain number."""


@dataclass(frozen=True, slots=True)
class Name(Formula):
    """A variable: the label of a node, or the letter of an operand in a rule."""

    name: str


@dataclass(frozen=True, slots=True)
class Dots(Formula):
    """Terms left out of a sum."""


@dataclass(frozen=True, slots=True)
class Sum(Formula):
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Product(Formula):
    factors: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Quotient(Formula):
    numerator: Term
    denominator: Term


@dataclass(frozen=True, slots=True)
class Power(Formula):
    base: Term
    exponent: Term


@dataclass(frozen=True, slots=True)
class Negative(Formula):
    term: Term


@dataclass(frozen=True, slots=True)
class Call(Formula):
    """A primitive of the table, by its name, applied to operands; with a prime its derivative, σ′(z)."""

    primitive: str
    operands: tuple[Term, ...]
    prime: bool = False


@dataclass(frozen=True, slots=True)
class Comparison(Formula):
    left: Term
    sign: str
    right: Term


@dataclass(frozen=True, slots=True)
class Piecewise(Formula):
    """`chosen` where the condition holds, `other` elsewhere: the table's `where`."""

    condition: Term
    chosen: Term
    other: Term


@dataclass(frozen=True, slots=True)
class Derivative(Formula):
    """∂of/∂by. `direct` says that only the direct effect is meant, where there are other ways round."""

    of: Term
    by: Term
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Rounded(Formula):
    """A number already rounded for print, such as "0.08217"."""

    digits: str


@dataclass(frozen=True, slots=True)
class Chain(Formula):
    """Factors set apart, to be read one by one: ∂E/∂ŷ · ∂ŷ/∂z, or 0.7414 × 0.1868."""

    factors: tuple[Term, ...]
    numbers: bool = False


# ── building: what is dropped is ·1, +0, /1 and to the power of 1 ─────────────────────────────────


def _is_number(term: Any) -> bool:
    return not isinstance(term, Formula)


def _add(a: Term, b: Term) -> Term:
    terms = tuple(
        t for x in (a, b) for t in (x.terms if isinstance(x, Sum) else (x,)) if not (_is_number(t) and t == 0)
    )
    return Sum(terms) if len(terms) > 1 else terms[0] if terms else 0.0


def _negative(x: Term) -> Term:
    if _is_number(x):
        return -x
    return x.term if isinstance(x, Negative) else Negative(x)


def _multiply(a: Term, b: Term) -> Term:
    factors = tuple(
        f for x in (a, b) for f in (x.factors if isinstance(x, Product) else (x,)) if not (_is_number(f) and f == 1)
    )
    return Product(factors) if len(factors) > 1 else factors[0] if factors else 1.0


def _divide(a: Term, b: Term) -> Term:
    return a if _is_number(b) and b == 1 else Quotient(a, b)


def _power(a: Term, b: Term) -> Term:
    if _is_number(b) and b in (0, 1):
        return a if b == 1 else 1.0
    return Power(a, b)


# ── the reading: what a primitive of formulas is ──────────────────────────────────────────────────


def _choose(condition: Term, a: Term, b: Term) -> Term:
    if _is_number(condition):
        return a if condition else b
    return Piecewise(condition, a, b)


def _sum(*terms: Term) -> Term:
    kept = tuple(t for t in terms if not (_is_number(t) and t == 0))
    return Sum(kept) if len(kept) > 1 else kept[0] if kept else 0.0


def _dot(*operands: Term) -> Term:
    n = len(operands) // 2
    return _sum(*(w * x for w, x in zip(operands[:n], operands[n:-1], strict=True)), operands[-1])


def _logsumexp(*operands: Term) -> Term:
    return Call("log", (_sum(*(Call("exp", (x,)) for x in operands)),))


_SPELLED_OUT: dict[str, Callable[..., Term]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "neg": operator.neg,
    "pos": operator.pos,
    "where": _choose,
    "total": _sum,
    "dot": _dot,
    "logsumexp": _logsumexp,
}
"""The primitives that are written with signs; any other is written as a function of its operands."""


class _Formulas(Reading):
    """The table read as formulas."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Term:
        spelled_out = _SPELLED_OUT.get(op.name)
        return spelled_out(*operands) if spelled_out else Call(op.name, tuple(operands))


readings[Formula] = _Formulas()


# ── taking apart ──────────────────────────────────────────────────────────────────────────────────


_SLOTS: dict[Any, tuple[tuple[str, bool], ...]] = {}


def _slots(term: Formula) -> tuple[tuple[str, bool], ...]:
    """The fields of a kind of formula that are formulas, and whether each holds several."""
    kind = type(term)
    if kind not in _SLOTS:
        several = {"Term": False, "tuple[Term, ...]": True}
        found = fields(kind)  # type: ignore[arg-type]  # every kind is a dataclass
        _SLOTS[kind] = tuple((x.name, several[str(x.type)]) for x in found if str(x.type) in several)
    return _SLOTS[kind]


def parts(term: Term) -> tuple[Term, ...]:
    """What a formula is directly made of."""
    if not isinstance(term, Formula):
        return ()
    found: list[Term] = []
    for name, several in _slots(term):
        part = getattr(term, name)
        found.extend(part if several else (part,))
    return tuple(found)


def with_parts(term: Term, new: Sequence[Term]) -> Term:
    """The same kind of formula, made of other parts, in the order of `parts`."""
    if not isinstance(term, Formula) or not new:
        return term
    rest = iter(new)
    changed: dict[str, Any] = {}
    for name, several in _slots(term):
        changed[name] = tuple(next(rest) for _ in getattr(term, name)) if several else next(rest)
    return replace(term, **changed)  # type: ignore[type-var]


def all_parts(term: Term) -> Iterator[Term]:
    """A formula, its parts, their parts, and so on."""
    yield term
    for part in parts(term):
        yield from all_parts(part)
