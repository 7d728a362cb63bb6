"""The native engine beside the others and beside peers, on graphs of every shape (``python -m benchmarks.native``).

Value and gradient, in one process, each contestant in turn, the best of several rounds. Everything is
written once, in plain arithmetic and a few functions, and given to the compiler and to CasADi alike; the network is
beside NumPy by hand. A peer that is not installed is named as skipped. The last column is the time of what
``engine="auto"`` takes in times of the quickest engine. For one thread: ``OPENBLAS_NUM_THREADS=1``.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from benchmarks import graphs
from benchmarks.engines import recurrent
from benchmarks.timing import seconds

ROUNDS, TURN = 7, 0.05


class Work(NamedTuple):
    """A piece of work: a loss of parameters and inputs, in the functions of whoever computes it."""

    loss: Callable[..., Any]
    parameters: list[float]
    inputs: tuple[Any, ...] = ()
    """One sample; numbers and nested lists."""
    batches: tuple[int, ...] = (1,)


def random_graph() -> Work:
    plan = graphs.random_plan(20_000)

    def loss(of: Any, p: Any) -> Any:
        return graphs.random_dag(p, plan)

    return Work(loss, [0.1 * i - 0.45 for i in range(10)])


def kalman_filter() -> Work:
    """A local level with a slope that fades: a state of two numbers, 200 observations."""
    choose = random.Random(0)
    observed = [math.sin(t / 20) + choose.gauss(0, 0.3) for t in range(200)]

    def loss(of: Any, p: Any) -> Any:
        fade, level, slope, noise = p
        x, v, a, b, c, cost = 0.0, 0.0, 1.0, 0.0, 1.0, 0.0
        for y in observed:
            x, v = x + v, v * fade
            a, b, c = a + 2 * b + c + level * level, (b + c) * fade, c * fade * fade + slope * slope
            total = a + noise * noise
            off = y - x
            cost = cost + of.log(total) + off * off / total
            x, v = x + a / total * off, v + b / total * off
            a, b, c = a - a * a / total, b - a * b / total, c - b * b / total
        return cost

    return Work(loss, [0.9, 0.1, 0.05, 0.3])


def cholesky() -> Work:
    """The logarithm of a determinant, of a covariance of 16 points and two lengths."""

    def loss(of: Any, p: Any) -> Any:
        n, xs = 16, p[2:]
        rows: list[list[Any]] = []
        for i in range(n):
            row: list[Any] = []
            for j in range(i + 1):
                s = of.exp(-(xs[i] - xs[j]) * (xs[i] - xs[j]) * p[0]) + (p[1] if i == j else 0.0)
                for k in range(j):
                    s = s - row[k] * (rows[j] if j < i else row)[k]
                row.append(of.sqrt(s) if i == j else s / rows[j][j])
            rows.append(row)
        return sum((of.log(rows[i][i]) for i in range(1, n)), of.log(rows[0][0]))

    return Work(loss, [0.7, 0.5, *[0.37 * k % 4 for k in range(16)]])


def elimination() -> Work:
    """The logarithm of a determinant, of a matrix of 16 × 16 parameters with a heavy diagonal."""

    def loss(of: Any, p: Any) -> Any:
        n = 16
        a = [[p[n * i + j] + (4.0 if i == j else 0.0) for j in range(n)] for i in range(n)]
        for k in range(n):
            for i in range(k + 1, n):
                factor = a[i][k] / a[k][k]
                for j in range(k + 1, n):
                    a[i][j] = a[i][j] - factor * a[k][j]
        return sum((of.log(a[i][i]) for i in range(1, n)), of.log(a[0][0]))

    choose = random.Random(0)
    return Work(loss, [choose.uniform(-0.5, 0.5) for _ in range(256)])


def sorting_network() -> Work:
    """Batcher's, of 32; then a sum with weights."""

    def loss(of: Any, p: Any) -> Any:
        x, n = list(p), 32
        k = 1
        while k < n:
            j = k
            while j:
                for low in range(j % k, n - j, 2 * j):
                    for i in range(low, min(low + j, n - j)):
                        if i // (2 * k) == (i + j) // (2 * k):
                            x[i], x[i + j] = of.minimum(x[i], x[i + j]), of.maximum(x[i], x[i + j])
                j //= 2
            k *= 2
        return sum((x[i] * (0.1 * i) for i in range(1, n)), x[0])

    choose = random.Random(0)
    return Work(loss, [choose.gauss(0, 1) for _ in range(32)])


