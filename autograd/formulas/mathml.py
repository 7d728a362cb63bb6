"""Formulas in MathML: browsers show them without a script.

>>> from autograd.formulas.terms import Name
>>> mathml(Name("<b>"))
'<mtext>&lt;b&gt;</mtext>'
"""

from __future__ import annotations

import html

from autograd.formulas.notation import SIGNS, Notation
from autograd.formulas.spelling import accented, clean, split
from autograd.formulas.terms import Term

__all__ = ["MathML", "mathml"]

_MARKS = {"\u0302": "^", "\u0304": "¯", "\u0303": "~", "\u0307": "˙"}


class MathML(Notation):
    """How it looks in MathML, for a page without a script."""

    added, subtracted, minus = "<mo>+</mo>", "<mo>−</mo>", '<mo form="prefix">−</mo>'
    times, apart, cross, dots = "<mo>·</mo>", "<mo>·</mo>", "<mo>×</mo>", "<mo>…</mo>"
    comma = "<mo>,</mo>"
    stacked = True

    def name(self, name: str) -> str:
        base, subscript, raised = split(name)
        if found := accented(base):
            letters = f"<mover><mi>{found[0]}</mi><mo>{_MARKS[found[1]]}</mo></mover>"
        elif base.isalpha():
            letters = f"<mi>{html.escape(base)}</mi>"
        else:
            letters = f"<mtext>{html.escape(clean(base))}</mtext>"
        tag = "mn" if subscript.isdigit() else "mi"
        below = f"<{tag}>{html.escape(subscript)}</{tag}>" if subscript else ""
        above = f"<mtext>{raised}</mtext>" if raised else ""
        if below and above:
            return f"<msubsup>{letters}{below}{above}</msubsup>"
        if below:
            return f"<msub>{letters}{below}</msub>"
        return f"<msup>{letters}{above}</msup>" if above else letters

    def number(self, digits: str) -> str:
        sign = self.minus if digits.startswith("-") else ""
        mantissa, _, exponent = digits.removeprefix("-").partition("e")
        if mantissa in ("nan", "inf"):
            return sign + f"<mi>{'∞' if mantissa == 'inf' else 'nan'}</mi>"
        if exponent:
            power = f"<msup><mn>10</mn>{_row(self.number(str(int(exponent))))}</msup>"
            return f"{sign}<mn>{mantissa}</mn><mo>·</mo>{power}"
        return f"{sign}<mn>{mantissa}</mn>"

    def parentheses(self, string: str) -> str:
        return f"<mrow><mo>(</mo>{string}<mo>)</mo></mrow>"

    def beside(self, a: Term, b: Term) -> bool:
        return False

    def product(self, factors: tuple[Term, ...]) -> str:
        if len(factors) > 1 and super().beside(factors[0], factors[1]):
            rest = super().product(factors[1:])
            return f"{self.write(factors[0])}<mo>\u2062</mo>{rest}"
        return super().product(factors)

    def quotient(self, a: Term, b: Term) -> str:
        return f"<mfrac>{_row(self.write(a))}{_row(self.write(b))}</mfrac>"

    def power(self, base: Term, exponent: Term) -> str:
        return f"<msup>{_row(self.base(base))}{_row(self.write(exponent))}</msup>"

    def absolute(self, inside: str) -> str:
        return f"<mrow><mo>|</mo>{inside}<mo>|</mo></mrow>"

    def root(self, operand: Term) -> str:
        return f"<msqrt>{self.write(operand)}</msqrt>"

    def applied(self, function: str, prime: bool, inside: str) -> str:
        return f"<mi>{html.escape(function)}{'′' * prime}</mi><mo>\u2061</mo>{self.parentheses(inside)}"

    def piecewise(self, a: str, condition: str, b: str) -> str:
        cell = '<mtd style="text-align: left">{}</mtd>'.format
        rows = f"<mtr>{cell(a)}{cell('<mtext>if&#160;</mtext>' + condition)}</mtr>"
        rows += f"<mtr>{cell(b)}{cell('<mtext>otherwise</mtext>')}</mtr>"
        return f"<mrow><mo>{{</mo><mtable>{rows}</mtable></mrow>"

    def sign(self, sign: str) -> str:
        return f"<mo>{html.escape(SIGNS.get(sign, sign))}</mo>"

    def derivative(self, of: str, by: str) -> str:
        return f"<mfrac><mrow><mi>∂</mi>{of}</mrow><mrow><mi>∂</mi>{by}</mrow></mfrac>"

    def direct(self, derivative: str) -> str:
        return f"<msub><mrow>{derivative}<mo>|</mo></mrow><mtext>direct</mtext></msub>"


def _row(string: str) -> str:
    return f"<mrow>{string}</mrow>"


mathml = MathML()
