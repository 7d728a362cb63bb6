"""Writes `autograd/operators.py`: the short ways to a node, made from the table and from `value.node`.

A call of `node` costs 15 % of an addition, so its lines stand in each of the operators; and there the row of the
table is read as Python, so that no operand has to be looked at twice. Neither is done by hand: the formulas are
those of the rows in `primitives.py`, the lines those of `node` in `value.py`. After a change of either

    python tests/engine/inlined.py

writes the operators again, and a test fails until that is done.
"""

from __future__ import annotations

import ast
from pathlib import Path

AUTOGRAD = Path(__file__).parents[2] / "autograd"

HEADER = '''"""The operators of `Value`, and its methods for the primitives: the short ways to a node.

Written by tests/engine/inlined.py from the rows of the table and from `value.node`, whose lines stand here in place
of a call. Not to be edited: a test compares.
"""

# ruff: noqa: N807  these functions become methods

from __future__ import annotations

from autograd.primitives import Primitive, give_methods, table
from autograd.real import is_number
from autograd.recording import paused
from autograd.value import NOT_YET, Value, new, next_number, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__: list[str] = []

_add, _sub, _mul, _div, _pow = (table[name] for name in ("add", "sub", "mul", "div", "pow"))
_mod, _floordiv = table["mod"], table["floordiv"]
_NUMBERS = (float, int)


def _binary(op: Primitive, a: Any, b: Any) -> Value:
    """op(a, b) for an operator, of a `Value` and something that may be a number."""
    for x in (a, b):
        if not isinstance(x, Value) and not is_number(x):
            return NotImplemented  # type: ignore[no-any-return]
    return record(op, (a, b))
'''

OPERATOR = """
def __{dunder}__(self: Value, other: Any) -> Value:  # self {sign} other
    if type(other) is Value and not paused{guard_other}:
        a = self._data
        b = other._data
        y = {y}
        return node(_{op}, y, self, {da}, other, {db})
    if type(other) in _NUMBERS and not paused{guard_number}:
        a = self._data
        b = float(other)
        y = {y}
        return node(_{op}, y, self, {da}, b, None)
    return _binary(_{op}, self, other)


def __r{dunder}__(self: Value, other: Any) -> Value:  # other {sign} self
    if type(other) in _NUMBERS and not paused{guard_self}:
        a = float(other)
        b = self._data
        y = {y}
        return node(_{op}, y, None, (a, self), (self,), ({db},))
    return _binary(_{op}, other, self)
"""

REST = '''
def __pow__(self: Value, other: Any) -> Value:
    return _binary(_pow, self, other)


def __rpow__(self: Value, other: Any) -> Value:  # other ** self
    return _binary(_pow, other, self)


def __mod__(self: Value, other: Any) -> Value:
    return _binary(_mod, self, other)


def __rmod__(self: Value, other: Any) -> Value:  # other % self
    return _binary(_mod, other, self)


def __floordiv__(self: Value, other: Any) -> Value:
    return _binary(_floordiv, self, other)


def __rfloordiv__(self: Value, other: Any) -> Value:  # other // self
    return _binary(_floordiv, other, self)


def __divmod__(self: Value, other: Any) -> tuple[Value, Value]:
    return self // other, self % other


def __rdivmod__(self: Value, other: Any) -> tuple[Value, Value]:  # divmod(other, self)
    return other // self, other % self


def _method(op: Primitive) -> Callable[..., Any]:
    """The method of `Value` for a primitive that takes it as its first operand."""

    def of_one(self: Value) -> Value:
        """Where something is wrong, the primitive itself says what, or records that there is no derivative."""
        try:
            x = self._data
            data = value(x)
            da = derivative(data, x)
            data = data if type(data) is float else float(data)
        except (ArithmeticError, ValueError, TypeError, AttributeError):
            carefully: Value = op(self)
            return carefully
        if paused:
            return record(op, (self,))
        return node(op, data, self, da, None, None)

    def of_more(self: Value, *others: Any) -> Value:
        made: Value = op(self, *others)
        return made

    value = op.on_floats
    derivative = op.derivatives_on_floats[0]
    method = of_one if len(op.derivatives_on_floats) == 1 else of_more
    method.__name__, method.__qualname__ = op.name, f"Value.{op.name}"  # where a pickle looks for it
    sign = op.called.get("python")
    method.__doc__ = f"Python's ``{sign}`` as a method." if sign else f"`autograd.{op.name}` of this value."
    return method


for _operator in (
    *(__add__, __sub__, __mul__, __truediv__, __pow__),
    *(__radd__, __rsub__, __rmul__, __rtruediv__, __rpow__),
    *(__mod__, __floordiv__, __divmod__, __rmod__, __rfloordiv__, __rdivmod__),
):
    _operator.__qualname__ = f"Value.{_operator.__name__}"
    setattr(Value, _operator.__name__, _operator)
give_methods(Value, _method)
'''

