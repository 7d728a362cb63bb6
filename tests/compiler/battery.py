"""Scalar functions of every kind, to compile and compare; `battery` gives any number, always the same ones.

Each is a function with five samples of its arguments. Named ones first, one for each claim; then networks; then
random ones, whose steps work on whole lists as people write them (rows, slices, strides, gathers, triangles,
choices), so that a compiler finds groups in them and a use of part of a group.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import autograd
import nn
from autograd import (
    Value,
    dot,
    exp,
    log,
    logsumexp,
    maximum,
    minimum,
    no_grad,
    relu,
    sigmoid,
    sin,
    tanh,
    total,
    where,
)
from autograd.choice import take
from autograd.primitives import table

SAMPLES = 5


@dataclass
class Case:
    claim: str
    f: Callable[..., Any]
    samples: list[tuple[Any, ...]]
    loss: bool = True  # whether it returns one Value


class Maker:
    """Draws the parameters and the samples of a case."""

    def __init__(self, seed: Any) -> None:
        self.choose = random.Random(str(seed))

    def number(self) -> float:
        x = self.choose.uniform(0.1, 1.5)
        return x if self.choose.random() < 0.5 else -x

    def numbers(self, *shape: int) -> Any:
        return [self.numbers(*shape[1:]) for _ in range(shape[0])] if shape else self.number()

    def values(self, *shape: int) -> Any:
        return [self.values(*shape[1:]) for _ in range(shape[0])] if shape else Value(self.number())

    def samples(self, *arguments: tuple[int, ...] | int) -> list[tuple[Any, ...]]:
        """Of numbers for a shape, of an integer below it for an integer."""
        return [
            tuple(self.choose.randrange(a) if isinstance(a, int) else self.numbers(*a) for a in arguments)
            for _ in range(SAMPLES)
        ]


UNARY = [n for n, op in table.items() if not op.nary and len(op.derivatives) - len(op.defaults) == 1]  # type: ignore[arg-type]
STEEP = ("exp", "expm1", "exp2", "sinh", "cosh", "tan")
BINARY = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "leaky_relu", "elu", "less", "at_least",
          "logaddexp", "hypot", "arctan2", "mod", "floordiv"]  # fmt: skip


def unary(name: str, x: Any) -> Any:
    """The primitive, of an argument that is brought into its domain."""
    if name in ("log", "log2", "log10", "sqrt", "cbrt", "log1p"):
        x = x * x + 0.5
    elif name in ("asin", "acos"):
        x = tanh(x) * 0.9
    return table[name](x)


def binary(name: str, a: Any, b: Any) -> Any:
    if name == "div":
        return a / (b * b + 0.5)
    if name == "pow":
        return (a * a + 0.5) ** b
    if name in ("hypot", "arctan2", "mod", "floordiv"):  # not at the origin, nor at a step
        return table[name](a, b * b + 0.5)
    if name == "less":
        return where(a < b, a, 2 * b)
    if name == "at_least":
        return where(a >= b, 1.0, 0.0) * a
    return table[name](a, b)


def matvec(W: Any, x: Any) -> list[Any]:
    return [dot(row, x) for row in W]


def squares(v: Any) -> Any:
    return total([a * a for a in v])


# ── each primitive, in full and in part ───────────────────────────────────────────────────────


def primitives() -> Iterator[Case]:
    for name in UNARY:
        m = Maker(name)
        w, u, s, s2 = m.values(3), m.values(3), m.values(), m.values()

        def full(x: Any, name: str = name, w: Any = w) -> Any:
            return total([unary(name, a * b) for a, b in zip(w, x, strict=True)])

        def lanes(x: Any, name: str = name, w: Any = w) -> Any:
            a = [unary(name, p * q) for p, q in zip(w, x, strict=True)]
            return a[0] ** 2 + 5 * a[1]

        def number(x: Any, name: str = name, s: Any = s) -> Any:
            return unary(name, s * x) * s

        def rows(x: Any, y: Any, name: str = name, u: Any = u, s: Any = s2) -> Any:
            z = [[unary(name, p * q + s) for q in x] for p in u]
            return dot([total(r) for r in z], y) - z[1][0] * z[2][1]

        def weights(name: str = name, w: Any = w) -> Any:
            return squares([unary(name, p) for p in w])

        yield Case(f"{name} of lanes", full, m.samples((3,)))
        yield Case(f"{name}: a₀² + 5 a₁", lanes, m.samples((3,)))
        yield Case(f"{name} of a number", number, m.samples(()))
        yield Case(f"{name} of a matrix", rows, m.samples((2,), (3,)))
        yield Case(f"{name} of parameters alone", weights, m.samples())
    for name in BINARY:
        m = Maker(name)
        w, u, s = m.values(4), m.values(4), m.values()

        def both(x: Any, name: str = name, w: Any = w) -> Any:
            return total([binary(name, p, q) for p, q in zip(w, x, strict=True)])

        def turned(x: Any, name: str = name, w: Any = w, u: Any = u) -> Any:
            a = [binary(name, p * q, r) for p, q, r in zip(w, x, reversed(u), strict=True)]
            return logsumexp(a) - a[0]

        def one(x: Any, y: Any, name: str = name, s: Any = s) -> Any:
            return binary(name, s * x, y) + binary(name, y, s)

        def number(x: Any, name: str = name, w: Any = w) -> Any:
            a = [binary(name, p, 0.7) if name != "pow" else binary(name, p, 3) for p in w]
            b = [binary(name, 1.5, p) for p in w]
            return dot(a, x) + b[0] * b[1] * b[2]

        yield Case(f"{name} of parameters and inputs", both, m.samples((4,)))
        yield Case(f"{name}: logsumexp(a) − a[0]", turned, m.samples((4,)))
        yield Case(f"{name} of numbers", one, m.samples((), ()))
        yield Case(f"{name} with constants", number, m.samples((4,)))


# ── one for each claim ────────────────────────────────────────────────────────────────────────


def named() -> Iterator[Case]:
    m = Maker("named")

    def case(claim: str, f: Any, *arguments: Any, loss: bool = True) -> Case:
        return Case(claim, f, m.samples(*arguments), loss)

    w, u, s, t, q = m.values(4), m.values(4), m.values(), m.values(), m.values()
    W, U, V = m.values(3, 4), m.values(4, 4), m.values(6)

    def scaled(x: Any) -> list[Any]:
        return [a * b for a, b in zip(w, x, strict=True)]

    yield case("a lane's adjoint is its own", lambda x: (a := [tanh(v) for v in scaled(x)])[0] ** 2 + 5 * a[1], (4,))
    yield case("logsumexp(z) − z[0]", lambda x: logsumexp(z := scaled(x)) - z[0], (4,))
    yield case("z0 z1 z2", lambda x: (z := scaled(x))[0] * z[1] * z[2], (4,))
    yield case("z0 z1 z2 of a matrix", lambda x: (z := matvec(W, x))[0] * z[1] * z[2], (4,))
    yield case(
        "a triangular matrix with exp on its diagonal",
        lambda x: squares(
            [dot([U[i][j] if j < i else exp(U[i][i]) for j in range(i + 1)], x[: i + 1]) for i in range(4)]
        ),
        (4,),
    )
    yield case(
        "the same, and what the diagonal costs",
        lambda x: (
            total([total([(U[i][j] if j < i else exp(U[i][i])) * x[j] for j in range(i + 1)]) ** 2 for i in range(4)])
            - 2 * total([U[i][i] for i in range(4)])
        ),
        (4,),
    )

    def recurrence(x: Any) -> Any:
        h: Any = 0.0
        for v in x:
            h = tanh(s * h + t * v)
        return h * h

    yield case("h = tanh(w h + u x)", recurrence, (5,))

    def narrow_and_deep(x: Any) -> Any:
        for _ in range(150):
            x = sin(x * s) + q
        return x

    yield case("narrow and deep, run node by node", narrow_and_deep, ())

    def vector_recurrence(x: Any) -> Any:
        h: Any = [0.0] * 4
        for v in x:
            h = [tanh(a + b) for a, b in zip(matvec(U, h), [p * v for p in w], strict=True)]
        return squares(h)

    yield case("h = tanh(W h + u x)", vector_recurrence, (3,))
    yield case("(a²)²", lambda x: squares([tanh(v) ** 2 for v in matvec(W, x)]), (4,))
    yield case(
        "(a²)² of the second layer",
        lambda x: squares([sigmoid(v) ** 2 for v in matvec(W, [tanh(v) for v in matvec(U, x)])]),
        (4,),
    )
    yield case("0 / (w x)", lambda x: 0 / (s * x), ())
    yield case("0 / (w x) of lanes", lambda x: total([0 / v for v in scaled(x)]), (4,))
    yield case("without arrays", lambda x, y: tanh(s * x + t) * q - y * y, (), ())
    yield case("a parameter alone", lambda x: s, ())
    yield case("a parameter times an input", lambda x: s * x, ())
    yield case("no inputs", lambda: squares(w) + w[0] * s)
    yield case("no inputs, one parameter", lambda: exp(s))
    yield case("no parameters", lambda x: squares([tanh(v) for v in x]), (3,))
    yield case("no parameters, a number", lambda x: sin(x) * 2, ())
    yield case("an input the function does not use", lambda x, y: squares(scaled(x)), (4,), (2, 2))
    yield case("the result does not depend on the batch", lambda x: squares(w) + logsumexp(u), (4,))
    yield case("weight decay", lambda x: dot(w, x) ** 2 + 0.1 * squares(w), (4,))
    yield case("weight decay of part", lambda x: dot(w, x) ** 2 + 0.1 * squares(w[1:3]), (4,))
    yield case("shared weights", lambda x, y: dot(w, x) * dot(w, y) + w[2] * x[0], (4,), (4,))
    yield case("shared, transposed", lambda x: squares(matvec(list(zip(*W, strict=True)), matvec(W, x))), (4,))
    yield case("tied twice", lambda x: dot(matvec(U, x), [tanh(v) for v in matvec(U, x[::-1])]), (4,))
    yield case(
        "triangular loops", lambda x: total([U[i][j] * x[i] * x[j] for i in range(4) for j in range(i + 1)]), (4,)
    )
    yield case(
        "a triangle of rows",
        lambda x: squares([tanh(total([U[i][j] * x[j] for j in range(i + 1)])) for i in range(4)]),
        (4,),
    )
    yield case(
        "ragged sums",
        lambda x: squares([dot(V[a:b], x[a:b]) for a, b in [(0, 1), (0, 3), (2, 6), (1, 5), (5, 6)]]),
        (6,),
    )
    yield case(
        "ragged logsumexp",
        lambda x: total([logsumexp([v * y for v, y in zip(V[:n], x, strict=False)]) for n in (1, 2, 4, 6)]),
        (6,),
    )
    yield case("a prefix sum", lambda x: squares([total(scaled(x)[: n + 1]) for n in range(4)]), (4,))
    yield case("slices and strides", lambda x: dot(V[::2], x[3:]) + dot(V[1:4], x[::-2]) + V[5] * x[0], (6,))
    yield case("reversed", lambda x: dot([tanh(v) for v in V[::-1]], x), (6,))
    yield case("gathered", lambda x: dot([V[i] for i in (5, 0, 0, 2, 5)], [x[i] for i in (1, 3, 1, 0, 2)]), (4,))
    yield case(
        "gathered results", lambda x: dot([scaled(x)[i] for i in (3, 0, 2, 0)], [u[i] for i in (1, 1, 0, 3)]), (4,)
    )

    def mixed(x: Any) -> Any:
        a = [tanh(v) for v in scaled(x)]
        row = [x[0], w[1], a[2], 0.5, a[0], x[3], u[0]]
        return dot(row, [sin(v) for v in row]) + squares(row[2:5])

    yield case("inputs, parameters, results and constants in one operand", mixed, (4,))
    yield case("a row of results, and a constant for the bias", lambda x: dot(V[:5], [*scaled(x), 1.0]) ** 2, (4,))
    yield case(
        "arrays of constants",
        lambda x: dot([0.5, -1.5, 2, 7], [tanh(v + c) for v, c in zip(scaled(x), [1, 2, 3, 4], strict=True)]),
        (4,),
    )
    yield case("a long array of constants", lambda x: total([(k * 0.37 % 1) * sin(s * x + k) for k in range(60)]), ())
    yield case(
        "a gather too long to write out",
        lambda x: total([V[k * k % 6] * x[k % 4] * sin(k * s) for k in range(60)]),
        (4,),
    )
    yield case("a matrix of constants", lambda x: squares(matvec([[1, 0, 2, 0], [0.5, 0, 0, -1]], scaled(x))), (4,))
    yield case("constants great and small", lambda x: 1e-7 * dot(w, x) + 12345678.9 * s + x[0] / 3, (4,))
    for n in (1, 2, 3, 6):
        yield case(f"take of {n} parameters", lambda y, n=n: take(V[:n], y) ** 2 + V[0], n)
    yield case("take of rows", lambda y, x: dot(take(W, y), x), 3, (4,))
    yield case("take of rows, then a network", lambda y: squares([tanh(v) for v in matvec(U, take(W, y))]), 3)
    yield case("two takes of one table", lambda y, k: dot(take(W, y), take(W, k)), 3, 3)
    yield case("take of inputs", lambda x, y: take(x, y) * s + take(x, y) ** 2, (4,), 4)
    yield case("take of results", lambda x, y: take([tanh(v) for v in scaled(x)], y) * 3 - w[0], (4,), 4)
    yield case("take of a mixture", lambda x, y: take([w[0], 2.0, x[1], tanh(s * x[0])], y), (4,), 4)
    yield case("cross-entropy of a class", lambda x, y: nn.cross_entropy(matvec(W, x), y), (4,), 3)
    yield Case(
        "take by a list of integers, positions added",
        lambda y: squares([tanh(a + b) for k, i in enumerate(y) for a, b in zip(take(W, i), U[k], strict=True)]),
        [(m.choose.choices(range(3), k=3),) for _ in range(SAMPLES)],
    )
    yield case("where of an input", lambda x: total([where(v > 0, v, 0.1 * v) for v in scaled(x)]), (4,))
    yield case("where of inputs alone", lambda x: dot([where(v > 0.2, 1.0, -1.0) for v in x], w), (4,))
    yield case(
        "where of parameters",
        lambda x: total([where(a > b, x0 * a, b) for a, b, x0 in zip(w, u, x, strict=True)]),
        (4,),
    )
    yield case(
        "where in where",
        lambda x: total([where(v > 0, where(v > 0.5, a, 2 * a), v) for v, a in zip(x, w, strict=True)]),
        (4,),
    )
    yield case(
        "a comparison as a number",
        lambda x: total([relu(where(v > 0, 1.0, 0.0)) * a for v, a in zip(x, w, strict=True)]),
        (4,),
    )
    yield case("comparisons added", lambda x: total([where(v > 0, 1.0, 0.0) for v in x]) * s + squares(w), (4,))
    yield case(
        "relu of a where", lambda x: total([relu(where(v > 0, a, b)) for v, a, b in zip(x, w, u, strict=True)]), (4,)
    )
    yield case("relu of sums", lambda x: relu(total(x)) + relu(dot([1, 1, 1, 1], w)), (4,))
    yield case("relu of sums of parameters", lambda x: relu(total([a - b for a, b in zip(w, u, strict=True)])) * x, ())
    yield case("where x = k", lambda x, y: total([where(y == k, v, -v) for k, v in enumerate(scaled(x))]), (4,), 4)
    yield case("where x ≠ k", lambda x, y: total([where(y != k, v, 0.0) for k, v in enumerate(scaled(x))]), (4,), 4)
    yield case(
        "one hot",
        lambda x, y: nn.half_squared_error(matvec(W, x), [where(y == k, 1.0, 0.0) for k in range(3)]),
        (4,),
        3,
    )
    yield case("a chain of maxima", lambda x: maximum(maximum(maximum(*scaled(x)[:2]), x[2] * w[2]), 0.3) * s, (4,))
    yield case("the greatest less the least", lambda x: maximum((z := scaled(x))[0], z[1]) - minimum(z[2], z[3]), (4,))
    yield case("ties", lambda x: maximum(s * x, s * x) + relu(s - s) + abs(s - s) * x, ())
    yield case(
        "powers", lambda x: total([(v * v + 0.5) ** p for v, p in zip(scaled(x), [2, -1, 0.5, 3], strict=True)]), (4,)
    )
    yield case("one power of all", lambda x: total([v**3 for v in scaled(x)]) + total([v**-2 for v in w]), (4,))
    yield case(
        "parameters as exponents", lambda x: total([(v * v + 0.5) ** a for v, a in zip(x, w, strict=True)]), (4,)
    )
    yield case("numbers to a power", lambda x: total([2.5**v for v in scaled(x)]), (4,))
    yield case(
        "a sum with a plus before it, used in two sums", lambda x: total([z := +(w[0] * x + s), 1]) * total([z, 2]), ()
    )
    yield case("a quotient of lanes", lambda x: (z := scaled(x))[0] / (z[1] ** 2 + 1) + z[2] / z[3], (4,))
    yield case("softmax", lambda x: dot((e := [exp(v) for v in scaled(x)]), u) / total(e), (4,))
    yield case("the variance", lambda x: squares([v - total(scaled(x)) / 4 for v in scaled(x)]), (4,))
    yield case(
        "a layer norm",
        lambda x: dot(
            u,
            [
                (v - total(scaled(x)) / 4) / (squares([v - total(scaled(x)) / 4 for v in scaled(x)]) / 4 + 1e-5) ** 0.5
                for v in scaled(x)
            ],
        ),
        (4,),
    )
    yield case("a matrix of inputs", lambda x: squares([dot(row, w) for row in x]), (3, 4))
    yield case(
        "a matrix of inputs, transposed", lambda x: squares([dot(c, [s, t, q]) for c in zip(*x, strict=True)]), (3, 4)
    )
    yield case("inputs of three axes", lambda x: total([tanh(dot(r, w)) * x[0][1][2] for p in x for r in p]), (2, 3, 4))
    yield case("xᵀ A x", lambda x: dot(x, matvec(U, x)), (4,))
    yield case("an outer product", lambda x, y: squares([a * b for a in matvec(W, x) for b in y]), (4,), (2,))
    yield case("a product of matrices", lambda x: squares([dot(a, b) for a in W for b in zip(*x, strict=True)]), (4, 2))
    yield case("attention", attention(m), (3, 4))
    yield case("a convolution", lambda x: squares([relu(dot(V[:3], x[k : k + 3])) for k in range(6)]), (8,))
    yield case(
        "a convolution of two axes",
        lambda x: squares(
            [
                tanh(total([W[a][b] * x[i + a][j + b] for a in range(3) for b in range(3)]))
                for i in range(2)
                for j in range(2)
            ]
        ),
        (4, 4),
    )
    yield case("a stencil", lambda x: squares([x[k - 1] * s - 2 * x[k] + x[k + 1] * t for k in range(1, 5)]), (6,))
    yield case("a polynomial by Horner", lambda x: ((w[0] * x + w[1]) * x + w[2]) * x + w[3], ())
    yield case("a mixture", lambda x: logsumexp([a - (x - b) ** 2 for a, b in zip(w, u, strict=True)]), ())
    yield case("hinge", lambda x, y: relu(1 - y * dot(w, x)) + 0.01 * squares(w), (4,), ())
    # names that the text uses for something else
    yield case(
        "inputs E, W, i, k", lambda E, W, i, k: dot(w, E) * W + i[0] * k[1] * s + tanh(s * i[1]), (4,), (), (2,), (3,)
    )
    yield case(
        "inputs θ, δ, a, b",
        lambda θ, δ, a, b: dot(w, θ) * δ[1] + total([tanh(s * v) for v in a]) - b,
        (4,),
        (2,),
        (3,),
        (),
    )
    yield case(
        "inputs x1, z, sin, max",
        lambda x1, z, sin, max: dot(w, x1) * tanh(dot(z, u)) + autograd.sin(sin * s) * max,
        (4,),
        (4,),
        (),
        (),
    )
    yield case(
        "inputs θ, E alone", lambda θ, E: squares([tanh(a * b) for a, b in zip(w, θ, strict=True)]) * E, (4,), ()
    )
    yield case(
        "inputs j, m, n, p, r, t, u, l",
        lambda j, l, m, n, p, r, t, u: (  # noqa: E741
            total([tanh(total([W[a][b] * j[b] for b in range(4)]) + l) for a in range(3)]) * m * n + p * r * t * u * s
        ),
        (4,),
        *[()] * 7,
    )
    yield case("inputs b, x, y of unlike shapes", lambda b, x, y: dot(b, matvec(W, x)) * y + squares(b), (3,), (4,), ())
    yield case(
        "inputs σ, where, relu, inf, nan",
        lambda σ, where, relu, inf, nan: dot(w, σ) * where + tanh(relu * s) * inf - nan,
        (4,),
        (),
        (),
        (),
        (),
    )
    yield case(
        "inputs c, p, v, t, u",
        lambda c, p, v, t, u: dot(w, [a * b for a, b in zip(c, p, strict=True)]) + tanh(v * s) * t * u,
        (4,),
        (4,),
        (),
        (),
        (),
    )
    yield case("y chooses where y is also an index letter's neighbour", lambda i, j: take(V, i) * take(V, j), 6, 6)
    # what an integer chooses, by an index that is itself looked up, from constants and from several blocks
    yield case("take of constants", lambda y: take([0.5, -1.5, 2.5], y) * s, 3)
    yield case("take of rows of constants", lambda y, x: dot(take([[1, 2], [3, -1], [0, 1]], y), x) * s, 3, (2,))
    yield case(
        "take by two integers from constants",
        lambda y, z, x: total([tanh(take([0.5, -1.5, 2.5], i) * a * b) for i, a, b in zip((y, z), w, x, strict=False)]),
        3,
        3,
        (2,),
    )
    yield Case(
        "take by a list of integers from constants, others for each",
        lambda y: total([tanh(take([0.5 * k, -1.5, 2.5 - k], i) * w[k]) for k, i in enumerate(y)]),
        [(m.choose.choices(range(3), k=4),) for _ in range(SAMPLES)],
    )
    yield case(
        "take of weights of several layers",
        lambda x, y: take([W[0][0], W[1][1], s, W[2][3]], y) * squares([tanh(v) for v in matvec(W, x)]),
        (4,),
        4,
    )
    yield Case(
        "take by a list of integers, in another order",
        lambda y: total([tanh(take(V[:3], y[i]) * w[k]) for k, i in enumerate((0, 2, 3, 1))]),
        [(m.choose.choices(range(3), k=4),) for _ in range(SAMPLES)],
    )
    yield case("take of two tables", lambda y: tanh(take(V[:3], y) * s) * tanh(take(V[3:], y) * t), 3)
    yield case(
        "take of two tables in another order",
        lambda y: tanh(take([V[5], V[0], V[1]], y) * s) * tanh(take([V[3], V[2], V[4]], y) * t),
        3,
    )
    yield case(
        "a layer, each result with its own neighbour",
        lambda x: dot([tanh(matvec(W, x)[i]) for i in (0, 2, 1)], w[:3]),
        (4,),
    )
    yield case(
        "a layer, two activations", lambda x: dot([tanh(v) for v in matvec(W, x)], [sin(v) for v in matvec(W, x)]), (4,)
    )
    yield case(
        "a layer, part of it activated",
        lambda x: dot([tanh(v) for v in matvec(W, x)[:2]], w[:2]) + total(matvec(W, x)),
        (4,),
    )
    yield case("a quotient of a sum and each of several", lambda x: total([sin(s * dot(w, x) / v) for v in u]), (4,))
    yield case(
        "a matrix and its transpose",
        lambda x: squares([tanh(U[i][j] + U[j][i] * x[j]) for i in range(4) for j in range(4)]),
        (4,),
    )
    yield case(
        "a layer whose weights are used again",
        lambda x: (
            total(
                [
                    tanh(a + b * x[0])
                    for r, c in zip(U, zip(*U, strict=True), strict=True)
                    for a, b in zip(r, c, strict=True)
                ]
            )
            + squares(matvec(U, x))
        ),
        (4,),
    )
    yield case(
        "a matrix of inputs, transposed, and a row added",
        lambda x: total([sin(s * x[j][i] + w[i]) for i in range(3) for j in range(2)]),
        (2, 3),
    )
    yield case("a constant before all results", lambda x: logsumexp([0.5, x[0], w[0]]), (2,))
    yield case(
        "results in the order they are made, and in another",
        lambda x: total([sin(v) for v in matvec(W, x)]) + dot([tanh(matvec(W, x)[i]) for i in (0, 2, 1)], w[:3]),
        (4,),
    )
    yield case(
        "a function of the sum of part of some results, and the product of others",
        lambda x: sin(total((v := [tanh(a) for a in scaled(x)])[:2])) * v[2] * v[3],
        (4,),
    )
    yield case(
        "an outer product of sums of unlike length",
        lambda x, y: squares([a * b for a in (total(scaled(x)[:2]), total(scaled(x)[1:])) for b in y]),
        (4,),
        (3,),
    )
    yield case(
        "an outer product with results of several kinds",
        lambda x: squares([a * b for a in x for b in [tanh(s * x[0]), x[1], sin(t * x[1]), t]]),
        (3,),
    )
    yield case(
        "a matrix, one element of it, and the matrix again",
        lambda x: squares(matvec(U, [tanh(a) * U[1][1] for a in matvec(U, x)])),
        (4,),
    )
    yield case(
        "a sum times each of several",
        lambda x: total([sin(v) for v in x]) * total([tanh(v) for v in scaled(x)]),
        (4,),
    )
    yield case("a function of squares of inputs", lambda x: sin(squares([dot(row, w) for row in x])), (3, 4))
    yield case(
        "a matrix of inputs times results, and a function of all",
        lambda x: sin(squares([dot(row, [tanh(v) for v in w]) for row in x])),
        (3, 4),
    )
    yield case(
        "a matrix of inputs, each with its own factor",
        lambda x, y: total([tanh(a * v) * e for row, v in zip(x, y, strict=True) for a, e in zip(w, row, strict=True)]),
        (3, 4),
        (3,),
    )
    yield case("0 to a power", lambda x: 0.0 ** (s * s + 1) + 0.0 ** (x * x + s * s), ())
    yield case("an input alone", lambda x: x, ())
    yield case("one parameter alone, no inputs", lambda: s)
    # programs that return lists
    yield case("a list", lambda x: [tanh(v) for v in matvec(W, x)], (4,), loss=False)
    yield case("a list of one", lambda x: [dot(w, x)], (4,), loss=False)
    yield case("a list of lists", lambda x: [[a * b for a in w] for b in x], (2,), loss=False)
    yield case("a tuple", lambda x: (dot(w, x), matvec(W, x), [matvec(U, x)]), (4,), loss=False)
    yield case(
        "a list with parameters, inputs and constants",
        lambda x: [s, x[0] * 1, 3.0, tanh(s * x[1]), s],
        (4,),
        loss=False,
    )
    yield case("a list without inputs", lambda: [tanh(v) for v in w], loss=False)
    yield case("a list with what is a constant at the end", lambda x: [Value(2.0) * 3, s * x], (), loss=False)
    yield case("a list of comparisons", lambda x: [where(v > 0, 1.0, 0.0) * s for v in x], (4,), loss=False)
    triangles, centres = m.values(7, 3, 3), m.values(7, 3)

    def mixture(x: Any) -> Any:
        """Gaussians with triangular factors of their precision, so many that their sums are a group a length."""
        logs = []
        for factor, centre in zip(triangles, centres, strict=True):
            away = [a - b for a, b in zip(x, centre, strict=True)]
            logs.append(total([dot(factor[i][: i + 1], away[: i + 1]) ** 2 for i in range(3)]) * -0.5)
        return logsumexp(logs)

    yield case("a mixture of triangles", mixture, (3,))


def attention(m: Maker) -> Any:
    Q, K, V = m.values(4, 4), m.values(4, 4), m.values(4, 4)

    def f(x: Any) -> Any:
        q, k, v = ([matvec(M, row) for row in x] for M in (Q, K, V))
        loss: Any = 0.0
        for i in range(len(x)):  # each token sees those before it
            scores = [dot(q[i], k[j]) * 0.5 for j in range(i + 1)]
            norm = logsumexp(scores)
            a = [exp(z - norm) for z in scores]
            loss = loss + squares([total([a[j] * v[j][c] for j in range(i + 1)]) for c in range(4)])
        return loss

    return f


# ── networks ──────────────────────────────────────────────────────────────────────────────────

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "squared_error": nn.squared_error,
    "half_squared_error": nn.half_squared_error,
    "mse_loss": nn.mse_loss,
    "l1_loss": nn.l1_loss,
    "cross_entropy": nn.cross_entropy,
    "binary_cross_entropy_with_logits": nn.binary_cross_entropy_with_logits,
    "binary_cross_entropy": lambda z, y: nn.binary_cross_entropy([v.sigmoid() for v in z], y),
    "hinge_loss": nn.hinge_loss,
}
ACTIVATIONS = ["relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "softplus", "elu", "linear", "sin", "atan"]


def networks() -> Iterator[Case]:
    def layers(nin: int, nouts: list[int], activation: str, output: str, loss: str, seed: int) -> Case:
        m = Maker((nin, nouts, activation, loss, seed))
        model = nn.MLP(nin, nouts, activation=activation, output=output, seed=seed)
        n = nouts[-1]
        targets: list[list[float]] = [m.choose.choices([-1.0, 1.0], k=n) for _ in range(SAMPLES)]
        if "entropy" in loss:
            targets = [[(y + 1) / 2 for y in t] for t in targets]
        samples = [(x, y) for (x,), y in zip(m.samples((nin,)), targets, strict=True)]
        decay = seed % 3 == 0

        def f(x: Any, y: Any) -> Any:
            z = model(x)
            e = LOSSES[loss](z if isinstance(z, list) else [z], y)
            return e + 0.01 * squares(model.parameters()) if decay else e

        return Case(f"{model}, {loss}, {seed}", f, samples)

    for k, activation in enumerate(ACTIVATIONS):
        for j, loss in enumerate(LOSSES):
            yield layers(3, [4, 3, 2][: 1 + (j + k) % 3], activation, "linear", loss, j + k)
    for k, output in enumerate(ACTIVATIONS):
        yield layers(2, [3, 1], "tanh", output, "half_squared_error", k)
        yield layers(1, [1, 1, 1], output, "linear", "squared_error", k)
        yield layers(2, [2, 3, 3, 2], output, "sigmoid", "mse_loss", k)
    for depth in (2, 3, 4):
        for tokens in (2, 3):
            m = Maker(("tokens", depth, tokens))
            model = nn.MLP(3, [3] * depth, activation="tanh", seed=depth)

            def each(x: Any, model: Any = model) -> Any:
                return total([squares(model(row)) for row in x])

            def joined(x: Any, model: Any = model) -> Any:
                rows = [model(row) for row in x]
                return dot(rows[0], rows[-1]) + logsumexp([v for row in rows for v in row])

            yield Case(f"{depth} layers on {tokens} tokens", each, m.samples((tokens, 3)))
            yield Case(f"{depth} layers on {tokens} tokens that meet", joined, m.samples((tokens, 3)))
    for steps in (1, 2, 4):
        for size in (1, 3):
            m = Maker(("recurrent", steps, size))
            W, U, b, v = m.values(size, size), m.values(size, 2), m.values(size), m.values(size)

            def recurrent(x: Any, y: Any, W: Any = W, U: Any = U, b: Any = b, v: Any = v) -> Any:
                h: Any = [0.0] * len(b)
                for row in x:
                    h = [tanh(dot(p, h) + dot(q, row) + c) for p, q, c in zip(W, U, b, strict=True)]
                return (dot(v, h) - y) ** 2

            def gated(x: Any, y: Any, W: Any = W, U: Any = U, b: Any = b, v: Any = v) -> Any:
                h: Any = [0.0] * len(b)
                for row in x:
                    g = [sigmoid(dot(p, h) + c) for p, c in zip(W, b, strict=True)]
                    h = [a * c + (1 - a) * tanh(dot(q, row)) for a, c, q in zip(g, h, U, strict=True)]
                return log(1 + (dot(v, h) - y) ** 2)

            yield Case(f"recurrent, {steps} steps of {size}", recurrent, m.samples((steps, 2), ()))
            yield Case(f"gated, {steps} steps of {size}", gated, m.samples((steps, 2), ()))


PENALTIES: dict[str, Callable[[list[Value]], Any]] = {
    "squares, one by one": lambda ws: sum(w**2 for w in ws),
    "total of squares": lambda ws: total([w * w for w in ws]),
    "dot": lambda ws: dot(ws, ws),
    "absolute values": lambda ws: total([abs(w) for w in ws]),
    "differences of neighbours": lambda ws: total([(a - b) ** 2 for a, b in itertools.pairwise(ws)]),
    "sines": lambda ws: total([sin(w) for w in ws]),
    "a soft maximum": logsumexp,
}


def penalties() -> Iterator[Case]:
    """What goes to all parameters, or some, in any order, beside what goes to each layer's."""

    def case(sizes: list[int], penalty: str, which: str) -> Case:
        m = Maker((sizes, penalty, which))
        model = nn.MLP(sizes[0], sizes[1:], activation="tanh", seed=len(penalty))
        ws = model.parameters()
        if which == "weights":
            ws = [w for layer in model.layers for neuron in layer.neurons for w in neuron.w]
        elif which == "reversed":
            ws = ws[::-1]
        elif which == "shuffled":
            m.choose.shuffle(ws)
        elif which == "two of three":
            ws = [w for i, w in enumerate(ws) if i % 3]

        def f(x: Any) -> Any:
            z = model(x)
            return squares(z if isinstance(z, list) else [z]) + 0.1 * PENALTIES[penalty](ws)

        return Case(f"{sizes} penalised by {penalty} of {which}", f, m.samples((sizes[0],)))

    for sizes in ([2, 1], [2, 2, 1], [3, 2, 2, 2]):
        for penalty in PENALTIES:
            for which in ("all", "weights", "reversed", "shuffled", "two of three"):
                yield case(sizes, penalty, which)


