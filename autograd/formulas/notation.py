"""How a formula looks: one walk over the tree decides on signs and parentheses for every notation.

With this module one can

* write a formula for a terminal, `text`: ``2x·cos(x² + 1)``;
* make a notation of one's own, below `Notation`: it says what each piece looks like, and no more. Those for LaTeX,
  MathML and Python that runs are in `latex.py`, `mathml.py` and `python.py`.

Names may be anyone's labels, and are escaped.

>>> from autograd.primitives import table
>>> x = Name("x")
>>> text(2 * x * table["cos"](x ** 2 + 1))
'2x·cos(x² + 1)'
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable

from autograd.formulas.numbers import exact, with_minus
from autograd.formulas.spelling import clean, function_name, raised
from autograd.formulas.terms import (
    Call,
    Chain,
    Comparison,
    Derivative,
    Dots,
    Formula,
    Name,
    Negative,
    Piecewise,
    Power,
    Product,
    Quotient,
    Rounded,
    Sum,
    Term,
)

__all__ = ["ATOM", "COMPARED", "PIECES", "POWER", "PRODUCT", "SUM", "Notation", "text"]


# How tightly a piece holds together; one that is looser than its place allows gets parentheses.
PIECES, COMPARED, SUM, PRODUCT, POWER, ATOM = range(6)

_CONSTANTS: dict[float, Term] = {
    math.pi: Name("π"),
    math.e: Name("e"),
    math.sqrt(2): Call("sqrt", (2,)),
    math.log(2): Call("log", (2,)),
    math.log(10): Call("log", (10,)),
    math.sqrt(2 * math.pi): Call("sqrt", (Product((2, Name("π"))),)),
    2 / math.sqrt(math.pi): Quotient(2, Call("sqrt", (Name("π"),))),
}
"""Numbers that the rows of the table compute, and how they are written by hand."""


class Notation:
    """One way to write a formula. Calling it gives the string."""

    added, subtracted, minus = " + ", " − ", "−"
    times, apart, cross = "·", " · ", " × "
    dots, comma = "…", ", "
    stacked = False
    """Whether a quotient is a fraction with a bar, which needs no parentheses inside."""
    constants = True
    """Whether √2 is written for 1.4142…"""

    def __call__(self, term: Term) -> str:
        return self.write(term)

    def write(self, term: Term, tightness: int = PIECES) -> str:
        """The string for a place that takes what holds together at least this tightly."""
        level, string = self.pieces(term)
        return self.parentheses(string) if level < tightness else string

    def pieces(self, term: Term) -> tuple[int, str]:
        """How tightly the string for a term holds together, and the string."""
        match term:
            case Name(name):
                return self.tightness(name), self.name(name)
            case Rounded(digits):
                return (SUM if digits.startswith("-") else ATOM), self.number(digits)
            case Dots():
                return ATOM, self.dots
            case Sum(terms):
                return SUM, self.sum(terms)
            case Negative(x):
                return SUM, self.minus + self.write(x, PRODUCT)
            case Quotient(Negative()) | Product((Negative(), *_)):
                return self.pieces(_signed(term))
            case Product(factors):
                return PRODUCT, self.product(factors)
            case Chain(factors, numbers):
                return PRODUCT, (self.cross if numbers else self.apart).join(self.write(f, PRODUCT) for f in factors)
            case Quotient(a, b):
                return (POWER if self.stacked else PRODUCT), self.quotient(a, b)
            case Power(a, b):
                return POWER, self.power(a, b)
            case Call():
                return ATOM, self.call(term)
            case Piecewise(condition, a, b):
                return PIECES, self.piecewise(self.write(a, COMPARED), self.write(condition), self.write(b))
            case Comparison(a, sign, b):
                return COMPARED, self.write(a, COMPARED) + self.sign(sign) + self.write(b, SUM)
            case Derivative(a, b, direct):
                string = self.derivative(self.write(a, POWER + 1), self.write(b, ATOM))
                return POWER, self.direct(string) if direct else string
            case Formula():
                raise TypeError(f"no notation for {term!r}")
        if self.constants and term in _CONSTANTS:
            return self.pieces(_CONSTANTS[term])
        digits = self.digits(float(term))
        return (SUM if digits.startswith("-") else ATOM), self.number(digits)

    def sum(self, terms: Iterable[Term]) -> str:
        written = ""
        for term in map(_signed, terms):
            match term:
                case Negative(x):
                    negative, string = True, self.write(x, PRODUCT)
                case Rounded(digits) if digits.startswith("-"):
                    negative, string = True, self.number(digits[1:])
                case float() | int() if self.digits(term).startswith("-"):
                    negative, string = True, self.write(-term)
                case _:
                    negative, string = False, self.write(term, PRODUCT)
            if written:
                written += (self.subtracted if negative else self.added) + string
            else:
                written = self.minus + string if negative else string
        return written

    def product(self, factors: tuple[Term, ...]) -> str:
        written = self.write(factors[0], POWER)
        for i, (before, factor) in enumerate(itertools.pairwise(factors)):
            beside = i == 0 and self.beside(before, factor)  # w·0w is a riddle
            written += ("" if beside else self.times) + self.write(factor, POWER)
        return written

    def beside(self, a: Term, b: Term) -> bool:
        """Whether a number and a name stand side by side: 2x."""
        whole = isinstance(a, int | float) and float(a).is_integer()
        return whole and isinstance(b, Name) and bool(_LETTER.fullmatch(b.name))

    def digits(self, x: float) -> str:
        """A constant, by the fewest digits that are it and no other float: what is printed as a formula is exact."""
        return exact(x + 0.0)

    def tightness(self, name: str) -> int:
        """How tightly a name holds together: one like "a + b" needs parentheses."""
        return ATOM if _PLAIN.fullmatch(name) or self.stacked else SUM

    def name(self, name: str) -> str:
        return clean(name)

    def number(self, digits: str) -> str:
        return with_minus(digits)

    def parentheses(self, string: str) -> str:
        return f"({string})"

    def quotient(self, a: Term, b: Term) -> str:
        return f"{self.write(a, PRODUCT)}/{self.write(b, POWER)}"

    def base(self, term: Term) -> str:
        """What is raised to a power: a name like W¹ in parentheses, as W¹² is another one."""
        raised_already = isinstance(term, Name) and not set(term.name).isdisjoint("⁰¹²³⁴⁵⁶⁷⁸⁹⁾")
        return self.parentheses(self.write(term)) if raised_already else self.write(term, ATOM)

    def power(self, base: Term, exponent: Term) -> str:
        written = self.base(base)
        digits = self.digits(exponent) if isinstance(exponent, int | float) else "."
        if re.fullmatch("-?[0-9]+", digits):
            return written + raised(digits)
        return f"{written}^{self.write(exponent, ATOM)}"

    def listed(self, operands: tuple[Term, ...]) -> str:
        return self.comma.join(self.write(x, PIECES if len(operands) == 1 else COMPARED) for x in operands)

    def call(self, call: Call) -> str:
        if call.primitive == "abs" and not call.prime:
            return self.absolute(self.write(call.operands[0]))
        if call.primitive == "sqrt" and not call.prime:
            return self.root(call.operands[0])
        return self.applied(self.function(call.primitive), call.prime, self.listed(call.operands))

    def absolute(self, inside: str) -> str:
        return f"|{inside}|"

    def root(self, operand: Term) -> str:
        return "√" + self.write(operand, ATOM)

    def function(self, primitive: str) -> str:
        return function_name(primitive)

    def applied(self, function: str, prime: bool, inside: str) -> str:
        return f"{function}{'′' * prime}{self.parentheses(inside)}"

    def piecewise(self, a: str, condition: str, b: str) -> str:
        return f"{a} if {condition} else {b}"

    def sign(self, sign: str) -> str:
        return f" {SIGNS.get(sign, sign)} "

    def derivative(self, of: str, by: str) -> str:
        return f"∂{of}/∂{by}"

    def direct(self, derivative: str) -> str:
        return f"{derivative}|direct"


def _signed(term: Term) -> Term:
    """The same with a minus of its first factor before the whole: −(a/b) for (−a)/b."""
    match term:
        case Quotient(Negative(a), b):
            return Negative(Quotient(a, b))
        case Product((Negative(a), *rest)):
            return Negative(Product((a, *rest)))
    return term


SIGNS = {"<=": "≤", ">=": "≥"}
"""How a comparison is printed where that is not how Python writes it."""
_PLAIN = re.compile(r"[\w⁽⁾⁰-⁹¹²³\[\]’'′.]+")
_LETTER = re.compile("[A-DF-Za-df-z]")

text = Notation()
