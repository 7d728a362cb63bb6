"""What the nodes of a graph are called, in pictures, explanations, pages and lists: `names_of`, `Names`.

A node is called by its label; else by its place in a layer or module, z²₁ or gate.w[0]; the root else is y. What is
left is v1, v2, …, counted in the order of computation, so that v7 is one and the same node wherever it is shown. In
formulas (`Names`) a leaf that has neither label nor place is its number, and a short expression stands for itself, if
no other node would be written alike: sin(x) computed twice is v1 and v2, and w·1 is not w.

>>> from autograd import Value, topological_order
>>> from autograd.formulas.notation import text
>>> x = Value(2.0, label="x")
>>> u = x * x + 1
>>> y = (u.exp() + u.sin()) * x
>>> order = topological_order(y)
>>> [names_of(order)[node] for node in order]
['x', 'v1', 'v2', 'v3', 'v4', 'v5', 'y']
>>> names = Names(y, x, order)
>>> [text(names.formula(node)) for node in (x, u, y.parents[0], y)]
['x', 'x·x + 1', 'v5', 'y']
>>> text(names.definition(y))
'(exp(x·x + 1) + sin(x·x + 1))·x'
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from autograd.formulas.notation import text
from autograd.formulas.spelling import clean, raised
from autograd.formulas.terms import Dots, Formula, Name, Power, Sum, Term, parts, with_parts
from autograd.structure.levels import levels
from autograd.structure.modules import modules
from autograd.value import Value

__all__ = ["Names", "applied", "names_of", "places_of", "squared"]

LONGEST = 24
"""A label with more characters is cut off."""
SHORT = 12
"""A node without a label is written as its expression if that has at most this many characters."""
LONG = 60
"""A definition is written out as long as it stays within this many characters."""


def names_of(
    order: Sequence[Value], places: Mapping[Value, str] | None = None, also: Sequence[Value] = ()
) -> dict[Value, str]:
    """What each node of a graph is called.

    Labels are cleaned for print; of several nodes with one label each gets a number, w⁽¹⁾ and w⁽²⁾.

    Args:
        order: the graph, in topological order.
        places: what nodes are called by their places in layers and modules, `places_of`; of `levels` if not given.
        also: nodes outside the graph that are spoken of.
    """
    if places is None:
        places = levels(order).name
    names = _labels([*order, *also])
    taken = set(names.values())
    for node, place in places.items():
        if node not in names and place not in taken:
            names[node] = place
    taken.update(names.values())
    if order[-1] not in names and "y" not in taken:
        names[order[-1]] = "y"
    fresh = (name for k in count(1) if (name := f"v{k}") not in taken)
    return {node: names.get(node) or next(fresh) for node in [*order, *also]}


def places_of(order: Sequence[Value], model: Any = None) -> dict[Value, str]:
    """What nodes are called by their places in layers and neurons, or in the modules of a `model`, or in a mapping."""
    in_graph = levels(order).name
    return in_graph if model is None else in_graph | modules(model, order).name


def _labels(nodes: Iterable[Value]) -> dict[Value, str]:
    """The labels as names, each of one node only."""
    labelled = [(node, clean(node.label, LONGEST)) for node in nodes if node.label]
    times = Counter(label for _, label in labelled)
    met: Counter[str] = Counter()
    names: dict[Value, str] = {}
    for node, label in labelled:
        name = label
        while times[label] > 1 and (name == label or name in times):
            met[label] += 1
            number = f"⁽{raised(met[label])}⁾"
            name = clean(label, LONGEST - len(number)) + number
        names[node] = name
    return names


class Names:
    """What stands for the nodes of one graph in formulas.

    Attributes:
        numbers: what each name given so far stands for.
        nodes: which node each of them names.
        stations: nodes that a derivation stops at; definitions refer to them by name.
        place: where that node stands in the order of computation.
    """

    def __init__(
        self, root: Value, wrt: Value | None, order: Iterable[Value], places: Mapping[Value, str] | None = None
    ) -> None:
        order = list(order)
        self._order = {node: i for i, node in enumerate(order)}
        if places is None:
            places = levels(order).name
        self._called = names_of(order, places, [wrt] if wrt is not None and wrt not in self._order else [])
        self.place: dict[Name, int] = {}
        self.numbers: dict[Name, float] = {}
        self.nodes: dict[Name, Value] = {}
        self.stations: set[Value] = set()
        self._names: dict[Value, Name] = {}
        self._expressions: dict[Value, Term] | None = None
        self._alike: dict[Value, str] = {}
        self._places, self._root, self._wrt = places, root, wrt
        if wrt is not None and wrt.op is None and not self._is_named(wrt):  # a leaf that one asks for
            self._name(wrt, "w" if "w" not in self._called.values() else self._called[wrt])

    def formula(self, x: Value | float) -> Term:
        """What stands for an operand in a formula: a name, a short expression, or a number."""
        if not isinstance(x, Value):
            return x
        if x in self._names:
            return self._names[x]
        if self._is_named(x):
            return self._name(x, self._called[x])
        if x.op is None:
            return float(x.data)
        if self._expressions is None:
            self._expressions = self._find_expressions()
        expression = self._expressions.get(x)
        return self._name(x, self._called[x]) if expression is None else expression

    def definition(self, node: Value, focus: Value | None = None) -> Term:
        """The formula a node was computed by, with nodes that have no name written out as far as fits.

        In a long sum only the first term, the last and those with `focus` are kept.
        """
        assert node.op is not None
        return _elided(self._written_out(node, 4), self.formula(focus) if focus is not None else None)

    def alike(self, a: Term, b: Term) -> bool:
        """Whether two nodes would be written alike, if they had no names to tell them apart: sin(x), computed twice."""
        written = [self._alike.get(self.nodes[x]) if isinstance(x, Name) and x in self.nodes else None for x in (a, b)]
        return a == b or (written[0] is not None and written[0] == written[1])

    def may_be_passed(self, node: Value) -> bool:
        """Whether a derivation may skip the node: it is not a leaf, and has neither label nor place."""
        return node.op is not None and not self._is_named(node)

    def _is_named(self, node: Value) -> bool:
        """Whether a node has a name that says more than v7."""
        name = self._called.get(node)  # none outside the graph
        return name is not None and (bool(node.label) or node is self._root or name == self._places.get(node))

    def _find_expressions(self) -> dict[Value, Term]:
        """The nodes that are called by a short expression of names and numbers which no other node is written by."""
        found: dict[Value, Term] = {}
        written: dict[Value, str] = {}
        times: Counter[str] = Counter()
        for node in self._order:
            named = node in self._names or self._is_named(node)
            if named:
                found[node] = self.formula(node)
            elif node.op is None:
                found[node] = float(node.data)
            if node.op is not None and len(node.operands) <= 5 and all(x in found for x in node.parents):
                operands = [found[x] if isinstance(x, Value) else x for x in node.operands]
                expression = applied(node, operands)
                if isinstance(expression, Formula):
                    if len(as_text := text(expression)) <= SHORT:
                        found.setdefault(node, expression)
                        written[node] = as_text
                        times[as_text] += 1  # a name's formula counts, too: it is printed beside the name
                elif node is not self._wrt and not any(isinstance(x, Formula) for x in operands):
                    found.setdefault(node, expression)  # a number by itself
            if named and node not in written:
                written[node] = text(found[node])
            if named:
                times[text(found[node])] += 1
        self._alike = written
        own: dict[Value, Term] = {}
        for node, expression in found.items():
            named = node in self._names or self._is_named(node)
            alone = times.get(written.get(node, ""), 1) <= 1 and all(x in own for x in node.parents)
            if named or node.op is None or alone:
                own[node] = expression
        return own

    def _written_out(self, node: Value, depth: int) -> Term:
        """What a node was computed by. Stations stay whole: (w·w)·w where a derivative by w·w is spoken of."""
        operands: list[Any] = []
        whole: dict[Name, Term] = {}
        for i, x in enumerate(node.operands):
            if (
                isinstance(x, Value)
                and self.may_be_passed(x)
                and x not in self.stations
                and depth
                and len(x.operands) <= 8
            ):
                expression = self._written_out(x, depth - 1)
                operands.append(expression if len(text(expression)) <= LONG else self.formula(x))
            else:
                operands.append(self.formula(x))
            if isinstance(x, Value) and x in self.stations and isinstance(operands[-1], Formula):
                stand_in = Name(f"\0{i}")
                whole[stand_in], operands[-1] = operands[-1], stand_in
        return _replaced(applied(node, operands), whole)

    def _name(self, node: Value, name: str) -> Name:
        made = self._names[node] = Name(name)
        self.numbers[made], self.nodes[made], self.place[made] = node.data, node, self._order.get(node, -1)
        return made


def applied(node: Value, operands: Sequence[Any]) -> Term:
    """The formula a node was computed by, of what stands for its operands; a list times itself is a sum of squares."""
    assert node.op is not None
    if not any(isinstance(x, Formula) for x in operands):  # numbers alone would be computed, not shown
        return float(node.data)
    if squares := squared(node):
        terms = tuple(Power(x, 2.0) for x in operands[:squares])
        return Sum(terms) if squares > 1 else terms[0]
    return node.op(*operands)  # type: ignore[no-any-return]


def squared(node: Value) -> int:
    """How many squares a node is the sum of; 0 if it is none."""
    if node.op is None or node.op.name != "dot":
        return 0
    *factors, bias = node.operands
    half = len(factors) // 2
    alike = all(a is b for a, b in zip(factors[:half], factors[half:], strict=True))
    return half if alike and not isinstance(bias, Value) and bias == 0 else 0


def _replaced(term: Term, by: Mapping[Name, Term]) -> Term:
    if isinstance(term, Name):
        return by.get(term, term)
    return with_parts(term, [_replaced(part, by) for part in parts(term)]) if by else term


def _elided(term: Term, focus: Term | None, longest: int = 4) -> Term:
    """A sum of many terms with Dots for most of them."""
    if not isinstance(term, Sum) or len(term.terms) <= longest:
        return term
    last = len(term.terms) - 1
    kept: list[Term] = []
    room = 2
    for i, t in enumerate(term.terms):
        wanted = focus is not None and room > 0 and (t == focus or focus in parts(t))
        if i in (0, last) or wanted:
            room -= wanted
            kept.append(t)
        elif not isinstance(kept[-1], Dots):
            kept.append(Dots())
    return Sum(tuple(kept))
