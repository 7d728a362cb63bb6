"""Exercises to notebook 4, solved. Run it: every check says "right"."""

import math

from autograd.course import check

# 4.1 A column times a row
answer = [[1, 0, 6], [-0.5, 0, -3]]
assert check("4.1", answer)

# 4.2 One layer back
# (Wᵀ δ)_1 = 1 · 1 + 3 · (−1) + 5 · 2 = 8 and (Wᵀ δ)_2 = 2 − 4 + 12 = 10; both times σ′(0) = ¼
answer = [2, 2.5]
assert check("4.2", answer)


# 4.3 The backward pass of softmax
# Σ_k g_k p_k ([k = j] − p_j) = p_j g_j − p_j Σ_k g_k p_k
def softmax_backward(p, g):
    mean = sum(p_k * g_k for p_k, g_k in zip(p, g, strict=True))
    return [p_j * (g_j - mean) for p_j, g_j in zip(p, g, strict=True)]


assert check("4.3", softmax_backward)


# 4.4 A layer that can be put anywhere
def layer_backward(W, b, a_in, g):
    z = [sum(w * a for w, a in zip(row, a_in, strict=True)) + b_j for row, b_j in zip(W, b, strict=True)]
    a = [1 / (1 + math.exp(-z_j)) for z_j in z]
    δ = [g_j * a_j * (1 - a_j) for g_j, a_j in zip(g, a, strict=True)]  # BP1
    of_W = [[δ_j * a_k for a_k in a_in] for δ_j in δ]  # BP4
    of_a_in = [sum(W[j][k] * δ[j] for j in range(len(δ))) for k in range(len(a_in))]  # the first half of BP2
    return of_W, δ, of_a_in  # BP3: ∂C/∂b = δ


assert check("4.4", layer_backward)


# 4.5 Find the bug: the slope of what?
# `sigmoid_prime` takes the output a, and was given the sum z.
def sigmoid_prime(a):
    """σ′ of a neuron, by its output a = σ(z)."""
    return a * (1 - a)


def errors(W_last, z_before, z_last, a_before, a_last, y):
    δ_last = [(a - y_j) * sigmoid_prime(a) for a, y_j in zip(a_last, y, strict=True)]
    δ_before = []
    for j, a in enumerate(a_before):
        back = sum(row[j] * δ for row, δ in zip(W_last, δ_last, strict=True))
        δ_before.append(back * sigmoid_prime(a))
    return δ_last, δ_before


assert check("4.5", errors)
