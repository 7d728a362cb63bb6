"""How a formula looks: in a terminal, in LaTeX, in MathML, and as Python that runs.

With this module one can write a formula (`terms.py`) down with

* `text`: ``2x·cos(x² + 1)``;
* `latex`: ``2 x \\cdot \\cos\\left(x^{2} + 1\\right)``;
* `mathml`: the same for a page, without a script;
* `python`: ``2.0*x*cos(x**2 + 1.0)``, which `autograd.expression` reads back.

One walk over the tree decides on signs and parentheses for all four; a notation only says what each
piece looks like. Names may be anyone's labels, and are escaped.

>>> x, y1 = Name("x"), Name("ŷ1")
>>> slope = 2 * x * table["cos"](x ** 2 + 1)
>>> text(slope), latex(y1 * (1 - y1))
('2x·cos(x² + 1)', '\\\\hat{y}_{1} \\\\cdot \\\\left(1 - \\\\hat{y}_{1}\\\\right)')
>>> mathml(Name("<b>"))
'<mtext>&lt;b&gt;</mtext>'
"""

from __future__ import annotations

import html
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable

from autograd.formulas.terms import (
    Call,
    Chain,
    Comparison,
    Derivative,
    Dots,
    Figure,
    Formula,
    Name,
    Negative,
    Piecewise,
    Power,
    Product,
    Quotient,
    Sum,
    Term,
)
from autograd.primitives import table

__all__ = ["Notation", "latex", "mathml", "python", "text"]


# How tightly a piece holds together; one that is looser than its place allows gets parentheses.
PIECES, COMPARED, SUM, PRODUCT, POWER, ATOM = range(6)

_CONSTANTS: dict[float, Term] = {
    math.pi: Name("π"),
    math.e: Name("e"),
    math.sqrt(2): Call("sqrt", (2,)),
    math.sqrt(2 * math.pi): Call("sqrt", (Product((2, Name("π"))),)),
    2 / math.sqrt(math.pi): Quotient(2, Call("sqrt", (Name("π"),))),
}
"""Numbers that the rows of the table compute, and how they are written by hand."""


class Notation:
    """One way to write a formula. Calling it gives the string."""

    plus, minus, negative = " + ", " − ", "−"
    times, apart, cross = "·", " · ", " × "
    dots = "…"
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
        match term:
            case Name(name):
                return (ATOM if _PLAIN.fullmatch(name) or self.stacked else SUM), self.name(name)
            case Figure(digits):
                return (SUM if digits.startswith("-") else ATOM), self.number(digits)
            case Dots():
                return ATOM, self.dots
            case Sum(terms):
                return SUM, self.sum(terms)
            case Negative(x):
                return SUM, self.negative + self.write(x, PRODUCT)
            case Quotient(Negative(a), b):
                return self.pieces(Negative(Quotient(a, b)))
            case Product((Negative(a), *rest)):
                return self.pieces(Negative(Product((a, *rest))))
            case Product(factors):
                return PRODUCT, self.product(factors)
            case Chain(factors, figures):
                return PRODUCT, (self.cross if figures else self.apart).join(self.write(f, PRODUCT) for f in factors)
            case Quotient(a, b):
                if self.stacked:
                    return POWER, self.quotient(self.write(a), self.write(b))
                return PRODUCT, self.quotient(self.write(a, PRODUCT), self.write(b, POWER))
            case Power(a, b):
                return POWER, self.power(self.write(a, ATOM), b)
            case Call(name, operands):
                return ATOM, self.call(name, operands)
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
        for term in terms:
            match term:
                case Negative(x):
                    sign, string = self.minus, self.write(x, PRODUCT)
                case Figure(digits) if digits.startswith("-"):
                    sign, string = self.minus, self.number(digits[1:])
                case float() | int() if term < 0:
                    sign, string = self.minus, self.write(-term)
                case _:
                    sign, string = self.plus, self.write(term, PRODUCT)
            written = written + sign + string if written else (self.negative if sign == self.minus else "") + string
        return written

    def product(self, factors: tuple[Term, ...]) -> str:
        written = self.write(factors[0], POWER)
        for before, factor in itertools.pairwise(factors):
            written += ("" if self.beside(before, factor) else self.times) + self.write(factor, POWER)
        return written

    def beside(self, a: Term, b: Term) -> bool:
        """Whether a number and a name stand side by side: 2x."""
        return isinstance(a, int | float) and a == int(a) and isinstance(b, Name) and bool(_LETTER.fullmatch(b.name))

    def digits(self, x: float) -> str:
        """A constant, by the fewest digits that are it and no other float: what is printed as a formula is exact."""
        if x == int(x) and abs(x) < 1e9 if math.isfinite(x) else False:
            return str(int(x))
        return shorter(repr(x))

    def name(self, name: str) -> str:
        return clean(name)

    def number(self, digits: str) -> str:
        return digits.replace("-", "−", 1) if digits.startswith("-") else digits

    def parentheses(self, string: str) -> str:
        return f"({string})"

    def quotient(self, a: str, b: str) -> str:
        return f"{a}/{b}"

    def power(self, base: str, exponent: Term) -> str:
        digits = self.digits(exponent) if isinstance(exponent, int | float) else "."
        if re.fullmatch("-?[0-9]+", digits):
            return base + digits.translate(_RAISED)
        return f"{base}^{self.write(exponent, ATOM)}"

    def listed(self, operands: tuple[Term, ...], comma: str) -> str:
        return comma.join(self.write(x, PIECES if len(operands) == 1 else COMPARED) for x in operands)

    def call(self, name: str, operands: tuple[Term, ...]) -> str:
        inside = self.listed(operands, ", ")
        if name == "abs":
            return f"|{inside}|"
        if name == "sqrt":
            return "√" + self.write(operands[0], ATOM)
        return f"{_symbol(name)}({inside})"

    def piecewise(self, a: str, condition: str, b: str) -> str:
        return f"{a} if {condition} else {b}"

    def sign(self, sign: str) -> str:
        return f" {_SIGNS.get(sign, sign)} "

    def derivative(self, of: str, by: str) -> str:
        return f"∂{of}/∂{by}"

    def direct(self, derivative: str) -> str:
        return f"{derivative}|direct"


