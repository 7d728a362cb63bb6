"""Pieces of work, each a loss written once in plain arithmetic: for the compiler, CasADi, or whoever has such scalars.

A loss takes the functions of whoever computes it (`of.exp`, `of.tanh` …), a flat list of parameters, and a sample.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks import graphs

__all__ = ["FUNCTIONS", "Work", "counted"]

FUNCTIONS = ("log", "exp", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "minimum", "maximum")
"""The functions that a loss may ask for."""

Shapes = list[tuple[int, ...]]


class Work(NamedTuple):
    """A loss of parameters and inputs, in the functions of whoever computes it."""

    loss: Callable[..., Any]
    parameters: list[float]
    inputs: tuple[Any, ...] = ()
    """One sample; numbers and nested lists."""
    shapes: Shapes = []  # noqa: RUF012
    """What the parameters are to whoever has arrays."""


def _drawn(shapes: Shapes, scale: float = 0.3) -> list[float]:
    choose = random.Random(0)
    return [choose.gauss(0, scale) for _ in range(sum(map(math.prod, shapes)))]


def _rows(p: Sequence[Any], begin: int, number: int, width: int) -> list[Sequence[Any]]:
    return [p[begin + i * width : begin + (i + 1) * width] for i in range(number)]


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return _sum([x * y for x, y in zip(a, b, strict=True)])


def _sum(xs: Sequence[Any]) -> Any:
    return sum(xs[1:], xs[0])


# ── graphs of one sample ──────────────────────────────────────────────────────────────────────


def random_graph(operations: int = 20_000) -> Work:
    plan = graphs.random_plan(operations)

    def loss(of: Any, p: Any) -> Any:
        return graphs.random_dag(p, plan)

    return Work(loss, [0.1 * i - 0.45 for i in range(10)])


def observations(steps: int) -> list[float]:
    """A noisy sine."""
    choose = random.Random(0)
    return [math.sin(t / 20) + choose.gauss(0, 0.3) for t in range(steps)]


def kalman_filter(steps: int = 200) -> Work:
    """A local level with a slope that fades: a state of two numbers."""
    observed = observations(steps)

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

    return Work(loss, [0.9, 0.1, 0.05, 0.3], shapes=[(4,)])


SYMBOLS = 5


def seen(steps: int) -> list[int]:
    """Which symbol a hidden Markov model showed at every step."""
    choose = random.Random(1)
    return [choose.randrange(SYMBOLS) for _ in range(steps)]


def hidden_markov(steps: int = 50, states: int = 8) -> Work:
    """−log p of what was seen, by the forward algorithm with its numbers scaled to sum 1 at every step."""
    shapes: Shapes = [(states, states), (states, SYMBOLS)]
    shown = seen(steps)

    def loss(of: Any, p: Any) -> Any:
        def softmax(row: Sequence[Any]) -> list[Any]:
            e = [of.exp(x) for x in row]
            whole = _sum(e)
            return [x / whole for x in e]

        moves = [softmax(row) for row in _rows(p, 0, states, states)]
        shows = [softmax(row) for row in _rows(p, states * states, states, SYMBOLS)]
        believed: list[Any] = [1 / states] * states
        cost: Any = 0.0
        for symbol in shown:
            likely = [_dot(believed, [row[j] for row in moves]) * shows[j][symbol] for j in range(states)]
            whole = _sum(likely)
            cost = cost - of.log(whole)
            believed = [x / whole for x in likely]
        return cost

    return Work(loss, _drawn(shapes, 1.0), shapes=shapes)


def cholesky(n: int = 16) -> Work:
    """The logarithm of a determinant, of a covariance of n points and two lengths."""

    def loss(of: Any, p: Any) -> Any:
        xs = p[2:]
        rows: list[list[Any]] = []
        for i in range(n):
            row: list[Any] = []
            for j in range(i + 1):
                s = of.exp(-(xs[i] - xs[j]) * (xs[i] - xs[j]) * p[0]) + (p[1] if i == j else 0.0)
                for k in range(j):
                    s = s - row[k] * (rows[j] if j < i else row)[k]
                row.append(of.sqrt(s) if i == j else s / rows[j][j])
            rows.append(row)
        return _sum([of.log(rows[i][i]) for i in range(n)])

    return Work(loss, [0.7, 0.5, *[0.37 * k % 4 for k in range(n)]], shapes=[(2,), (n,)])


def elimination(n: int = 16) -> Work:
    """The logarithm of a determinant, of a matrix of n × n parameters with a heavy diagonal."""

    def loss(of: Any, p: Any) -> Any:
        a = [[p[n * i + j] + (4.0 if i == j else 0.0) for j in range(n)] for i in range(n)]
        for k in range(n):
            for i in range(k + 1, n):
                factor = a[i][k] / a[k][k]
                for j in range(k + 1, n):
                    a[i][j] = a[i][j] - factor * a[k][j]
        return _sum([of.log(a[i][i]) for i in range(n)])

    choose = random.Random(0)
    return Work(loss, [choose.uniform(-0.5, 0.5) for _ in range(n * n)], shapes=[(n, n)])


def sorting_network(n: int = 32) -> Work:
    """Batcher's, of a power of two; then a sum with weights."""

    def loss(of: Any, p: Any) -> Any:
        x = list(p)
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

    return Work(loss, _drawn([(n,)], 1.0), shapes=[(n,)])


