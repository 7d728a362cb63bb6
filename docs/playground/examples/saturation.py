# It is far off (0.98, and should be 0), and yet hardly learns: σ is flat there. Try w = 0.6, b = 0.9.
from autograd import Value, dot, explain, sigmoid

w, b = Value(2.0, label="w"), Value(2.0, label="b")
z = dot([w], [1.0], b)
ŷ = sigmoid(z)
C = ŷ**2 / 2
z.label, ŷ.label, C.label = "z", "ŷ", "C"
C.backward()

# With the cross-entropy instead of the square, σ′ goes away: C = -(1 - ŷ).log()
explain(C, wrt=w)
