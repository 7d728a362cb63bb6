"""What ``print(program)`` says is the program that runs: read back, computed line by line, and compared.

First the reader itself (`printed.py`), on texts written and computed by hand; then the battery: functions of
every kind (`battery.py`), whose printed text has to give what `value_and_grad` and the eager engine give, and whose
LaTeX (`latex.py`) has to give the same. ``AUTOGRAD_PRINTED`` says how many (1 000 if it is not set), and
``AUTOGRAD_PRINTED_PARTS`` in how many tests (20).
"""

from __future__ import annotations

import functools
import json
import math
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from compiler.battery import Case, Maker, battery
from compiler.latex import line, translated
from compiler.printed import DERIVATIVES, FUNCTIONS, MisprintError, evaluate, read_text
from judge import ENGINES

import autograd
import nn
from autograd import Value, erf, exp, primitive, sqrt, total, where
from autograd.compiler.derivation import LaTeX, Plain
from autograd.primitives import table

NETWORK = """\
14 parameters: W¹ (2 × 3), b¹ (2), W² (2 × 2), b² (2)
inputs x (3), y (2)

forward
        z¹ = W¹ x + b¹
        a¹ = σ(z¹)
        z² = W² a¹ + b²
        a² = σ(z²)
         E = ½ Σ (a² − y)²

backward
        δ² = (a² − y) ⊙ σ′(z²)
    ∂E/∂W² = δ² (a¹)ᵀ
    ∂E/∂b² = δ²
        δ¹ = (W²)ᵀ δ² ⊙ σ′(z¹)
    ∂E/∂W¹ = δ¹ xᵀ
    ∂E/∂b¹ = δ¹

Over a batch: the mean of E, and of every ∂E/∂…"""


def test_the_network_of_two_layers_by_the_four_equations() -> None:
    """Seed 004: δᴸ = (a − y) ⊙ σ′, δˡ = Wᵀ δ ⊙ σ′, ∂E/∂W = δ aᵀ, ∂E/∂b = δ, here written in NumPy."""
    vector = np.random.default_rng(0).normal(size=14)
    W1, b1, W2, b2 = vector[:6].reshape(2, 3), vector[6:8], vector[8:12].reshape(2, 2), vector[12:]
    x, y = np.array([1.0, -2.0, 0.5]), np.array([0.0, 1.0])
    a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = W2.T @ d2 * a1 * (1 - a1)
    value, gradient = evaluate(NETWORK, vector, (x, y))
    assert value == pytest.approx(((a2 - y) ** 2).sum() / 2, rel=1e-14)
    expected = np.concatenate([np.outer(d1, x).ravel(), d1, np.outer(d2, a1).ravel(), d2])
    assert gradient == pytest.approx(expected, rel=1e-13)


def written(parameters: str, inputs: str, forward: str, backward: str = "", constants: str = "", end: str = "") -> str:
    """A whole text; the lines of a section are separated by semicolons."""
    sections = {"constants": constants, "forward": forward, "backward": backward}
    text = [parameters, "inputs " + inputs]
    for name, lines in sections.items():
        if lines:
            text += ["", name, *("    " + line.strip() for line in lines.split(" ; "))]
    return "\n".join([*text, "", end or "Over a batch: the mean of E, and of every ∂E/∂…"])


