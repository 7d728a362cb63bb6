"""Plain numbers that a graph was given: inputs and targets that are no `Value`s, and so no nodes.

What a network was fed and what it is compared with belong into its picture, although no gradient reaches them.

>>> from autograd import dot, topological_order
>>> w = [Value(0.5), Value(-0.5)]
>>> ŷ = dot(w, [1.0, 2.0], 0.0).tanh()
>>> for found in given(topological_order((ŷ - 0.25) ** 2)):
...     print(found.kind, found.data)
inputs (1.0, 2.0)
targets (0.25,)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograd.structure.names import squared
from autograd.value import Value

__all__ = ["Given", "given"]

Seat = tuple[Value, int]
"""A node, and which of its operands."""


@dataclass(slots=True)
class Given:
    """A list of plain numbers.

    Attributes:
        kind: "inputs" or "targets".
        data: the numbers.
        seats: for each number where it stands.
        total: where the sum of the numbers stands; of probabilities, which `cross_entropy` multiplies with.
    """

    kind: str
    data: tuple[float, ...]
    seats: list[list[Seat]]
    total: list[Seat] = field(default_factory=list)

    @property
    def users(self) -> list[Value]:
        """The nodes that are computed from them, each once."""
        return list(dict.fromkeys(node for seats in self.seats for node, _ in seats))


def given(order: Sequence[Value]) -> list[Given]:
    """The lists of plain numbers in a graph: what weights are multiplied with, and what outputs are compared with.

    Targets are the y of a difference ŷ − y that is then squared or whose size is taken, and the probabilities of a
    cross-entropy. Others, as those of `hinge_loss`, cannot be told from the constants of a formula.

    Args:
        order: the nodes, operands first, the root last.
    """
    inputs: dict[tuple[float, ...], Given] = {}
    differences: list[tuple[Seat, float]] = []
    found = []
    users: dict[Value, list[Value]] = {}
    for node in order:
        for x in node.parents:
            users.setdefault(x, []).append(node)
    for node in order:
        if node.op is None:
            continue
        operands = node.operands
        if node.op.name == "dot":
            half = len(operands) // 2
            first, second = operands[:half], operands[half : 2 * half]
            if half and _plain(second) and not _plain(first):
                data = tuple(map(float, second))
                own = inputs.setdefault(data, Given("inputs", data, [[] for _ in data]))
                for k in range(half):
                    own.seats[k].append((node, half + k))
            elif half and _plain(first) and not any(_plain([x]) for x in second):
                scales = [u for x in users[second[0]] if x.op and x.op.name == "logsumexp" for u in users.get(x, ())]
                total = [(u, k) for u in scales for k, c in enumerate(u.operands) if _plain([c])]
                if scales:
                    seats = [[(node, k)] for k in range(half)]
                    found.append(Given("targets", tuple(map(float, first)), seats, total))
        elif node.op.name == "sub" and _measured(node, users.get(node, [])):
            differences += [((node, k), float(c)) for k, c in enumerate(operands) if _plain([c])]
    if differences:
        data = tuple(c for _, c in differences)
        found.append(Given("targets", data, [[seat] for seat, _ in differences]))
    return [*inputs.values(), *found]


def _plain(operands: Sequence[object]) -> bool:
    return not any(isinstance(x, Value) for x in operands)


def _measured(node: Value, users: Sequence[Value]) -> bool:
    """Whether of a difference only the square or the size is used."""

    def measures(user: Value) -> bool:
        if user.op is None:
            return False
        if user.op.name == "pow":
            return user.operands[0] is node and user.operands[1] == 2
        if user.op.name == "mul":
            return user.operands[0] is user.operands[1]
        return user.op.name == "abs" or (user.op.name == "dot" and bool(squared(user)))

    return bool(users) and all(map(measures, users))
