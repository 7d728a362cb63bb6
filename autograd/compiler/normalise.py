"""Normal form of a scalar graph: sums are single nodes, constants are folded, nothing is computed twice.

`sum(w * x for w, x in zip(ws, xs)) + b` is a chain of nodes; its normal form is the one `dot` node that
``dot(ws, xs, b)`` records. After this pass it no longer matters how a person wrote a sum:

==============================================  ==================================
written                                         normal form
==============================================  ==================================
chain of additions with two or more products    ``dot(w…, x…, b)``
chain of three or more additions                ``total(…)``
anything that starts from 0, as `sum` does      ``dot`` or ``total``, of one, too
the same operation on the same operands         one node
an operation on constants                       the constant
a choice that is none, and x¹, x⁰               what is chosen, and x, 1
what nothing uses                               nothing
==============================================  ==================================

A sum is merged into the sum that uses it only where nothing else uses it. The order of the terms of
a sum may change, which changes its last digits.
"""

from __future__ import annotations

import copy
from array import array
from collections.abc import Callable, Iterator, MutableSequence
from itertools import chain
from typing import Any

from autograd.compiler.instructions import ProgramError
from autograd.compiler.results import returned
from autograd.compiler.trace import TAKE, Trace, Traced
from autograd.functional import mapped
from autograd.primitives import Primitive, table
from autograd.value import Value

__all__ = ["Returned", "Scalars", "normalise", "returned_nodes"]

_ADD, _MUL, _DOT, _TOTAL, _LOGSUMEXP, _POS, _WHERE, _POW = (
    table[name] for name in ("add", "mul", "dot", "total", "logsumexp", "pos", "where", "pow")
)
_SUMS = (_ADD, _DOT, _TOTAL)


_NEVER, _SOMETIMES, _ALWAYS = range(3)  # how a gradient arrives


class Returned:
    """A `Value` that the function returned, by its node."""

    def __init__(self, node: int) -> None:
        self.node = node