def lstm() -> Work:
    """50 steps of width 8."""
    width, steps = 8, 50
    choose = random.Random(0)

    def loss(of: Any, p: Any, xs: Any, y: Any) -> Any:
        size = width + 2
        h: list[Any] = [0.0] * width
        c: list[Any] = [0.0] * width
        for x in xs:
            gates = []
            for g in range(4 * width):
                w = p[g * size : (g + 1) * size]
                gates.append(sum((a * b for a, b in zip(w, h, strict=False)), w[-1] + w[-2] * x))
            i, f, o = ([of.sigmoid(z) for z in gates[k * width : (k + 1) * width]] for k in range(3))
            g_ = [of.tanh(z) for z in gates[3 * width :]]
            c = [a * b + d * e for a, b, d, e in zip(f, c, i, g_, strict=True)]
            h = [a * of.tanh(b) for a, b in zip(o, c, strict=True)]
        return (sum(h) - y) * (sum(h) - y)

    numbers = [choose.gauss(0, 0.3) for _ in range(4 * width * (width + 2))]
    return Work(loss, numbers, ([0.0] * steps, 0.0), (1, 32, 256))


WORKS: dict[str, Callable[[], Work]] = {
    "random graph of 20 000": random_graph,
    "Kalman filter, 200 steps": kalman_filter,
    "Cholesky 16": cholesky,
    "LU 16": elimination,
    "sorting network 32": sorting_network,
    "LSTM, 50 steps of width 8": lstm,
}


# ── contestants ───────────────────────────────────────────────────────────────────────────────


def compiled(work: Work) -> tuple[Any, Any, list[int]]:
    """A program, a function from a size of batch to its arguments, and which parameters are in its vector."""
    import autograd

    of = SimpleNamespace(**{name: getattr(autograd, name) for name in
                            ("log", "exp", "sqrt", "sin", "tanh", "sigmoid", "minimum", "maximum")})  # fmt: skip
    p = [autograd.Value(x) for x in work.parameters]
    program = autograd.compile(lambda *sample: work.loss(of, p, *sample), example=work.inputs)
    place = {parameter: i for i, parameter in enumerate(p)}
    return program, _batches(work.inputs), [place[parameter] for parameter in program.parameters]


def _batches(example: Sequence[Any]) -> Callable[[int], list[Any]]:
    return lambda size: [np.random.default_rng(0).normal(size=(size, *np.shape(x))) for x in example]


def casadi(work: Work, order: list[int]) -> Callable[[], Any] | None:
    """Value and gradient by CasADi's SX, one sample, the parameters in this order; None where it is not installed."""
    if not find_spec("casadi"):
        return None
    import casadi as ca

    class Expression:
        """With the methods that a graph of `benchmarks.graphs` asks for."""

        def __init__(self, sx: Any) -> None:
            self.sx = sx

    def method(f: Callable[..., Any]) -> Any:
        return lambda *xs: Expression(f(*[x.sx if isinstance(x, Expression) else x for x in xs]))

    for name, f in {
        "add": lambda a, b: a + b, "radd": lambda a, b: b + a, "sub": lambda a, b: a - b, "rsub": lambda a, b: b - a,
        "mul": lambda a, b: a * b, "rmul": lambda a, b: b * a, "neg": lambda a: -a,
        "truediv": lambda a, b: a / b, "rtruediv": lambda a, b: b / a,
    }.items():  # fmt: skip
        setattr(Expression, f"__{name}__", method(f))
    named = {"log": ca.log, "exp": ca.exp, "sqrt": ca.sqrt, "sin": ca.sin, "tanh": ca.tanh}
    named |= {"minimum": ca.fmin, "maximum": ca.fmax, "sigmoid": lambda x: 1 / (1 + ca.exp(-x))}
    for name in ("sin", "tanh"):
        setattr(Expression, name, method(named[name]))
    of = SimpleNamespace(**{name: method(f) for name, f in named.items()})
    symbols = ca.SX.sym("p", len(work.parameters))
    y = work.loss(of, [Expression(symbols[i]) for i in range(len(work.parameters))]).sx
    function = ca.Function("f", [symbols], [y, ca.gradient(y, symbols)[order]])
    buffer, evaluate = function.buffer()
    x, value, gradient = np.array(work.parameters), np.zeros(1), np.zeros(len(work.parameters))
    buffer.set_arg(0, memoryview(x))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradient))

    def run() -> tuple[float, Any]:
        evaluate()
        return value[0], gradient

    run.kept = function, buffer, x  # type: ignore[attr-defined]
    return run


