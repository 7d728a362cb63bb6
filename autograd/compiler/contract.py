"""Σ a · b over some axes of two arrays, by the cheapest NumPy call that does it.

Both backpropagation and the forward pass of `dot` come down to this: z = W a is Σ_j W_ij a_j, ∂E/∂W = δ aᵀ is
the sum over the batch of δ_i a_j, and ∂E/∂a = Wᵀ δ the sum over the neurons of W_ij δ_i.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

__all__ = ["contract"]

Floats = NDArray[np.float64]
_MUCH = 2**12  # above which a product is no small one
_BESIDE = 4  # products, from which on to compute them beside each other pays
_SMALL = 48  # multiplications in one product, below which a loop over small matrix products does not pay


def contract(a: Floats, b: Floats, out: Floats, do: Callable[..., None], beside: bool = False) -> None:
    """Emit the calls that write Σ a · b to `out`.

    Args:
        a, b, out: arrays with the same number of axes, of full length or of length 1. Where both
            factors are long and `out` is not, the axis is summed over.
        do: called with each NumPy function and its arguments.
        beside: whether `matmul` is quick with many small products whose numbers lie beside each other.
    """
    for axis in range(a.ndim):  # an axis that one factor alone has, and that is summed over
        if out.shape[axis] == 1 and a.shape[axis] != b.shape[axis]:
            long, other = (a, b) if a.shape[axis] > 1 else (b, a)
            shorter = np.zeros([1 if i == axis else n for i, n in enumerate(long.shape)])
            do(np.add.reduce, long, axis, None, shorter, True)
            a, b = shorter, other
    a, b, out = _merged(a, b, out)
    kinds: dict[str, list[int]] = {"m": [], "n": [], "k": [], "batch": []}
    for axis in range(a.ndim):
        kinds[_kind(a, b, out, axis)].append(axis)
    m, n, k = (max(kinds[kind], key=lambda i: max(a.shape[i], b.shape[i]), default=None) for kind in "mnk")
    if k is None:
        if kinds == {"m": [0], "n": [1], "k": [], "batch": []} and out.size >= _SMALL and out.flags.c_contiguous:
            do(np.dot, a, b, out)  # a column times a row, quicker than by broadcasting
        else:
            do(np.multiply, a, b, out)
        return
    length = [max(x, y) for x, y in zip(a.shape, b.shape, strict=True)]
    size = length[k] * (length[m] if m is not None else 1) * (length[n] if n is not None else 1)
    others = [i for i in range(a.ndim) if i not in (m, n, k)]
    if m is None and n is None and not others:
        do(np.dot, a, b, out.reshape(()))
        return
    are_beside = beside and size <= _MUCH and len(kinds["k"]) == 1 and _are_beside(others, a, b, out)
    if ((m is None and n is None) or (others and size < _SMALL)) and not are_beside:
        product = np.zeros(length)
        do(np.multiply, a, b, product)
        do(np.add.reduce, product, tuple(kinds["k"]), None, out, True)
        return
    summed = [i for i in others if i in kinds["k"]]
    loops = summed + [i for i in others if i not in summed]
    first = _matrices(a, loops, m, k)
    second = _matrices(b, loops, k, n)
    if summed:
        shape = [length[i] for i in loops] + [length[m] if m is not None else 1, length[n] if n is not None else 1]
        partial = np.zeros(shape)
        do(np.matmul, first, second, partial)
        do(np.add.reduce, partial, tuple(range(len(summed))), None, _matrices(out, loops[len(summed) :], m, n))
    elif not loops and n is None:
        do(np.matmul, first, second[:, 0], _matrices(out, loops, m, n)[:, 0])
    elif not loops and m is None:
        do(np.matmul, first[0], second, _matrices(out, loops, m, n)[0])
    else:
        do(np.matmul, first, second, _matrices(out, loops, m, n))


def _are_beside(axes: list[int], *arrays: Floats) -> bool:
    """Whether the last of a few axes is one along which the numbers of all arrays lie side by side."""
    return 0 < len(axes) <= 2 and all(x.shape[axes[-1]] > _BESIDE and x.strides[axes[-1]] == 8 for x in arrays)


def _kind(a: Floats, b: Floats, out: Floats, axis: int) -> str:
    if out.shape[axis] == 1:
        return "k"
    return "batch" if a.shape[axis] == b.shape[axis] else "m" if a.shape[axis] > 1 else "n"


def _matrices(x: Floats, loops: list[int], row: int | None, column: int | None) -> Floats:
    """x with its axes in the order of `matmul`; an axis that is None has length 1."""
    order = [*loops, *[i for i in (row, column) if i is not None]]
    rest = [i for i in range(x.ndim) if i not in order]
    x = x.transpose(order + rest)
    x = x.reshape(x.shape[: len(order)]) if rest else x  # what is left has length 1
    if column is None:
        x = x[..., None]
    if row is None:
        x = x[..., None, :]
    return x


def _merged(*arrays: Floats) -> list[Floats]:
    """The arrays without axes of length 1, and with neighbouring axes of the same kind as one where they lie so."""
    a, b, out = arrays
    keep = [i for i in range(a.ndim) if max(a.shape[i], b.shape[i]) > 1]
    kinds = [_kind(a, b, out, i) for i in keep]
    groups: list[list[int]] = []
    for i, kind in zip(keep, kinds, strict=True):
        if (
            groups
            and _kind(a, b, out, groups[-1][-1]) == kind
            and all(_adjoining(x, groups[-1][-1], i) for x in arrays)
        ):
            groups[-1].append(i)
        else:
            groups.append([i])
    found = []
    for x in arrays:
        shape = [int(np.prod([x.shape[i] for i in group])) for group in groups]
        strides = [x.strides[group[-1]] if n > 1 else 0 for group, n in zip(groups, shape, strict=True)]
        found.append(as_strided(x, shape, strides))
    return found


def _adjoining(x: Floats, outer: int, inner: int) -> bool:
    """Whether two axes, one after the other, can be seen as one."""
    if x.shape[outer] == 1 and x.shape[inner] == 1:
        return True
    return bool(x.shape[inner] > 1 and x.strides[outer] == x.strides[inner] * x.shape[inner])
