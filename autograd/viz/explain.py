"""`explain`: why a gradient is what it is, as the chain of factors from the root to a node.

With this module one can

* ask for the derivation of one gradient, `explain`, and print it, show it in a notebook, or put it on a
  page (`Explanation`);
* work with what it says: the factors and their rules (`Link`), the sums over several ways
  (`Fork`, `Path`, `Step`), and what is noteworthy (`Note`).

The chain rule multiplies along a way and adds over ways (seed 000, ∂C₀/∂a^(L−1); seed 002 eq. 6, 9 and
10). So the derivation is a product of factors between the nodes that every way passes. Such a factor
is one local derivative, or a sum: over the paths where there are few, and by the recursion
δ_v = Σ δ_use · ∂use/∂v where there are many, so that a graph with 2¹⁰⁰ paths takes no longer than its
nodes. How it is set on paper is in `derivation.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from autograd.graph import adjoints, topological_order
from autograd.primitives import Primitive
from autograd.value import Value, _interior, check_unchanged
from autograd.viz.formula import (
    Comparison,
    Derivative,
    Formula,
    Term,
    evaluate,
    local_derivative,
    piece_at,
    rule,
    tidy,
)
from autograd.viz.names import Names

__all__ = ["Explanation", "Fork", "Link", "Note", "Path", "Rule", "Step", "explain"]

FEW_PATHS, FEW_FACTORS = 4, 12
"""Up to this many ways, of this many factors together, are written out as a sum of products."""


@dataclass(frozen=True)
class Rule:
    """A row of the table at work: ∂(a·b)/∂a = b."""

    primitive: str
    left: Derivative
    right: Term


@dataclass(frozen=True)
class Link:
    """One factor: how a node (`use`) answers to one it is computed from (`of`), all else fixed.

    Attributes:
        derivative: ∂use/∂of as a formula, on the piece that holds here.
        value: the same as a number.
        rules: the rows it comes from, in order; several where the operand occurs more than once, or
            where nodes without a name of their own were passed.
        decided: the comparisons that chose the piece (relu: z ≤ 0), as they stand.
        ties: those of them whose two sides are equal.
        direct: whether there are other ways from `use` to `of`, so that this is not all of ∂use/∂of.
    """

    use: Value
    of: Value
    derivative: Term
    value: float
    rules: tuple[Rule, ...]
    decided: tuple[tuple[Comparison, bool], ...] = ()
    ties: tuple[Comparison, ...] = ()
    direct: bool = False


@dataclass(frozen=True)
class Path:
    """One way from the root to the node: its factors, and their product."""

    links: tuple[Link, ...]
    value: float


@dataclass(frozen=True)
class Step:
    """One step of the recursion: δ = Σ δ_use · ∂use/∂node over the uses of a node.

    `delta` is ∂(the fork's root)/∂node; `terms` are the links from its uses, with the δ of each use.
    """

    node: Value
    delta: float
    terms: tuple[tuple[Link, float], ...]


@dataclass(frozen=True)
class Fork:
    """A factor that several ways make up: they part at `use` and meet again at `of`.

    Attributes:
        value: ∂use/∂of, the sum over all ways.
        count: how many ways there are (a float: there may be more than 10³⁰⁰).
        paths: all of them, if they are few; else empty.
        steps: the recursion, from the nodes next to `use` down to `of`; empty if there are few paths.
        largest: the path with the greatest product.
    """

    use: Value
    of: Value
    value: float
    count: float
    paths: tuple[Path, ...]
    steps: tuple[Step, ...]
    largest: Path


@dataclass(frozen=True)
class Note:
    """Something worth knowing about a gradient, as a sentence of words and formulas.

    `kind` is one of "none" (no gradient, and why), "blocked", "zero", "vanishing", "exploding", "tie",
    "cancellation", "not finite".
    """

    kind: str
    words: tuple[str | Formula, ...]
    node: Value | None = None


@dataclass(frozen=True)
class Explanation:
    """The derivation of one gradient. `str` of it is for the terminal; in a notebook it shows itself.

    Attributes:
        value, wrt: ∂value/∂wrt is explained.
        gradient: what `value.backward()` adds to ``wrt.grad``.
        chain: the factors whose product the gradient is, from the root to `wrt`; empty if no gradient
            gets there, or if the two are one node.
        notes: what is noteworthy.
        names: how the nodes are called.
    """

    value: Value
    wrt: Value
    gradient: float
    chain: tuple[Link | Fork, ...]
    notes: tuple[Note, ...]
    names: Names = field(repr=False)

    @property
    def links(self) -> list[Link]:
        """Every link that is shown, those of the sums included, each once, from the root down."""
        found: dict[tuple[Value, Value], Link] = {}
        for factor in self.chain:
            for link in _links(factor):
                found.setdefault((link.use, link.of), link)
        return list(found.values())

    def __str__(self) -> str:
        from autograd.viz.derivation import as_text

        return as_text(self)

    def to_latex(self) -> str:
        """The equations in LaTeX (amsmath), and the notes as text."""
        from autograd.viz.derivation import as_latex

        return as_latex(self)

    def to_markdown(self) -> str:
        """The derivation in Markdown with LaTeX between dollars, as GitHub and notebooks show it."""
        from autograd.viz.derivation import as_markdown

        return as_markdown(self)

    def to_mathml(self) -> str:
        """The derivation as a piece of HTML whose formulas are MathML: it needs no script and no network."""
        from autograd.viz.derivation import as_mathml

        return as_mathml(self)

    def _repr_latex_(self) -> str:
        return self.to_latex()


def explain(value: Value, *, wrt: Value) -> Explanation:
    """Why ∂value/∂wrt is what it is: the chain rule with formulas, numbers and reasons.

    No gradient is changed, and none needs to have been computed.

    Args:
        value: the root, a loss for instance.
        wrt: a leaf or any other node.

    Returns:
        An `Explanation`. If no gradient gets from one to the other, it says why.

    Raises:
        TypeError: if either is not a `Value`.
        RuntimeError: if the data of a node have changed since the forward pass.
        ZeroDivisionError, ValueError, OverflowError: where a local derivative does not exist, as `backward` does.

    >>> from autograd import Value
    >>> x = Value(0.5, label="x")
    >>> u = x**2 + 1
    >>> u.label = "u"
    >>> y = u.sin()
    >>> y.label = "y"
    >>> print(explain(y, wrt=x))
    ∂y/∂x = ∂y/∂u · ∂u/∂x
          = cos(u) · 2x
          = 0.3153 × 1
          = 0.3153
    <BLANKLINE>
    because
      ∂y/∂u = cos(u) = 0.3153
          y = sin(u) = 0.9490, by ∂sin(x)/∂x = cos(x)
      ∂u/∂x = 2x = 1
          u = x² + 1 = 1.25, by ∂(a + b)/∂a = 1, ∂(a^b)/∂a = b·a^(b − 1)
    <BLANKLINE>
    at x = 0.5
    """
    for name, node in (("a value", value), ("wrt=", wrt)):
        if not isinstance(node, Value):
            raise TypeError(f"explain takes {name} that is a Value, not {node!r} of type {type(node).__name__}")
    interior = _interior(value)  # raises where a local derivative does not exist
    check_unchanged(interior)
    order = topological_order(value)
    gradient = {node: float(delta) for node, delta in adjoints(order, {n: n.data for n in order}, 1.0).items()}
    names = Names(value, wrt, order)
    if wrt is value:
        return Explanation(value, wrt, 1.0, (), (), names)
    ways = _Ways(value, wrt, order, gradient, names)
    chain = ways.chain()
    from autograd.viz.noteworthy import noteworthy

    notes = noteworthy(value, wrt, order, gradient.get(wrt, 0.0), chain, ways.blocked, names)
    return Explanation(value, wrt, gradient.get(wrt, 0.0) if chain else 0.0, chain, tuple(notes), names)


def _links(factor: Link | Fork) -> list[Link]:
    if isinstance(factor, Link):
        return [factor]
    return [link for path in factor.paths or (factor.largest,) for link in path.links]


class _Ways:
    """The part of a graph that lies on a way from `wrt` to `value`, with its local derivatives."""

    def __init__(
        self, value: Value, wrt: Value, order: list[Value], gradient: Mapping[Value, float], names: Names
    ) -> None:
        self.value, self.wrt, self.gradient, self.names = value, wrt, gradient, names
        self.blocked: list[tuple[Value, Value]] = []
        below = {wrt}  # what depends on wrt at all, and what a gradient could flow through to it
        flowing = {wrt}
        slots: dict[Value, dict[Value, list[tuple[int, float]]]] = {}
        for node in order:
            dependent = [x for x in node.parents if x in below]
            if not dependent or node is wrt or node.op is None:
                continue
            below.add(node)
            slots[node] = _slots(node, below)
            for x in dict.fromkeys(dependent):
                if x in slots[node]:
                    if x in flowing:
                        flowing.add(node)
                else:
                    self.blocked.append((node, x))
        self.depends = value in below
        alive = {value} if value in flowing else set()
        self.down: dict[Value, dict[Value, list[tuple[int, float]]]] = {}
        for node in reversed(order):
            if node in alive and node in slots:
                self.down[node] = {x: of_x for x, of_x in slots[node].items() if x in flowing}
                alive.update(self.down[node])
        self.order = [node for node in order if node in alive]
        self.up: dict[Value, list[Value]] = {node: [] for node in self.order}
        for node in reversed(self.order):
            for x in self.down.get(node, ()):
                self.up[x].append(node)
        self.made: dict[tuple[Value, Value], Link] = {}
        self._fold()

    # ── links ─────────────────────────────────────────────────────────────────────────────────

    def link(self, use: Value, of: Value) -> Link:
        """The factor between two neighbours; made when first asked for."""
        if (use, of) not in self.made:
            self.made[use, of] = self._link(use, of, self.down[use][of])
        return self.made[use, of]

    def _link(self, use: Value, of: Value, slots: list[tuple[int, float]]) -> Link:
        op, operands = use.op, use.operands
        assert op is not None
        symbols = [self.names.formula(x) for x in operands]
        y = self.names.formula(use)
        total: Term = 0.0
        seen: dict[Term, float] = {}
        for index, _ in slots:
            part = local_derivative(op, y, symbols, index)
            part = Derivative(y, symbols[index]) if part is None else part
            seen[part] = seen.get(part, 0.0) + 1.0
        for part, times in seen.items():
            total = total + tidy(times * part)
        piece, decided = self._piece(total)
        return Link(
            use,
            of,
            piece,
            math.fsum(d for _, d in slots) if all(math.isfinite(d) for _, d in slots) else sum(d for _, d in slots),
            tuple(_rules(op, [index for index, _ in slots], len(operands))),
            tuple((c, bool(evaluate(c, self.names.numbers))) for c in decided),
            tuple(c for c in decided if self._tied(c)),
        )

    def _piece(self, formula: Term) -> tuple[Term, list[Comparison]]:
        try:
            return piece_at(formula, self.names.numbers)
        except (ArithmeticError, ValueError, KeyError, TypeError):
            return formula, []

    def _tied(self, c: Comparison) -> bool:
        if c.left == c.right:  # max(x, x): no number moves one side without the other
            return False
        return evaluate(c.left, self.names.numbers) == evaluate(c.right, self.names.numbers)

    # ── folding: a node without a name, next to a factor that is a mere number, is passed over ──────

    def _fold(self) -> None:
        for node in list(self.order):
            if node in (self.value, self.wrt) or not self.names.may_be_passed(node):
                continue
            uses, operands = self.up[node], list(self.down[node])
            if len(uses) == 1:
                folds = _mere_number(self.link(uses[0], node))
            if len(operands) == 1 and not (len(uses) == 1 and folds):
                folds = _mere_number(self.link(node, operands[0]))
            elif len(uses) != 1:
                folds = False
            if not folds or any(of in self.down[use] for use in uses for of in operands):
                continue  # where there is a second way between two nodes, the ways stay apart, and are added
            for use in uses:
                for of in operands:
                    self._join(use, node, of)
                del self.down[use][node]
            for of in operands:
                self.up[of] = [x for x in self.up[of] if x is not node] + uses
            del self.down[node], self.up[node]
        self.order = [node for node in self.order if node in self.up]
        self.position = {node: i for i, node in enumerate(self.order)}
        self.names.stations = set(self.order)
        for node in self.order:
            self.up[node].sort(key=self.position.__getitem__)

    def _join(self, use: Value, node: Value, of: Value) -> None:
        above, beneath = self.link(use, node), self.link(node, of)
        self.down[use][of] = []
        self.made[use, of] = Link(
            use,
            of,
            tidy(above.derivative * beneath.derivative),
            above.value * beneath.value,
            tuple(dict.fromkeys((*above.rules, *beneath.rules))),
            (*above.decided, *beneath.decided),
            (*above.ties, *beneath.ties),
        )

    # ── the chain ─────────────────────────────────────────────────────────────────────────────

    def chain(self) -> tuple[Link | Fork, ...]:
        """The factors between the nodes that every way passes."""
        passed: list[Value] = []
        open_ends = 0
        for node in reversed(self.order):
            if open_ends == len(self.up[node]):  # all the ways there are lead here
                passed.append(node)
            open_ends += len(self.down.get(node, ())) - len(self.up[node])
        factors: list[Link | Fork] = []
        for use, of in itertools.pairwise(passed):
            between = self.order[self.position[of] : self.position[use] + 1]
            factors.append(self.link(use, of) if len(between) == 2 else self._fork(use, of, between))
        return tuple(factors)

    def _fork(self, use: Value, of: Value, between: Sequence[Value]) -> Fork:
        count: dict[Value, float] = {of: 1.0}
        for node in between[1:]:
            count[node] = sum(count[x] for x in self.down[node])
        delta: dict[Value, float] = dict.fromkeys(between, 0.0)
        delta[use] = 1.0
        best: dict[Value, tuple[float, Value | None]] = {use: (0.0, None)}
        for node in reversed(between):
            for x in self.down[node] if node is not of else ():
                local = self.link(node, x).value
                delta[x] += delta[node] * local
                size = best[node][0] + (math.log(abs(local)) if local else -math.inf)
                if x not in best or size > best[x][0]:
                    best[x] = size, node
        if use is self.value:  # the engine's own sums, to the last bit
            delta = {node: self.gradient[node] for node in between}
        way = [of]
        while (before := best[way[-1]][1]) is not None:
            way.append(before)
        largest = self._path(way[::-1])
        if count[use] <= FEW_PATHS:
            ways = self._all_ways(use, of)
            if sum(len(way) - 1 for way in ways) <= FEW_FACTORS:
                paths = _mark_direct([self._path(way) for way in ways])
                return Fork(use, of, delta[of], count[use], tuple(paths), (), largest)
        steps = tuple(
            Step(node, delta[node], tuple((self._step_link(use, above, node), delta[above]) for above in self.up[node]))
            for node in reversed(between[:-1])
        )
        return Fork(use, of, delta[of], count[use], (), steps, largest)

    def _step_link(self, root: Value, use: Value, of: Value) -> Link:
        return replace(self.link(use, of), direct=use is root and len(self.up[of]) > 1)

    def _all_ways(self, use: Value, of: Value) -> list[list[Value]]:
        ways, done = [[use]], []
        while ways:
            way = ways.pop()
            if way[-1] is of:
                done.append(way)
            else:
                nearest = sorted(self.down[way[-1]], key=self.position.__getitem__, reverse=True)
                ways += [[*way, x] for x in nearest]
        return done

    def _path(self, way: Sequence[Value]) -> Path:
        links = tuple(self.link(a, b) for a, b in itertools.pairwise(way))
        return Path(links, math.prod(link.value for link in links))


def _slots(node: Value, wanted: set[Value]) -> dict[Value, list[tuple[int, float]]]:
    """For each wanted operand that a gradient flows to: where it stands, and ∂node/∂operand there."""
    assert node.op is not None
    operands = node.operands
    numbers = [x.data if isinstance(x, Value) else x for x in operands]
    want = [isinstance(x, Value) and x in wanted for x in operands]
    found: dict[Value, list[tuple[int, float]]] = {}
    for index, local in enumerate(node.op.local_derivatives(node.data, numbers, want)):
        if local is not None:
            found.setdefault(operands[index], []).append((index, float(local)))
    return found


def _rules(op: Primitive, indices: Sequence[int], count: int) -> list[Rule]:
    rules = dict.fromkeys(rule(op, index, count) for index in indices)
    return [Rule(op.name, left, right) for left, right in rules]


def _mere_number(link: Link) -> bool:
    """Whether a factor is a number by the way the formula is built (∂(a + b)/∂a = 1), not an input of a neuron."""
    is_number = not isinstance(link.derivative, Formula) and not link.decided
    return is_number and all(rule.primitive != "dot" for rule in link.rules)


def _mark_direct(paths: list[Path]) -> list[Path]:
    """Mark the links beside which there is a longer way between the same two nodes."""
    places = [{node: i for i, node in enumerate([p.links[0].use, *(k.of for k in p.links)])} for p in paths]

    def marked(link: Link) -> Link:
        round_about = any(
            link.use in place and link.of in place and place[link.of] - place[link.use] > 1 for place in places
        )
        return replace(link, direct=True) if round_about else link

    return [Path(tuple(map(marked, path.links)), path.value) for path in paths]
