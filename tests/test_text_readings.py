"""The table read with names: every local derivative, in every notation, says what the table computes."""

from __future__ import annotations

import math
import operator
import re
import xml.dom.minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, explain
from autograd.expression import Expression
from autograd.formulas.derivatives import local_derivative, rule
from autograd.formulas.latex import latex
from autograd.formulas.mathml import mathml
from autograd.formulas.notation import text
from autograd.formulas.pieces import evaluate, piece_at
from autograd.formulas.python import python
from autograd.formulas.spelling import clean, words_in_latex
from autograd.formulas.terms import (
    Call,
    Comparison,
    Derivative,
    Dots,
    Formula,
    Name,
    Piecewise,
    all_parts,
    parts,
    with_parts,
)
from autograd.formulas.tidying import tidy
from autograd.primitives import Primitive, primitive, table

EVERY = [pytest.param(op, id=name) for name, op in table.items()]
x, a, b = Name("x"), Name("a"), Name("b")


def letters(op: Primitive) -> list[Name]:
    count = {"dot": 5, "total": 3, "logsumexp": 3}.get(op.name) or len(op.derivatives)  # type: ignore[arg-type]
    return [Name(f"x{i + 1}") for i in range(count)]


def points(op: Primitive) -> list[list[float]]:
    """Places inside every domain (|x| < 1 for asin, x > 0 for log), off the ties, on both sides of 0 where allowed."""
    count = len(letters(op))
    positive = [[0.3, 0.7, 0.2, 0.45, 0.9][:count], [0.75, 0.15, 0.6, 0.35, 0.5][:count]]
    if op.name in ("log", "log2", "log10", "sqrt", "pow"):
        return positive
    return [*positive, [-0.3, 0.7, -0.2, 0.45, 0.9][:count], [-0.75, -0.15, 0.6, -0.35, 0.5][:count]]