def detached(z: Any) -> Any:
    return z.detach() if isinstance(z, Value) else z


def unrecorded(f: Callable[..., Any], *zs: Any) -> Any:
    with no_grad():
        return f(*zs)


def stopped() -> Iterator[Case]:
    """Stop-gradients of parameters and of inputs, side by side as operands of one row."""
    inside: dict[str, Callable[[Any, Any], list[Any]]] = {
        "a parameter beside an input": lambda w, x: [detached(w[0]), x[0]],
        "squares of both": lambda w, x: [unrecorded(lambda a: a**2, w[0]), unrecorded(lambda a: a**2, x[0])],
        "of several": lambda w, x: [detached(w[0]), detached(w[1]) * x[1], w[2], detached(sin(w[2])), x[0]],
        "of parts of a list": lambda w, x: [*[detached(a) for a in w[:2]], *x],
        "functions": lambda w, x: [detached(tanh(w[0])), tanh(w[0]) * x[0], detached(w[1] * w[2])],
    }
    around: dict[str, Callable[[list[Any]], Any]] = {
        "total": total,
        "logsumexp": logsumexp,
        "dot": lambda zs: dot(zs, zs[::-1]),
        "maximum": lambda zs: functools.reduce(maximum, zs),
        "unrecorded total": lambda zs: unrecorded(total, zs),
    }
    for (claim, make), (name, f) in itertools.product(inside.items(), around.items()):
        m = Maker((claim, name))
        w = m.values(3)

        def of(x: Any, w: Any = w, make: Any = make, f: Any = f) -> Any:
            return w[1] * x[1] * f(make(w, x)) + 0.1 * w[0] * w[2]

        yield Case(f"stopped: {claim} in {name}", of, m.samples((2,)))


