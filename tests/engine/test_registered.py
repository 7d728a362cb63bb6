"""A primitive of someone's own: what it may be called, what == means in its row, and what a pickle of it needs."""

from __future__ import annotations

import keyword
import pickle
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from autograd import Value, grad, primitive, where
from autograd.primitives import Primitive, reserved, table


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    before = dict(table)
    yield
    for name in set(table) - set(before):
        del table[name]
        delattr(Value, name)


OF_VALUE = [name for name in [*dir(object), *vars(Value)] if name not in table]


@pytest.mark.parametrize("name", sorted({*OF_VALUE, *keyword.kwlist}))
def test_a_name_that_is_taken_is_refused(name: str) -> None:
    """As a method it would replace Value.backward or Value.data for every graph; a keyword nobody could call."""
    before = getattr(Value, name, None)
    whose = "a keyword of Python" if keyword.iskeyword(name) else "an attribute of Value"
    with pytest.raises(ValueError, match=rf"{name!r} is taken: it is {whose}"):
        primitive(name, lambda x: x, lambda y, x: 1)
    assert name not in table
    assert getattr(Value, name, None) is before or name.startswith("__")


def test_a_row_that_was_taken_out_can_be_put_in_again() -> None:
    """In an interpreter of its own, where nobody else misses the row."""
    program = (
        "import autograd; del autograd.primitives.table['silu'];"
        "print(autograd.primitive('silu', lambda x: 3 * x, lambda y, x: 3)(2.0), autograd.Value(2.0).silu().data)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["6.0", "6.0"]


def test_the_hooks_of_the_engine_are_all_reserved() -> None:
    assert {
        "backward",
        "data",
        "grad",
        "detach",
        "label",
        "op",
        "operands",
        "parents",
        "item",
        "_n",
        "__add__",
    } <= reserved
    assert not reserved & set(table)


def _sloped(slope: float) -> Primitive:
    return primitive("sloped", lambda x: slope * x, lambda y, x: slope)


def test_a_row_that_was_removed_may_be_registered_again() -> None:
    for slope in (2.0, 3.0):
        op = _sloped(slope)
        x = Value(1.0)
        x.sloped().backward()  # type: ignore[attr-defined]
        assert x.grad == slope
        assert op(1.0) == slope
        del table["sloped"]
    assert _sloped(1.0)(1.0) == 1.0


def far() -> Primitive:
    return primitive(
        "far",
        lambda u, v: where(u == v, 10 * u, v),
        lambda y, u, v: where(u == v, 10.0, 0.0),
        lambda y, u, v: where(u != v, 1.0, 0.0),
    )


@pytest.mark.parametrize(("u", "v", "expected"), [(2.0, 2.0, (10.0, 0.0)), (2.0, 3.0, (0.0, 1.0))])
def test_equality_in_a_row_goes_by_the_numbers_in_every_reading(u: float, v: float, expected: object) -> None:
    op = far()
    for create_graph in (False, True):
        a, b = Value(u), Value(v)
        op(a, b).backward(create_graph=create_graph)
        assert tuple(getattr(x.grad, "data", x.grad) for x in (a, b)) == expected
    assert grad(op, (0, 1))(u, v) == expected
    a, b = Value(u), Value(v)
    assert tuple(x.data for x in grad(op, (0, 1))(a, b)) == expected
    arrays = (np.array([u]), np.array([v]))
    assert tuple(float(rule(None, *arrays)[0]) for rule in op.derivatives) == expected  # type: ignore[union-attr, misc]


def test_outside_of_rows_equality_stays_identity_also_after_one_that_raises() -> None:
    def broken(y: object, x: object) -> object:
        if isinstance(x, Value):
            raise ArithmeticError("on purpose")
        return 1.0

    op = primitive("broken", lambda x: x, broken)
    x = Value(2.0)
    y = op(x)
    with pytest.raises(ArithmeticError, match="on purpose"):
        y.backward(create_graph=True)
    assert Value(1.0) != Value(1.0)
    far()(Value(1.0), Value(1.0)).backward(create_graph=True)
    assert Value(1.0) != Value(1.0)


def test_nan_equals_nothing_in_a_row() -> None:
    op = primitive("selfsame", lambda x: where(x == x, x, 0), lambda y, x: where(x == x, 1.0, 0.0))
    for create_graph in (False, True):
        x = Value(float("nan"))
        op(x).backward(create_graph=create_graph)
        assert getattr(x.grad, "data", x.grad) == 0.0


def test_a_pickle_of_a_primitive_that_is_not_registered_says_which_and_what_to_do() -> None:
    primitive("elsewhere", lambda x: x, lambda y, x: 1)
    pickled = pickle.dumps(table["elsewhere"](Value(2.0)))
    del table["elsewhere"]
    with pytest.raises(
        LookupError, match=r"no primitive called 'elsewhere' here.*import the module.*autograd.primitive"
    ):
        pickle.loads(pickled)
    primitive("elsewhere", lambda x: x, lambda y, x: 1)
    assert pickle.loads(pickled).data == 2.0
