"""Whatever is given that is of another type than it should be: a `TypeError` that says what came, and nothing changed.

Every argument of every public constructor, loss and optimiser has a row here; a test holds that none is missing.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value
from nn import losses

LOSSES = [getattr(nn, name) for name in losses.__all__ if name != "cross_entropy"]  # that one takes a class


class Thing:
    """Of no type that anything here takes."""

    def __repr__(self) -> str:
        return "<thing>"


NOTHING_OF_USE = [None, "ab", b"ab", {1: 2.0}, {1.0, 2.0}, 1j, Thing(), Thing]
NUMBERS = [5, 2.5, True, np.float64(0.5), np.int64(3), np.True_]
LISTS = [[0.5], (0.5,), np.array([0.5])]
VALUE = [Value(0.5)]
NO_LIST = [*NOTHING_OF_USE, *NUMBERS, np.array(5)]
NO_WHOLE_NUMBER = [*NOTHING_OF_USE, 2.5, True, np.float64(2.0), np.True_, *LISTS, np.array([2]), *VALUE]
NO_SETTING = [*NOTHING_OF_USE, True, *LISTS, *VALUE]
NO_SWITCH = [*NOTHING_OF_USE, 5, 0.0, *LISTS, *VALUE]
NO_ACTIVATION = [x for x in [*NOTHING_OF_USE, *NUMBERS, *LISTS, *VALUE] if not isinstance(x, str) and x is not Thing]
NO_INITIALISER = [*(x for x in NOTHING_OF_USE if x is not None and not isinstance(x, str)), *NUMBERS, *LISTS, *VALUE]
NO_SEED = [
    *(x for x in NOTHING_OF_USE if x is not None),
    2.5,
    np.float64(1.0),
    *LISTS,
    np.random.default_rng(0),
    *VALUE,
]
NO_NUMBER = [*NOTHING_OF_USE, [0.5], (0.5,)]

W = Value(0.25)


def optimiser_rows(make: Any, **needed: Any) -> Iterator[tuple[str, Callable[[Any], Any], list[Any]]]:
    """A row for each argument of an optimiser; a setting is a number unless it is known to be something else."""
    yield "parameters", lambda x: make(x, **needed), [*NO_LIST, ["w"], [None], [2.0], [[W]]]
    settings = {*inspect.signature(make).parameters, *(["betas", "eps"] if make is nn.AdamW else [])}
    for name in sorted(settings - {"parameters", "nesterov", "betas", "adam"}):
        yield name, lambda x, name=name: make([W], **{**needed, name: x}), NO_SETTING
    if "nesterov" in settings:
        yield "nesterov", lambda x: make([W], lr=0.1, momentum=0.9, nesterov=x), NO_SWITCH
    if "betas" in settings:
        yield "betas", lambda x: make([W], betas=x), [x for x in NO_LIST if not isinstance(x, np.ndarray)]
        yield "betas", lambda x: make([W], betas=(x, 0.9)), NO_SETTING
        yield "betas", lambda x: make([W], betas=(0.9, x)), NO_SETTING


ROWS: dict[str, list[tuple[str, Callable[[Any], Any], list[Any]]]] = {
    "Neuron": [
        ("nin", lambda x: nn.Neuron(x), NO_WHOLE_NUMBER),
        ("nonlin", lambda x: nn.Neuron(2, x), NO_SWITCH),
        ("activation", lambda x: nn.Neuron(2, activation=x), [x for x in NO_ACTIVATION if x is not None]),
        ("init", lambda x: nn.Neuron(2, init=x), NO_INITIALISER),
        ("init", lambda x: nn.Neuron(2, init=nn.Initialiser(x, lambda random: 0.0)), [None, "he", 0.5]),
        ("init", lambda x: nn.Neuron(2, init=nn.Initialiser(lambda random, nin, nout: 0.0, x)), [None, "he", 0.5]),
        (
            "init",
            lambda x: nn.Neuron(2, init=nn.Initialiser(lambda random, nin, nout: x, lambda random: 0.0)),
            NO_NUMBER,
        ),
        ("seed", lambda x: nn.Neuron(2, seed=x), NO_SEED),
        ("nout", lambda x: nn.Neuron(2, nout=x, init="xavier"), NO_WHOLE_NUMBER),
        ("x", lambda x: nn.Neuron(1, seed=0)(x), [*NO_LIST, *VALUE]),
        ("x", lambda x: nn.Neuron(2, seed=0)([0.5, x]), NO_NUMBER),
        ("x", lambda x: nn.Neuron(2, seed=0)([Value(0.5), x]), NO_NUMBER),
    ],
    "Layer": [
        ("nin", lambda x: nn.Layer(x, 2), NO_WHOLE_NUMBER),
        ("nout", lambda x: nn.Layer(2, x), NO_WHOLE_NUMBER),
        ("seed", lambda x: nn.Layer(2, 2, seed=x), NO_SEED),
        ("neuron", lambda x: nn.Layer(2, 2, activation=x), [x for x in NO_ACTIVATION if x is not None]),
        ("x", lambda x: nn.Layer(1, 2, seed=0)(x), [*NO_LIST, *VALUE]),
        ("x", lambda x: nn.Layer(2, 2, seed=0)([0.5, x]), NO_NUMBER),
    ],
    "MLP": [
        ("nin", lambda x: nn.MLP(x, [2]), NO_WHOLE_NUMBER),
        ("nouts", lambda x: nn.MLP(2, x), NO_LIST),
        ("nouts", lambda x: nn.MLP(2, [2, x]), NO_WHOLE_NUMBER),
        ("activation", lambda x: nn.MLP(2, [2], activation=x), NO_ACTIVATION),
        ("activation", lambda x: nn.MLP(2, [2, 2], activation=x), NO_ACTIVATION),
        ("output", lambda x: nn.MLP(2, [2, 2], output=x), NO_ACTIVATION),
        ("init", lambda x: nn.MLP(2, [2], init=x), NO_INITIALISER),
        ("seed", lambda x: nn.MLP(2, [2], seed=x), NO_SEED),
        ("x", lambda x: nn.MLP(1, [2, 1], seed=0)(x), NO_LIST),
        ("x", lambda x: nn.MLP(2, [2, 1], seed=0)([0.5, x]), NO_NUMBER),
    ],
    "SGD": list(optimiser_rows(nn.SGD, lr=0.1)),
    "Adam": list(optimiser_rows(nn.Adam)),
    "AdamW": [*optimiser_rows(nn.AdamW), ("adam", lambda x: nn.AdamW([W], eps=x), NO_SETTING)],
    "Optimiser": [
        ("parameters", lambda x: nn.Optimiser(x, 0.1), NO_LIST),
        ("lr", lambda x: nn.Optimiser([W], x), NO_SETTING),
    ],
    "cross_entropy": [
        ("logits", lambda x: nn.cross_entropy(x, 0), NOTHING_OF_USE),
        ("logits", lambda x: nn.cross_entropy([0.5, x], 0), NO_NUMBER),
        ("target", lambda x: nn.cross_entropy([0.5, 0.25], x), [*NOTHING_OF_USE, 0.5, np.float64(1.0), *VALUE]),
        ("target", lambda x: nn.cross_entropy([0.5], x), [0.5, 1.0, Value(1.0)]),
        ("target", lambda x: nn.cross_entropy([0.5, 0.25], [0.5, x]), NO_NUMBER),
    ],
}
for loss in LOSSES:
    first, _ = inspect.signature(loss).parameters
    ROWS[loss.__name__] = [
        (first, lambda x, loss=loss: loss(x, 1), NOTHING_OF_USE),
        (first, lambda x, loss=loss: loss([0.5, x], [1, 1]), NO_NUMBER),
        ("target", lambda x, loss=loss: loss(0.5, x), NOTHING_OF_USE),
        ("target", lambda x, loss=loss: loss([0.5, Value(0.5)], [1, x]), NO_NUMBER),
    ]

CASES = [
    pytest.param(make, given, id=f"{name} {argument} {type(given).__name__}")
    for name, rows in ROWS.items()
    for argument, make, wrong in rows
    for given in wrong
]


@pytest.mark.parametrize(("make", "given"), CASES)
def test_what_is_of_another_type_is_a_type_error_that_says_what_it_was(make: Any, given: Any) -> None:
    random.seed(0)
    before = random.getstate()
    with pytest.raises(TypeError) as raised:
        make(given)
    inside = given[0] if isinstance(given, list) and given else given
    said = str(raised.value)
    assert repr(given) in said or repr(inside) in said
    assert type(given).__name__ in said or type(inside).__name__ in said
    assert random.getstate() == before, "nothing was drawn"
    assert (W.data, W.grad) == (0.25, 0.0)


def test_every_argument_of_everything_public_has_a_row() -> None:
    elsewhere = {"Dropout", "Module", "Initialiser", "INITIALISERS", *nn._ON_FIRST_USE}  # tests of their own
    for name in set(nn.__all__) - elsewhere:
        thing = getattr(nn, name)
        arguments = set(inspect.signature(thing).parameters)
        if inspect.isclass(thing) and "__call__" in vars(thing):
            arguments |= set(inspect.signature(thing.__call__).parameters) - {"self"}
        assert arguments <= {argument for argument, _, _ in ROWS[name]}, name


def test_a_network_that_cannot_be_made_draws_nothing() -> None:
    """The sizes and the activations of all layers are looked at before the first weight."""
    random.seed(0)
    generator = random.Random(1)
    before, own = random.getstate(), generator.getstate()
    for wrong in ({"nouts": [3, -1]}, {"nouts": [3, "2"]}, {"output": "sigmoids"}, {"output": 5}, {"init": "glorot"}):
        for seed in (None, generator):
            with pytest.raises((ValueError, TypeError)):
                nn.MLP(**{"nin": 2, "nouts": [3, 2], "seed": seed, **wrong})
    assert (random.getstate(), generator.getstate()) == (before, own)


def test_sizes_and_seeds_may_be_numpys() -> None:
    assert (
        nn.MLP(np.int64(2), np.array([3, 1]), seed=np.int64(5)).state_dict() == nn.MLP(2, (3, 1), seed=5).state_dict()
    )
    assert nn.Neuron(np.uint8(2), seed=5).state_dict() == nn.Neuron(2, seed=5).state_dict()


@pytest.mark.parametrize("name", ["lr", "momentum", "dampening", "weight_decay", "eps", "betas"])
def test_a_setting_is_checked_whenever_it_is_set(name: str) -> None:
    optimiser = (nn.Adam if name in ("eps", "betas") else nn.SGD)([W], lr=0.1)
    kept = getattr(optimiser, name)
    for wrong, error in [("fast", TypeError), (None, TypeError), (-1.0 if name != "betas" else (2, 0.9), ValueError)]:
        with pytest.raises(error, match="β" if isinstance(wrong, tuple) else name):
            setattr(optimiser, name, wrong)
        assert getattr(optimiser, name) == kept


@pytest.mark.parametrize("make", [nn.Adam, nn.AdamW])
def test_an_eps_of_0_is_refused_as_a_gradient_of_0_would_be_0_over_0(make: Any) -> None:
    with pytest.raises(ValueError, match="eps is a finite number above 0, not 0"):
        make([W], eps=0)
    optimiser = make([Value(1.0)], eps=5e-324)
    optimiser.step()
    assert abs(optimiser.parameters[0].data - 1) <= 1e-5  # AdamW decays it by lr · 0.01


# ── steps, states and modes ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("given", ["ab", 1j, [1.0], np.ones(1), Thing()])
@pytest.mark.parametrize("make", [nn.SGD, nn.Adam, nn.AdamW])
def test_a_gradient_that_is_no_number_steps_no_parameter(make: Any, given: Any) -> None:
    parameters = [Value(1.0), Value(2.0), Value(3.0)]
    optimiser = make(parameters, lr=0.1)
    state = list(optimiser.state)
    for p, gradient in zip(parameters, (1.0, 2.0, given), strict=True):
        p._grad = gradient  # past the check of `grad`, as a subclass could
    with pytest.raises(TypeError, match=r"the gradient of parameter 2 is a number, not .* of type"):
        optimiser.step()
    assert [p.data for p in parameters] == [1.0, 2.0, 3.0]
    assert optimiser.state == state


def test_a_rule_that_fails_in_the_middle_steps_no_parameter() -> None:
    class Reciprocal(nn.Optimiser):
        def rule(self, w: Any, g: Any, *state: Any) -> tuple[Any, ...]:
            return (w - self.lr / g,)

    parameters = [Value(1.0), Value(2.0)]
    parameters[0].grad = 1.0
    with pytest.raises(ZeroDivisionError):
        Reciprocal(parameters, 0.1).step()
    assert [p.data for p in parameters] == [1.0, 2.0]


def test_a_gradient_set_to_none_is_zero() -> None:
    w, v = Value(1.0), Value(1.0)
    optimiser = nn.SGD([w, v], lr=0.5, weight_decay=1.0)
    w.grad, v.grad = None, 1.0
    assert w.grad == 0.0
    optimiser.step()
    assert (w.data, v.data) == (0.5, 0.0)


@pytest.mark.parametrize(
    ("gradient", "error", "words"),
    [
        (0.5, TypeError, "is an array of numbers, not 0.5 of type float"),
        ([0.5, 0.5], TypeError, r"is an array of numbers, not \[0.5, 0.5\] of type list"),
        ("ab", TypeError, "is an array of numbers, not 'ab' of type str"),
        (np.array(["a", "b"]), TypeError, "is an array of numbers, not array"),
        (np.array([W, W]), TypeError, "is an array of numbers, not array"),
        (np.ones(1), ValueError, r"the shape of the vector, \(2,\), and not \(1,\)"),  # NumPy would repeat it
        (np.ones((2, 2)), ValueError, r"the shape of the vector, \(2,\), and not \(2, 2\)"),
    ],
)
@pytest.mark.parametrize("make", [nn.SGD, nn.Adam, nn.AdamW])
def test_a_gradient_that_is_not_the_vectors_changes_nothing(make: Any, gradient: Any, error: Any, words: str) -> None:
    program = SimpleNamespace(vector=np.array([1.0, 2.0]))
    optimiser = make(program, lr=0.1)
    state = list(optimiser.state)
    with pytest.raises(error, match=words):
        optimiser.step(gradient)
    assert program.vector.tolist() == [1.0, 2.0]
    assert optimiser.state == state


@pytest.mark.parametrize("given", [None, "ab", 5, [1.0], [("layers.0.weight", 1.0)]])
def test_a_state_that_is_no_dictionary_is_refused(given: Any) -> None:
    model = nn.MLP(1, [1], seed=0)
    before = model.state_dict()
    with pytest.raises(TypeError, match=r"a state is a dictionary, as state_dict gives it, not .* of type"):
        model.load_state_dict(given)
    assert model.state_dict() == before


@pytest.mark.parametrize("given", [None, "ab", 1, [True]])
def test_the_mode_is_true_or_false(given: Any) -> None:
    model = nn.MLP(1, [1], seed=0)
    with pytest.raises(TypeError, match=r"the mode is True or False, not .* of type"):
        model.train(given)
    assert model.training