# fmt: off
# What is written, the vector and the sample, and by hand the value and the gradient.
TEXTS: dict[str, tuple[Any, list[float], list[Any], float, list[float]]] = {
    "a vector, its squares": (
        ("3 parameters: θ (3)", "none", "E = Σ θ²", "∂E/∂θ = 2 θ"), [1, -2, 3], [], 14, [2, -4, 6]),
    "one parameter, a number": (
        ("1 parameter: θ", "x", "E = θ x² − 3", "∂E/∂θ = x²"), [2], [3], 15, [9]),
    "one parameter, a vector of one": (
        ("1 parameter: θ (1)", "x (1)", "E = Σ θ ⊙ x", "∂E/∂θ = x"), [2], [[3]], 6, [3]),
    "no parameters": (
        ("no parameters", "x (2)", "E = Σ x"), [], [[1, 2]], 3, []),
    "named and shared blocks, θ as the whole": (
        ("3 parameters: u (2), v", "none", "E = v Σ u + 0.5 Σ θ²",
         "∂E/∂θ = θ ; ∂E/∂u += v ; ∂E/∂v += Σ u"), [1, 2, 3], [], 16, [4, 5, 6]),
    "one row more than another: a lane on its own": (
        ("2 parameters: θ (2)", "none", "E = θ[0]² + 5 θ[1]", "∂E/∂θ[0] = 2 θ[0] ; ∂E/∂θ[1] = 5"),
        [3, 7], [], 44, [6, 5]),
    "slices, backwards and by strides": (
        ("4 parameters: θ (4)", "none", "v₁ = θ[3::-1] ; v₂ = θ[0:4:2] ; E = Σ θ ⊙ v₁ + Σ v₂²",
         "∂E/∂θ = 2 v₁ ; ∂E/∂θ[0:4:2] += 2 v₂"), [1, 2, 3, 4], [], 20 + 10, [8 + 2, 6, 4 + 6, 2]),
    "a matrix flat and by two indices": (
        ("4 parameters: W (2 × 2)", "x (2 × 2)", "E = W[0, 1] x[2] + W[3] x[1, 1]",
         "∂E/∂W = 0 ; ∂E/∂W[1] = x[1, 0] ; ∂E/∂θ[3] = x[3]"), [1, 2, 3, 4], [[[5, 6], [7, 8]]], 46, [0, 7, 0, 8]),
    "a matrix times a vector, and transposed": (
        ("6 parameters: W (2 × 3)", "x (3), y (2)", "E = Σ (W x) ⊙ y + 0 Σ Wᵀ y", "∂E/∂W = y xᵀ"),
        [1, 2, 3, 4, 5, 6], [[1, 0, 2], [3, -1]], 3 * 7 - 16, [3, 0, 6, -1, 0, -2]),
    "index lines with a sum": (
        ("6 parameters: θ (6)", "x (3)", "v[i] = Σₖ θ[3i + k] x[k]   for i < 2, k < 3 ; E = Σ v²",
         "∂E/∂v = 2 v ; ∂E/∂θ[3i + k] = ∂E/∂v[i] x[k]   for i < 2, k < 3"),
        [1, 2, 3, 4, 5, 6], [[1, 0, 2]], 49 + 256, [14, 0, 28, 32, 0, 64]),
    "two sums, a product of two": (
        ("4 parameters: W (2 × 2)", "x (2), y (2)", "E = Σᵢⱼ x[i] W[i, j] y[j]   for i < 2, j < 2",
         "∂E/∂W[i, j] = x[i] y[j]   for i < 2, j < 2"), [1, 2, 3, 4], [[1, 2], [3, 4]], 11 + 50, [3, 4, 6, 8]),
    "a gather by a table, scattered back": (
        ("3 parameters: θ (3)", "none", "v[i] = θ[p₁[i]]   for i < 4 ; E = Σ c₁ ⊙ v",
         "∂E/∂θ = 0 ; ∂E/∂θ[p₁[i]] += c₁[i]   for i < 4", "p₁ = 2, 0:2, 0 ; c₁ = 0.5, 2 × −1, 10"),
        [1, 2, 3], [], 1.5 - 1 - 2 + 10, [9, -1, 0.5]),
    "a table in a table, and arithmetic of indices": (
        ("4 parameters: θ (4)", "none",
         "v[i] = θ[3p₁[p₁[i]] − i // 2 + (i + 1) % 2 − 1]   for i < 2 ; E = v[0] + 10 v[1]",
         "∂E/∂θ = 0 ; ∂E/∂θ[3p₁[1 − i]] += 1 + 9 i   for i < 2", "p₁ = 1, 0"),
        [1, 2, 3, 4], [], 1 + 30, [1, 0, 0, 10]),
    "an abbreviated table": (
        ("2 parameters: θ (2)", "none", "E = Σₖ c₁[k] θ[0]   for k < 3", "∂E/∂θ = 0 ; ∂E/∂θ[0] = Σ c₁", "c₁ = 1, …"),
        [2, 5], [], 12, [6, 0]),
    "chosen by an integer input": (
        ("6 parameters: θ (6)", "y", "v[i] = θ[3y + i]   for i < 3 ; E = Σ v²",
         "∂E/∂v = 2 v ; ∂E/∂θ = 0 ; ∂E/∂θ[3y + i] += ∂E/∂v[i]   for i < 3"),
        [9, 9, 9, 4, 5, 6], [1], 77, [0, 0, 0, 8, 10, 12]),
    "chosen by integer inputs, one an index": (
        ("3 parameters: θ (3)", "x (2)", "E = Σᵢ θ[x[i]]   for i < 2",
         "∂E/∂θ = 0 ; ∂E/∂θ[x[i]] += 1   for i < 2"), [1, 2, 3], [[2, 2]], 6, [0, 0, 2]),
    "Iverson brackets and conditions": (
        ("2 parameters: θ (2)", "x (2)", "E = Σ [x > 0] ⊙ θ + Σ where(x ≤ θ, θ, 0)", "∂E/∂θ = [x > 0] + [¬(x > θ)]"),
        [1, 2], [[3, -4]], 1 + 2, [1, 1]),
    "a group of comparisons": (
        ("3 parameters: θ (3)", "x (3)", "v₁ = x ≠ 1 ; v₂ = x = 1 ; E = Σ where(v₁, θ, −θ) + 10 Σ [v₂]",
         "∂E/∂θ = [v₁] − [v₂]"), [1, 2, 3], [[1, 0, 1]], -2 + 20, [-1, 1, -1]),
    "an index compared with an input": (
        ("3 parameters: θ (3)", "y", "E = Σᵢ [i = y] θ[i]   for i < 3", "∂E/∂θ[i] = [i = y]   for i < 3"),
        [1, 2, 3], [2], 3, [0, 0, 1]),
    "powers, and names with superscripts": (
        ("2 parameters: a¹, a", "none", "a² = 3 a ; E = (a²)² + a¹ + a³ + 2 (a¹)² + a²", "∂E/∂a¹ = 1 + 4 a¹ ; "
         "∂E/∂a = 18 a + 3 a^(2) + 3"), [5, 2], [], 36 + 5 + 8 + 50 + 6, [21, 36 + 12 + 3]),
    "powers of everything": (
        ("1 parameter: θ", "x (2)", "E = x[1]² + (θ + 1)³ + |θ|² + 4^(−0.5) + 2^(x[0]) + tanh(0)²",
         "∂E/∂θ = 3 (θ + 1)² + 2 θ"),
        [1], [[3, 5]], 25 + 8 + 1 + 0.5 + 8, [14]),
    "put one after another": (
        ("3 parameters: θ (3)", "x (2)", "v₁ = (x, θ[1], 7, θ[0:2]) ; E = Σ v₁² + logsumexp((θ[0], θ[0]))",
         "∂E/∂v₁ = 2 v₁ ; ∂E/∂θ = (∂E/∂v₁[4] + 1, ∂E/∂v₁[2] + ∂E/∂v₁[5], 0)"),
        [0, 2, 3], [[1, 1]], 1 + 1 + 4 + 49 + 4 + math.log(2), [1, 8, 0]),
    "absolute values": (
        ("2 parameters: θ (2)", "x", "E = Σ |θ| |x − 1| + ||x| − 5| / |2|", "∂E/∂θ = |x − 1| abs′(θ)"),
        [0, -3], [-2], 9 + 1.5, [0, -3]),
    "logsumexp and the greatest, over an index": (
        ("4 parameters: W (2 × 2)", "none", "v[i] = logsumexpₖ(W[i, k])   for i < 2, k < 2 ; "
         "m[i] = maximumₖ(W[i, k])   for i < 2, k < 2 ; E = Σ v + Σ m",
         "∂E/∂W[i, k] = exp(W[i, k] − v[i]) + [W[i, k] = m[i]]   for i < 2, k < 2"),
        [0, 0, 0, math.log(3)], [], math.log(8) + math.log(3), [1.5, 1.5, 0.25, 1.75]),
    "derivatives of functions": (
        ("2 parameters: θ (2)", "none", "E = Σ tanh(θ) + Σ relu(θ) + Σ leaky_relu(θ, 0.5)",
         "∂E/∂θ = tanh′(θ) + relu′(θ) + leaky_relu′(θ, 0.5)"),
        [0, -1], [], math.tanh(-1) - 0.5, [1 + 0.5, math.cosh(1) ** -2 + 0.5]),
    "inputs called E¹, θ¹, k and max": (
        ("1 parameter: θ", "E¹, θ¹, k (2), max, sin", "E = E¹ θ¹ θ + sin(k[1]) + max sin", "∂E/∂θ = E¹ θ¹"),
        [2], [3, 4, [5, 0], 6, 7], 24 + 42, [12]),
    "one after another from the left, numbers of all sizes": (
        ("1 parameter: θ", "x", "E = 12 / x θ − 1 − 2 + 1e-05 − 0 (1 / inf)", "∂E/∂θ = 12 / x"),
        [2], [4], 3 + 1e-5, [3]),
    "adjoints cleared, then added to": (
        ("2 parameters: θ (2)", "x (2)", "z = θ ⊙ x ; E = z[0] z[1]",
         "∂E/∂z = 0 ; ∂E/∂z[0] += z[1] ; ∂E/∂z[1:2] += z[0] ; ∂E/∂θ = ∂E/∂z ⊙ x"),
        [2, 3], [[5, 7]], 210, [105, 70]),
    "δ has the shape of z": (
        ("2 parameters: θ (2)", "x (2)", "z¹ = θ ⊙ x ; E = Σ z¹", "δ¹ = 0 ; δ¹[i] += 1   for i < 2 ; ∂E/∂θ = δ¹ ⊙ x"),
        [2, 3], [[5, 7]], 31, [5, 7]),
    "masks drawn anew": (
        ("1 parameter: θ", "x (2); drawn anew for each sample u (2)", "E = θ Σ x ⊙ [u < 0.5]",
         "∂E/∂θ = Σ x ⊙ [u < 0.5]"),
        [2], [[1, 10], [0.1, 0.9]], 2, [1]),
}
# fmt: on


