"""A primitive of someone's own: what it may be called, what == means in its row, and what a pickle of it needs."""

from __future__ import annotations

import copy
import keyword
import math
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import autograd
from autograd import Value, grad, primitive, where
from autograd.primitives import Primitive, reserved, table
from autograd.viz.page.javascript import source


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    before = dict(table)
    yield
    for name in set(table) - set(before):
        table[name].remove()


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


@pytest.mark.parametrize("name", sorted(set(autograd.__all__) - set(table)))
def test_a_name_of_the_package_is_refused(name: str) -> None:
    """`take` of a user's own and the package's `take` would be printed alike."""
    with pytest.raises(ValueError, match=rf"{name!r} is taken: it is (a name of this package|an attribute of Value)"):
        primitive(name, lambda x: x, lambda y, x: 1)
    assert name not in table


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
    } <= set(reserved)
    assert not set(reserved) & set(table)


def _sloped(slope: float) -> Primitive:
    return primitive("sloped", lambda x: slope * x, lambda y, x: slope)


def test_a_row_that_was_removed_may_be_registered_again() -> None:
    for slope in (2.0, 3.0):
        op = _sloped(slope)
        x = Value(1.0)
        x.sloped().backward()  # type: ignore[attr-defined]
        assert x.grad == slope
        assert op(1.0) == slope
        table["sloped"].remove()
    assert _sloped(1.0)(1.0) == 1.0


# ── a row can be replaced and removed ─────────────────────────────────────────────────────────────


def _scaled(slope: float, **options: Any) -> Primitive:
    return primitive("scaled", lambda x: slope * x, lambda y, x: slope, **options)


def test_a_notebook_cell_that_registers_a_primitive_can_run_twice() -> None:
    for slope in (2.0, 3.0):
        op = _scaled(slope, replace=True)
        x = Value(1.0)
        y = x.scaled()  # type: ignore[attr-defined]
        y.backward()
        assert (table["scaled"], y.op, y.data, x.grad) == (op, op, slope, slope)


def test_without_replace_a_name_of_ones_own_is_taken_and_the_error_says_what_to_do() -> None:
    op = _scaled(2.0)
    with pytest.raises(ValueError, match=r"'scaled' already: replace=True"):
        _scaled(3.0)
    assert table["scaled"] is op
    assert Value(1.0).scaled().data == 2.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(OF_THE_PACKAGE := set(table)))
def test_the_rows_of_the_package_can_be_neither_replaced_nor_removed(name: str) -> None:
    row, method = table[name], getattr(Value, name, None)
    with pytest.raises(ValueError, match=f"there is a primitive called '{name}' already$"):
        primitive(name, lambda x: x, lambda y, x: 1, replace=True)
    with pytest.raises(ValueError, match=f"{name} is a row of the package"):
        row.remove()
    assert table[name] is row
    assert getattr(Value, name, None) is method


def test_a_refused_replacement_leaves_the_old_row() -> None:
    op = _scaled(2.0)
    with pytest.raises(TypeError, match="its formula takes the operands"):
        primitive("scaled", lambda a, b: a, lambda y, x: 1, replace=True)
    assert (table["scaled"], Value(1.0).scaled().op) == (op, op)  # type: ignore[attr-defined]


def test_the_table_and_every_class_with_methods_are_after_removing_what_they_were_before() -> None:
    from autograd.compiler.trace import Traced

    before = list(table), set(vars(Value)), set(vars(Traced))
    op = _scaled(2.0)
    assert "scaled" in vars(Value)
    assert "scaled" in vars(Traced)
    op.remove()
    assert (list(table), set(vars(Value)), set(vars(Traced))) == before
    with pytest.raises(LookupError, match="scaled is not in the table"):
        op.remove()
    again = _scaled(3.0)
    with pytest.raises(LookupError):
        op.remove()  # another row has the name now
    assert table["scaled"] is again


