# J(w) = (w − 3)², and w := w − rate · ∂J/∂w. What happens with rate = 0.9? With 1.1?
from autograd import Value

w = Value(0.0, label="w")
rate = 0.2

for _ in range(10):
    J = (w - 3) ** 2
    J.label = "J"
    w.grad = 0.0
    J.backward()
    print(f"w = {w.data:8.5f}   J = {J.data:9.6f}   ∂J/∂w = {w.grad:+.5f}")
    w.data -= rate * w.grad

J = (w - 3) ** 2
J.label = "J"
J.backward()
J