class _LaTeX(Notation):
    minus, negative = " - ", "-"
    times, apart, cross, dots = r" \cdot ", r" \cdot ", r" \times ", r"\dots"
    stacked = True

    def name(self, name: str) -> str:
        base, subscript, above = _split(name)
        letters = self.letters(base)
        return letters + (f"_{{{self.inside(subscript)}}}" if subscript else "") + (f"^{{{above}}}" if above else "")

    def inside(self, subscript: str) -> str:
        return subscript if subscript.isascii() else rf"\text{{{escaped_for_latex(subscript)}}}"

    def letters(self, base: str) -> str:
        plain = unicodedata.normalize("NFD", base)
        if len(plain) == 2 and plain[0].isascii() and plain[1] in _ACCENTS:
            return rf"\{_ACCENTS[plain[1]]}{{{plain[0]}}}"
        if len(base) == 1 and base.isalpha():
            greek = unicodedata.name(base, "").split()
            if greek[:1] == ["GREEK"] and greek[-2:-1] == ["LETTER"] and base not in "οΑΒΕΖΗΙΚΜΝΟΡΤΧς":
                word = greek[-1].lower().replace("lamda", "lambda")
                return "\\" + (word.capitalize() if greek[1] == "CAPITAL" else word)
            if base.isascii():
                return base
        if base.isascii() and base.isalpha():
            return rf"\mathrm{{{base}}}"
        return rf"\text{{{escaped_for_latex(clean(base))}}}"

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

    def quotient(self, a: str, b: str) -> str:
        return rf"\frac{{{a}}}{{{b}}}"

    def power(self, base: str, exponent: Term) -> str:
        return f"{{{base}}}^{{{self.write(exponent)}}}" if "^" in base else f"{base}^{{{self.write(exponent)}}}"

    def call(self, name: str, operands: tuple[Term, ...]) -> str:
        inside = self.listed(operands, ", ")
        if name == "abs":
            return rf"\left|{inside}\right|"
        if name == "sqrt":
            return rf"\sqrt{{{inside}}}"
        if name in _LATEX_FUNCTIONS:
            function = _LATEX_FUNCTIONS[name]
        elif name == "sigmoid":
            function = r"\sigma"
        else:
            function = rf"\operatorname{{{escaped_for_latex(_symbol(name))}}}"
        return function + self.parentheses(inside)

    def piecewise(self, a: str, condition: str, b: str) -> str:
        return rf"\begin{{cases}} {a} & \text{{if }} {condition} \\ {b} & \text{{otherwise}} \end{{cases}}"

    def sign(self, sign: str) -> str:
        return {"<": r" \lt ", ">": r" \gt ", "<=": r" \le ", ">=": r" \ge "}.get(sign, f" {sign} ")

    def derivative(self, of: str, by: str) -> str:
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"

    def direct(self, derivative: str) -> str:
        return rf"\left.{derivative}\right|_{{\text{{direct}}}}"


