"""The language that ``print(program)`` writes, read back and computed: for one sample, line by line.

It shares nothing with the printer, nor with the engines: NumPy's functions and derivatives written here by hand
(held against mpmath by `test_printed.py`). Whatever it cannot read, does not know or finds of the wrong shape
is a `MisprintError` with the line. In a line with ``for`` each index letter is an axis of its own, in front of the
axes a value has by itself, so that one set of rules computes lines of arrays and lines of indices.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.primitives import table

Array = Any  # np.ndarray: floats, or booleans for a condition
Code = Callable[["Scope"], Array]
Place = Code | slice | int

SUPERSCRIPTS, SUBSCRIPTS, LETTERS = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉", dict(zip("ᵢⱼₖₗₘₙₚᵣₛₜᵤ", "ijklmnprstu", strict=True))
FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_SPECIAL = SUPERSCRIPTS + SUBSCRIPTS + "".join(LETTERS) + "".join(FRACTIONS) + "ᵀΣ"
_NAME = rf"(?:∂E/∂)?[^\W\d{_SPECIAL}][^\W{_SPECIAL}]*[{SUBSCRIPTS}]*"
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:\.\d+)?(?:e[+−-]?\d+)?|[½¼¾])|(?P<name>{_NAME})(?P<over>[{''.join(LETTERS)}]*)(?P<prime>′?)"
    rf"(?P<power>[{SUPERSCRIPTS}]*)|(?P<sum>Σ[{''.join(LETTERS)}]*)|(?P<exponent>⁻?[{SUPERSCRIPTS}]+)|(?P<sign>//|\^|.)"
)


class MisprintError(Exception):
    """A text that is not in the language, or that says what cannot be computed."""


@dataclass(frozen=True)
class Token:
    kind: str  # number, name, sum, exponent, sign or end
    text: str
    spaced: bool  # a space stands before it
    over: str = ""  # logsumexpₖ: k
    prime: str = ""  # σ′
    power: str = ""  # a²: a square, or the name of the second activation


def tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        start = at
        while at < len(text) and text[at] == " ":
            at += 1
        match = _TOKEN.match(text, at)
        if match is None:
            break
        groups = match.groupdict()
        kind = next(k for k in ("number", "name", "sum", "exponent", "sign") if groups[k])
        parts = {k: groups[k] or "" for k in ("over", "prime", "power")} if kind == "name" else {}
        found.append(Token(kind, groups[kind], at > start, **parts))
        at = match.end()
    return [*found, Token("end", "the end of the line", True)]


class Row(np.ndarray):
    """vᵀ of a vector v: a matrix of one row."""


class Scope:
    """What a line sees: the arrays by their names, and how far each index letter goes."""

    def __init__(self, names: dict[str, Array], ranges: Mapping[str, int]) -> None:
        self.names, self.ranges, self.depth = names, ranges, len(ranges)
        self.axes = {letter: axis for axis, letter in enumerate(ranges)}

    def shape(self, a: Array) -> tuple[int, ...]:
        """The shape a value has by itself, without the axes of the letters."""
        return a.shape[self.depth :]

    def put(self, a: Array) -> Array:
        """A stored array, as a value that is the same for every index."""
        return a.reshape((1,) * self.depth + a.shape)

    def letter(self, name: str) -> Array:
        shape = [1] * self.depth
        shape[self.axes[name]] = self.ranges[name]
        return np.arange(self.ranges[name], dtype=float).reshape(shape)

    def over(self, letters: str, a: Array) -> tuple[Array, tuple[int, ...]]:
        """The value with all the values of the letters laid out, and their axes."""
        axes = tuple(self.axes[x] for x in letters)
        shape = tuple(self.ranges[x] if self.axes[x] in axes else a.shape[self.axes[x]] for x in self.ranges)
        return np.broadcast_to(a, shape + self.shape(a)), axes

    def together(self, sign: str, *values: Array) -> list[Array]:
        """Values for an elementwise function: all of one shape, but for numbers, and vectors of one in their place."""
        shapes = {self.shape(number(v)) for v in values} - {()}
        if len(shapes) > 1 and (1,) in shapes:
            shapes.remove((1,))
            values = tuple(v[..., 0] if self.shape(v) == (1,) else v for v in values)
        if len(shapes) > 1:
            raise MisprintError(f"shapes {' and '.join(map(str, sorted(shapes)))} on the sides of {sign}")
        axes = len(shapes.pop()) if shapes else 0
        return [v if self.shape(v) else v.reshape(v.shape + (1,) * axes) for v in values]

    def product(self, a: Array, b: Array) -> Array:
        """Two factors side by side, vectors being columns."""
        p, q = self.shape(number(a)), self.shape(number(b))
        if p == (1,) == q or (q == (1,) and len(p) == 1) or (p == (1,) and len(q) == 1):  # one of them is a number
            return number(self.together("a product", a, b)[0]) * number(self.together("a product", a, b)[1])
        if not p or not q:
            a, b = self.together("a product", a, b)
            return a * b
        if len(p) == 1 and len(q) == 2 and q[0] == 1:
            return np.asarray(a)[..., :, None] * np.asarray(b)  # u vᵀ
        if len(p) == 2 and len(q) <= 2 and p[1] == q[0]:
            c = np.asarray(a) @ (b[..., None] if len(q) == 1 else np.asarray(b))
            return c[..., 0, 0] if isinstance(a, Row) and len(q) == 1 else c[..., 0] if len(q) == 1 else c
        raise MisprintError(f"a product of shapes {p} and {q}")


def number(a: Array) -> Array:
    if a.dtype == bool:
        raise MisprintError("a condition is used as a number")
    return a


def condition(a: Array) -> Array:
    return a if a.dtype == bool else a != 0


def integers(a: Array, below: int, name: str) -> Array:
    whole = number(a).astype(int)
    if (whole != a).any() or (whole < 0).any() or (whole >= below).any():
        raise MisprintError(
            f"an index of {name} is not one of the integers 0 to {below - 1}: {np.unique(a).tolist()[:5]}"
        )
    return whole


# ── functions and their derivatives, by NumPy and by hand ─────────────────────────────────────


def _sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0, -x))


_NAMES = {name: op.called.get("numpy", name) for name, op in table.items() if op.formula is None and name != "where"}
_OF_NUMPY = {name: getattr(np, numpys) for name, numpys in _NAMES.items() if hasattr(np, numpys)}
"""The elementary functions, which have no formula in the table: NumPy's own."""
_erf, _erfc = (np.vectorize(f, otypes=[float]) for f in (math.erf, math.erfc))
# fmt: off
FUNCTIONS: dict[str, Callable[..., Array]] = {
    "detach": lambda x: x,  # it says that no gradient flows there
    **_OF_NUMPY, "erf": _erf, "erfc": _erfc, "abs": np.abs,
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power,
    "neg": np.negative, "pos": np.positive,
    "sigmoid": _sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x, slope=0.01: np.where(x > 0, x, slope * x),
    "elu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(x)),
    "softplus": lambda x: np.logaddexp(0, x),
    "logaddexp": np.logaddexp, "exp2": np.exp2,
    "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: x * _erfc(-x / math.sqrt(2)) / 2,
}
# fmt: on
DERIVATIVES: dict[str, Callable[..., Array]] = {
    "neg": lambda x: -np.ones_like(x),
    "pos": lambda x: np.ones_like(x),
    "exp": np.exp,
    "expm1": np.exp,
    "log": lambda x: 1 / x,
    "log1p": lambda x: 1 / (1 + x),
    "log2": lambda x: 1 / (x * math.log(2)),
    "log10": lambda x: 1 / (x * math.log(10)),
    "exp2": lambda x: np.exp2(x) * math.log(2),
    "sqrt": lambda x: 0.5 / np.sqrt(x),
    "cbrt": lambda x: np.cbrt(x) ** -2.0 / 3,
    "sin": np.cos,
    "cos": lambda x: -np.sin(x),
    "tan": lambda x: np.cos(x) ** -2.0,
    "asin": lambda x: ((1 - x) * (1 + x)) ** -0.5,
    "acos": lambda x: -(((1 - x) * (1 + x)) ** -0.5),
    "atan": lambda x: 1 / (1 + x**2),
    "sinh": np.cosh,
    "cosh": np.sinh,
    "tanh": lambda x: np.cosh(x) ** -2.0,
    "erf": lambda x: 2 / math.sqrt(math.pi) * np.exp(-(x**2)),
    "erfc": lambda x: -2 / math.sqrt(math.pi) * np.exp(-(x**2)),
    "abs": np.sign,
    "sigmoid": lambda x: _sigmoid(x) * _sigmoid(-x),
    "relu": lambda x: np.where(x > 0, 1.0, 0.0),
    "leaky_relu": lambda x, slope=0.01: np.where(x > 0, 1.0, slope),
    "elu": lambda x, alpha=1.0: np.where(x > 0, 1.0, alpha * np.exp(x)),
    "softplus": _sigmoid,
    "silu": lambda x: _sigmoid(x) * (1 + x * _sigmoid(-x)),
    "gelu": lambda x: _erfc(-x / math.sqrt(2)) / 2 + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
}


