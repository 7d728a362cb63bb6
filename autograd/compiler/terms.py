"""Formulas of a derivation, and how they look: in a terminal and in LaTeX.

A `Term` is a formula with indices, Σₖ W[i, k] x[k]. It is written without them where that says the same, as
the sources do: W x, (W)ᵀ δ, δ xᵀ, a ⊙ b, Σ a; and with them where it does not: x[2i + k] for i < 3.

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

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

from autograd.primitives import Primitive
from autograd.readings import Reading, readings

__all__ = [
    "ARITHMETIC", "Bracket", "Call", "Compare", "Index", "LaTeX", "NoVectors", "Not", "Num", "Plain", "Power",
    "Product", "Quotient", "Reduce", "Ref", "Split", "Sum", "Term", "as_condition", "as_number", "indexed",
    "occurring", "plus", "replaced", "times", "vectors",
]  # fmt: skip


# ── indices ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Split:
    """index // by or index % by: one axis of a row that is counted through several."""

    index: Index
    by: int
    rest: bool


@dataclass(frozen=True)
class Index:
    """constant + Σ factor · atom; an atom is the letter of an axis, an element of a table or input, or a `Split`."""

    constant: int = 0
    parts: tuple[tuple[Any, int], ...] = ()

    def __add__(self, other: Index) -> Index:
        parts = dict(self.parts)
        for atom, factor in other.parts:
            parts[atom] = parts.get(atom, 0) + factor
        return Index(self.constant + other.constant, tuple((a, f) for a, f in parts.items() if f))

    def __mul__(self, factor: int) -> Index:
        return Index(self.constant * factor, tuple((a, f * factor) for a, f in self.parts) if factor else ())

    def letters(self) -> set[str]:
        found: set[str] = set()
        for atom, _ in self.parts:
            if isinstance(atom, str):
                found.add(atom)
            elif isinstance(atom, Split):
                found |= atom.index.letters()
            else:
                found |= _letters(atom)
        return found

    def split(self, shape: Sequence[int], ranges: dict[str, int]) -> tuple[Index, ...]:
        """This place, counted row by row, as one index for each axis of a shape."""
        found: list[Index] = []
        rest = self
        for number, _ in enumerate(shape):
            inner = prod(shape[number + 1 :])
            if inner == 1 and number == len(shape) - 1:
                found.append(rest)
                break
            outer, rest = _divided(rest, inner, ranges)
            found.append(outer)
        return tuple(found)


