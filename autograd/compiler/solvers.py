"""A compiled program as SciPy's solvers want a function: of one flat vector, the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.results import columns, returned

__all__ = ["OfVector"]

Program = Any  # autograd.compiler.program.Program: imports only point down, and that module reads this one
Floats = NDArray[np.float64]


class OfVector:
    """What a program gives for a batch, as a function of its parameters; made by `Program.for_scipy`.

    Calling it gives, for a program that returns one `Value`, the pair (value, gradient) of ``minimize(jac=True)``; for
    one that returns lists all its numbers in one vector, the residuals of ``least_squares`` and ``root``.

    Attributes:
        program: a copy of the program, whose own vector stays as it is.
        batch: the arrays that it is called with.
    """

    def __init__(self, program: Program, batch: tuple[Any, ...], reduction: str) -> None:
        self.program, self.batch, self.reduction = program, batch, reduction
        self._drawn = program.generator.bit_generator.state

    def __call__(self, vector: Any) -> Any:
        program = self._at(vector)
        if program._root is not None:
            return program.value_and_grad(*self.batch, reduction=self.reduction)
        return self._flat(program(*self.batch))

    def jac(self, vector: Any) -> Any:
        """The Jacobian of the residuals, a sparse matrix, for ``least_squares(fun, x0, jac=fun.jac)``."""
        return self._at(vector).jacobian(*self.batch, wrt="parameters", sparse=True)

    def dense(self, vector: Any) -> Floats:
        """The same as an array, for ``root(fun, x0, jac=fun.dense)`` and ``least_squares(…, method="lm")``."""
        found: Floats = self.jac(vector).toarray()
        return found

    def hess(self, vector: Any) -> Floats:
        """The Hessian of the value, for ``minimize(fun, x0, jac=True, hess=fun.hess, method="trust-exact")``."""
        found: Floats = self._at(vector).hessian(*self.batch, reduction=self.reduction)
        return found

    def hessp(self, vector: Any, direction: Any) -> Floats:
        """The Hessian times a direction, for ``minimize(…, hessp=fun.hessp, method="Newton-CG")``."""
        found: Floats = self._at(vector).hvp(self.batch, direction, reduction=self.reduction)
        return found

    def _at(self, vector: Any) -> Program:
        self.program.vector = vector
        self.program.generator.bit_generator.state = self._drawn  # the same numbers every time
        return self.program

    def _flat(self, result: Any) -> Floats:
        size = len(next(returned(result)))
        return columns(self.program._result, result, size).ravel()