def function(name: str, derivative: bool) -> Callable[..., Array]:
    name = "sigmoid" if name == "σ" else name
    known = (DERIVATIVES if derivative else FUNCTIONS).get(name)
    if known:
        return known
    row = table.get(name)  # one that a user has registered: its own formula, number by number
    if row is None or row.nary or (derivative and row.derivatives[0] is None):
        raise MisprintError(f"no function is called {name}{'′' * derivative}")
    slope = row.derivatives[0]
    return np.vectorize((lambda *x: slope(row(*x), *x)) if derivative else row, otypes=[float])


# ── the grammar ───────────────────────────────────────────────────────────────────────────────


class Parser:
    """One expression, by recursive descent: each method reads one thing and returns what computes it."""

    def __init__(self, text: str, known: set[str], ranges: Mapping[str, int]) -> None:
        self.tokens, self.at, self.known, self.ranges = tokens(text), 0, known, ranges
        self.letters: set[str] = set()  # those met so far

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def sees(self, *signs: str) -> bool:
        return self.next.kind == "sign" and self.next.text in signs

    def take(self, *signs: str) -> str:
        """The next token, if it is one of these signs; else nothing."""
        if not self.sees(*signs):
            return ""
        self.at += 1
        return self.tokens[self.at - 1].text

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise MisprintError(f"expected {sign!r}, not {self.next.text!r}")

    def whole(self, rule: Callable[[], Any]) -> Any:
        result = rule()
        if self.next.kind != "end":
            raise MisprintError(f"cannot read from {self.next.text!r} on")
        return result

    def right(self) -> Code:
        return self.condition()  # a sum, or the comparison that a group is

    def condition(self) -> Code:
        if self.take("¬"):
            self.need("(")
            inner = self.condition()
            self.need(")")
            return lambda s: ~condition(inner(s))
        left = self.sum()
        sign = self.take("<", "≤", ">", "≥", "=", "≠")
        if not sign:
            return left
        right, compare = self.sum(), COMPARISONS[sign]
        return lambda s: compare(*s.together(sign, left(s), right(s)))

    def sum(self) -> Code:
        negative = self.take("−")
        result = self.product()
        if negative:
            result = _negated(result)
        while sign := self.take("+", "−"):
            result = _elementwise(np.add if sign == "+" else np.subtract, sign, result, self.product())
        return result

    def product(self) -> Code:
        result = self.factor()
        while True:
            if sign := self.take("⊙", "/"):
                result = _elementwise(np.multiply if sign == "⊙" else np.divide, sign, result, self.factor())
            elif self.next.kind in ("number", "name", "sum") or self.sees("(", "[") or self.opens():
                result = _side_by_side(result, self.factor())
            else:
                return result

    def opens(self) -> bool:
        """Whether a bar begins an absolute value; one that ends it follows without a space."""
        return self.sees("|") and self.next.spaced

    def factor(self) -> Code:
        if self.next.kind != "sum":
            return self.power()
        letters = self.named([LETTERS[x] for x in self.next.text[1:]])
        self.at += 1
        rest = self.product()

        def total(s: Scope) -> Array:
            a = number(rest(s))
            if not letters:
                return a.sum(axis=tuple(range(s.depth, a.ndim)))
            if s.shape(a):
                raise MisprintError(f"Σ over {letters} of an array of shape {s.shape(a)}")
            a, axes = s.over(letters, a)
            return a.sum(axis=axes, keepdims=True)

        return total

    def power(self) -> Code:
        token = self.next
        base = self.atom()
        if self.take("ᵀ"):
            base = _transposed(base)
        if token.kind == "name" and self.tokens[self.at - 1] is token and token.power and not self.is_name(token):
            return _elementwise(np.power, "a power", base, _constant(digits(token.power)))
        if self.next.kind == "exponent" and not self.next.spaced:
            exponent = digits(self.next.text)
            self.at += 1
            return _elementwise(np.power, "a power", base, _constant(exponent))
        if self.take("^"):
            self.need("(")
            power = self.sum()
            self.need(")")
            return _elementwise(np.power, "a power", base, power)
        return base

    def atom(self) -> Code:
        token = self.next
        self.at += 1
        if token.kind == "number":
            return _constant(FRACTIONS.get(token.text) or float(token.text.replace("−", "-")))
        if token.kind == "name":
            return self.function(token) if self.called(token) else self.name(token)
        if token.text == "(":
            parts = self.several(")")
            return parts[0] if len(parts) == 1 else lambda s: concatenated(s, [p(s) for p in parts])
        if token.text == "|":
            inner = self.sum()
            self.need("|")
            return lambda s: np.abs(number(inner(s)))
        if token.text == "[":
            inner = self.condition()
            self.need("]")
            return lambda s: _truth(inner(s))
        raise MisprintError(f"expected a value, not {token.text!r}")

    def several(self, end: str) -> list[Code]:
        parts = [self.condition()]
        while self.take(","):
            parts.append(self.condition())
        self.need(end)
        return parts

    def called(self, token: Token) -> bool:
        return self.sees("(") and not self.next.spaced and not token.power

    def function(self, token: Token) -> Code:
        self.need("(")
        name, letters, arguments = token.text, self.named([LETTERS[x] for x in token.over]), self.several(")")
        if letters:
            return _reduction(name, letters, arguments)
        if name == "logsumexp" and not token.prime:
            return lambda s: np.logaddexp.reduce(concatenated(s, [a(s) for a in arguments]), axis=-1)
        if name == "where" and len(arguments) == 3:
            return _where(*arguments)
        f = function(name, bool(token.prime))

        def apply(s: Scope) -> Array:
            values = s.together(f"a comma in {name}(…)", *(a(s) for a in arguments))
            return np.asarray(f(*values), float)

        return apply

    def is_name(self, token: Token) -> bool:
        return token.text + token.prime + token.power in self.known

    def name(self, token: Token) -> Code:
        name = token.text + token.prime + token.power if self.is_name(token) else token.text + token.prime
        if token.over or name not in self.known:
            if name in self.ranges:
                self.named([name])
                return lambda s: s.letter(name)
            if name in ("inf", "nan"):
                return _constant(float(name))
            raise MisprintError(f"nothing is called {name}{token.over}")
        if self.sees("[") and not self.next.spaced and not (token.power and not self.is_name(token)):
            places = self.places()
            return lambda s: read(s, name, places)
        return lambda s: s.put(known(s, name))

    def named(self, letters: Sequence[str]) -> str:
        """Index letters, which have to have a range."""
        for letter in letters:
            if letter not in self.ranges:
                raise MisprintError(f"the index {letter} has no range")
        self.letters.update(letters)
        return "".join(letters)

    # ── what stands in the brackets after a name ──────────────────────────────────────────────

    def places(self) -> list[Place]:
        self.need("[")
        places = [self.place()]
        while self.take(","):
            places.append(self.place())
        self.need("]")
        return places

    def place(self) -> Place:
        """A slice, an integer, or an index."""
        start, ends = self.at, [self.integer()]
        if self.sees(",", "]") and ends[0] is not None and ends[0] >= 0:
            return ends[0]
        while self.take(":"):
            ends.append(self.integer())
        if 2 <= len(ends) <= 3 and self.sees(",", "]"):
            if self.ranges:
                raise MisprintError("a slice in a line with indices")
            return slice(*ends)
        self.at = start
        return self.index()

    def integer(self) -> int | None:
        negative = self.take("-", "−")
        if self.next.kind != "number":
            return None
        self.at += 1
        return (-1 if negative else 1) * int(self.tokens[self.at - 1].text)

    def index(self) -> Code:
        negative = self.take("−")
        result = self.term()
        if negative:
            result = _negated(result)
        while sign := self.take("+", "−"):
            result = _elementwise(np.add if sign == "+" else np.subtract, sign, result, self.term())
        return result

    def term(self) -> Code:
        result: Code = _constant(1.0)
        begun = False
        while self.next.kind in ("number", "name") or self.sees("("):
            begun, token = True, self.next
            self.at += 1
            if token.kind == "name":
                factor = self.name(token)
            elif token.kind == "number":
                factor = _constant(int(token.text))
            else:
                factor = self.index()
                self.need(")")
            result = _elementwise(np.multiply, "an index", result, factor)
        if not begun:
            raise MisprintError(f"expected an index, not {self.next.text!r}")
        while sign := self.take("//", "%"):
            by = self.integer()
            result = _elementwise(np.floor_divide if sign == "//" else np.mod, sign, result, _constant(by or 0))
        return result


COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "<": np.less,
    "≤": np.less_equal,
    ">": np.greater,
    "≥": np.greater_equal,
    "=": np.equal,
    "≠": np.not_equal,
}


def digits(superscripts: str) -> float:
    return float(superscripts.translate(str.maketrans("⁻" + SUPERSCRIPTS, "-0123456789")))


def _constant(x: float) -> Code:
    a = np.array(float(x))
    return lambda s: a.reshape((1,) * s.depth) if s.depth else a


def _negated(a: Code) -> Code:
    return lambda s: -number(a(s))


def _truth(a: Array) -> Array:
    if a.dtype != bool:
        raise MisprintError("there is a number, not a condition, between the brackets [ ]")
    return a.astype(float)


def _elementwise(f: Callable[[Array, Array], Array], sign: str, a: Code, b: Code) -> Code:
    return lambda s: f(*s.together(sign, a(s), b(s)))


def _side_by_side(a: Code, b: Code) -> Code:
    return lambda s: s.product(a(s), b(s))


def _transposed(inner: Code) -> Code:
    def transposed(s: Scope) -> Array:
        a = number(inner(s))
        if not s.shape(a):
            raise MisprintError("a number is transposed")
        return a.swapaxes(-1, -2) if len(s.shape(a)) == 2 else a[..., None, :].view(Row)

    return transposed


