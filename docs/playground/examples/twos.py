# The worked example of so many tutorials: two inputs, two hidden neurons, two outputs.
# The gradients for w5 … w8 and w1 … w4 are those that are derived by hand there.
import nn
from autograd import Value, dot, sigmoid

w = [Value(k / 100, label=f"w{i}") for i, k in enumerate([15, 20, 25, 30, 40, 45, 50, 55], 1)]
b = [Value(0.35, label="b1"), Value(0.6, label="b2")]


def layer(w, x, b, names):
    outputs = [sigmoid(dot(row, x, b)) for row in w]
    for output, name in zip(outputs, names, strict=True):
        output.label = name
    return outputs


a = layer([w[0:2], w[2:4]], [0.05, 0.10], b[0], ["a1", "a2"])
ŷ = layer([w[4:6], w[6:8]], a, b[1], ["ŷ1", "ŷ2"])
E = nn.half_squared_error(ŷ, [0.01, 0.99])
E.label = "E"
E.backward()

rate = 0.5
for wi in w:
    print(f"{wi.label}  {wi.data:.2f}  →  {wi.data - rate * wi.grad:.9f}")
E
