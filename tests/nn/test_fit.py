"""`nn.fit`: what it does is what the loop by hand does, on every engine; and what it refuses."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, take, tanh, total
from nn import by_hand, schedules
from nn.digits import CHOICES
from nn.engines import Compiled, Eager
from nn.history import Epoch, History
from nn.training import ENGINES, Training

RANDOM = np.random.default_rng(5)
X, Y = RANDOM.random((23, 6)), np.eye(4)[RANDOM.integers(0, 4, 23)]
HELD_OUT = RANDOM.random((9, 6)), np.eye(4)[RANDOM.integers(0, 4, 9)]
SGD = partial(nn.SGD, lr=0.5)


def network(seed: int = 0, **settings: str) -> nn.MLP:
    defaults = {"activation": "sigmoid", "output": "sigmoid", "init": "gaussian"}
    return nn.MLP(6, [5, 4], **{**defaults, **settings}, seed=seed)  # type: ignore[arg-type]


def numbers(model: nn.Module) -> list[float]:
    return [parameter.data for parameter in model.parameters()]


def by_loop(model: nn.MLP, epochs: int, batch: int, seed: int, step: Callable[[list[Value]], Any]) -> list[float]:
    """The same training, written out: one graph a mini-batch, and an optimiser's step."""
    generator, losses = np.random.default_rng(seed), []
    optimiser = step(model.parameters())
    for _ in range(epochs):
        order, errors = generator.permutation(len(X)), 0.0
        for rows in (order[i : i + batch] for i in range(0, len(X), batch)):
            each = [nn.half_squared_error(model(X[k].tolist()), Y[k].tolist()) for k in rows]
            mean = total(each) / len(rows)
            model.zero_grad()
            mean.backward()
            optimiser.step()
            errors += mean.data * len(rows)
        losses.append(errors / len(X))
    return losses


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimiser", [SGD, partial(nn.SGD, lr=0.1, momentum=0.9), nn.Adam, nn.AdamW])
def test_it_is_the_loop_written_out(engine: str, optimiser: Any) -> None:
    """With a last mini-batch that is smaller than the others."""
    model, other = network(), network()
    history = nn.fit(
        model, X, Y, loss=nn.half_squared_error, optimiser=optimiser, epochs=4, batch_size=5, engine=engine, seed=3
    )
    losses = by_loop(other, 4, 5, 3, optimiser)
    assert [epoch.learning for epoch in history] == pytest.approx(losses, rel=1e-11)  # 20 steps of rounding
    assert numbers(model) == pytest.approx(numbers(other), rel=1e-9, abs=1e-12)
    assert [epoch.number for epoch in history] == [1, 2, 3, 4]
    assert history.stopped == "all epochs are done"