class Scalars:
    """The scalar program: a normalised scalar graph. A node is a number, its operands have smaller ones.

    >>> import autograd
    >>> from autograd.compiler.trace import trace
    >>> w = autograd.Value(2.0, label="w")
    >>> print(normalise(trace(lambda x: (w * x - 1) ** 2, 1.0)))
    0  input 0[0]  batch
    1  w                  gradient
    2  mul(1, 0)   batch  gradient
    3  1.0
    4  sub(2, 3)   batch  gradient
    5  2.0
    6  pow(4, 5)   batch  gradient
    result: 6

    Attributes:
        op: the primitive of each node; None for leaves.
        operands: the operands of each node, numbers of nodes; () for leaves.
        level: 0 for leaves, else one more than the greatest level of the operands.
        batched: whether the node depends on an input, so that each sample has its own.
        active: whether a gradient flows through the node, from the root to a parameter.
        optional: whether it reaches the node only in samples in which a `take` chooses it, or what is made of it.
        rank: when the node was made in the trace, for an order of lanes that people expect.
        inputs: node → (argument, place in it).
        widths: how many numbers each argument has.
        integers: whether an input is an integer, by node.
        parameters: node → the `Value`.
        order: the nodes of the parameters in the order of the vector, where that was asked for; else None.
        constants: node → the number.
        result: what the function returned: a `Returned` or a number, or lists and tuples of them.
    """

    def __init__(self) -> None:
        self.op: list[Primitive | None] = []
        self.operands: list[tuple[int, ...]] = []
        self.level: MutableSequence[int] = []
        self.batched: MutableSequence[int] = []
        self.active: MutableSequence[int] = []
        self.optional: MutableSequence[int] = []
        self.rank: MutableSequence[int] = []
        self.inputs: dict[int, tuple[int, int]] = {}
        self.widths: list[int] = []
        self.integers: set[int] = set()
        self.parameters: dict[int, Value] = {}
        self.order: list[int] | None = None
        self.constants: dict[int, float] = {}
        self.result: Any = None
        self._constant: dict[str | float, int] = {}
        self._known: dict[Primitive, dict[tuple[int, ...], int]] = {}

    def __len__(self) -> int:
        return len(self.op)

    @property
    def root(self) -> int | None:
        """The node to differentiate; None if the function returned anything but one `Value`."""
        return self.result.node if isinstance(self.result, Returned) else None

    def __str__(self) -> str:
        what = list(map(self._what, range(len(self))))
        width, digits = max(map(len, what), default=0), len(str(len(self) - 1))
        lines = [
            f"{node:>{digits}}  {what[node]:<{width}}  {'batch' if self.batched[node] else '':5}  "
            f"{'gradient' if self.active[node] else ''}".rstrip()
            for node in range(len(self))
        ]
        return "\n".join([*lines, f"result: {_shown(self.result)}"])

    def _what(self, node: int) -> str:
        op = self.op[node]
        if op is not None:
            return f"{op.name}({', '.join(map(str, self.operands[node]))})"
        if node in self.inputs:
            argument, place = self.inputs[node]
            return f"input {argument}[{place}]" + " integer" * (node in self.integers)
        label = getattr(self.parameters.get(node), "label", "")
        return repr(self.constants[node]) if node in self.constants else label or "parameter"

    def differentiated(self, node: int) -> tuple[int, ...]:
        """The operands of a node that the table has a derivative by."""
        op, operands = self.op[node], self.operands[node]
        if op is TAKE:
            return operands[:-1]
        if op is None or op.nary or None not in op.derivatives:  # type: ignore[operator]
            return operands
        return tuple([x for x, rule in zip(operands, op.derivatives, strict=True) if rule])  # type: ignore[arg-type]

    def leave_out_what_no_gradient_reaches(self) -> None:
        """Let only those nodes be active that a gradient reaches from the root.

        What lies behind a stop-gradient or a condition has the adjoint 0, and 0 times an infinite derivative is NaN.
        """
        reached = self._reached()
        self.active = [active and there > _NEVER for active, there in zip(self.active, reached, strict=True)]
        self.optional = [there == _SOMETIMES for there in reached]

    def _reached(self) -> bytearray:
        """Whether a gradient from the root arrives at each node."""
        reached = bytearray(len(self))  # _NEVER
        if self.root is not None:
            reached[self.root] = _ALWAYS
        for node in range(len(self) - 1, -1, -1):
            op = self.op[node]
            if op is None or not reached[node]:
                continue
            operands = self.operands[node]
            if not op.nary and None in op.derivatives:  # type: ignore[operator]
                operands = tuple([x for x, rule in zip(operands, op.derivatives, strict=True) if rule])  # type: ignore[arg-type]
            arrives = _SOMETIMES if op is TAKE else reached[node]
            for x in operands[:-1] if op is TAKE else operands:
                if reached[x] < arrives:
                    reached[x] = arrives
        return reached

    def verify(self) -> None:
        """That the program keeps its rules.

        Each node is a leaf of one kind or a primitive of as many nodes before it as that takes; what is said of its
        level, batch and gradient is so; no two nodes are the same; the result is made of nodes that exist.

        Raises:
            ProgramError: naming the node and the rule.
        """
        known: dict[tuple[Any, ...], int] = {}
        for node, (op, operands) in enumerate(zip(self.op, self.operands, strict=True)):
            kinds = [node in leaves for leaves in (self.inputs, self.parameters, self.constants)]
            self._expect(sum(kinds) == (op is None), node, "it is not one kind of leaf, or not one primitive")
            self._expect(all(0 <= x < node for x in operands), node, "it is used before it is bound")
            if op is not None:
                fits = bool(operands) if op.nary else len(operands) == len(op.derivatives)  # type: ignore[arg-type]
                self._expect(fits, node, "it has another number of operands")
                first = known.setdefault((op, *operands), node)
                self._expect(first == node, node, f"it is {first} once more")
        for node in returned_nodes(self.result):
            if not 0 <= node < len(self):
                raise ProgramError(f"the result has a node {node}, and there are {len(self)}")
        reached, leads = self._reached(), [False] * len(self)
        for node, (op, operands) in enumerate(zip(self.op, self.operands, strict=True)):
            batched, leads[node] = node in self.inputs, node in self.parameters
            if op is not None:
                batched = any(self.batched[x] for x in operands)
                leads[node] = any(leads[x] for x in operands) and (op.nary or any(op.derivatives))  # type: ignore[arg-type]
            level = 1 + max((self.level[x] for x in operands), default=-1)
            self._expect(self.level[node] == level, node, "its level is another")
            self._expect(self.batched[node] == batched, node, "it has a batch and its operands none, or they have one")
            active = leads[node] and reached[node] > _NEVER
            self._expect(self.active[node] == active, node, "a gradient flows through it, or is said to and does not")
            optional = reached[node] == _SOMETIMES
            self._expect(self.optional[node] == optional, node, "a gradient comes always, or is said to and does not")

    def _expect(self, holds: bool, node: int, otherwise: str) -> None:
        if not holds:
            raise ProgramError(f"{otherwise}: {node}  {self._what(node)}")

    def with_parameters(self, change: Callable[[Value], Value]) -> Scalars:
        """The same program over other `Value`s."""
        made = copy.copy(self)
        made.parameters = {node: change(p) for node, p in self.parameters.items()}
        made.constants, made._constant = dict(self.constants), dict(self._constant)
        for name in ("op", "operands", "level", "batched", "active", "optional", "rank"):
            setattr(made, name, getattr(self, name)[:])
        return made

    def put_in_order(self, values: list[Value]) -> None:
        """Let the vector be these parameters in their order; those that nothing depends on are parameters, too.

        Raises:
            ValueError: if a `Value` is there twice, or a parameter is not there.
        """
        nodes = {id(value): node for node, value in self.parameters.items()}
        if len(set(map(id, values))) < len(values):
            twice = next(v for i, v in enumerate(values) if any(v is w for w in values[:i]))
            raise ValueError(f"parameters= has {twice!r} twice")
        missing = [p for p in self.parameters.values() if all(p is not v for v in values)]
        if missing:
            raise ValueError(
                f"parameters= has not all that the function depends on: there are {len(missing)} more, such as "
                f"{missing[0]!r}. detach() makes one a constant for the gradient"
            )
        for value in values:
            if id(value) not in nodes:
                node = nodes[id(value)] = self.leaf(-1)
                self.parameters[node] = value
        self.order = [nodes[id(value)] for value in values]

    def leaf(self, rank: int, batched: bool = False, active: bool = False) -> int:
        self.op.append(None)
        self.operands.append(())
        self.level.append(0)
        self.batched.append(batched)
        self.active.append(active)
        self.optional.append(False)
        self.rank.append(rank)
        return len(self.op) - 1

    def constant(self, number: float) -> int:
        key = number if number == number and number else repr(number)  # 0.0 and -0.0 are two constants, NaN is one
        if key not in self._constant:
            node = self._constant[key] = self.leaf(-1)
            self.constants[node] = number
        return self._constant[key]

    def node(self, op: Primitive, operands: tuple[int, ...], rank: int) -> int:
        """The node for op(*operands): an old one if there is one, a constant if it can be computed."""
        nodes = self._known.get(op)
        if nodes is None:
            nodes = self._known[op] = {}
        known = nodes.get(operands)
        if known is not None:
            return known
        if op is _WHERE or op is _POW:
            simpler = self._simpler(op, operands)
            if simpler is not None:
                return simpler
        levels, of_batch, with_gradient = self.level, self.batched, self.active
        x = operands[0]
        level, batched, active = levels[x], of_batch[x], with_gradient[x]
        for x in operands[1:]:
            if levels[x] > level:
                level = levels[x]
            batched = batched or of_batch[x]
            active = active or with_gradient[x]
        if not level and not batched and op is not TAKE and all(x in self.constants for x in operands):
            try:
                node = self.constant(op.apply_to_floats([self.constants[x] for x in operands]))
            except (ArithmeticError, ValueError):
                pass  # log(0) … is left to run time, where it is IEEE's
            else:
                nodes[operands] = node
                return node
        if active and not op.nary and not any(op.derivatives):  # type: ignore[arg-type]
            active = False
        node = nodes[operands] = len(self.op)
        self.op.append(op)
        self.operands.append(operands)
        levels.append(level + 1)
        of_batch.append(batched)
        with_gradient.append(active)
        self.optional.append(False)
        self.rank.append(rank)
        return node

    def _simpler(self, op: Primitive, operands: tuple[int, ...]) -> int | None:
        """Of a choice or power: a node with the very same number, or None. Second derivatives are full of them."""
        if op is _WHERE:
            condition, a, b = operands
            if a == b:
                return a
            known = self.constants.get(condition)
            return None if known is None else a if known else b
        exponent = self.constants.get(operands[1])
        return operands[0] if exponent == 1 else self.constant(1.0) if exponent == 0 else None

    def leave_out_what_nothing_uses(self) -> None:
        """Keep leaves, and the nodes that the result is computed from."""
        used = [op is None for op in self.op]
        for node in returned_nodes(self.result):
            used[node] = True
        for node in range(len(self) - 1, -1, -1):
            if used[node]:
                for x in self.operands[node]:
                    used[x] = True
        if all(used):
            return
        kept = [node for node, there in enumerate(used) if there]
        new = {node: number for number, node in enumerate(kept)}
        self.operands = [tuple([new[x] for x in self.operands[node]]) for node in kept]
        for name in ("op", "level", "batched", "active", "optional", "rank"):
            column = getattr(self, name)
            setattr(self, name, [column[node] for node in kept])
        for name in ("inputs", "parameters", "constants"):
            setattr(self, name, {new[node]: leaf for node, leaf in getattr(self, name).items()})
        self.integers = {new[node] for node in self.integers}
        self._constant = {key: new[node] for key, node in self._constant.items()}
        self._known.clear()
        self.result = mapped(lambda x: Returned(new[x.node]) if isinstance(x, Returned) else x, self.result)

    def pack(self) -> None:
        """Take little memory: no node will be made any more that might be there already, and there may be millions."""
        self._known.clear()
        self.level, self.rank = array("q", self.level), array("q", self.rank)
        for name in ("batched", "active", "optional"):
            setattr(self, name, bytearray(getattr(self, name)))


