"""Exercises to notebook 1, solved. Run it: every check says "right"."""

from autograd.course import check

# 1.1 Predict two gradients
# e answers to d with b = −2, d to c with 1, c to a with b = −2: along the only way (−2)(1)(−2).
# b has two ways: directly with d = ab + 2 = −4, and through c with (−2)(1)(3) = −6.
answer = [4, -10]
assert check("1.1", answer)

# 1.2 The chain rule, as a formula
# exp′ with −x² put in, times −1, times 2x
answer = "exp(-x**2) * (-1) * 2*x"
assert check("1.2", answer)

# 1.3 A derivative of a derivative
# y′ = sin x + x cos x, and y″ = cos x + cos x − x sin x
answer = "2*cos(x) - x*sin(x)"
assert check("1.3", answer)


# 1.4 Find the bug: a value used twice
# `=` forgets what an earlier use has brought; ways add up.
def backward(tape):
    gradient = {name: 0.0 for name, _ in tape}
    gradient[tape[-1][0]] = 1.0
    for name, parents in reversed(tape):
        for parent, derivative in parents:
            gradient[parent] += gradient[name] * derivative
    return gradient


assert check("1.4", backward)


# 1.5 Find the bug: whose turn is it?
# A queue serves whoever came first, and so a value may hand on what it has before all of it is there.
def backward(parents, root):
    order = []

    def visit(name):
        if name not in order:
            for parent, _ in parents[name]:
                visit(parent)
            order.append(name)

    visit(root)
    gradient = dict.fromkeys(parents, 0.0)
    gradient[root] = 1.0
    for name in reversed(order):
        for parent, derivative in parents[name]:
            gradient[parent] += gradient[name] * derivative
    return gradient


assert check("1.5", backward)