# ── networks on batches ───────────────────────────────────────────────────────────────────────


def network_shapes(sizes: Sequence[int]) -> Shapes:
    return [shape for n, m in pairwise(sizes) for shape in ((m, n), (m,))]


def network(sizes: Sequence[int] = (784, 16, 16, 10)) -> Work:
    """½ Σ (ŷ − y)² of a tanh network whose last layer is linear."""
    shapes = network_shapes(sizes)

    def loss(of: Any, p: Any, x: Any, y: Any) -> Any:
        a, at = list(x), 0
        for n, m in pairwise(sizes):
            biases = p[at + n * m : at + n * m + m]
            z = [_dot(w, a) + b for w, b in zip(_rows(p, at, m, n), biases, strict=True)]
            at += n * m + m
            a = z if at == len(p) else [of.tanh(v) for v in z]
        return _sum([(u - v) * (u - v) for u, v in zip(a, y, strict=True)]) * 0.5

    numbers = [x / math.sqrt(sizes[0]) for x in _drawn(shapes, 1.0)]
    return Work(loss, numbers, ([0.0] * sizes[0], [0.0] * sizes[-1]), shapes)


def recurrent(steps: int = 200, width: int = 8) -> Work:
    """A tanh network that reads a number a step."""
    shapes: Shapes = [(width, width), (width,), (width,), (width,)]

    def loss(of: Any, p: Any, xs: Any, y: Any) -> Any:
        W = _rows(p, 0, width, width)
        u, b, v = _rows(p, width * width, 3, width)
        h: list[Any] = [0.0] * width
        for x in xs:
            h = [of.tanh(_dot(row, h) + u[i] * x + b[i]) for i, row in enumerate(W)]
        off = _dot(v, h) - y
        return off * off

    return Work(loss, _drawn(shapes), ([0.0] * steps, 0.0), shapes)


def lstm(steps: int = 50, width: int = 8) -> Work:
    """A gate has a row of weights for the state, one for the input, and a bias."""
    shapes: Shapes = [(4 * width, width + 2)]

    def loss(of: Any, p: Any, xs: Any, y: Any) -> Any:
        weights = _rows(p, 0, 4 * width, width + 2)
        h: list[Any] = [0.0] * width
        c: list[Any] = [0.0] * width
        for x in xs:
            gates = [_dot(w[:width], h) + (w[-1] + w[-2] * x) for w in weights]
            i, f, o = ([of.sigmoid(z) for z in gates[k * width : (k + 1) * width]] for k in range(3))
            g = [of.tanh(z) for z in gates[3 * width :]]
            c = [a * b + d * e for a, b, d, e in zip(f, c, i, g, strict=True)]
            h = [a * of.tanh(b) for a, b in zip(o, c, strict=True)]
        off = _sum(h) - y
        return off * off

    return Work(loss, _drawn(shapes), ([0.0] * steps, 0.0), shapes)


STEP = 0.1


def neural_ode(steps: int = 50, width: int = 16, states: int = 4) -> Work:
    """ẏ = W² tanh(W¹ y + b¹) + b², in steps of Runge and Kutta; the squared distance from where it is to end."""
    shapes: Shapes = [(width, states), (width,), (states, width), (states,)]

    def loss(of: Any, p: Any, begin: Any, end: Any) -> Any:
        inner, outer = _rows(p, 0, width, states), _rows(p, width * (states + 1), states, width)
        b, c = p[width * states : width * (states + 1)], p[-states:]

        def slope(y: Sequence[Any]) -> list[Any]:
            hidden = [of.tanh(_dot(w, y) + bias) for w, bias in zip(inner, b, strict=True)]
            return [_dot(w, hidden) + bias for w, bias in zip(outer, c, strict=True)]

        def moved(y: Sequence[Any], k: Sequence[Any], h: float) -> list[Any]:
            return [a + d * h for a, d in zip(y, k, strict=True)]

        y = list(begin)
        for _ in range(steps):
            k1 = slope(y)
            k2 = slope(moved(y, k1, STEP / 2))
            k3 = slope(moved(y, k2, STEP / 2))
            k4 = slope(moved(y, k3, STEP))
            y = moved(y, [p + 2 * q + 2 * r + s for p, q, r, s in zip(k1, k2, k3, k4, strict=True)], STEP / 6)
        return _sum([(a - b) * (a - b) for a, b in zip(y, end, strict=True)])

    return Work(loss, _drawn(shapes), ([0.0] * states, [0.0] * states), shapes)