# ── random ones ───────────────────────────────────────────────────────────────────────────────


def random_case(seed: int) -> Case:
    """Lists of results, each step a list made of earlier ones; then a loss that uses some in full and some in part."""
    m = Maker(seed)
    choose = m.choose
    sizes = [choose.randrange(1, 6) for _ in range(choose.randrange(1, 4))]
    inputs: list[tuple[int, ...] | int] = [choose.choice([(n,), (n,), (n, choose.randrange(1, 4)), ()]) for n in sizes]
    integers = [choose.randrange(1, 5) for _ in range(choose.choice([0, 0, 1]))]
    parameters = [m.values(choose.randrange(1, 7)) for _ in range(choose.randrange(1, 4))]
    plans = [(choose.choice(STEPS), choose.random(), choose.choice(UNARY)) for _ in range(choose.randrange(1, 9))]
    ends = [(choose.choice(ENDS), choose.random()) for _ in range(choose.randrange(1, 4))]

    def f(*arguments: Any) -> Any:
        lists = [*parameters]
        for x, shape in zip(arguments, inputs, strict=False):
            if shape == ():
                lists.append([x])
            else:
                lists += x if isinstance(x[0], list) else [x]
        chosen_by = arguments[len(inputs) :]
        for step, r, name in plans:
            draw = random.Random(r)
            made = step(draw, lists, name, chosen_by, integers)
            bound = draw.choice([tanh, sin, lambda v: 0.5 * v])
            if len(made) > 12:
                made = made[:12]
            lists.append([bound(v) for v in made] if draw.random() < 0.7 else made)
        return sum((e(random.Random(r), lists) for e, r in ends), start=0.1 * squares(parameters[0]))

    return Case(f"random {seed}", f, m.samples(*inputs, *integers))


