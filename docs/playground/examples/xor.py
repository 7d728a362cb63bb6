# A network learns exclusive or. The coloured plane is its output; the film below keeps every stage.
import time

import nn
from autograd import explore

X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
Y = [0.0, 1.0, 1.0, 0.0]

model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
optimiser = nn.SGD(model.parameters(), lr=0.1)
page = explore(nn.mse_loss, data=(X, Y), f=model, model=model, title="exclusive or")

for step in range(400):
    loss = nn.mse_loss([model(x) for x in X], Y)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    page.update(f"step {step}")
    time.sleep(0.02)  # so that one can watch
    if step % 50 == 0:
        print(f"step {step:4}   loss {loss.data:.5f}")

print("\n".join(f"{x[0]:.0f} xor {x[1]:.0f} = {model(x).data:+.3f}" for x in X))
page
