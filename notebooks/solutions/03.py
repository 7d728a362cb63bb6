"""Exercises to notebook 3, solved. Run it: every check says "right"."""

import math

from autograd.course import check

# 3.1 Three factors and two
# (0.8 − 0.3) · 0.8 · 0.2 = 0.08 is ∇b, and times h = 0.5 it is ∇W.
answer = [0.04, 0.08]
assert check("3.1", answer)

# 3.2 Another loss, another activation
answer = "2*(yhat - y) * (1 - yhat**2) * h"
assert check("3.2", answer)

# 3.3 What a bias tells
# (11) is (16) times x: so ∇c1 = 0.006 / 0.05, and ∇V12 is 0.10 of it.
answer = [0.012, 0.12]
assert check("3.3", answer)


# 3.4 All of it
def f(z):
    return 1 / (1 + math.exp(-z))


def layer(weights, inputs, biases):
    return [
        f(sum(w * a for w, a in zip(row, inputs, strict=True)) + bias)
        for row, bias in zip(weights, biases, strict=True)
    ]


def backward(x, y, V, c, W, b):
    h = layer(V, x, c)
    ŷ = layer(W, h, b)
    of_b = [(ŷ_k - y_k) * ŷ_k * (1 - ŷ_k) for ŷ_k, y_k in zip(ŷ, y, strict=True)]  # (13)
    of_c = [
        sum(of_b[k] * W[k][s] for k in range(len(ŷ))) * h[s] * (1 - h[s])  # (16)
        for s in range(len(h))
    ]
    of_W = [[δ * h_s for h_s in h] for δ in of_b]  # (7)
    of_V = [[δ * x_d for x_d in x] for δ in of_c]  # (11)
    return {"V": of_V, "c": of_c, "W": of_W, "b": of_b}


assert check("3.4", backward)


# 3.5 Find the bug: a step taken too early
# The gradient of V has W in it, and by then W had been stepped. All gradients first, all steps after; and new lists.
def step(x, y, V, W, η):
    h = [f(sum(v * x_d for v, x_d in zip(row, x, strict=True))) for row in V]
    ŷ = [f(sum(w * h_s for w, h_s in zip(row, h, strict=True))) for row in W]
    δ = [(ŷ_k - y_k) * ŷ_k * (1 - ŷ_k) for ŷ_k, y_k in zip(ŷ, y, strict=True)]
    δ_h = [sum(δ[k] * W[k][s] for k in range(len(W))) * h[s] * (1 - h[s]) for s in range(len(V))]

    new_W = [[W[k][s] - η * δ[k] * h[s] for s in range(len(V))] for k in range(len(W))]
    new_V = [[V[s][d] - η * δ_h[s] * x[d] for d in range(len(x))] for s in range(len(V))]
    return new_V, new_W


assert check("3.5", step)
