"""Arithmetic typed by a person, read safely: `Expression`.

With this module one can

* read ``"sin(x**2 + 1)"`` and see its variables: `Expression.names`;
* compute it from numbers or `Value`s: ``Expression("sin(x**2 + 1)")(x=Value(0.5))``.

The text is parsed by `ast` and walked; only what is on the list below is understood, and nothing is ever
compiled or executed. Every number is a float, so ``9**9**9`` overflows at once instead of filling
the memory.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from autograd.primitives import table
from autograd.value import Value

__all__ = ["Expression", "ExpressionError"]

LONGEST = 4000
"""The most characters of an expression."""
LARGEST = 1000
"""The most operations, numbers and names."""
DEEPEST = 100
"""The deepest nesting; a sum of n terms is n deep, as it is added up from the left."""

VARIABLES = 100
"""The most variables: a derivation is written for each."""
COUPLED = 100
"""The most operands of `logsumexp` in all, each of whose derivatives names every one of them."""

CONSTANTS = {"pi": math.pi}
"""Names that stand for a number unless they are given another."""

_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: table["div"],
    ast.Pow: table["pow"],
    ast.Mod: operator.mod,
    ast.FloorDiv: operator.floordiv,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: lambda a, b: _number(a) == _number(b),
    ast.NotEq: lambda a, b: _number(a) != _number(b),
}


def _number(x: Any) -> Any:
    """What == compares here: two variables are equal if their numbers are, two `Value`s only if they are one."""
    return x.data if isinstance(x, Value) else x


_ALSO_CALLED = {"max": "maximum", "min": "minimum"}


class ExpressionError(ValueError):
    """What was typed is no expression of this kind; the message is one line."""


class Expression:
    """An arithmetic expression of named variables.

    It may contain numbers, names, ``+ - * / ** % //``, parentheses, a comparison (for ``where``; == compares numbers),
    and calls of the primitives in the table by name; ``max`` and ``min`` are understood, and so is ``pi``.

    Args:
        source: the text.

    Raises:
        ExpressionError: for anything else, and for what is too long, too large or nested too deeply.
        TypeError: if `source` is not a string.

    Attributes:
        source: the text.
        names: the variables, in the order in which they first occur.

    >>> f = Expression("sin(x**2 + a)")
    >>> f.names, f(x=0.5, a=1)
    (('x', 'a'), 0.9489846193555862)
    >>> Expression("__import__('os').system('true')")
    Traceback (most recent call last):
        ...
    autograd.expression.ExpressionError: a call of something that is not a function's name is not allowed here
    """

    def __init__(self, source: str) -> None:
        if not isinstance(source, str):
            raise TypeError(f"an expression is a string, not {source!r} of type {type(source).__name__}")
        if len(source) > LONGEST:
            raise ExpressionError(f"the expression has {len(source)} characters, and at most {LONGEST} are read")
        self.source = source.strip()
        if not self.source:
            raise ExpressionError("the expression is empty")
        self._tree = _parsed(self.source)
        _check_size(self._tree)
        self.names = tuple(dict.fromkeys(_check(self._tree)))
        if len(self.names) > VARIABLES:
            raise ExpressionError(f"the expression has {len(self.names)} variables, and at most {VARIABLES} are read")

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def __call__(self, **values: Any) -> Any:
        """The value of the expression: a `Value` if any variable is one, else a float.

        Args:
            values: a number or a `Value` for each of the names, except the constants.

        Raises:
            ExpressionError: for a name without a value, or a value for a name that does not occur.
            ValueError, ArithmeticError, TypeError: as the primitives do.
        """
        values = {unicodedata.normalize("NFKC", name): value for name, value in values.items()}  # as Python's parser
        for name in self.names:
            if name not in values and name not in CONSTANTS:
                raise ExpressionError(f"{name} has no value; give one, such as {name}=0.5")
        for name in values:
            if name not in self.names:
                raise ExpressionError(
                    f"there is no {name} in the expression; its names are {', '.join(self.names) or 'none'}"
                )
        return _computed(self._tree, {**CONSTANTS, **values})


def _parsed(source: str) -> ast.expr:
    try:
        return ast.parse(source, mode="eval").body
    except (RecursionError, MemoryError):
        raise ExpressionError("the expression is nested too deeply") from None
    except SyntaxError as error:
        where = f" at character {error.offset}" if error.offset and error.lineno == 1 else ""
        raise ExpressionError(_instead(source) or f"this is not an expression: {error.msg}{where}") from None
    except ValueError as error:  # null bytes, integers of thousands of digits
        raise ExpressionError(f"this is not an expression: {error}") from None


_SIGNS = {"²": "x**2", "³": "x**3", "√": "sqrt(x)", "×": "a*b", "·": "a*b", "÷": "a/b", "−": "a - b", "π": "pi"}
"""What is on paper and not on a keyboard, and what is written for it."""
_RENAMED = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "atan2": "arctan2"}
_BESIDE = re.compile(r"(?<![\w.])(?P<a>\d+(?:\.\d*)?|[^\W\d]\w*(?=\s))\s*(?P<b>[^\W\d]\w*|\d+|\()")
"""Two things beside each other, as in 2x, 3(x + 1) and x y."""


def _instead(source: str) -> str:
    """What to write instead of what many write; "" if it is none of that."""
    for sign, written in _SIGNS.items():
        if sign in source:
            return f"{sign} is not read: write {written}"
    if found := _BESIDE.search(source):
        a, b = found["a"], found["b"] + "…)" * (found["b"] == "(")
        if a in table:
            return f"the operand of {a} is in parentheses: write {a}({b})"
        return f"a product has a sign: write {a}*{b}, not {found[0]}{'…)' * (found['b'] == '(')}"
    return ""


def _check_size(tree: ast.expr) -> None:
    level: list[ast.AST] = [tree]
    depth = size = 0
    while level:
        depth += 1
        size += sum(not isinstance(node, ast.operator | ast.unaryop | ast.cmpop | ast.expr_context) for node in level)
        if depth > DEEPEST:
            raise ExpressionError(f"the expression is nested more than {DEEPEST} deep")
        if size > LARGEST:
            raise ExpressionError(f"the expression has more than {LARGEST} parts")
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    calls = [(c.func.id, c.args) for c in ast.walk(tree) if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)]
    coupled = sum(len(operands) for name, operands in calls if name == "logsumexp")
    if coupled > COUPLED:
        raise ExpressionError(f"logsumexp has {coupled} operands here, and at most {COUPLED} are read")


def _check(node: ast.expr) -> list[str]:
    """The names in an expression that is made of what is allowed, and nothing else."""
    match node:
        case ast.Constant(value=bool() | None) | ast.Constant(value=str() | bytes() | complex()):
            raise ExpressionError(f"{ast.unparse(node)} is not a real number")
        case ast.Constant(value=int() | float() as number):
            _as_float(number)
            return []
        case ast.Name(id=name):
            return [name]
        case ast.UnaryOp(op=op, operand=a) if type(op) in _OPERATORS:
            return _check(a)
        case ast.BinOp(left=a, op=op, right=b) if type(op) in _OPERATORS:
            return _check(a) + _check(b)
        case ast.Compare(left=a, ops=[op], comparators=[b]) if type(op) in _OPERATORS:
            return _check(a) + _check(b)
        case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
            name = _ALSO_CALLED.get(name, name)
            if name in _RENAMED:
                raise ExpressionError(f"{name} is called {_RENAMED[name]} here")
            if name not in table:
                product = f"for a product write {name}*(…), and of functions " if len(name) == 1 else ""
                raise ExpressionError(f"{name} is not a function here; {product}there are {', '.join(table)}")
            if table[name].nary and not operands:
                raise ExpressionError(f"{name} takes at least one operand")
            try:
                table[name].with_defaults(tuple(operands))
            except TypeError as error:
                raise ExpressionError(str(error)) from None
            if name == "dot" and len(operands) % 2 == 0:
                raise ExpressionError("dot takes w1, …, wn, x1, …, xn, b here: an odd number of operands")
            return [found for operand in operands for found in _check(operand)]
        case ast.Call(func=ast.Name()):
            raise ExpressionError("functions take their operands by position here")
    raise ExpressionError(f"{_described(node)} is not allowed here")


def _short(node: ast.expr) -> str:
    """A number or a name as it is, anything longer as dots."""
    written = ast.unparse(node) if isinstance(node, ast.Constant | ast.Name) else "(…)"
    return written if len(written) < 20 else "…"


def _described(node: ast.expr) -> str:
    match node:
        case ast.BinOp(op=ast.BitXor(), left=a, right=b):
            return f"^ for a power (write {_short(a)}**{_short(b)})"
        case ast.Call(func=ast.Constant() | ast.BinOp() | ast.Call() as a):
            return f"a product without its sign (write {_short(a)}*(…))"
        case ast.Tuple():
            return "a comma (a number has a point, as in 1.5)"
    kinds = {
        ast.Call: "a call of something that is not a function's name",
        ast.BinOp: "this operator",
        ast.UnaryOp: "this operator",
        ast.Compare: "this comparison",
        ast.Starred: "*",
        ast.IfExp: "if … else (there is where(condition, a, b))",
        ast.Lambda: "lambda",
        ast.NamedExpr: ":=",
    }
    return kinds.get(type(node), f"an expression of the kind {type(node).__name__}")


def _as_float(number: int | float) -> float:
    try:
        if math.isfinite(float(number)):
            return float(number)
    except OverflowError:
        pass
    raise ExpressionError("a number is too large for a float")


def _computed(node: ast.expr, values: dict[str, Any]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=op, operand=a):
            return _OPERATORS[type(op)](_computed(a, values))
        case ast.BinOp(left=a, op=op, right=b):
            return _OPERATORS[type(op)](_computed(a, values), _computed(b, values))
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            return float(_OPERATORS[type(op)](_computed(a, values), _computed(b, values)))
        case ast.Call(func=ast.Name(id=name), args=operands):
            return table[_ALSO_CALLED.get(name, name)](*[_computed(x, values) for x in operands])
    raise AssertionError(f"{node!r} passed the check")  # unreachable: `_check` knows the same kinds