def convolution(side: int = 28, kernels: int = 4, classes: int = 10) -> Work:
    """3 × 3 kernels, relu, the greatest of every 2 × 2, and a linear layer; ½ Σ (ŷ − y)²."""
    inner = side - 2
    pooled = inner // 2
    shapes: Shapes = [(kernels, 3, 3), (kernels,), (classes, kernels * pooled * pooled), (classes,)]

    def loss(of: Any, p: Any, x: Any, y: Any) -> Any:
        features: list[Any] = []
        for k, kernel in enumerate(_rows(p, 0, kernels, 9)):
            a = [
                [
                    of.relu(_dot(kernel, [x[i + d][j + e] for d in range(3) for e in range(3)]) + p[9 * kernels + k])
                    for j in range(inner)
                ]
                for i in range(inner)
            ]
            for i in range(0, 2 * pooled, 2):
                for j in range(0, 2 * pooled, 2):
                    upper, lower = of.maximum(a[i][j], a[i][j + 1]), of.maximum(a[i + 1][j], a[i + 1][j + 1])
                    features.append(of.maximum(upper, lower))
        weights = _rows(p, 10 * kernels, classes, len(features))
        out = [_dot(w, features) + b for w, b in zip(weights, p[-classes:], strict=True)]
        return _sum([(u - v) * (u - v) for u, v in zip(out, y, strict=True)]) * 0.5

    return Work(loss, _drawn(shapes, 0.1), ([[0.0] * side] * side, [0.0] * classes), shapes)


def attention(tokens: int = 16, width: int = 16) -> Work:
    """One head: softmax(Q Kᵀ / √width) V of so many tokens; ½ Σ (ŷ − y)²."""
    shapes: Shapes = [(width, width)] * 3

    def loss(of: Any, p: Any, x: Any, y: Any) -> Any:
        query, key, value = (
            [[_dot(w, token) for w in _rows(p, k * width * width, width, width)] for token in x] for k in range(3)
        )
        cost = []
        for q, wanted in zip(query, y, strict=True):
            e = [of.exp(_dot(q, k) / math.sqrt(width)) for k in key]
            whole = _sum(e)
            weights = [a / whole for a in e]
            for j in range(width):
                off = _dot(weights, [v[j] for v in value]) - wanted[j]
                cost.append(off * off)
        return _sum(cost) * 0.5

    example = [[0.0] * width] * tokens
    return Work(loss, _drawn(shapes, 0.2), (example, example), shapes)


def heat(side: int = 16, steps: int = 20) -> Work:
    """The heat equation, a conductivity for every place and 0 outside; ½ Σ (u − y)² at the end."""
    shapes: Shapes = [(side, side)]

    def loss(of: Any, p: Any, begin: Any, end: Any) -> Any:
        k = _rows(p, 0, side, side)
        u = [list(row) for row in begin]
        for _ in range(steps):
            edge = [0.0] * (side + 2)
            around: list[Any] = [edge, *[[0.0, *row, 0.0] for row in u], edge]
            u = [
                [
                    u[i][j]
                    + k[i][j]
                    * (around[i][j + 1] + around[i + 2][j + 1] + around[i + 1][j] + around[i + 1][j + 2] - 4 * u[i][j])
                    for j in range(side)
                ]
                for i in range(side)
            ]
        return _sum([(a - b) * (a - b) for one, other in zip(u, end, strict=True)
                     for a, b in zip(one, other, strict=True)]) * 0.5  # fmt: skip

    choose = random.Random(0)
    example = [[0.0] * side] * side
    return Work(loss, [choose.uniform(0.1, 0.2) for _ in range(side * side)], (example, example), shapes)


# ── how much work it is ───────────────────────────────────────────────────────────────────────


class _Counting:
    """A scalar that counts operations and computes nothing."""

    number = 0

    def _counted(self, *operands: Any) -> _Counting:
        _Counting.number += 1
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = _counted
    sin = tanh = _counted


def counted(work: Work) -> int:
    """How many scalar operations the loss of one sample is, as it is written.

    >>> counted(network((2, 3, 1)))            # 9 products and as many sums, 3 tanh, (u − v)², · 0.5
    25
    """
    one = _Counting()

    class Of:
        def __getattr__(self, name: str) -> Callable[..., _Counting]:
            return one._counted

    def like(x: Any) -> Any:
        return [like(part) for part in x] if isinstance(x, list) else one

    _Counting.number = 0
    work.loss(Of(), [one] * len(work.parameters), *map(like, work.inputs))
    return _Counting.number