def _where(test: Code, yes: Code, no: Code) -> Code:
    def where(s: Scope) -> Array:
        c, a, b = s.together("where", condition(test(s)).astype(float), yes(s), no(s))
        return np.where(c != 0, a, b)

    return where


def _reduction(name: str, letters: str, arguments: list[Code]) -> Code:
    reduced = {"logsumexp": np.logaddexp, "maximum": np.maximum, "minimum": np.minimum}.get(name)
    if reduced is None or len(arguments) != 1:
        raise MisprintError(f"{name} of {len(arguments)} is not something over {letters}")

    def reduction(s: Scope) -> Array:
        a, axes = s.over(letters, number(arguments[0](s)))
        for axis in axes:
            a = reduced.reduce(a, axis=axis, keepdims=True)
        return a

    return reduction


def concatenated(s: Scope, parts: list[Array]) -> Array:
    """The vector of all elements of the parts, one after another."""
    rows = [number(p).reshape((*p.shape[: s.depth], -1)) for p in parts]
    lead = np.broadcast_shapes(*(r.shape[:-1] for r in rows))
    return np.concatenate([np.broadcast_to(r, (*lead, r.shape[-1])) for r in rows], axis=-1)


def known(s: Scope, name: str) -> Array:
    if name not in s.names:
        raise MisprintError(f"{name} is used before it has been given a value")
    return s.names[name]


