"""The losses: PyTorch's numbers, stable for logits of any size, and clear about what they take.

The reference numbers are PyTorch's own (`references/make_losses.py`).
"""

import json
import math
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from references import make_losses

import autograd
import nn
from autograd import Value, sigmoid
from nn import losses

CASES = json.loads(Path(make_losses.__file__).with_name("losses.json").read_text())["cases"]
OF_PAIRS = [getattr(nn, name) for name in losses.__all__ if name != "cross_entropy"]  # that one takes a class


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['loss']} {case['prediction']}")
def test_value_and_gradient_are_pytorchs(case: dict[str, Any]) -> None:
    prediction = [Value(p) for p in case["prediction"]]
    loss = getattr(nn, case["loss"])(prediction, case["target"])
    loss.backward()
    # A loss is a difference of terms as large as its inputs: a few ulp (2.2e-16) of the largest one
    largest = max(1.0, *map(abs, case["prediction"])) if case["loss"] == "cross_entropy" else 1.0
    assert loss.data == pytest.approx(case["value"], rel=1e-14, abs=1e-15 * largest)
    # softmax = exp(z − log Σ exp z): the rounding of the exponent, half an ulp of 800, is 6e-14 of the result
    assert [p.grad for p in prediction] == pytest.approx(case["gradient"], rel=1e-13, abs=1e-15)


def test_every_loss_was_compared() -> None:
    assert {case["loss"] for case in CASES} == {f.__name__ for f in [*OF_PAIRS, nn.cross_entropy]}


@pytest.mark.parametrize("loss", OF_PAIRS)
def test_numbers_give_a_number_and_values_a_value(loss: Any) -> None:
    y, target = [0.25, 0.5], [1.0, 1.0]
    expected = loss(y, target)
    assert type(expected) is float
    for prediction in ([Value(v) for v in y], tuple(map(Value, y)), np.array([Value(v) for v in y])):
        for targets in (target, tuple(target), np.array(target), np.array([1, 1])):
            found = loss(prediction, targets)
            assert type(found) is Value
            assert found.data == expected
    assert loss(np.array(y), np.array(target)) == expected


@pytest.mark.parametrize("loss", OF_PAIRS)
def test_a_lone_prediction_counts_as_a_list_of_one(loss: Any) -> None:
    expected = loss([0.25], [1.0])
    for one in (1, 1.0, np.float64(1), np.int64(1), np.array(1.0), [1], np.array([1.0])):
        assert loss(Value(0.25), one).data == expected
        assert loss([Value(0.25)], one).data == expected


@pytest.mark.parametrize("loss", OF_PAIRS)
@pytest.mark.parametrize(("prediction", "target"), [([], []), ([0.5], [1.0, 1.0]), ([0.5, 0.5], 1.0), (0.5, [])])
def test_unequal_lengths_and_none_at_all_are_an_error(loss: Any, prediction: Any, target: Any) -> None:
    with pytest.raises(
        ValueError, match=r"as many predictions as targets, at least one; it was given \d predictions and"
    ):
        loss(prediction, target)


def test_targets_may_be_values_and_receive_gradients() -> None:
    y = Value(0.25)
    nn.half_squared_error(0.75, y).backward()
    assert y.grad == -0.5  # ∂½(ŷ − y)²/∂y = y − ŷ


def test_absolute_error_has_the_gradient_zero_at_the_tie() -> None:
    y = Value(1.0)
    nn.l1_loss(y, 1.0).backward()
    assert y.grad == 0.0


# ── cross-entropies at the extremes ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(("p", "y"), [(0.0, 1.0), (1.0, 0.0)])
def test_the_logarithm_of_binary_cross_entropy_is_never_less_than_minus_100(p: float, y: float) -> None:
    prediction = Value(p)
    loss = nn.binary_cross_entropy(prediction, y)
    loss.backward()
    assert loss.data == 100.0
    assert prediction.grad == 0.0, "where the bound holds; PyTorch's is 1e12"


