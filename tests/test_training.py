"""The training loop: mini-batches, their mean gradient, and the same curve as the equations by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import nn
from autograd import total
from nn import by_hand
from nn.digits import CHOICES
from nn.training import Compiled, Eager, batches, mean_loss, train

RANDOM = np.random.default_rng(5)
X, Y = RANDOM.random((23, 6)), np.eye(4)[RANDOM.integers(0, 4, 23)]


def network(seed: int = 0, **settings: str) -> nn.MLP:
    return nn.MLP(
        6, [5, 4], **{"activation": "sigmoid", "output": "sigmoid", "init": "gaussian", **settings}, seed=seed
    )


def engine(model: nn.MLP, lr: float = 0.5) -> Eager:
    return Eager(model, nn.half_squared_error, partial(nn.SGD, lr=lr))


def test_the_compiled_engine_gives_the_curve_of_the_eager_one() -> None:
    """For the first hundred steps and beyond, with a last mini-batch that is smaller than the others."""
    model, other = network(), network()
    compiled = Compiled(other, nn.half_squared_error, partial(nn.SGD, lr=0.5), nin=6, nout=4)
    curve, again = ([], [])
    list(train(engine(model), X, Y, batch_size=5, epochs=25, after_step=curve.append))
    list(train(compiled, X, Y, batch_size=5, epochs=25, after_step=again.append))
    assert len(curve) == 125
    assert again == pytest.approx(curve, rel=1e-12)  # rounding of sums in another order; a step barely adds to it
    np.testing.assert_allclose(compiled.outputs(X), engine(model).outputs(X), rtol=1e-12)
    assert other.state_dict() == network().state_dict()  # the parameters live in the program until written back
    compiled.write_back()
    for w, v in zip(model.parameters(), other.parameters(), strict=True):
        assert v.data == pytest.approx(w.data, rel=1e-11)


def test_the_compiled_engine_answers_with_the_parameters_of_the_moment() -> None:
    other = nn.MLP(6, [3, 1], activation="tanh", seed=1)
    compiled = Compiled(other, nn.squared_error, partial(nn.SGD, lr=0.1), nin=6, nout=1)
    for _ in range(2):
        compiled.step(X[:4], Y[:4, :1])
        compiled.write_back()
        outputs = compiled.outputs(X)
        assert outputs.shape == (23, 1)
        assert outputs[:, 0] == pytest.approx([other(x.tolist()).data for x in X], rel=1e-13)


def test_every_sample_is_in_one_mini_batch_of_the_size_asked_for() -> None:
    drawn = list(batches(23, 5, np.random.default_rng(0)))
    assert [len(rows) for rows in drawn] == [5, 5, 5, 5, 3]
    assert sorted(np.concatenate(drawn).tolist()) == list(range(23))


def test_each_epoch_draws_anew_and_the_seed_decides() -> None:
    generator = np.random.default_rng(0)
    first, second = (np.concatenate(list(batches(23, 5, generator))).tolist() for _ in range(2))
    assert first != second
    assert first == np.concatenate(list(batches(23, 5, np.random.default_rng(0)))).tolist()
    assert first != np.concatenate(list(batches(23, 5, np.random.default_rng(1)))).tolist()


def test_a_step_goes_against_the_mean_of_the_samples_gradients() -> None:
    """Seed 002 eq. 17, against one backward pass over the graph of the whole mini-batch."""
    model, other = network(), network()
    loss = engine(model, lr=0.5).step(X[:7], Y[:7])
    mean = total([nn.half_squared_error(other(x.tolist()), y.tolist()) for x, y in zip(X[:7], Y[:7], strict=True)]) / 7
    mean.backward()
    assert loss == pytest.approx(mean.data, rel=1e-14)  # sums of seven terms, in another order
    for w, v in zip(model.parameters(), other.parameters(), strict=True):
        assert w.data == pytest.approx(v.data - 0.5 * v.grad, rel=1e-13)
        assert w.grad == 0


def test_training_is_what_the_four_equations_do_by_hand() -> None:
    """Two epochs with every gradient by hand end at the same weights."""
    model, by_equations = network(), network()
    losses = list(train(engine(model), X, Y, batch_size=5, epochs=2, seed=3))
    state = {name: np.array(tensor) for name, tensor in by_equations.state_dict().items()}
    W, b = ([state[f"layers.{i}.{kind}"] for i in range(2)] for kind in ("weight", "bias"))
    generator, expected = np.random.default_rng(3), []
    for _ in range(2):
        errors = []
        for rows in batches(23, 5, generator):
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
    assert losses == pytest.approx(expected, rel=1e-12)  # ten steps of rounding
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


def test_the_gradient_check_sees_a_wrong_equation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(by_hand.ACTIVATIONS, "sigmoid", (by_hand.ACTIVATIONS["sigmoid"][0], np.ones_like))
    difference, largest = by_hand.largest_difference(network(), X[0].tolist(), Y[0].tolist())
    assert difference > 0.1 * largest


def test_the_equations_are_known_for_all_that_can_be_chosen_and_refuse_the_rest() -> None:
    assert set(CHOICES["activation"]) == set(CHOICES["output"]) == set(by_hand.ACTIVATIONS)
    assert set(CHOICES["loss"]) == set(by_hand.LOSSES)
    with pytest.raises(ValueError, match=r"by hand there are .*, not 'gelu'"):
        by_hand.largest_difference(network(activation="gelu"), X[0].tolist(), Y[0].tolist())


def test_outputs_are_the_networks_and_record_no_gradient() -> None:
    model = network()
    outputs = engine(model).outputs(X)
    assert outputs.shape == (23, 4)
    assert outputs[2].tolist() == [y.data for y in model(X[2].tolist())]
    assert engine(nn.MLP(6, [1], seed=0)).outputs(X).shape == (23, 1)


def test_the_mean_loss_is_that_of_the_rows() -> None:
    outputs = RANDOM.random((23, 4))
    assert mean_loss(nn.half_squared_error, outputs, Y) == pytest.approx(0.5 * ((outputs - Y) ** 2).sum() / 23)


def test_the_progress_is_told_after_each_mini_batch() -> None:
    told: list[float] = []
    epoch = next(train(engine(network()), X, Y, batch_size=5, epochs=9, after_step=told.append))
    assert len(told) == 5
    assert epoch == pytest.approx((5 * sum(told[:4]) + 3 * told[4]) / 23)  # each sample counts the same


@pytest.mark.parametrize(("x", "y", "size"), [(X, Y[:-1], 5), (X[:0], Y[:0], 5), (X, Y, 0)])
def test_what_cannot_be_trained_on_is_refused(x: np.ndarray, y: np.ndarray, size: int) -> None:
    with pytest.raises(ValueError, match=rf"{len(x)} inputs, {len(y)} targets, batches of {size}"):
        next(train(engine(network()), x, y, batch_size=size, epochs=1))