class _MathML(Notation):
    plus, minus, negative = "<mo>+</mo>", "<mo>−</mo>", '<mo form="prefix">−</mo>'
    times, apart, cross, dots = "<mo>·</mo>", "<mo>·</mo>", "<mo>×</mo>", "<mo>…</mo>"
    stacked = True

    def name(self, name: str) -> str:
        base, subscript, raised = _split(name)
        plain = unicodedata.normalize("NFD", base)
        if len(plain) == 2 and plain[1] in _ACCENTS:
            mark = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙"}[_ACCENTS[plain[1]]]
            letters = f"<mover><mi>{plain[0]}</mi><mo>{mark}</mo></mover>"
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
        sign = self.negative if digits.startswith("-") else ""
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

    def quotient(self, a: str, b: str) -> str:
        return f"<mfrac>{_row(a)}{_row(b)}</mfrac>"

    def power(self, base: str, exponent: Term) -> str:
        return f"<msup>{_row(base)}{_row(self.write(exponent))}</msup>"

    def call(self, name: str, operands: tuple[Term, ...]) -> str:
        inside = self.listed(operands, "<mo>,</mo>")
        if name == "abs":
            return f"<mrow><mo>|</mo>{inside}<mo>|</mo></mrow>"
        if name == "sqrt":
            return f"<msqrt>{inside}</msqrt>"
        return f"<mi>{html.escape(_symbol(name))}</mi><mo>\u2061</mo>{self.parentheses(inside)}"

    def piecewise(self, a: str, condition: str, b: str) -> str:
        cell = '<mtd style="text-align: left">{}</mtd>'.format
        rows = f"<mtr>{cell(a)}{cell('<mtext>if&#160;</mtext>' + condition)}</mtr>"
        rows += f"<mtr>{cell(b)}{cell('<mtext>otherwise</mtext>')}</mtr>"
        return f"<mrow><mo>{{</mo><mtable>{rows}</mtable></mrow>"

    def sign(self, sign: str) -> str:
        return f"<mo>{html.escape(_SIGNS.get(sign, sign))}</mo>"

    def derivative(self, of: str, by: str) -> str:
        return f"<mfrac><mrow><mi>∂</mi>{of}</mrow><mrow><mi>∂</mi>{by}</mrow></mfrac>"

    def direct(self, derivative: str) -> str:
        return f"<msub><mrow>{derivative}<mo>|</mo></mrow><mtext>direct</mtext></msub>"


class _Python(Notation):
    minus, negative, times, apart, cross = " - ", "-", "*", "*", "*"
    constants = False

    def beside(self, a: Term, b: Term) -> bool:
        return False

    def digits(self, x: float) -> str:
        return repr(x)

    def name(self, name: str) -> str:
        return re.sub(r"\W", "_", name)

    def number(self, digits: str) -> str:
        return digits

    def power(self, base: str, exponent: Term) -> str:
        return f"{base}**{self.write(exponent, ATOM)}"

    def call(self, name: str, operands: tuple[Term, ...]) -> str:
        return f"{name}({', '.join(map(self.write, operands))})"

    def piecewise(self, a: str, condition: str, b: str) -> str:
        return f"where({condition}, {a}, {b})"

    def sign(self, sign: str) -> str:
        return f" {sign} "


text, latex, mathml, python = Notation(), _LaTeX(), _MathML(), _Python()

_PLAIN = re.compile(r"[\w⁽⁾⁰-⁹¹²³\[\]’'′.]+")
_LETTER = re.compile("[A-DF-Za-df-z]")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁽⁾", "01234567890123456789()")
_SIGNS = {"<=": "≤", ">=": "≥"}
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
_LATEX_FUNCTIONS = {name: "\\" + name for name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh")} | {
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "maximum": r"\max",
    "minimum": r"\min",
}
_NAME = re.compile(
    r"(?P<base>[^\W\d_⁰-⁹¹²³]+)_?(?P<subscript>[^\W⁰-⁹¹²³]*|(?:\[\w+\])+)(?P<above>[⁰-⁹¹²³]*|⁽[⁰-⁹¹²³]+⁾)"
)


def _row(string: str) -> str:
    return f"<mrow>{string}</mrow>"


def _symbol(name: str) -> str:
    """What the function of a primitive is called on paper."""
    symbol = table[name].symbol if name in table else name
    return symbol if symbol.isidentifier() else name


def _split(name: str) -> tuple[str, str, str]:
    """The letters of a name, its subscript, and what stands above it: w5, w_ij, W[0][1], w⁽²⁾."""
    found = _NAME.fullmatch(unicodedata.normalize("NFC", name))
    if not found:
        return name, "", ""
    subscript = found["subscript"].strip("[]").replace("][", ",").translate(_LOWERED)
    return found["base"], subscript, found["above"].translate(_LOWERED)


def clean(label: str, longest: int = 24) -> str:
    """A label fit for one line: no line breaks or control characters, and not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in label).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def escaped_for_latex(words: str) -> str:
    r"""Words for the inside of \text{…}.

    >>> escaped_for_latex("50% of {a_b}")
    '50\\% of \\{a\\_b\\}'
    """
    return "".join(_LATEX_ESCAPES.get(c, c) for c in words)


_LATEX_ESCAPES = {c: "\\" + c for c in "{}$&#_%"} | {
    "\\": r"{\backslash}",
    "^": r"{\wedge}",
    "~": r"{\sim}",
    "<": r"{\lt}",
    ">": r"{\gt}",
}


def shorter(digits: str) -> str:
    """1.5e-07 as 1.5e-7."""
    return re.sub(r"e([+-]?)0*(\d)", lambda e: "e" + e[1].replace("+", "") + e[2], digits)
