"""Formulas as small trees: the table read with names in place of numbers.

With this module one can

* read a row by feeding it names: ``table["mul"].formula(Name("a"), Name("b"))`` is a·b;
* get a local derivative as books print it, `local_derivative`, and the rule behind it, `rule`;
* tidy a product as one does by hand, `tidy`, and follow the piece of a rule that holds at given
  numbers, `piece_at`;
* compute a formula again from numbers, `evaluate`.

A tree is what the rows say, so nothing about a derivative is written here. Building one drops ·1
and +0 and nothing else; plain numbers stay plain numbers and are added and multiplied as such.
How a tree looks on paper is the notations' business (`notations.py`).

>>> from autograd.formulas.notations import text
>>> a, b = Name("a"), Name("b")
>>> text(table["div"].derivatives[1](a / b, a, b)), text(tidy(table["div"].derivatives[1](a / b, a, b)))
('−a/b/b', '−a/b²')
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograd.primitives import Primitive, table
from autograd.readings import Reading, readings

__all__ = [
    "OPPOSITE",
    "Call",
    "Chain",
    "Comparison",
    "Derivative",
    "Dots",
    "Figure",
    "Formula",
    "Name",
    "Negative",
    "Piecewise",
    "Power",
    "Product",
    "Quotient",
    "Sum",
    "Term",
    "evaluate",
    "local_derivative",
    "parts",
    "piece_at",
    "rule",
    "tidy",
]


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
    """A primitive of the table, by its name, applied to operands."""

    primitive: str
    operands: tuple[Term, ...]


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
class Figure(Formula):
    """A number already rounded for print, such as "0.08217"."""

    digits: str


@dataclass(frozen=True, slots=True)
class Chain(Formula):
    """Factors set apart, to be read one by one: ∂E/∂ŷ · ∂ŷ/∂z, or 0.7414 × 0.1868."""

    factors: tuple[Term, ...]
    figures: bool = False


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


# ── derivatives ───────────────────────────────────────────────────────────────────────────────────


def local_derivative(op: Primitive, y: Term, operands: Sequence[Term], index: int) -> Term | None:
    """∂y/∂operands[index] as a formula, in the textbook's form where the row has one.

    Returns:
        The formula, tidied; None where no gradient flows. A primitive whose row cannot be read with names (it
        calls ``math`` itself, say) gives the bare ∂y/∂operand.

    >>> from autograd.formulas.notations import text
    >>> text(local_derivative(table["sigmoid"], Name("a"), [Name("z")], 0))
    'a·(1 − a)'
    >>> text(local_derivative(table["pow"], Name("y"), [Name("x"), 2.0], 0))
    '2x'
    """
    rules: Any = op.derivatives
    if not op.nary and rules[index] is None:
        return None
    try:
        if index == 0 and op.textbook is not None:
            found = op.textbook(y, *operands)
        elif op.nary:
            found = rules(y, *operands)[index]
        else:
            found = rules[index](y, *operands)
    except Exception:  # whatever a row of someone's own does when it is fed names
        return Derivative(y, operands[index])
    return None if found is None else tidy(found)


@lru_cache(maxsize=1024)
def rule(op: Primitive, index: int, count: int) -> tuple[Derivative, Term]:
    """The two sides of the rule for ∂op/∂operand: (∂(a·b)/∂a, b).

    Args:
        index: which operand.
        count: how many operands there are, for a primitive of any number of them.

    >>> from autograd.formulas.notations import text
    >>> print(*(text(side) for side in rule(table["mul"], 0, 2)), sep=" = ")
    ∂(a·b)/∂a = b
    >>> print(*(text(side) for side in rule(table["tanh"], 0, 1)), sep=" = ")
    ∂tanh(x)/∂x = 1 − tanh(x)²
    """
    if op.name == "dot":
        letters, index = ["w", "x", "b"], min(2, index // (count // 2) if count > 1 else 2)
    elif op.nary:
        letters, index = ["a", "b"], 0
    else:
        letters = _letters(op)
    operands = [Name(letter) for letter in letters]
    y: Term = op(*operands)
    right = local_derivative(op, y, operands, index)
    return Derivative(y, operands[index]), math.nan if right is None else right


def _letters(op: Primitive) -> list[str]:
    """The names that the row gives its operands."""
    for function in (*op.derivatives, op.formula):  # type: ignore[misc]
        code = getattr(function, "__code__", None)
        if code is not None and code.co_argcount:
            names = list(code.co_varnames[: code.co_argcount])
            return names if function is op.formula else names[1:]
    return [f"x{i + 1}" for i in range(len(op.derivatives))]  # type: ignore[arg-type]


def tidy(term: Term) -> Term:
    """A product or quotient as one writes it by hand: the numbers multiplied, equal factors as a power,
    and in the order number, names, functions, sums.

    >>> from autograd.formulas.notations import text
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
    result = _divide(numerator, denominator)
    if _is_number(numerator) and _is_number(denominator) and denominator:
        result = numerator / denominator
    return _negative(result) if sign < 0 else result


def _as_power(x: Term) -> tuple[Term, float]:
    """The base and exponent of a power with a whole exponent; of anything else, itself and 1."""
    if isinstance(x, Power) and not isinstance(x.exponent, Formula) and x.exponent == x.exponent // 1 > 0:
        return x.base, x.exponent
    return x, 1.0


def _by_hand(number: float, factors: Mapping[Term, float]) -> Term:
    product: Term = number
    for factor in sorted((_power(base, times) for base, times in factors.items()), key=_place):
        product = product * factor
    return product


def _place(factor: Term) -> int:
    base = factor.base if isinstance(factor, Power) else factor
    return 0 if isinstance(base, Name) else 1 if isinstance(base, Call) else 2


# ── numbers again ─────────────────────────────────────────────────────────────────────────────────

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""What holds where a comparison does not."""


def parts(term: Term) -> tuple[Term, ...]:
    """What a formula is directly made of."""
    match term:
        case Sum(terms):
            return terms
        case Product(factors) | Chain(factors, _):
            return factors
        case Quotient(a, b) | Power(a, b) | Comparison(a, _, b) | Derivative(a, b, _):
            return a, b
        case Negative(x):
            return (x,)
        case Call(_, operands):
            return operands
        case Piecewise(condition, a, b):
            return condition, a, b
    return ()


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

    >>> from autograd.formulas.notations import text
    >>> z = Name("z")
    >>> piece, decided = piece_at(table["relu"].derivatives[0](z, z), {z: 2.0})
    >>> piece, text(decided[0])
    (1, 'z ≤ 0')
    """
    if not any(isinstance(x, Piecewise) for x in _all_parts(term)):
        return term, []
    decided: list[Comparison] = []

    def follow(x: Term) -> Term:
        match x:
            case Piecewise(condition, a, b):
                if isinstance(condition, Comparison):
                    decided.append(condition)
                return follow(a if evaluate(condition, numbers) else b)
            case Sum(terms):
                return _sum(*map(follow, terms))
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


def _all_parts(term: Term) -> Iterator[Term]:
    yield term
    for part in parts(term):
        yield from _all_parts(part)
