"""A GPT of one layer in scalar code, the shape of Karpathy's microgpt: 4 192 parameters over 27 characters.

Embeddings of tokens and positions, RMS norm, four heads of causal attention, a ReLU block, softmax, and the mean
of −log p of the next token. The code asks of a scalar only ``+ - * / **``, ``exp``, ``log`` and ``relu``, so
every engine runs the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

EMBEDDING, HEADS, POSITIONS, VOCABULARY = 16, 4, 16, 27

Matrix = list[list[Any]]


def parameters(generator: random.Random, scalar: Callable[[float], Any]) -> dict[str, Matrix]:
    """The weights, drawn from normal(0, 0.08²)."""
    n = EMBEDDING
    shapes = {
        "token": (VOCABULARY, n), "position": (POSITIONS, n), "query": (n, n), "key": (n, n), "value": (n, n),
        "output": (n, n), "up": (4 * n, n), "down": (n, 4 * n), "head": (VOCABULARY, n),
    }  # fmt: skip
    return {
        name: [[scalar(generator.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in shapes.items()
    }


def linear(x: Sequence[Any], w: Matrix) -> list[Any]:
    return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in w]


def rms_norm(x: Sequence[Any]) -> list[Any]:
    scale = (sum(xi * xi for xi in x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def softmax(z: Sequence[Any]) -> list[Any]:
    e = [zi.exp() for zi in z]
    norm = sum(e)
    return [ei / norm for ei in e]


def loss(w: dict[str, Matrix], tokens: Sequence[Any], take: Callable[[Any, Any], Any]) -> Any:
    """Mean −log p of each token, given those before it."""
    keys: list[list[Any]] = []
    values: list[list[Any]] = []
    losses = []
    size = EMBEDDING // HEADS
    for position, (token, following) in enumerate(pairwise(tokens)):
        x = rms_norm([t + p for t, p in zip(take(w["token"], token), w["position"][position], strict=True)])
        normed = rms_norm(x)
        query = linear(normed, w["query"])
        keys.append(linear(normed, w["key"]))
        values.append(linear(normed, w["value"]))
        attended: list[Any] = []
        for head in range(0, EMBEDDING, size):
            places = range(head, head + size)
            logits = [sum(query[j] * key[j] for j in places) / size**0.5 for key in keys]
            weights = softmax(logits)
            attended += [sum(a * value[j] for a, value in zip(weights, values, strict=True)) for j in places]
        x = [a + b for a, b in zip(linear(attended, w["output"]), x, strict=True)]
        hidden = [h.relu() for h in linear(rms_norm(x), w["up"])]
        x = [a + b for a, b in zip(linear(hidden, w["down"]), x, strict=True)]
        losses.append(-take(softmax(linear(x, w["head"])), following).log())
    return sum(losses) / len(losses)
