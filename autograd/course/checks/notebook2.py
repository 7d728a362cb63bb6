"""Exercises of notebook 2, a neuron and six of them."""

from __future__ import annotations

from typing import Any

from autograd.course.answers import leaves
from autograd.course.kinds import Check, formula, function, numbers
from autograd.course.wrong import Wrong
from autograd.functional import grad
from autograd.nary import dot
from autograd.primitives import table
from autograd.value import Value

__all__ = ["CHECKS"]

sigmoid, log = table["sigmoid"], table["log"]


def _output(w1: Any, w2: Any, x1: Any, x2: Any) -> Any:
    return sigmoid(w1 * x1 + w2 * x2)


def _curvature(O: float) -> float:  # noqa: E741
    """f″ where the sigmoid is O, so at e = ln(O / (1 − O))."""
    bent: float = grad(grad(sigmoid))(log(O / (1 - O)))
    return bent


def _error(w: list[Any], x: list[float], b: Any, t: float) -> Any:
    return (sigmoid(dot(w, x, b)) - t) ** 2 / 2


def _neuron_backward(w: list[float], x: list[float], b: float, t: float) -> Any:
    return grad(_error, argnums=(0, 2))(w, x, b, t)


def _without_slope(w: list[float], x: list[float], b: float, t: float) -> Any:
    gap = sigmoid(dot(w, x, b)) - t
    return [gap * x_j for x_j in x], gap


def _and(answer: Any) -> None:
    (_, w1, _), (_, w2, _), (_, b, _) = leaves(answer, [0.0, 0.0, 0.0])
    for x1, x2 in ((1, 1), (0, 0), (0, 1), (1, 0)):
        says = sigmoid(w1 * x1 + w2 * x2 + b)
        if says != says:
            raise Wrong(f"For ({x1}, {x2}) it says {says}: the weights and the bias are to be finite numbers.")
        if not (says > 0.9 if x1 and x2 else says < 0.1):
            if (says > 0.5) == bool(x1 and x2):
                raise Wrong(f"For ({x1}, {x2}) it says {says:.3g}: the right side of the line, but not decidedly.")
            raise Wrong(f"For ({x1}, {x2}) it says {says:.3g}: this corner is on the wrong side of the line.")


def _errors(w: dict[int, float], O: dict[int, float], target: dict[int, float]) -> dict[int, float]:  # noqa: E741
    """−∂E/∂O of each neuron, by the engine, at a network whose outputs are these."""
    weights = {i: Value(x) for i, x in w.items()}
    first = {i: Value(O[i]) for i in (1, 2)}
    total: Any = 0.0
    last = {}
    for i, a, b in ((3, 5, 7), (4, 6, 8)):
        e = weights[a] * first[1] + weights[b] * first[2]
        last[i] = sigmoid(e - e.data + log(O[i] / (1 - O[i])))
        total = total + (last[i] - target[i]) ** 2 / 2
    total.backward()
    return {i: -node.grad for i, node in (first | last).items()}


CHECKS: dict[str, Check] = {
    "2.1": numbers(
        lambda: grad(_output, argnums=(0, 1, 2, 3))(2.0, -1.0, 0.5, 1.0),
        names=["∂O/∂w1", "∂O/∂w2", "∂O/∂x1", "∂O/∂x2"],
        mistakes=[
            (lambda: [0.5, 1, 2, -1], "These are the gradients of e. O follows e, but more slowly: what is f′(e)?"),
            (lambda: [0.5, -0.25, 0.125, 0.25], "A weight gets × its input, an input × its weight; not the other way."),
        ],
    ),
    "2.2": formula(
        _curvature,
        [{"O": x} for x in (0.2, 0.35, 0.9)],
        mistakes=[
            (lambda O: 1 - 2 * O, "That is how f′ answers to O. How does O answer to e?"),  # noqa: E741
            (lambda O: O * (1 - O), "That is f′. How does it change with e?"),  # noqa: E741
        ],
    ),
    "2.3": function(
        _neuron_backward,
        [
            {"w": [0.8, -1.2], "x": [1.5, 0.5], "b": 0.3, "t": 0.9},
            {"w": [0.4, -0.7, 1.1], "x": [0.6, -2.0, 0.25], "b": -0.8, "t": 0.1},
        ],
        names={"[0]": "∂E/∂w", "[1]": "∂E/∂b"},
        mistakes=[
            (
                lambda w, x, b, t: (grad(_error, argnums=1)(w, x, b, t), grad(_error, argnums=2)(w, x, b, t)),
                "That is what the inputs get, × their weight. A weight gets × its input.",
            ),
            (_without_slope, "The error reaches e through the half that activates: there is one factor missing."),
        ],
    ),
    "2.4": _and,
    "2.5": function(
        _errors,
        [
            {
                "w": {5: 0.7, 6: -0.4, 7: -0.5, 8: 0.9},
                "O": {1: 0.61, 2: 0.64, 3: 0.53, 4: 0.58},
                "target": {3: 0.9, 4: 0.1},
            },
            {
                "w": {5: -1.3, 6: 0.8, 7: 0.35, 8: 1.6},
                "O": {1: 0.27, 2: 0.83, 3: 0.44, 4: 0.71},
                "target": {3: 0.2, 4: 0.95},
            },
        ],
        what="δ",
    ),
}
