"""Where the numbers of a program are: the stores, and the operands that look into them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONSTANT",
    "INPUT",
    "PARAMETER",
    "SAMPLE",
    "SHARED",
    "Operand",
    "RowNumbers",
    "address_of",
    "aligned",
    "store_name",
]

RowNumbers = NDArray[np.int64]

CONSTANT, PARAMETER, SHARED, SAMPLE, INPUT = range(5)
"""Where a value is stored: nowhere; in the vector of parameters; with what is computed from parameters
alone; with what each sample has of its own; INPUT + k: in argument k."""


def store_name(store: int) -> str:
    """What a store is called in print."""
    return f"input {store - INPUT}" if store >= INPUT else ("constants", "parameters", "shared", "samples")[store]


def aligned(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Zeros that begin at a whole number of cache lines: products with such matrices take up to a third less time."""
    size = 8 * int(np.prod(shape))
    memory = np.zeros(size + _LINE, np.uint8)
    begin = -memory.ctypes.data % _LINE
    return memory[begin : begin + size].view(np.float64).reshape(shape)


_LINE = 64  # bytes


def address_of(x: NDArray[np.float64] | NDArray[np.int64]) -> int:
    """Where in memory an array begins."""
    return x.__array_interface__["data"][0]  # type: ignore[no-any-return]


class Operand:
    """One operand of every lane of a group: constants, or rows of one store.

    Attributes:
        store: CONSTANT, PARAMETER, SHARED, SAMPLE or INPUT + k.
        rows: the row of each lane (and inner place), in the shape of the group; with axes of
            length 1 where it does not change.
        values: the numbers of a constant operand, likewise.
        strides: how far one step along each axis goes, if that is the same everywhere; else None, and
            the rows are gathered.
        apart: whether the rows are all different, so that one can add to all of them at once.
        active: whether a gradient flows through any of the rows.
    """

    def __init__(self, store: int, rows: RowNumbers | None = None, values: NDArray[np.float64] | None = None) -> None:
        self.store, self.values = store, values
        self.rows: RowNumbers = rows if rows is not None else np.empty(0, np.int64)
        self.strides: tuple[int, ...] | None = None
        self.apart = True
        self.active = False

    def __str__(self) -> str:
        if self.store == CONSTANT:
            assert self.values is not None
            numbers = self.values.ravel().tolist()
            return f"{numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} numbers"
        first, name = int(self.rows.flat[0]), store_name(self.store)
        if self.strides is None:
            return f"{self.rows.size} rows of {name}"
        steps = [f"{step} {axis}" for step, axis in zip(self.strides, "ijklmn", strict=False) if step]
        at = " + ".join([f"{first}"] * (first > 0 or not steps) + steps)
        return f"{name}[{at}]".replace("[1 ", "[").replace(" + 1 ", " + ")

    @property
    def batched(self) -> bool:
        return self.store >= SAMPLE

    @property
    def shape(self) -> tuple[int, ...]:
        return self.rows.shape
