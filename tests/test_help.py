"""`help` of a function of the table says what its row says; `repr` of an explanation is its text."""

from __future__ import annotations

import io
import itertools
import math
import pydoc
import re

import pytest

import autograd
from autograd import Value, explain
from autograd.formulas.documented import documentation
from autograd.primitives import Primitive, table

FUNCTIONS = [name for name in autograd.__all__ if isinstance(getattr(autograd, name), Primitive)]
POINTS = (-3.7, -1.0, -0.4, 0.0, 0.3, 1.0, 2.6)

_FORMULAS = {
    "sigmoid": ["sigmoid(x), drawn as σ", "∂y/∂x = σ(x)·(1 − σ(x))", "Defined for every number.", "Ties: none"],
    "relu": ["y = max(x, 0)", "∂y/∂x = 0 if x ≤ 0 else 1", "Ties: at x = 0, ∂y/∂x is 0."],
    "log": ["y = log(x), by math.log of numbers and by NumPy of arrays", "∂y/∂x = 1/x", "Defined for x > 0."],
    "maximum": ["Ties: at a = b, ∂y/∂a is 0.5, ∂y/∂b is 0.5."],
    "leaky_relu": ["leaky_relu(x, slope=0.01)", "∂y/∂slope = 0 if x > 0 else x", "slope: the same; 0.01 if it is left"],
    "where": ["y = a if c else b", "no gradient flows to c"],
    "sqrt": ["Defined for x ≥ 0.", "No derivative at x = 0."],
    "hypot": ["Defined for every number.", "No derivative at a = 0, b = 0."],
    "elu": ["Ties: at x = 0, ∂y/∂x is alpha."],
    "asin": ["No derivative at x = −1 or x = 1.", "∂y/∂x = 1/√((1 − x)·(1 + x))", "−1 ≤ x ≤ 1", "``x.asin()``"],
}
"""What a book says of some of them."""


def shown(thing: object) -> str:
    """What `help` prints."""
    said = io.StringIO()
    pydoc.Helper(output=said).help(thing)
    return said.getvalue()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_of_a_function_is_about_that_function(name: str) -> None:
    said = shown(getattr(autograd, name))
    assert f"\n    {name}(" in said
    assert "A function with known local derivatives" not in said, "that is the class"
    assert "Methods defined here" not in said
    operands = re.search(rf"\n    {name}\((.*?)\)", said)[1].split(", ")
    for operand in operands:
        letter = operand.split("=")[0]
        assert f"∂y/∂{letter} = " in said or f"no gradient flows to {letter}" in said
        assert re.search(rf"\n +{letter}: ", said), "an argument that is not described"


@pytest.mark.parametrize(("name", "expected"), _FORMULAS.items(), ids=list(_FORMULAS))
def test_help_says_formula_domain_ties_and_defaults(name: str, expected: list[str]) -> None:
    said = shown(getattr(autograd, name))
    for line in expected:
        assert line in said


def test_the_class_keeps_its_own_documentation() -> None:
    assert "A function with known local derivatives" in shown(Primitive)
    assert (Primitive.__doc__ or "").startswith("A function with known local derivatives")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_where_it_is_said_to_be_defined_it_is(name: str) -> None:
    """By calling it: it raises for some number if and only if a domain is printed."""
    op = table[name]
    raised = False
    for operands in itertools.product(POINTS, repeat=len(op.derivatives)):
        try:
            op(*operands)
        except ValueError:
            raised = True
        except OverflowError:
            pass
    assert raised == ("Defined for every number." not in documentation(op))


