"""Programs as people write them: plain scalar Python, that runs eagerly on floats and compiled on batches.

Each is a function of `p`, its parameters (nested lists of `Value`s), and of the inputs of one sample::

    @program(parameters(W=(4, 3)), normal(3), classes(4))
    def softmax_regression(p, x, y): ...

`PROGRAMS` has them all by name. (It is not called ``programs.py`` because the tests are no package and
``fuzz/programs.py`` has that name.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd
import nn
from autograd import (
    Value,
    cos,
    dot,
    erfc,
    exp,
    grad,
    log,
    log1p,
    logsumexp,
    maximum,
    minimum,
    no_grad,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    take,
    tanh,
    total,
    where,
)

Field = Callable[[np.random.Generator, int], np.ndarray]
PROGRAMS: dict[str, Program] = {}


@dataclass(frozen=True)
class Program:
    name: str
    function: Callable[..., Any]
    shapes: dict[str, tuple[int, ...]]
    fields: tuple[Field, ...]

    def make(self, seed: int = 0) -> tuple[Callable[..., Any], list[Value]]:
        """The function of the inputs alone, and its parameters, fresh."""
        rng = np.random.default_rng(seed)
        drawn = {name: _values(rng.normal(size=shape) * 0.5) for name, shape in self.shapes.items()}
        p = SimpleNamespace(**drawn)
        return lambda *inputs: self.function(p, *inputs), [v for part in drawn.values() for v in _flat(part)]

    @property
    def example(self) -> tuple[Any, ...]:
        return tuple(x[0].tolist() for x in self.batch(1, seed=9))

    def batch(self, size: int, seed: int) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng([size, seed])
        return tuple(field(rng, size) for field in self.fields)


def program(shapes: dict[str, tuple[int, ...]], *fields: Field) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        PROGRAMS[function.__name__] = Program(function.__name__, function, shapes, fields)
        return function

    return register


def parameters(**shapes: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return shapes


def normal(*shape: int) -> Field:
    return lambda rng, size: rng.normal(size=(size, *shape))


def uniform(low: float, high: float, *shape: int) -> Field:
    return lambda rng, size: rng.uniform(low, high, size=(size, *shape))


def integers(n: int, *shape: int) -> Field:
    """To choose with: 0 to n − 1."""
    return lambda rng, size: rng.integers(n, size=(size, *shape))


def labels(n: int, *shape: int) -> Field:
    """The same as floats, to compare with."""
    return lambda rng, size: rng.integers(n, size=(size, *shape)).astype(float)


def quarters(*shape: int) -> Field:
    """Multiples of ¼ between −1 and 1, so that many are equal and sums are exact."""
    return lambda rng, size: rng.integers(-4, 5, size=(size, *shape)) / 4


def _values(array: Any) -> Any:
    return [_values(x) for x in array] if getattr(array, "ndim", 0) else Value(float(array))


def _flat(tree: Any) -> list[Value]:
    return [v for part in tree for v in _flat(part)] if isinstance(tree, list) else [tree]


# ── what several of them use ──────────────────────────────────────────────────────────────────


def matvec(W: Any, x: Any, b: Any = None) -> list[Any]:
    z = [sum(w * v for w, v in zip(row, x, strict=True)) for row in W]
    return z if b is None else [zi + bi for zi, bi in zip(z, b, strict=True)]


def softmax(z: Any) -> list[Any]:
    shift = logsumexp(z)
    return [exp(v - shift) for v in z]


def mean(xs: Any) -> Any:
    return sum(xs) / len(xs)


# ── recurrent networks ────────────────────────────────────────────────────────────────────────


@program(parameters(W=(4, 2), U=(4, 4), b=(4,), v=(4,)), normal(12, 2), normal())
def recurrent_network(p, x, y):
    h = [0.0] * 4
    for step in x:
        h = [tanh(a + c + b) for a, c, b in zip(matvec(p.W, step), matvec(p.U, h), p.b, strict=True)]
    return (dot(p.v, h) - y) ** 2


@program(parameters(W=(12, 5), b=(12,), v=(3,)), normal(8, 2), normal(8))
def lstm(p, x, y):
    h, c, loss = [0.0] * 3, [0.0] * 3, 0.0
    for step, target in zip(x, y, strict=True):
        z = matvec(p.W, [*step, *h], p.b)
        i, f, o, g = ([s(v) for v in z[3 * k : 3 * k + 3]] for k, s in enumerate([sigmoid, sigmoid, sigmoid, tanh]))
        c = [fi * ci + ii * gi for fi, ci, ii, gi in zip(f, c, i, g, strict=True)]
        h = [oi * tanh(ci) for oi, ci in zip(o, c, strict=True)]
        loss = loss + (dot(p.v, h) - target) ** 2
    return loss / len(x)


@program(parameters(Wz=(3, 5), Wr=(3, 5), Wh=(3, 5), v=(3,)), normal(6, 2), labels(2))
def gru(p, x, y):
    h = [0.0] * 3
    for step in x:
        z = [sigmoid(v) for v in matvec(p.Wz, [*step, *h])]
        r = [sigmoid(v) for v in matvec(p.Wr, [*step, *h])]
        n = [tanh(v) for v in matvec(p.Wh, [*step, *(ri * hi for ri, hi in zip(r, h, strict=True))])]
        h = [(1 - zi) * hi + zi * ni for zi, hi, ni in zip(z, h, n, strict=True)]
    return nn.binary_cross_entropy_with_logits(dot(p.v, h), y)


# ── convolutions ──────────────────────────────────────────────────────────────────────────────


@program(parameters(K=(2, 3), b=(2,), v=(2, 4)), normal(10))
def convolution_1d_with_maximum_pooling(p, x):
    out = 0.0
    for kernel, b, v in zip(p.K, p.b, p.v, strict=True):
        z = [sum(kernel[k] * x[i + k] for k in range(3)) + b for i in range(8)]
        a = [z_.relu() for z_ in z]
        out = out + sum(v[i] * maximum(a[2 * i], a[2 * i + 1]) for i in range(4))
    return out * out


@program(parameters(K=(2, 3, 3), b=(2,), v=(2, 2, 2)), normal(6, 6), normal())
def convolution_2d_with_average_pooling(p, x, y):
    out = 0.0
    for kernel, b, v in zip(p.K, p.b, p.v, strict=True):
        z = [
            [sum(kernel[k][m] * x[i + k][j + m] for k in range(3) for m in range(3)) + b for j in range(4)]
            for i in range(4)
        ]
        for i in range(2):
            for j in range(2):
                pooled = sum(relu(z[2 * i + k][2 * j + m]) for k in range(2) for m in range(2)) / 4
                out = out + v[i][j] * pooled
    return (out - y) ** 2


@program(parameters(K=(2, 2), L=(3,)), quarters(7, 7))
def convolution_with_padding_stride_dilation_and_ties(p, x):
    padded = [[0.0] * 9, *[[0.0, *row, 0.0] for row in x], [0.0] * 9]
    z = [
        [sum(p.K[k][m] * padded[2 * i + 2 * k][2 * j + 2 * m] for k in range(2) for m in range(2)) for j in range(3)]
        for i in range(3)
    ]
    peaks = [maximum(maximum(row[0], row[1]), row[2]) for row in z]
    return sum(w * h for w, h in zip(reversed(p.L), peaks, strict=True)) ** 2


# ── attention, normalisation ──────────────────────────────────────────────────────────────────


@program(parameters(Q=(4, 4), K=(4, 4), V=(4, 4), O=(4, 4)), normal(5, 4))
def causal_attention(p, x):
    q, k, v = ([matvec(W, row) for row in x] for W in (p.Q, p.K, p.V))
    loss = 0.0
    for t in range(5):
        heads = []
        for h in range(2):
            s = slice(2 * h, 2 * h + 2)
            weights = softmax([dot(q[t][s], k[u][s]) / math.sqrt(2) for u in range(t + 1)])
            heads += [sum(w * v[u][2 * h + i] for u, w in enumerate(weights)) for i in range(2)]
        y = [a + b for a, b in zip(matvec(p.O, heads), x[t], strict=True)]
        loss = loss + sum(yi * yi for yi in y)
    return loss / 5


@program(parameters(W=(5, 4), g=(5,), b=(5,)), normal(4), normal(5))
def layer_norm(p, x, y):
    z = matvec(p.W, x)
    m = mean(z)
    deviation = sqrt(mean([(v - m) ** 2 for v in z]) + 1e-3)
    return nn.mse_loss([g * (v - m) / deviation + b for g, v, b in zip(p.g, z, p.b, strict=True)], y)


# ── probability ───────────────────────────────────────────────────────────────────────────────


@program(parameters(logits=(3,), means=(3, 2), scales=(3, 2)), normal(2))
def mixture_of_gaussians(p, x):
    terms = []
    for weight, centre, s in zip(p.logits, p.means, p.scales, strict=True):
        z = [(xi - m) * exp(-si) for xi, m, si in zip(x, centre, s, strict=True)]
        terms.append(weight - dot(z, z) / 2 - total(s) - math.log(2 * math.pi))
    return logsumexp(p.logits) - logsumexp(terms)


@program(parameters(L=(4, 4), m=(4,)), normal(4))
def gaussian_by_its_cholesky_factor(p, x):
    """Precision L Lᵀ with exp on the diagonal: a triangular loop."""
    L = [[exp(p.L[i][j]) if i == j else p.L[i][j] for j in range(i + 1)] for i in range(4)]
    d = [xi - mi for xi, mi in zip(x, p.m, strict=True)]
    z = [sum(L[i][j] * d[i] for i in range(j, 4)) for j in range(4)]
    return sum(v * v for v in z) / 2 - sum(p.L[i][i] for i in range(4))


def cholesky(A: Any) -> list[list[Any]]:
    n = len(A)
    L: list[list[Any]] = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            s = A[i][j] - sum(L[i][k] * L[j][k] for k in range(j))
            L[i][j] = sqrt(s) if i == j else s / L[j][j]
    return L


@program(parameters(a=(), s=(), noise=()), normal(5), normal(5))
def gaussian_process_by_cholesky(p, x, y):
    K = [
        [exp(p.a - (u - v) ** 2 * exp(p.s) / 2) + (exp(p.noise) if i == j else 0.0) for j, v in enumerate(x)]
        for i, u in enumerate(x)
    ]
    L = cholesky(K)
    z: list[Any] = []
    for i in range(5):
        z.append((y[i] - sum(L[i][j] * z[j] for j in range(i))) / L[i][i])
    return sum(v * v for v in z) / 2 + sum(log(L[i][i]) for i in range(5))


@program(parameters(A=(4, 4)), normal(4))
def lu_log_determinant(p, x):
    A = [[p.A[i][j] * 0.2 + (3.0 + x[i] * x[i] if i == j else x[j] * 0.1) for j in range(4)] for i in range(4)]
    for k in range(4):
        for i in range(k + 1, 4):
            f = A[i][k] / A[k][k]
            A[i] = [a - f * b if j > k else a for j, (a, b) in enumerate(zip(A[i], A[k], strict=True))]
    return sum(log(abs(A[i][i])) for i in range(4))


@program(parameters(A=(4, 4), t=(4,)), normal(4))
def gaussian_elimination(p, b):
    A = [[*(p.A[i][j] * 0.3 + 2.0 * (i == j) for j in range(4)), b[i]] for i in range(4)]
    for k in range(4):
        A[k] = [a / A[k][k] for a in A[k]]
        for i in range(4):
            if i != k:
                A[i] = [a - A[i][k] * c for a, c in zip(A[i], A[k], strict=True)]
    return sum((row[-1] - t) ** 2 for row, t in zip(A, p.t, strict=True))


@program(parameters(lower=(5,), upper=(5,), d=(6,)), normal(6))
def tridiagonal_solve(p, b):
    """Thomas' algorithm."""
    d, y = [3 + v * v for v in p.d], list(b)
    for i in range(5):
        w = p.lower[i] / d[i]
        d[i + 1] = d[i + 1] - w * p.upper[i]
        y[i + 1] = y[i + 1] - w * y[i]
    x = [y[5] / d[5]]
    for i in reversed(range(5)):
        x.append((y[i] - p.upper[i] * x[-1]) / d[i])
    return [*reversed(x)], sum(v * v for v in x)


