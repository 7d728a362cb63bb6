"""Local derivatives as formulas: as books print them, `local_derivative`, and the rule behind one, `rule`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from autograd.formulas.terms import Derivative, Name, Term
from autograd.formulas.tidying import tidy
from autograd.primitives import Primitive

__all__ = ["letters_of", "local_derivative", "rule"]


def local_derivative(op: Primitive, y: Term, operands: Sequence[Term], index: int) -> Term | None:
    """∂y/∂operands[index] as a formula, in the textbook's form where the row has one.

    Returns:
        The formula, tidied; None where no gradient flows. A primitive whose row cannot be read with names (it
        calls ``math`` itself, say) gives the bare ∂y/∂operand.

    >>> from autograd.formulas.notation import text
    >>> from autograd.primitives import table
    >>> text(local_derivative(table["sigmoid"], Name("a"), [Name("z")], 0))
    'a·(1 − a)'
    >>> text(local_derivative(table["pow"], Name("y"), [Name("x"), 2.0], 0))
    '2x'
    """
    rules: Any = op.derivatives
    if not op.nary and rules[index] is None:
        return None
    try:
        if index == 0 and op.textbook is not None:
            found = op.textbook(y, *operands)
        elif op.nary:
            found = rules(y, *operands)[index]
        else:
            found = rules[index](y, *operands)
    except Exception:  # whatever a row of someone's own does when it is fed names
        return Derivative(y, operands[index])
    return None if found is None else tidy(found)


@lru_cache(maxsize=1024)
def rule(op: Primitive, index: int, count: int) -> tuple[Derivative, Term]:
    """The two sides of the rule for ∂op/∂operand: (∂(a·b)/∂a, b).

    Args:
        index: which operand.
        count: how many operands there are, for a primitive of any number of them.

    >>> from autograd.formulas.notation import text
    >>> from autograd.primitives import table
    >>> print(*(text(side) for side in rule(table["mul"], 0, 2)), sep=" = ")
    ∂(a·b)/∂a = b
    >>> print(*(text(side) for side in rule(table["tanh"], 0, 1)), sep=" = ")
    ∂tanh(x)/∂x = 1 − tanh(x)²
    """
    if op.name == "dot":
        letters, index = ["w", "x", "b"], min(2, index // (count // 2) if count > 1 else 2)
    elif op.nary:
        letters, index = ["a", "b"], 0
    else:
        letters = letters_of(op)
    operands = [Name(letter) for letter in letters]
    y: Term = op(*operands)
    right = local_derivative(op, y, operands, index)
    return Derivative(y, operands[index]), math.nan if right is None else right


def letters_of(op: Primitive) -> list[str]:
    """The names that the row gives its operands."""
    for function in (*op.derivatives, op.formula):  # type: ignore[misc]
        code = getattr(function, "__code__", None)
        if code is not None and code.co_argcount:
            names = list(code.co_varnames[: code.co_argcount])
            return names if function is op.formula else names[1:]
    return [f"x{i + 1}" for i in range(len(op.derivatives))]  # type: ignore[arg-type]
