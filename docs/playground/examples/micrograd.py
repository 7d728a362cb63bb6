# The example from micrograd's README, with its import changed.
from autograd import Value

a = Value(-4.0, label="a")
b = Value(2.0, label="b")
c = a + b
d = a * b + b**3
c += c + 1
c += 1 + c + (-a)
d += d * 2 + (b + a).relu()
d += 3 * d + (b - a).relu()
e = c - d
f = e**2
g = f / 2.0
g += 10.0 / f
c.label, d.label, e.label, f.label, g.label = "c", "d", "e", "f", "g"
print(f"{g.data:.4f}")  # 24.7041, the outcome of this forward pass
g.backward()
print(f"{a.grad:.4f}")  # 138.8338, the numerical value of dg/da
print(f"{b.grad:.4f}")  # 645.5773, the numerical value of dg/db