@program(parameters(F=(2, 2), H=(2,), q=(), r=()), normal(5))
def kalman_filter(p, ys):
    m, P, nll = [0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], 0.0
    q, r = exp(p.q), exp(p.r)
    for y in ys:
        m = matvec(p.F, m)
        FP = [[sum(p.F[i][k] * P[k][j] for k in range(2)) for j in range(2)] for i in range(2)]
        P = [[sum(FP[i][k] * p.F[j][k] for k in range(2)) + (q if i == j else 0.0) for j in range(2)] for i in range(2)]
        PH = [dot(P[i], p.H) for i in range(2)]
        S = dot(PH, p.H) + r
        e = y - dot(p.H, m)
        nll = nll + (log(S) + e * e / S) / 2
        K = [v / S for v in PH]
        m = [mi + k * e for mi, k in zip(m, K, strict=True)]
        P = [[P[i][j] - K[i] * PH[j] for j in range(2)] for i in range(2)]
    return nll


@program(parameters(start=(3,), T=(3, 3), E=(3, 4)), integers(4, 6))
def hidden_markov_model(p, observed):
    """The forward algorithm in logarithms."""
    T = [[v - logsumexp(row) for v in row] for row in p.T]
    E = [[v - logsumexp(row) for v in row] for row in p.E]
    alpha = [s - logsumexp(p.start) + take(row, observed[0]) for s, row in zip(p.start, E, strict=True)]
    for o in observed[1:]:
        alpha = [logsumexp([alpha[i] + T[i][j] for i in range(3)]) + take(E[j], o) for j in range(3)]
    return -logsumexp(alpha)


