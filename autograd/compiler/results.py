"""What a compiled function returned: its numbers in a row, and arrays in the structure that a call gives them.

A `Value` becomes an array (samples,), lists of equal lengths one array (samples, …), a tuple or lists of unequal
lengths what they are, of such arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["columns", "rectangular", "returned", "structured"]

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


def structured(result: Any, numbers: Floats) -> Any:
    """An array (samples, numbers) in the structure that a call gives; whole arrays are looked at where they lie."""
    shape = rectangular(result)
    if shape is not None:
        return numbers.reshape(len(numbers), *shape)
    found, begin = [], 0
    for part in result:
        end = begin + sum(1 for _ in returned(part))
        found.append(structured(part, np.ascontiguousarray(numbers[:, begin:end])))
        begin = end
    return tuple(found) if isinstance(result, tuple) else found


def columns(result: Any, given: Any, samples: int) -> Floats:
    """The other way round: an array (samples, numbers).

    Raises:
        ValueError: for arrays of other shapes than a call gives.
    """
    shape = rectangular(result)
    if shape is not None:
        array = np.asarray(given, np.float64)
        if array.shape != (samples, *shape):
            raise ValueError(f"a cotangent has shape {(samples, *shape)}, as what a call gives, not {array.shape}")
        return array.reshape(samples, -1)
    parts = list(given)
    if len(parts) != len(result):
        raise ValueError(f"the cotangents are {len(result)}, as what a call gives, not {len(parts)}")
    return np.hstack([columns(part, one, samples) for part, one in zip(result, parts, strict=True)])