def network_by_hand(sizes: Sequence[int], vector: Any, X: Any, Y: Any) -> Callable[[], Any]:
    """½ Σ (ŷ − y)² of a tanh network, and its gradient, the mean over a batch."""
    layers, at = [], 0
    for n, m in pairwise(sizes):
        layers.append((vector[at : at + n * m].reshape(m, n), vector[at + n * m : at + n * m + m]))
        at += n * m + m

    def run() -> tuple[float, Any]:
        a = [X]
        for number, (W, b) in enumerate(layers):
            z = a[-1] @ W.T + b
            a.append(z if number == len(layers) - 1 else np.tanh(z))
        off = a[-1] - Y
        delta, slopes = off / len(X), []
        for number in range(len(layers) - 1, -1, -1):
            slopes[:0] = [delta.T @ a[number], delta.sum(0)]
            if number:
                delta = (delta @ layers[number][0]) * (1 - a[number] ** 2)
        return 0.5 * (off * off).sum() / len(X), np.concatenate([slope.ravel() for slope in slopes])

    return run


def race(contestants: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The best time of each."""
    best = dict.fromkeys(contestants, math.inf)
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            begun = time.perf_counter()
            while time.perf_counter() - begun < TURN:
                start = time.perf_counter()
                run()
                best[name] = min(best[name], time.perf_counter() - start)
    return best


def row(name: str, program: Any, inputs: list[Any], size: int, peer: str, by_peer: Any) -> None:
    engines = {engine.name: engine.bind(program.vector, size) for engine in program._engines}
    runs = {engine: (lambda run=run: run.value_and_grad(inputs)) for engine, run in engines.items()}
    (value, gradient), *others = [run() for run in runs.values()]
    if by_peer:
        runs[peer] = by_peer
        others.append(by_peer())
    for other, slope in others:
        assert math.isclose(value, other, rel_tol=1e-7), f"{name}: {value} and {other}"
        scale = np.abs(gradient).max()
        assert np.allclose(gradient, slope, rtol=1e-6, atol=1e-7 * scale), f"{name}: {gradient} and {slope}"
    best = race(runs)
    chosen = program._engine(size).name
    ours = best[chosen] / min(best[engine] for engine in engines)
    times = "".join(
        f"{seconds(best[engine]) if engine in best else '—':>10}" for engine in ("native", "numpy", "nodes")
    )
    beside = f"{peer} {seconds(best[peer])}, {best['native'] / best[peer]:.2f}x" if peer in best else ""
    print(f"{name:<32}{size:>5}{times}  {beside:<32}{chosen:>8}{ours:>6.2f}x", flush=True)


def main() -> int:
    import autograd
    import nn

    if not find_spec("numba"):
        print("skipped: Numba is not installed (pip install 'scalar-autograd[fast]')")
        return 1
    if not find_spec("casadi"):
        print("skipped: CasADi (no module casadi)")
    only = sys.argv[1:]
    heads = f"{'native':>10}{'numpy':>10}{'nodes':>10}  {'peer, and native in its times':<32}{'auto':>8}{'':>7}"
    print(f"\n{'value and gradient':<32}{'batch':>5}{heads}")
    for name, make in WORKS.items():
        if only and not any(word in name for word in only):
            continue
        work = make()
        program, batch, order = compiled(work)
        by_casadi = None if work.inputs else casadi(work, order)
        for size in work.batches:
            row(name, program, batch(size), size, "CasADi", by_casadi)
    for steps, width in ((200, 8), (200, 2)):
        name = f"RNN, {steps} steps of width {width}"
        if only and not any(word in name for word in only):
            continue
        loss, example = recurrent(steps, width)
        program = autograd.compile(loss, example=example)
        for size in (1, 32, 256):
            row(name, program, _batches(example)(size), size, "", None)
    sizes = (784, 16, 16, 10)
    if not only or any(word in "784-16-16-10" for word in only):
        model = nn.MLP(sizes[0], list(sizes[1:]), activation="tanh", seed=0)
        example = ([0.0] * sizes[0], [0.0] * sizes[-1])
        program = autograd.compile(lambda x, y: nn.half_squared_error(model(x), y), example=example)
        for size in (1, 10, 32, 256):
            X, Y = _batches(example)(size)
            by_hand = network_by_hand(sizes, program.vector, X, Y)
            row("784-16-16-10", program, [X, Y], size, "NumPy by hand", by_hand)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