OPERATORS = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv"}
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def rows() -> dict[str, list[str]]:
    """The formula and the local derivatives of each operator, as Python; their whole numbers as floats."""
    found = {}
    for statement in ast.parse((AUTOGRAD / "primitives.py").read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in OPERATORS and isinstance(statement.value, ast.Call):
                lambdas = [x for x in statement.value.args if isinstance(x, ast.Lambda)]
                for constant in (x for rule in lambdas for x in ast.walk(rule) if isinstance(x, ast.Constant)):
                    constant.value = float(constant.value)  # type: ignore[arg-type]
                found[name] = [ast.unparse(rule.body) for rule in lambdas]
    return found


def lines_of_node() -> tuple[list[str], list[str]]:
    """The parameters of `value.node`, and the lines that make the node."""
    module = ast.parse((AUTOGRAD / "value.py").read_text(encoding="utf-8"))
    function = next(x for x in module.body if isinstance(x, ast.FunctionDef) and x.name == "node")
    return [x.arg for x in function.args.args], [ast.unparse(line) for line in function.body[1:-1]]


def inlined(source: str) -> str:
    """The source with the lines of `node` in place of ``return node(…)``, and without names that are used once."""
    parameters, body = lines_of_node()
    module = ast.parse(source)
    for block in (x.body for x in ast.walk(module) if isinstance(x, (ast.If, ast.FunctionDef))):
        call = block[-1].value if isinstance(block[-1], ast.Return) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "node":
            given = dict(zip(parameters, map(ast.unparse, call.args), strict=True))
            made = []
            for line in body:
                target, _, expression = line.partition(" = ")
                target = "made" if target == "y" else target.replace("y.", "made.")
                made.append(f"{target} = {given.get(expression, expression)}")
            block[-1:] = ast.parse("\n".join([*made, "return made"])).body
            _substitute(block)
    return ast.unparse(module)


def _substitute(block: list[ast.stmt]) -> None:
    """Put what `a`, `b` and `y` are where they are used, if that is one place."""
    for line in [x for x in block if isinstance(x, ast.Assign)]:
        name = line.targets[0].id if isinstance(line.targets[0], ast.Name) else ""
        uses = [x for other in block for x in ast.walk(other) if isinstance(x, ast.Name) and x.id == name]
        if name in ("a", "b", "y") and len(uses) == 2:  # here and there
            block.remove(line)
            block[:] = [_Put(name, line.value).visit(other) for other in block]


class _Put(ast.NodeTransformer):
    def __init__(self, name: str, expression: ast.expr) -> None:
        self.name, self.expression = name, expression

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.expression if node.id == self.name else node


def operators() -> str:
    """The whole file."""
    source = ""
    for name, (y, da, db) in rows().items():
        nonzero = name == "div"
        source += "\n" + OPERATOR.format(
            op=name,
            dunder=OPERATORS[name],
            sign=SIGNS[name],
            y=y,
            da=da,
            db=db,
            guard_other=" and other._data" * nonzero,
            guard_number=" and other" * nonzero,
            guard_self=" and self._data" * nonzero,
        )
    return HEADER + "\n\n" + inlined(source + REST) + "\n"


if __name__ == "__main__":
    (AUTOGRAD / "operators.py").write_text(operators(), encoding="utf-8")
