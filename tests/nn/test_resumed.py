"""What is resumed is the same training: what changed in it goes on, what is set otherwise now is refused."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults import rounds

import nn
from autograd import Value
from nn import tensors

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 2))
Y = X.sum(1)


def learn(model: nn.Module, path: Path, epochs: int, **more: Any) -> nn.history.History:
    kept = nn.Checkpoint(path, existing="resume", seconds=more.pop("seconds", None))
    settings: dict[str, Any] = {"loss": nn.mse_loss, "optimiser": partial(nn.SGD, lr=0.1), "batch_size": 4}
    return nn.fit(model, X, Y, epochs=epochs, checkpoint=kept, progress=False, **settings | more)


def network(activation: str = "tanh") -> nn.MLP:
    return nn.MLP(2, [3, 1], activation=activation, seed=0)


class Counting(nn.SGD):
    """A rate that falls with a counter of its own."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, lr=0.1)
        self.count: Any = 0

    def step(self, gradient: Any = None) -> None:
        self.count += 1
        self.lr = 0.1 / self.count
        super().step(gradient)


class Wavering(nn.SGD):
    """A rate that is drawn."""

    def __init__(self, parameters: Any, generator: Any) -> None:
        super().__init__(parameters, lr=0.1)
        self.generator, self.recent = generator, np.zeros(2)

    def step(self, gradient: Any = None) -> None:
        drawn = self.generator.random() if hasattr(self.generator, "random") else self.generator.random_sample()
        self.recent = np.array([drawn, self.recent[0]])
        self.lr = 0.1 * float(self.recent.mean())
        super().step(gradient)


def sets_betas(training: Any) -> None:
    if training.history[-1].number == 2:
        training.engine.optimiser.betas = (0.5, 0.6)


def sets_nesterov(training: Any) -> None:
    if training.history[-1].number == 2:
        training.engine.optimiser.nesterov = True


CHANGING: dict[str, dict[str, Any]] = {
    "a tuple that a callback sets": {"optimiser": nn.Adam, "callbacks": [sets_betas]},
    "a truth that a callback sets": {"optimiser": partial(nn.SGD, lr=0.1, momentum=0.5), "callbacks": [sets_nesterov]},
    "a counter of the optimiser": {"optimiser": Counting},
    "a generator of the optimiser": {"optimiser": lambda ws: Wavering(ws, random.Random(1))},
    "NumPy's generator": {"optimiser": lambda ws: Wavering(ws, np.random.default_rng(1))},
    "NumPy's old generator": {"optimiser": lambda ws: Wavering(ws, np.random.RandomState(1))},
}


@pytest.mark.parametrize("engine", ["auto", "eager"])
@pytest.mark.parametrize("what", CHANGING)
def test_what_changes_while_it_learns_goes_on(what: str, engine: str, tmp_path: Path) -> None:
    settings = {"engine": engine, **CHANGING[what]}
    whole, parts = network(), network()
    learn(whole, tmp_path / "whole", 6, **settings)
    for epochs in (3, 4, 6):
        parts = network()
        learn(parts, tmp_path / "parts", epochs, **settings)
    assert parts.state_dict() == whole.state_dict()
    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()


class Noisy(nn.Module):
    """A model whose chance and counter are its own, or everybody's."""

    def __init__(self, generator: Any) -> None:
        self.inner, self.generator, self.calls = network(), generator, 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return self.inner([v + 0.1 * float(self.generator.normal(0, 1)) / self.calls for v in x])


class _Everybodys:
    normal = staticmethod(lambda mean, deviation: random.gauss(mean, deviation) + np.random.normal(mean, deviation))


