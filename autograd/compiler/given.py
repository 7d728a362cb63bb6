"""What a program is given: arrays of real numbers, and nothing that would become some in silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["real", "samples"]

_EXACT = 2**53  # the integers up to which a float64 is exact


def real(given: Any, what: str) -> NDArray[np.float64]:
    """An array of float64, its rows one after the other.

    Args:
        what: what it is called in an error.

    Raises:
        TypeError: for anything but real numbers (None, texts, complex numbers), and masked arrays.
        ValueError: for lists of unequal lengths, and integers that float64 does not have.

    >>> real([[1, 2], [3, 4]], "a tangent")
    array([[1., 2.],
           [3., 4.]])
    >>> real(1j, "a tangent")
    Traceback (most recent call last):
        ...
    TypeError: a tangent is an array of real numbers, not of complex128
    """
    if isinstance(given, np.ma.MaskedArray):
        raise TypeError(f"{what} is a masked array; fill it first, as a program has no masks")
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{what} is not an array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} is an array of real numbers, not of {array.dtype}")
    if (
        array.dtype.kind in "iu"
        and array.dtype.itemsize == 8
        and array.size
        and max(int(array.max()), -int(array.min())) > _EXACT  # NumPy's integers would wrap
    ):
        raise ValueError(f"{what} has integers above 2**53, which float64 has not")
    return np.ascontiguousarray(array, np.float64).reshape(array.shape)


def samples(arrays: Sequence[NDArray[Any]]) -> int:
    """How many samples the arrays of a batch have; 1 if there are none.

    Raises:
        ValueError: if they have different numbers of them, or none.
    """
    size = len(arrays[0]) if arrays else 1
    if len(arrays) > 1 and any(len(x) != size for x in arrays):
        raise ValueError(f"the arguments of a batch have different numbers of samples: {[len(x) for x in arrays]}")
    if not size:
        raise ValueError("the batch is empty")
    return size
