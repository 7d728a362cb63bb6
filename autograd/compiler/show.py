"""The matrix program as a derivation: what ``print(program)`` shows, and its LaTeX.

For the network of the seeds it is the vectorised form that seed 002 (§5, equations 18 to 26) and seed 004
(BP1 to BP4) derive by hand::

    z¹ = W¹ x + b¹                 eq. 18
    a¹ = σ(z¹)                     eq. 19
    δ² = (a² − y) ⊙ σ′(z²)         BP1
    δ¹ = (W²)ᵀ δ² ⊙ σ′(z¹)         BP2
    ∂E/∂b¹ = δ¹                    BP3
    ∂E/∂W¹ = δ¹ xᵀ                 BP4

The lines are read off the groups of the compiled program (`roll.py`) and the rows of the table, as the
instructions are. A `dot` whose weights are a matrix of parameters is a layer and gets a number; other
results are v₁, v₂, …; a part of something is written v₁[0:4], and v₁[…] where its rows are gathered.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, ClassVar

from autograd.compiler.roll import CONSTANT, INPUT, PARAMETER, Group, Operand, Roll
from autograd.compiler.trace import DETACH, TAKE
from autograd.primitives import Primitive, table
from autograd.readings import Reading, readings

__all__ = ["LaTeX", "Plain", "show"]

_DOT, _TOTAL, _LOGSUMEXP, _POS = (table[name] for name in ("dot", "total", "logsumexp", "pos"))
_ACTIVATIONS = frozenset({"sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu", "sin"})
_SUM, _PRODUCT, _ATOM = range(3)
_LONG = 60  # characters after which an expression gets a name


class Plain:
    """How the pieces look in a terminal."""

    minus, hadamard, gap, sum = "−", " ⊙ ", " ", "Σ "
    width = 1
    """How many characters one visible character takes."""
    halves: ClassVar[dict[float, str]] = {0.5: "½", 0.25: "¼", 0.75: "¾"}

    def name(self, letter: str, number: int | None) -> str:
        return letter + ("" if number is None else str(number).translate(_RAISED))

    def value(self, number: int) -> str:
        return "v" + str(number).translate(_LOWERED)

    def call(self, op: Primitive, inside: str, prime: bool = False) -> str:
        if op.name == "abs" and not prime:
            return f"|{inside}|"
        return f"{op.symbol if op.symbol in _LETTERS else op.name}{'′' * prime}({inside})"

    def transposed(self, x: str) -> str:
        return f"{x}ᵀ" if len(x) == 1 else f"({x})ᵀ"

    def power(self, base: str, exponent: str) -> str:
        raised = exponent.translate(_RAISED)
        return base + raised if exponent.isdigit() else f"{base}^({exponent})"

    def quotient(self, a: str, b: str) -> str:
        return f"{a} / {b}"

    def slope(self, x: str) -> str:
        return f"∂E/∂{x}"

    def part(self, x: str, rows: str) -> str:
        return f"{x}[{rows}]"

    def delta(self, x: str) -> str:
        return f"δ({x})"

    def parentheses(self, x: str) -> str:
        return f"({x})"


class LaTeX(Plain):
    """How they look in LaTeX."""

    minus, hadamard, gap, sum = "-", r" \odot ", r"\,", r"\sum "
    width = 3
    halves: ClassVar[dict[float, str]] = {0.5: r"\tfrac{1}{2}", 0.25: r"\tfrac{1}{4}", 0.75: r"\tfrac{3}{4}"}

    def name(self, letter: str, number: int | None) -> str:
        letter = {"δ": r"\delta", "θ": r"\theta"}.get(letter, letter if len(letter) == 1 else rf"\mathrm{{{letter}}}")
        return letter if number is None else f"{letter}^{{{number}}}"

    def value(self, number: int) -> str:
        return f"v_{{{number}}}"

    def call(self, op: Primitive, inside: str, prime: bool = False) -> str:
        if op.name == "abs" and not prime:
            return rf"\left|{inside}\right|"
        name = r"\sigma" if op.name == "sigmoid" else rf"\mathrm{{{op.name}}}".replace("_", r"\_")
        return rf"{name}{chr(39) * prime}\left({inside}\right)"

    def transposed(self, x: str) -> str:
        return f"{x}^T" if len(x) == 1 else rf"\left({x}\right)^T"

    def power(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def quotient(self, a: str, b: str) -> str:
        return rf"\frac{{{a}}}{{{b}}}"

    def slope(self, x: str) -> str:
        return rf"\frac{{\partial E}}{{\partial {x}}}"

    def part(self, x: str, rows: str) -> str:
        return f"{x}[{rows}]".replace("…", r"\dots")

    def delta(self, x: str) -> str:
        return rf"\delta_{{{x}}}"

    def parentheses(self, x: str) -> str:
        return rf"\left({x}\right)"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LETTERS = frozenset("σ")


class Term:
    """A piece of a formula: factor · text. Rows of the table, fed with `Term`s, give `Term`s."""

    __slots__ = ("factor", "notation", "text", "tightness")

    def __init__(self, notation: Plain, text: str, tightness: int = _ATOM, factor: float = 1.0) -> None:
        self.notation, self.text, self.tightness, self.factor = notation, text, tightness, factor

    def scaled(self, factor: float) -> Term:
        return Term(self.notation, self.text, self.tightness, self.factor * factor)

    def at(self, tightness: int) -> str:
        """The text for a place that takes what holds together at least this tightly."""
        n = self.notation
        if self.factor == 1:
            return n.parentheses(self.text) if self.tightness < tightness else self.text
        text = n.parentheses(self.text) if self.tightness < _PRODUCT else self.text
        size = abs(self.factor)
        number = "" if size == 1 else n.halves.get(size, f"{size:g}") + n.gap
        written = (n.minus if self.factor < 0 else "") + number + text
        return n.parentheses(written) if (_SUM if self.factor < 0 else _PRODUCT) < tightness else written

    def __str__(self) -> str:
        return self.at(_SUM)

    def _term(self, other: Any) -> Term:
        if isinstance(other, Term):
            return other
        return Term(self.notation, "1", _ATOM, float(other)) if other != 1 else Term(self.notation, "1")

    def _number(self) -> float | None:
        return self.factor if self.text == "1" else None

    def _same(self, other: Term) -> bool:
        return self.text == other.text and "…" not in self.text and "dots" not in self.text

    def __add__(self, other: Any) -> Term:
        other = self._term(other)
        if self._same(other):
            return Term(self.notation, self.text, self.tightness, self.factor + other.factor)
        if self._number() == 0:
            return self._term(other)
        if other.factor < 0:
            return Term(self.notation, f"{self} {self.notation.minus} {_figure(other.scaled(-1)).at(_PRODUCT)}", _SUM)
        return Term(self.notation, f"{_figure(self)} + {_figure(other)}", _SUM)

    def __radd__(self, other: Any) -> Term:
        return self._term(other) + self

    def __sub__(self, other: Any) -> Term:
        left: Term = _figure(self)
        return left + self._term(other).scaled(-1)

    def __rsub__(self, other: Any) -> Term:
        return self._term(other) - self

    def __mul__(self, other: Any) -> Term:
        other = self._term(other)
        for x, y in ((self, other), (other, self)):
            if x._number() is not None:
                return y.scaled(x.factor)
        if self._same(other):
            return Term(self.notation, self.notation.power(_bare(self), "2"), _ATOM, self.factor * other.factor)
        text = _bare(self, _PRODUCT) + self.notation.hadamard + _bare(other, _PRODUCT)
        return Term(self.notation, text, _PRODUCT, self.factor * other.factor)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Term:
        other = self._term(other)
        if other._number() is not None:
            return self.scaled(1 / other.factor)
        above, below = _figure(self.scaled(1 / self.factor)), _bare(other)
        return Term(
            self.notation, self.notation.quotient(above.at(_PRODUCT), below), _PRODUCT, self.factor / other.factor
        )

    def __rtruediv__(self, other: Any) -> Term:
        return self._term(other) / self

    def __pow__(self, other: Any) -> Term:
        if not isinstance(other, Term) and other == 1:
            return self
        exponent = str(_figure(other)) if isinstance(other, Term) else f"{other:g}"
        return Term(self.notation, self.notation.power(_figure(self).at(_ATOM), exponent), _ATOM)

    def __rpow__(self, other: Any) -> Term:
        return self._term(other) ** self

    def __neg__(self) -> Term:
        return self.scaled(-1)

    def __pos__(self) -> Term:
        return self

    def __abs__(self) -> Term:
        return Term(self.notation, self.notation.call(table["abs"], str(self)))

    def _compared(self, sign: str, other: Any) -> Term:
        return Term(self.notation, f"{self} {sign} {_figure(self._term(other))}", _SUM)

    def __lt__(self, other: Any) -> Term:
        return self._compared("<", other)

    def __le__(self, other: Any) -> Term:
        return self._compared("≤", other)

    def __gt__(self, other: Any) -> Term:
        return self._compared(">", other)

    def __ge__(self, other: Any) -> Term:
        return self._compared("≥", other)


def _figure(x: Any) -> Any:
    """A number as it is to be written; other terms as they are."""
    if isinstance(x, Term) and x.text == "1" and x.factor != 1:
        return Term(x.notation, f"{x.factor:g}".replace("-", x.notation.minus), _ATOM if x.factor >= 0 else _SUM)
    return x


def _bare(x: Term, tightness: int = _ATOM) -> str:
    return x.notation.parentheses(x.text) if x.tightness < tightness else x.text


class _Terms(Reading):
    def apply(self, op: Primitive, operands: Any) -> Term:
        notation = next(x.notation for x in operands if isinstance(x, Term))
        inside = ", ".join(str(_figure(x)) if isinstance(x, Term) else f"{x:g}" for x in operands)
        return Term(notation, notation.call(op, inside))


readings[Term] = _Terms()


def show(
    roll: Roll, root: int | None, arguments: list[str], notation: Plain | None = None
) -> list[tuple[str, str, str]]:
    """The lines of the derivation: (section, left side, right side), the sections "forward" and "backward".

    Args:
        roll: the groups.
        root: the node that is differentiated, if there is one.
        arguments: the names of the arguments of the function.
        notation: `Plain`, or `LaTeX`.
    """
    return _Derivation(roll, root, arguments, notation or Plain()).lines()


class _Derivation:
    def __init__(self, roll: Roll, root: int | None, arguments: list[str], notation: Plain) -> None:
        self.roll, self.root, self.arguments, self.notation = roll, root, arguments, notation
        self.written: list[tuple[str, str, str]] = []
        self.term: dict[Group, Term] = {}
        self.layer: dict[Group, int] = {}
        self.block: dict[tuple[int, int], str] = {}  # (first parameter, how many) → its name
        self.groups = {(group.store, group.start): group for group in roll.groups}
        self.starts = sorted(self.groups)
        self.uses: dict[Group, int] = {}
        self.shares: dict[str, int] = {}
        self.slopes: dict[str, list[Term]] = {}
        self.at_root = roll.location(root) if root is not None else None

    def lines(self) -> list[tuple[str, str, str]]:
        for group in self.roll.groups:
            for operand in group.operands:
                producer = self._producer(operand)
                if producer is not None:
                    self.uses[producer] = self.uses.get(producer, 0) + 1
        for group in self.roll.groups:
            if _is_layer(group):
                self._name_layer(group)
        for number, group in enumerate(self.roll.groups):
            self.term[group] = self._forward(group, number)
        if self.at_root is not None:
            self._backward()
        return self.written

    # ── names ─────────────────────────────────────────────────────────────────────────────────

    def _name_layer(self, group: Group) -> None:
        number = self.layer[group] = len(self.layer) + 1
        for letter, operand in zip(("W", "b"), (group.operands[0], group.operands[2]), strict=True):
            key = _extent(operand)
            if operand.store == PARAMETER and key not in self.block:
                self.block[key] = self.notation.name(letter, number)

    def _producer(self, operand: Operand) -> Group | None:
        """The group that an operand is part of."""
        if operand.store in (CONSTANT, PARAMETER) or operand.store >= INPUT:
            return None
        low, high = int(operand.rows.min()), int(operand.rows.max())
        group = self._holder(operand.store, low)
        return group if group is not None and group.start <= low and high < group.start + group.size else None

    def _holder(self, store: int, row: int) -> Group | None:
        place = bisect_right(self.starts, (store, row)) - 1
        if place < 0 or self.starts[place][0] != store:
            return None
        return self.groups[self.starts[place]]

    def _operand(self, operand: Operand) -> Any:
        n = self.notation
        if operand.store == CONSTANT:
            assert operand.values is not None
            return float(operand.values.flat[0]) if operand.values.size == 1 else Term(n, n.name("c", None))
        if operand.store == PARAMETER:
            name = self.block.get(_extent(operand))
            return (
                Term(n, name) if name else self._part(Term(n, n.name("θ", None)), operand, 0, len(self.roll.parameters))
            )
        if operand.store >= INPUT:
            k = operand.store - INPUT
            width = sum(1 for argument, _ in self.roll.scalars.inputs.values() if argument == k)
            return self._part(Term(n, n.name(self.arguments[k], None)), operand, 0, width)
        producer = self._producer(operand)
        if producer is None:
            return Term(n, n.part("v", "…"))
        return self._part(self.term[producer], operand, producer.start, producer.size)

    def _part(self, whole: Term, operand: Operand, start: int, size: int) -> Term:
        rows = operand.rows.ravel() - start
        if len(rows) == size and operand.apart:
            return whole
        low, high = int(rows.min()), int(rows.max())
        if len(rows) == 1:
            inside = str(low)
        elif high - low + 1 == len(rows) and operand.apart:
            inside = f"{low}:{high + 1}"
        else:
            inside = "…"
        return Term(self.notation, self.notation.part(whole.at(_ATOM), inside))

    # ── forward ───────────────────────────────────────────────────────────────────────────────

    def _forward(self, group: Group, number: int) -> Term:
        n, op = self.notation, group.op
        operands = [self._operand(operand) for operand in group.operands]
        if op in (_POS, DETACH):
            return operands[0] if isinstance(operands[0], Term) else Term(n, f"{operands[0]:g}")
        value = self._expression(group, operands)
        if self.at_root == (group.store, group.start) and group.size == 1:
            return self._define(Term(n, n.name("E", None)), value)
        if group in self.layer:
            return self._define(Term(n, n.name("z", self.layer[group])), value)
        producer = self._producer(group.operands[0])
        if producer in self.layer and len(operands) == 1 and producer.size == group.size and op.name in _ACTIVATIONS:
            return self._define(Term(n, n.name("a", self.layer[producer])), value)
        short = len(str(value)) <= 18 * n.width and (op.name in ("add", "sub", "neg") or value.factor != 1)
        if short or (self.uses.get(group, 0) == 1 and len(str(value)) <= _LONG * n.width and group.size == 1):
            return value
        return self._define(Term(n, n.value(number + 1)), value)

    def _define(self, name: Term, value: Term) -> Term:
        self.written.append(("forward", str(name), str(value)))
        return name

    def _expression(self, group: Group, operands: list[Any]) -> Term:
        n, op = self.notation, group.op
        if op is _DOT:
            w, x, b = (term if isinstance(term, Term) else Term(n, "1", _ATOM, term) for term in operands)
            if group in self.layer:
                value = Term(n, f"{w.at(_ATOM)}{n.gap}{x.at(_ATOM)}", _PRODUCT)
            else:
                product = w * x
                value = Term(n, n.sum + _bare(product, _PRODUCT), _PRODUCT, product.factor)
            return value if b._number() == 0 else value + b
        if op is _TOTAL:
            x = operands[0] if isinstance(operands[0], Term) else Term(n, "1", _ATOM, operands[0])
            return Term(n, n.sum + _bare(x, _PRODUCT), _PRODUCT, x.factor)
        if op is _LOGSUMEXP:
            return Term(n, f"log {n.sum}exp({operands[0]})", _ATOM)
        if op is TAKE:
            return Term(n, n.part(operands[0].at(_ATOM) if isinstance(operands[0], Term) else "c", str(operands[1])))
        if op.formula is not None and op.name in ("add", "sub", "mul", "div", "neg", "pow", "abs"):
            terms = [x if isinstance(x, Term) or i else Term(n, "1", _ATOM, x) for i, x in enumerate(operands)]
            return _figure(op.formula(*terms))  # type: ignore[no-any-return]
        return Term(n, n.call(op, ", ".join(str(_figure(x)) if isinstance(x, Term) else f"{x:g}" for x in operands)))

    # ── backward ──────────────────────────────────────────────────────────────────────────────

    def _backward(self) -> None:
        for group in self.roll.groups:
            for operand in group.operands:
                if operand.store == PARAMETER:
                    name = str(self._operand(operand))
                    self.shares[name] = self.shares.get(name, 0) + 1
        owed: dict[Group, Term] = {}
        assert self.at_root is not None
        root = self._holder(*self.at_root)
        if root is None or self.at_root[0] in (CONSTANT, PARAMETER) or self.at_root[0] >= INPUT:
            return
        owed[root] = Term(self.notation, "1")
        for group in reversed(self.roll.groups):
            if group in owed and group.active:
                self._propagate(group, owed.pop(group), owed)
        for name, terms in self.slopes.items():
            total = terms[0]
            for term in terms[1:]:
                total = total + term
            self.written.append(("backward", self.notation.slope(name), str(total)))

    def _propagate(self, group: Group, delta: Term, owed: dict[Group, Term]) -> None:
        n, op = self.notation, group.op
        flows = [operand for operand in group.operands if operand.active and operand.store < INPUT]
        if group in self.layer:
            delta = self._call(Term(n, n.name("δ", self.layer[group])), delta)
        elif len(str(delta)) > _LONG * n.width or (len(flows) > 1 and len(str(delta)) > 12 * n.width):
            delta = self._call(Term(n, n.delta(str(self.term[group]))), delta)
        operands = [self._operand(operand) for operand in group.operands]
        y = self.term[group]
        if op is TAKE:
            self._owe(group.operands[0], delta * Term(n, n.part("1", f"{operands[1]}")), owed)  # 1 there, 0 elsewhere
            return
        if op.nary:
            terms = self._nary(group, operands, y, delta)
        else:
            terms = []
            for i, rule in enumerate(op.derivatives):  # type: ignore[arg-type]
                if rule is None or not group.operands[i].active:
                    terms.append(None)
                elif len(operands) == 1 and op.name in _ACTIVATIONS:
                    terms.append(delta * Term(n, n.call(op, str(operands[0]), prime=True)))
                else:
                    given = [
                        x if isinstance(x, Term) else (Term(n, "1", _ATOM, x) if k == 0 else x)
                        for k, x in enumerate(operands)
                    ]
                    terms.append(delta * (op.textbook if op.textbook and i == 0 else rule)(y, *given))
        for operand, term in zip(group.operands, terms, strict=True):
            if term is not None and operand.active:
                self._owe(operand, term, owed)

    def _nary(self, group: Group, operands: list[Any], y: Term, delta: Term) -> list[Term | None]:
        n = self.notation
        if group.op is _DOT:
            w, x, _ = operands
            if group in self.layer:
                outer = Term(n, f"{delta.at(_ATOM)}{n.gap}{n.transposed(_as_term(n, x).at(_SUM))}", _PRODUCT)
                return [outer, Term(n, f"{n.transposed(str(w))}{n.gap}{delta.at(_ATOM)}", _PRODUCT), delta]
            return [delta * x, delta * w, delta]
        if group.op is _TOTAL:
            return [delta]
        return [delta * Term(n, n.call(table["exp"], f"{operands[0]} {n.minus} {y}"))]

    def _call(self, name: Term, value: Term) -> Term:
        self.written.append(("backward", str(name), str(_figure(value))))
        return name

    def _owe(self, operand: Operand, term: Term, owed: dict[Group, Term]) -> None:
        if operand.store == PARAMETER:
            name = str(self._operand(operand))
            if self.shares[name] == 1:
                self.written.append(("backward", self.notation.slope(name), str(_figure(term))))
            else:
                self.slopes.setdefault(name, []).append(term)
            return
        producer = self._producer(operand)
        if producer is not None:
            owed[producer] = owed[producer] + term if producer in owed else term
            return
        for row in dict.fromkeys(operand.rows.ravel().tolist()):  # parts of several groups
            holder = self._holder(operand.store, row)
            if holder is not None and holder not in owed:
                owed[holder] = Term(self.notation, self.notation.part(term.at(_ATOM), "…"))


def _as_term(notation: Plain, x: Any) -> Term:
    return x if isinstance(x, Term) else Term(notation, f"{x:g}")


def _is_layer(group: Group) -> bool:
    """Whether a group is a matrix of parameters times vectors: each axis of its lanes goes through the rows of the
    matrix or through the vectors, not through both."""
    if group.op is not _DOT or group.operands[0].store != PARAMETER:
        return False
    w, x, _ = group.operands
    if w.strides is None or not w.apart or x.store == CONSTANT:
        return False
    return all(w.shape[axis] == 1 or x.shape[axis] == 1 for axis in range(len(group.shape)))


def _extent(operand: Operand) -> tuple[int, int]:
    return (int(operand.rows.min()), operand.rows.size) if operand.rows.size else (-1, 0)
