"""Exercises to notebook 8, solved. Run it: every check says "right"."""

from autograd import grad
from autograd.course import check

# 8.1 A Hessian by hand
# The gradient is (2xy, x² + 3y²); its derivatives are (2y, 2x) and (2x, 6y).
answer = [[4, 2], [2, 12]]
assert check("8.1", answer)

# 8.2 One step of Newton
# J′ = 4 w³ − 2 = 2 and J″ = 12 w² = 12
answer = 1 - 2 / 12
assert check("8.2", answer)

# 8.3 A spring from its Lagrangian
# m v̇ = ∂L/∂q
answer = "(-k*q - c*q**3) / m"
assert check("8.3", answer)


# 8.4 The Hessian without the matrix
def product(f, x, v):
    def along_v(x):
        return sum(slope * v_i for slope, v_i in zip(grad(f)(x), v, strict=True))

    return grad(along_v)(x)


assert check("8.4", product)


# 8.5 A layer of the GPT, backwards
# ∂s/∂x_j = −½ (…)^(−3/2) · 2 x_j / n = −s³ x_j / n, and s is in every y_i = s x_i.
def rms_norm_backward(x, g):
    n = len(x)
    s = (sum(x_j * x_j for x_j in x) / n + 1e-5) ** -0.5
    of_s = sum(g_i * x_i for g_i, x_i in zip(g, x, strict=True))
    return [s * g_j - of_s * s**3 * x_j / n for x_j, g_j in zip(x, g, strict=True)]


assert check("8.5", rms_norm_backward)
