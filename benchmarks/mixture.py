"""A mixture of Gaussians, in ragged loops over the rows of triangular factors, beside PyTorch and JAX.

−log Σₖ exp(αₖ + Σ qₖ − ½ |Lₖ (x − μₖ)|²) + log Σₖ exp αₖ of a point x, where Lₖ has exp qₖ on its diagonal: the mean
over all points, and its gradient by all α, μ, q and what is below the diagonals.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.peers import Peer, Rows, Run

__all__ = ["program", "rows"]

GAUSSIANS, DIMENSIONS = 25, 10


def made(points: int, k: int, d: int) -> tuple[list[Any], Any]:
    """α, μ, q and the entries below the diagonals, row by row; and points."""
    choose = np.random.default_rng(0)
    parts = [choose.normal(size=k), choose.normal(size=(k, d)), choose.normal(scale=0.3, size=(k, d))]
    return [*parts, choose.normal(scale=0.3, size=(k, d * (d - 1) // 2))], choose.normal(size=(points, d))


def program(k: int = GAUSSIANS, d: int = DIMENSIONS) -> Any:
    import autograd
    from autograd import Value, exp, logsumexp, total

    a, m, q, low = ([[Value(x) for x in np.atleast_1d(row)] for row in part] for part in made(0, k, d)[0])

    def loss(x: Any) -> Any:
        terms = []
        for (alpha,), mean, log_diagonal, below in zip(a, m, q, low, strict=True):
            off = [u - v for u, v in zip(x, mean, strict=True)]
            squares, at = [], 0
            for i in range(d):
                y = exp(log_diagonal[i]) * off[i]
                for j in range(i):
                    y = y + below[at] * off[j]
                    at += 1
                squares.append(y * y)
            terms.append(alpha + total(log_diagonal) - total(squares) / 2)
        return logsumexp([alpha for (alpha,) in a]) - logsumexp(terms)

    return autograd.compile(loss, example=([0.0] * d,), parameters=[a, m, q, low])


def torch(parts: list[Any], X: Any) -> Run:
    import torch

    d = X.shape[1]
    rows, columns = np.tril_indices(d, -1)

    def loss(tensors: Any, points: Any) -> Any:
        a, m, q, low = tensors
        L = torch.diag_embed(q.exp())
        L = L.index_put((torch.arange(len(a))[:, None], torch.tensor(rows), torch.tensor(columns)), low)
        y = torch.einsum("kij,nkj->nki", L, points[:, None] - m)
        terms = a + q.sum(1) - (y * y).sum(2) / 2
        return torch.logsumexp(a, 0) - torch.logsumexp(terms, 1).mean()

    return peers.by_torch(loss, parts, [X])


def jax(parts: list[Any], X: Any) -> Run:
    d = X.shape[1]
    rows, columns = np.tril_indices(d, -1)

    def loss(arrays: Any, points: Any) -> Any:
        from jax import numpy as jnp
        from jax.scipy.special import logsumexp

        a, m, q, low = arrays
        i = np.arange(d)
        L = jnp.zeros((len(a), d, d)).at[:, i, i].set(jnp.exp(q)).at[:, rows, columns].set(low)
        y = jnp.einsum("kij,nkj->nki", L, points[:, None] - m)
        terms = a + q.sum(1) - (y * y).sum(2) / 2
        return logsumexp(a) - logsumexp(terms, axis=1).mean()

    return peers.by_jax(loss, parts, [X])


def rows(quick: bool) -> Rows:
    k, d = (3, 4) if quick else (GAUSSIANS, DIMENSIONS)
    compiled = program(k, d)
    found: Rows = []
    for points in (5,) if quick else (1000, 10_000):
        parts, X = made(points, k, d)
        ours = Run(lambda X=X: compiled.value_and_grad(X))
        by = {
            "PyTorch": Peer(lambda parts=parts, X=X: torch(parts, X), 1.0),
            "JAX": Peer(lambda parts=parts, X=X: jax(parts, X), 1.0),
        }
        found += peers.compare(f"mixture of Gaussians, {points} points", ours, by, compiled._engine(points).name)
    return found
