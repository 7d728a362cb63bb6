"""The native engine: rows of numbers, that one compiled loop goes through, instead of many short NumPy calls.

A NumPy call takes half a microsecond before it computes anything. So what would be called is written down as rows of
numbers before the first call, and a function that Numba has compiled (`interpreter.py`, once for each machine) goes
through them, at one to ten nanoseconds each where they have one lane and one sample. Nothing is compiled for a program,
and a primitive of one's own is rows like any other, as its formula is made of the same instructions. There are two ways
to write them:

============  ===================  =================================================================================
module        from                 for
============  ===================  =================================================================================
`rows`        the array program    whatever has vectors and matrices in it; large matrix products stay calls of BLAS
`tape`        the scalar program   graphs of which most groups have a lane or two; every batch in tiles
============  ===================  =================================================================================

The arithmetic is IEEE's, in an order that does not change from run to run. Numba is the extra ``fast``; without it this
engine refuses every program, and says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autograd.collector import collector_paused
from autograd.compiler.execute import derivation_of_arrays
from autograd.compiler.passes import Arguments, Programs
from autograd.compiler.trace import CONDITIONS, DETACH, TAKE
from autograd.primitives import table

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["NativeEngine"]

Floats = NDArray[np.float64]

_ON_TAPE = frozenset({table["dot"], table["total"], DETACH})  # of the rows of any number of operands
_FEWEST, _MOST, _FEWEST_OF_ROWS = 64, 512, 64  # samples in a tile: of a tape, and of the array program
_NARROW, _HARDLY = 3, 1.25  # lanes of a group, below which finding arrays takes far longer than it gains
_CACHED = 2**22  # bytes, that the numbers of a tile may take to stay near the processor

_MANY = 128  # numbers, above which NumPy's exponentials and the like are quicker (`rows._MANY`)
_PER_CALL, _PER_FUNCTION, _PER_VECTORISED, _PER_NUMPY_CALL = 3e-6, 20e-9, 5e-9, 1.5e-6
_ROWS, _ROWS_ALONE, _ROWS_PER_GROUP, _ROWS_PER_REDUCTION = 3e-6, 0.02e-6, 0.12e-6, 0.13e-6  # alone: of one lane
_ROWS_PER_SAMPLE = 0.12e-9
_STRIDED, _CONTIGUOUS = 2e-9, 0.3e-9  # for each operand of a reduction: of the first 200, and of all
_TAPE_ALONE, _TAPE, _TAPE_PER_SAMPLE = 1.5e-9, 9e-9, 0.15e-9  # for each operand: of one sample, and of several
"""Seconds, measured on one processor."""

_QUICK = frozenset(
    table[name]
    for name in ("add", "sub", "mul", "div", "neg", "pos", "pow", "sqrt", "where", "maximum", "minimum", "abs", "relu",
                 "leaky_relu", "dot", "total")
) | {DETACH, TAKE, *CONDITIONS}  # fmt: skip
"""Primitives that are a few instructions of the processor."""


class NativeEngine:
    """The array program or the scalar program, as rows that a compiled loop goes through."""

    name: ClassVar[str] = "native"

    def __init__(self, programs: Programs) -> None:
        self.programs, self.scalars = programs, programs.scalars
        groups = programs.grouped.groups
        self._on_tape = all(not row.nary or row in _ON_TAPE for row, _ in groups)
        self._lanes = np.array([len(nodes) for row, nodes in groups if row not in _QUICK], float)
        each = programs.operands / max(1, programs.reductions)
        reduction: float = _ROWS_PER_REDUCTION + _STRIDED * min(each, 200) + _CONTIGUOUS * each
        alone = sum(len(nodes) == 1 for row, nodes in groups if not row.nary)
        several = programs.elementwise - alone
        self._rows: float = _ROWS + alone * _ROWS_ALONE + several * _ROWS_PER_GROUP + programs.reductions * reduction

    @staticmethod
    def refuses(programs: Programs) -> str | None:
        """Why it cannot run a program; None if it can."""
        return _without_numba()

    def cost(self, batch: int) -> float:
        """About how many seconds value and gradient of so many samples take."""
        return self._cost_of_tape(batch) if self._as_tape(batch) else self._cost_of_rows(batch)

    def _as_tape(self, batch: int) -> bool:
        """Whether the scalar program runs so many samples: where it is cheaper, or hardly dearer and has no arrays."""
        narrow = self.programs.operations < _NARROW * len(self.programs.grouped.groups)
        return self._cost_of_tape(batch) < self._cost_of_rows(batch) * (_HARDLY if narrow else 1)

    def _cost_of_rows(self, batch: int) -> float:
        numbers = self._lanes * batch
        vectorised = _PER_NUMPY_CALL + numbers * _PER_VECTORISED
        functions = float(np.where(numbers > _MANY, vectorised, numbers * _PER_FUNCTION).sum())
        return _PER_CALL + self._rows + functions + batch * self.programs.operands * _ROWS_PER_SAMPLE

    def _cost_of_tape(self, batch: int) -> float:
        if not self._on_tape:
            return math.inf
        operand = _TAPE_ALONE if batch == 1 else math.ceil(batch / self._tile) * _TAPE + batch * _TAPE_PER_SAMPLE
        return _PER_CALL + self.programs.operands * operand + batch * float(self._lanes.sum()) * _PER_FUNCTION

    @property
    def _tile(self) -> int:
        """How many samples go through a tape at once."""
        return max(_FEWEST, min(_MOST, _CACHED // (16 * len(self.scalars))))

    @collector_paused()
    def bind(self, vector: Floats, batch: int) -> Any:
        """What runs so many samples."""
        if self._as_tape(batch):
            from autograd.compiler.tape import NotOnTapeError, TapePlan  # which imports Numba

            def tape(samples: int) -> TapePlan:
                return TapePlan(self.scalars, self.programs.parameters, vector, samples)

            try:
                return tape(batch) if batch <= self._tile else Tiles(tape, len(vector), batch, self._tile)
            except NotOnTapeError:  # a function that NumPy alone has
                self._on_tape = False
        from autograd.compiler.rows import RowsPlan

        def rows(samples: int) -> RowsPlan:
            return RowsPlan(self.programs.arrays, vector, samples)

        if batch <= _FEWEST_OF_ROWS:
            return rows(batch)
        few = rows(_FEWEST_OF_ROWS)  # what a sample takes, with all that is gathered and in between, is seen here
        tile = max(few.batch, few.batch * _CACHED // few.nbytes)
        if batch <= tile or batch * few.nbytes <= 2 * few.batch * _CACHED:
            return rows(batch)
        return Tiles(lambda samples: few if samples == few.batch else rows(samples), len(vector), batch, tile)

    def derivation(self, arguments: Arguments, notation: Plain) -> Derivation | None:
        """What is computed, in symbols, as arrays; None where that is longer than anybody reads."""
        return derivation_of_arrays(self.programs, arguments, notation)


@cache
def _without_numba() -> str | None:
    """Why there is no Numba; None if there is. It is imported, as one that is there may be too old for NumPy."""
    if find_spec("numba") is None:
        return "it would be quicker, but needs Numba (pip install 'scalar-autograd[fast]')"
    try:
        import numba  # noqa: F401
    except ImportError as error:
        return f"it would be quicker, but Numba cannot be imported: {error}"
    return None


class Tiles:
    """A batch in tiles that go through the same rows one after the other, so that what lies between stays in the cache.

    Args:
        bind: gives what runs a number of samples.
        parameters: how many there are.
        batch, tile: the numbers of samples of all, and of a tile; the last one may have fewer.
    """

    def __init__(self, bind: Callable[[int], Any], parameters: int, batch: int, tile: int) -> None:
        self._parameters, self.batch = parameters, batch
        self._tiles = [(begin, min(tile, batch - begin)) for begin in range(0, batch, tile)]
        self._runs = {size: bind(size) for _, size in self._tiles}
        self.nbytes = sum(run.nbytes for run in self._runs.values())

    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient: those of the tiles, in their order."""
        mean, gradient = 0.0, np.zeros(self._parameters)
        for begin, size in self._tiles:
            value, slope = self._runs[size].value_and_grad([x[begin : begin + size] for x in inputs])
            mean += value * (size / self.batch)
            gradient += slope * (size / self.batch)
        return mean, gradient

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """A function from a node to its array, which is computed when it is asked for."""
        return lambda node: self.gather([node], inputs)[0]

    def gather(self, nodes: Sequence[int], inputs: list[Floats]) -> Floats:
        """Compute; gives the values of nodes, an array (nodes, samples)."""
        found = np.empty((len(nodes), self.batch))
        for begin, size in self._tiles:
            found[:, begin : begin + size] = self._runs[size].gather(nodes, [x[begin : begin + size] for x in inputs])
        return found
