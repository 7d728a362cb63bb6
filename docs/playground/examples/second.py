# A derivative is a Value as well, with a graph of its own: so it has a derivative.
from autograd import Value, grad, sin


def f(x):
    return sin(x**2 + 1)


x = Value(0.5, label="x")
print("f(x)   =", f(x).data)
print("f′(x)  =", grad(f)(0.5))
print("f″(x)  =", grad(grad(f))(0.5))
print("f‴(x)  =", grad(grad(grad(f)))(0.5))

y = f(x)
y.label = "y"
y.backward(create_graph=True)
slope = x.grad  # cos(x² + 1) · 2x, as a graph
slope.label = "slope"
slope
