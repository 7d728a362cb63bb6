"""Tables of work beside peers: numbers are compared, then contestants take turns in one process, and the best counts.

With this module one can

* say how a piece of work is done, and how its numbers are read: `Run`, and for a peer with its bar `Peer`;
* check that all do the same work, and time them: `compare`, or `turns` alone;
* do by PyTorch or JAX what is a loss of arrays: `by_torch`, `by_jax`;
* print a table, each row from a process of its own, so that none meets the memory or the threads of another: `main`.

A ratio is how many times as fast as the peer the compiled program is. A peer that is not installed is named as skipped.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from benchmarks.timing import MissingPackageError, Row, in_fresh_process, machine, seconds

__all__ = ["Peer", "Rows", "Run", "agree", "by_jax", "by_torch", "compare", "main", "turns"]

ROUNDS, TURN, LONGEST = 7, 0.05, 15.0
"""Turns of each contestant, seconds that one takes at least, and seconds after which three turns are enough."""
CLOSE = 1e-8

Rows = list[Row | str]
"""What a piece of work gives: rows of the table, and between them what else there is to say."""


class Run(NamedTuple):
    """A way to do a piece of work, made ready."""

    step: Callable[[], Any]
    read: Callable[[Any], Any] = lambda result: result
    """From what a step gives to the numbers that all contestants agree on: an array, or a tuple of those."""


class Peer(NamedTuple):
    """What a program is compared with."""

    make: Callable[[], Run]
    """It raises `ModuleNotFoundError` where the peer is not installed."""
    bar: float | None = None
    goal: float | None = None


# ── the same work ─────────────────────────────────────────────────────────────────────────────


def agree(what: str, ours: Any, theirs: Any, close: float = CLOSE) -> None:
    """Check that two results are the same numbers, relative to the greatest of each array.

    Raises:
        AssertionError: if they are not.

    >>> agree("a sum", (1.0, np.array([1.0, 2.0])), (1.0, [1.0, 2.0 + 1e-12]))
    >>> agree("a sum", 1.0, 1.1)
    Traceback (most recent call last):
    ...
    AssertionError: a sum: part 0 is off by 0.091 of its greatest number, and may be by 1e-08
    """
    one, other = _parts(ours), _parts(theirs)
    if [x.shape for x in one] != [x.shape for x in other]:
        raise AssertionError(f"{what}: shapes {[x.shape for x in one]} and {[x.shape for x in other]}")
    for number, (a, b) in enumerate(zip(one, other, strict=True)):
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise AssertionError(f"{what}: part {number} is not finite")
        off = float(np.abs(a - b).max(initial=0) / (np.abs(b).max(initial=0) or 1))
        if off > close:
            raise AssertionError(
                f"{what}: part {number} is off by {off:.2g} of its greatest number, and may be by {close:g}"
            )


def _parts(result: Any) -> list[Any]:
    return [np.asarray(x, float) for x in (result if isinstance(result, (tuple, list)) else (result,))]


# ── time ──────────────────────────────────────────────────────────────────────────────────────


def turns(steps: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """The best time of each in seconds; they take turns, so that a busy moment of the machine meets all of them."""
    best = dict.fromkeys(steps, math.inf)
    begun = time.perf_counter()
    for number in range(rounds):
        if number >= 3 and time.perf_counter() - begun > LONGEST:
            break
        for name, step in steps.items():
            end = time.perf_counter() + TURN
            while True:
                start = time.perf_counter()
                step()
                now = time.perf_counter()
                best[name] = min(best[name], now - start)
                if now >= end:
                    break
    return best


def compare(
    work: str,
    ours: Run,
    peers: Mapping[str, Peer],
    by: str = "",
    close: float = CLOSE,
    time: Callable[[Mapping[str, Callable[[], Any]]], dict[str, float]] = turns,
) -> Rows:
    """A row for each peer, with how many times as fast as it our own step is.

    Args:
        by: what runs our own, as it is to be shown.
        close: how far numbers may differ.
        time: gives the best time of each step; ours is the one without a name.

    Raises:
        AssertionError: if a peer gives other numbers.
    """
    steps, messages = {"": ours.step}, []
    numbers = ours.read(ours.step())
    for name, peer in peers.items():
        try:
            run = peer.make()
        except ModuleNotFoundError as missing:
            messages.append(_skipped(work, name, missing))
            continue
        agree(f"{work}, {name}", numbers, run.read(run.step()), close)
        steps[name] = run.step
    best = time(steps)
    shown = seconds(best[""]) + (f" {by}" if by else "")
    rows: Rows = [
        Row(work, shown, f"{name} {seconds(taken)}", taken / best[""], peers[name].bar, peers[name].goal)
        for name, taken in best.items()
        if name
    ]
    return rows + messages


def _skipped(work: str, name: str, missing: ModuleNotFoundError) -> str:
    if (missing.name or "").partition(".")[0] in ("autograd", "nn", "benchmarks"):
        raise missing
    return f"{work}: skipped {name} (no module {missing.name})"


# ── peers that take arrays ────────────────────────────────────────────────────────────────────


def split(numbers: Sequence[float], shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """A flat vector as arrays of these shapes, one after the other."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    return [x.reshape(shape) for x, shape in zip(np.split(np.array(numbers), ends[:-1]), shapes, strict=True)]


