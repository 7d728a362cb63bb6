"""An LSTM of two layers, for 1 024 characters of 14 bits: compiling, and a step, beside PyTorch and JAX's scan.

Its gates have a weight and a bias for every place, and no matrix, as in a known measure of tools like this one.
All characters are one sample: the gradient goes back through all of them.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.peers import Peer, Rows, Run
from benchmarks.timing import Row, seconds

__all__ = ["program", "rows", "text"]

LAYERS, CHARACTERS, BITS = 2, 1024, 14


def made(bits: int) -> list[Any]:
    """(layers, weights and biases, gates, bits), and the scale of what goes in, scale and bias of what comes out."""
    choose = np.random.default_rng(0)
    return [choose.normal(scale=0.5, size=(LAYERS, 2, 4, bits)), choose.normal(scale=0.5, size=(3, bits))]


def text(characters: int, bits: int) -> Any:
    return np.random.default_rng(1).integers(2, size=(characters, bits)).astype(float)


def program(characters: int = CHARACTERS, bits: int = BITS) -> Any:
    import autograd
    from autograd import Value, exp, log, sigmoid, tanh, total

    gates, ends = made(bits)
    layers = [[[[Value(x) for x in row] for row in part] for part in layer] for layer in gates]
    scale, widen, shift = ends = [[Value(x) for x in row] for row in ends]

    def loss(shown: Any) -> Any:
        state = [([0.0] * bits, [0.0] * bits) for _ in layers]
        costs = []
        for t in range(characters - 1):
            x = [a * b for a, b in zip(shown[t], scale, strict=True)]
            for number, (weights, biases) in enumerate(layers):
                h, c = state[number]
                forget, take, give = (
                    [sigmoid(a * b + d) for a, b, d in zip(source, weights[k], biases[k], strict=True)]
                    for k, source in enumerate((x, h, x))
                )
                change = [tanh(a * b + d) for a, b, d in zip(h, weights[3], biases[3], strict=True)]
                c = [a * f + i * g for a, f, i, g in zip(c, forget, take, change, strict=True)]
                x = [o * tanh(a) for o, a in zip(give, c, strict=True)]
                state[number] = x, c
            y = [a * b + d for a, b, d in zip(x, widen, shift, strict=True)]
            whole = log(total([exp(v) for v in y]) + 2)
            costs.append(total([g * (v - whole) for g, v in zip(shown[t + 1], y, strict=True)]))
        return -total(costs) / (bits * (characters - 1))

    return autograd.compile(loss, example=([[0.0] * bits] * characters,), parameters=[layers, ends])


def torch(shown: Any) -> Run:
    import torch

    def loss(tensors: Any, shown: Any) -> Any:
        gates, (scale, widen, shift) = tensors
        state = [(torch.zeros_like(scale), torch.zeros_like(scale)) for _ in gates]
        costs = []
        for t in range(len(shown) - 1):
            x = shown[t] * scale
            for number, (weights, biases) in enumerate(gates):
                h, c = state[number]
                z = torch.stack([x, h, x, h]) * weights + biases
                forget, take, give = torch.sigmoid(z[:3])
                c = c * forget + take * torch.tanh(z[3])
                x = give * torch.tanh(c)
                state[number] = x, c
            y = x * widen + shift
            costs.append((shown[t + 1] * (y - torch.log(y.exp().sum() + 2))).sum())
        return -torch.stack(costs).mean() / len(scale)

    return peers.by_torch(loss, made(shown.shape[1]), [shown])


def jax(shown: Any) -> Run:
    def loss(arrays: Any, shown: Any) -> Any:
        from jax import lax
        from jax import nn as functions
        from jax import numpy as jnp

        gates, (scale, widen, shift) = arrays

        def character(state: Any, pair: Any) -> Any:
            now, following = pair
            x = now * scale
            kept = []
            for (weights, biases), (h, c) in zip(gates, state, strict=True):
                z = jnp.stack([x, h, x, h]) * weights + biases
                forget, take, give = functions.sigmoid(z[:3])
                c = c * forget + take * jnp.tanh(z[3])
                x = give * jnp.tanh(c)
                kept.append((x, c))
            y = x * widen + shift
            return kept, (following * (y - jnp.log(jnp.exp(y).sum() + 2))).sum()

        empty = jnp.zeros_like(scale)
        _, costs = lax.scan(character, [(empty, empty)] * LAYERS, (shown[:-1], shown[1:]))
        return -costs.mean() / len(scale)

    return peers.by_jax(loss, made(shown.shape[1]), [shown])


def rows(quick: bool) -> Rows:
    from autograd import Value, compile

    size = (6, 3) if quick else (CHARACTERS, BITS)
    shown = text(*size)
    w = Value(1.0)
    compile(lambda x: w * x, example=0.0).value_and_grad([1.0])  # imports, and the native loop
    begun = time.perf_counter()
    compiled = program(*size)
    made_at = time.perf_counter()
    compiled.value_and_grad(shown[None])
    first = time.perf_counter()
    name = f"LSTM of 2 layers, {size[0]} characters"
    beside = f"the first gradient {seconds(first - made_at)} later"
    found: Rows = [
        Row(f"{name}: compile", seconds(made_at - begun), beside, made_at - begun, 2.0, at_most=True, unit=" s")
    ]
    by = {"PyTorch": Peer(lambda: torch(shown), 8.0), "JAX": Peer(lambda: jax(shown), 1.0)}
    ours = Run(lambda: compiled.value_and_grad(shown[None]))
    return found + peers.compare(f"{name}: step", ours, by, compiled._engine(1).name)