def located(s: Scope, name: str, a: Array, places: Sequence[Place]) -> tuple[Array, tuple[Any, ...]]:
    """The array, flat if it is indexed so, and where in it the places are."""
    if len(places) == 1:
        a = a.reshape(-1)
    if len(places) != a.ndim:
        raise MisprintError(f"{len(places)} indices for {name}, of shape {a.shape}")
    where: list[Any] = []
    for place, n in zip(places, a.shape, strict=True):
        if isinstance(place, slice):
            if max(place.start or 0, place.stop or 0) > n:
                raise MisprintError(f"a slice past the end of {name}, of shape {a.shape}")
            where.append(place)
        elif isinstance(place, int):
            if place >= n:
                raise MisprintError(f"an index of {name} is none of the integers 0 to {n - 1}: {place}")
            where.append(np.full((1,) * s.depth, place) if s.depth else place)
        else:
            where.append(integers(place(s), n, name))
    if len(where) > 1 and not any(isinstance(place, slice) for place in places):
        where = list(np.broadcast_arrays(*where))
    return a, tuple(where)


def read(s: Scope, name: str, places: Sequence[Place]) -> Array:
    a, where = located(s, name, known(s, name), places)
    return np.asarray(a[where])


# ── lines, and the whole text ─────────────────────────────────────────────────────────────────


