"""Tracing: run a scalar function once, without numbers, and keep the graph it makes.

With this module one can

* call a function with placeholders of the shape of an example, and read its graph: `trace`;
* choose by an index or a condition that is not known yet: `chosen` (`autograd.take` during a trace).

A placeholder, and whatever is computed while the function runs, is a `Traced`: a `Value` without a number. That
holds also for what is computed from parameters alone, since those change, too. It records what is done with
it and refuses what would need the number, because the answer would be built into the program for good. That
refusal is what this program is about::

    compile(lambda x: x if x > 0 else -x, example=(1.0,))      # TypeError: use where(x > 0, x, -x)

While a function is traced, `recording.tracing` is a `_Tracer` in its thread (or async task), and `value` asks that
one. Nothing about a trace is global: two threads can trace at once while a third computes.
"""

from __future__ import annotations

import linecache
import operator
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, NoReturn

import numpy as np

from autograd.primitives import Primitive, Takes, give_methods, table
from autograd.readings import Reading, readings
from autograd.real import float_equal_to, is_like_a_number, is_number, real
from autograd.recording import current_tracer, not_recording, paused, tracing
from autograd.value import Value, check_unchanged, new, next_number

__all__ = [
    "CONDITIONS", "DETACH", "EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL", "TAKE",
    "Argument", "Trace", "Traced", "trace", "values",
]  # fmt: skip


class _OfTraces(Primitive):
    """A primitive that exists in a trace alone, so that it is not in the table; copies and pickles share it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_traces, (self.name,)


def _of_traces(name: str) -> Primitive:
    return next(op for op in (*CONDITIONS, DETACH, TAKE) if op.name == name)


# No gradient flows through any of these but `take`, whose gradient goes to the operand it chose.
LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL = (
    _OfTraces("less", "<", lambda a, b: a < b, (None, None)),
    _OfTraces("less_equal", "≤", lambda a, b: a <= b, (None, None)),
    _OfTraces("greater", ">", lambda a, b: a > b, (None, None)),
    _OfTraces("greater_equal", "≥", lambda a, b: a >= b, (None, None)),
    _OfTraces("equal", "=", lambda a, b: a == b, (None, None)),
    _OfTraces("not_equal", "≠", lambda a, b: a != b, (None, None)),
)
_where = table["where"]
CONDITIONS = frozenset({LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL})
"""The primitives whose result is a condition, true or false, and no number."""
DETACH = _OfTraces("detach", "detach", lambda x: x, (None,))
TAKE = _OfTraces("take", "take", None, lambda y, *of: (*[_where(of[-1] == k, 1, 0) for k in range(len(of) - 1)], None))
TAKE.takes = Takes(1, 1)  # the items, and the index

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = (os.path.dirname(os.__file__) + os.sep, os.path.dirname(np.__file__) + os.sep)

_CHOOSE = (
    "Choose with where(condition, a, b), maximum, minimum or relu instead of if, and, or, not, max, min; "
    "write where(x == 1, a, b) instead of x in (…), match or a dictionary."
)


def _refuse(what: str, instead: str) -> NoReturn:
    """Raise the error of a question a trace cannot answer, with the line that asked it."""
    frame = sys._getframe()
    while frame.f_back and os.path.abspath(frame.f_code.co_filename).startswith(_PACKAGE):
        frame = frame.f_back
    asked = frame
    while frame.f_back and os.path.abspath(frame.f_code.co_filename).startswith(_LIBRARIES):
        frame = frame.f_back  # statistics.mean(xs) asks for a person, whose line that is
    if os.path.abspath(frame.f_code.co_filename).startswith(_PACKAGE):
        frame = asked
    name, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, line).strip()
    error = TypeError(
        f"{what} is not known while a function is compiled, because it depends on an input or a parameter\n"
        f'  at "{name}", line {line}{": " + text if text else ""}\n'
        f"The compiled program has to do the same for every input. {instead}"
    )
    tracer = current_tracer()
    if tracer is not None and tracer.refused is None:
        tracer.refused = error
    raise error


_ours: dict[str, bool] = {}


def _asked_by_this_package() -> bool:
    """Whether the caller's caller is code of `autograd`."""
    code = sys._getframe(2).f_code
    ours = _ours.get(code.co_filename)
    if ours is None:
        ours = _ours[code.co_filename] = os.path.abspath(code.co_filename).startswith(_PACKAGE)
    return ours and code is not trace.__code__  # that one only calls the function: an lru_cache, say


