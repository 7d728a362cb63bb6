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
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from autograd.collector import collector_paused
from autograd.compiler.execute import derivation_of_arrays
from autograd.compiler.passes import PER_MULTIPLIED, Arguments, Programs
from autograd.compiler.tiles import Tiles, in_tiles
from autograd.compiler.trace import CONDITIONS, DETACH, TAKE
from autograd.primitives import table

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["NativeEngine"]

Floats = NDArray[np.float64]

_ON_TAPE = frozenset({table["dot"], table["total"], DETACH})  # of the rows of any number of operands
_FEWEST, _MOST = 64, 512  # samples in a tile of a tape
_FEWEST_OF_ROWS, _MOST_OF_ROWS, _MOST_OF_BLAS = 32, 256, 4096  # of the array program; and of large products
_FETCHED = 10e9  # bytes in a second, about as fast as the processor can fetch them
_SHARED_BY_BLAS = 2**18  # multiplications of one product, above which BLAS takes all processors by itself
_HARDLY = 1.25  # times as long may a narrow program take on a tape: to find arrays takes far longer than it gains
_CACHED = 2**20  # bytes, that the numbers of a tile may take to stay near the processor

_PER_CALL, _PER_FUNCTION = 3e-6, 8e-9
_ROWS, _ROWS_ALONE, _ROWS_PER_GROUP, _ROWS_PER_REDUCTION = 3e-6, 0.02e-6, 0.12e-6, 0.13e-6  # alone: of one lane
_ROWS_PER_SAMPLE = 0.12e-9  # for each operand
_PER_THREAD = 200e-6  # to wake it and to wait for it
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
        counts = {row: count for row, count in programs.counts.items() if row is not None}
        self._on_tape = all(not row.nary or row in _ON_TAPE for row in counts)
        self._functions = sum(count for row, count in counts.items() if row not in _QUICK)
        each = programs.operands / max(1, programs.reductions)
        reduction: float = _ROWS_PER_REDUCTION + _STRIDED * min(each, 200) + _CONTIGUOUS * each
        alone, several = programs.alone, programs.elementwise - programs.alone
        self._sample: float = 1 + 8 * sum(self.scalars.widths) + 16 * sum(self.scalars.batched)
        """Bytes that a sample takes in the array program: the values and adjoints, until all that it takes is seen."""
        self._sample_seen = False
        self._rows: float = _ROWS + alone * _ROWS_ALONE + several * _ROWS_PER_GROUP + programs.reductions * reduction

    @staticmethod
    def refuses(programs: Programs) -> str | None:
        """Why it cannot run a program; None if it can."""
        return _without_numba()

    def cost(self, batch: int) -> float:
        """About how many seconds value and gradient of so many samples take."""
        return self._threads(batch)[1]

    def _threads(self, batch: int) -> tuple[int, float]:
        """How many threads share so many samples, and what it costs."""
        alone, most = self._cost_alone(batch), min(_processors(), batch)
        each = -(-batch // most)
        if most == 1 or min(each, self._tile_of_rows) * self.programs.largest > _SHARED_BY_BLAS:
            return 1, alone
        shared = self._cost_alone(each) + _PER_THREAD * (most - 1)
        return (most, shared) if shared < alone else (1, alone)

    def _cost_alone(self, batch: int) -> float:
        return self._cost_of_tape(batch) if self._as_tape(batch) else self._cost_of_rows(batch)

    def _as_tape(self, batch: int) -> bool:
        """Whether the scalar program runs so many samples: where it is cheaper, or hardly dearer and has no arrays."""
        return self._cost_of_tape(batch) < self._cost_of_rows(batch) * (_HARDLY if self.programs.narrow else 1)

    def _cost_of_rows(self, batch: int) -> float:
        multiplied, others = self.programs.multiplied, self.programs.operands - self.programs.multiplied
        sample = self._functions * _PER_FUNCTION + multiplied * PER_MULTIPLIED + others * _ROWS_PER_SAMPLE
        return _PER_CALL + self._rows + batch * sample

    def _cost_of_tape(self, batch: int) -> float:
        if not self._on_tape:
            return math.inf
        operand = _TAPE_ALONE if batch == 1 else math.ceil(batch / self._tile) * _TAPE + batch * _TAPE_PER_SAMPLE
        return _PER_CALL + self.programs.operands * operand + batch * self._functions * _PER_FUNCTION

    @property
    def _tile(self) -> int:
        """How many samples go through a tape at once."""
        return max(_FEWEST, min(_MOST, _CACHED // (16 * len(self.scalars))))

    @property
    def _tile_of_rows(self) -> int:
        """The same of the array program: few where it is fetching numbers that takes the time, not computing."""
        if 2 * self.programs.multiplied > self.programs.operands:
            return _MOST_OF_BLAS  # which cuts by itself
        fetching = self._sample > _FETCHED * (self._cost_of_rows(1) - self._cost_of_rows(0))
        return max(_FEWEST_OF_ROWS if fetching else _MOST_OF_ROWS, int(_CACHED / self._sample))

    @collector_paused()
    def bind(self, vector: Floats, batch: int) -> Any:
        """What runs so many samples."""
        threads = self._threads(batch)[0]
        if self._as_tape(-(-batch // threads)):
            from autograd.compiler.tape import NotOnTapeError, TapePlan  # which imports Numba

            def tape(samples: int) -> TapePlan:
                return TapePlan(self.scalars, self.programs.parameters, vector, samples)

            try:
                return _bound(tape, len(vector), in_tiles(batch, self._tile, threads))
            except NotOnTapeError:  # a function that NumPy alone has
                self._on_tape = False
        from autograd.compiler.rows import RowsPlan

        def rows(samples: int) -> RowsPlan:
            return RowsPlan(self.programs.arrays, vector, samples, threads > 1)

        if batch > _FEWEST_OF_ROWS * threads and not self._sample_seen:  # with all that is gathered and in between
            self._sample, self._sample_seen = rows(_FEWEST_OF_ROWS).nbytes / _FEWEST_OF_ROWS, True
        return _bound(rows, len(vector), in_tiles(batch, self._tile_of_rows, threads))

    def derivation(self, arguments: Arguments, notation: Plain) -> Derivation | None:
        """What is computed, in symbols, as arrays; None where that is longer than anybody reads."""
        return derivation_of_arrays(self.programs, arguments, notation)


def _bound(bind: Callable[[int], Any], parameters: int, shares: list[list[tuple[int, int]]]) -> Any:
    """What runs these tiles; a single one by itself."""
    (share, *others) = shares
    return Tiles(bind, parameters, shares) if others or len(share) > 1 else bind(share[0][1])


def _processors() -> int:
    """How many threads Numba would use: the processors there are, or what NUMBA_NUM_THREADS says."""
    import numba

    found: int = numba.config.NUMBA_NUM_THREADS
    return found


@cache
def _without_numba() -> str | None:
    """Why there is no Numba; None if there is. It is imported, as one that is there may be too old for NumPy."""
    if find_spec("numba") is None:
        return "it would be quicker, but needs Numba (pip install 'scalar-autograd[fast]')"
    try:
        from numba import config
    except ImportError as error:
        return f"it would be quicker, but Numba cannot be imported: {error}"
    return "it would be quicker, but NUMBA_DISABLE_JIT is set" if config.DISABLE_JIT else None