def test_it_is_what_the_four_equations_do_by_hand() -> None:
    """Two epochs with every gradient by hand (BP1 to BP4) end at the same weights."""
    model, by_equations = network(), network()
    history = nn.fit(
        model, X, Y, loss=nn.half_squared_error, optimiser=SGD, epochs=2, batch_size=5, engine="eager", seed=3
    )
    state = {name: np.array(tensor) for name, tensor in by_equations.state_dict().items()}
    W, b = ([state[f"layers.{i}.{kind}"] for i in range(2)] for kind in ("weight", "bias"))
    generator, expected = np.random.default_rng(3), []
    for _ in range(2):
        errors = []
        order = generator.permutation(23)
        for rows in (order[i : i + 5] for i in range(0, 23, 5)):
            gradients = [by_hand.backpropagate(W, b, X[k], Y[k], ["sigmoid"] * 2) for k in rows]
            for k in rows:
                a = X[k]
                for weight, bias in zip(W, b, strict=True):
                    a = 1 / (1 + np.exp(-(weight @ a + bias)))
                errors.append(0.5 * ((a - Y[k]) ** 2).sum())
            for layer in range(2):
                W[layer] = W[layer] - 0.5 * np.mean([dW[layer] for dW, _ in gradients], 0)
                b[layer] = b[layer] - 0.5 * np.mean([db[layer] for _, db in gradients], 0)
        expected.append(np.mean(errors))
    assert [epoch.learning for epoch in history] == pytest.approx(expected, rel=1e-12)  # ten steps of rounding
    for i in range(2):
        np.testing.assert_allclose(model.state_dict()[f"layers.{i}.weight"], W[i], rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(model.state_dict()[f"layers.{i}.bias"], b[i], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("loss", CHOICES["loss"])
@pytest.mark.parametrize("activation", CHOICES["activation"])
def test_the_engine_and_the_four_equations_agree_on_every_gradient(activation: str, loss: str) -> None:
    sizes = []
    for seed in range(5):
        model = nn.MLP(6, [5, 4, 4], activation=activation, output=activation, init="gaussian", seed=seed)
        difference, largest = by_hand.largest_difference(model, X[seed].tolist(), Y[seed].tolist(), loss)
        assert difference <= 1e-13 * max(1, largest)  # a few roundings of numbers up to about 30
        assert all(w.grad == 0 for w in model.parameters())
        sizes.append(largest)
    assert max(sizes) > 0.01  # with ReLU some of the networks are dead, and all gradients 0


def test_by_hand_only_what_is_known_is_compared() -> None:
    model = nn.MLP(6, [5, 4], activation="silu", seed=0)
    with pytest.raises(ValueError, match=r"by hand there are sigmoid, tanh, relu, linear, .* not 'silu'"):
        by_hand.largest_difference(model, X[0].tolist(), Y[0].tolist())


def test_the_untrained_network_is_measured_and_the_best_is_left() -> None:
    """At a rate too high, the loss of what was not learned from goes up and down."""
    model = network()
    states: list[list[float]] = []

    def keep(training: Training) -> None:
        training.engine.write_back()
        states.append(numbers(training.model))

    history = nn.fit(
        model,
        X,
        Y,
        loss=nn.half_squared_error,
        optimiser=partial(nn.SGD, lr=15.0),
        epochs=12,
        batch_size=4,
        validation=HELD_OUT,
        callbacks=[keep],
    )
    losses = [epoch.validation for epoch in history]
    start = network()
    assert losses[0] == pytest.approx(
        np.mean(
            [nn.half_squared_error(start(x), y).data for x, y in zip(*(a.tolist() for a in HELD_OUT), strict=True)]
        ),
        rel=1e-13,
    )
    assert history[0].learning is None
    best = int(np.argmin(losses))
    assert history.best is history[best]
    assert 0 < best < 12  # else the test says nothing
    assert numbers(model) == states[best - 1] != states[-1]


def test_patience_ends_a_training_that_gets_no_better() -> None:
    settings: dict[str, Any] = {"loss": nn.half_squared_error, "optimiser": partial(nn.SGD, lr=15.0), "batch_size": 4}
    long = nn.fit(network(), X, Y, epochs=40, validation=HELD_OUT, **settings)
    losses = [epoch.validation for epoch in long]
    waited = [n - int(np.argmin(losses[: n + 1])) for n in range(41)]
    end = next(n for n in range(41) if waited[n] == 3)
    short = nn.fit(network(), X, Y, epochs=40, validation=HELD_OUT, patience=3, **settings)
    assert len(short) == end + 1 < 41
    assert short.epochs == long.epochs[: end + 1]
    assert short.stopped == "3 epochs were no better than the best"


def test_what_makes_an_epoch_better_can_be_said() -> None:
    history = nn.fit(
        network(),
        X,
        Y,
        loss=nn.half_squared_error,
        optimiser=SGD,
        epochs=5,
        validation=HELD_OUT,
        metrics={"accuracy": lambda outputs, y: float((outputs.argmax(1) == y.argmax(1)).mean())},
        score=lambda epoch: -epoch.number,
    )
    assert history.best is history[0]
    assert set(history.column("accuracy")) <= {k / 9 for k in range(10)}


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_the_metrics_are_given_what_the_network_answers(engine: str) -> None:
    model, seen = network(), []

    def note(outputs: Any, y: Any) -> float:
        seen.append((outputs, y))
        return 0.0

    nn.fit(
        model, X, Y, loss=nn.half_squared_error, optimiser=SGD, epochs=1, validation=HELD_OUT, metrics={"none": note},
        engine=engine, score=lambda epoch: epoch.number,
    )  # fmt: skip
    outputs, y = seen[-1]
    expected = [[z.data for z in model(x)] for x in HELD_OUT[0].tolist()]
    np.testing.assert_allclose(outputs, expected, rtol=1e-13)
    assert y is seen[0][1]
    assert y.tolist() == HELD_OUT[1].tolist()


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_a_long_gradient_is_cut_to_the_length_asked_for(engine: str) -> None:
    """One step of SGD at rate 1: the parameters move by exactly that, in the direction of the gradient."""
    moves = {}
    for clip in (None, 1e-3, 1e9):
        model = network()
        before = np.array(numbers(model))
        nn.fit(
            model, X, Y, loss=nn.half_squared_error, optimiser=partial(nn.SGD, lr=1.0), epochs=1, batch_size=23,
            clip=clip, engine=engine,
        )  # fmt: skip
        moves[clip] = np.array(numbers(model)) - before
    whole = np.linalg.norm(moves[None])
    assert whole > 1e-3
    np.testing.assert_allclose(moves[1e-3], moves[None] * 1e-3 / whole, rtol=1e-9, atol=1e-15)
    assert moves[1e9].tolist() == moves[None].tolist()


def test_the_rate_follows_its_schedule_step_by_step() -> None:
    asked: list[float] = []

    def schedule(t: float) -> float:
        asked.append(t)
        return 0.5 / (1 + t)

    history = nn.fit(
        network(), X, Y, loss=nn.half_squared_error, optimiser=SGD, epochs=2, batch_size=10, schedule=schedule
    )
    assert asked == pytest.approx([0, 10 / 23, 20 / 23, 1, 33 / 23, 43 / 23])
    assert [epoch.lr for epoch in history] == pytest.approx([0.5 / (1 + 20 / 23), 0.5 / (1 + 43 / 23)])


def test_schedules_are_what_their_names_say() -> None:
    cosine = schedules.cosine(0.3, 8, warmup=2, lowest=0.1)
    assert [cosine(t) for t in (0, 1, 2, 5, 8, 100)] == pytest.approx([0, 0.15, 0.3, 0.2, 0.1, 0.1])
    assert schedules.exponential(0.3, 0.5)(2) == pytest.approx(0.075)
    assert [schedules.steps(0.3, 2)(t) for t in (0, 1.99, 2, 4)] == pytest.approx([0.3, 0.3, 0.03, 0.003])


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedules.cosine(-1, 3),
        lambda: schedules.cosine(1, 0),
        lambda: schedules.cosine(1, 3, warmup=3),
        lambda: schedules.exponential(1, 0),
        lambda: schedules.steps(1, 0),
        lambda: schedules.steps(1, 1, -2),
    ],
)
def test_settings_of_schedules_are_checked(make: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"is a (finite )?number"):
        make()


