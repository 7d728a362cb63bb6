"""Compiled programs beside NumPy by hand, PyTorch, JAX and scalar engines (``python -m benchmarks.compiled``).

All contestants do the same work in float64 from the same weights: the loss and every gradient are compared
before anything is timed, and they take turns in processes of their own (`timing`). A step is forward,
backward and update. PyTorch, JAX and micrograd are named as skipped where they are not installed.
"""

from __future__ import annotations

import math
import random
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from operator import getitem
from typing import Any

from benchmarks import graphs, transformer
from benchmarks.timing import Contestant, Row, in_fresh_process, machine, race, seconds, table

Prepared = tuple[Callable[[], Any], list[float]]

SIZES = [784, 16, 16, 10]
RATE = 0.01
TOKENS = [0, 5, 13, 13, 1, 26, 7, 2]
BATCHES = (1, 10, 32, 256)


# ── the digits' network: sigmoid, ½ Σ (ŷ − y)², SGD ───────────────────────────────────────────


def _network() -> Any:
    import nn

    return nn.MLP(SIZES[0], SIZES[1:], activation="sigmoid", output="sigmoid", init="xavier", seed=0)


def _weights() -> list[tuple[Any, Any]]:
    """(W, b) of each layer as arrays."""
    import numpy as np

    state = _network().state_dict()
    tensors = [np.array(state[key]) for key in state]
    return list(zip(tensors[::2], tensors[1::2], strict=True))


def _batch(size: int) -> tuple[Any, Any]:
    import numpy as np

    rng = np.random.default_rng(1)
    return rng.random((size, SIZES[0])), np.eye(SIZES[-1])[rng.integers(SIZES[-1], size=size)]


def _answer(loss: Any, gradients: list[Any]) -> list[float]:
    """The loss, and for each tensor the sum of its gradient and one that tells the places apart."""
    import numpy as np

    flat = [np.asarray(g, float).ravel() for g in gradients]
    return [float(loss), *(float(x) for g in flat for x in (g.sum(), g @ np.sin(np.arange(len(g)))))]


def compiled_step(size: int) -> Prepared:
    import autograd
    import nn

    model = _network()
    X, Y = _batch(size)
    program = autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=(X[0], Y[0]))
    optimiser = nn.SGD(program, lr=RATE)

    def step() -> None:
        optimiser.step(program.value_and_grad(X, Y)[1])

    loss, gradient = program.value_and_grad(X, Y)
    ends = [n for i, o in pairwise(SIZES) for n in (i * o, o)]
    parts = [gradient[sum(ends[:k]) : sum(ends[: k + 1])] for k in range(len(ends))]
    return step, _answer(loss, parts)


def numpy_step(size: int) -> Prepared:
    import numpy as np

    X, Y = _batch(size)
    layers = _weights()

    def gradients() -> tuple[float, list[Any]]:
        activations = [X]
        for W, b in layers:
            activations.append(1 / (1 + np.exp(-(activations[-1] @ W.T + b))))
        a = activations[-1]
        error = a - Y
        loss = 0.5 * np.sum(error * error) / size
        delta = error * a * (1 - a) / size
        found = []
        for number in reversed(range(len(layers))):
            a = activations[number]
            found += [delta.sum(axis=0), delta.T @ a]
            if number:
                delta = (delta @ layers[number][0]) * a * (1 - a)
        return loss, found[::-1]

    def step() -> None:
        _, slopes = gradients()
        for tensor, slope in zip([t for layer in layers for t in layer], slopes, strict=True):
            tensor -= RATE * slope

    return step, _answer(*gradients())


def torch_step(size: int) -> Prepared:
    import torch

    X, Y = map(torch.from_numpy, _batch(size))
    tensors = [torch.tensor(t, requires_grad=True) for layer in _weights() for t in layer]
    optimiser = torch.optim.SGD(tensors, lr=RATE)

    def loss() -> Any:
        a = X
        for W, b in zip(tensors[::2], tensors[1::2], strict=True):
            a = torch.sigmoid(torch.nn.functional.linear(a, W, b))
        return 0.5 * ((a - Y) ** 2).sum() / size

    def step() -> None:
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()

    value = loss()
    value.backward()
    return step, _answer(value.item(), [t.grad.numpy().copy() for t in tensors])