def _shown(result: Any) -> str:
    if isinstance(result, (list, tuple)):
        inside = ", ".join(map(_shown, result))
        return f"({inside})" if isinstance(result, tuple) else f"[{inside}]"
    return str(result.node if isinstance(result, Returned) else result)


def returned_nodes(result: Any) -> Iterator[int]:
    """The nodes in what a function returned, one after the other; numbers are none."""
    return (x.node for x in returned(result) if isinstance(x, Returned))


class _Sum:
    """Σ pairs + Σ addends + constant, while it may still grow."""

    __slots__ = ("addends", "constant", "pairs", "rank", "started")

    def __init__(self, rank: int) -> None:
        self.pairs: list[tuple[int, int, int]] = []  # a, b and the rank of their product
        self.addends: list[int] = []
        self.constant = 0.0
        self.started = False  # from 0, as sum() does, or as a dot or total
        self.rank = rank

    def merge(self, other: _Sum) -> None:
        if len(self.pairs) < len(other.pairs):  # the longer list stays, so that a chain costs its length
            other.pairs.extend(self.pairs)
            self.pairs = other.pairs
        else:
            self.pairs.extend(other.pairs)
        if len(self.addends) < len(other.addends):
            other.addends.extend(self.addends)
            self.addends = other.addends
        else:
            self.addends.extend(other.addends)
        self.constant += other.constant
        self.started |= other.started