@dataclass
class Line:
    text: str
    name: str
    sign: str
    places: list[Place] | None  # what stands in brackets on the left
    letters: set[str]  # the free indices
    plain: list[str]  # [i, j] on the left: the letters, if they are nothing but that
    right: Code
    ranges: dict[str, int]

    def run(self, names: dict[str, Array], fixed: set[str]) -> None:
        s = Scope(names, self.ranges)
        if self.name in fixed:
            raise MisprintError(f"{self.name} is given, and cannot be set")
        value = self.right(s)
        for letter, axis in s.axes.items():
            if value.shape[axis] != 1 and letter not in self.letters:
                raise MisprintError(f"the index {letter} is neither on the left nor summed over")
        if self.places is None:
            self.bare(s, value.reshape(s.shape(value)))
        else:
            self.part(s, value)

    def bare(self, s: Scope, value: Array) -> None:
        old = s.names.get(self.name)
        if old is None:
            if self.sign == "+=":
                raise MisprintError(f"{self.name} is added to before it has been set")
            like = adjoint_of(s, self.name)
            if like is None or (value.shape and not self.name.startswith("∂")):
                s.names[self.name] = np.array(value)
                return
            old = s.names[self.name] = np.full(like.shape, np.nan)
        if value.shape == (1,) != old.shape:
            value = value.reshape(())
        if value.shape not in ((), old.shape):
            raise MisprintError(f"{self.name} has shape {old.shape}, and what it is set to {value.shape}")
        old[...] = value if self.sign == "=" else old + number(value)

    def part(self, s: Scope, value: Array) -> None:
        a = s.names.get(self.name)
        if a is None:
            like = adjoint_of(s, self.name)
            shape = like.shape if like is not None else tuple(self.ranges[x] for x in self.plain)
            if like is None and (not self.plain or self.sign == "+="):
                raise MisprintError(f"the shape of {self.name} is not known")
            a = s.names[self.name] = np.full(shape, False if value.dtype == bool else np.nan)
        assert self.places is not None
        flat, where = located(s, self.name, a, self.places)
        if any(isinstance(x, slice) for x in where):
            part = flat[where]
            if s.shape(value) not in ((), part.shape):
                raise MisprintError(f"a part of shape {part.shape} is set to what has shape {s.shape(value)}")
            flat[where] = value if self.sign == "=" else part + number(value)
            return
        if s.shape(value) == (1,):
            value = value[..., 0]
        if s.shape(value):
            raise MisprintError(f"an element of {self.name} is set to an array of shape {s.shape(value)}")
        shape = tuple(self.ranges[x] if x in self.letters else 1 for x in self.ranges)
        where = tuple(np.broadcast_to(w, shape) for w in where)
        if self.sign == "+=":
            np.add.at(flat, where, number(np.broadcast_to(value, shape)))  # repeated rows one after another
            return
        rows = np.ravel_multi_index(where, flat.shape).ravel()
        if len(np.unique(rows)) < len(rows):
            raise MisprintError(f"an element of {self.name} is set twice")
        flat[where] = np.broadcast_to(value, shape)


