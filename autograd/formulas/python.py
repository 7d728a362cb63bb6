"""Formulas in Python, which `autograd.expression` reads back.

>>> from autograd.formulas.terms import Name
>>> from autograd.primitives import table
>>> x = Name("x")
>>> python(2 * x * table["cos"](x ** 2 + 1))
'2.0*x*cos(x**2.0 + 1.0)'
"""

from __future__ import annotations

import re

from autograd.formulas.notation import ATOM, Notation
from autograd.formulas.terms import Call, Term

__all__ = ["Python", "python"]


class Python(Notation):
    """How it looks in Python."""

    subtracted, minus, times, apart, cross = " - ", "-", "*", "*", "*"
    constants = False

    def beside(self, a: Term, b: Term) -> bool:
        return False

    def digits(self, x: float) -> str:
        return repr(x)

    def name(self, name: str) -> str:
        return re.sub(r"\W", "_", name)

    def number(self, digits: str) -> str:
        return digits

    def power(self, base: Term, exponent: Term) -> str:
        return f"{self.write(base, ATOM)}**{self.write(exponent, ATOM)}"

    def call(self, call: Call) -> str:
        if call.prime:
            raise TypeError(f"Python has no name for the derivative of {call.primitive}")
        return f"{call.primitive}({', '.join(map(self.write, call.operands))})"

    def piecewise(self, a: str, condition: str, b: str) -> str:
        return f"where({condition}, {a}, {b})"

    def sign(self, sign: str) -> str:
        return f" {sign} "


python = Python()
