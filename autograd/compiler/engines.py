"""What runs a compiled program: the seam between `Program`, which knows no engine, and the engines.

========  ==================================================  ==================================================
engine    what it runs                                        what for
========  ==================================================  ==================================================
numpy     the array program, as NumPy calls                   whatever has vectors and matrices in it
nodes     the scalar program, node by node                    narrow graphs without a pattern, a few samples
native    either of them, as rows that one compiled loop      everything, where Numba is installed
          goes through
jax       the array program, as a function that XLA compiles  other devices, and many; only where it is asked for
========  ==================================================  ==================================================

An engine may refuse a program, with a reason. It says what a call would cost, by counting what it would do and the
seconds that each of these took when they were measured; ``engine="auto"`` takes, for each size of batch, whoever is
cheapest. An engine bound to a vector and a size of batch is an `Executable`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.execute import NumPyEngine
from autograd.compiler.jax_engine import JaxEngine
from autograd.compiler.native import NativeEngine
from autograd.compiler.nodes import NodesEngine
from autograd.compiler.passes import Arguments, Programs

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["ENGINES", "ON_REQUEST", "Engine", "Executable", "candidates"]

Floats = NDArray[np.float64]
"""The names and shapes of the arguments of the function."""


class Executable(Protocol):
    """An engine bound to a vector and a size of batch.

    It may have a ``gather(nodes, inputs)``, too: compute, and give the values of nodes in one array (nodes, samples).

    Attributes:
        nbytes: how much memory it holds.
    """

    nbytes: int

    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient: an array of the caller's. NumPy warns of nothing."""

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""


class Engine(Protocol):
    """What `Program` asks of an engine, which is made of a function's programs.

    Attributes:
        name: what ``engine=`` calls it.
    """

    name: ClassVar[str]

    def __init__(self, programs: Programs) -> None: ...

    @staticmethod
    def refuses(programs: Programs) -> str | None:
        """Why the engine cannot run a program; None if it can."""

    def cost(self, batch: int) -> float:
        """About how many seconds value and gradient of so many samples take."""

    def bind(self, vector: Floats, batch: int) -> Executable:
        """What runs so many samples, on the numbers in this vector (and on those that are put into it later)."""

    def derivation(self, arguments: Arguments, notation: Plain) -> Derivation | None:
        """What runs, in symbols; None where that is longer than anybody reads."""


ENGINES: dict[str, type[Engine]] = {"numpy": NumPyEngine, "nodes": NodesEngine, "native": NativeEngine}
"""The engines by name, in the order in which they are tried."""

ON_REQUEST: dict[str, type[Engine]] = {"jax": JaxEngine}
"""Engines that run what they are asked to run by name, and are never chosen."""


def candidates(programs: Programs, engine: str) -> list[Engine]:
    """The engines that may run a program: that of the name; or, if it is "auto", all that do not refuse it.

    Raises:
        ValueError: for an unknown name, or an engine that refuses the program, with its reason.
    """
    if engine == "auto":
        return [kind(programs) for kind in ENGINES.values() if kind.refuses(programs) is None]
    known = ENGINES | ON_REQUEST
    if engine not in known:
        raise ValueError(f"engine is one of {', '.join(map(repr, ['auto', *known]))}, not {engine!r}")
    reason = known[engine].refuses(programs)
    if reason is not None:
        raise ValueError(f"the engine {engine!r} cannot run this program: {reason}")
    return [known[engine](programs)]
