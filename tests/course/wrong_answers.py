"""Answers to every exercise of the course that somebody might give, and that are wrong: `WRONG`.

The code that an exercise starts from is one more, and is not repeated here.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from autograd import grad, hessian, hvp


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


# 1: a value


def by_the_last_use(tape: Any) -> dict[str, float]:
    """+=, but without the gradient that arrives."""
    gradient = {name: 0.0 for name, _ in tape}
    gradient[tape[-1][0]] = 1.0
    for _, parents in reversed(tape):
        for parent, derivative in parents:
            gradient[parent] += derivative
    return gradient


def forwards(tape: Any) -> dict[str, float]:
    gradient = {name: 0.0 for name, _ in tape}
    gradient[tape[-1][0]] = 1.0
    for name, parents in tape:
        for parent, derivative in parents:
            gradient[parent] += gradient[name] * derivative
    return gradient


def by_a_stack(parents: Any, root: str) -> dict[str, float]:
    """Each node once, depth first."""
    gradient = dict.fromkeys(parents, 0.0)
    gradient[root] = 1.0
    stack, done = [root], set()
    while stack:
        name = stack.pop()
        if name not in done:
            done.add(name)
            for parent, derivative in parents[name]:
                gradient[parent] += gradient[name] * derivative
                stack.append(parent)
    return gradient


def again_and_again(parents: Any, root: str) -> dict[str, float]:
    """Each node as often as it receives something, each time with all that it has."""
    gradient = dict.fromkeys(parents, 0.0)
    gradient[root] = 1.0
    queue = [root]
    while queue:
        name = queue.pop(0)
        for parent, derivative in parents[name]:
            gradient[parent] += gradient[name] * derivative
            queue.append(parent)
    return gradient


# 2: a neuron


def neuron(factor: Any, of_b: float = 1.0) -> Any:
    def backward(w: Any, x: Any, b: float, t: float) -> Any:
        δ = factor(sigmoid(sum(a * c for a, c in zip(w, x, strict=True)) + b), t)
        return [δ * x_j for x_j in x], of_b * δ

    return backward


def errors_of(from_f3: float, from_f4: float, slope: bool = True) -> Any:
    def errors(w: Any, outputs: Any, target: Any) -> Any:
        δ = {i: target[i] - outputs[i] for i in (3, 4)}
        δ_x = {i: δ[i] * (outputs[i] * (1 - outputs[i]) if slope else 1) for i in (3, 4)}
        δ[1] = from_f3 * w[5] * δ_x[3] + from_f4 * w[6] * δ_x[4]
        δ[2] = from_f3 * w[7] * δ_x[3] + from_f4 * w[8] * δ_x[4]
        return δ

    return errors


# 3: by hand


def network(bug: str) -> Any:
    def backward(x: Any, y: Any, V: Any, c: Any, W: Any, b: Any) -> Any:
        x, y, V, c, W, b = (np.array(part) for part in (x, y, V, c, W, b))
        h = 1 / (1 + np.exp(-(V @ x + c)))
        ŷ = 1 / (1 + np.exp(-(W @ h + b)))
        δ = (ŷ - y) * ŷ * (1 - ŷ)
        back = δ[0] * W[0] if bug == "one output" else δ @ W
        δ_h = back * (1 if bug == "no slope" else h * (1 - h))
        of_W = np.outer(h, δ) if bug == "transposed" else np.outer(δ, h)
        found = {"V": np.outer(δ_h, x), "c": δ_h, "W": of_W, "b": δ}
        if bug == "no biases":
            del found["c"], found["b"]
        return found

    return backward


def step(bug: str) -> Any:
    def stepped(x: Any, y: Any, V: Any, W: Any, η: float) -> Any:
        x, y = np.array(x), np.array(y)
        if bug != "in place":
            V, W = copy.deepcopy(V), copy.deepcopy(W)
        V_, W_ = np.array(V), np.array(W)
        h = 1 / (1 + np.exp(-(V_ @ x)))
        ŷ = 1 / (1 + np.exp(-(W_ @ h)))
        δ = (ŷ - y) * ŷ * (1 - ŷ)
        new_W = W_ - η * np.outer(δ, h)
        δ_h = (δ @ (new_W if bug == "too early" else W_)) * h * (1 - h)
        sign = -1 if bug != "uphill" else 1
        new_V = V_ + sign * η * np.outer(δ_h, x)
        if bug == "in place":
            W[0][0] = float(new_W[0][0])
        return new_V, new_W

    return stepped


# 4: four equations


def layer(bug: str) -> Any:
    def backward(W: Any, b: Any, a_in: Any, g: Any) -> Any:
        W, b, a_in, g = (np.array(part) for part in (W, b, a_in, g))
        a = 1 / (1 + np.exp(-(W @ a_in + b)))
        δ = g * (1 if bug == "no slope" else a * (1 - a))
        return np.outer(δ, a_in), δ, W.T @ (g if bug == "g, not δ" else δ)

    return backward


def two_layers(last_by_z: bool, before_by_z: bool, flipped: bool = False) -> Any:
    def errors(W_last: Any, z_before: Any, z_last: Any, a_before: Any, a_last: Any, y: Any) -> Any:
        W, z1, z2, a1, a2, y = (np.array(part) for part in (W_last, z_before, z_last, a_before, a_last, y))
        δ2 = (a2 - y) * (z2 * (1 - z2) if last_by_z else a2 * (1 - a2))
        δ1 = (W.T @ δ2) * (z1 * (1 - z1) if before_by_z else a1 * (1 - a1))
        return (δ1, δ2) if flipped else (δ2, δ1)

    return errors


# 5: descent


def momentum(keep: float, take: float) -> Any:
    def run(slope: Any, w: Any, a: float, steps: int) -> Any:
        w, v = np.array(w), np.zeros(len(w))
        for _ in range(steps):
            v = keep * v + take * np.array(slope(w.tolist()))
            w = w - a * v
        return w

    return run


def line(share: Any) -> Any:
    def gradient(samples: Any, w: float, b: float) -> Any:
        misses = [w * x + b - y for x, y in samples]
        m = share(len(samples))
        return sum(e * x for e, (x, _) in zip(misses, samples, strict=True)) / m, sum(misses) / m

    return gradient


# 6 to 9


def brighten(slope: bool, swapped: bool = False) -> Any:
    def ways(w: Any, b: float, a: Any) -> Any:
        ŷ = sigmoid(sum(x * y for x, y in zip(w, a, strict=True)) + b)
        rate = ŷ * (1 - ŷ) if slope else 1.0
        return [rate * x for x in (w if swapped else a)], rate, [rate * x for x in (a if swapped else w)]

    return ways


def endless(*_: Any) -> None:
    while True:
        pass


def rms_norm(share: float) -> Any:
    def backward(x: Any, g: Any) -> Any:
        x, g = np.array(x), np.array(g)
        s = (np.mean(x * x) + 1e-5) ** -0.5
        return s * g - share * (g @ x) * s**3 * x / len(x)

    return backward


def greeks(**wrong: float) -> Any:
    def ours(S: float, σ: float, T: float, r: float, K: float) -> dict[str, float]:
        d1 = (math.log(S / K) + (r + σ**2 / 2) * T) / (σ * math.sqrt(T))
        d2 = d1 - σ * math.sqrt(T)
        density = math.exp(-(d1**2) / 2) / math.sqrt(2 * math.pi)
        right = {
            "delta": (1 + math.erf(d1 / math.sqrt(2))) / 2,
            "gamma": density / (S * σ * math.sqrt(T)),
            "vanna": -density * d2 / σ,
        }
        return {name: x * wrong.get(name, 1.0) for name, x in right.items()}

    return ours


WRONG: dict[str, list[Any]] = {
    "1.1": [[4, -4], [4, -6], [-10, 4], [-4, -10], [4]],
    "1.2": ["exp(-x**2)", "2*x*exp(-x**2)", "-2*x*exp(-x)", "-2*y*exp(-x**2)", "-2x"],
    "1.3": ["sin(x) + x*cos(x)", "-x*sin(x)", "2*cos(x) + x*sin(x)", "log(x)"],
    "1.4": [by_the_last_use, forwards, lambda tape: {}],
    "1.5": [by_a_stack, again_and_again],
    "2.1": [[0.5, 1, 2, -1], [0.5, -0.25, 0.125, 0.25], [0.125, 0.25, 0.5, 0.25]],
    "2.2": ["1 - 2*O", "O*(1 - O)", "O*(1 - O)*(1 - e)"],
    "2.3": [
        neuron(lambda out, t: out - t),
        neuron(lambda out, t: (t - out) * out * (1 - out)),
        neuron(lambda out, t: out * (1 - out), 0.5),
    ],
    "2.4": [[math.nan] * 3, [1, 1, -1.5], [10, 10, -5], [10, 10], [-10, -10, 15]],
    "2.5": [errors_of(0, 1), errors_of(1, -1), errors_of(1, 1, slope=False)],
    "3.1": [[0.25, 0.5], [0.04, 0.04], [-0.04, -0.08]],
    "3.2": ["2*(yhat - y)*yhat*(1 - yhat)*h", "(yhat - y)*(1 - yhat**2)*h", "2*(yhat - y)*(1 - yhat**2)"],
    "3.3": [[0.003, 0.12], [0.012, 0.006], [0.006, 0.0003], [0.006, 0.12]],
    "3.4": [network(bug) for bug in ("one output", "no slope", "transposed", "no biases")],
    "3.5": [step(bug) for bug in ("too early", "uphill", "in place")],
    "4.1": [[[1, -0.5], [0, 0], [6, -3]], [[1, 0, 6], [0.5, 0, 3]]],
    "4.2": [[8, 10], [2, -2.5], [-0.25, 0.5, 1.25]],
    "4.3": [
        lambda p, g: [a * b * (1 - a) for a, b in zip(p, g, strict=True)],
        lambda p, g: [a * (b - sum(g)) for a, b in zip(p, g, strict=True)],
        lambda p, g: np.outer(p, g),
    ],
    "4.4": [layer("no slope"), layer("g, not δ")],
    "4.5": [two_layers(True, False), two_layers(False, True), two_layers(False, False, flipped=True)],
    "5.1": [[4, 2, 1], [-4, -2, -2], [-4, -4, -1]],
    "5.2": [[2, 0.2], [4 / 9, 0.4], [2 / 9, 1 / 9], [0.2, 2 / 9], [0.22, 0.2]],
    "5.3": [momentum(0.0, 1.0), momentum(0.9, 0.1), momentum(1.0, 1.0), momentum(0.9, -1.0)],
    "5.4": [16, 8, 1],
    "5.5": [line(math.sqrt), line(lambda m: m**2), line(lambda m: -m)],
    "6.1": [23820, 784 * 10, 23859, 23900],
    "6.2": [[-0.8, 0.2, -0.98], [0.128, -0.032, 0.0192], [-0.128, 0.032, 0.0192]],
    "6.3": [0.5, 0.25, 0.0],
    "6.4": [
        lambda z, d: [math.exp(x) / sum(map(math.exp, z)) for x in z],
        lambda z, d: [(k == d) - math.exp(x) / sum(map(math.exp, z)) for k, x in enumerate(z)],
    ],
    "6.5": [brighten(slope=False), brighten(slope=True, swapped=True), lambda w, b, a: (a, 1.0, w)],
    "7.1": [[0.25**5, 0.5**5, 4], [0.25**4, 0.5**4, 4], [0.25**5, 0.25**5 * 16, 1], [0.001, 0.0156, 4]],
    "7.2": ["yhat - y", "-y/yhat + (1 - y)/(yhat - 1)", "(y - yhat)/(yhat*(1 - yhat))", "y/0"],
    "7.3": [
        [[1, 1], [0, 2], [3, 1], 4.5],
        [[0, 0], [0, 0], [3, 1], 1.5],
        [[0, 0], [0, 0], [1, 1], 4.5],
        [[0, 0], [0, 0], [3, 1], 5],
        [[0, 0], [0, 0], [1, -2], 4.5],
    ],
    "7.4": [
        lambda z, g: [x if x > 0 else 0.01 * x for x in z],
        lambda z, g: [x if x > 0 else 0.01 * x for x in g],
        lambda z, g: [1.0 if x > 0 else 0.01 for x in z],
        lambda z, g: [b if a > 0 else 0.0 for a, b in zip(z, g, strict=True)],
    ],
    "7.5": [
        lambda z, y: math.log(1 + math.exp(z)) - y * z,
        lambda z, y: math.log1p(math.exp(-abs(z))) - y * z,
        lambda z, y: float("nan"),
    ],
    "8.1": [[[4, 0], [0, 12]], [[4, 2], [2, 6]], [4, 13]],
    "8.2": [1 / 6, -1 / 6, 7 / 6, -1, 0.5, 0.5 ** (1 / 3)],
    "8.3": ["-(k*q + c*q**3)", "(k*q + c*q**3)/m", "-k*q/m"],
    "8.4": [
        lambda f, x, v: grad(f)(x),
        lambda f, x, v: [row[i] * v[i] for i, row in enumerate(hessian(f)(x))],
        lambda f, x, v: np.array(hessian(f)(x)) @ v,
        lambda f, x, v: (lambda: hvp(f, (x,), (v,)))(),
        endless,
    ],
    "8.5": [rms_norm(0.0), rms_norm(0.5), rms_norm(-1.0)],
    "9.1": [[[3, 1, 4], [2, 6, 0]], [[3, 2], [1, 6], [4, 4]], [[2, 3], [1, 6], [4, 0]]],
    "9.2": [[1000, 3, 1], [3, 1000, 1000], [3, 1000]],
    "9.3": [[0, 1, 2, 0, 1, 2], [0, 0, 1, 1, 0, 1], [0, 1, 0, 1, 0, 0], [0.5, 1, 0, 1, 0, 1]],
    "9.4": [
        lambda J, r: -np.array(J).T @ r,
        lambda J, r: np.linalg.lstsq(np.array(J), np.array(r), rcond=None)[0],
    ],
    "9.5": [greeks(gamma=100.0), greeks(vanna=-1.0), greeks(delta=0.99)],
}
