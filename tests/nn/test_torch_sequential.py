"""A network goes to PyTorch and comes back as README.md says, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn import weights

torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed, so nothing is taken there")


def sequential() -> Any:
    layers = [torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 4), torch.nn.Sigmoid()]
    return torch.nn.Sequential(*layers).double()


def to_torch(model: nn.Module, net: Any) -> None:
    numbers = zip(net.state_dict(), model.state_dict().values(), strict=True)
    net.load_state_dict({name: torch.tensor(tensor, dtype=torch.float64) for name, tensor in numbers})


def from_torch(net: Any, model: nn.Module) -> None:
    numbers = zip(model.state_dict(), net.state_dict().values(), strict=True)
    model.load_state_dict({name: tensor.tolist() for name, tensor in numbers})


def test_what_was_saved_runs_in_pytorch_and_what_that_has_learned_comes_back(tmp_path: Path) -> None:
    weights.save(tmp_path / "weights.safetensors", nn.MLP(6, [5, 4], activation="tanh", output="sigmoid", seed=0))
    model, net = weights.load(tmp_path / "weights.safetensors"), sequential()
    to_torch(model, net)
    X = np.random.default_rng(0).normal(size=(7, 6))
    found = net(torch.tensor(X)).detach().numpy()
    assert np.allclose(found, [[y.data for y in model(x)] for x in X.tolist()], rtol=1e-14)  # some roundings each

    optimiser = torch.optim.SGD(net.parameters(), lr=0.5)
    (net(torch.tensor(X)) ** 2).sum().backward()
    optimiser.step()
    back = nn.MLP(6, [5, 4], activation="tanh", output="sigmoid", seed=1)
    from_torch(net, back)
    found = net(torch.tensor(X)).detach().numpy()
    assert np.allclose(found, [[y.data for y in back(x)] for x in X.tolist()], rtol=1e-14)
    again = sequential()
    to_torch(back, again)
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
