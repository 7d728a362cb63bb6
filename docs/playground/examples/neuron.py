# A neuron accumulates, then activates. Change a number: everything follows.
from autograd import Value, dot, sigmoid

w = [Value(0.4, label="w1"), Value(0.45, label="w2")]
b = Value(0.6, label="b")
x = [0.5933, 0.5969]

z = dot(w, x, b)  # w1·x1 + w2·x2 + b
ŷ = sigmoid(z)
E = (ŷ - 0.01) ** 2 / 2  # the target is 0.01
z.label, ŷ.label, E.label = "z", "ŷ", "E"

E.backward()
print("∂E/∂w1 =", w[0].grad)
