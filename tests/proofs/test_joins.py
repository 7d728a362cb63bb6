"""The rules of a row differentiated again are right at its joins, not only on the open pieces between them.

A formula that chooses (`where(x > 0, …)`, |x|) has two sides. Where both are one smooth function, as in σ(x) with
exp(−|x|), each derivative at the join has one value, and the rules have to give it: a rule that goes
through `abs` there does not. The two sides are SymPy's, derived by SymPy from the formula; the row's own rules are
applied to themselves by `jets.py`, at the join itself, with 50 digits. The joins are found by SymPy in the
formula and rules with every primitive spelled out, so a primitive added to the table is proved or fails here.
Where the sides part (a kink), the row gives a convention, which is tested by numbers (`test_edges.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mpmath
import pytest
import sympy
from jets import derivatives
from pieces import _boundary, _innermost_cases, open_pieces
from sympy.core.relational import Relational

from autograd import exp, primitive
from autograd.primitives import Primitive, table
from autograd.readings import reading
from autograd.symbols import _exactly

ORDER = 4
ELSEWHERE = [sympy.Rational(2, 3), sympy.Rational(-5, 7), sympy.Rational(9, 4)]
"""Where the other operands are: nothing special."""

VERY_LITTLE = sympy.Rational(1, 10**40)


@contextmanager
def spelled_out() -> Iterator[None]:
    """SymPy reads σ and its like by their formulas, pieces and all, not as the books write them."""
    functions = reading(sympy.Integer(0)).functions  # type: ignore[attr-defined]
    books = {name: functions.pop(name) for name in list(functions) if name in table and table[name].formula}
    try:
        yield
    finally:
        functions.update(books)


def operands(op: Primitive) -> list[Any]:
    count = {"dot": 3}.get(op.name, 2) if op.nary else len(op.derivatives)  # type: ignore[arg-type]
    return [sympy.Symbol(f"x{i}", real=True) for i in range(count)]


def joins(op: Primitive) -> list[dict[Any, Any]]:
    """A point on each boundary between two pieces of the formula or of a rule, and 0 for each operand."""
    xs = operands(op)
    where_they_are = dict(zip(xs, ELSEWHERE, strict=False))
    points = [{**where_they_are, x: sympy.Integer(0)} for x in xs]
    with spelled_out():
        y = op.formula(*xs) if op.formula else op(*xs)
        written = [y, *(d for d in op.local_derivatives(y, xs, [True] * len(xs)) if d is not None)]
        for expression in map(sympy.sympify, written):
            for condition, _ in open_pieces(_exactly(expression)):
                for relation in condition.atoms(Relational):
                    points += [
                        {**where_they_are, x: root.subs(where_they_are)}
                        for x in relation.free_symbols
                        for root in sympy.solve(_boundary(relation), x)
                    ]
    return [dict(p) for p in {tuple(p.items()) for p in points} if all(v.is_real for v in dict(p).values())]


def side(op: Primitive, at: list[Any], direction: list[Any], sign: int) -> list[Any]:
    """The derivatives along the direction on one side of a point, from the formula of that side alone."""
    t = sympy.Symbol("t", positive=True)
    with spelled_out():
        xs = [x + sign * t * d for x, d in zip(at, direction, strict=True)]
        expression = sympy.sympify(op.formula(*xs) if op.formula else op(*xs))
    while cases := _innermost_cases(expression):
        decided = {}
        for case in cases:
            boundary = _boundary(case).subs(t, VERY_LITTLE)
            if isinstance(case, Relational):
                decided[case] = sympy.true if case.func(boundary, 0) else sympy.false
            elif isinstance(case, sympy.Abs):
                decided[case] = case.args[0] if boundary >= 0 else -case.args[0]
            else:
                decided[case] = sympy.sign(boundary)
        expression = expression.xreplace(decided)
    found = []
    for k in range(ORDER + 1):
        there = expression.subs(t, 0)
        found.append(sign**k * (there if there.is_finite else sympy.limit(expression, t, 0, "+")))
        expression = sympy.diff(expression, t)
    return found


def same(a: Any, b: Any) -> bool:
    """Equal, but for the constants of the table that are floats: √2 and √π, to the power of the order."""
    return bool(abs(sympy.N(a - b, 30)) <= sympy.Float("1e-13") * (1 + abs(sympy.N(b, 30))))


def one_number(above: Any, below: Any) -> bool:
    """Whether both sides have one; a limit that depends on the way is all numbers in between, and none."""
    return bool(above.is_comparable and above.is_finite and above.is_real and same(above, below))


def wrong_at_joins(op: Primitive) -> list[str]:
    """Where both sides have one derivative, and the row's rules another."""
    found = []
    moving = [True] * len(operands(op)) if op.nary else [d is not None for d in op.derivatives]  # type: ignore[union-attr]
    for point in joins(op):
        at = list(point.values())
        direction = [sympy.Rational(k + 2, k + 1) if moves else 0 for k, moves in enumerate(moving)]
        try:
            sides = [side(op, at, direction, sign) for sign in (1, -1)]
        except (ValueError, TypeError, NotImplementedError):  # log(0): no point of the domain
            continue
        # Where the sides part, there is from this order on nothing to be right.
        smooth = list(itertools.takewhile(lambda pair: one_number(*pair), zip(*sides, strict=True)))
        if not smooth:
            continue
        with mpmath.workdps(50):
            there = [mpmath.mpf(x.p) / x.q for x in at]
            way = [mpmath.mpf(d.p) / d.q if d else None for d in map(sympy.Rational, direction)]
            try:
                op(*there)
            except ArithmeticError:  # a % 0: a limit, and no value
                continue
            ours = derivatives(op, there, way, len(smooth) - 1)
        for k, (y, (expected, _)) in enumerate(zip(ours, smooth, strict=True)):
            if not same(sympy.sympify(y), expected):
                found.append(f"derivative {k} of {op.name} at {point} is {y}, and {expected} on both sides")
    return found


@pytest.mark.parametrize("op", [op for op in table.values() if op.name != "where"], ids=lambda op: op.name)
def test_the_rules_differentiated_again_are_right_at_the_joins(op: Primitive) -> None:
    assert wrong_at_joins(op) == []


@pytest.mark.parametrize("edge", [0, 1])
def test_a_right_rule_that_goes_through_abs_is_found_wrong_at_its_join(edge: int) -> None:
    """The derivative of log cosh (x − edge), by exp(−2|x|), is right everywhere; its own are not."""
    size, sign = table["abs"], table["where"]

    def slope(y: Any, x: Any) -> Any:
        e = exp(-2 * size(x - edge))
        return sign(x >= edge, 1, -1) * (1 - e) / (1 + e)

    op = primitive("log_cosh", lambda x: table["log"](table["cosh"](x - edge)), slope)
    try:
        assert dict.fromkeys(operands(op), edge) in joins(op)
        assert any("derivative 2 of log_cosh" in line for line in wrong_at_joins(op))
    finally:
        table["log_cosh"].remove()


def test_a_kink_is_no_mistake() -> None:
    op = primitive("hump", lambda x: exp(-abs(x)), lambda y, x: -y * table["where"](x >= 0, 1, -1))
    try:
        assert wrong_at_joins(op) == []
    finally:
        table["hump"].remove()