def jax_step(size: int) -> Prepared:
    import jax

    jax.config.update("jax_enable_x64", True)
    X, Y = map(jax.numpy.asarray, _batch(size))
    tensors = [jax.numpy.asarray(t) for layer in _weights() for t in layer]

    def loss(tensors: list[Any], X: Any, Y: Any) -> Any:
        a = X
        for W, b in zip(tensors[::2], tensors[1::2], strict=True):
            a = jax.nn.sigmoid(a @ W.T + b)
        return 0.5 * ((a - Y) ** 2).sum() / size

    @jax.jit
    def updated(tensors: list[Any], X: Any, Y: Any) -> list[Any]:
        return [t - RATE * g for t, g in zip(tensors, jax.grad(loss)(tensors, X, Y), strict=True)]

    value, slopes = jax.value_and_grad(loss)(tensors, X, Y)
    state = [tensors]

    def step() -> None:
        state[0] = jax.block_until_ready(updated(state[0], X, Y))

    return step, _answer(value, slopes)


def micrograd_step() -> Prepared:
    """One sample, in micrograd's very expression; its Value gets a sigmoid, written as its relu is."""
    scalar = graphs.complete_micrograd()

    def sigmoid(self: Any) -> Any:
        s = 1 / (1 + math.exp(-self.data))
        out = scalar(s, (self,), "sigmoid")

        def backward() -> None:
            self.grad += s * (1 - s) * out.grad

        out._backward = backward
        return out

    scalar.sigmoid = sigmoid  # type: ignore[attr-defined]
    X, Y = _batch(1)
    layers = [([[scalar(float(w)) for w in row] for row in W], [scalar(float(x)) for x in b]) for W, b in _weights()]
    tensors = [[w for row in W for w in row] if k == 0 else b for W, b in layers for k in (0, 1)]
    parameters = [p for tensor in tensors for p in tensor]

    def gradients() -> Any:
        for p in parameters:
            p.grad = 0
        a: list[Any] = X[0].tolist()
        for W, b in layers:
            a = [
                sum((wi * xi for wi, xi in zip(row, a, strict=True)), bi).sigmoid()
                for row, bi in zip(W, b, strict=True)
            ]
        loss = 0.5 * sum((ai - yi) ** 2 for ai, yi in zip(a, Y[0].tolist(), strict=True))
        graphs.with_a_deep_stack(loss.backward)
        return loss

    def step() -> None:
        gradients()
        for p in parameters:
            p.data -= RATE * p.grad

    value = gradients()
    return step, _answer(value.data, [[p.grad for p in tensor] for tensor in tensors])


def training(rounds: int, turn: float) -> list[Row]:
    rows = []
    micrograd: float | None = None
    for size in BATCHES:
        contestants = [
            Contestant("compiled", compiled_step, (size,)),
            Contestant("NumPy by hand", numpy_step, (size,)),
            Contestant("PyTorch", torch_step, (size,)),
            Contestant("JAX jit", jax_step, (size,)),
        ]
        if size == 1:
            contestants.append(Contestant("micrograd", micrograd_step))
        times = race(contestants, rounds, turn, rel_tol=1e-9, abs_tol=1e-12)
        ours, micrograd = times["compiled"], times.get("micrograd", micrograd)
        rivals = [("NumPy by hand", 1.3, 1.0), ("PyTorch", 1.2 if size == 256 else 3, 4), ("JAX jit", 0.9, 1.3)]
        for rival, bar, goal in rivals:
            if rival in times:
                at_most = rival == "NumPy by hand"
                ratio = ours / times[rival] if at_most else times[rival] / ours
                work = f"training step, batch {size}: {rival}"
                rows.append(Row(work, seconds(ours), seconds(times[rival]), ratio, bar, goal, at_most))
        if micrograd is not None and size in (1, 32):
            work, bar = f"training step, batch {size}: micrograd, sample by sample", 3_000 if size == 1 else 60_000
            rows.append(Row(work, seconds(ours), seconds(micrograd * size), micrograd * size / ours, bar))
    return rows


