"""Exercises to notebook 5, solved. Run it: every check says "right"."""

from autograd.course import check

# 5.1 Three losses
# 2 (3 − 5), 3 − 5, and the sign of 3 − 5
answer = [-4, -2, -1]
assert check("5.1", answer)

# 5.2 How large a step
# The curvatures are 1 and 9: 2 / λmax, and 2 / (λmin + λmax).
answer = ["2/9", "2/10"]
assert check("5.2", answer)


# 5.3 Momentum
def momentum(slope, w, a, steps):
    v = [0.0] * len(w)
    for _ in range(steps):
        v = [0.9 * v_i + slope_i for v_i, slope_i in zip(v, slope(w), strict=True)]
        w = [w_i - a * v_i for w_i, v_i in zip(w, v, strict=True)]
    return w


assert check("5.3", momentum)

# 5.4 What scatter costs
# A fourth of the scatter needs 4² times as many.
answer = 4 * 16
assert check("5.4", answer)


# 5.5 Find the bug: a learning rate for each batch
# The sum grows with the batch; J is a mean.
def gradient(samples, w, b):
    of_w = of_b = 0.0
    for x, y in samples:
        error = w * x + b - y
        of_w += error * x
        of_b += error
    return of_w / len(samples), of_b / len(samples)


assert check("5.5", gradient)