_BESIDE = {
    "add": ("a + b", "Defined for every number.", ""),
    "div": ("a / b", "Defined for every number; not at b = 0.", ""),
    "mod": ("a % b", "Defined for every number; not at b = 0.", ""),
    "floordiv": ("a // b", "Defined for every number; not at b = 0.", ""),
    "pow": ("a ** b", "Defined for a ≥ 0, or a whole b; not at a = 0, b < 0.",
            "No derivative ∂y/∂a at a = 0, 0 < b < 1; no ∂y/∂b at a < 0."),
    "neg": ("-x", "Defined for every number.", ""),
    "abs": ("abs(x)", "Defined for every number.", ""),
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), _BESIDE.items(), ids=list(_BESIDE))
def test_operators_are_documented_as_they_are_written(name: str, expected: tuple[str, str, str]) -> None:
    written, defined, singular = expected
    said = documentation(table[name])
    assert said.startswith(f"{written}")
    assert defined in said
    assert (singular or "No derivative") in said or not singular
    assert ("No derivative" in said) == bool(singular)


@pytest.mark.parametrize("name", sorted(n for n, op in table.items() if not op.nary))
def test_no_derivative_is_said_where_the_backward_pass_raises_and_nowhere_else(name: str) -> None:
    """At −1, 0, 1 and beside them, by `backward`: a claim of its row's floats is held against graphs."""
    op, poles_and_ends = table[name], (-1.0, -0.3, 0.0, 0.3, 1.0)
    raised = False
    for operands in itertools.product(poles_and_ends, repeat=len(op.derivatives)):
        values = [Value(x) for x in operands]
        try:
            y = op(*values)
        except (ValueError, ArithmeticError):
            continue
        try:
            y.backward()
        except ArithmeticError:
            raised = True
        except ValueError:
            raised = True
    assert raised == ("No derivative" in documentation(op))


@pytest.mark.parametrize("name", sorted(n for n in dir(Value) if not n.startswith("_")))
def test_no_method_is_explained_by_a_name_that_is_not_there(name: str) -> None:
    for said in re.findall(r"`autograd\.(\w+)`", getattr(Value, name).__doc__ or ""):
        assert hasattr(autograd, said), said


def jumps(op: Primitive) -> bool:
    """Whether a slope differs on the two sides of 0, or of equal operands: by differences of values, no derivative."""
    h = 1e-7
    for operands in itertools.product((0.0, 0.6), repeat=len(op.derivatives)):
        for i, x in enumerate(operands):
            at = [[*operands[:i], x + k * h, *operands[i + 1 :]] for k in (-2, -1, 1, 2)]
            try:
                a, b, c, d = (op(*numbers) for numbers in at)
            except (ValueError, ArithmeticError):
                continue
            if abs((b - a) - (d - c)) / h > 1e-3:  # a smooth slope changes by 4 h y″ or so: 1e-6
                return True
    return False


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"where", "hypot", "arctan2", "cbrt"}))
def test_it_speaks_of_a_tie_if_and_only_if_a_slope_jumps(name: str) -> None:
    """Not of those whose slope at 0 is infinite, has a direction, or is a choice by a condition."""
    op = table[name]
    assert ("Ties: at" in documentation(op)) == jumps(op)


def test_a_primitive_of_ones_own_is_documented_as_soon_as_it_is_there() -> None:
    mine = autograd.primitive("mine", lambda u, k: u * k, lambda y, u, k: k, None, defaults=(2.0,), domain="u > 1")
    opaque = autograd.primitive("opaque", lambda u: float(math.sin(u)), lambda y, u: math.cos(u))
    try:
        said = documentation(mine)
        assert said.startswith("mine(u, k=2)\n")
        assert "y = u·k\n    ∂y/∂u = k\n    no gradient flows to k\n" in said
        assert "Defined for u > 1." in said
        assert "y = opaque, a function of Python\n    ∂y/∂u = ∂opaque(u)/∂u" in documentation(opaque)
    finally:
        mine.remove()
        opaque.remove()


def test_a_row_of_sequences_says_where_it_is_explained() -> None:
    assert "`autograd.dot`" in documentation(table["dot"])
    assert "w·x" in shown(autograd.dot) or "Σ" in shown(autograd.dot)


def test_repr_of_an_explanation_is_its_text() -> None:
    x = Value(0.5, label="x")
    why = explain(x**2 + 1, wrt=x)
    assert repr(why) == str(why)
    assert "∂" in repr(why)
    assert "object at" not in repr(why)
