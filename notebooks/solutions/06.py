"""Exercises to notebook 6, solved. Run it: every check says "right"."""

import math

from autograd.course import check

# 6.1 How many gradients
answer = 784 * 30 + 30 + 30 * 10 + 10
assert check("6.1", answer)

# 6.2 Who is loudest?
# (ŷ − y) ŷ (1 − ŷ): the one that is furthest from its goal is the quietest.
answer = [-0.8 * 0.2 * 0.8, 0.2 * 0.2 * 0.8, -0.98 * 0.02 * 0.98]
assert check("6.2", answer)

# 6.3 Where the pull is strongest
# ŷ (1 − ŷ)² has the derivative (1 − ŷ)² − 2 ŷ (1 − ŷ) = (1 − ŷ)(1 − 3 ŷ).
answer = "1/3"
assert check("6.3", answer)


# 6.4 A digit by cross-entropy
# The derivative of ln Σ e^z is softmax, that of z_d is 1 at d: the answer minus the target.
def cross_entropy_backward(z, d):
    e = [math.exp(z_k) for z_k in z]
    return [e_k / sum(e) - (k == d) for k, e_k in enumerate(e)]


assert check("6.4", cross_entropy_backward)


# 6.5 Three ways to brighten a 2
def brighten(w, b, a):
    ŷ = 1 / (1 + math.exp(-sum(w_k * a_k for w_k, a_k in zip(w, a, strict=True)) - b))
    rate = ŷ * (1 - ŷ)
    return [rate * a_k for a_k in a], rate, [rate * w_k for w_k in w]


assert check("6.5", brighten)