def adjoint_of(s: Scope, name: str) -> Array | None:
    """What ∂E/∂a, or δ², is the adjoint of: a, or z². Its shape is that of its adjoint."""
    if name.startswith("∂E/∂"):
        return known(s, name.removeprefix("∂E/∂"))
    return s.names.get("z" + name[1:]) if name.startswith("δ") else None


@dataclass
class Text:
    """A printed program, read: its blocks, inputs, constants and lines."""

    blocks: list[tuple[str, tuple[int, ...]]]
    inputs: list[tuple[str, tuple[int, ...]]]
    tables: dict[str, tuple[list[float], bool]]  # the entries, and whether there are more than written
    lines: list[Line]
    results: Code | None

    def evaluate(
        self, vector: Array, sample: Sequence[Any], tables: Mapping[str, Array] | None = None
    ) -> tuple[Any, Array | None]:
        vector = np.array(vector, float)
        sizes = [math.prod(shape) for _, shape in self.blocks]
        if sum(sizes) != len(vector):
            raise MisprintError(f"the blocks have {sum(sizes)} parameters, and the vector {len(vector)}")
        gradient = np.full(len(vector), np.nan)
        names = {"θ": vector, "∂E/∂θ": gradient}
        at = 0
        for (name, shape), size in zip(self.blocks, sizes, strict=True):
            names[name], names["∂E/∂" + name] = (a[at : at + size].reshape(shape) for a in (vector, gradient))
            at += size
        if len(sample) != len(self.inputs):
            raise MisprintError(f"the text has {len(self.inputs)} inputs, and the sample {len(sample)}")
        for (name, shape), given in zip(self.inputs, sample, strict=True):
            names[name] = np.array(given, float)
            if names[name].shape != shape:
                raise MisprintError(
                    f"input {name} has shape {shape} in the text, and {names[name].shape} in the sample"
                )
        for name, (entries, abbreviated) in self.tables.items():
            names[name] = np.array(entries, float)
            if abbreviated:
                whole = np.array((tables or {})[name], float)
                if whole.ndim != 1 or not np.array_equal(whole[: len(entries)], names[name], equal_nan=True):
                    raise MisprintError(f"the table {name} does not begin as the text says")
                names[name] = whole
        fixed = {*names} - {"∂E/∂" + name for name, _ in self.blocks} - {"∂E/∂θ"}
        with np.errstate(all="ignore"):
            for line in self.lines:
                try:
                    line.run(names, fixed)
                except Exception as error:
                    raise MisprintError(f"{line.text.strip()}: {error}") from error
            if self.results is not None:
                s = Scope(names, {})
                return concatenated(s, [self.results(s)]), None
        if "E" not in names or "E" in fixed:
            return None, None
        if names["E"].size != 1:
            raise MisprintError(f"E has shape {names['E'].shape}")
        return float(names["E"].reshape(())), gradient


def evaluate(
    text: str, vector: Array, sample: Sequence[Any], tables: Mapping[str, Array] | None = None
) -> tuple[Any, Array | None]:
    """E and ∂E/∂θ of one sample, as the text says; of a program that returns lists all its results, and None.

    The gradient begins as NaN everywhere, so a row that no line defines is noticed.
    """
    return read_text(text).evaluate(vector, sample, tables)