def test_a_callback_may_end_it_and_all_are_called() -> None:
    called: list[str] = []
    history = nn.fit(
        network(),
        X,
        Y,
        loss=nn.half_squared_error,
        optimiser=SGD,
        epochs=9,
        callbacks=[lambda t: called.append("first") or t.history[-1].number == 2, lambda t: called.append("second")],
    )
    assert len(history) == 2
    assert history.stopped == "a callback ended it"
    assert called == ["first", "second"] * 2


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_a_loss_that_is_no_finite_number_ends_it(engine: str) -> None:
    model = network(activation="relu", output="linear")
    with np.errstate(all="ignore"):
        history = nn.fit(
            model, X, Y, loss=nn.half_squared_error, optimiser=partial(nn.SGD, lr=1e150), epochs=9, batch_size=5,
            validation=HELD_OUT, engine=engine,
        )  # fmt: skip
    assert len(history) < 9
    assert history.stopped == "the loss is no finite number"
    assert all(math.isfinite(w) for w in numbers(model))  # of the best epoch


class Words(nn.Module):
    """An embedding of two words in a row, chosen by integers, and classes as integers."""

    def __init__(self) -> None:
        generator = random.Random(0)
        self.table = [[Value(generator.gauss(0, 1)) for _ in range(3)] for _ in range(7)]
        self.out = nn.Layer(6, 4, activation="linear", seed=1)

    def __call__(self, words: Any) -> Any:
        return self.out([z for word in words for z in take(self.table, word)])


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_integers_stay_integers(engine: str) -> None:
    generator = np.random.default_rng(1)
    words = generator.integers(0, 7, (60, 2))
    model = Words()
    nn.fit(
        model, words, words[:, 0] % 4, loss=nn.cross_entropy, optimiser=partial(nn.Adam, lr=0.1), epochs=60,
        batch_size=20, engine=engine,
    )  # fmt: skip
    answers = [int(np.argmax([z.data for z in model(pair)])) for pair in words.tolist()]
    assert np.mean(np.array(answers) == words[:, 0] % 4) > 0.9


