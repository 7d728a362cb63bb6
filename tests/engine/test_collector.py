"""The cyclic collector rests while a graph is built, and is afterwards as it was."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import autograd
import nn
from autograd import Value, collector_paused


@pytest.fixture(params=[True, False], ids=["on", "off"])
def before(request: pytest.FixtureRequest) -> Iterator[bool]:
    was = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was else gc.disable)()


def test_it_rests_within_the_block_and_is_afterwards_as_it_was(before: bool) -> None:
    with collector_paused() as block:
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() is before
    for _ in range(2):
        with block:
            assert not gc.isenabled()
        assert gc.isenabled() is before


def test_an_exception_leaves_it_as_it_was(before: bool) -> None:
    with pytest.raises(ZeroDivisionError), collector_paused():
        raise ZeroDivisionError
    assert gc.isenabled() is before


def test_a_function_may_be_marked(before: bool) -> None:
    @collector_paused()
    def build(n: int, *, step: float = 1.0) -> tuple[float, bool]:
        """Builds."""
        return n * step, gc.isenabled()

    assert build(2, step=0.5) == (1.0, False)
    assert (build.__name__, build.__doc__) == ("build", "Builds.")
    assert gc.isenabled() is before


def seen(x: Any) -> Any:
    """A function that looks whether the collector runs, while a graph is built."""
    assert not gc.isenabled()
    return x * x


BUILDERS: dict[str, Callable[[], Any]] = {
    "grad": lambda: autograd.grad(seen)(2.0),
    "value_and_grad": lambda: autograd.value_and_grad(seen)(2.0),
    "jacobian": lambda: autograd.jacobian(seen)(2.0),
    "hessian": lambda: autograd.hessian(seen)(2.0),
    "jvp": lambda: autograd.jvp(seen, (2.0,), (1.0,)),
    "hvp": lambda: autograd.hvp(seen, (2.0,), (1.0,)),
    "compile": lambda: autograd.compile(seen, example=1.0),
    "deepcopy": lambda: copy.deepcopy(Value(2.0) * 3),
    "nn.fit": lambda: nn.fit(
        nn.MLP(1, [1], seed=0), [[1.0]], [[1.0]], loss=lambda z, y: seen(z - y[0]), epochs=1, engine="eager"
    ),
}


@pytest.mark.parametrize("builder", BUILDERS)
def test_what_builds_a_whole_graph_pauses_it(builder: str, before: bool) -> None:
    BUILDERS[builder]()
    assert gc.isenabled() is before