@pytest.mark.parametrize("claim", TEXTS)
def test_the_reader_computes_what_is_written(claim: str) -> None:
    text, vector, sample, value, gradient = TEXTS[claim]
    found, slope = evaluate(written(*text), np.array(vector, float), sample, {"c₁": np.array([1.0, 2.0, 3.0])})
    assert found == pytest.approx(value, rel=1e-14)
    assert slope == pytest.approx(np.array(gradient, float), rel=1e-14, abs=1e-15)


def test_a_row_that_no_line_defines_is_noticed() -> None:
    _, gradient = evaluate(written("2 parameters: θ (2)", "none", "E = Σ θ", "∂E/∂θ[0] = 1"), np.ones(2), [])
    assert gradient is not None
    assert math.isnan(gradient[1])


def test_results_that_are_lists() -> None:
    text = written("2 parameters: θ (2)", "x (2)", "v = θ ⊙ x", end="result: ((v[0], Σ v), 3), x")
    assert evaluate(text, np.array([2.0, 3.0]), [[5, 7]])[0].tolist() == [10, 31, 3, 5, 7]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("E = Σ q", "nothing is called q"),
        ("E = Σ θ − −3", "expected a value"),
        ("E = Σ θ x", "a product of shapes"),
        ("E = Σ (θ + y)", "shapes (2,) and (3,)"),
        ("E = Σ θ )", "cannot read from ')'"),
        ("E = θ", "E has shape (2,)"),
        ("E = θ[2]", "an index of θ"),
        ("E = θ[0:3]", "past the end"),
        ("E = θ[x[0]]", "an index of θ"),
        ("E = θ[0, 0]", "2 indices"),
        ("E = Σₖ θ[k]", "no range"),
        ("E = θ[k]   for k < 2", "neither on the left nor summed"),
        ("E = sinus(θ)", "no function is called sinus"),
        ("E = Σ [θ]", "between the brackets"),
        ("v₁ = θ > 0 ; E = Σ 2 v₁", "a condition is used as a number"),
        ("v₁ = θ > 0 ; E = Σ v₁", "a condition is used as a number"),
        ("E = v₁ ; v₁ = 3", "before it has been given"),
        ("x = 3", "is given, and cannot be set"),
        ("v[i − i] = 1   for i < 2", "the shape of v is not known"),
        ("v[i] = 1   for i < 2 ; v[i // 2] = 2   for i < 2 ; E = 0", "set twice"),
        ("v[i] += 1   for i < 2", "the shape of v is not known"),
        ("∂E/∂θ = (1, 2, 3)", "has shape (2,)"),
        ("E += 1", "before it has been set"),
        ("E: 3", "there is no ="),
        ("v[x] = 1   for x < 2", "x is no index"),
    ],
)
def test_what_is_not_in_the_language_is_said_with_the_line(line: str, said: str) -> None:
    text = written("2 parameters: θ (2)", "x (2), y (3)", line)
    with pytest.raises(MisprintError) as caught:
        evaluate(text, np.array([1.5, 2.5]), [[0.5, 1], [1, 2, 3]])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("3 parameters: θ (2)", "none"),
        ("1 parameters: θ", "none"),
        ("2 parameters, inputs x", "none"),
        ("2 parameters: θ (2)", "θ"),
        ("2 parameters: θ (2)", "x y"),
    ],
)
def test_a_header_that_does_not_add_up_is_refused(first: str, second: str) -> None:
    with pytest.raises(MisprintError):
        evaluate(written(first, second, "E = 0"), np.zeros(2), [1.0])