@program(parameters(T=(3, 3), W=(3, 2)), normal(5, 2))
def viterbi(p, x):
    score = matvec(p.W, x[0])
    for step in x[1:]:
        emitted = matvec(p.W, step)
        best = []
        for j in range(3):
            m = score[0] + p.T[0][j]
            for i in (1, 2):
                m = maximum(m, score[i] + p.T[i][j])
            best.append(m + emitted[j])
        score = best
    return maximum(score[0], maximum(score[1], score[2]))


@program(parameters(T=(3, 3), W=(3, 2)), normal(4, 2), integers(3, 4))
def conditional_random_field(p, x, y):
    emitted = [matvec(p.W, step) for step in x]
    gold = sum(take(e, yi) for e, yi in zip(emitted, y, strict=True))
    gold = gold + sum(take(take(p.T, a), b) for a, b in pairwise(y))
    score = emitted[0]
    for e in emitted[1:]:
        score = [logsumexp([s + p.T[i][j] for i, s in enumerate(score)]) + e[j] for j in range(3)]
    return logsumexp(score) - gold


# ── differential equations ────────────────────────────────────────────────────────────────────


def runge_kutta(f: Any, y: Any, h: float, steps: int) -> Any:
    def moved(y: Any, k: Any, h: float) -> Any:
        return [a + h * b for a, b in zip(y, k, strict=True)]

    for _ in range(steps):
        k1 = f(y)
        k2 = f(moved(y, k1, h / 2))
        k3 = f(moved(y, k2, h / 2))
        k4 = f(moved(y, k3, h))
        y = [a + h / 6 * (b + 2 * c + 2 * d + e) for a, b, c, d, e in zip(y, k1, k2, k3, k4, strict=True)]
    return y