def flat(value: Any, slopes: Sequence[Any]) -> tuple[Any, Any]:
    """A value, and its gradient as one vector."""
    return np.asarray(value), np.concatenate([np.asarray(slope).ravel() for slope in slopes])


def by_torch(loss: Callable[..., Any], parameters: Sequence[Any], inputs: Sequence[Any] = ()) -> Run:
    """Value and gradient of ``loss(tensors, *inputs)`` by PyTorch, in float64."""
    import torch

    # as many threads as the process was given: PyTorch asks the variables of its environment by itself
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in parameters]
    given = [torch.tensor(np.asarray(x)) for x in inputs]

    def step() -> Any:
        for tensor in tensors:
            tensor.grad = None
        value = loss(tensors, *given)
        value.backward()
        return value.item(), [tensor.grad for tensor in tensors]

    return Run(step, lambda result: flat(*result))


def by_jax(loss: Callable[..., Any], parameters: Sequence[Any], inputs: Sequence[Any] = ()) -> Run:
    """Value and gradient of ``loss(arrays, *inputs)`` by JAX in float64, compiled by XLA."""
    run = jitted(lambda jax: jax.value_and_grad(loss), [list(parameters), *inputs])
    return Run(run, lambda result: flat(*result))


def jitted(make: Callable[[Any], Callable[..., Any]], arguments: Sequence[Any]) -> Callable[[], Any]:
    """A call of ``make(jax)``, compiled by XLA, with these arguments; it returns when the numbers are there."""
    import jax

    jax.config.update("jax_enable_x64", True)
    function = jax.jit(make(jax))
    given = jax.tree.map(jax.numpy.asarray, list(arguments))

    def step() -> Any:
        return jax.block_until_ready(function(*given))

    return step


# ── the table ─────────────────────────────────────────────────────────────────────────────────


def run(module: str, name: str, quick: bool) -> list[Any]:
    """The rows of one piece of work, from the ``ROWS`` of a module."""
    return import_module(module).ROWS[name](quick)  # type: ignore[no-any-return]


def threads(number: int) -> dict[str, str]:
    """The variables that keep the native engine, NumPy, PyTorch and XLA to so many threads."""
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
    eigen = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if number == 1 else {}
    return dict.fromkeys(names, str(number)) | eigen | {"JAX_PLATFORMS": "cpu"}


def main(module: str, about: str, names: Sequence[str], of_two: Sequence[str] = ()) -> int:
    """Print the rows of a module as they come, and at the end those that miss their bar, worst first.

    Args:
        module: where ``ROWS`` stands: for each name a function of whether sizes are to be small.
        names: the names, in their order.
        of_two: those that run on two threads; all others on one.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", action="append", help="rows with this in their name; may be repeated")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a glance, without bars")
    options = parser.parse_args()
    wanted = [name for name in names if not options.only or any(word in name for word in options.only)]
    if not wanted:
        parser.error(f"no row has that in its name: {', '.join(names)}")
    print(machine())
    print(f"\n{'work':<52}  {'ours':>16}  {'beside':<40}  {'ratio':>8}  {'bar':>8}  {'goal':>7}", flush=True)
    rows: list[Row] = []
    failed = 0
    for name in wanted:
        try:
            found = in_fresh_process(run, module, name, options.quick, environment=threads(2 if name in of_two else 1))
        except MissingPackageError as missing:
            print(f"{name}: skipped ({missing})", flush=True)
            continue
        except RuntimeError as error:
            print(f"{name}: FAILED ({error})", flush=True)
            failed += 1
            continue
        for one in found:
            if isinstance(one, str):
                print(one, flush=True)
                continue
            row = Row(*one)
            rows.append(row._replace(bar=None, goal=None) if options.quick else row)  # they are for whole sizes
            print(_line(rows[-1]), flush=True)
    print(f"\nat the end: {machine().rpartition(', ')[2]}")
    if options.quick:
        return int(failed > 0)
    missed = sorted((row for row in rows if row.verdict == "MISSED"), key=_share)
    met = sum(row.verdict in ("ok", "goal") for row in rows)
    print(f"{met} of {met + len(missed)} bars met" + (", missed, worst first:" if missed else ""))
    for row in missed:
        print(f"  {_share(row):.2f} of the bar: {row.work}, {row.beside}")
    return int(failed > 0)


def _share(row: Row) -> float:
    """How much of its bar a row has; below 1 it is missed."""
    assert row.bar is not None
    return row.bar / row.ratio if row.at_most else row.ratio / row.bar


def _line(row: Row) -> str:
    def bound(x: float | None) -> str:
        return "" if x is None else f"{'<=' if row.at_most else '>='} {x:.3g}"

    ratio = f"{row.ratio:.3g}{row.unit}"
    return (
        f"{row.work:<52}  {row.measured:>16}  {row.beside:<40}  {ratio:>8}  {bound(row.bar):>8}  "
        f"{bound(row.goal):>7}  {row.verdict}"
    ).rstrip()
