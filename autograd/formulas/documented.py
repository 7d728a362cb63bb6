"""What `help` says of a function of the table: its row, read as text.

Nothing is written here about any one function: formula, derivatives, domain, ties and defaults are the row's own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from autograd.formulas.derivatives import letters_of, local_derivative
from autograd.formulas.notation import text
from autograd.formulas.numbers import exact
from autograd.formulas.pieces import evaluate, piece_at
from autograd.formulas.terms import Comparison, Derivative, Formula, Name, Term, all_parts
from autograd.primitives import Primitive

__all__ = ["call", "documentation", "ties"]

_ELSEWHERE = 0.7
"""A number for the operands that a tie says nothing about: not one at which a function is special."""
_BESIDE = 1e-6
"""How far from a tie its two sides are looked at."""
_SPECIAL = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
"""Where functions have their poles, kinks and ends, and in between."""


def call(op: Primitive) -> str:
    """How a function is called.

    >>> from autograd.primitives import table
    >>> call(table["leaky_relu"]), call(table["dot"])
    ('leaky_relu(x, slope=0.01)', 'dot(…)')
    """
    if op.nary:
        return f"{op.name}(…)"
    names = letters_of(op)
    if (sign := op.called.get("python", "abs")) != "abs":
        return f" {sign} ".join(names) if len(names) > 1 else f"{sign}{names[0]}"
    defaults = [*[""] * (len(names) - len(op.defaults)), *(f"={exact(x)}" for x in op.defaults)]
    return f"{op.name}({', '.join(map(''.join, zip(names, defaults, strict=True)))})"


def ties(op: Primitive) -> list[str]:
    """Where the slope jumps, and what the derivatives are taken to be there.

    >>> from autograd.primitives import table
    >>> ties(table["relu"]), ties(table["maximum"]), ties(table["sigmoid"])
    (['at x = 0, ∂y/∂x is 0'], ['at a = b, ∂y/∂a is 0.5, ∂y/∂b is 0.5'], [])
    """
    return [] if op.nary else list(dict.fromkeys(_ties(op)))


def _ties(op: Primitive) -> Iterator[str]:
    names = [Name(letter) for letter in letters_of(op)]
    rules = op.derivatives
    assert not callable(rules)
    read: list[Term | None] = []
    for rule in rules:
        try:
            read.append(rule and rule(Name("y"), *names))
        except Exception:  # whatever a row of someone's own does when it is fed names
            return
    asked = [x for term in read if term is not None for x in all_parts(term) if isinstance(x, Comparison)]
    for question in asked:
        left, right = question.left, question.right
        if not isinstance(left, Name) or left == right:
            continue
        elsewhere = dict.fromkeys(names, _ELSEWHERE)
        if isinstance(right, Formula) and not isinstance(right, Name):
            continue
        boundary = elsewhere[right] if isinstance(right, Name) else float(right)
        found = []
        for name, rule, term in zip(names, rules, read, strict=True):
            if term is None or rule is None:
                continue
            try:
                below, at, above = (
                    {**elsewhere, left: boundary + step, Name("y"): math.nan} for step in (-_BESIDE, 0.0, _BESIDE)
                )
                jumps = abs(evaluate(term, below) - evaluate(term, above)) > 1e3 * _BESIDE
            except (ArithmeticError, ValueError, KeyError, TypeError):
                continue
            if jumps:
                piece = piece_at(term, at)[0]
                if left in all_parts(piece):  # α·exp(x) at 0 is α
                    there = rule(Name("y"), *(boundary if n == left else n for n in names))
                    piece = there if isinstance(there, Name) else piece
                found.append(f"{text(Derivative(Name('y'), name))} is {text(piece)}")
        if found:
            yield f"at {text(left)} = {text(right)}, {', '.join(found)}"


def undefined(op: Primitive) -> tuple[str, list[str]]:
    """Where a function divides by 0, "" for nowhere; and of its derivatives, which do not exist where.

    >>> from autograd.primitives import table
    >>> undefined(table["div"]), undefined(table["asin"])
    (('b = 0', []), ('', ['at x = −1 or x = 1']))
    >>> undefined(table["pow"])
    ('a = 0, b < 0', ['∂y/∂a at a = 0, 0 < b < 1', '∂y/∂b at a < 0'])
    """
    names = letters_of(op)
    inside: list[tuple[float, ...]] = []
    poles: set[tuple[float, ...]] = set()
    singular: list[set[tuple[float, ...]]] = [set() for _ in names]
    for point in itertools.product(_SPECIAL, repeat=len(names)):
        try:
            y = op.on_floats(*point)
        except ZeroDivisionError:
            poles.add(point)
            continue
        except Exception:  # outside of its domain; a row of someone's own raises whatever it likes
            continue
        inside.append(point)
        for rule, found in zip(op.derivatives_on_floats, singular, strict=True):
            try:
                rule and rule(y, *point)
            except (ArithmeticError, ValueError):
                found.add(point)
            except Exception:  # likewise
                return "", []
    said = [_where(names, inside, found) for found in singular]
    if len({x for x in said if x}) == 1 and all(said):
        return _where(names, [*inside, *poles], poles), [f"at {said[0]}"]
    slopes = [text(Derivative(Name("y"), Name(name))) for name in names]
    return _where(names, [*inside, *poles], poles), [f"{d} at {x}" for d, x in zip(slopes, said, strict=True) if x]


def _where(names: list[str], points: list[tuple[float, ...]], found: set[tuple[float, ...]]) -> str:
    """Some of the points in words, as general as it is true of all of them."""

    def parts(i: int) -> list[tuple[str, set[tuple[float, ...]]]]:
        """What may be said of one operand, and of which points it holds."""
        at = [(f"{names[i]} = {exact(x)}", {point for point in points if point[i] == x}) for x in _SPECIAL]
        below = (f"{names[i]} < 0", {point for point in points if point[i] < 0})
        between = (f"0 < {names[i]} < 1", {point for point in points if 0 < point[i] < 1})
        return [below, between, *at]

    each = [parts(i) for i in range(len(names))]
    both = [(f"{p}, {q}", a & b) for one, other in itertools.combinations(each, 2) for p, a in one for q, b in other]
    said, left = [], set(found)
    for words, there in [*itertools.chain(*each), *both]:
        if there and there <= found and there & left:
            said.append(words)
            left -= there
    return " or ".join(said).replace("-", "−")


def documentation(op: Primitive) -> str:
    """What `help` says of a primitive.

    >>> from autograd.primitives import table
    >>> print(documentation(table["leaky_relu"]))
    leaky_relu(x, slope=0.01)
    <BLANKLINE>
        y = x if x > 0 else slope·x
        ∂y/∂x = 1 if x > 0 else slope
        ∂y/∂slope = 0 if x > 0 else x
    <BLANKLINE>
    Defined for every number.
    Ties: at x = 0, ∂y/∂x is slope.
    <BLANKLINE>
    Args:
        x: a number, a `Value`, a NumPy array of either, or any other kind of number that `autograd.readings` knows.
        slope: the same; 0.01 if it is left out.
    <BLANKLINE>
    Returns:
        A float of numbers, a `Value` of `Value`s, an array of arrays. Also the method ``x.leaky_relu(slope)``.
    <BLANKLINE>
    Raises:
        ValueError, ZeroDivisionError, OverflowError: as Python's arithmetic does, with function and operand.
    """
    if op.nary:
        return f"{call(op)}\n\nOf any number of operands: see `autograd.{op.name}`."
    names = letters_of(op)
    operands = [Name(letter) for letter in names]
    lines = [f"{call(op)}{f', drawn as {op.symbol}' if op.symbol != op.name else ''}", ""]
    lines += [f"    y = {_formula(op, operands)}"]
    for i, operand in enumerate(operands):
        slope = local_derivative(op, op(*operands), operands, i)
        left = text(Derivative(Name("y"), operand))
        lines.append(
            f"    {left} = {text(slope)}" if slope is not None else f"    no gradient flows to {text(operand)}"
        )
    poles, singular = undefined(op)
    lines += ["", f"Defined for {op.domain or 'every number'}{f'; not at {poles}' if poles else ''}."]
    lines += [f"No derivative {'; no '.join(singular)}."] if singular else []
    lines += [f"Ties: {'; '.join(ties(op)) or 'none, no derivative of it makes a jump'}."]
    lines += ["", "Args:"]
    said = "a number, a `Value`, a NumPy array of either, or any other kind of number that `autograd.readings` knows."
    for i, name in enumerate(names):
        default = i - (len(names) - len(op.defaults))
        lines.append(
            f"    {name}: {said if default < 0 else f'the same; {exact(op.defaults[default])} if it is left out.'}"
        )
        said = "the same."
    method = f"{names[0]}.{op.name}({', '.join(names[1:])})"
    also = "" if op.name == "where" else f" Also the method ``{method}``."
    lines += ["", "Returns:", f"    A float of numbers, a `Value` of `Value`s, an array of arrays.{also}"]
    lines += ["", "Raises:"]
    lines += [
        "    ValueError, ZeroDivisionError, OverflowError: as Python's arithmetic does, with function and operand."
    ]
    return "\n".join(lines)


def _formula(op: Primitive, operands: list[Name]) -> str:
    """The row's formula; of an elementary function, who computes it."""
    if op.formula is not None:
        try:
            return text(op.formula(*operands))
        except Exception:  # whatever a row of someone's own does when it is fed names
            return f"{op.name}, a function of Python"
    called = op.called.get("math", op.name)
    return text(op(*operands)) + (
        f", by math.{called} of numbers and by NumPy of arrays" if hasattr(math, called) else ""
    )
