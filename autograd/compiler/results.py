"""What a compiled function returned: its numbers in a row, and arrays in the structure that a call gives them.

A `Value` becomes an array (samples,), lists of equal lengths one array (samples, …), a tuple or lists of unequal
lengths what they are, of such arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.given import real

__all__ = ["Layout", "columns", "rectangular", "returned"]

Floats = NDArray[np.float64]


def returned(result: Any) -> Iterator[Any]:
    """The numbers in what a function returned, one after the other."""
    if isinstance(result, (list, tuple)):
        for part in result:
            yield from returned(part)
    else:
        yield result


def rectangular(result: Any) -> tuple[int, ...] | None:
    """The shape of what a function returned, where that is one array; else None.

    >>> rectangular([[1, 2, 3], [4, 5, 6]]), rectangular(1), rectangular([[1], [2, 3]]), rectangular((1, 2))
    ((2, 3), (), None, None)
    """
    if isinstance(result, tuple):
        return None
    if not isinstance(result, list):
        return ()
    shapes = {rectangular(part) for part in result}
    if len(shapes) > 1 or None in shapes:
        return None
    inner = shapes.pop() if shapes else ()
    return (len(result), *(inner or ()))


class Layout:
    """How a call gives what a function returned, found out once: in what structure, and of which shapes.

    >>> pair = Layout(([1, 2], 3))                      # a list of two numbers, and one
    >>> [x.tolist() for x in pair(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))]
    [[[1.0, 2.0], [4.0, 5.0]], [3.0, 6.0]]

    Attributes:
        shape: that of the one array; None if there are several.
        size: how many numbers there are.
    """

    def __init__(self, result: Any) -> None:
        self.shape = rectangular(result)
        self.size = sum(1 for _ in returned(result))
        self._parts = [] if self.shape is not None else [Layout(part) for part in result]
        self._kind: Any = tuple if isinstance(result, tuple) else list

    def __call__(self, numbers: Floats) -> Any:
        """An array (samples, numbers) in that structure; whole arrays are looked at where they lie."""
        if self.shape is not None:
            return numbers.reshape(len(numbers), *self.shape)
        found, begin = [], 0
        for part in self._parts:
            end = begin + part.size
            found.append(part(np.ascontiguousarray(numbers[:, begin:end])))
            begin = end
        return self._kind(found)


def columns(result: Any, given: Any, samples: int) -> Floats:
    """The other way round: an array (samples, numbers).

    Raises:
        TypeError: for anything but arrays of real numbers.
        ValueError: for arrays of other shapes than a call gives.
    """
    shape = rectangular(result)
    if shape is not None:
        array = real(given, "a cotangent")
        if array.shape != (samples, *shape):
            raise ValueError(f"a cotangent has shape {(samples, *shape)}, as what a call gives, not {array.shape}")
        return array.reshape(samples, -1)
    parts = list(given)
    if len(parts) != len(result):
        raise ValueError(f"the cotangents are {len(result)}, as what a call gives, not {len(parts)}")
    return np.hstack([columns(part, one, samples) for part, one in zip(result, parts, strict=True)])