def normalise(trace: Trace) -> Scalars:
    """The normal form of a traced graph."""
    return _Normaliser(trace).run()


class _Normaliser:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.scalars = Scalars()
        self.place: dict[Value, int | _Sum | tuple[int, int, int]] = {}  # a node; a sum or product that may be merged

    def run(self) -> Scalars:
        s, place = self.scalars, self.place
        inputs = [argument.placeholders for argument in self.trace.arguments]
        if self.trace.noise:
            inputs.append(self.trace.noise)
        s.widths = list(map(len, inputs))
        for number, placeholders in enumerate(inputs):
            for row, placeholder in enumerate(placeholders):
                node = s.leaf(row, batched=True)
                s.inputs[node] = (number, row)
                place[placeholder] = node
                if placeholder._db is True:
                    s.integers.add(node)
        order = self.trace.order
        merges = self._that_a_sum_may_take_in()
        for rank, v in enumerate(order):
            op = v.op
            if op is None:
                if v not in place:
                    place[v] = self._leaf(v, rank)
                continue
            operands = v._da if v._a is None else v.operands
            if op is _MUL:
                product = (*self._weight_first(*operands), rank)
                place[v] = product if id(v) in merges else self._product(*product)
            elif op in _SUMS:
                if id(v) in merges:
                    place[v] = self._sum(op, operands, rank)
                else:
                    of_two = self._of_two(operands, rank) if op is _ADD else None
                    place[v] = self._node_of_sum(self._sum(op, operands, rank)) if of_two is None else of_two
            elif op is _POS:
                place[v] = place[operands[0]] if id(v) in merges else self._node(operands[0])
            else:
                place[v] = s.node(op, tuple([self._node(x) for x in operands]), rank)
        s.result = self._result(self.trace.result)
        s.leave_out_what_nothing_uses()
        s.leave_out_what_no_gradient_reaches()
        s.pack()
        return s

    def _that_a_sum_may_take_in(self) -> set[int]:
        """The ids of those that a sum or a +x uses, and nothing else."""
        sums = [v.operands for v in self.trace.order if v.op in _SUMS or v.op is _POS]
        return set(map(id, chain.from_iterable(sums))) - self.trace.again

    def _result(self, returned: Any) -> Any:
        """What the function returned, with a `Returned` for each `Value`, and nested lists for arrays."""
        if isinstance(returned, Value):
            return Returned(self._node(returned))
        if isinstance(returned, (list, tuple)) or (hasattr(returned, "dtype") and returned.ndim):
            parts = [self._result(part) for part in returned]
            return tuple(parts) if isinstance(returned, tuple) else parts
        return float(returned)

    def _leaf(self, v: Value, rank: int) -> int:
        if isinstance(v, Traced):
            raise ValueError(f"{v!r} belongs to another trace: a compiled function must not keep its inputs")
        if v in self.trace.made:  # made by the function itself: the same number each time
            return self.scalars.constant(v.data)
        node = self.scalars.leaf(rank, active=True)
        self.scalars.parameters[node] = v
        return node

    def _node(self, x: Any) -> int:
        """The node of an operand; a sum or product that waited for one more term is now complete."""
        if not isinstance(x, Value):
            return self.scalars.constant(x)
        there = self.place[x]
        if isinstance(there, _Sum):
            there = self.place[x] = self._node_of_sum(there)
        elif isinstance(there, tuple):
            there = self.place[x] = self._product(*there)
        return there

    def _weight_first(self, a: Any, b: Any) -> tuple[int, int]:
        """The nodes of two factors: a parameter or a constant comes first."""
        a, b = self._node(a), self._node(b)
        s = self.scalars
        if s.op[b] is None and not s.batched[b] and (s.op[a] is not None or s.batched[a]):
            return b, a
        return a, b

    def _product(self, a: int, b: int, rank: int) -> int:
        if self.scalars.constants.get(a) == 1:
            return b
        if self.scalars.constants.get(b) == 1:
            return a
        return self.scalars.node(_MUL, (a, b), rank)

    def _of_two(self, operands: tuple[Any, ...], rank: int) -> int | None:
        """Of a sum of a node and a node or product: its node, as `_sum` and `_node_of_sum` make it, but sooner."""
        a, b = operands
        if a.__class__ is float or b.__class__ is float:
            return None
        x, y = self.place[a], self.place[b]
        if x.__class__ is tuple:
            x, y = y, x
        constants = self.scalars.constants
        if x.__class__ is not int or x in constants:
            return None
        if y.__class__ is tuple:
            y = self._product(*y)
        elif y.__class__ is not int or y in constants:
            return None
        return self.scalars.node(_ADD, (x, y), rank)

    def _sum(self, op: Primitive, operands: tuple[Any, ...], rank: int) -> _Sum:
        terms = _Sum(rank)
        if op is _DOT:
            terms.started = True
            n = len(operands) // 2
            weight_first = self._weight_first
            terms.pairs = [(*weight_first(w, x), rank) for w, x in zip(operands[:n], operands[n:-1], strict=True)]
            operands = operands[-1:]
        elif op is _TOTAL or (type(operands[0]) is float and operands[0] == 0):
            terms.started = True
        for x in operands:
            there = self.place[x] if isinstance(x, Value) else None
            if isinstance(there, _Sum):
                there.rank = rank
                there.merge(terms)
                terms = there
            elif isinstance(there, tuple):
                terms.pairs.append(there)
            elif isinstance(x, Value):
                self._addend(terms, self._node(x))
            else:
                terms.constant += x
        return terms

    def _addend(self, terms: _Sum, node: int) -> None:
        if node in self.scalars.constants:
            terms.constant += self.scalars.constants[node]
        else:
            terms.addends.append(node)

    def _node_of_sum(self, terms: _Sum) -> int:
        s, rank, addends = self.scalars, terms.rank, terms.addends
        pairs, constant = terms.pairs, terms.constant
        batched = s.batched
        shared = [pair for pair in pairs if not (batched[pair[0]] or batched[pair[1]])]
        if shared and (len(shared) < len(pairs) or any(batched[x] for x in addends)):
            apart = _Sum(shared[0][2])  # what depends on parameters alone is a sum of its own, computed once
            apart.pairs = shared
            pairs = [pair for pair in pairs if batched[pair[0]] or batched[pair[1]]]
            addends.append(self._node_of_sum(apart))
        of_nodes = sum(a not in s.constants for a, _, _ in pairs[:4])
        if len(pairs) >= 4 or of_nodes >= 2 or (pairs and terms.started):
            if constant or not addends:
                bias = s.constant(constant)
            else:
                bias = addends.pop(next((i for i, x in enumerate(addends) if x in s.parameters), 0))
            ws, xs, _ = zip(*pairs, strict=True)
            addends.insert(0, s.node(_DOT, (*ws, *xs, bias), rank))
            if len(addends) == 1:
                return addends[0]
        else:
            addends.extend(self._product(*pair) for pair in pairs)
            if constant or not addends:
                addends.append(s.constant(constant))
            if len(addends) == 1 and (not terms.started or addends[0] in s.constants):
                return addends[0]
            if terms.started:
                return s.node(_TOTAL, tuple(addends), rank)
        return s.node(_ADD if len(addends) == 2 else _TOTAL, tuple(addends), rank)