@program(parameters(a=(4,)), uniform(0.5, 1.5, 2), uniform(0.5, 1.5, 2))
def predator_and_prey(p, start, end):
    a, b, c, d = (exp(v) for v in p.a)
    y = runge_kutta(lambda y: [a * y[0] - b * y[0] * y[1], c * y[0] * y[1] - d * y[1]], start, 0.1, 5)
    return nn.half_squared_error(y, end)


@program(parameters(W=(4, 2), b=(4,), V=(2, 4)), normal(2))
def neural_ode(p, start):
    y = runge_kutta(lambda y: matvec(p.V, [tanh(z) for z in matvec(p.W, y, p.b)]), start, 0.25, 3)
    return y[0] * y[0] + y[1] * y[1]


@program(parameters(D=(), s=()), normal(8), normal(8))
def heat_equation(p, u, end):
    for _ in range(5):
        left, right = [u[0], *u[:-1]], [*u[1:], u[-1]]
        u = [v + 0.2 * sigmoid(p.D) * (a - 2 * v + b) + 0.1 * p.s for a, v, b in zip(left, u, right, strict=True)]
    return mean([(v - e) ** 2 for v, e in zip(u, end, strict=True)])


@program(parameters(u=(6, 6)), normal(6, 6))
def stencil_in_a_torus(p, f):
    """Jacobi's iteration on parameters and inputs."""
    u = p.u
    for _ in range(2):
        u = [
            [(u[i - 1][j] + u[(i + 1) % 6][j] + u[i][j - 1] + u[i][(j + 1) % 6] - f[i][j]) / 4 for j in range(6)]
            for i in range(6)
        ]
    return sum(v * v for row in u for v in row)


@program(parameters(k=(), m=()), normal(2))
def leapfrog_with_the_gradient_of_a_potential(p, start):
    q, v = start
    force = grad(lambda q: exp(p.k) * (1 - cos(q)) + p.m * q**4 / 4)
    for _ in range(3):
        v = v - 0.05 * force(q)
        q = q + 0.1 * v
        v = v - 0.05 * force(q)
    return q * q + v * v


def bump(p: Any, x: Any) -> Any:
    return sum(v * tanh(w * x + b) for v, w, b in zip(p.v, p.w, p.b, strict=True))


@program(parameters(v=(4,), w=(4,), b=(4,)), normal())
def physics_informed(p, x):
    """u″ = −u, and u(0) = 1."""
    u = lambda x: bump(p, x)  # noqa: E731
    return (grad(grad(u))(x) + u(x)) ** 2 + (u(0.0) - 1) ** 2 + 0.1 * grad(u)(0.0) ** 2


@program(parameters(v=(4,), w=(4,), b=(4,)), normal())
def physics_informed_by_hand(p, x):
    """The same with its derivatives written out."""

    def slope(x: Any) -> Any:
        return sum(v * w * (1 - tanh(w * x + b) ** 2) for v, w, b in zip(p.v, p.w, p.b, strict=True))

    def curvature(x: Any) -> Any:
        y = [tanh(w * x + b) for w, b in zip(p.w, p.b, strict=True)]
        return sum(v * w * w * -2 * y * (1 - y * y) for v, w, y in zip(p.v, p.w, y, strict=True))

    return (curvature(x) + bump(p, x)) ** 2 + (bump(p, 0.0) - 1) ** 2 + 0.1 * slope(0.0) ** 2


# ── sorting, choosing, pieces ─────────────────────────────────────────────────────────────────