class Traced(Value):
    """A `Value` without a number: a placeholder for an input, or what is computed while a function is traced."""

    __slots__ = ()

    @property
    def data(self) -> float:
        _refuse("the number in a Value (.data)", "Compute with the Value itself; detach() stops its gradient.")

    @data.setter
    def data(self, number: float) -> None:
        _refuse("the number in a Value (.data)", "A Value that was computed cannot be given another number.")

    @property
    def grad(self) -> float:
        _refuse("a gradient (.grad)", "Return the loss; program.value_and_grad computes its gradient.")

    @grad.setter
    def grad(self, gradient: Any) -> None:
        _refuse("a gradient (.grad)", "There is none to be reset in a compiled program.")

    def item(self) -> float:
        _refuse("the number in a Value (.item())", "Compute with the Value itself.")

    def __bool__(self) -> bool:
        _refuse("the truth of a Value or of a comparison", _CHOOSE)

    def __hash__(self) -> int:
        # A number's hash goes by the number, so `x in {0, 1}` and `table[x]` ask for it; our own walks do not.
        if not _asked_by_this_package():
            _refuse("the hash of a Value", f"Placeholders are no keys, and in no set. {_CHOOSE}")
        return object.__hash__(self)

    def __eq__(self, other: object) -> Any:
        return _operator_equal(self, other)

    def __ne__(self, other: object) -> Any:
        return _operator_not_equal(self, other)

    def __float__(self) -> float:
        _refuse("the float of a Value", "Use the functions of autograd, such as autograd.exp, not those of math.")

    def __complex__(self) -> complex:
        _refuse("the complex number of a Value", "Use the functions of autograd, not those of cmath.")

    def __index__(self) -> int:
        _refuse("the integer in an input", "Choose from a list with autograd.take(items, index).")

    __int__ = __index__

    def __round__(self, digits: int | None = None) -> int:
        _refuse("the rounded number in a Value", "Rounding has no derivative: round before, and pass it as an input.")

    __floor__ = __ceil__ = __trunc__ = __round__

    def __and__(self, other: Any = None) -> Any:
        _refuse(
            "what & | ^ ~ of a condition would be",
            "Write where(a, b, False) for a and b, where(a, True, b) for a or b, where(a, False, True) for not a.",
        )

    __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = __and__

    def __str__(self) -> str:
        return format(self)

    def __format__(self, spec: str) -> str:
        _refuse("the text of a number", "Print what the compiled program returns.")

    def __repr__(self) -> str:  # for debuggers and messages: it says that there is no number
        return f"Traced({self.label or (self.op.name if self.op else 'input')})"

    def _choose_from(self, items: Sequence[Any]) -> Traced:
        """The item, a `Value` or number, at an integer input of the traced function, or at a condition (0 or 1)."""
        if self.op in CONDITIONS:
            if len(items) < 2:
                raise IndexError(f"take chooses from {len(items)} items, and the index is a condition, so 0 or 1")
            return table["where"](self, items[1], items[0])  # type: ignore[no-any-return]
        if self.op is not None or self._db is not True:
            _refuse(
                "an index that is computed",
                "take chooses by an integer of the example as it is, or by a condition; pass i + 1 as an input of "
                "its own.",
            )
        return _node(TAKE, (*[x if isinstance(x, Value) else real(x) for x in items], self))

    def detach(self) -> Value:
        return self if self.op in CONDITIONS else _node(DETACH, (self,))

    def backward(self, gradient: float | Value = 1.0, create_graph: bool = False) -> None:
        _refuse("a gradient", "Return the loss; program.value_and_grad computes its gradient.")

    def zero_grad(self) -> None:
        _refuse("a gradient", "There is none to be reset in a compiled program.")

    def __copy__(self) -> Value:
        _refuse("what a copy of a Value would hold", "Use the Value itself; detach() stops its gradient.")

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        _refuse("what a copy of a Value would hold", "Use the Value itself; detach() stops its gradient.")

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        _refuse("what a pickle of a Value would hold", "Use the Value itself; detach() stops its gradient.")


class _Finished(Traced):
    """A node of a trace that is over: what comes next may keep it in sets, at the speed of any other object."""

    __slots__ = ()
    __hash__ = object.__hash__