NEAR_0_AND_1 = [1e-300, 1e-43, 1e-17, 1e-16, 1e-9, 0.3, 1 - 1e-9, 1 - 2**-52, 1 - 2**-53]


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("p", NEAR_0_AND_1)
def test_binary_cross_entropy_of_probabilities_near_0_and_1_keeps_its_digits(p: float, y: float) -> None:
    """−(y log p + (1 − y) log(1 − p)) and (1 − y)/(1 − p) − y/p, at 400 digits; and where log p is bounded, no y/p"""
    prediction = Value(p)
    loss = nn.binary_cross_entropy(prediction, y)
    loss.backward()
    with mpmath.workdps(400):
        P, Y = mpmath.mpf(p), mpmath.mpf(y)
        bounded = mpmath.log(P) < -100
        value = -Y * max(mpmath.log(P), -100) - (1 - Y) * mpmath.log(1 - P)
        gradient = (1 - Y) / (1 - P) - (0 if bounded else Y / P)
    # two logarithms, two products, a sum of terms of one sign, and the mean: half an ulp each
    assert loss.data == pytest.approx(float(value), rel=6 * 2**-53, abs=0)
    # 1/(1 − p) and 1/p, two products; y/p and (1 − y)/(1 − p) cancel, at worst where p = 0.3
    assert prediction.grad == pytest.approx(float(gradient), rel=4e-15, abs=0)


@pytest.mark.parametrize("side", [-1, 1])
def test_the_bound_of_binary_cross_entropy_is_100(side: int) -> None:
    """e^(−100) is the least probability whose logarithm is looked at."""
    p = math.exp(-100) * (1 + side * 1e-9)
    prediction = Value(p)
    loss = nn.binary_cross_entropy(prediction, 1.0)
    loss.backward()
    assert loss.data == pytest.approx(100.0, rel=1e-10)
    assert prediction.grad == pytest.approx(-1 / p if side == 1 else 0.0, rel=1e-14)


@pytest.mark.parametrize("loss", OF_PAIRS)
def test_losses_are_what_their_formula_says(loss: Any) -> None:
    """Of three pairs, at 50 digits, and the gradient by mpmath's derivative."""
    prediction, target = [0.3, 0.8, 0.45], [1.0, -1.0, 1.0] if loss is nn.hinge_loss else [0.9, 0.05, 0.6]
    with mpmath.workdps(50):
        log = mpmath.log
        # fmt: off
        formula, mean = {
            "squared_error":        (lambda p, y: (p - y) ** 2, 1),
            "half_squared_error":   (lambda p, y: (p - y) ** 2 / 2, 1),
            "mse_loss":             (lambda p, y: (p - y) ** 2, 3),
            "l1_loss":              (lambda p, y: abs(p - y), 3),
            "binary_cross_entropy": (lambda p, y: -y * log(p) - (1 - y) * log(1 - p), 3),
            "binary_cross_entropy_with_logits":
                                    (lambda z, y: log(1 + mpmath.exp(z)) - y * z, 3),
            "hinge_loss":           (lambda p, y: max(mpmath.mpf(0), 1 - y * p), 3),
        }[loss.__name__]
        # fmt: on
        pairs = [(mpmath.mpf(p), mpmath.mpf(y)) for p, y in zip(prediction, target, strict=True)]
        value = float(sum(formula(p, y) for p, y in pairs) / mean)
        gradient = [float(mpmath.diff(lambda p, y=y: formula(p, y), p) / mean) for p, y in pairs]
    nodes = [Value(p) for p in prediction]
    found = loss(nodes, target)
    found.backward()
    # sums of three terms that do not cancel, of a few roundings each
    assert found.data == pytest.approx(value, rel=1e-15)
    assert [v.grad for v in nodes] == pytest.approx(gradient, rel=2e-15)


