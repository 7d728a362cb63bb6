"""Zero on every open piece: what a proof about formulas with cases comes down to.

A formula chooses with relations (`where(x > 0, …)`) and absolute values. The boundary of a relation
l > r is g = l − r, that of |u| is g = u. Off the boundaries (the ties, which are tested by numbers)
each g is either positive or negative and each relation true or false; there the formula has no cases
left, and SymPy can simplify it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.logic.algorithms.lra_theory import UnhandledInput
from sympy.logic.inference import satisfiable

from autograd.symbols import _exactly


def nonzero_pieces(expression: Any) -> dict[Any, Any]:
    """The open pieces where the expression does not simplify to zero: {condition: what it is there}."""
    return {condition: piece for condition, piece in open_pieces(_exactly(expression)) if not _is_zero(piece)}


def _is_zero(expression: Any) -> bool:
    # SymPy sees more readily that a sum with logarithms is 0 when it is asked whether its exp is 1.
    return sympy.simplify(expression) == 0 or sympy.simplify(sympy.exp(expression)) == 1


def open_pieces(expression: Any, known: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """(condition, expression without cases) for every open piece that is not empty."""
    cases = _innermost_cases(expression)
    if not cases:
        yield sympy.And(*known), expression
        return
    boundary = _boundary(cases[0])
    for side in (boundary > 0, boundary < 0):
        if _possible(sympy.And(*known, side)):
            decided = {case: _decided(case, boundary, side) for case in cases}
            yield from open_pieces(expression.xreplace(decided), (*known, side))


def _possible(conditions: Any) -> bool:
    if conditions.simplify() == sympy.false:
        return False
    try:
        return satisfiable(conditions, use_lra_theory=True) is not False
    except UnhandledInput:  # not linear: it counts as possible, and the piece has to be proved
        return True


def _innermost_cases(expression: Any) -> list[Any]:
    """The relations, absolute values and signs that contain no others."""
    kinds = (Relational, sympy.Abs, sympy.sign)
    cases = [case for case in expression.atoms(*kinds) if case.atoms(*kinds) == {case}]
    return sorted(cases, key=sympy.default_sort_key)


def _boundary(case: Any) -> Any:
    return sympy.expand(case.lhs - case.rhs) if isinstance(case, Relational) else case.args[0]


def _decided(case: Any, boundary: Any, side: Any) -> Any:
    """What the case is on that side of the boundary; itself if it has another boundary."""
    ratio = sympy.simplify(_boundary(case) / boundary)
    if not ratio.is_number:
        return case
    positive = (ratio > 0) == isinstance(side, sympy.Gt)
    if isinstance(case, sympy.Abs):
        return case.args[0] if positive else -case.args[0]
    if isinstance(case, sympy.sign):
        return sympy.Integer(1 if positive else -1)
    if isinstance(case, (sympy.Eq, sympy.Ne)):
        return sympy.true if isinstance(case, sympy.Ne) else sympy.false
    return sympy.true if positive == isinstance(case, (sympy.Gt, sympy.Ge)) else sympy.false