@functools.lru_cache(maxsize=8)
def read_text(text: str) -> Text:
    first, second, *rest = text.splitlines()
    blocks, inputs = header(first), header(second, "inputs ")
    tables: dict[str, tuple[list[float], bool]] = {}
    lines: list[str] = []
    result = section = None
    for line in rest:
        try:
            if line in ("constants", "forward", "backward"):
                section = line
            elif line.startswith("result: "):
                result = line.removeprefix("result: ")
            elif line.startswith("    ") and section == "constants":
                name, entries = line.strip().split(" = ")
                tables[name] = _table(entries)
            elif line.startswith("    ") and section:
                lines.append(line)
            elif line and not line.startswith(("Over a batch: the mean of E, and of every ∂E/∂…", "Run by ")):
                raise MisprintError("this line is in no section")
        except MisprintError:
            raise
        except Exception as error:
            raise MisprintError(f"{line.strip()}: {error}") from error
    given = [name for name, _ in (*blocks, *inputs)] + [*tables]
    if len(set(given)) < len(given):
        raise MisprintError(f"two of {', '.join(given)} have the same name")
    names = {*given, "θ", "∂E/∂θ"} | {"∂E/∂" + name for name, _ in blocks}
    names |= {left_and_right(line)[0].partition("[")[0] for line in lines}
    parsed = []
    for line in lines:
        try:
            parsed.append(_line(line, names))
        except Exception as error:
            raise MisprintError(f"{line.strip()}: {error}") from error
    try:
        results = None if result is None else (p := Parser(f"({result})", names, {})).whole(p.atom)
    except MisprintError as error:
        raise MisprintError(f"result: {result}: {error}") from error
    return Text(blocks, inputs, tables, parsed, results)


def header(line: str, start: str = "") -> list[tuple[str, tuple[int, ...]]]:
    """The blocks of the first line, or the inputs of the second: each with its shape."""
    if start:
        if not line.startswith(start):
            raise MisprintError(f"{line}: expected {start!r} at its beginning")
        listed = line.removeprefix(start).replace("; drawn anew for each sample ", ", ")
        listed, total = "" if listed == "none" else listed.removeprefix("none, "), None
    elif line == "no parameters":
        return []
    else:
        match = re.fullmatch(r"(\d+) (parameters?)(?: θ)?: (.*)", line)
        if match is None or (match[1] == "1") != (match[2] == "parameter"):
            raise MisprintError(f"{line}: expected 'N parameters: …'")
        total, listed = int(match[1]), match[3]
    found = []
    for item in listed.split(", ") if listed else []:
        match = re.fullmatch(r"(\S+)(?: \((\d+(?: × \d+)*)\))?", item)
        if match is None:
            raise MisprintError(f"{line}: cannot read {item!r}")
        found.append((match[1], tuple(int(n) for n in match[2].split(" × ")) if match[2] else ()))
    if total is not None and total != sum(math.prod(shape) for _, shape in found):
        raise MisprintError(f"{line}: the blocks do not have {total} parameters")
    return found


def _table(entries: str) -> tuple[list[float], bool]:
    values: list[float] = []
    *items, last = entries.split(", ")
    for item in items if last == "…" else [*items, last]:
        item = item.replace("−", "-")
        if " × " in item:
            times, x = item.split(" × ")
            values += [float(x)] * int(times)
        elif ":" in item:
            values += map(float, range(*map(int, item.split(":"))))
        else:
            values.append(float(item))
    return values, last == "…"


def left_and_right(line: str) -> tuple[str, str, str]:
    match = re.match(r"\s*(.*?) (\+?=) (.*)$", line)
    if match is None:
        raise MisprintError(f"{line.strip()}: there is no = in it")
    return match[1], match[2], match[3].rstrip()


def _line(line: str, names: set[str]) -> Line:
    left, sign, right = left_and_right(line)
    right, *bounds = re.split(r"\s{2,}for ", right)
    ranges: dict[str, int] = {}
    for bound in bounds[0].split(", ") if bounds else []:
        letter, n = bound.split(" < ")
        if letter in names or letter not in LETTERS.values():
            raise MisprintError(f"{letter} is no index")
        ranges[letter] = int(n)
    parser = Parser(left, names, ranges)
    token, places, plain = parser.next, None, []
    if token.kind != "name" or not parser.is_name(token):
        raise MisprintError(f"{left} cannot be set")
    parser.at += 1
    if parser.next.kind != "end":
        places = parser.whole(parser.places)
        inside = left[left.index("[") + 1 : -1].split(", ")
        plain = inside if all(x in ranges for x in inside) and len(set(inside)) == len(inside) else []
    of_right = Parser(right, names, ranges)
    return Line(
        line, left.partition("[")[0], sign, places, parser.letters, plain, of_right.whole(of_right.right), ranges
    )