Lists = list[list[Any]]


def _pick(d: random.Random, lists: Lists) -> list[Any]:
    """Mostly one of the latest."""
    return lists[max(d.randrange(len(lists)), d.randrange(len(lists)))]


def _pair(d: random.Random, lists: Lists) -> list[tuple[Any, Any]]:
    """Two lists side by side: the longer cut, or the shorter repeated, or a list against itself turned round."""
    a, b = _pick(d, lists), d.choice(lists)
    return d.choice([
        lambda: list(zip(a, b, strict=False)),
        lambda: [(v, b[k % len(b)]) for k, v in enumerate(a)],
        lambda: list(zip(a, a[::-1], strict=True)),
        lambda: [(v, a[0]) for v in a],
    ])()  # fmt: skip


def _matvec(d: random.Random, lists: Lists, *_: Any) -> list[Any]:
    """Rows cut out of one list, overlapping or not, times another list."""
    a, x = _pick(d, lists), d.choice(lists)
    n = min(len(a), len(x))
    step = d.choice([1, n])
    return [dot(a[k : k + n], x[:n]) for k in range(0, len(a) - n + 1, step)]


def _ragged(d: random.Random, lists: Lists, *_: Any) -> list[Any]:
    a = _pick(d, lists)
    reduce = d.choice([total, logsumexp, squares])
    return [reduce(a[: k + 1]) for k in range(len(a))]


