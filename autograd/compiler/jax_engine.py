"""An engine: the array program on JAX, compiled by XLA for whatever devices there are.

Value and gradient are ``jax.value_and_grad`` of the function that `jax_function` makes, in float64 whatever JAX is set
to elsewhere. XLA compiles it at the first call with a size of batch, which takes a second or several; on a processor
the other engines are quicker as a rule, so ``engine="auto"`` never chooses it. It is for what those have not: other
devices, many of them, several machines (`nn.parallel`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.execute import derivation_of_arrays
from autograd.compiler.jax_function import OPTIONS, Sample, unknown_functions, without_jax
from autograd.compiler.normalise import returned_nodes
from autograd.compiler.passes import Arguments, Programs

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["JaxEngine"]

Floats = NDArray[np.float64]

_PER_CALL, _PER_GROUP, _PER_OPERAND = 60e-6, 1e-6, 1e-9
"""Seconds, measured on one processor: what JAX takes to call anything, and about what XLA's code does."""


class JaxEngine:
    """The array program, as a function that XLA compiles."""

    name: ClassVar[str] = "jax"

    def __init__(self, programs: Programs) -> None:
        self.programs = programs

    @staticmethod
    def refuses(programs: Programs) -> str | None:
        """Why it cannot run a program; None if it can."""
        reason = without_jax()
        if reason is None and (unknown := unknown_functions(programs)):
            return f"JAX has no function called {', '.join(unknown)}"
        return reason

    def cost(self, batch: int) -> float:
        """About how many seconds value and gradient of so many samples take, once it is compiled."""
        programs = self.programs
        groups: float = (programs.reductions + programs.elementwise) * _PER_GROUP
        return _PER_CALL + groups + batch * programs.operands * _PER_OPERAND

    def bind(self, vector: Floats, batch: int) -> Run:
        """What runs so many samples; XLA compiles at its first call."""
        return Run(self, vector, batch)

    def derivation(self, arguments: Arguments, notation: Plain) -> Derivation | None:
        """What is computed, in symbols; None where that is longer than anybody reads."""
        return derivation_of_arrays(self.programs, arguments, notation)

    @cached_property
    def sample(self) -> Sample:
        """The function of one sample."""
        return Sample(self.programs)

    @cached_property
    def returned(self) -> list[int]:
        """The nodes that the function returns."""
        return list(dict.fromkeys(returned_nodes(self.programs.scalars.result)))

    def _batch(self, nodes: list[int], vector: Any, inputs: Any) -> Any:
        import jax

        if not inputs:
            return self.sample.of_nodes(nodes, vector)[None]
        every = jax.vmap(lambda *x: self.sample.of_nodes(nodes, vector, *x))
        return every(*inputs)

    @cached_property
    def mean_and_grad(self) -> Callable[..., Any]:
        """The mean of the root over a batch, and its gradient, as XLA runs them."""
        import jax

        root = self.programs.scalars.root
        assert root is not None

        def mean(vector: Any, *inputs: Any) -> Any:
            return self._batch([root], vector, inputs).mean()

        compiled: Callable[..., Any] = jax.jit(jax.value_and_grad(mean), compiler_options=OPTIONS)
        return compiled

    @cached_property
    def values(self) -> Callable[..., Any]:
        """The values of all that is returned, (samples, nodes), as XLA computes them."""
        import jax

        def values(vector: Any, *inputs: Any) -> Any:
            return self._batch(self.returned, vector, inputs)

        compiled: Callable[..., Any] = jax.jit(values, compiler_options=OPTIONS)
        return compiled


class Run:
    """What runs a size of batch, on the numbers that are in the vector when it is called."""

    nbytes = 0
    """Of its own: what XLA takes while it runs is not kept."""

    def __init__(self, engine: JaxEngine, vector: Floats, batch: int) -> None:
        self._engine, self._vector, self._batch = engine, vector, batch

    @np.errstate(all="ignore")
    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""
        import jax

        with jax.enable_x64(True):
            value, gradient = self._engine.mean_and_grad(self._vector, *inputs)
            return float(value), np.array(gradient)

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """Compute all that is returned; gives a function from a node to its array."""
        import jax

        with jax.enable_x64(True):
            found = np.array(self._engine.values(self._vector, *inputs))
        column = {node: k for k, node in enumerate(self._engine.returned)}
        return lambda node: found[:, column[node]]
