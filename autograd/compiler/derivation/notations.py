"""How a derivation looks, in a terminal and in LaTeX: `Plain` and `LaTeX`.

They are the notations of `autograd.formulas`, in which products stand side by side, and with indices, sums over axes
and products of matrices.

=======================  =======================================================================
written                  meaning
=======================  =======================================================================
``W x``, ``δ xᵀ``        products of matrices and vectors; of a number and anything
``a ⊙ b``, ``a / b``     element by element, as are + and − and all functions
``Σ a``, ``Σₖ x[i, k]``  the sum of all elements; over k
``σ′(z)``                the local derivative of a primitive of one operand
``[x > 0]``              1 where that is true, else 0
``(a, b)``               one vector after another
``v[3]``, ``v[0:6:2]``   elements, counted row by row from 0 where there are more axes than indices
=======================  =======================================================================
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from autograd.compiler.derivation.indices import Index, Split
from autograd.compiler.derivation.terms import (
    Element,
    Hadamard,
    Indicator,
    MatrixProduct,
    Negation,
    Reduction,
    Slice,
    Transposed,
    Tuple,
)
from autograd.compiler.derivation.vectors import takes_all_that_follows
from autograd.formulas import latex
from autograd.formulas.notation import ATOM, POWER, PRODUCT, Notation
from autograd.formulas.numbers import exact
from autograd.formulas.spelling import greek, level, raised
from autograd.formulas.terms import Formula, Name, Quotient, Term

__all__ = ["LETTERS", "LaTeX", "Plain"]

LETTERS = dict(zip("ijklmnprstu", "ᵢⱼₖₗₘₙₚᵣₛₜᵤ", strict=True))
"""The letters of axes, and how they stand under a Σ."""
_UP, _DOWN = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"


class Plain(Notation):
    """How it looks in a terminal."""

    times, hadamard, equals, adds = " ", " ⊙ ", "=", "+="
    constants = False  # what is printed is what is computed, and √2 is not
    fractions: ClassVar[dict[str, str]] = {"0.5": "½", "0.25": "¼", "0.75": "¾"}

    def pieces(self, term: Term) -> tuple[int, str]:
        match term:
            case Element():
                return ATOM, self.element(term)
            case Slice(name, start, step, length):
                return ATOM, self.part(self.name(name), _slice(start, step, length))
            case Hadamard(factors):
                return PRODUCT, self.side_by_side(factors, self.hadamard)
            case MatrixProduct(a, b):
                return PRODUCT, self.write(a, POWER) + self.times + self.write(b, POWER)
            case Transposed(of):
                return POWER, self.transposed(self.write(of))
            case Reduction("Σ", axes, body):
                return PRODUCT, f"{self.under('Σ', axes)} {self.write(body, PRODUCT)}"
            case Reduction(name, axes, body):
                return ATOM, self.under(name, axes) + self.parentheses(self.write(body))
            case Negation(condition):
                return ATOM, self.negated(self.write(condition))
            case Indicator(condition):
                return ATOM, self.bracket(self.write(condition))
            case Tuple(items):
                return ATOM, self.parentheses(self.comma.join(map(self.write, items)))
        return super().pieces(term)

    # ── products, quotients, powers ───────────────────────────────────────────────────────────

    def product(self, factors: tuple[Term, ...]) -> str:
        return self.side_by_side(factors, self.times)

    def side_by_side(self, factors: Sequence[Term], sign: str) -> str:
        number = [] if isinstance(factors[0], Formula) else [self.write(factors[0], POWER)]
        others = sorted(factors[len(number) :], key=takes_all_that_follows)
        places = range(len(others))
        return sign.join(
            [*number, *(self.factor(x, not i, i == len(others) - 1) for i, x in zip(places, others, strict=True))]
        )

    def factor(self, x: Term, first: bool, last: bool) -> str:
        """A factor; its own product needs no parentheses if it comes first, nor a Σ if it comes last.

        A quotient always does: a / b c is a / (b c) to most.
        """
        is_open = takes_all_that_follows(x)
        if is_open and not last:
            return self.parentheses(self.write(x))
        return self.write(x, PRODUCT if (first and not isinstance(x, Quotient)) or is_open else POWER)

    def quotient(self, a: Term, b: Term) -> str:
        above = self.parentheses(self.write(a)) if takes_all_that_follows(a) else self.write(a, PRODUCT)
        return f"{above} / {self.write(b, POWER)}"

    def power(self, base: Term, exponent: Term) -> str:
        name = base.name if isinstance(base, Name) or (isinstance(base, Element) and not base.at) else ""
        marked = name and (name in "zaWbδ" or name[-1] in _UP)  # a² would be that of the second layer
        written = self.parentheses(self.write(base)) if marked else self.write(base, ATOM)
        return self.to_the(written, self.write(exponent))

    def to_the(self, base: str, exponent: str) -> str:
        return base + (raised(exponent) if exponent.isdigit() else f"^({exponent})")

    # ── names, numbers, functions ─────────────────────────────────────────────────────────────

    def name(self, name: str) -> str:
        return name

    def tightness(self, name: str) -> int:
        return ATOM

    def digits(self, x: float) -> str:
        return exact(x) if x or math.copysign(1, x) > 0 else "-0"

    def number(self, digits: str) -> str:
        size = digits.removeprefix("-")
        return self.minus * (size != digits) + (self.fractions.get(size) or super().number(size))

    def function(self, primitive: str) -> str:
        return "σ" if primitive == "sigmoid" else primitive

    def absolute(self, inside: str) -> str:
        return f"abs({inside})" if "|" in inside else f"|{inside}|"

    def root(self, operand: Term) -> str:
        return self.applied(self.function("sqrt"), False, self.write(operand))

    # ── arrays ────────────────────────────────────────────────────────────────────────────────

    def element(self, x: Element) -> str:
        """An element with all its indices."""
        name = self.name(x.name)
        return self.part(name, ", ".join(map(self.index, x.at))) if x.at else name

    def index(self, index: Index) -> str:
        summands = [(n, ("" if abs(n) == 1 else str(abs(n))) + self.atom(atom)) for atom, n in index.parts]
        if index.constant or not summands:
            summands.append((index.constant, str(abs(index.constant))))
        written = ""
        for factor, size in summands:
            sign = self.minus if factor < 0 else "+"
            written += (f" {sign} " if written else self.minus * (factor < 0)) + size
        return written

    def atom(self, atom: Any) -> str:
        if isinstance(atom, Split):
            return f"(({self.index(atom.index)}) {'%' if atom.rest else '//'} {atom.by})"
        return atom if isinstance(atom, str) else self.element(atom)

    def part(self, name: str, inside: str) -> str:
        return f"{name}[{inside}]"

    def under(self, name: str, letters: Sequence[str]) -> str:
        return name + "".join(LETTERS[letter] for letter in letters)

    def transposed(self, x: str) -> str:
        return f"{x}ᵀ" if len(x) == 1 else f"({x})ᵀ"

    def bracket(self, x: str) -> str:
        return f"[{x}]"

    def negated(self, x: str) -> str:
        return f"¬({x})"

    def ranges(self, ranges: dict[str, int]) -> str:
        return "   for " + ", ".join(f"{letter} < {length}" for letter, length in ranges.items()) if ranges else ""


class LaTeX(Plain, latex.LaTeX):
    """How it looks in LaTeX."""

    times, hadamard, equals, adds = r"\,", r" \odot ", "&=", r"&\mathrel{+}="
    subtracted, minus, stacked = latex.LaTeX.subtracted, latex.LaTeX.minus, False
    fractions: ClassVar[dict[str, str]] = {"0.5": r"\tfrac{1}{2}", "0.25": r"\tfrac{1}{4}", "0.75": r"\tfrac{3}{4}"}

    def name(self, name: str) -> str:
        if name.startswith("∂"):
            return self.derivative(*map(self.name, name[1:].split("/∂")))
        stem = name.rstrip(_UP + _DOWN)
        mark = name[len(stem) :]
        bare = len(stem) == 1 and stem != "_"
        letter = greek(stem) or (stem if bare else rf"\mathrm{{{stem}}}".replace("_", r"\_"))
        return f"{letter}{'^' if mark[0] in _UP else '_'}{{{level(mark)}}}" if mark else letter

    def function(self, primitive: str) -> str:
        return r"\sigma" if primitive == "sigmoid" else rf"\mathrm{{{primitive}}}".replace("_", r"\_")

    absolute = latex.LaTeX.absolute

    def to_the(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def part(self, name: str, inside: str) -> str:
        return rf"{name}\left[{inside}\right]".replace("%", r"\bmod ")

    def under(self, name: str, letters: Sequence[str]) -> str:
        written = r"\sum" if name == "Σ" else rf"\mathrm{{{name}}}"
        return written + (f"_{{{','.join(letters)}}}" if letters else "")

    def transposed(self, x: str) -> str:
        return f"{x}^{{\\top}}" if len(x) == 1 else rf"\left({x}\right)^{{\top}}"

    def bracket(self, x: str) -> str:
        return rf"\left[{x}\right]"

    def negated(self, x: str) -> str:
        return rf"\neg\left({x}\right)"

    def ranges(self, ranges: dict[str, int]) -> str:
        inside = r",\ ".join(f"{letter} < {length}" for letter, length in ranges.items())
        return rf"\quad\text{{for }}{inside}" if ranges else ""


def _slice(start: int, step: int, length: int) -> str:
    """start, start + step, … as Python writes it."""
    stop = start + step * length if step < 0 else start + step * (length - 1) + 1
    end = str(stop) if stop >= 0 else ""
    return f"{start}:{end}" + ("" if step == 1 else f":{step}")