def _divided(index: Index, by: int, ranges: dict[str, int]) -> tuple[Index, Index]:
    """index // by and index % by, by parts where the parts say so."""
    if by == 1:
        return index, Index()
    above = Index(index.constant // by, tuple((a, f // by) for a, f in index.parts if f // by))
    below = Index(index.constant % by, tuple((a, f % by) for a, f in index.parts if f % by))
    most = below.constant
    for atom, factor in below.parts:
        most += factor * (ranges[atom] - 1) if isinstance(atom, str) else by
    if most < by:
        return above, below
    return Index(0, ((Split(index, by, False), 1),)), Index(0, ((Split(index, by, True), 1),))


# ── terms ─────────────────────────────────────────────────────────────────────────────────────


class Term:
    """A formula. Arithmetic with `Term`s and numbers makes formulas, so that rows of the table can be read in them."""

    __slots__ = ()

    def __add__(self, other: Any) -> Term:
        return plus(as_number(self), as_number(other))

    def __radd__(self, other: Any) -> Term:
        return plus(as_number(other), as_number(self))

    def __sub__(self, other: Any) -> Term:
        return plus(as_number(self), times(Num(-1.0), as_number(other)))

    def __rsub__(self, other: Any) -> Term:
        return plus(as_number(other), times(Num(-1.0), as_number(self)))

    def __mul__(self, other: Any) -> Term:
        return times(as_number(self), as_number(other))

    def __rmul__(self, other: Any) -> Term:
        return times(as_number(other), as_number(self))

    def __truediv__(self, other: Any) -> Term:
        return Quotient(as_number(self), as_number(other))

    def __rtruediv__(self, other: Any) -> Term:
        return Quotient(as_number(other), as_number(self))

    def __pow__(self, other: Any) -> Term:
        return Power(as_number(self), as_number(other))

    def __rpow__(self, other: Any) -> Term:
        return Power(as_number(other), as_number(self))

    def __neg__(self) -> Term:
        return times(Num(-1.0), as_number(self))

    def __pos__(self) -> Term:
        return self

    def __abs__(self) -> Term:
        return Call("abs", (as_number(self),))

    def __lt__(self, other: Any) -> Term:
        return Compare("<", as_number(self), as_number(other))

    def __le__(self, other: Any) -> Term:
        return Compare("≤", as_number(self), as_number(other))

    def __gt__(self, other: Any) -> Term:
        return Compare(">", as_number(self), as_number(other))

    def __ge__(self, other: Any) -> Term:
        return Compare("≥", as_number(self), as_number(other))


@dataclass(frozen=True)
class Num(Term):
    value: float


@dataclass(frozen=True)
class Ref(Term):
    """An element of something that has a name. `matrix`: written W x where that is meant."""

    name: str
    shape: tuple[int, ...]
    at: tuple[Index, ...]


@dataclass(frozen=True)
class Call(Term):
    """A primitive of the table, or its derivative."""

    name: str
    args: tuple[Term, ...]
    prime: bool = False


@dataclass(frozen=True)
class Sum(Term):
    parts: tuple[Term, ...]


@dataclass(frozen=True)
class Product(Term):
    factor: float
    parts: tuple[Term, ...]


@dataclass(frozen=True)
class Quotient(Term):
    above: Term
    below: Term


@dataclass(frozen=True)
class Power(Term):
    base: Term
    exponent: Term


@dataclass(frozen=True)
class Reduce(Term):
    """Σ over some axes; or log Σ exp, or the greatest, over them."""

    name: str
    letters: tuple[str, ...]
    body: Term


@dataclass(frozen=True)
class Compare(Term):
    sign: str
    a: Term
    b: Term


@dataclass(frozen=True)
class Not(Term):
    condition: Term


@dataclass(frozen=True)
class Bracket(Term):
    """1 where the condition is true, 0 elsewhere."""

    condition: Term


def as_number(x: Any) -> Term:
    """x as a formula of a number: 1 or 0 for a condition."""
    if not isinstance(x, Term):
        return Num(float(x))
    return Bracket(x) if isinstance(x, (Compare, Not)) else x


def as_condition(x: Term) -> Term:
    """x as a condition: a number is true if it is not 0."""
    if isinstance(x, (Compare, Not)):
        return x
    return x.condition if isinstance(x, Bracket) else Compare("≠", x, Num(0.0))


class _Terms(Reading):
    """The table read in formulas: arithmetic is written out, everything else called by its name."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        if op.name == "where":
            condition, a, b = operands
            if not isinstance(condition, Term):
                return a if condition else b
            if a == 1 and b == 0:
                return as_condition(condition)
            return Call("where", (as_condition(condition), as_number(a), as_number(b)))
        if op.name in ("equal", "not_equal"):  # == on formulas asks whether they are the same
            a, b = map(as_number, operands)
            return Compare("=" if op.name == "equal" else "≠", a, b)
        if op.name in ("dot", "total") or (op.formula is not None and op.name in ARITHMETIC):
            return op.formula(*operands)  # type: ignore[misc]
        args = tuple([as_number(x) for x in operands])
        return Call(op.name, (Call("", args),) if op.nary and len(args) > 1 else args)


readings[Term] = _Terms()

ARITHMETIC = frozenset({"add", "sub", "mul", "div", "neg", "pos", "pow", "less", "less_equal", "greater",
                        "greater_equal", "equal", "not_equal", "detach"})  # fmt: skip
"""Rows that are written as what they compute."""


def times(*terms: Term) -> Term:
    """The product, with one number in front."""
    factor, parts = 1.0, list[Term]()
    for term in terms:
        if isinstance(term, Num):
            factor *= term.value
        elif isinstance(term, Product):
            factor *= term.factor
            parts += term.parts
        else:
            parts.append(term)
    if not parts:
        return Num(factor)
    return parts[0] if factor == 1 and len(parts) == 1 else Product(factor, tuple(parts))


def plus(a: Term, b: Term) -> Term:
    """The sum."""
    parts = [*(a.parts if isinstance(a, Sum) else (a,)), *(b.parts if isinstance(b, Sum) else (b,))]
    return Sum(tuple(parts))


def _letters(term: Any) -> set[str]:
    """The letters of axes that a term depends on."""
    if isinstance(term, Ref):
        return set().union(*(index.letters() for index in term.at))
    if isinstance(term, Reduce):
        return _letters(term.body) - set(term.letters)
    return set().union(*(_letters(part) for part in _inside(term)))


def occurring(term: Any) -> set[str]:
    """Every letter in a term, also those that a Σ binds."""
    if isinstance(term, Ref):
        return _letters(term)
    bound = set(term.letters) | occurring(term.body) if isinstance(term, Reduce) else set()
    return bound.union(*(occurring(part) for part in _inside(term)))


def replaced(term: Term, change: Callable[[Ref], Ref]) -> Term:
    """The term with every reference changed."""
    if isinstance(term, Ref):
        return change(term)
    if isinstance(term, Call):
        return Call(term.name, tuple([replaced(x, change) for x in term.args]), term.prime)
    if isinstance(term, Sum):
        return Sum(tuple([replaced(x, change) for x in term.parts]))
    if isinstance(term, Product):
        return Product(term.factor, tuple([replaced(x, change) for x in term.parts]))
    if isinstance(term, Quotient):
        return Quotient(replaced(term.above, change), replaced(term.below, change))
    if isinstance(term, Power):
        return Power(replaced(term.base, change), replaced(term.exponent, change))
    if isinstance(term, Reduce):
        return Reduce(term.name, term.letters, replaced(term.body, change))
    if isinstance(term, Compare):
        return Compare(term.sign, replaced(term.a, change), replaced(term.b, change))
    if isinstance(term, Not):
        return Not(replaced(term.condition, change))
    return Bracket(replaced(term.condition, change)) if isinstance(term, Bracket) else term


def _inside(term: Term) -> Iterable[Term]:
    if isinstance(term, Call):
        return term.args
    if isinstance(term, (Sum, Product)):
        return term.parts
    if isinstance(term, Quotient):
        return term.above, term.below
    if isinstance(term, Power):
        return term.base, term.exponent
    if isinstance(term, Compare):
        return term.a, term.b
    if isinstance(term, (Not, Bracket)):
        return (term.condition,)
    return ()


# ── notations ─────────────────────────────────────────────────────────────────────────────────

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BACK = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
LETTERS = dict(zip("ijklmnprstu", "ᵢⱼₖₗₘₙₚᵣₛₜᵤ", strict=True))
"""The letters of axes, and how they stand under a Σ."""


class Plain:
    """How the pieces look in a terminal."""

    minus, hadamard, apart, equals, adds = "−", " ⊙ ", " ", "=", "+="
    signs: ClassVar[dict[str, str]] = {"<": "<", "≤": "≤", ">": ">", "≥": "≥", "=": "=", "≠": "≠"}
    halves: ClassVar[dict[float, str]] = {0.5: "½", 0.25: "¼", 0.75: "¾"}

    def number(self, value: float) -> str:
        """A number that is not negative."""
        return self.halves.get(value) or (f"{value:.0f}" if value.is_integer() and value < 1e15 else repr(value))

    def name(self, name: str) -> str:
        return name

    def call(self, name: str, inside: str, prime: bool = False) -> str:
        return f"{'σ' if name == 'sigmoid' else name}{'′' * prime}({inside})"

    def over(self, name: str, letters: Sequence[str]) -> str:
        return name + "".join(LETTERS[letter] for letter in letters)

    def absolute(self, inside: str) -> str:
        return f"abs({inside})" if "|" in inside else f"|{inside}|"

    def transposed(self, x: str) -> str:
        return f"{x}ᵀ" if len(x) == 1 else f"({x})ᵀ"

    def power(self, base: str, exponent: str) -> str:
        return base + (exponent.translate(_RAISED) if exponent.isdigit() else f"^({exponent})")

    def part(self, name: str, inside: str) -> str:
        return f"{name}[{inside}]"

    def parentheses(self, x: str) -> str:
        return f"({x})"

    def bracket(self, x: str) -> str:
        return f"[{x}]"

    def negated(self, x: str) -> str:
        return f"¬({x})"

    def ranges(self, ranges: dict[str, int]) -> str:
        return "   for " + ", ".join(f"{letter} < {length}" for letter, length in ranges.items()) if ranges else ""


class LaTeX(Plain):
    """How they look in LaTeX."""

    minus, hadamard, apart, equals, adds = "-", r" \odot ", r"\,", "&=", r"&\mathrel{+}="
    signs: ClassVar[dict[str, str]] = {"<": "<", "≤": r"\le", ">": ">", "≥": r"\ge", "=": "=", "≠": r"\ne"}
    halves: ClassVar[dict[float, str]] = {0.5: r"\tfrac{1}{2}", 0.25: r"\tfrac{1}{4}", 0.75: r"\tfrac{3}{4}"}
    greek: ClassVar[dict[str, str]] = {"δ": r"\delta", "θ": r"\theta", "σ": r"\sigma"}

    def number(self, value: float) -> str:
        written = super().number(value)
        return {"inf": r"\infty", "nan": r"\mathrm{nan}"}.get(written) or (
            rf"\mathrm{{{written}}}" if "e" in written else written
        )

    def name(self, name: str) -> str:
        if name.startswith("∂"):
            above, below = name[1:].split("/∂")
            return rf"\frac{{\partial {self.name(above)}}}{{\partial {self.name(below)}}}"
        stem = name.rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉")
        mark = name[len(stem) :]
        plain = len(stem) == 1 and stem != "_"
        letter = self.greek.get(stem) or (stem if plain else rf"\mathrm{{{stem}}}".replace("_", r"\_"))
        if not mark:
            return letter
        return f"{letter}{'^' if mark[0] in '⁰¹²³⁴⁵⁶⁷⁸⁹' else '_'}{{{mark.translate(_BACK)}}}"

    def call(self, name: str, inside: str, prime: bool = False) -> str:
        if not name:
            return self.parentheses(inside)
        written = r"\sigma" if name == "sigmoid" else rf"\mathrm{{{name}}}".replace("_", r"\_")
        return rf"{written}{chr(39) * prime}\left({inside}\right)"

    def over(self, name: str, letters: Sequence[str]) -> str:
        written = r"\sum" if name == "Σ" else rf"\mathrm{{{name}}}"
        return written + (f"_{{{','.join(letters)}}}" if letters else "")

    def absolute(self, inside: str) -> str:
        return rf"\left|{inside}\right|"

    def transposed(self, x: str) -> str:
        return f"{x}^{{\\top}}" if len(x) == 1 else rf"\left({x}\right)^{{\top}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def part(self, name: str, inside: str) -> str:
        return rf"{name}\left[{inside}\right]".replace("%", r"\bmod ")

    def parentheses(self, x: str) -> str:
        return rf"\left({x}\right)"

    def bracket(self, x: str) -> str:
        return rf"\left[{x}\right]"

    def negated(self, x: str) -> str:
        return rf"\neg\left({x}\right)"

    def ranges(self, ranges: dict[str, int]) -> str:
        inside = r",\ ".join(f"{letter} < {length}" for letter, length in ranges.items())
        return rf"\quad\text{{for }}{inside}" if ranges else ""


# ── writing ───────────────────────────────────────────────────────────────────────────────────

_SUM, _PRODUCT, _POWER, _ATOM = range(4)


@dataclass(frozen=True)
class _Text:
    """A written piece: how tightly it holds together, whether it is an array, whether a Σ takes all that follows."""

    text: str
    tightness: int = _ATOM
    array: bool = False
    open: bool = False


class NoVectors(Exception):  # noqa: N818  not an error: the line is then written with indices
    """The formula cannot be written without indices."""


def vectors(term: Term, axes: Sequence[str], ranges: dict[str, int], notation: Plain, number: bool = False) -> str:
    """A formula of an array with these axes, without indices; or, where that may be, of one number for all of it.

    Raises:
        NoVectors: where that would not say the same.
    """
    text = _Vectors(notation, ranges).write(term, tuple(axes))
    if axes and not text.array and not number:
        raise NoVectors
    return text.text


def indexed(term: Term, notation: Plain) -> str:
    """The same with indices."""
    return _Indexed(notation).write(term).text


class _Writer:
    """What both ways of writing share: signs, parentheses and the order of factors."""

    def __init__(self, notation: Plain) -> None:
        self.n = notation

    def at(self, text: _Text, tightness: int) -> str:
        return self.n.parentheses(text.text) if text.tightness < tightness else text.text

    def number(self, value: float) -> _Text:
        if value < 0 or str(value) == "-0.0":
            return _Text(self.n.minus + self.n.number(-value), _SUM)
        return _Text(self.n.number(value))

    def sum(self, parts: Sequence[_Text]) -> _Text:
        """Each part at least a product; one that starts with a minus is subtracted."""
        written = parts[0].text
        for part in parts[1:]:
            negative = part.tightness == _SUM and part.text.startswith(self.n.minus)
            if negative:
                written += f" {self.n.minus} {part.text[len(self.n.minus) :]}"
            else:
                written += f" + {self.at(part, _PRODUCT)}"
        return _Text(written, _SUM, any(part.array for part in parts))

    def product(self, factor: float, parts: Sequence[_Text]) -> _Text:
        negative = factor < 0 or str(factor) == "-0.0"
        size = -factor if negative else factor
        parts = sorted(parts, key=lambda part: part.open)  # a Σ comes last, as it takes all that follows
        pieces = [] if size == 1 and parts else [_Text(self.n.number(size))]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            first = not number
            bare = part.tightness >= _POWER or (part.tightness == _PRODUCT and (first or part.open))
            bare = bare and (last or not part.open)
            pieces.append(part if bare else _Text(self.n.parentheses(part.text), _ATOM, part.array))
        written = pieces[0].text
        array = pieces[0].array
        for piece in pieces[1:]:
            written += (self.n.hadamard if array and piece.array else self.n.apart) + piece.text
            array = array or piece.array
        open_ended = bool(pieces) and pieces[-1].open
        if negative:
            return _Text(self.n.minus + written, _SUM, array, open_ended)
        return _Text(written, _PRODUCT if len(pieces) > 1 else pieces[0].tightness, array, open_ended)

    def quotient(self, above: _Text, below: _Text) -> _Text:
        left = self.n.parentheses(above.text) if above.tightness < _PRODUCT or above.open else above.text
        return _Text(f"{left} / {self.at(below, _POWER)}", _PRODUCT, above.array or below.array)

    def power(self, base: _Text, exponent: _Text, named: str | None) -> _Text:
        marked = named is not None and (named in "zaWbδ" or named[-1] in "⁰¹²³⁴⁵⁶⁷⁸⁹")
        written = self.n.parentheses(base.text) if marked else self.at(base, _ATOM)
        return _Text(self.n.power(written, exponent.text), _POWER, base.array or exponent.array)

    def call(self, term: Call, args: Sequence[_Text]) -> _Text:
        inside = ", ".join(arg.text for arg in args)
        array = any(arg.array for arg in args)
        if term.name == "abs" and not term.prime:
            return _Text(self.n.absolute(inside), _ATOM, array)
        return _Text(self.n.call(term.name, inside, term.prime), _ATOM, array)

    def compare(self, sign: str, a: _Text, b: _Text) -> _Text:
        return _Text(f"{a.text} {self.n.signs[sign]} {b.text}", _SUM, a.array or b.array)

    def index(self, index: Index) -> str:
        written = ""
        for atom, factor in index.parts:
            size = "" if abs(factor) == 1 else str(abs(factor))
            sign = self.n.minus if factor < 0 else "+"
            piece = size + (atom if isinstance(atom, str) else self.atom(atom))
            written += (f" {sign} " if written else self.n.minus if factor < 0 else "") + piece
        if index.constant or not written:
            sign = self.n.minus if index.constant < 0 else "+"
            written += (f" {sign} " if written else self.n.minus if index.constant < 0 else "") + str(
                abs(index.constant)
            )
        return written

    def atom(self, atom: Any) -> str:
        if isinstance(atom, Split):
            return f"(({self.index(atom.index)}) {'%' if atom.rest else '//'} {atom.by})"
        return self.element(atom).text

    def element(self, ref: Ref) -> _Text:
        """A reference with all its indices."""
        name = self.n.name(ref.name)
        if not ref.at:
            return _Text(name)
        return _Text(self.n.part(name, ", ".join(self.index(index) for index in ref.at)))


class _Indexed(_Writer):
    """Formulas with indices: everything is a number."""

    def write(self, term: Term) -> _Text:
        if isinstance(term, Num):
            return self.number(term.value)
        if isinstance(term, Ref):
            return self.element(term)
        if isinstance(term, Call):
            return self.call(term, [self.write(x) for x in term.args])
        if isinstance(term, Sum):
            return self.sum([self.write(x) for x in term.parts])
        if isinstance(term, Product):
            return self.product(term.factor, [self.write(x) for x in term.parts])
        if isinstance(term, Quotient):
            return self.quotient(self.write(term.above), self.write(term.below))
        if isinstance(term, Power):
            named = term.base.name if isinstance(term.base, Ref) and not term.base.at else None
            return self.power(self.write(term.base), self.write(term.exponent), named)
        if isinstance(term, Reduce):
            name, body = self.n.over(term.name, term.letters), self.write(term.body)
            if term.name == "Σ":
                return _Text(f"{name} {self.at(body, _PRODUCT)}", _PRODUCT, open=True)
            return _Text(f"{name}{self.n.parentheses(body.text)}")
        if isinstance(term, Compare):
            return self.compare(term.sign, self.write(term.a), self.write(term.b))
        if isinstance(term, Not):
            return _Text(self.n.negated(self.write(term.condition).text))
        assert isinstance(term, Bracket)
        return _Text(self.n.bracket(self.write(term.condition).text))


class _Vectors(_Writer):
    """Formulas of whole arrays, in which the axes `axes` run from their beginning to their end."""

    def __init__(self, notation: Plain, ranges: dict[str, int]) -> None:
        super().__init__(notation)
        self.ranges = ranges

    def write(self, term: Term, axes: tuple[str, ...]) -> _Text:
        def same(x: Term) -> _Text:
            return self.write(x, axes)

        if isinstance(term, Num):
            return self.number(term.value)
        if isinstance(term, Ref):
            return self.reference(term, axes)
        if isinstance(term, Call):
            return self.call(term, [same(x) for x in term.args])
        if isinstance(term, Sum):
            return self.sum([same(x) for x in term.parts])
        if isinstance(term, Product):
            return self.outer(term, axes) or self.scaled_row(term, axes) or self.hadamard(term, axes)
        if isinstance(term, Quotient):
            return self.quotient(same(term.above), same(term.below))
        if isinstance(term, Power):
            named = term.base.name if isinstance(term.base, Ref) else None
            return self.power(same(term.base), same(term.exponent), named)
        if isinstance(term, Reduce):
            return self.reduce(term, axes)
        if isinstance(term, Compare):
            return self.compare(term.sign, same(term.a), same(term.b))
        if isinstance(term, Not):
            inside = same(term.condition)
            return _Text(self.n.negated(inside.text), _ATOM, inside.array)
        assert isinstance(term, Bracket)
        inside = same(term.condition)
        return _Text(self.n.bracket(inside.text), _ATOM, inside.array)

    def hadamard(self, term: Product, axes: tuple[str, ...]) -> _Text:
        return self.product(term.factor, [self.write(x, axes) for x in term.parts])

    def reference(self, ref: Ref, axes: tuple[str, ...]) -> _Text:
        name = self.n.name(ref.name)
        letters = _letters(ref)
        if not letters:
            if ref.shape in ((), (1,)):
                return _Text(name, _ATOM, bool(ref.shape) and self._only_rows(axes))
            return self.element(ref)
        if self.whole(ref, axes):
            return _Text(name, _ATOM, True)
        if len(axes) == 2 and self.whole(ref, axes[::-1]):
            return _Text(self.n.transposed(name), _ATOM, True)
        if len(axes) == 1 and len(ref.at) == 1 and len(ref.at[0].parts) == 1 and ref.at[0].parts[0][0] == axes[0]:
            start, step = ref.at[0].constant, ref.at[0].parts[0][1]
            return _Text(self.n.part(name, _slice(start, step, self.ranges[axes[0]])), _ATOM, True)
        raise NoVectors

    def _only_rows(self, axes: tuple[str, ...]) -> bool:
        """A vector of one element stands for a vector where there is no longer one."""
        return all(self.ranges[axis] == 1 for axis in axes)

    def whole(self, ref: Ref, axes: Sequence[str]) -> bool:
        """Whether a reference runs through the whole of what it refers to, axis by axis."""
        wanted = tuple(Index(0, ((axis, 1),)) for axis in axes)
        return ref.at == wanted and ref.shape == tuple(self.ranges[axis] for axis in axes)

    def outer(self, term: Product, axes: tuple[str, ...]) -> _Text | None:
        """u vᵀ, where one factor has the rows and the other the columns."""
        if len(axes) != 2:
            return None
        sides: dict[str, list[Term]] = {axis: [] for axis in axes}
        for part in term.parts:
            letters = _letters(part) & set(axes)
            if len(letters) == 2:
                return None
            sides[letters.pop() if letters else axes[0]].append(part)
        if not all(sides.values()):
            return None
        u, v = (self.hadamard(Product(1.0, tuple(parts)), (axis,)) for axis, parts in sides.items())
        if not (u.array and v.array):
            raise NoVectors
        return self.product(term.factor, [self._applied(self.at(u, _POWER), self.n.transposed(v.text))])

    def scaled_row(self, term: Product, axes: tuple[str, ...]) -> _Text | None:
        """(W)ᵀ δ of a matrix with one row and a vector with one element."""
        rows = [x for x in term.parts if self._row(x, axes)]
        ones = [x for x in term.parts if isinstance(x, Ref) and x.shape == (1,)]
        if len(rows) != 1 or not ones or len(axes) != 1:
            return None
        rest = [self.write(x, axes) for x in term.parts if x is not rows[0] and x is not ones[0]]
        name, delta = self.n.name(rows[0].name), self.n.name(ones[0].name)  # type: ignore[attr-defined]
        return self.product(term.factor, [self._applied(self.n.transposed(name), delta), *rest])

    def _applied(self, matrix: str, vector: str) -> _Text:
        return _Text(f"{matrix}{self.n.apart}{vector}", _PRODUCT, True)

    def _row(self, x: Term, axes: tuple[str, ...]) -> bool:
        """Whether x is the one row of a matrix."""
        return (
            isinstance(x, Ref)
            and len(x.shape) == 2
            and x.shape[0] == 1
            and len(axes) == 1
            and x.at == (Index(), Index(0, ((axes[0], 1),)))
            and x.shape[1] == self.ranges[axes[0]]
        )

    def reduce(self, term: Reduce, axes: tuple[str, ...]) -> _Text:
        if term.name != "Σ":
            if term.name != "logsumexp" or len(term.letters) != 1 or _letters(term):
                raise NoVectors
            body = self.write(term.body, term.letters)
            if not body.array:
                raise NoVectors
            return _Text(self.n.call(term.name, body.text))
        if len(term.letters) == 1 and isinstance(term.body, Product):
            product = self.matrix_product(term.body, term.letters[0], axes)
            if product is not None:
                return product
        if _letters(term):
            raise NoVectors
        body = self.write(term.body, term.letters)
        if not body.array:
            raise NoVectors
        return _Text(f"{self.n.over('Σ', ())} {self.at(body, _PRODUCT)}", _PRODUCT, open=True)

    def matrix_product(self, body: Product, k: str, axes: tuple[str, ...]) -> _Text | None:
        """W v, of Σₖ W[i, k] v[k]; (W)ᵀ v, of Σₖ W[k, i] v[k]."""
        if len(axes) > 1:
            return None
        matrices = [x for x in body.parts if isinstance(x, Ref) and len(x.shape) == 2 and self._matrix(x, k, axes)]
        if len(matrices) != 1:
            return None
        (matrix,) = matrices
        others = [x for x in body.parts if x is not matrix]
        summed = [x for x in others if k in _letters(x)]
        outside = [x for x in others if k not in _letters(x)]
        if not summed or any(set(axes) & _letters(x) for x in summed):
            return None
        vector = self.hadamard(Product(1.0, tuple(summed)), (k,))
        if not vector.array:
            return None
        name = self.n.name(matrix.name)
        down = axes and matrix.at == tuple(Index(0, ((axis, 1),)) for axis in (k, *axes))
        applied = self._applied(self.n.transposed(name) if down else name, self.at(vector, _POWER))
        return self.product(body.factor, [applied, *(self.write(x, axes) for x in outside)])

    def _matrix(self, x: Ref, k: str, axes: tuple[str, ...]) -> bool:
        if self._row(x, (k,)):
            return not axes or self._only_rows(axes)
        return len(axes) == 1 and (self.whole(x, (axes[0], k)) or self.whole(x, (k, axes[0])))


def _slice(start: int, step: int, length: int) -> str:
    """start, start + step, … as Python writes it."""
    stop = start + step * length if step < 0 else start + step * (length - 1) + 1
    end = str(stop) if stop >= 0 else ""
    return f"{start}:{end}" + ("" if step == 1 else f":{step}")