def sort(xs: Any) -> list[Any]:
    """By compare and exchange."""
    xs = list(xs)
    for end in range(len(xs) - 1, 0, -1):
        for i in range(end):
            xs[i], xs[i + 1] = minimum(xs[i], xs[i + 1]), maximum(xs[i], xs[i + 1])
    return xs


@program(parameters(w=(5,), v=(5,)), quarters(5))
def sorting_network(p, x):
    return sum(w * s for w, s in zip(p.w, sort(x), strict=True)) + sum(v * s for v, s in zip(sort(p.v), x, strict=True))


@program(parameters(m=(5,)), quarters(5), quarters())
def median(p, x, y):
    return abs(sort([xi + m for xi, m in zip(x, p.m, strict=True)])[2] - y)


@program(parameters(knots=(4,), slopes=(5,), c=(5, 4)), uniform(-1, 1))
def cubic_spline(p, x):
    y, ends = p.c[0][0], sort(p.knots)
    for i, end in enumerate(ends):
        d = x - end
        piece = p.c[i + 1][0] + p.slopes[i] * d + p.c[i + 1][2] * d**2 + p.c[i + 1][3] * d**3
        y = where(x > end, piece, y)
    return y * y


@program(parameters(c=(6,)), uniform(0, 6))
def basis_splines(p, x):
    """Cox and de Boor's recurrence; the pieces of degree 0 are conditions times 1."""
    basis = [where(x >= i, where(x < i + 1, 1.0, 0.0), 0.0) for i in range(8)]
    for k in (1, 2):
        basis = [(x - i) / k * basis[i] + (i + k + 1 - x) / k * basis[i + 1] for i in range(len(basis) - 1)]
    return sum(c * b for c, b in zip(p.c, basis, strict=True))


@program(parameters(w=(), b=(4,)), normal(3), normal(4))
def soft_edit_distance(p, a, b):
    """Soft-DTW."""
    far = 100.0
    row: list[Any] = [0.0] + [far] * 4
    for u in a:
        new: list[Any] = [far]
        for j, v in enumerate(b):
            cost = (u * exp(p.w) - v - p.b[j]) ** 2
            new.append(cost - 0.5 * logsumexp([-2 * row[j], -2 * row[j + 1], -2 * new[j]]))
        row = new
    return row[-1]


@program(parameters(gap=(), swap=(3, 3)), labels(3, 4), labels(3, 4))
def edit_distance(p, a, b):
    """Costs that are learned; letters are compared with ==."""
    gap = exp(p.gap)
    row = [gap * j for j in range(5)]
    for i, u in enumerate(a):
        new = [gap * (i + 1)]
        for j, v in enumerate(b):
            cost = where(u == v, 0.0, exp(p.swap[i % 3][j % 3]))
            new.append(minimum(row[j] + cost, minimum(row[j + 1], new[j]) + gap))
        row = new
    return row[-1]