def _taken(d: random.Random, lists: Lists, _: str, by: Any, below: Any) -> list[Any]:
    a = _pick(d, lists)
    return [
        take([a[(k + j) % len(a)] for j in range(n)], y) for y, n in zip(by, below, strict=True) for k in range(2)
    ] or a


def _chosen(d: random.Random, lists: Lists, *_: Any) -> list[Any]:
    c, pairs, k = _pick(d, lists), _pair(d, lists), d.choice([0.0, 0.3, -0.2])
    ask = d.choice([lambda v: v > k, lambda v: v < k, lambda v: v >= c[0] * 0.5, lambda v: v <= k])
    return [where(ask(c[i % len(c)]), a, b) for i, (a, b) in enumerate(pairs)]


STEPS: list[Callable[..., list[Any]]] = [
    lambda d, ls, name, *_: [unary(name, v if name not in STEEP else tanh(v)) for v in _pick(d, ls)],
    lambda d, ls, name, *_: [unary(name, tanh(v)) for v in _pick(d, ls)],
    lambda d, ls, *_: [a + b for a, b in _pair(d, ls)],
    lambda d, ls, *_: [a - b for a, b in _pair(d, ls)],
    lambda d, ls, *_: [a * b for a, b in _pair(d, ls)],
    lambda d, ls, *_: [binary("div", a, b) for a, b in _pair(d, ls)],
    lambda d, ls, *_: [binary("pow", tanh(a), tanh(b)) for a, b in _pair(d, ls)],
    lambda d, ls, *_: (lambda name, pairs: [binary(name, a, b) for a, b in pairs])(d.choice(BINARY[5:]), _pair(d, ls)),
    lambda d, ls, *_: [v * (k + 0.5) for k, v in enumerate(_pick(d, ls))],
    lambda d, ls, *_: [(v * v + 0.5) ** k for v, k in zip(_pick(d, ls), [2, 0.5, -1, 3, 1, 0] * 2, strict=False)],
    lambda d, ls, *_: (lambda a: a[d.randrange(len(a)) :])(_pick(d, ls)),
    lambda d, ls, *_: _pick(d, ls)[:: d.choice([2, -1, -2])],
    lambda d, ls, *_: (lambda a: [a[d.randrange(len(a))] for _ in range(d.randrange(1, 6))])(_pick(d, ls)),
    lambda d, ls, *_: [*d.choice(ls), *d.choice(ls)[:2], 0.5],
    lambda d, ls, *_: [d.choice(d.choice(ls)) for _ in range(4)],
    _matvec,
    _matvec,
    _ragged,
    _taken,
    _chosen,
    _chosen,
    lambda d, ls, *_: (lambda a: [exp(v - logsumexp(a)) for v in a])(_pick(d, ls)),
    lambda d, ls, *_: [where(a > b, 1.0, 0.0) for a, b in _pair(d, ls)],
]  # fmt: skip

ENDS: list[Callable[[random.Random, Lists], Any]] = [
    lambda d, ls: squares(ls[-1]),
    lambda d, ls: total(ls[-1]),
    lambda d, ls: logsumexp(ls[-1]) - ls[-1][0],
    lambda d, ls: tanh(ls[-1][0] * ls[-1][-1] * ls[-1][len(ls[-1]) // 2]),
    lambda d, ls: (lambda a: a[0] ** 2 + 5 * a[-1])(d.choice(ls)),
    lambda d, ls: total([a * b for a, b in _pair(d, ls)]),
    lambda d, ls: logsumexp([v for a in ls for v in a[:3]]),
    lambda d, ls: _pick(d, ls)[0],
]


def battery(n: int) -> Iterator[Case]:
    """All of the named cases and networks, and random ones until there are n."""
    count = 0
    for source in (named, primitives, networks, penalties, stopped):
        for case in source():
            count += 1
            yield case
    for seed in range(n - count):
        yield random_case(seed)
