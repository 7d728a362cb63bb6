"""What runs a compiled program: the seam between `Program`, which knows no engine, and the engines.

========  ==================================================  =============================================
engine    what it runs                                        what for
========  ==================================================  =============================================
numpy     the array program, as NumPy calls                   whatever has vectors and matrices in it
nodes     the scalar program, node by node                    narrow and deep graphs without a pattern
========  ==================================================  =============================================

An engine is made of a scalar program and the node to differentiate, if there is one. It may refuse a program, with
a reason. ``compile(f, example=…, engine="auto")`` takes the one that is expected to be fastest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.arrays import check_readable
from autograd.compiler.execute import Plan
from autograd.compiler.lower import lower
from autograd.compiler.normalise import Scalars
from autograd.compiler.roll import Groups, grouped, roll
from autograd.compiler.tape import Tape
from autograd.compiler.trace import DETACH, TAKE

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["ENGINES", "Engine", "choose"]

Floats = NDArray[np.float64]
_MANY, _NARROW = 300, 10  # more groups than that, of fewer nodes each, are run node by node
_PLANS = 4  # batch sizes whose buffers are kept


class Engine(Protocol):
    """What `Program` asks of an engine.

    Attributes:
        name: what ``engine=`` calls it.
        parameters: nodes of the parameters, in the order of the flat vector.
        limits: for each integer input (argument, place) how many items are chosen from.
    """

    name: ClassVar[str]
    parameters: list[int]
    limits: dict[tuple[int, int], int]

    def __init__(self, scalars: Scalars, root: int | None, groups: Groups) -> None: ...

    @staticmethod
    def refuses(scalars: Scalars) -> str | None:
        """Why the engine cannot run a program; None if it can."""

    def value_and_grad(self, vector: Floats, inputs: list[Floats], size: int) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""

    def values(self, vector: Floats, inputs: list[Floats], size: int) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""

    def derivation(
        self, arguments: Sequence[tuple[str, tuple[int, ...]]], result: Any, notation: Plain
    ) -> Derivation | None:
        """What runs, in symbols; None where that would be too long to read."""

    def described(self) -> str:
        """What runs, in one line."""


class NumPyEngine:
    """The array program, bound to buffers for each batch size."""

    name: ClassVar[str] = "numpy"

    def __init__(self, scalars: Scalars, root: int | None, groups: Groups) -> None:
        self.root = root
        self.lowered = lower(roll(scalars, groups), root)
        self.parameters, self.limits = self.lowered.roll.parameters, self.lowered.roll.limits
        self._plans: dict[int, Plan] = {}

    @staticmethod
    def refuses(scalars: Scalars) -> str | None:
        return None

    def value_and_grad(self, vector: Floats, inputs: list[Floats], size: int) -> tuple[float, Floats]:
        return self._plan(vector, inputs, size).value_and_grad(inputs)

    def values(self, vector: Floats, inputs: list[Floats], size: int) -> Callable[[int], Any]:
        return self._plan(vector, inputs, size).values(inputs)

    def _plan(self, vector: Floats, inputs: list[Floats], size: int) -> Plan:
        """The buffers for a batch size; those of the last few are kept."""
        plan = self._plans.pop(size, None)
        if plan is None:
            widths = [array.size // size for array in inputs]
            plan = Plan(self.lowered, size, vector, widths, self.root)
            while len(self._plans) >= _PLANS:
                del self._plans[next(iter(self._plans))]
        self._plans[size] = plan  # the one used last comes last
        return plan

    def derivation(
        self, arguments: Sequence[tuple[str, tuple[int, ...]]], result: Any, notation: Plain
    ) -> Derivation | None:
        from autograd.compiler.derivation import derive  # only who prints a program needs it

        return derive(self.lowered, self.root, arguments, result, notation)

    def described(self) -> str:
        return f"{len(self.lowered.instructions)} array instructions"


ENGINES: dict[str, type[Engine]] = {"numpy": NumPyEngine, "nodes": Tape}
"""The engines by name."""


def choose(scalars: Scalars, root: int | None, engine: str) -> Engine:
    """An engine for a program.

    Args:
        scalars, root: the program, and its node to differentiate.
        engine: a name, or "auto" for the one that is expected to be fastest.

    Raises:
        ValueError: for an unknown name, or an engine that refuses the program, with its reason.
    """
    if engine != "auto" and engine not in ENGINES:
        raise ValueError(f"engine is one of {', '.join(map(repr, ['auto', *ENGINES]))}, not {engine!r}")
    for op, arity in {(op, len(xs)) for op, xs in zip(scalars.op, scalars.operands, strict=True) if op is not None}:
        if op not in (DETACH, TAKE):
            check_readable(op, arity)
    groups = grouped(scalars)
    if engine == "auto":
        nodes = sum(len(lanes) for _, lanes in groups)
        narrow = len(groups) > _MANY and nodes < _NARROW * len(groups)
        engine = "nodes" if narrow and Tape.refuses(scalars) is None else "numpy"
    reason = ENGINES[engine].refuses(scalars)
    if reason is not None:
        raise ValueError(f"the engine {engine!r} cannot run this program: {reason}")
    return ENGINES[engine](scalars, root, groups)
