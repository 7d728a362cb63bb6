# Draw a digit on the pad. The network 64-16-16-10 was trained by `make digits`; ask it for any of its gradients.
from playground import drawn, reader

import nn

model = reader()
ink = drawn()
outputs = model(ink)

for digit, output in enumerate(outputs):
    print(digit, f"{output.data:.3f}", "█" * round(30 * output.data))
read = max(range(10), key=lambda digit: outputs[digit].data)
print(f"It reads a {read}." if any(ink) else "The pad is empty: draw a digit.")

target = [float(digit == read) for digit in range(10)]
E = nn.half_squared_error(outputs, target)
E.label = "E"
E.backward()
E
