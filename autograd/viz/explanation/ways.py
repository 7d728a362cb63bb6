"""The ways from a node to the root, and the product that the chain rule makes of them: `Ways`.

The chain rule multiplies along a way and adds over ways (source 000, ∂C₀/∂a^(L−1); source 002 eq. 6, 9 and
10). So the derivation is a product of factors between the nodes that every way passes. Such a factor
is one local derivative, or a sum: over the paths where there are few, and by the recursion
δ_v = Σ δ_use · ∂use/∂v where there are many, so that a graph with 2¹⁰⁰ paths takes no longer than its
nodes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from autograd.formulas.derivatives import local_derivative, rule
from autograd.formulas.pieces import evaluate, piece_at
from autograd.formulas.terms import Comparison, Derivative, Formula, Term
from autograd.formulas.tidying import tidy
from autograd.primitives import Primitive, table
from autograd.structure.names import Names, squared
from autograd.value import Value
from autograd.viz.explanation.chain import Fork, Link, Path, Rule, Step

__all__ = ["Ways"]

FEW_PATHS, FEW_FACTORS = 4, 12
"""Up to this many ways, of this many factors together, are written out as a sum of products."""


class Ways:
    """The part of a graph that lies on a way from `wrt` to `value`, with its local derivatives."""

    def __init__(
        self, value: Value, wrt: Value, order: list[Value], gradient: Mapping[Value, float], names: Names
    ) -> None:
        self.value, self.wrt, self.gradient, self.names, self.graph = value, wrt, gradient, names, order
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
        self.not_finite = {
            node: operands
            for node in self.order
            if (operands := {x for x, d in self.down.get(node, {}).items() if not all(math.isfinite(k) for _, k in d)})
        }
        self.up: dict[Value, list[Value]] = {node: [] for node in self.order}
        for node in reversed(self.order):
            for x in self.down.get(node, ()):
                self.up[x].append(node)
        self.made: dict[tuple[Value, Value], Link] = {}
        self.above: dict[Value, set[Value]] = {}  # what depends on a node, as far up as its last use
        self._fold()

    def origin(self) -> Value | None:
        """The first node that is not finite of those that an infinite local derivative, or one that is NaN, comes from.

        None if there is no such node: then the local derivatives themselves, or their products, are the first.
        """
        found = dict.fromkeys(x for node, of in self.not_finite.items() for x in _blamed(node, of))
        todo = list(found)
        births = []
        for node in todo:  # grows as we go: from a number to the operands that it comes from
            before = _blamed(node)
            todo += [x for x in before if x not in found]
            found.update(dict.fromkeys(before))
            if not before:
                births.append(node)
        place = {node: i for i, node in enumerate(self.graph)}
        return min(births, key=place.__getitem__, default=None)

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
            tuple(
                _rules(table["pow"], [0], 2)
                if squared(use)
                else _rules(op, [index for index, _ in slots], len(operands))
            ),
            tuple((c, bool(evaluate(c, self.names.numbers))) for c in decided),
            tuple(c for c in decided if self._tied(c)),
            shut=(op.name,) if decided and not isinstance(piece, Formula) and piece == 0 else (),
        )

    def _piece(self, formula: Term) -> tuple[Term, list[Comparison]]:
        try:
            return piece_at(formula, self.names.numbers)
        except (ArithmeticError, ValueError, KeyError, TypeError):
            return formula, []

    def _tied(self, c: Comparison) -> bool:
        if self.names.alike(c.left, c.right):  # max(x, x): no number moves one side without the other
            return False
        return evaluate(c.left, self.names.numbers) == evaluate(c.right, self.names.numbers)

    # ── folding: a node without a name, next to a factor that is a mere number, is passed over ──────

    def _fold(self) -> None:
        up = {node: dict.fromkeys(uses) for node, uses in self.up.items()}
        beneath = {node: set(self.down.get(node, ())) for node in self.order}  # once all that is decided is done
        later: list[Value] = []
        for node in self.order:
            if node in (self.value, self.wrt) or not self.names.may_be_passed(node):
                continue
            alone = len(beneath[node]) == 1
            folds = len(up[node]) == 1 and _mere_number(self.link(next(iter(up[node])), node))
            folds = folds or (alone and _mere_number(self.link(node, *self.down[node])))
            if not folds or not all(beneath[use].isdisjoint(beneath[node]) for use in up[node]):
                continue  # where there is a second way between two nodes, the ways stay apart, and are added
            for use in up[node]:
                beneath[use].discard(node)
                if not alone and len(beneath[use]) < len(beneath[node]):  # this is then the one use
                    beneath[use], beneath[node] = beneath[node], beneath[use]
                beneath[use] |= beneath[node]
            if alone:
                self._pass_over(node, up)
            else:
                later.append(node)
        for node in reversed(later):  # the use first: of a sum of sums each is then taken in once, with its own parts
            self._pass_over(node, up)
        self.order = [node for node in self.order if node in up]
        self.position = {node: i for i, node in enumerate(self.order)}
        self.names.stations = set(self.order)
        self.up = {node: sorted(up[node], key=self.position.__getitem__) for node in self.order}

    def _pass_over(self, node: Value, up: dict[Value, dict[Value, None]]) -> None:
        for use in up[node]:
            for of in self.down[node]:
                self._join(use, node, of)
            del self.down[use][node]
        for of in self.down[node]:
            del up[of][node]
            up[of].update(up[node])
        del self.down[node], up[node]

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
            shut=tuple(dict.fromkeys((*above.shut, *beneath.shut))),
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
                return Fork(use, of, delta[of], count[use], tuple(map(self._path, ways)), (), largest)
        steps = tuple(
            Step(node, delta[node], tuple((self._shown(above, node), delta[above]) for above in self.up[node]))
            for node in reversed(between[:-1])
        )
        return Fork(use, of, delta[of], count[use], (), steps, largest)

    def _shown(self, use: Value, of: Value) -> Link:
        """The link as it is shown: with a word that it is the direct effect where there are longer ways, too."""
        return replace(self.link(use, of), direct=self._has_longer_way(use, of))

    def _has_longer_way(self, use: Value, of: Value) -> bool:
        if len(self.up[of]) == 1:
            return False
        if of not in self.above:
            last = self.position[self.up[of][-1]]
            above = {of}
            for node in self.order[self.position[of] + 1 : last]:
                if any(x in above for x in self.down[node]):
                    above.add(node)
            self.above[of] = above - {of}
        return any(x in self.above[of] for x in self.down[use])

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
        links = tuple(self._shown(a, b) for a, b in itertools.pairwise(way))
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


def _blamed(node: Value, of: Collection[Value] = ()) -> list[Value]:
    """The numbers that are not finite, and without which `node` would be another, or its derivatives by `of`.

    For the derivatives `node` itself may be one of them: ∂exp(x)/∂x is exp(x).
    """
    op, operands = node.op, node.operands
    if op is None:
        return []
    want = [isinstance(x, Value) and x in of for x in operands]

    def with_ones_for(others: Collection[Value]) -> str:
        at = [(1.0 if x in others else x.data) if isinstance(x, Value) else x for x in operands]
        try:
            if not of:
                return repr(op.on_floats(*at))
            return repr(list(op.local_derivatives(1.0 if node in others else node.data, at, want)))
        except (ArithmeticError, ValueError):
            return "undefined"

    now = with_ones_for(())  # as text: NaN is NaN
    suspects = [x for x in dict.fromkeys([*node.parents, *([node] if of else [])]) if not math.isfinite(x.data)]
    alone = [x for x in suspects if with_ones_for({x}) != now]
    return alone or (suspects if with_ones_for(suspects) != now else [])


def _rules(op: Primitive, indices: Sequence[int], count: int) -> list[Rule]:
    rules = dict.fromkeys(rule(op, index, count) for index in indices)
    return [Rule(op.name, left, right) for left, right in rules]


def _mere_number(link: Link) -> bool:
    """Whether a factor is a number by the way the formula is built (∂(a + b)/∂a = 1), not an input of a neuron."""
    is_number = not isinstance(link.derivative, Formula) and not link.decided
    return is_number and all(rule.primitive != "dot" for rule in link.rules)
