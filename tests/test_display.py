"""What a notebook shows of a `Value`: a formula that says what the `Value` is."""

from __future__ import annotations

import re
import sys

import pytest

import nn
from autograd import Value, sin


def test_a_value_shows_how_it_was_computed_and_its_gradient() -> None:
    x = Value(0.5, label="x")
    y = sin(x**2 + 1)
    y.label = "y"
    assert y._repr_latex_() == r"$y = \sin\left(x^{2} + 1\right) = 0.949$"
    y.backward()
    assert x._repr_latex_() == r"$x = 0.5 \qquad \text{grad } 0.3153$"
    assert Value(-2.5)._repr_latex_() == "$-2.5$"


def test_a_value_of_a_large_graph_is_shown_at_once_and_briefly() -> None:
    model = nn.MLP(64, [16, 10], seed=0)
    loss = nn.squared_error(model([0.1] * 64), [0.0] * 10)
    x = loss
    for _ in range(100_000):
        x = x * 0.9999
    calls = []
    sys.setprofile(lambda frame, event, argument: calls.append(event))
    try:
        assert x._repr_latex_().startswith("$")
    finally:
        sys.setprofile(None)
    assert len(calls) < 50_000  # it has 100 000 nodes
    assert len(x._repr_latex_()) < 40


def test_what_has_an_odd_label_or_number_is_shown_all_the_same() -> None:
    assert Value(float("inf"), label="a b%")._repr_latex_() == r"${\text{a b}\%} = \infty$"
    assert "nan" in Value(float("nan"))._repr_latex_()


def test_ipython_takes_it() -> None:
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    data, _ = formatters.DisplayFormatter().format(Value(2.0, label="w"))
    assert data["text/latex"] == "$w = 2$"
    assert data["text/plain"] == "Value(data=2.0, grad=0.0, label='w')"


class Net(nn.Module):
    """A module with modules in it, parameters of its own, and a name that is no HTML."""

    def __init__(self) -> None:
        self.first, self.scale = nn.Layer(2, 3, seed=0), Value(1.0)

    def _summary(self) -> str:
        return "Net<2>"


def test_a_module_is_a_line_for_each_module_in_it_in_a_terminal_and_a_row_in_a_notebook() -> None:
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    data, _ = formatters.DisplayFormatter().format(Net())
    lines = ["Net<2>, 10 parameters", "first: Layer(2 → 3, relu), 9 parameters", "and 1 of its own"]
    assert [line.strip() for line in data["text/plain"].splitlines()] == lines
    title, *cells = re.findall(r"<(?:caption|td)[^>]*>(.*?)</", data["text/html"])
    assert title == "Net&lt;2&gt;, 10 parameters"
    assert cells == ["first", "Layer(2 → 3, relu)", "9 parameters", "", "1 of its own", ""]
    data, _ = formatters.DisplayFormatter().format(nn.Neuron(2))
    assert set(data) == {"text/plain"}