@pytest.mark.parametrize("op", EVERY)
def test_the_written_derivative_is_the_number_that_the_engine_uses(op: Primitive) -> None:
    for numbers in points(op):
        y = op(*numbers)
        exact = list(op.local_derivatives(y, numbers, [True] * len(numbers)))
        operands = letters(op)
        values = {Name("y"): y, **dict(zip(operands, numbers, strict=True))}
        for i, expected in enumerate(exact):
            formula = local_derivative(op, Name("y"), operands, i)
            if expected is None:
                assert formula is None
                continue
            assert formula is not None
            # textbook forms (1 − y², y(1 − y)) lose up to two digits here to cancellation; numbers are of size 1
            assert evaluate(formula, values) == pytest.approx(expected, rel=1e-13, abs=1e-15)
            piece, decided = piece_at(formula, values)
            assert evaluate(piece, values) == pytest.approx(expected, rel=1e-13, abs=1e-15)
            assert all(isinstance(c, Comparison) for c in decided)
            read_back = (
                Expression(python(formula)) if isinstance(formula, Formula) else Expression(repr(float(formula)))
            )
            given_values = {n.name: v for n, v in values.items() if n.name in read_back.names}
            assert read_back(**given_values) == pytest.approx(expected, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("op", EVERY)
def test_every_notation_is_well_formed(op: Primitive) -> None:
    operands = letters(op)
    formulas = [op(*operands), *(local_derivative(op, Name("y"), operands, i) for i in range(len(operands)))]
    formulas += [side for i in range(len(operands)) for side in rule(op, i, len(operands))]
    for formula in formulas:
        if formula is not None:
            check_well_formed(formula)


def check_well_formed(formula: Formula | float) -> None:
    xml.dom.minidom.parseString(f"<math>{mathml(formula)}</math>")
    written = latex(formula)
    bare = re.sub(r"\\[{}]", "", written)
    depth = 0
    for c in bare:
        depth += (c == "{") - (c == "}")
        assert depth >= 0, written
    assert depth == 0, written
    assert written.count(r"\left") - written.count(r"\leftarrow") == written.count(r"\right")
    plain = text(formula)
    assert plain
    assert plain.count("(") == plain.count(")")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (x**2 + 1, "x² + 1"),
        (x**-1, "x⁻¹"),
        (x**0.5, "x^0.5"),
        (x ** (a - 1), "x^(a − 1)"),
        ((x + 1) ** 2, "(x + 1)²"),
        ((-x) ** 2, "(−x)²"),
        (-(x**2), "−x²"),
        (a - (b - x), "a − (b − x)"),
        (a - (b + x), "a − (b + x)"),
        ((a - b) - x, "a − b − x"),
        (a / (b / x), "a/(b/x)"),
        (a / b / x, "a/b/x"),
        (a / (b * x), "a/(b·x)"),
        (a * (b / x), "a·(b/x)"),
        (a * -b, "a·(−b)"),
        (-a * b, "−a·b"),
        (2 * x, "2x"),
        (2 * Name("e"), "2·e"),
        (2 * Name("w1"), "2·w1"),
        (a + -1.0, "a − 1"),
        (-1.5 * a, "(−1.5)·a"),
        (x * 1 + 0, "x"),
        (Call("sin", (x,)) ** 2, "sin(x)²"),
        (abs(x - 1), "|x − 1|"),
        (Call("sqrt", (x + 1,)), "√(x + 1)"),
        (Call("sqrt", (x,)) * 2, "√x·2"),
        (Piecewise(x > 0, a, b) * 2, "(a if x > 0 else b)·2"),
        (Derivative(a * b, a), "∂(a·b)/∂a"),
        (Derivative(Name("a b"), x), "∂(a b)/∂x"),
        (Call("exp", (Call("sigmoid", (x,)),)), "exp(σ(x))"),
        (Name("w⁽²⁾") + Dots() + math.pi, "w⁽²⁾ + … + π"),
    ],
)
def test_signs_and_parentheses_are_those_of_a_book(formula: Formula, expected: str) -> None:
    assert text(formula) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (0.5 * (2 * (x - 1)) * 1, "x − 1"),
        (Call("cos", (x**2 + 1,)) * (2 * x), "2x·cos(x² + 1)"),
        (-(a / b) / b, "−a/b²"),
        (x * x, "x²"),
        (x * x**2, "x³"),
        (1 / (2 * x), "1/(2x)"),
        (2 * a / (2 * b), "a/b"),
        (-a * -b, "a·b"),
        (0 * x, "0"),
        (a + b, "a + b"),
    ],
)
def test_a_derivative_is_tidied_as_by_hand(formula: Formula, expected: str) -> None:
    assert text(tidy(formula)) == expected


numbers = st.floats(-3, 3).map(lambda v: round(v, 2)).filter(bool)
leaves = st.sampled_from([x, a, b]) | numbers


def divided(p: Formula | float, q: Formula | float) -> Formula | float:
    return p / q if isinstance(q, Formula) or q else p


signs = st.sampled_from([operator.add, operator.sub, operator.mul, divided])
formulas = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda sign, p, q: sign(p, q), signs, inner, inner)
        | inner.map(lambda p: -p)
        | inner.map(lambda p: p**2)
        | inner.map(table["tanh"])
    ),
    max_leaves=12,
)


@given(formulas)
def test_tidying_and_writing_change_no_value(formula: Formula | float) -> None:
    values = {x: 0.7, a: -1.3, b: 2.1}
    try:
        expected = evaluate(formula, values)
        tidied = evaluate(tidy(formula), values)
        read_back = Expression(python(formula) if isinstance(formula, Formula) else repr(float(formula)))
        found = read_back(**{n.name: v for n, v in values.items() if n.name in read_back.names})
    except (ZeroDivisionError, OverflowError):
        return
    if math.isfinite(expected):
        scale = magnitude(formula, values)
        # other orders of the same operations: each rounds once, and there are fewer than 50
        assert tidied == pytest.approx(expected, rel=1e-12, abs=1e-13 * scale)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-13 * scale)
    check_well_formed(formula)


def magnitude(formula: Formula | float, values: dict[Name, float]) -> float:
    """The largest number in the computation: what cancellation loses digits of."""

    here = abs(evaluate(formula, values))
    return max([1.0, here, *(magnitude(p, values) * max(1.0, here) for p in parts(formula))])


