"""Exercises to notebook 2, solved. Run it: every check says "right"."""

import math

from autograd.course import check

# 2.1 Predict a neuron's gradients
# e = 2 · 0.5 − 1 · 1 = 0, where the slope is ¼; a weight gets ¼ of its input, an input ¼ of its weight.
answer = [0.125, 0.25, 0.5, -0.25]
assert check("2.1", answer)

# 2.2 How the slope changes
# d(O − O²)/dO = 1 − 2O, times dO/de
answer = "(1 - 2*O) * O*(1 - O)"
assert check("2.2", answer)


# 2.3 A neuron, backwards
def neuron_backward(w, x, b, t):
    e = sum(w_j * x_j for w_j, x_j in zip(w, x, strict=True)) + b
    O = 1 / (1 + math.exp(-e))  # noqa: E741
    of_e = (O - t) * O * (1 - O)  # back through the half that activates
    return [of_e * x_j for x_j in x], of_e  # and through the half that accumulates


assert check("2.3", neuron_backward)

# 2.4 A neuron for "and"
# The line has to pass between (1, 1) and the two corners beside it: w1 + w2 > −b > w1, w2.
# Ten times that is steep enough.
answer = [10, 10, -15]
assert check("2.4", answer)


# 2.5 Find the bug: two successors
# With w6 = w8 = 0 nothing came back from f4. In general the shares of both successors add up.
def errors(w, O, target):  # noqa: E741
    δ, δ_x = {}, {}
    for i in (3, 4):
        δ[i] = target[i] - O[i]
        δ_x[i] = δ[i] * O[i] * (1 - O[i])
    δ[1] = w[5] * δ_x[3] + w[6] * δ_x[4]
    δ[2] = w[7] * δ_x[3] + w[8] * δ_x[4]
    return δ


assert check("2.5", errors)