def _node(op: Primitive, operands: tuple[Any, ...]) -> Traced:
    # What is paused includes the trace itself, so one of them is no `no_grad`.
    y: Traced = new(Traced)
    y.label = ""
    y.op = op
    y._a = None
    y._da = operands
    y._n = next_number()
    if len(paused) > 1 and not_recording.get() and op is not DETACH and op not in CONDITIONS:
        return _node(DETACH, (y,))
    return y


class _Tracing(Reading):
    """The table read as a trace: a primitive of a `Traced` is a `Traced`."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Traced:
        return _node(op, tuple([x if isinstance(x, Value) else real(x) for x in operands]))


readings[Traced] = _tracing = _Tracing()


def _operator(op: Primitive, reflected: bool = False) -> Callable[[Any, Any], Any]:
    def of_two(self: Traced, other: Any) -> Any:
        if not isinstance(other, Value):
            if op in (EQUAL, NOT_EQUAL) and is_like_a_number(other):
                if (number := float_equal_to(other)) is None:
                    return op is NOT_EQUAL
                other = number
            if not is_number(other):
                return NotImplemented
            other = float(other)
        return _node(op, (other, self) if reflected else (self, other))

    return of_two


_operator_equal, _operator_not_equal = _operator(EQUAL), _operator(NOT_EQUAL)


def _method(op: Primitive) -> Callable[..., Any]:
    def method(self: Traced, *others: Any) -> Any:
        return op(self, *others)

    return method


give_methods(Traced, _method)
_ARITHMETIC = {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow", "mod": "mod"}
for _name, _row in {**_ARITHMETIC, "floordiv": "floordiv"}.items():
    setattr(Traced, f"__{_name}__", _operator(table[_row]))
    setattr(Traced, f"__r{_name}__", _operator(table[_row], reflected=True))
for _name, _condition in {"lt": LESS, "le": LESS_EQUAL, "gt": GREATER, "ge": GREATER_EQUAL}.items():
    setattr(Traced, f"__{_name}__", _operator(_condition))


_CONDITION_OF = {
    operator.lt: LESS,
    operator.le: LESS_EQUAL,
    operator.gt: GREATER,
    operator.ge: GREATER_EQUAL,
    operator.eq: EQUAL,
    operator.ne: NOT_EQUAL,
}


class _Tracer:
    """What `value` asks, instead of computing, in the thread (or task) in which a function is traced.

    Attributes:
        made: the leaves that it has made.
        noise: the placeholders of the random numbers that it has drawn by `chance.uniform`.
        generators: those that they are to come from.
        refused: the first question that was refused, which the function may have caught: what it then does would
            be built in for good.
    """

    def __init__(self) -> None:
        self.made: set[Value] = set()
        self.noise: list[Traced] = []
        self.generators: list[Any] = []
        self.refused: TypeError | None = None

    def record(self, op: Primitive, operands: Sequence[Any]) -> Traced:
        """op(*operands): parameters change, so what is computed from them is computed by the program."""
        return _tracing.apply(op, operands)

    def compared(self, compare: Any, a: Value, b: Any) -> Traced:
        """A comparison of a parameter."""
        return _tracing.apply(_CONDITION_OF[compare], (a, b))

    def detach(self, x: Value) -> Traced:
        return _node(DETACH, (x,))

    def made_inside(self, leaf: Value) -> None:
        if leaf.op is not None:
            _refuse("a node made by hand, Value(…, _children=…),", "Compute it from the Values it depends on.")
        self.made.add(leaf)

    def uniform(self, generator: Any) -> Traced:
        x = _input(f"u{len(self.noise)}", integer=False)
        self.noise.append(x)
        if all(generator is not known for known in self.generators):
            self.generators.append(generator)
        return x

    def truth(self, x: Value) -> NoReturn:
        _refuse("the truth of a Value or of a comparison", _CHOOSE)

    def item(self, x: Value) -> NoReturn:
        _refuse(
            "the number in a parameter (.item())",
            "Compute with the Value itself; detach() stops its gradient. (.data is today's number, for good.)",
        )

    def value_of_value(self, x: Value) -> NoReturn:
        _refuse("the number that Value(x) would hold", "Use x itself: it is a Value. x.detach() stops its gradient.")

    def gradient_set(self, gradient: Value) -> NoReturn:
        _refuse("a gradient that is set", "Return the loss; program.value_and_grad computes its gradient.")

    def copied(self, x: Value) -> NoReturn:
        _refuse("what a copy of a Value would hold", "Use the Value itself; detach() stops its gradient.")


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
    again: set[int]
    """The ids of those that are used more than once."""
    made: set[Value]
    """Leaves that the function itself made: constants."""
    noise: list[Traced]
    """Placeholders of random numbers, uniform in [0, 1), to be drawn anew for each call and each sample."""
    seed: int
    """From which to draw them."""


def trace(f: Callable[..., Any], example: Any) -> Trace:
    """Call `f` on placeholders shaped as the example.

    Args:
        f: a function of numbers and (nested) lists or arrays of numbers.
        example: its arguments, a tuple; anything else is the only argument. Of the numbers only
            the type matters: integers may choose (`autograd.take`).

    Raises:
        TypeError: if `f` asks for a number that it will not have (see `Traced`), draws random numbers
            otherwise than by `autograd.chance`, if it returns anything but `Value`s, or if the example is
            not made of real numbers.
        ValueError: for nested lists of unequal lengths.
    """
    if not callable(f):
        raise TypeError(f"compile takes a function, not {f!r}")
    if not isinstance(example, tuple):
        example = (example,)
    began = next_number()
    arguments, placeholders = [], []
    for number, one in enumerate(example):
        name = f"x{number}" if len(example) > 1 else "x"
        found: list[Traced] = []
        placeholders.append(_placeholder(one, name, found))
        arguments.append(Argument(_shape(placeholders[-1], name), found))
    tracer = _Tracer()
    chance = _global_chance()
    with tracing.being(tracer), not_recording.being(False):  # no_grad concerns what it computes, not what is compiled
        result = f(*placeholders)
    if tracer.refused is not None:
        raise tracer.refused
    for before, after in zip(chance, _global_chance(), strict=True):
        if before[1] != after[1]:
            raise TypeError(
                f"{before[0]} was drawn from while the function was compiled (by it, or by another thread), and the "
                "numbers would be the same in every call for good. Draw with autograd.chance.uniform, as nn.Dropout "
                "does, pass the numbers as an input, or draw them before compiling."
            )
    roots = list(values(result))
    if not roots:
        raise TypeError(f"the function to compile must return a Value or lists of Values, and it returned {result!r}")
    order, again = _order_and_used_again(roots)
    others = [node for node in order if not isinstance(node, Traced)]
    _check_made_here(others, began, tracer.made)
    _check_identity(order)
    check_unchanged([node for node in others if node.op is not None], "a compiled program computes it from them")
    for node in order:
        if node.__class__ is Traced and node._n > began:
            node.__class__ = _Finished
    return Trace(arguments, result, order, again, tracer.made, tracer.noise, _seed(tracer.generators))


def _check_made_here(others: list[Value], began: int, made: set[Value]) -> None:
    """That none of the others came into being elsewhere meanwhile: it would be taken for a parameter."""
    for node in others:
        if node._n > began and node not in made:
            raise TypeError(
                f"{node!r} came into being while the function was compiled, but not by what is traced: in another "
                "thread, from a copy or a pickle. Compute it in the function itself, or before."
            )


def _check_identity(order: list[Value]) -> None:
    """That no two `Value`s are compared by ``==``: outside of a trace that asks whether they are the same one."""
    if not {EQUAL, NOT_EQUAL}.intersection([node.op for node in order]):
        return
    of_parameters: set[int] = set()  # what is a Value, and no plain number, outside of a trace
    for node in order:
        if (node.op is None and not isinstance(node, Traced)) or any(id(x) in of_parameters for x in node.operands):
            of_parameters.add(id(node))
        if node.op in (EQUAL, NOT_EQUAL):
            of_parameters.discard(id(node))  # true or false
            if all(id(x) in of_parameters for x in node.operands):
                raise TypeError(
                    "== between two Values that depend on parameters asks whether they are the same Value, which is "
                    "False, and no condition on their numbers; write where(abs(a - b) <= 0, …) for that"
                )


def _global_chance() -> list[tuple[str, Any]]:
    """The states of the generators that everybody draws from."""
    numpy_state = _plain(np.random.get_state(legacy=False))
    return [("Python's global generator (random)", random.getstate()), ("NumPy's (np.random)", numpy_state)]


def _plain(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _plain(entry) for key, entry in state.items()}
    return state.tobytes() if isinstance(state, np.ndarray) else state


def _seed(generators: list[Any]) -> int:
    """A seed drawn from each, so that who seeds them gets the same program again."""
    seed = 0
    for generator in generators:
        seed = seed << 53 | int(generator.random() * 2**53)
    return seed


def _placeholder(example: Any, name: str, found: list[Traced]) -> Any:
    """The example with a placeholder for each number: lists stay lists, arrays become arrays of objects."""
    if isinstance(example, Value):
        example = example.data
    if isinstance(example, (list, tuple)):
        inside = [_placeholder(x, f"{name}[{i}]", found) for i, x in enumerate(example)]
        return example._make(inside) if hasattr(example, "_make") else type(example)(inside)
    if hasattr(example, "__array__") and not isinstance(example, np.generic):
        array = _array(example, name)
        if array.ndim:
            placeholders = np.empty(array.shape, object)
            flat = placeholders.reshape(-1)
            for i, number in enumerate(array.reshape(-1).tolist()):
                flat[i] = _placeholder(number, name, found)
            return placeholders
        example = array.item()
    if not is_number(example):
        raise TypeError(
            f"an example is made of real numbers, and {name} is {example!r} of type {type(example).__name__}"
        )
    x = _input(name, isinstance(example, int) or getattr(getattr(example, "dtype", None), "kind", "f") in "iu")
    found.append(x)
    return x


def _array(example: Any, name: str) -> np.ndarray[Any, Any]:
    """An array, or what can become one: a tensor, a column of a table."""
    if isinstance(example, np.ma.MaskedArray):
        raise TypeError(
            f"an example is made of real numbers, and {name} is a masked array, whose mask would be lost: fill it, "
            "and pass the mask as an input of its own"
        )
    try:
        array = np.asarray(example.detach() if hasattr(example, "detach") else example)
    except Exception as error:
        raise TypeError(
            f"an example is made of real numbers, and {name}, of type {type(example).__name__}, cannot be made a NumPy "
            f"array: {error}"
        ) from error
    if array.dtype.kind not in "fiubO":
        raise TypeError(f"an example is made of real numbers, and {name} is an array of {array.dtype}")
    return array


def _input(name: str, integer: bool) -> Traced:
    x: Traced = new(Traced)
    x.label = name
    x.op = None
    x._a = None
    x._da = ()
    x._db = integer
    x._n = next_number()
    return x


def _shape(placeholders: Any, name: str) -> tuple[int, ...]:
    if isinstance(placeholders, np.ndarray):
        return tuple(placeholders.shape)
    if not isinstance(placeholders, (list, tuple)):
        return ()
    shapes = {_shape(x, name) for x in placeholders}
    if len(shapes) > 1:
        raise ValueError(f"the lists in an example must be of equal length, and those of {name} are not")
    return (len(placeholders), *(shapes.pop() if shapes else ()))


def values(result: Any) -> Iterator[Value]:
    """The `Value`s in nested lists."""
    if isinstance(result, Value):
        yield result
    elif isinstance(result, (list, tuple)) or getattr(getattr(result, "dtype", None), "kind", "") == "O":
        for part in result:
            yield from values(part)
    elif not is_number(result):
        raise TypeError(
            f"the function to compile must return a Value or lists of Values, and it returned {result!r} "
            f"of type {type(result).__name__}"
        )


def order_of(roots: list[Value]) -> list[Value]:
    """As `autograd.topological_order`, of several roots."""
    return _order_and_used_again(roots)[0]


def _order_and_used_again(roots: list[Value]) -> tuple[list[Value], set[int]]:
    """The same, and the ids of the nodes that are more than once an operand, or a root and an operand."""
    found = list({id(root): root for root in roots}.values())
    seen, again = set(map(id, found)), set()
    for node in found:
        for x in node._da if node._a is None else node.operands:
            if x.__class__ is not float:
                key = id(x)
                if key in seen:
                    again.add(key)
                elif isinstance(x, Value):
                    seen.add(key)
                    found.append(x)
    found.sort(key=attrgetter("_n"))
    return found, again
