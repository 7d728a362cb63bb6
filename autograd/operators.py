"""The operators of `Value`, and its methods for the primitives: the short ways to a node.

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


def __add__(self: Value, other: Any) -> Value:
    if type(other) is Value and (not paused):
        made = new(Value)
        made._data = self._data + other._data
        made._grad = NOT_YET
        made.label = ""
        made.op = _add
        made._a = self
        made._da = 1.0
        made._b = other
        made._db = 1.0
        made._n = next_number()
        return made
    if type(other) in _NUMBERS and (not paused):
        b = float(other)
        made = new(Value)
        made._data = self._data + b
        made._grad = NOT_YET
        made.label = ""
        made.op = _add
        made._a = self
        made._da = 1.0
        made._b = b
        made._db = None
        made._n = next_number()
        return made
    return _binary(_add, self, other)


def __radd__(self: Value, other: Any) -> Value:
    if type(other) in _NUMBERS and (not paused):
        a = float(other)
        made = new(Value)
        made._data = a + self._data
        made._grad = NOT_YET
        made.label = ""
        made.op = _add
        made._a = None
        made._da = (a, self)
        made._b = (self,)
        made._db = (1.0,)
        made._n = next_number()
        return made
    return _binary(_add, other, self)


def __sub__(self: Value, other: Any) -> Value:
    if type(other) is Value and (not paused):
        made = new(Value)
        made._data = self._data - other._data
        made._grad = NOT_YET
        made.label = ""
        made.op = _sub
        made._a = self
        made._da = 1.0
        made._b = other
        made._db = -1.0
        made._n = next_number()
        return made
    if type(other) in _NUMBERS and (not paused):
        b = float(other)
        made = new(Value)
        made._data = self._data - b
        made._grad = NOT_YET
        made.label = ""
        made.op = _sub
        made._a = self
        made._da = 1.0
        made._b = b
        made._db = None
        made._n = next_number()
        return made
    return _binary(_sub, self, other)


def __rsub__(self: Value, other: Any) -> Value:
    if type(other) in _NUMBERS and (not paused):
        a = float(other)
        made = new(Value)
        made._data = a - self._data
        made._grad = NOT_YET
        made.label = ""
        made.op = _sub
        made._a = None
        made._da = (a, self)
        made._b = (self,)
        made._db = (-1.0,)
        made._n = next_number()
        return made
    return _binary(_sub, other, self)


def __mul__(self: Value, other: Any) -> Value:
    if type(other) is Value and (not paused):
        a = self._data
        b = other._data
        made = new(Value)
        made._data = a * b
        made._grad = NOT_YET
        made.label = ""
        made.op = _mul
        made._a = self
        made._da = b
        made._b = other
        made._db = a
        made._n = next_number()
        return made
    if type(other) in _NUMBERS and (not paused):
        b = float(other)
        made = new(Value)
        made._data = self._data * b
        made._grad = NOT_YET
        made.label = ""
        made.op = _mul
        made._a = self
        made._da = b
        made._b = b
        made._db = None
        made._n = next_number()
        return made
    return _binary(_mul, self, other)


def __rmul__(self: Value, other: Any) -> Value:
    if type(other) in _NUMBERS and (not paused):
        a = float(other)
        made = new(Value)
        made._data = a * self._data
        made._grad = NOT_YET
        made.label = ""
        made.op = _mul
        made._a = None
        made._da = (a, self)
        made._b = (self,)
        made._db = (a,)
        made._n = next_number()
        return made
    return _binary(_mul, other, self)


def __truediv__(self: Value, other: Any) -> Value:
    if type(other) is Value and (not paused) and other._data:
        b = other._data
        y = self._data / b
        made = new(Value)
        made._data = y
        made._grad = NOT_YET
        made.label = ""
        made.op = _div
        made._a = self
        made._da = 1.0 / b
        made._b = other
        made._db = -y / b
        made._n = next_number()
        return made
    if type(other) in _NUMBERS and (not paused) and other:
        b = float(other)
        made = new(Value)
        made._data = self._data / b
        made._grad = NOT_YET
        made.label = ""
        made.op = _div
        made._a = self
        made._da = 1.0 / b
        made._b = b
        made._db = None
        made._n = next_number()
        return made
    return _binary(_div, self, other)


def __rtruediv__(self: Value, other: Any) -> Value:
    if type(other) in _NUMBERS and (not paused) and self._data:
        a = float(other)
        b = self._data
        y = a / b
        made = new(Value)
        made._data = y
        made._grad = NOT_YET
        made.label = ""
        made.op = _div
        made._a = None
        made._da = (a, self)
        made._b = (self,)
        made._db = (-y / b,)
        made._n = next_number()
        return made
    return _binary(_div, other, self)


def __pow__(self: Value, other: Any) -> Value:
    return _binary(_pow, self, other)


def __rpow__(self: Value, other: Any) -> Value:
    return _binary(_pow, other, self)


def __mod__(self: Value, other: Any) -> Value:
    return _binary(_mod, self, other)


def __rmod__(self: Value, other: Any) -> Value:
    return _binary(_mod, other, self)


def __floordiv__(self: Value, other: Any) -> Value:
    return _binary(_floordiv, self, other)


def __rfloordiv__(self: Value, other: Any) -> Value:
    return _binary(_floordiv, other, self)


def __divmod__(self: Value, other: Any) -> tuple[Value, Value]:
    return (self // other, self % other)


def __rdivmod__(self: Value, other: Any) -> tuple[Value, Value]:
    return (other // self, other % self)


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
        made = new(Value)
        made._data = data
        made._grad = NOT_YET
        made.label = ""
        made.op = op
        made._a = self
        made._da = da
        made._b = None
        made._db = None
        made._n = next_number()
        return made

    def of_more(self: Value, *others: Any) -> Value:
        made: Value = op(self, *others)
        return made

    value = op.on_floats
    derivative = op.derivatives_on_floats[0]
    method = of_one if len(op.derivatives_on_floats) == 1 else of_more
    method.__name__, method.__qualname__ = (op.name, f"Value.{op.name}")
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