@pytest.mark.parametrize(("p", "y"), [(0.0, 0.0), (1.0, 1.0)])
def test_a_certain_and_right_probability_costs_nothing(p: float, y: float) -> None:
    assert nn.binary_cross_entropy(Value(p), y).data == 0.0


@pytest.mark.parametrize("p", [-0.1, 1.1, -1e-300, 1 + 2**-52, math.inf])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_what_is_no_probability_is_a_domain_error(p: float, y: float) -> None:
    for prediction in (p, Value(p)):
        with pytest.raises(ValueError, match="log"):
            nn.binary_cross_entropy(prediction, y)


@pytest.mark.parametrize("z", [-1e308, -750.0, -30.0, 0.0, 30.0, 750.0, 1e308])
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
def test_binary_cross_entropy_of_a_logit_of_any_size_has_the_gradient_sigmoid_minus_target(z: float, y: float) -> None:
    logit = Value(z)
    loss = nn.binary_cross_entropy_with_logits(logit, y)
    loss.backward()
    assert math.isfinite(loss.data)
    assert logit.grad == pytest.approx(sigmoid(z) - y, abs=2.3e-16)  # two numbers below 1, right to an ulp of 1 each


@pytest.mark.parametrize("z", [-745.0, -40.0, -3.0, -1e-9, 0.0, 1e-9, 3.0, 20.0, 36.0, 40.0, 700.0, 745.0])
@pytest.mark.parametrize("y", [0.0, 1e-12, 0.25, 0.5, 1 - 1e-12, 1.0])
def test_binary_cross_entropy_of_logits_and_its_gradient_keep_their_digits(z: float, y: float) -> None:
    """Where the prediction is sure and right the loss is tiny, e^−z; softplus(z) − z has lost it at z = 37."""
    with mpmath.workdps(400):
        probability = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        expected = -y * mpmath.log(probability) - (1 - mpmath.mpf(y)) * mpmath.log1p(-probability)
        gradient = probability - mpmath.mpf(y)
        size = y * (1 - probability) + (1 - mpmath.mpf(y)) * probability
    logit = Value(z)
    loss = nn.binary_cross_entropy_with_logits(logit, y)
    loss.backward()
    # Functions, products and the sum are right to an ulp, and both terms positive; 5e-324 where e^−745 ends
    assert loss.data == pytest.approx(float(expected), rel=1e-15, abs=5e-324)
    # Its derivative is a difference of two such terms: right to an ulp of the greater of them
    assert abs(logit.grad - float(gradient)) <= 1e-15 * float(size) + 5e-324
    program = autograd.compile(nn.binary_cross_entropy_with_logits, example=(0.0, 0.0))
    assert np.ravel(program([z], [y]))[0] == pytest.approx(float(expected), rel=1e-15, abs=5e-324)


@pytest.mark.parametrize("yes", [True, np.True_], ids=["Python", "NumPy"])
@pytest.mark.parametrize(
    "loss",
    [
        nn.binary_cross_entropy,
        nn.binary_cross_entropy_with_logits,
        nn.squared_error,
        nn.half_squared_error,
        nn.mse_loss,
        nn.l1_loss,
        nn.cross_entropy,
    ],
)
def test_a_truth_value_is_a_target_of_one_or_zero(loss: Any, yes: Any) -> None:
    for targets in ([yes, not yes], np.array([yes, not yes]), [np.bool_(yes), np.bool_(not yes)]):
        gradients = []
        for given in (targets, [1.0, 0.0]):
            predictions = [Value(0.3), Value(0.6)]
            loss(predictions, given).backward()
            gradients.append([loss([0.3, 0.6], given), *(p.grad for p in predictions)])
        assert gradients[0] == gradients[1]


def test_binary_cross_entropy_of_logits_is_that_of_their_sigmoids() -> None:
    z, y = [-3.0, 0.5, 4.0], [0.0, 0.3, 1.0]
    of_logits = nn.binary_cross_entropy_with_logits(z, y)
    assert of_logits == pytest.approx(nn.binary_cross_entropy([sigmoid(v) for v in z], y), rel=1e-14)


