"""A backward pass is done in full or not at all: under interrupts, and beside other threads."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from at_once import at_once
from faults import interrupted_at

from autograd import Value, dot, topological_order, value
from autograd.value import _running


def graph() -> Value:
    """Every kind of node: of one, two and many operands, of numbers, and shared; the numbers are exact."""
    x, y, z = Value(2.0, label="x"), Value(3.0, label="y"), Value(-1.0, label="z")
    shared = x * y + 1
    return dot([shared, x, z], [y, shared, shared], bias=z) * shared + abs(z) + (-x) ** 2


def gradients(root: Value) -> list[Any]:
    return [node.grad if type(node.grad) is float else node.grad.data for node in topological_order(root)]


def prepared(root: Value) -> Value:
    """With gradients there already, that are to be added to."""
    root.backward()
    for i, node in enumerate(topological_order(root)):
        node.grad = node.grad + i
    return root


@pytest.mark.parametrize(
    "backward",
    [
        lambda root: root.backward(),
        lambda root: root.backward(gradient=2.0),
        lambda root: root.backward(create_graph=True),
    ],
    ids=["plain", "of a part", "with a graph"],
)
@pytest.mark.parametrize("make", [graph, lambda: Value(2.0)], ids=["graph", "leaf"])
def test_an_interrupt_at_any_moment_leaves_all_gradients_as_they_were_or_all_as_they_are_to_be(
    backward: Callable[[Value], None], make: Callable[[], Value]
) -> None:
    done = prepared(make())
    backward(done)
    ways = set()
    for n in range(1, 10_000):
        root = prepared(make())
        before = gradients(root)
        caught = interrupted_at(n, lambda root=root: backward(root), (value.__file__,))
        now = gradients(root)
        assert now in (before, gradients(done)), f"at moment {n}"
        assert not _running
        if caught is None:
            break
        ways.add(now == before)
        root.zero_grad()  # and it can be used
        root.backward()
    else:
        pytest.fail("no end of moments")
    assert n > 5
    assert now == gradients(done)
    assert ways == {True, False} or make is not graph


def test_an_error_leaves_all_gradients_as_they_were() -> None:
    x = Value(0.0)
    for root in (x.sqrt() + x * 2, dot([x.sqrt(), x], [x, x]), Value(3.0, (x,), "by hand") + x):
        x.grad = 7.0
        before = gradients(root)
        for create_graph in (False, True):
            with pytest.raises((ZeroDivisionError, RuntimeError)):
                root.backward(create_graph=create_graph)
            assert gradients(root) == before


# ── threads ───────────────────────────────────────────────────────────────────────────────────


class Gate:
    """Stands for a gradient, and lets a pass wait in the middle of its sums."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __add__(self, other: float) -> float:
        self.reached.set()
        assert self.opened.wait(30)
        return other


def test_a_pass_over_nodes_that_another_thread_is_at_is_refused_and_changes_nothing() -> None:
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    alone = x * 5.0
    shared = x * w
    shared.label = "shared"
    first, second, third, apart = shared * x + alone, shared * w, (shared + 1) * w, x * w * x
    gate = Gate()
    x._grad = gate
    thread = threading.Thread(target=first.backward)
    thread.start()
    assert gate.reached.wait(30)
    with pytest.raises(RuntimeError, match="another backward pass"):
        first.backward()
    for root in (second, third):
        for create_graph in (False, True):
            with pytest.raises(RuntimeError, match=r"another backward pass, in another thread.*such as .*shared"):
                root.backward(create_graph=create_graph)
    assert (w.grad, second.grad, third.grad) == (0.0, 0.0, 0.0)
    beside = Value(5.0)
    (beside * beside).backward()  # a graph of its own
    assert beside.grad == 10.0
    gate.opened.set()
    thread.join()
    assert (x.grad, w.grad) == (2 * 2.0 * 3.0 + 5.0, 4.0)
    second.backward()  # once the other is done
    assert (x.grad, w.grad) == (17.0 + 9.0, 4.0 + 12.0)
    apart.backward()
    assert w.grad == 16.0 + 4.0


def test_threads_that_share_leaves_add_up_and_those_that_share_more_are_refused_or_right() -> None:
    """Each pass that is not refused adds its share; the gradients are integers, so that every sum is exact."""
    x, w = Value(2.0), Value(3.0)
    shared = x
    for _ in range(200):
        shared = shared + w
    done, refused = [0, 0], 0
    lock = threading.Lock()

    def run(seed: int) -> None:
        nonlocal refused
        generator = random.Random(seed)
        for _ in range(100):
            if generator.random() < 0.5:
                root, which = shared * 1.0, 0
            else:
                root, which = x, 1
                for _ in range(100):
                    root = root + w
            try:
                root.backward()
            except RuntimeError:  # which the test before this reads
                with lock:
                    refused += 1
            else:
                with lock:
                    done[which] += 1

    at_once(run, 4, 1e-5)
    assert sum(done) + refused == 400
    assert x.grad == sum(done)
    assert w.grad == 200 * done[0] + 100 * done[1]
