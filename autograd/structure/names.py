"""What the nodes of a graph are called in formulas: by label, by a short expression, or v1, v2, ….

>>> from autograd import Value, topological_order
>>> from autograd.formulas.notation import text
>>> x = Value(2.0, label="x")
>>> u = x * x + 1
>>> y = (u.exp() + u.sin()) * x
>>> names = Names(y, x, topological_order(y))
>>> [text(names.formula(node)) for node in (x, u, y.parents[0], y)]
['x', 'x·x + 1', 'v1', 'y']
>>> text(names.definition(y))
'(exp(x·x + 1) + sin(x·x + 1))·x'
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from autograd.formulas.notation import text
from autograd.formulas.spelling import clean
from autograd.formulas.terms import Dots, Formula, Name, Sum, Term, parts
from autograd.value import Value

__all__ = ["Names"]

SHORT = 12
"""A node without a label is written as its expression if that has at most this many characters."""
LONG = 60
"""A definition is written out as long as it stays within this many characters."""


class Names:
    """The names for one graph.

    Labels are cleaned for print; of several nodes with one label each gets a number, w⁽¹⁾ and w⁽²⁾. The root
    is y if it has no label, and the leaf asked for w, unless those are taken. Any other leaf without
    a label is written as its number.

    Attributes:
        numbers: what each name given so far stands for.
        nodes: which node each of them names.
        stations: nodes that a derivation stops at; definitions refer to them by name.
        place: where that node stands in the order of computation.
    """

    def __init__(self, root: Value, wrt: Value | None, order: Iterable[Value]) -> None:
        order = list(order)
        self.place: dict[Name, int] = {}
        self._order = {node: i for i, node in enumerate(order)}
        labelled = [(node, clean(node.label)) for node in order if node.label]
        if wrt is not None and wrt.label and all(node is not wrt for node, _ in labelled):
            labelled.append((wrt, clean(wrt.label)))
        count = Counter(label for _, label in labelled)
        self._taken = set(count)
        self._names: dict[Value, Name] = {}
        self._formulas: dict[Value, Term] = {}
        self.stations: set[Value] = set()
        self._automatic: set[Term] = set()
        self._last = 0
        self.numbers: dict[Name, float] = {}
        self.nodes: dict[Name, Value] = {}
        met: Counter[str] = Counter()
        for node, label in labelled:
            met[label] += 1
            self._name(node, label + (f"⁽{met[label]}⁾".translate(_RAISED) if count[label] > 1 else ""))
        if root not in self._names:
            self._name(root, self._free("y"))
        if wrt is not None and wrt not in self._names and wrt.op is None:
            self._name(wrt, self._free("w"))

    def formula(self, x: Value | float) -> Term:
        """What stands for an operand in a formula: a name, a short expression, or a number."""
        if not isinstance(x, Value):
            return x
        if x in self._names:
            return self._names[x]
        if x not in self._formulas:
            expression = self._expression(x, 4)
            if expression is None:
                self._formulas[x] = self._name(x, self._next())
                self._automatic.add(self._formulas[x])
            else:
                self._formulas[x] = expression
        return self._formulas[x]

    def definition(self, node: Value, focus: Value | None = None) -> Term:
        """The formula a node was computed by, with nodes that have no name written out as far as fits.

        In a long sum only the first term, the last and those with `focus` are kept.
        """
        assert node.op is not None
        return _elided(self._written_out(node, 4), self.formula(focus) if focus is not None else None)

    def may_be_passed(self, node: Value) -> bool:
        """Whether a derivation may skip the node: it is not a leaf, and has no label."""
        return node.op is not None and not node.label

    def _expression(self, node: Value, depth: int) -> Term | None:
        """The node as an expression of names and numbers, if it is a short one."""
        if node in self._names:
            return self._names[node]
        if node.op is None:
            return float(node.data)
        if not depth or len(node.operands) > 5:
            return None
        operands: list[Any] = []
        for x in node.operands:
            operand = self._expression(x, depth - 1) if isinstance(x, Value) else x
            if operand is None or operand in self._automatic:
                return None
            operands.append(operand)
        expression = _applied(node, operands)
        return expression if len(text(expression)) <= SHORT else None

    def _written_out(self, node: Value, depth: int) -> Term:
        operands: list[Any] = []
        for x in node.operands:
            if (
                isinstance(x, Value)
                and x.op
                and not x.label
                and x not in self.stations
                and depth
                and len(x.operands) <= 8
            ):
                expression = self._written_out(x, depth - 1)
                operands.append(expression if len(text(expression)) <= LONG else self.formula(x))
            else:
                operands.append(self.formula(x))
        return _applied(node, operands)

    def _name(self, node: Value, name: str) -> Name:
        made = self._names[node] = Name(name)
        self.numbers[made], self.nodes[made], self.place[made] = node.data, node, self._order.get(node, -1)
        return made

    def _free(self, name: str) -> str:
        if name in self._taken:
            return self._next()
        self._taken.add(name)
        return name

    def _next(self) -> str:
        while True:
            self._last += 1
            if f"v{self._last}" not in self._taken:
                return f"v{self._last}"


def _applied(node: Value, operands: list[Any]) -> Term:
    assert node.op is not None
    if not any(isinstance(x, Formula) for x in operands):  # numbers alone would be computed, not shown
        return float(node.data)
    return node.op(*operands)  # type: ignore[no-any-return]


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


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