def test_cross_entropy_has_the_gradient_softmax_minus_target() -> None:
    z, y = [0.3, -1.2, 2.0], [0.2, 0.5, 0.3]
    logits = [Value(v) for v in z]
    nn.cross_entropy(logits, y).backward()
    e = np.exp(z)
    assert [v.grad for v in logits] == pytest.approx(e / e.sum() - y, rel=1e-14)


@pytest.mark.parametrize(
    "y", [[0.2, 0.5, 0.3], [1.0, 1.0, 0.0], [0.25, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0, -1.0, 3.0], [1e-300, 0.0, 1e-17]]
)
def test_cross_entropy_of_targets_whatever_they_add_up_to(y: list[float]) -> None:
    """−Σ y log softmax(z) = Σy · log Σ exp z − Σ y z, whose gradient is softmax(z) Σy − y, at 50 digits"""
    z = [0.3, -1.2, 2.0]
    logits = [Value(v) for v in z]
    loss = nn.cross_entropy(logits, y)
    loss.backward()
    with mpmath.workdps(50):
        norm = sum(mpmath.exp(v) for v in z)
        value = -sum(t * mpmath.log(mpmath.exp(v) / norm) for t, v in zip(y, z, strict=True))
        gradient = [float(sum(y) * mpmath.exp(v) / norm - t) for t, v in zip(y, z, strict=True)]
    largest = max(map(abs, y))  # z and log Σ exp z are below 3, so terms are below 3 of it: a few roundings of those
    assert loss.data == pytest.approx(float(value), rel=0, abs=2e-15 * largest)
    assert [v.grad for v in logits] == pytest.approx(gradient, rel=0, abs=2e-15 * largest)


def test_cross_entropy_of_targets_that_are_values_has_their_gradient() -> None:
    """∂/∂y = −log softmax(z)"""
    z, y = [0.3, -1.2, 2.0], [Value(0.2), Value(0.5), Value(1.3)]
    nn.cross_entropy(z, y).backward()
    expected = [math.log(sum(map(math.exp, z))) - v for v in z]
    assert [t.grad for t in y] == pytest.approx(expected, rel=1e-14)  # a difference of numbers below 3


@pytest.mark.parametrize("index", [np.array(2), np.array(2, np.uint8)])
def test_a_class_may_be_an_array_of_no_dimension(index: Any) -> None:
    assert nn.cross_entropy([0.3, -1.2, 2.0], index) == nn.cross_entropy([0.3, -1.2, 2.0], 2)


@pytest.mark.parametrize("index", [2, np.int64(2), np.uint8(2), True])
def test_cross_entropy_of_a_class_is_that_of_certainty(index: Any) -> None:
    z = [0.3, -1.2, 2.0]
    certain = [float(i == int(index)) for i in range(3)]
    assert nn.cross_entropy(z, index) == pytest.approx(nn.cross_entropy(z, certain), rel=1e-15)


@pytest.mark.parametrize("index", [3, -1])
def test_an_index_that_is_no_class_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError, match=f"the target is a class from 0 to 2, not {index}"):
        nn.cross_entropy([0.1, 0.2, 0.3], index)


def test_cross_entropy_of_no_logits_or_other_than_as_many_probabilities_is_an_error() -> None:
    for target in (0, [], [1.0]):
        with pytest.raises(ValueError, match="at least one"):
            nn.cross_entropy([], target)
    with pytest.raises(ValueError, match="given 2 predictions and 3 targets"):
        nn.cross_entropy([0.1, 0.2], [0.2, 0.3, 0.5])


def test_targets_of_the_hinge_loss_are_plus_or_minus_one() -> None:
    with pytest.raises(ValueError, match="the targets of hinge_loss are -1 or 1, not 0"):
        nn.hinge_loss([0.3], [0])