HOSTILE = [
    *("<script>alert(1)</script>", 'a"b', "a\nb", "{x}", "$x$", "\\input{/etc/passwd}", "%", "&amp;", "_", "^", "}{"),
    *("\x00\x1b[31m", "w" * 500, "\N{RIGHT-TO-LEFT OVERRIDE}abc", "~", "#1", "`code`", "a|b", "∂", "𝒘"),
]


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_stays_a_label_in_every_notation(label: str) -> None:
    name = Name(clean(label))
    formula = name**2 + Derivative(name, x)
    check_well_formed(formula)
    assert "<script" not in mathml(formula)
    assert "\n" not in text(formula)
    assert all(c.isprintable() for c in text(formula))
    assert len(text(name)) <= 26  # 24 and a pair of parentheses
    assert r"\input" not in latex(formula)
    assert "$" not in latex(formula).replace(r"\$", "")


def test_labels_are_set_as_mathematics() -> None:
    written = {name: latex(Name(name)) for name in ("w5", "ŷ1", "α", "Ω", "w_ij", "W[0][1]", "loss", "h¹", "w⁽²⁾")}
    assert written == {
        "w5": "w_{5}",
        "ŷ1": r"\hat{y}_{1}",
        "α": r"\alpha",
        "Ω": r"\Omega",
        "w_ij": "w_{ij}",
        "W[0][1]": "W_{0,1}",
        "loss": r"\mathrm{loss}",
        "h¹": "h^{1}",
        "w⁽²⁾": "w^{(2)}",
    }
    assert mathml(Name("ŷ1")) == "<msub><mover><mi>y</mi><mo>^</mo></mover><mn>1</mn></msub>"
    assert words_in_latex("a_b & c") == r"{\text{a}\_\text{b }\&\text{ c}}"


def test_a_row_that_cannot_be_read_with_names_is_left_as_it_stands() -> None:
    op = primitive("opaque", lambda v: math.floor(v) + v, lambda y, v: math.cos(v) * 0 + 1)
    try:
        assert text(local_derivative(op, a, [x], 0)) == "∂a/∂x"  # type: ignore[arg-type]
    finally:
        table["opaque"].remove()


def test_a_formula_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="chooses with where"):
        bool(x > 0)


def test_sympy_is_not_needed() -> None:
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['sympy'] = sys.modules['numpy'] = None\n"
        "from autograd import Value, explain\n"
        "x = Value(0.5, label='x'); print(explain((x**2 + 1).sin(), wrt=x).to_latex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert r"\cos" in done.stdout


@pytest.mark.parametrize("constant", [1 / 3, 2 / 3, 0.1 + 0.2, 0.987654321, 1e-7 / 3, 1.5e-7, 2.0**-1074, 123456.789])
def test_a_constant_in_a_formula_reads_back_as_the_very_float(constant: float) -> None:
    """Rounded to six digits it looks as exact as the rest of the formula, and is another function."""
    x = Value(2.0, label="x")
    shown = text(constant * Name("x"))
    assert shown.endswith("·x")
    assert float(shown.removesuffix("·x").replace("−", "-")) == constant
    assert f"x·{shown.removesuffix('·x')}" in str(explain(x * Value(constant), wrt=x))
    mantissa, _, exponent = latex(constant * Name("x")).removesuffix(r" \cdot x").partition(r" \cdot 10^{")
    assert float(f"{mantissa}e{exponent.removesuffix('}') or 0}") == constant


@pytest.mark.parametrize("op", EVERY)
def test_a_formula_taken_apart_and_put_together_is_itself(op: Primitive) -> None:
    operands = letters(op)
    for formula in (op(*operands), *(local_derivative(op, Name("y"), operands, i) for i in range(len(operands)))):
        for term in () if formula is None else all_parts(formula):
            assert with_parts(term, parts(term)) == term
            assert not parts(term) or with_parts(term, [Dots()] * len(parts(term))) != term


def test_a_digit_below_a_name_is_its_subscript_in_every_notation() -> None:
    assert (text(Name("v₁")), latex(Name("v₁"))) == ("v₁", "v_{1}")
    assert mathml(Name("v₁₂")) == "<msub><mi>v</mi><mn>12</mn></msub>"