# ── the one-layer GPT, alone and with Adam ────────────────────────────────────────────────────


def gpt_compiled(learns: bool) -> Prepared:
    import autograd
    import nn
    from autograd.choice import take

    weights = transformer.parameters(random.Random(0), autograd.Value)
    program = autograd.compile(lambda tokens: transformer.loss(weights, tokens, take), example=(TOKENS,))
    optimiser = nn.Adam(program, lr=RATE)
    batch = [TOKENS]

    def step() -> None:
        optimiser.step(program.value_and_grad(batch)[1])

    loss, gradient = program.value_and_grad(batch)
    slopes = dict(zip(program.parameters, gradient.tolist(), strict=True))
    answer = [loss, *(slopes.get(p, 0.0) for matrix in weights.values() for row in matrix for p in row)]
    return step if learns else partial(program.value_and_grad, batch), answer


def gpt_forty_lines(learns: bool) -> Prepared:
    from benchmarks.forty_lines import Value

    sys.setrecursionlimit(100_000)
    weights = transformer.parameters(random.Random(0), Value)
    parameters = [p for matrix in weights.values() for row in matrix for p in row]
    first, second = [0.0] * len(parameters), [0.0] * len(parameters)
    steps = [0]

    def gradients() -> Any:
        for p in parameters:
            p.grad = 0.0
        loss = transformer.loss(weights, TOKENS, getitem)
        loss.backward()
        return loss

    def step() -> None:
        gradients()
        steps[0] += 1
        for i, p in enumerate(parameters):
            first[i] = 0.9 * first[i] + 0.1 * p.grad
            second[i] = 0.999 * second[i] + 0.001 * p.grad**2
            mean, square = first[i] / (1 - 0.9 ** steps[0]), second[i] / (1 - 0.999 ** steps[0])
            p.data -= RATE * mean / (square**0.5 + 1e-8)

    loss = gradients()
    return step if learns else gradients, [loss.data, *(p.grad for p in parameters)]


def gpt(rounds: int, turn: float) -> list[Row]:
    rows = []
    for learns, what, bar, goal in ((False, "value and gradient", 1000, 2000), (True, "with Adam's step", 100, 330)):
        both = [Contestant("compiled", gpt_compiled, (learns,)), Contestant("40 lines", gpt_forty_lines, (learns,))]
        times = race(both, rounds, turn, rel_tol=1e-9, abs_tol=1e-14)
        ratio, work = times["40 lines"] / times["compiled"], f"GPT of one layer, 7 tokens, {what}: a 40-line Value"
        rows.append(Row(work, seconds(times["compiled"]), seconds(times["40 lines"]), ratio, bar, goal))
    return rows


# ── graphs without a pattern ──────────────────────────────────────────────────────────────────


def dag(kind: str, operations: int) -> Prepared:
    import autograd

    leaves = [autograd.Value(0.1 * i - 0.45) for i in range(10)]
    plan = graphs.random_plan(operations)
    if kind == "compiled":
        program = autograd.compile(lambda: graphs.random_dag(leaves, plan), example=())
        loss, gradient = program.value_and_grad()
        slopes = dict(zip(program.parameters, gradient.tolist(), strict=True))
        return program.value_and_grad, [loss, *(slopes.get(p, 0.0) for p in leaves)]

    def step() -> Any:
        for p in leaves:
            p.grad = 0.0
        y = graphs.random_dag(leaves, plan)
        y.backward()
        return y

    return step, [step().data, *(p.grad for p in leaves)]