@program(parameters(w=(8,)), normal(8))
def fourier_transform(p, x):
    """Radix 2, in real and imaginary parts, of x times a window; the power spectrum."""

    def transform(re: Any, im: Any) -> Any:
        n = len(re)
        if n == 1:
            return re, im
        even, odd = transform(re[::2], im[::2]), transform(re[1::2], im[1::2])
        found: list[Any] = [None] * n
        for k in range(n // 2):
            c, s = math.cos(2 * math.pi * k / n), -math.sin(2 * math.pi * k / n)
            a, b = odd[0][k] * c - odd[1][k] * s, odd[0][k] * s + odd[1][k] * c
            found[k] = even[0][k] + a, even[1][k] + b
            found[k + n // 2] = even[0][k] - a, even[1][k] - b
        return [f[0] for f in found], [f[1] for f in found]

    re, im = transform([a * b for a, b in zip(p.w, x, strict=True)], [0.0] * 8)
    return sum(log1p(a * a + b * b) for a, b in zip(re, im, strict=True))


@program(parameters(w=(8,)), normal(8))
def haar_wavelets(p, x):
    details, rest = [], [w * v for w, v in zip(p.w, x, strict=True)]
    while len(rest) > 1:
        pairs = list(zip(rest[::2], rest[1::2], strict=True))
        details += [(a - b) / 2 for a, b in pairs]
        rest = [(a + b) / 2 for a, b in pairs]
    return sum(abs(d) for d in details) + rest[0] ** 2


@program(parameters(sigma=(), rate=()), uniform(0.8, 1.2), uniform(0.8, 1.2), uniform(0.5, 2), labels(2))
def black_scholes(p, spot, strike, time, call):
    s, r = exp(p.sigma - 1), sigmoid(p.rate) * 0.1
    d1 = (log(spot / strike) + (r + s * s / 2) * time) / (s * sqrt(time))
    d2 = d1 - s * sqrt(time)
    phi = lambda z: erfc(-z / math.sqrt(2)) / 2  # noqa: E731
    discounted = strike * exp(-r * time)
    return where(call == 1, spot * phi(d1) - discounted * phi(d2), discounted * phi(-d2) - spot * phi(-d1))


@program(parameters(W=(3, 4), v=(3,)), normal(4), labels(2))
def logistic_regression_by_cases(p, x, y):
    q = sigmoid(dot(p.v, [tanh(z) for z in matvec(p.W, x)]))
    return where(y == 1, -log(q), -log(1 - q))


@program(parameters(W=(3, 4), b=(3,)), normal(4), labels(3))
def one_hot_by_equality(p, x, y):
    z = matvec(p.W, x, p.b)
    return logsumexp(z) - sum(where(y == k, zk, 0.0) for k, zk in enumerate(z)) + 0.1 * where(y != 2, p.b[0], p.b[1])


@program(parameters(W=(3, 4), b=(3,)), normal(4), quarters(3))
def hinge_of_sums(p, x, y):
    return relu(sum(p.b)) + sum(relu(1 - yi * zi) for yi, zi in zip(y, matvec(p.W, x, p.b), strict=True))


@program(parameters(s=(4, 3)), normal(4, 3), labels(3, 4))
def ranking_pairs(p, x, y):
    score = [dot(row, xi) for row, xi in zip(p.s, x, strict=True)]
    return sum(where(y[i] > y[j], relu(1 - score[i] + score[j]), 0.0) for i in range(4) for j in range(4))


@program(parameters(centres=(3, 2)), quarters(2))
def k_means(p, x):
    d = [sum((xi - c) ** 2 for xi, c in zip(x, centre, strict=True)) for centre in p.centres]
    return minimum(d[0], minimum(d[1], d[2]))


@program(parameters(W=(3, 2), b=(3,), leaves=(4,)), normal(2), normal())
def soft_decision_tree(p, x, y):
    g = [sigmoid(5 * z) for z in matvec(p.W, x, p.b)]
    paths = [g[0] * g[1], g[0] * (1 - g[1]), (1 - g[0]) * g[2], (1 - g[0]) * (1 - g[2])]
    return (dot(paths, p.leaves) - y) ** 2


@program(parameters(cut=(2,), leaf=(3,)), quarters(2), quarters())
def hard_decision_tree(p, x, y):
    guess = where(x[0] > p.cut[0], where(x[1] > p.cut[1], p.leaf[0], p.leaf[1]), p.leaf[2])
    e = abs(guess - y)
    return where(e < 0.5, e * e, e - 0.25)  # Huber's loss


@program(parameters(h=(5,), u=(3,), M=(3, 5)), normal())
def conditions_of_rows_and_columns(p, _):
    return sum(where(p.h[j] > 0, where(p.M[i][j] > 0, p.u[i], p.M[i][j]), 0.5) for i in range(3) for j in range(5))


@program(parameters(h=(5,), u=(3,), M=(3, 5)), normal(5))
def conditions_of_rows_columns_and_inputs(p, x):
    chosen = [where(p.h[j] > 0, where(p.M[i][j] > x[j], p.u[i], p.M[i][j]), 0.5) for i in range(3) for j in range(5)]
    return sum(chosen) ** 2


@program(parameters(p=(3,), q=(3,)), normal())
def relu_of_a_sum_of_differences(p, _):
    return relu(sum(a - b for a, b in zip(p.p, p.q, strict=True))) + p.p[0] * 0.5


@program(parameters(x=(3,)), normal(3))
def relu_of_the_same_sum_twice(p, z):
    return relu(total(p.x)) + relu(dot([1, 1, 1], p.x)) + relu(total(z)) * p.x[0] + relu(dot([1, 1, 1], z)) * p.x[1]


@program(parameters(x=(3,)), normal())
def relu_twice_of_parameters_alone(p, _):
    return relu(total(p.x)) + relu(dot([1, 1, 1], p.x)) + 0.1 * relu(-total(p.x))


@program(parameters(v=(3,), c=(3,), d=()), normal(3))
def relu_of_a_choice(p, z):
    return sum(relu(where(v > 0, c, p.d)) for v, c in zip(p.v, p.c, strict=True)) + relu(where(p.d > z[0], p.d, z[1]))


@program(parameters(w=(3,)), quarters(3))
def comparisons_as_numbers(p, x):
    a = sum((xi > 0) * w for xi, w in zip(x, p.w, strict=True))
    b = (x[0] > 0) + (x[1] > 0) + (p.w[0] > x[2])
    return a + b * p.w[1] + (b + 1.0) ** 2


# ── choosing by an index ──────────────────────────────────────────────────────────────────────


@program(parameters(E=(7, 3), W=(7, 3)), integers(7, 4), integers(7))
def embedding_with_cross_entropy(p, context, word):
    rows = [take(p.E, i) for i in context]
    h = [mean([row[k] for row in rows]) for k in range(3)]
    return nn.cross_entropy(matvec(p.W, h), word)


@program(parameters(E=(6, 3), C=(6, 3)), integers(6), integers(6), integers(6, 3))
def negative_sampling(p, word, context, noise):
    e = take(p.E, word)
    return softplus(-dot(e, take(p.C, context))) + sum(softplus(dot(e, take(p.C, n))) for n in noise)


@program(parameters(U=(5, 3), V=(4, 3), bu=(5,), bv=(4,)), integers(5), integers(4), normal())
def matrix_factorisation(p, user, item, rating):
    u, v = take(p.U, user), take(p.V, item)
    return (dot(u, v) + take(p.bu, user) + take(p.bv, item) - rating) ** 2 + 0.1 * (dot(u, u) + dot(v, v))


@program(parameters(W=(3, 4), v=(4,)), normal(4), integers(3), normal())
def policy_gradient_with_a_baseline(p, state, action, reward):
    z = matvec(p.W, state)
    baseline = dot(p.v, state)
    return -(take(z, action) - logsumexp(z)) * (reward - (baseline * 1.0).detach()) + (baseline - reward) ** 2


@program(parameters(W=(3, 3), T=(4, 2)), normal(3), integers(3), integers(4))
def choice_among_computed_rows(p, x, i, j):
    h = [[tanh(w * xi) for w, xi in zip(row, x, strict=True)] for row in p.W]
    a, b = take(h, i), take(p.T, j)
    return take(a, i) * b[0] + sum(v * b[1] for v in a) + take([x[0], p.W[0][0], 2.0], i) + take(take(p.T, j), 1)


# ── fits and penalties ────────────────────────────────────────────────────────────────────────


@program(parameters(c=(6,)), uniform(-1.5, 1.5), normal())
def polynomial_regression(p, x, y):
    return (sum(c * x**k for k, c in enumerate(p.c)) - y) ** 2


@program(parameters(c=(3,)), uniform(-2, 2), labels(5))
def poisson_regression(p, x, y):
    eta = p.c[0] + p.c[1] * x + p.c[2] * x * x
    return exp(eta) - y * eta


@program(parameters(W=(3, 4), b=(3,)), normal(4), normal(3))
def weight_decay_and_norms(p, x, y):
    every = [w for row in p.W for w in row] + p.b
    penalties = 0.01 * sum(w * w for w in every) + 0.02 * total([abs(w) for w in every])
    rows = sum(sqrt(sum(w * w for w in row)) for row in p.W)
    return nn.mse_loss(matvec(p.W, x, p.b), y) + penalties + 0.05 * rows


@program(parameters(W=(3, 3), u=(3,), M=(2, 4)), normal(3))
def penalties_of_the_parameters_alone(p, x):
    orthogonal = sum((sum(p.W[k][i] * p.W[k][j] for k in range(3)) - (i == j)) ** 2 for i in range(3) for j in range(3))
    entropy = -sum(q * log(q) for q in softmax(p.u))
    bound = relu(total([m for row in p.M for m in row])) + sum(maximum(row[0], row[3]) for row in p.M)
    return dot(p.u, matvec(p.W, x)) + 0.1 * orthogonal + 0.2 * entropy + bound


@program(parameters(W=(3, 4), b=(3,), c=(4,)), normal(4))
def autoencoder_with_tied_weights(p, x):
    h = [sigmoid(z) for z in matvec(p.W, x, p.b)]
    back = [sum(p.W[i][j] * h[i] for i in range(3)) + p.c[j] for j in range(4)]
    return nn.mse_loss(back, x)


@program(parameters(W=(4, 3), V=(2, 4)), normal(3), normal(3), labels(2))
def siamese_network(p, a, b, same):
    u, v = (matvec(p.V, [tanh(z) for z in matvec(p.W, x)]) for x in (a, b))
    d = sqrt(sum((s - t) ** 2 for s, t in zip(u, v, strict=True)) + 1e-6)
    return same * d * d + (1 - same) * relu(1 - d) ** 2


@program(parameters(W=(3, 4, 4), T=(3, 4, 4), b=(3, 4)), normal(4))
def highway_network(p, x):
    for W, T, b in zip(p.W, p.T, p.b, strict=True):
        gate = [sigmoid(z) for z in matvec(T, x, b)]
        x = [g * relu(z) + (1 - g) * v for g, z, v in zip(gate, matvec(W, x), x, strict=True)]
    return sum(v * v for v in x) / 2


@program(parameters(W=(2, 3, 3), b=(3,)), normal(5, 3))
def graph_network(p, x):
    """On a fixed graph, with neighbours gathered."""
    neighbours = [[1, 2], [0], [0, 3, 4], [2], [2, 3]]
    for W in p.W:
        gathered = [[mean([x[n][k] for n in ns]) for k in range(3)] for ns in neighbours]
        x = [
            [relu(z) + v for z, v in zip(matvec(W, g, p.b), own, strict=True)]
            for g, own in zip(gathered, x, strict=True)
        ]
    return mean([v for row in x for v in row])


@program(parameters(A=(3, 2, 4)), normal(3), normal(2), normal(4))
def trilinear_form(p, x, y, z):
    return sum(p.A[i][j][k] * x[i] * y[j] * z[k] for i in range(3) for j in range(2) for k in range(4))


@program(parameters(r=()), uniform(1, 3))
def newton_iteration(p, x):
    y = 1.0 + exp(p.r)
    for _ in range(6):
        y = (y + x * exp(p.r) / y) / 2
    return (y - 1) ** 2


@program(parameters(h=(5,)), labels(2, 5))
def survival(p, events):
    alive, loss = 1.0, 0.0
    for h, event in zip(p.h, events, strict=True):
        hazard = sigmoid(h)
        loss = loss - where(event == 1, log(hazard * alive), log((1 - hazard) * alive))
        alive = alive * (1 - 0.5 * hazard)
    return loss


# ── lanes used in part, and roots ─────────────────────────────────────────────────────────────


@program(parameters(w=(3,), v=(3,)), normal())
def lanes_used_in_part(p, x):
    a = [tanh(w * x) for w in p.w]
    z = [w * x for w in p.v]
    return a[0] ** 2 + 5 * a[1] + logsumexp(z) - z[0] + z[0] * z[1] * z[2]


@program(parameters(w=(3,)), normal(3))
def root_in_another_root(p, x):
    s = dot(p.w, x)
    t = sum(w * w for w in p.w)
    return [s, s + t, s * 2 + (s + t), t]


@program(parameters(w=(3,)), normal(3))
def sum_within_a_sum_as_roots(p, x):
    s = p.w[0] * x[0] + p.w[1] * x[1]
    return s, [s + p.w[2] * x[2], [s + p.w[2] * x[2] + 1.0, p.w[0]]], [[s], [s * s]]


@program(parameters(W=(2, 3)), normal(3))
def nested_results(p, x):
    z = matvec(p.W, x)
    return (z, [[a * b for b in z] for a in z], z[0], [x[0] * p.W[0][0], 1.5])


@program(parameters(w=(10,)), *([normal()] * 140))
def many_arguments(p, *xs):
    return sum(p.w[i % 10] * x for i, x in enumerate(xs)) ** 2


@program(parameters(w=(140,)), normal(2))
def many_parameters_in_one_sum(p, x):
    return (total([w * x[i % 2] for i, w in enumerate(p.w)]) + total(p.w)) ** 2 + logsumexp(p.w)


# ── stopped gradients ─────────────────────────────────────────────────────────────────────────


@program(parameters(s=(3,)), normal(3))
def detached_parameters(p, x):
    return sum(s.detach() * s * xi for s, xi in zip(p.s, x, strict=True))


@program(parameters(W=(3, 4)), normal(4))
def norm_under_no_grad(p, x):
    with no_grad():
        norm = sqrt(sum(w * w for row in p.W for w in row))
    return sum(z * z for z in matvec(p.W, x)) / norm


@program(parameters(w=(4,)), quarters(4))
def straight_through_estimator(p, x):
    hard = [where(w > 0, 1.0, -1.0) for w in p.w]
    return sum((w + (h - w).detach()) * xi for w, h, xi in zip(p.w, hard, x, strict=True)) ** 2


@program(parameters(W=(3, 2), T=(3, 2)), normal(2), normal(2))
def target_network(p, x, next_x):
    z, later = matvec(p.W, x), matvec(p.T, next_x)
    target = 1 + 0.9 * maximum(maximum(later[0], later[1]), later[2]).detach()
    return (z[0] - target) ** 2


# ── perceptrons with every activation ─────────────────────────────────────────────────────────


def _perceptron(activation: str) -> None:
    act = getattr(autograd, activation)

    def perceptron(p: Any, x: Any, y: Any) -> Any:
        h = [act(z) for z in matvec(p.W, x, p.b)]
        return nn.half_squared_error([act(z) for z in matvec(p.V, h)], y)

    perceptron.__name__ = f"perceptron_{activation}"
    program(parameters(W=(4, 3), b=(4,), V=(2, 4)), normal(3), normal(2))(perceptron)


for _name in ("relu", "leaky_relu", "elu", "silu", "gelu", "softplus", "sigmoid", "tanh", "erf", "atan"):
    _perceptron(_name)


@program(parameters(W=(4, 3), V=(2, 4)), normal(3), normal(2))
def sine_network(p, x, y):
    return nn.l1_loss(matvec(p.V, [sin(3 * z) for z in matvec(p.W, x)]), y)