class Asks(nn.Module):
    """A model that asks for numbers, as scalar code may."""

    def __init__(self) -> None:
        self.w = [Value(0.5), Value(-0.5)]

    def __call__(self, x: list[Any]) -> Any:
        return tanh(self.w[0] * x[0]) if x[0] > 0.5 else self.w[1] * x[1]


def test_what_cannot_be_compiled_says_so_and_is_trained_eagerly() -> None:
    model, y = Asks(), X[:, 0]
    with pytest.raises(TypeError, match="where"):
        nn.fit(model, X, y, loss=nn.half_squared_error, optimiser=SGD)
    assert numbers(model) == [0.5, -0.5]
    history = nn.fit(model, X, y, loss=nn.half_squared_error, optimiser=SGD, engine="eager")
    assert history[-1].learning < history[0].learning


@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_dropout_drops_while_learning_and_not_when_measured(engine: str) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.first, self.drop = nn.Layer(6, 8, activation="tanh", seed=0), nn.Dropout(0.5, seed=1)
            self.last = nn.Layer(8, 4, activation="linear", seed=2)

        def __call__(self, x: Any) -> Any:
            return self.last(self.drop(self.first(x)))

    model = Net()
    model.drop.training = False  # as it was, so it is afterwards
    history = nn.fit(
        model, X, Y, loss=nn.half_squared_error, optimiser=partial(nn.SGD, lr=0.0), epochs=3, validation=(X, Y),
        engine=engine,
    )  # fmt: skip
    assert len({epoch.validation for epoch in history}) == 1
    assert len({epoch.learning for epoch in history[1:]}) == 3  # a mask anew for each epoch
    assert model.first.training
    assert not model.drop.training


def test_an_interrupt_leaves_the_parameters_of_the_last_step() -> None:
    model, other = network(), network()

    def stop(training: Training) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nn.fit(model, X, Y, loss=nn.half_squared_error, optimiser=SGD, epochs=9, callbacks=[stop])
    nn.fit(other, X, Y, loss=nn.half_squared_error, optimiser=SGD, epochs=1)
    assert numbers(model) == numbers(other)


