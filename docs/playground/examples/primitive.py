# A primitive of your own: its formula, and its derivative. Then it is drawn, explained and checked as any other.
import autograd
from autograd import Value, exp, grad

bump = autograd.primitive(
    "bump",
    lambda x: exp(-x * x),
    lambda y, x: -2 * x * y,  # y is the value: bump(x). A mistake here is what the comparison below finds
)

h = 1e-6
print("the rule   ", grad(bump)(1.0))
print("differences", (bump(1.0 + h) - bump(1.0 - h)) / (2 * h))

x = Value(1.0, label="x")
y = bump(x) + 0.1 * bump(3 * x - 2)
y.label = "y"
y.backward()
y