def test_a_class_with_methods_has_one_for_each_row_of_a_first_operand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first operand of where is a condition, those of the sums are one of a list."""
    for kept in ("_with_methods", "reserved"):
        monkeypatch.setattr(autograd.primitives, kept, type(getattr(autograd.primitives, kept))())

    class Kind:
        pass

    autograd.primitives.give_methods(Kind, lambda op: lambda self: op)
    methods = {name: method(Kind()) for name, method in vars(Kind).items() if not name.startswith("_")}
    rows = [op for op in table.values() if not op.nary and op.name != "where"]
    assert methods == {name: op for op in rows for name in (op.name, op.called.get("numpy", op.name))}


@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_what_was_computed_and_compiled_with_a_row_keeps_it(change: str) -> None:
    """∂(2x)²/∂x = 8x, to any order, in every reading, whatever becomes of the name."""
    op = _scaled(2.0)
    x = Value(3.0, label="x")
    y = op(x) ** 2
    program = autograd.compile(lambda x: op(x) ** 2, example=(1.0,))
    if change == "removed":
        op.remove()
    else:
        _scaled(5.0, replace=True)
    y.backward()
    assert x.grad == 24.0
    x.grad = 0.0
    y.backward(create_graph=True)
    x.grad.backward()
    assert x.grad.data == 24.0 + 8.0
    assert program([3.0]) == 36.0
    assert copy.deepcopy(y).parents[0].op is op
    assert sympy.expand(autograd.symbolic(y)) == 4 * sympy.Symbol("x", real=True) ** 2
    assert autograd.gradcheck(lambda x: op(x) ** 2, 3.0)
    assert autograd.compile(lambda x: op(x) ** 2, example=(1.0,))([3.0]) == 36.0
    assert "scaled" in str(autograd.explain(y, wrt=x))
    assert op(1.0) == 2.0


def _tripled(x: Any, k: Any) -> Any:
    return k * x


def _slope(y: Any, x: Any, k: Any) -> Any:
    return k


def _factor(y: Any, x: Any, k: Any) -> Any:
    return x


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda op: pickle.loads(pickle.dumps(op))])
def test_a_copy_of_a_row_that_was_removed_has_all_its_attributes(copied: Callable[[Primitive], Primitive]) -> None:
    op = primitive(
        "whole",
        _tripled,
        _slope,
        _factor,
        symbol="3",
        defaults=(3.0,),
        textbook=_slope,
        domain="x ≥ 0",
        called={"numpy": "entire"},
        flat="dead",
    )
    assert copied(op) is op  # rows of the table are shared
    op.remove()
    again = copied(op)
    assert again is not op
    assert {name: x for name, x in vars(again).items() if not name.startswith("_")} == {
        name: x for name, x in vars(op).items() if not name.startswith("_")
    }
    assert again(2.0) == 6.0


# ── what a library calls it stands in the row ─────────────────────────────────────────────────────


def _acosh() -> Primitive:
    return primitive("acosh", None, lambda y, x: 1 / autograd.sqrt((x - 1) * (x + 1)), called={"numpy": "arccosh"})


def _area() -> Primitive:
    return primitive(
        "area",
        None,
        lambda y, x: 1 / autograd.sqrt(x * x + 1),
        called={
            "numpy": "arcsinh",
            **dict.fromkeys(("math", "sympy", "mpmath"), "asinh"),
            "javascript": "Math.asinh",
            "latex": "arsinh",
        },
    )


@pytest.mark.parametrize(
    ("register", "operands", "ours", "sympys", "numpys", "js"),
    [
        (_acosh, (2.0,), math.acosh, sympy.acosh, np.arccosh, "Math.acosh(a)"),
        (_area, (2.0,), math.asinh, sympy.asinh, np.arcsinh, "Math.asinh(a)"),
    ],
)
def test_a_function_that_the_libraries_have_is_one_row_and_works_in_every_reading(
    register: Any, operands: Any, ours: Any, sympys: Any, numpys: Any, js: str
) -> None:
    """No list of names has to be touched: what each library calls it is its name, or stands in the row."""
    op = register()
    y = op(*operands)
    assert y == ours(*operands)
    assert np.array_equal(op(*map(np.array, operands)), numpys(*operands))
    assert op(*map(sympy.Float, operands)) == sympys(*map(sympy.Float, operands))
    assert abs(op(*map(mpmath.mpf, operands)) - y) < 1e-15 * abs(y)
    objects = numpys(*(np.array([Value(x)]) for x in operands))  # NumPy looks for a method of its own name
    assert (objects[0].op, objects[0].data) == (op, y)
    assert autograd.gradcheck(op, *operands)
    assert js in source(op, len(operands))
    compiled = autograd.compile(lambda *xs: op(*xs), example=operands)
    assert compiled(*([x] for x in operands)) == numpys(*operands)


@pytest.mark.parametrize("alias", ["backward", "tanh", "arcsin", "a b", "class", "__add__"])
def test_numpys_name_may_take_no_other_method_either(alias: str) -> None:
    before = getattr(Value, alias, None)
    with pytest.raises(ValueError, match=repr(alias)):
        primitive("harmless", lambda x: x, lambda y, x: 1, called={"numpy": alias})
    assert "harmless" not in table
    assert getattr(Value, alias, None) is before or alias.startswith("__")


def test_numpys_name_goes_with_the_row() -> None:
    _area()
    for replace in (False, True):
        with pytest.raises(ValueError, match="'arcsinh' is taken: it is NumPy's area"):
            primitive("arcsinh", lambda x: x, lambda y, x: 1, replace=replace)
    primitive("area", lambda x: x, lambda y, x: 1, replace=True).remove()
    assert not hasattr(Value, "arcsinh")
    assert not hasattr(Value, "area")


def test_a_function_that_a_library_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="'unheard_of' has no formula, and Python's math no function of that name"):
        primitive("unheard_of", None, lambda y, x: 1)
    assert "unheard_of" not in table
    op = primitive("gamma", None, lambda y, x: 1)  # math has it, NumPy and JavaScript have not
    assert op(5.0) == 24.0
    with pytest.raises(TypeError, match="gamma has no function for operands of type ndarray"):
        op(np.array([1.0]))
    with pytest.raises(TypeError, match="'gamma' cannot be read as JavaScript"):
        source(op, 1)


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
    table["elsewhere"].remove()
    with pytest.raises(
        LookupError, match=r"no primitive called 'elsewhere' here.*import the module.*autograd.primitive"
    ):
        pickle.loads(pickled)
    primitive("elsewhere", lambda x: x, lambda y, x: 1)
    assert pickle.loads(pickled).data == 2.0
