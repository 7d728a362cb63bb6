"""Exercises to notebook 9, solved. Run it: every check says "right"."""

import math

from autograd import erf, exp, grad, log, sqrt
from autograd.course import check

# 9.1 A Jacobian by hand
answer = [[3, 2], [1, 6], [4, 0]]
assert check("9.1", answer)

# 9.2 Backwards or forwards?
# A backward pass for each output, a forward pass for each input, one for one direction.
answer = [3, 1000, 1]
assert check("9.2", answer)

# 9.3 Columns that share a direction
# Only neighbours share a row, and around a ring of six every second one is no neighbour.
answer = [0, 1, 0, 1, 0, 1]
assert check("9.3", answer)


# 9.4 A step of Gauss and Newton
def gauss_newton(J, r):
    a = sum(p * p for p, _ in J)
    b = sum(p * q for p, q in J)
    d = sum(q * q for _, q in J)
    g = sum(p * r_i for (p, _), r_i in zip(J, r, strict=True))
    h = sum(q * r_i for (_, q), r_i in zip(J, r, strict=True))
    below = a * d - b * b
    return -(d * g - b * h) / below, -(a * h - b * g) / below


assert check("9.4", gauss_newton)


# 9.5 Greeks
def normal(x):
    return (1 + erf(x / math.sqrt(2))) / 2


def call(S, σ, T, r, K):
    d1 = (log(S / K) + (r + σ**2 / 2) * T) / (σ * sqrt(T))
    d2 = d1 - σ * sqrt(T)
    return S * normal(d1) - K * exp(-r * T) * normal(d2)


def greeks(S, σ, T, r, K):
    at = (S, σ, T, r, K)
    delta = grad(call)
    return {"delta": delta(*at), "gamma": grad(delta)(*at), "vanna": grad(delta, argnums=1)(*at)}


assert check("9.5", greeks)
