"""Derivatives of every shape beside peers (``python -m benchmarks.derivatives``).

The gradient in times of the objective alone (at most 4 by Griewank's bound, however many parameters there are), for
every program of the table of `native`; then sparse Jacobians, long recurrences, controls and Hessians, most in a file
of their own with what they are compared with: `bundle`, `mixture`, `characters`, `cartpole`, `hand`. Numbers are
compared before anything is timed. ``--only NAME`` is for one row, ``--quick`` for a glance at small sizes. Peers come
with ``pip install '.[bench,bench-torch]'``; one that is not installed is named as skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks import bundle, cartpole, characters, hand, mixture, native, peers, works
from benchmarks.peers import Peer, Rows, Run
from benchmarks.timing import Row, seconds

GRIEWANK = 4.0
BATCH = 32
HESSIANS: dict[str, tuple[int, ...]] = {"2-2-2": (2, 2, 2), "64-16-10": (64, 16, 10)}


# ── the gradient and the objective alone ──────────────────────────────────────────────────────


def _of_native(name: str) -> Callable[[bool], tuple[Any, list[list[Any]]]]:
    def make(quick: bool) -> tuple[Any, list[list[Any]]]:
        line = native.LINES[name]
        work = getattr(works, line.work)(*(line.small if quick else line.sizes))
        program = native.compiled(work)[0]
        return program, [native.batch_of(work.inputs, size) for size in ((1, BATCH) if work.inputs else (1,))]

    return make


def _mixture(quick: bool) -> tuple[Any, list[list[Any]]]:
    k, d, points = (3, 4, 5) if quick else (mixture.GAUSSIANS, mixture.DIMENSIONS, 1000)
    return mixture.program(k, d), [[mixture.made(points, k, d)[1]]]


def _characters(quick: bool) -> tuple[Any, list[list[Any]]]:
    size = (6, 3) if quick else (characters.CHARACTERS, characters.BITS)
    return characters.program(*size), [[characters.text(*size)[None]]]


def _cartpole(quick: bool) -> tuple[Any, list[list[Any]]]:
    return cartpole.program(3 if quick else 200), [[]]


OBJECTIVES: dict[str, Callable[[bool], tuple[Any, list[list[Any]]]]] = {
    **{name: _of_native(name) for name in native.LINES if name not in native.OF_TWO},
    "mixture of Gaussians": _mixture,
    "LSTM of 1024 characters": _characters,
    "cart-pole": _cartpole,
}
"""For each program it, and the batches that it is given."""


def gradient(name: str, quick: bool) -> Rows:
    """What a gradient costs in times of the value alone."""
    program, batches = OBJECTIVES[name](quick)
    found: Rows = []
    for batch in batches:
        size = len(batch[0]) if batch else 1
        steps = {
            "value": lambda batch=batch: program(*batch),
            "both": lambda batch=batch: program.value_and_grad(*batch),
        }
        peers.agree(name, np.mean(steps["value"]()), steps["both"]()[0])
        best = peers.turns(steps)
        title = f"gradient, {name}" + (f", batch {size}" if size > 1 else "")
        shown = f"{seconds(best['both'])} {program._engine(size).name}"
        beside = f"objective alone {seconds(best['value'])}"
        found.append(Row(title, shown, beside, best["both"] / best["value"], GRIEWANK, at_most=True))
    return found


# ── Hessians ──────────────────────────────────────────────────────────────────────────────────


def _by_jax(sizes: tuple[int, ...], work: works.Work, X: Any, Y: Any) -> Run:
    def make(jax: Any) -> Any:
        def loss(vector: Any, X: Any, Y: Any) -> Any:
            a, at = X, 0
            for n, m in pairwise(sizes):
                z = a @ vector[at : at + n * m].reshape(m, n).T + vector[at + n * m : at + n * m + m]
                at += n * m + m
                a = z if at == len(vector) else jax.numpy.tanh(z)
            return ((a - Y) ** 2).sum() / (2 * len(X))

        return jax.hessian(loss)

    return Run(peers.jitted(make, [np.array(work.parameters), X, Y]))


def hessian(name: str, quick: bool) -> Rows:
    """All second derivatives of the mean over a batch, by the parameters."""
    sizes = (3, 2, 2) if quick else HESSIANS[name]
    work = works.network(sizes)
    program, order = native.compiled(work)
    found: Rows = []
    for size in (1, BATCH):
        X, Y = native.batch_of(work.inputs, size)

        def jax(X: Any = X, Y: Any = Y) -> Run:
            run = _by_jax(sizes, work, X, Y)
            return Run(run.step, lambda result: np.asarray(result)[np.ix_(order, order)])

        ours = Run(lambda X=X, Y=Y: program.hessian(X, Y))
        title = f"Hessian of {name}, batch {size}"
        found += peers.compare(title, ours, {"JAX": Peer(jax, 1.0)}, program._engine(size).name)
    return found


ROWS: dict[str, Callable[[bool], Rows]] = {
    **{f"gradient, {name}": (lambda quick, name=name: gradient(name, quick)) for name in OBJECTIVES},
    "bundle adjustment": bundle.rows,
    "mixture of Gaussians": mixture.rows,
    "LSTM of 2 layers": characters.rows,
    "cart-pole": cartpole.rows,
    "hand": hand.rows,
    **{f"Hessian of {name}": (lambda quick, name=name: hessian(name, quick)) for name in HESSIANS},
}


if __name__ == "__main__":
    raise SystemExit(peers.main("benchmarks.derivatives", __doc__, list(ROWS)))
