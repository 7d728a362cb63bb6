"""A batch in tiles: what lies between stays in the cache, and several threads share the work.

Each thread goes through some neighbouring tiles one after the other, with buffers of its own. Its sums are added to
those of the others in the order of the tiles, so the numbers are the same at every run with as many threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tiles", "in_tiles"]

Floats = NDArray[np.float64]


def in_tiles(batch: int, most: int, threads: int) -> list[list[tuple[int, int]]]:
    """For each thread its tiles, (begin, samples): of at most so many samples, all of about one size.

    >>> in_tiles(1000, 300, 2)
    [[(0, 250), (250, 250)], [(500, 250), (750, 250)]]
    >>> in_tiles(7, 300, 2)
    [[(0, 4)], [(4, 3)]]
    """
    threads = min(threads, batch)
    each = -(-batch // (most * threads))  # how many a thread has
    size = -(-batch // (threads * each))
    tiles = [(begin, min(size, batch - begin)) for begin in range(0, batch, size)]
    return [tiles[begin : begin + each] for begin in range(0, len(tiles), each)]


class Tiles:
    """What runs a batch in tiles.

    Args:
        bind: gives what runs a number of samples.
        parameters: how many there are.
        shares: for each thread its tiles, as `in_tiles` gives them.
    """

    def __init__(self, bind: Callable[[int], Any], parameters: int, shares: list[list[tuple[int, int]]]) -> None:
        self._bind, self._parameters, self._shares = bind, parameters, shares
        self.batch = sum(size for share in shares for _, size in share)
        self._whole: Any = None
        self._runs: list[dict[int, Any]] = self._bound()
        self.nbytes = sum(run.nbytes for runs in self._runs for run in runs.values())

    def _bound(self) -> list[dict[int, Any]]:
        """For each thread what runs its tiles, by their size."""
        return [{size: self._bind(size) for size in {size for _, size in share}} for share in self._shares]

    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""
        runs, self._runs = self._runs or self._bound(), []  # an interrupt leaves threads behind that use these
        first, *others = zip(runs, self._shares, strict=True)
        waiting: list[Future[tuple[float, Floats]]] = [
            _pool(os.getpid()).submit(self._share, *other, inputs) for other in others
        ]
        mean, gradient = self._share(*first, inputs)
        for more in waiting:
            value, slope = more.result()
            mean += value
            gradient += slope
        self._runs = runs
        return mean, gradient

    def _share(self, runs: dict[int, Any], share: list[tuple[int, int]], inputs: list[Floats]) -> tuple[float, Floats]:
        """What the tiles of one thread add to mean and gradient."""
        mean, gradient = 0.0, np.zeros(self._parameters)
        with np.errstate(all="ignore"):
            for begin, size in share:
                value, slope = runs[size].value_and_grad([x[begin : begin + size] for x in inputs])
                mean += value * (size / self.batch)
                gradient += slope * (size / self.batch)
        return mean, gradient

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """Compute all values of a batch; gives a function from a node to its array."""
        if self._whole is None:
            self._whole = self._bind(self.batch)
            self.nbytes += self._whole.nbytes
        return self._whole.values(inputs)  # type: ignore[no-any-return]

    def gather(self, nodes: Sequence[int], inputs: list[Floats]) -> Floats:
        """The values of nodes after `values`, an array (nodes, samples)."""
        return self._whole.gather(nodes, inputs)  # type: ignore[no-any-return]


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of a process; one that was forked has none of its parent's."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="autograd")
