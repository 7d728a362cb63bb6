"""A batch in tiles: what lies between stays in the cache, and several threads share the work.

Each thread goes through some neighbouring tiles one after the other, with buffers of its own. Its sums are added to
those of the others in the order of the tiles, so the numbers are the same at every run with as many threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tiles", "in_tiles"]

Floats = NDArray[np.float64]
Result = TypeVar("Result")


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
        self._runs: list[dict[int, Any]] = self._bound()
        self.nbytes = sum(run.nbytes for runs in self._runs for run in runs.values())

    def _bound(self) -> list[dict[int, Any]]:
        """For each thread what runs its tiles, by their size."""
        return [{size: self._bind(size) for size in {size for _, size in share}} for share in self._shares]

    @np.errstate(all="ignore")
    def value_and_grad(self, inputs: list[Floats]) -> tuple[float, Floats]:
        """The mean of the root over a batch, and its gradient."""

        def work(tiles: Iterator[tuple[Any, slice]]) -> tuple[float, Floats]:
            mean, gradient = 0.0, np.zeros(self._parameters)
            for run, here in tiles:
                value, slope = run.value_and_grad([x[here] for x in inputs])
                mean += value * (run.batch / self.batch)
                gradient += slope * (run.batch / self.batch)
            return mean, gradient

        (mean, gradient), *others = self._on_threads(work)
        for value, slope in others:
            mean += value
            gradient += slope
        return mean, gradient

    def values(self, inputs: list[Floats]) -> Callable[[int], Any]:
        """A function from a node to its array, which is computed when it is asked for."""
        return lambda node: self.gather([node], inputs)[0]

    def gather(self, nodes: Sequence[int], inputs: list[Floats]) -> Floats:
        """Compute; gives the values of nodes, an array (nodes, samples), those of a sample side by side."""
        found = np.empty((self.batch, len(nodes)))

        def work(tiles: Iterator[tuple[Any, slice]]) -> None:
            for run, here in tiles:
                found[here] = run.gather(nodes, [x[here] for x in inputs]).T

        self._on_threads(work)
        return found.T

    def _on_threads(self, work: Callable[[Iterator[tuple[Any, slice]]], Result]) -> list[Result]:
        """What each thread makes of its tiles: what runs each, and which samples. This thread has the first ones."""
        runs, self._runs = self._runs or self._bound(), []  # an interrupt leaves threads behind that use these

        def of(k: int) -> Result:
            with np.errstate(all="ignore"):
                return work((runs[k][size], slice(begin, begin + size)) for begin, size in self._shares[k])

        waiting: list[Future[Result]] = [_pool(os.getpid()).submit(of, k) for k in range(1, len(runs))]
        found = [of(0), *[other.result() for other in waiting]]
        self._runs = runs
        return found


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of a process; one that was forked has none of its parent's."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="autograd")
