"""Tracing: run a scalar function once, without numbers, and keep the graph it makes.

With this module one can

* call a function with placeholders of the shape of an example, and read its graph: `trace`;
* choose by an index that is not known yet: `chosen` (`autograd.take` during a trace).

A placeholder, and whatever is computed from one, is a `Traced`: a `Value` without a number. It
records what is done with it and refuses what would need the number, because the answer would be
built into the program for good. That refusal is what this program is about::

    compile(lambda x: x if x > 0 else -x, example=(1.0,))      # TypeError: use where(x > 0, x, -x)
"""

from __future__ import annotations

import linecache
import operator
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from threading import get_ident
from typing import Any, NamedTuple, NoReturn

from autograd import value as eager
from autograd.primitives import Primitive, listeners, table
from autograd.readings import Reading, readings
from autograd.value import NOT_YET, Value, _is_number, _new, _next_number, _real

__all__ = ["DETACH", "TAKE", "Argument", "Trace", "Traced", "chosen", "trace", "values"]

# Primitives that exist in a trace alone; no gradient flows through any of them but `take`, whose
# gradient goes to the operand it chose.
LESS, LESS_EQUAL, GREATER, GREATER_EQUAL = (
    Primitive("less", "<", lambda a, b: a < b, (None, None)),
    Primitive("less_equal", "≤", lambda a, b: a <= b, (None, None)),
    Primitive("greater", ">", lambda a, b: a > b, (None, None)),
    Primitive("greater_equal", "≥", lambda a, b: a >= b, (None, None)),
)
DETACH = Primitive("detach", "detach", lambda x: x, (None,))
TAKE = Primitive("take", "take", None, lambda y, *operands: (None,) * len(operands))

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _refuse(what: str, instead: str) -> NoReturn:
    """Raise the error of a question a trace cannot answer, with the line that asked it."""
    frame = sys._getframe(1)
    while frame.f_back and os.path.abspath(frame.f_code.co_filename).startswith(_PACKAGE):
        frame = frame.f_back
    name, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, line).strip()
    raise TypeError(
        f"{what} is not known while a function is compiled, because it depends on an input\n"
        f'  at "{name}", line {line}{": " + text if text else ""}\n'
        f"The compiled program has to do the same for every input. {instead}"
    )


class Traced(Value):
    """A `Value` without a number: a placeholder for an input, or what is computed from one."""

    __slots__ = ()

    @property
    def data(self) -> float:  # type: ignore[override]
        _refuse("the number in a Value (.data)", "Compute with the Value itself; detach() stops its gradient.")

    def item(self) -> float:
        _refuse("the number in a Value (.item())", "Compute with the Value itself.")

    def __bool__(self) -> bool:
        _refuse(
            "the truth of a Value or of a comparison",
            "Choose with where(condition, a, b), maximum, minimum or relu instead of if, and, or, max, min.",
        )

    def __float__(self) -> float:
        _refuse("the float of a Value", "Use the functions of autograd, such as autograd.exp, not those of math.")

    def __index__(self) -> int:
        _refuse("the integer in an input", "Choose from a list with autograd.take(items, index).")

    __int__ = __index__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"Traced({self.label or (self.op.name if self.op else 'input')})"

    def detach(self) -> Value:
        return _node(DETACH, (self,))

    def backward(self, gradient: float | Value = 1.0, create_graph: bool = False) -> None:
        _refuse("a gradient", "Return the loss; program.value_and_grad computes its gradient.")


def _node(op: Primitive, operands: tuple[Any, ...]) -> Traced:
    y: Traced = _new(Traced)
    y.grad = NOT_YET
    y.label = ""
    y.op = op
    y._a = None
    y._da = operands
    y._n = _next_number()
    if eager._paused and eager._not_recording.get() and op is not DETACH:
        return _node(DETACH, (y,))
    return y