@pytest.mark.parametrize(
    "make",
    [lambda: np.random.default_rng(0), lambda: np.random.RandomState(0), _Everybodys],
    ids=["new", "old", "global"],
)
def test_the_chance_of_a_model_that_is_not_compiled_goes_on(make: Callable[[], Any], tmp_path: Path) -> None:
    def seeded() -> None:
        random.seed(5)
        np.random.seed(5)

    before = random.getstate(), np.random.get_state()
    try:
        seeded()
        whole = Noisy(make())
        learn(whole, tmp_path / "whole", 4, engine="eager")
        seeded()
        learn(Noisy(make()), tmp_path / "parts", 2, engine="eager")
        random.seed(6)  # another process
        parts = Noisy(make())
        learn(parts, tmp_path / "parts", 4, engine="eager")
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
    assert parts.state_dict() == whole.state_dict()
    assert parts.calls == whole.calls


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "the rate": ({"optimiser": partial(nn.SGD, lr=5.0)}, "optimiser.lr was 0.1 and is 5.0"),
    "the momentum": ({"optimiser": partial(nn.SGD, lr=0.1, momentum=0.9)}, "optimiser.momentum was 0.0 and is 0.9"),
    "the optimiser": ({"optimiser": partial(nn.Adam, lr=0.1)}, "optimiser was 'SGD' and is 'Adam'"),
    "the activation": ({"model": network("relu")}, "activation was 'tanh' and is 'relu'.*; and .* more"),
    "the sizes": ({"model": nn.MLP(2, [4, 1], activation="tanh", seed=0)}, "model was"),
    "clip": ({"clip": 1e-9}, "clip was None and is 1e-09"),
    "metrics": ({"metrics": {"a": lambda outputs, y: 1.0}}, r"metrics was \[\] and is \['a'\]"),
    "the seed": ({"seed": 1}, "seed was 0 and is 1"),
    "the loss": ({"loss": nn.l1_loss}, "loss was 'mse_loss' and is 'l1_loss'"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_set_otherwise_is_refused_and_nothing_changes(other: str, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    learn(network(), path, 2)
    settings, words = OTHERS[other]
    model = settings.get("model", network())
    before, file = model.state_dict(), path.read_bytes()
    with pytest.raises(ValueError, match=f"is of another training: .*{words}"):
        learn(model, path, 4, **{name: given for name, given in settings.items() if name != "model"})
    assert model.state_dict() == before
    assert path.read_bytes() == file


def test_what_a_callback_ended_is_over(tmp_path: Path) -> None:
    def third(training: Any) -> bool:
        return bool(training.history[-1].number == 3)

    for _ in range(3):
        history = learn(network(), tmp_path / "kept", 8, callbacks=[third])
        assert (history[-1].number, history.stopped) == (3, "a callback ended it")


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_stopped_before_anything_was_kept_the_model_is_as_it_was(engine: str, tmp_path: Path) -> None:
    """So that the cell of a notebook can be run again."""
    calls = 0

    def schedule(epochs: float) -> float:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return 0.1

    model, other = network(), network()
    with pytest.raises(KeyboardInterrupt):
        learn(model, tmp_path / "kept", 2, schedule=schedule, engine=engine)
    assert not (tmp_path / "kept").exists()
    assert model.state_dict() == other.state_dict()
    learn(model, tmp_path / "kept", 2, schedule=schedule, engine=engine)
    learn(other, tmp_path / "other", 2, schedule=lambda epochs: 0.1, engine=engine)
    assert model.state_dict() == other.state_dict()


class Ragged(nn.Module):
    def __init__(self) -> None:
        self.w = [[Value(0.1)], [Value(0.2), Value(0.3)]]

    def __call__(self, x: Any) -> Any:
        return self.w[0][0] * x[0] + self.w[1][0] * x[1] + self.w[1][1]


def test_parameters_in_rows_of_unequal_length_are_kept(tmp_path: Path) -> None:
    whole, parts = Ragged(), Ragged()
    learn(whole, tmp_path / "whole", 4)
    learn(Ragged(), tmp_path / "parts", 2)
    learn(parts, tmp_path / "parts", 4)
    assert parts.state_dict() == whole.state_dict()


BAD = [
    *(None, -1, 0, 1, 2, 7, 1e308, float("nan"), float("inf"), 10**30, -(2**63), "x", "", [], {}, [1], [[]], True),
    *({"a": 1}, "NaN", 0.5, [[1] * 700], 10**9),
]


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree[:5]) if isinstance(tree, list) else ()
    return [path, *(place for key, branch in inside for place in places(branch, (*path, key)))]


def test_a_file_with_a_right_checksum_and_something_else_in_it_is_refused_in_a_line(tmp_path: Path) -> None:
    """Whatever somebody writes there: a ValueError that names the file, and a model as it was; or a training."""
    whole, path = tmp_path / "whole", tmp_path / "other"
    validation = X[:4], Y[:4]

    def schedule(epochs: float) -> float:
        if epochs > 1.5:
            raise KeyboardInterrupt
        return 0.01

    settings = {"optimiser": nn.Adam, "validation": validation, "seconds": 0}
    with pytest.raises(KeyboardInterrupt):
        learn(network(), whole, 4, schedule=schedule, **settings)
    arrays, metadata, _ = tensors.read(whole)
    about = json.loads(arrays["training"].tobytes())
    assert "order" in arrays
    choose = random.Random(0)
    refused = 0
    for _ in range(rounds(60)):
        tree, others = copy.deepcopy(about), {name: array.copy() for name, array in arrays.items()}
        if choose.random() < 0.7:
            *above, last = choose.choice(places(about)[1:])
            branch = tree
            for key in above:
                branch = branch[key]
            branch[last] = choose.choice(BAD)
        else:
            name = choose.choice([name for name in others if name != "training"])
            array = others[name]
            match choose.randrange(5):
                case 0:
                    others[name] = np.full(array.shape, np.nan)
                case 1:
                    others[name] = np.resize(array, array.size + 3)
                case 2:
                    del others[name]
                case 3:
                    others[name] = np.full(array.shape, 10**15, np.int64)
                case _:
                    others[f"extra.{name}"] = array
        others["training"] = np.frombuffer(json.dumps(tree).encode(), np.uint8)
        tensors.write(path, others, {name: text for name, text in metadata.items() if name != "sha256"})
        model = network()
        before = model.state_dict()
        try:
            with np.errstate(all="ignore"):
                learn(model, path, 2, **settings)
            continue
        except ValueError as error:
            said = str(error)
        refused += 1
        assert str(path) in said
        assert "\n" not in said
        assert model.state_dict() == before
    assert refused > rounds(60) / 2