GOOD: dict[str, Any] = {"loss": nn.half_squared_error, "optimiser": SGD, "epochs": 1}


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"model": lambda x: x}, TypeError, r"the model is a module \(nn.Module\), not .* of type function"),
        ({"X": X[:5]}, ValueError, "of the samples there are 5 inputs and 23 targets"),
        ({"X": X[:0], "y": Y[:0]}, ValueError, "of the samples there are 0 inputs and 0 targets"),
        ({"X": [["a"]] * 23}, TypeError, "the inputs of the samples are an array of real numbers"),
        ({"X": [[1.0], [1.0, 2.0]]}, ValueError, "the inputs of the samples are no array"),
        ({"y": 5}, TypeError, "the targets of the samples are an array of real numbers, a row a sample, not 5"),
        ({"X": np.ma.masked_array(X, X > 0.5)}, TypeError, "masked array: fill it first"),
        ({"validation": X}, TypeError, "validation is a pair of inputs and targets, not"),
        ({"validation": (X[:, :3], Y)}, ValueError, r"inputs of the validation samples are \(3,\) each, .* \(6,\)"),
        ({"validation": (X, Y[:, 0])}, ValueError, r"targets of the validation samples are \(\) each, .* \(4,\)"),
        ({"epochs": 0}, ValueError, "epochs is a whole number of at least 1, not 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size is a whole number of at least 1, not 2.5"),
        ({"seed": -1}, ValueError, "seed is a whole number of at least 0, not -1"),
        ({"patience": 0, "validation": (X, Y)}, ValueError, "patience is a whole number of at least 1, not 0"),
        ({"patience": 2}, ValueError, "patience needs validation samples"),
        ({"clip": 0}, ValueError, "clip is a finite number above 0, not 0"),
        ({"engine": "gpu"}, ValueError, "engine is one of auto, eager, numpy, nodes, native, jax, not 'gpu'"),
        ({"loss": lambda a, b: a[0] * STRANGER}, ValueError, "1 parameters that are not the model's"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(given: Any, error: type[Exception], words: str) -> None:
    model = network()
    before = numbers(model)
    with pytest.raises(error, match=words):
        nn.fit(given.pop("model", model), given.pop("X", X), given.pop("y", Y), **GOOD | given)
    assert numbers(model) == before
    assert all(parameter.grad == 0 for parameter in model.parameters())


STRANGER = Value(2.0)


def test_the_history_is_a_table_and_a_picture() -> None:
    epochs = [Epoch(0, None, 0.75, {"accuracy": 0.1}), Epoch(1, 0.5, 0.625, {"accuracy": 0.8}, 0.1)]
    history = History(epochs, epochs[1])
    assert history.csv().splitlines() == [
        "epoch,learning,validation,lr,accuracy",
        "0,,0.75,,0.1",
        "1,0.5,0.625,0.1,0.8",
    ]
    assert [history[1], *history[:1], len(history)] == [epochs[1], epochs[0], 2]
    assert repr(history) == "History of 1 epochs: learning loss 0.5, validation loss 0.625, accuracy 0.8"
    left, right = history.plot().axes
    assert [line.get_label() for line in left.lines] == ["validation", "learning"] or len(left.lines) == 2
    assert right.lines[0].get_ydata() == pytest.approx([10, 80])  # per cent
    assert history._repr_png_()[1:4] == b"PNG"  # type: ignore[index]


def test_both_engines_answer_alike_and_hand_over_their_state() -> None:
    """The slots of one engine, given to the other, lead to the same steps."""
    model, other = network(), network()
    make = partial(nn.Adam, lr=0.01)
    eager, compiled = Eager(model, nn.mse_loss, make), Compiled(other, nn.mse_loss, make, (X[0], Y[0]))
    for engine in (eager, compiled):
        for _ in range(3):
            engine.step(X, Y)
        engine.write_back()
    swapped = eager.slots(), compiled.slots()
    for a, b in zip(*swapped, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-18)
    eager.set_slots(swapped[1])
    compiled.set_slots(swapped[0])
    for engine in (eager, compiled):
        engine.step(X, Y)
        engine.write_back()
    assert numbers(model) == pytest.approx(numbers(other), rel=1e-9)
    np.testing.assert_allclose(compiled.outputs(X), eager.outputs(X), rtol=1e-9)
    assert compiled.mean_loss(X, Y) == pytest.approx(eager.mean_loss(X, Y), rel=1e-12)
    assert autograd.total([Value(1.0)]).op is not None  # measuring has left recording as it was
