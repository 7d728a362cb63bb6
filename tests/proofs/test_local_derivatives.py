"""Every local derivative of the table, proved by SymPy.

SymPy differentiates the formula by its own rules; what it finds minus what the row declares must
simplify to zero on every open piece. The tests are made from the table, so a primitive added to it is
proved or fails here. Ties are tested by numbers (`test_edges.py`).
"""

from __future__ import annotations

from typing import Any

import pytest
import sympy
from pieces import nonzero_pieces

from autograd import exp, primitive
from autograd.primitives import Primitive, table

MOST_OPERANDS = 3  # n-ary rows are proved for 1, 2 and 3 terms


def operands_of(op: Primitive, count: int) -> list[Any]:
    xs: list[Any] = [sympy.Symbol(f"x{i}", real=True) for i in range(count)]
    return [xs[0] > 0, *xs[1:]] if op is table["where"] else xs


def counts(op: Primitive) -> list[int]:
    """How many operands to prove a row for."""
    if not callable(op.derivatives):
        return [len(op.derivatives)]
    return [2 * n + 1 for n in range(MOST_OPERANDS + 1)] if op.name == "dot" else list(range(1, MOST_OPERANDS + 1))


def formula_of(op: Primitive, xs: list[Any]) -> Any:
    """y as the row writes it; an elementary function is SymPy's own."""
    return op.formula(*xs) if op.formula else op(*xs)


def derivative(y: Any, x: Any) -> Any:
    """SymPy's; between its steps, where nothing else is claimed, a floor is a constant."""
    steps = {floor: sympy.Dummy(real=True) for floor in y.atoms(sympy.floor)}
    return sympy.diff(y.xreplace(steps), x).xreplace({dummy: floor for floor, dummy in steps.items()})


def wrong_derivatives(op: Primitive) -> dict[Any, Any]:
    """Where a declared local derivative is not SymPy's derivative of the formula."""
    wrong = {}
    for count in counts(op):
        xs = operands_of(op, count)
        y = formula_of(op, xs)
        for x, declared in zip(xs, op.local_derivatives(y, xs, [True] * count), strict=True):
            if declared is not None:
                found = nonzero_pieces(derivative(y, x) - declared)
                wrong.update({(f"∂{op.name}/∂{x} of {count}", condition): piece for condition, piece in found.items()})
    return wrong


ROWS = [pytest.param(op, marks=pytest.mark.proves(op.name), id=op.name) for op in table.values()]
WITH_TEXTBOOK = [op for op in table.values() if op.textbook]


@pytest.mark.parametrize("op", ROWS)
def test_sympys_derivative_of_the_formula_is_the_declared_one(op: Primitive) -> None:
    assert wrong_derivatives(op) == {}


@pytest.mark.parametrize("op", ROWS)
def test_the_symbolic_reading_of_a_primitive_equals_its_formula(op: Primitive) -> None:
    for count in counts(op):
        xs = operands_of(op, count)
        assert nonzero_pieces(op(*xs) - formula_of(op, xs)) == {}


@pytest.mark.parametrize("op", WITH_TEXTBOOK, ids=lambda op: op.name)
def test_the_textbook_form_equals_the_row(op: Primitive) -> None:
    xs = operands_of(op, len(op.derivatives))  # type: ignore[arg-type]
    y = formula_of(op, xs)
    assert op.textbook is not None
    assert nonzero_pieces(op.textbook(y, *xs) - op.derivatives[0](y, *xs)) == {}  # type: ignore[index, misc]


def test_the_proof_fails_for_a_wrong_derivative_and_names_the_piece() -> None:
    op = primitive(
        "bent",
        lambda x: table["where"](x > 1, x * x, exp(x)),
        lambda y, x: table["where"](x > 1, x, exp(x)),  # wrong above 1 only
    )
    try:
        x = sympy.Symbol("x0", real=True)
        assert wrong_derivatives(op) == {("∂bent/∂x0 of 1", x - 1 > 0): x}
    finally:
        table["bent"].remove()


def test_the_proof_of_a_registered_primitive_with_several_pieces_goes_through() -> None:
    op = primitive(
        "clipped",
        lambda x: table["minimum"](table["maximum"](x, -1), 1),
        lambda y, x: table["where"](x < -1, 0, table["where"](x > 1, 0, 1)),
    )
    try:
        assert wrong_derivatives(op) == {}
    finally:
        table["clipped"].remove()