class _Tracing(Reading):
    """The table read as a trace: a primitive of a `Traced` is a `Traced`."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Traced:
        return _node(op, tuple([x if isinstance(x, Value) else _real(x) for x in operands]))


readings[Traced] = _Tracing()


def _operator(op: Primitive, reflected: bool = False) -> Callable[[Any, Any], Any]:
    def of_two(self: Traced, other: Any) -> Any:
        if not isinstance(other, Value):
            if not _is_number(other):
                return NotImplemented
            other = float(other)
        return _node(op, (other, self) if reflected else (self, other))

    return of_two


def _method(op: Primitive) -> Callable[..., Any]:
    def method(self: Traced, *others: Any) -> Any:
        return op(self, *others)

    return method


def _give_method(op: Primitive) -> None:
    if not op.nary and op.name != "where":
        setattr(Traced, op.name, _method(op))


listeners.append(_give_method)
for _op in table.values():
    _give_method(_op)
for _name in ("neg", "pos", "abs"):
    setattr(Traced, f"__{_name}__", getattr(Traced, _name))
for _name in ("sin", "cos", "tan"):
    setattr(Traced, f"arc{_name}", getattr(Traced, f"a{_name}"))
for _name, _row in {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow"}.items():
    setattr(Traced, f"__{_name}__", _operator(table[_row]))
    setattr(Traced, f"__r{_name}__", _operator(table[_row], reflected=True))
for _name, _condition in {"lt": LESS, "le": LESS_EQUAL, "gt": GREATER, "ge": GREATER_EQUAL}.items():
    setattr(Traced, f"__{_name}__", _operator(_condition))


def chosen(items: Sequence[Any], index: Traced) -> Traced:
    """The item, a `Value` or number, at an index that is an integer input of the traced function."""
    if index.op is not None or index._db is not True:
        raise TypeError(f"take chooses by an integer of the example, and {index!r} is not one")
    return _node(TAKE, (*[x if isinstance(x, Value) else _real(x) for x in items], index))


_CONDITIONS = {operator.lt: LESS, operator.le: LESS_EQUAL, operator.gt: GREATER, operator.ge: GREATER_EQUAL}


def _comparing_in(thread: int) -> Callable[..., Any]:
    """What comparisons of parameters do in the thread of a trace: parameters change, so they are conditions, too."""

    def instead_of_comparing(compare: Any, a: Value, b: Any) -> Any:
        if get_ident() != thread:
            return None
        if compare is bool:
            Traced.__bool__(a)  # type: ignore[arg-type]
        if isinstance(b, Value):
            return _node(_CONDITIONS[compare], (a, b))
        return _node(_CONDITIONS[compare], (a, float(b))) if _is_number(b) else None

    return instead_of_comparing


class Argument(NamedTuple):
    """One argument of the traced function."""

    shape: tuple[int, ...]
    """The shape of one sample: () for a number."""
    placeholders: list[Traced]
    """Its numbers, in C order."""


class Trace(NamedTuple):
    """What a trace found."""

    arguments: list[Argument]
    result: Any
    """What the function returned: a `Value`, or nested lists of `Value`s and numbers."""
    order: list[Value]
    """Every node of the graph, parents before children."""
    began: int
    """A leaf made later than this was made by the function itself, and is a constant."""


def trace(f: Callable[..., Any], example: Any) -> Trace:
    """Call `f` on placeholders shaped as the example.

    Args:
        f: a function of numbers and (nested) lists or arrays of numbers.
        example: its arguments, a tuple; anything else is the only argument. Of the numbers only
            the type matters: integers may choose (`autograd.take`).

    Raises:
        TypeError: if `f` asks for a number that it will not have (see `Traced`), if it returns
            anything but `Value`s, or if the example is not made of real numbers.
        ValueError: for nested lists of unequal lengths.
    """
    if not callable(f):
        raise TypeError(f"compile takes a function, not {f!r}")
    if not isinstance(example, tuple):
        example = (example,)
    began = _next_number()
    arguments, placeholders = [], []
    for number, one in enumerate(example):
        name = f"x{number}" if len(example) > 1 else "x"
        found: list[Traced] = []
        placeholders.append(_placeholder(one, name, found))
        arguments.append(Argument(_shape(one, name), found))
    outside = eager.instead_of_comparing
    eager.instead_of_comparing = _comparing_in(get_ident())
    try:
        result = f(*placeholders)
    finally:
        eager.instead_of_comparing = outside
    roots = list(values(result))
    if not roots:
        raise TypeError(f"the function to compile must return a Value or lists of Values, and it returned {result!r}")
    return Trace(arguments, result, _order(roots), began)


def _placeholder(example: Any, name: str, found: list[Traced]) -> Any:
    """The example with a placeholder for each number: lists stay lists, arrays become arrays of objects."""
    if hasattr(example, "dtype") and hasattr(example, "reshape") and example.ndim:
        array = example.astype(object)
        flat = array.reshape(-1)
        for i, number in enumerate(example.reshape(-1).tolist()):
            flat[i] = _placeholder(number, name, found)
        return flat.reshape(array.shape)
    if isinstance(example, (list, tuple)):
        return type(example)([_placeholder(x, f"{name}[{i}]", found) for i, x in enumerate(example)])
    if isinstance(example, Value):
        example = example.data
    if not _is_number(example):
        raise TypeError(
            f"an example is made of real numbers, and {name} is {example!r} of type {type(example).__name__}"
        )
    x: Traced = _new(Traced)
    x.grad = NOT_YET
    x.label = name
    x.op = None
    x._a = None
    x._da = ()
    x._b = None
    x._db = isinstance(example, int) or getattr(getattr(example, "dtype", None), "kind", "f") in "iu"
    x._n = _next_number()
    found.append(x)
    return x


def _shape(example: Any, name: str) -> tuple[int, ...]:
    if hasattr(example, "shape"):
        return tuple(example.shape)
    if not isinstance(example, (list, tuple)):
        return ()
    shapes = {_shape(x, name) for x in example}
    if len(shapes) > 1:
        raise ValueError(f"the lists in an example must be of equal length, and those of {name} are not")
    return (len(example), *(shapes.pop() if shapes else ()))


def values(result: Any) -> Iterator[Value]:
    """The `Value`s in nested lists."""
    if isinstance(result, Value):
        yield result
    elif isinstance(result, (list, tuple)) or getattr(getattr(result, "dtype", None), "kind", "") == "O":
        for part in result:
            yield from values(part)
    elif not _is_number(result):
        raise TypeError(
            f"the function to compile must return a Value or lists of Values, and it returned {result!r} "
            f"of type {type(result).__name__}"
        )


def _order(roots: list[Value]) -> list[Value]:
    """As `autograd.topological_order`, of several roots."""
    found = list(dict.fromkeys(roots))
    seen = set(found)
    for node in found:
        for x in node.operands:
            if isinstance(x, Value) and x not in seen:
                seen.add(x)
                found.append(x)
    found.sort(key=attrgetter("_n"))
    return found
