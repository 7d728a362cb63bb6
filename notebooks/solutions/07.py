"""Exercises to notebook 7, solved. Run it: every check says "right"."""

import math

from autograd.course import check

# 7.1 What is left of an error
# Five slopes of ¼, and the four weights between the neurons; 4 · ¼ = 1.
answer = [0.25**5, 0.25**5 * 2**4, 4]
assert check("7.1", answer)

# 7.2 What cancels
# −y/ŷ + (1 − y)/(1 − ŷ), on one denominator: against ŷ (1 − ŷ)
answer = "(yhat - y) / (yhat*(1 - yhat))"
assert check("7.2", answer)

# 7.3 Asleep
# The sums are −1.5, −4.5 and 0.5: only the third is awake, and the second has 4.5 to go.
answer = [[0, 0], [0, 0], [3, 1], 4.5]
assert check("7.3", answer)


# 7.4 Never quite asleep
def leaky_backward(z, g):
    return [g_j if z_j > 0 else 0.01 * g_j for z_j, g_j in zip(z, g, strict=True)]


assert check("7.4", leaky_backward)


# 7.5 Sure, wrong, and still a number
# ln(1 + e^z) = max(z, 0) + ln(1 + e^−|z|), whichever sign z has
def cross_entropy(z, y):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z))) - y * z


assert check("7.5", cross_entropy)