def narrow(rounds: int, turn: float) -> list[Row]:
    contestants = [Contestant(kind, dag, (kind, 20_000)) for kind in ("compiled", "eager")]
    times = race(contestants, rounds, turn, rel_tol=1e-8, abs_tol=1e-12)
    ratio = times["eager"] / times["compiled"]
    return [
        Row("random DAG of 20 000 operations: eager", seconds(times["compiled"]), seconds(times["eager"]), ratio, 2)
    ]


# ── compiling ─────────────────────────────────────────────────────────────────────────────────


def compiling(what: str, size: int) -> list[float]:
    """Seconds to compile, nodes of the traced graph, and the most memory the process had, in bytes."""
    import autograd
    import nn
    from autograd.choice import take
    from autograd.compiler.trace import trace

    if what == "GPT of one layer":
        weights = transformer.parameters(random.Random(0), autograd.Value)
        f, example = lambda tokens: transformer.loss(weights, tokens, take), (TOKENS,)
    elif what == "digits' network":
        model = _network()
        f, example = lambda x, y: nn.half_squared_error(model(x), y), ([0.0] * SIZES[0], [0.0] * SIZES[-1])
    else:
        leaves, plan = [autograd.Value(0.1 * i - 0.45) for i in range(10)], graphs.random_plan(size)
        f, example = lambda: graphs.random_dag(leaves, plan), ()
    nodes = len(trace(f, example).order) if size < 10**6 else size
    autograd.compile(lambda x: x * autograd.Value(1.0), example=(1.0,))  # imports are not what is measured
    start = time.perf_counter()
    program = autograd.compile(f, example=example)
    taken = time.perf_counter() - start
    if size >= 10**6:
        program.value_and_grad()
    return [taken, nodes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]


def compile_times(million: int) -> list[Row]:
    rows = []
    works = [("digits' network", 0), ("GPT of one layer", 0), ("random DAG", 20_000), ("random DAG", million)]
    for what, size in works:
        taken, nodes, memory = in_fresh_process(compiling, what, size)
        work = f"compile, {what}, {nodes:,.0f} nodes"
        rows.append(Row(work, seconds(taken), "a node", taken / nodes * 1e6, 30, at_most=True, unit=" µs"))
    rows.append(
        Row(
            "memory of the last, with a step",
            f"{memory / 2**30:.2f} GiB",
            "",
            memory / 2**30,
            4,
            at_most=True,
            unit=" GiB",
        )
    )
    return rows


def epoch(samples: int) -> float:
    """Seconds for an epoch of MNIST's size in batches of 32, shuffled."""
    import numpy as np

    import autograd
    import nn

    X, Y = _batch(samples)
    model = _network()
    program = autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=(X[0], Y[0]))
    optimiser = nn.SGD(program, lr=RATE)
    start = time.perf_counter()
    order = np.random.default_rng(0).permutation(samples)
    for first in range(0, samples, 32):
        rows = order[first : first + 32]
        optimiser.step(program.value_and_grad(X[rows], Y[rows])[1])
    return time.perf_counter() - start


def main() -> None:
    """Print the tables."""
    quick = "--quick" in sys.argv[1:]  # to see that it works; the numbers are then no good
    rounds, turn = (1, 0.1) if quick else (5, 1.0)
    print(machine(), flush=True)
    table("784-16-16-10, sigmoid, ½ Σ (ŷ − y)², SGD; float64 throughout", training(rounds, turn), beside="the other")
    table("Scalar code, compiled", gpt(rounds, turn) + narrow(rounds, turn), beside="the other")
    rows = compile_times(100_000 if quick else 1_000_000)
    taken = in_fresh_process(epoch, 6_000 if quick else 60_000)
    rows.append(Row("an epoch of 60 000 × 784, batches of 32", seconds(taken), "", taken, 10, at_most=True, unit=" s"))
    table("Compiling", rows, beside="")
    print(machine())


if __name__ == "__main__":
    main()
