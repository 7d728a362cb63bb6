"""Formulas in LaTeX.

>>> from autograd.formulas.terms import Name
>>> y1 = Name("ŷ1")
>>> latex(y1 * (1 - y1))
'\\\\hat{y}_{1} \\\\cdot \\\\left(1 - \\\\hat{y}_{1}\\\\right)'
"""

from __future__ import annotations

import re

from autograd.formulas.notation import Notation
from autograd.formulas.spelling import ACCENTS, accented, clean, function_name, greek, split, words_in_latex
from autograd.formulas.terms import Term
from autograd.primitives import table

__all__ = ["LaTeX", "latex"]

_SIGNS = {"<": r" \lt ", ">": r" \gt ", "<=": r" \le ", ">=": r" \ge ", "≠": r" \ne "}
_FUNCTIONS = frozenset({
    "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "coth", "csc", "exp", "ln", "log", "max", "min", "sec",
    "sin", "sinh", "tan", "tanh",
})  # fmt: skip
"""The functions that LaTeX has a command for."""
_LINE = re.compile("[A-Za-z0-9.,]*")  # what mathematics sets on one line, as it is


class LaTeX(Notation):
    """How it looks in LaTeX (amsmath)."""

    subtracted, minus = " - ", "-"
    times, apart, cross, dots = r" \cdot ", r" \cdot ", r" \times ", r"\dots"
    stacked = True

    def name(self, name: str) -> str:
        base, subscript, above = split(name)
        letters = self.letters(base)
        return letters + (f"_{{{self.inside(subscript)}}}" if subscript else "") + (f"^{{{above}}}" if above else "")

    def inside(self, subscript: str) -> str:
        return subscript if _LINE.fullmatch(subscript) else words_in_latex(subscript)

    def letters(self, base: str) -> str:
        if (found := accented(base)) and found[0].isascii() and found[0].isalpha():
            return rf"\{ACCENTS[found[1]]}{{{found[0]}}}"
        if word := greek(base):
            return word
        if base.isascii() and base.isalpha():
            return base if len(base) == 1 else rf"\mathrm{{{base}}}"
        return words_in_latex(clean(base))

    def number(self, digits: str) -> str:
        if digits in ("nan", "inf", "-inf"):
            return {"nan": r"\text{nan}", "inf": r"\infty", "-inf": r"-\infty"}[digits]
        mantissa, _, exponent = digits.partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa

    def parentheses(self, string: str) -> str:
        return rf"\left({string}\right)"

    def beside(self, a: Term, b: Term) -> bool:
        return False

    def product(self, factors: tuple[Term, ...]) -> str:
        if len(factors) > 1 and super().beside(factors[0], factors[1]):
            rest = super().product(factors[1:])
            return f"{self.write(factors[0])} {rest}"
        return super().product(factors)

    def quotient(self, a: Term, b: Term) -> str:
        return rf"\frac{{{self.write(a)}}}{{{self.write(b)}}}"

    def power(self, base: Term, exponent: Term) -> str:
        written = self.base(base)
        if "^" in written:
            written = f"{{{written}}}"
        return f"{written}^{{{self.write(exponent)}}}"

    def absolute(self, inside: str) -> str:
        return rf"\left|{inside}\right|"

    def root(self, operand: Term) -> str:
        return rf"\sqrt{{{self.write(operand)}}}"

    def function(self, primitive: str) -> str:
        called = table[primitive].called.get("latex", primitive) if primitive in table else primitive
        if called in _FUNCTIONS:
            return "\\" + called
        name = function_name(primitive)
        return greek(name) or rf"\operatorname{{{name if _LINE.fullmatch(name) else words_in_latex(name)}}}"

    def applied(self, function: str, prime: bool, inside: str) -> str:
        return function + "'" * prime + self.parentheses(inside)

    def piecewise(self, a: str, condition: str, b: str) -> str:
        return rf"\begin{{cases}} {a} & \text{{if }} {condition} \\ {b} & \text{{otherwise}} \end{{cases}}"

    def sign(self, sign: str) -> str:
        return _SIGNS.get(sign, f" {sign} ")

    def derivative(self, of: str, by: str) -> str:
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"

    def direct(self, derivative: str) -> str:
        return rf"\left.{derivative}\right|_{{\text{{direct}}}}"


latex = LaTeX()