SMOOTH = {
    **{n: getattr(mpmath, n) for n in ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos"]},
    **{n: getattr(mpmath, n) for n in ["atan", "sinh", "cosh", "tanh", "erf", "erfc"]},
    "log2": lambda x: mpmath.log(x, 2),
    "log10": mpmath.log10,
    "exp2": lambda x: mpmath.power(2, x),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "neg": lambda x: -x,
    "pos": lambda x: +x,
    "abs": abs,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "relu": lambda x: x if x > 0 else mpmath.mpf(0),
    "leaky_relu": lambda x: x if x > 0 else mpmath.mpf(0.01) * x,
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "gelu": lambda x: x * mpmath.ncdf(x),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_the_reader_s_own_functions_are_those_of_mpmath(name: str) -> None:
    """To 1e-13 of the function or, where it is a difference of ones (1 + tanh), 1e-15: roundings of its terms."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.99, 0.99, 40) if name in ("asin", "acos", "log1p") else rng.uniform(-9, 9, 40)
    points = np.abs(points) if name in ("log", "log2", "log10", "sqrt") else points
    with mpmath.workdps(30):
        for x in points.tolist():
            for f, expected in [
                (FUNCTIONS[name], SMOOTH[name](mpmath.mpf(x))),
                (DERIVATIVES[name], mpmath.diff(SMOOTH[name], mpmath.mpf(x))),
            ]:
                assert float(f(np.array(x))) == pytest.approx(float(expected), rel=1e-13, abs=1e-15)


def test_the_reader_knows_every_primitive_and_those_of_users() -> None:
    unary = {n for n, op in table.items() if not op.nary and len(op.derivatives) - len(op.defaults) == 1}  # type: ignore[arg-type]
    assert set(DERIVATIVES) == set(SMOOTH) == unary
    assert set(FUNCTIONS) | {"where", "dot", "total", "logsumexp"} == set(table) | {"detach"}
    kinks = [float(DERIVATIVES[name](np.array(0.0))) for name in ("relu", "abs", "leaky_relu", "elu")]
    assert kinks == [0, 0, 0.01, 1]  # as documented: those of PyTorch
    primitive("cube", lambda x: x * x * x, lambda y, x: 3 * x * x)
    try:
        text = written("2 parameters: θ (2)", "none", "E = Σ cube(θ)", "∂E/∂θ = cube′(θ)")
        E, gradient = evaluate(text, np.array([2.0, -1.0]), [])
        assert (E, [*gradient]) == (7, [12, 3])  # type: ignore[misc]
    finally:
        del table["cube"]


# ── what programs print ───────────────────────────────────────────────────────────────────────

CASES = int(os.environ.get("AUTOGRAD_PRINTED", "1000"))
PARTS = int(os.environ.get("AUTOGRAD_PRINTED_PARTS", "20"))  # for those who test in parallel


@functools.cache
def cases() -> list[Case]:
    return list(battery(CASES))


def mean(results: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    """Of the values and of the gradients of some samples."""
    values, gradients = zip(*results, strict=True)
    return sum(values) / len(values), None if gradients[0] is None else sum(gradients) / len(gradients)


def eagerly(case: Case, parameters: list[Value], sample: Any) -> tuple[Any, Any]:
    """Value and gradient of one sample by the eager engine; of a program that returns lists all its results."""
    for p in parameters:
        p.grad = 0.0
    result = case.f(*sample)
    if not case.loss:
        return np.array([float(v.data if isinstance(v, Value) else v) for v in flat(result)]), None
    if isinstance(result, Value):
        result.backward()
    return getattr(result, "data", result), np.array([p.grad for p in parameters])


def disturbed(case: Case, parameters: list[Value]) -> list[tuple[Any, Any]]:
    """What the eager engine gives with every parameter changed in its last digit."""
    data = [p.data for p in parameters]
    for k, p in enumerate(parameters):
        p.data *= 1 + (-1) ** k * 4e-16
    try:
        return [eagerly(case, parameters, s) for s in case.samples]
    finally:
        for p, x in zip(parameters, data, strict=True):
            p.data = x


def flat(x: Any) -> list[Any]:
    return [v for part in x for v in flat(part)] if isinstance(x, (list, tuple)) else [x]


def off(found: Any, expected: Any, nearby: Any) -> str:
    """What is wrong with a result, if something is.

    To 1e-9 of the greatest component: the text's constants are exact, but it sums in another order, and where a
    gradient is a difference of great terms that costs digits: twenty times what a disturbance of the parameters in
    the last digit changes is allowed for. The numbers in between are about 1, so 1e-13 is nothing.
    """
    found, expected, nearby = (np.atleast_1d(np.asarray(x, float)) for x in (found, expected, nearby))
    if found.shape != expected.shape:
        return f"{found.shape} components, and not {expected.shape}"
    finite = np.isfinite(expected)
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True):
        return f"{found}, and not {expected}"
    with np.errstate(all="ignore"):
        change = np.nan_to_num(np.abs(nearby - expected)[finite], nan=0.0, posinf=0.0)
    allowed = 1e-9 * np.abs(expected[finite]).max(initial=0.0) + 20 * change.max(initial=0.0) + 1e-13
    if (np.abs(found - expected)[finite] <= allowed).all():
        return ""
    return f"{found}, and not {expected}"


def compiled(case: Case, engine: str) -> Any:
    """The program on an engine; None where that refuses it."""
    try:
        return autograd.compile(case.f, example=case.samples[0], engine=engine)
    except ValueError as error:
        if "cannot run this program" not in str(error):
            raise
        return None


def wrong(case: Case, says: Callable[[Any], str], engine: str = "numpy") -> str:
    """Where what a program says is not what it computes, or what the eager engine does; "" if nowhere."""
    program = compiled(case, engine)
    if program is None:
        return ""
    parameters, vector = program.parameters, program.vector.copy()
    text = ""
    try:
        text, tables = says(program), getattr(program, "tables", None)
        printed = [evaluate(text, vector, s, tables) for s in case.samples]
        truth = [eagerly(case, parameters, s) for s in case.samples]
        nearby = disturbed(case, parameters)
        for size in (1, 2, 5):
            batch = [np.array(x) for x in zip(*case.samples[:size], strict=True)]
            if case.loss:
                (E, gradient), (value, slope), (value2, slope2) = (mean(r[:size]) for r in (printed, truth, nearby))
                mine, my_slope = program._mean_gradient(*program._inputs(tuple(batch)))  # also without parameters
                for whose, v, g in [("the eager engine", value, slope), ("value_and_grad", mine, my_slope)]:
                    if said := off(E, v, v + value2 - value) or off(gradient, g, g + slope2 - slope):
                        return f"a batch of {size}, against {whose}: {said}\n{text}"
            elif printed[0][0] is not None:
                outputs = outputs_of(program(*batch), size if batch else 1)
                for k in range(len(outputs)):
                    for v in (truth[k][0], outputs[k]):
                        if said := off(printed[k][0], v, nearby[k][0]):
                            return f"sample {k} of {size}: {said}\n{text}"
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{text}"
    return ""


def outputs_of(result: Any, size: int) -> list[Any]:
    """For each sample all numbers in what a program returned for a batch."""
    parts = [outputs_of(part, size) for part in result] if isinstance(result, (list, tuple)) else None
    if parts is None:
        return list(np.asarray(result).reshape(size, -1))
    return [np.concatenate([p[k] for p in parts]) for k in range(size)]


def report(faults: dict[str, str], of: int) -> str:
    said = "\n\n".join(f"── {claim}: {fault}" for claim, fault in list(faults.items())[:3])
    return f"{len(faults)} of {of} programs: {', '.join(faults)}\n\n{said}"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_printed_is_the_program_that_runs(part: int, engine: str) -> None:
    some = cases()[part::PARTS][:: 1 if engine == "numpy" else 4]  # of all functions there are more engines than time
    faults = {case.claim: said for case in some if (said := wrong(case, str, engine))}
    assert not faults, report(faults, len(some))


def unlike(case: Case, engine: str = "numpy") -> str:
    """Where the LaTeX of a program says something else than its text; "" if nowhere.

    Line by line it is the same computation, so 1e-12 of the greatest component is far more than a rounding.
    """
    program = compiled(case, engine)
    if program is None:
        return ""
    latex = said = ""
    try:
        latex = program._repr_latex_()
        text, tables = str(program), getattr(program, "tables", None)
        said = translated(latex, text)
        for sample in case.samples:
            results = [evaluate(t, program.vector, sample, tables) for t in (text, said)]
            for plain, other in zip(*results, strict=True):
                if plain is None and other is None:
                    continue
                size = np.abs(np.nan_to_num(np.asarray(plain, float), posinf=0, neginf=0)).max(initial=0.0)
                if not np.allclose(other, plain, rtol=0, atol=1e-12 * size, equal_nan=True):
                    return f"{other}, and in the text {plain}\n{latex}\n{said}"
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{latex}\n{said}"
    return ""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_latex_says_the_same(part: int, engine: str) -> None:
    some = cases()[part::PARTS][:: 3 if engine == "numpy" else 9]
    faults = {case.claim: said for case in some if (said := unlike(case, engine))}
    assert not faults, report(faults, len(some))


USERS: dict[str, tuple[Callable[..., Any], ...]] = {
    "functions of what is less than 0": (
        lambda x, a: exp(-abs(x)) * erf(a),
        lambda _, x, a: where(x > 0, -1.0, 1.0) * exp(-abs(x)) * erf(a),
        lambda _, x, a: 2 / math.sqrt(math.pi) * exp(-abs(x)) * exp(-a * a),
    ),
    "a function of a condition": (
        lambda x, a: x + a * sqrt(x > a),
        lambda *_: 1.0,
        lambda _, x, a: sqrt(x > a),
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", USERS)
def test_the_derivatives_of_a_user_s_primitive_are_printed(name: str, engine: str) -> None:
    """Of two operands: there is no name for its derivative by one of them."""
    m = Maker(name)
    w, u = m.values(3), m.values(3)
    op = primitive("of_its_own", *USERS[name])
    try:
        for case in (
            Case("lanes", lambda x: total([op(a * b, c) for a, b, c in zip(w, x, u, strict=True)]), m.samples((3,))),
            Case("a number", lambda x: op(w[0] * x, u[0]) ** 2, m.samples(())),
        ):
            said = wrong(case, str, engine) or unlike(case, engine)
            assert not said, f"{case.claim}: {said}"
    finally:
        op.remove()


FALSE = {
    "δ of the wrong layer": ("⊙ σ′(z¹)", "⊙ σ′(z²)"),
    "a factor": ("½ Σ", "¼ Σ"),
    "a factor that is missing": (" ⊙ σ′(z²)", ""),
    "an operand": ("(a¹)ᵀ", "(z¹)ᵀ"),
    "a transposition that is missing": ("(W²)ᵀ δ²", "W² δ²"),
    "another function": ("σ′(z¹)", "tanh′(z¹)"),
    "a sign": ("(a² − y)²", "(a² + y)²"),
    "a constant in its seventh digit": ("∂E/∂b¹ = δ¹", "∂E/∂b¹ = 1.000001 δ¹"),
    "a line that is missing": ("    ∂E/∂b¹ = δ¹\n", ""),
    "a line that is there twice, as a sum": ("∂E/∂b¹ = δ¹", "∂E/∂b¹ = δ¹ + δ¹"),
    "blocks in another order": ("W¹ (2 × 3), b¹ (2), W²", "b¹ (2), W¹ (2 × 3), W²"),
}


def test_a_false_line_is_noticed() -> None:
    """By the comparison that the tests above make: the true text of a program passes, and no other."""
    model = nn.MLP(3, [2, 2], activation="sigmoid", output="sigmoid", seed=0)
    samples = Maker(0).samples((3,), (2,))
    case = Case("network", lambda x, y: nn.half_squared_error(model(x), y), samples)
    assert wrong(case, lambda _: NETWORK) == ""
    for fault, (true, false) in FALSE.items():
        assert true in NETWORK
        assert wrong(case, lambda _, a=true, b=false: NETWORK.replace(a, b)), fault  # type: ignore[misc]


RENDER = """
const katex = require(process.argv[1]), texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map(text => {
  try { katex.renderToString(text, {throwOnError: true, displayMode: true, strict: "ignore"}); return ""; }
  catch (error) { return String(error.message); }
})));
"""


@pytest.fixture(scope="module")
def katex() -> Callable[[list[str]], list[str]]:
    """What KaTeX has to say against each text, in one process of node; skips where it or node is missing."""
    places = [os.environ.get("KATEX"), Path(__file__).parents[2] / "runs" / "node_modules" / "katex"]
    place = next((Path(p).resolve() for p in places if p and Path(p).is_dir()), None)
    node = shutil.which("node")
    if node is None or place is None:
        pytest.skip("no node or no KaTeX here: npm install --prefix runs katex, or its folder as KATEX")
    command = [node, "-e", RENDER, str(place)]

    def said_against(texts: list[str]) -> list[str]:
        done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
        return list(json.loads(done.stdout))

    return said_against


def test_the_latex_of_every_program_is_valid(katex: Callable[[list[str]], list[str]]) -> None:
    texts, faults = {}, {}
    for case in cases():
        program: Any = autograd.compile(case.f, example=case.samples[0])
        try:
            blocks = program._repr_latex_().strip().removeprefix("$$").removesuffix("$$").split("$$\n$$")
            texts |= {f"{case.claim}, block {k}": block for k, block in enumerate(blocks)}
        except Exception as error:
            faults[case.claim] = f"{type(error).__name__}: {error}"
    refused, *said = katex([r"\frac{1}", *texts.values()])
    assert refused
    faults |= {claim: f"{s}\n{texts[claim]}" for claim, s in zip(texts, said, strict=True) if s}
    assert not faults, report(faults, len(cases()))


LATEX = {
    r"z^{1} &= W^{1}\,x + b^{1}": "z¹ = W¹ x + b¹",
    r"E &= \tfrac{1}{2}\,\sum {\left(a^{2} - y\right)}^{2}": "E = ½ Σ(a² − y)²",
    r"\frac{\partial E}{\partial W^{2}} &= \delta^{2}\,\left(a^{1}\right)^{\top}": "∂E/∂W² = δ² (a¹)ᵀ",
    r"\frac{\partial E}{\partial b} &\mathrel{+}= \delta\,x^T": "∂E/∂b += δ xᵀ",
    r"\frac{\partial E}{\partial \theta}\left[p_{1}\left[i\right]\right] &\mathrel{+}= "
    r"3\,v_{2}\left[3i + k\right] \quad \text{for } i < 3,\; k < 4": (
        "∂E/∂θ[p₁[i]] += 3 v₂[3i + k]   for i < 3, k < 4"
    ),
    r"v_{1} &= \operatorname{where}\left(x \le 0, \mathrm{leaky\_relu}\left(x, 0.01\right), -1e-05\right)": (
        "v₁ = where(x ≤ 0, leaky_relu(x, 0.01), −1e-05)"
    ),
    r"E &= \sum_{k l} \left[y = k\right]\,\operatorname{logsumexp}_{k}\left(z[k, l]\right)^{-1.5}": (
        "E = Σₖₗ [y = k] logsumexpₖ(z[k, l])^(−1.5)"
    ),
    r"E &= 2\,\lvert \theta \rvert / \left|x\right| \odot \tanh'\left(x^{10}\right)": "E = 2 |θ| / |x| ⊙ tanh′(x¹⁰)",
}


@pytest.mark.parametrize("latex", LATEX)
def test_latex_is_translated_token_by_token(latex: str) -> None:
    assert line(latex) == LATEX[latex]


def test_the_latex_has_the_lines_of_the_text() -> None:
    for case in cases()[:100]:
        program = autograd.compile(case.f, example=case.samples[0])
        latex = program._derivation(LaTeX())
        plain = program._derivation(Plain())
        if plain is not None:
            assert latex is not None
            assert [(x.part, x.adds) for x in latex.lines] == [(x.part, x.adds) for x in plain.lines], case.claim


def no_grad_norm(u: list[Value], x: Any) -> Any:
    with autograd.no_grad():
        norm = autograd.sqrt(autograd.total(a * a for a in u))
    return autograd.total(a / norm * z for a, z in zip(u, x, strict=True))


STOPPED: dict[str, Callable[[list[Value], Any], Any]] = {
    "a factor": lambda u, x: u[0].detach() * u[0] * x[0],
    "all": lambda u, x: (u[0] * x[0]).detach() + 0 * u[1],
    "differences": lambda u, x: autograd.total(a.detach() - a for a in u) * x[0] + u[0],
    "a norm under no_grad": no_grad_norm,
    "of computed ones": lambda u, x: autograd.total((a * z).detach() * a for a, z in zip(u, x, strict=True)),
    "of functions": lambda u, x: autograd.tanh(u[0] * x[0]).detach() * autograd.exp(u[1] * x[1]),
    "inside functions": lambda u, x: autograd.tanh((u[0] * x[0]).detach() * u[0]) + autograd.exp(u[1].detach()) * u[2],
    "of a product with a matrix": lambda u, x: autograd.total(
        autograd.dot(u, [x[i], x[2 - i], x[1]]).detach() * autograd.dot(u, x) for i in range(2)
    ),
    "one of several": lambda u, x: autograd.total((a.detach() if i % 2 else a) * a * x[i] for i, a in enumerate(u)),
    "twice": lambda u, x: (u[0].detach() * x[0]).detach() * u[0] + u[1],
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", STOPPED)
def test_where_a_gradient_stops_is_printed(name: str, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The forward lines differentiated numerically, whatever stands in detach(…) being kept, are the backward lines."""
    u = [Value(0.5), Value(-1.25), Value(2.0)]
    program = autograd.compile(lambda x: STOPPED[name](u, x), example=([0.0] * 3,), engine=engine)
    text, x = str(program), np.array([0.75, -0.5, 1.5])
    assert "detach(" in text
    kept: list[Any] = []
    again: list[Any] = []

    def detach(z: Any) -> Any:
        if again:
            return again.pop()
        kept.append(z)
        return z

    monkeypatch.setitem(FUNCTIONS, "detach", detach)
    read_text.cache_clear()
    value, gradient = evaluate(text, program.vector, (x,))
    expected, slope = program.value_and_grad(x[None])
    assert value == pytest.approx(expected, rel=1e-13)
    assert gradient == pytest.approx(slope, rel=1e-13)

    def moved(step: np.ndarray) -> float:
        again.extend(reversed(kept))
        return evaluate(text, program.vector + step, (x,))[0]

    steps = 1e-6 * np.eye(len(program.vector))
    numerical = [(moved(step) - moved(-step)) / 2e-6 for step in steps]
    assert gradient == pytest.approx(numerical, abs=1e-8)  # central differences: an error of ε², and of rounding / ε
    read_text.cache_clear()
