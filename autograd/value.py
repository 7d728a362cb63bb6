"""`Value`: a number that remembers how it was computed, and the backward pass over that memory.

With this module one can

* compute with numbers and record the graph: ``Value(2.0) * 3 + 1``, `dot`, `total`;
* get every gradient by the chain rule: `Value.backward`;
* compute without recording: `no_grad`;
* compare: ``value > 0`` and ``value == 0`` go by the number, ``value == other_value`` by identity.

Which functions there are, and their derivatives, is in `primitives.py`. The five operators and the
n-ary nodes are written out here once more, on floats, because they are the hot path; a test holds
them equal to their rows.
"""

from __future__ import annotations

import operator
import sys
from _thread import allocate_lock  # what threading.Lock is, without the 3 ms of importing threading
from contextvars import ContextVar
from itertools import count
from operator import attrgetter, mul

from autograd.graph import adjoints, topological_order
from autograd.primitives import Primitive, comparing_numbers, explained, give_methods, table
from autograd.readings import Reading, readings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextvars import Token
    from types import TracebackType
    from typing import Any, Self

__all__ = ["NOT_YET", "Value", "dot", "logsumexp", "no_grad", "total"]

_new = object.__new__
_next_number = count().__next__
_creation = attrgetter("_n")
_add, _sub, _mul, _div, _pow, _dot = (table[name] for name in ("add", "sub", "mul", "div", "pow", "dot"))

NOT_YET = float("0.0")
"""The gradient of a node that no backward pass has reached: 0.0, and this very object, so that a
drawing can tell "not computed" from zero."""

_PLAIN = (float, int)

# How many `no_grad` blocks and traces are open, in all threads: while it is 0, recording costs one look at it.
# What holds in this thread (or async task) is in the context variables.
_paused = 0
_lock = allocate_lock()
_not_recording: ContextVar[bool] = ContextVar("autograd.no_grad", default=False)
_tracing: ContextVar[Any] = ContextVar("autograd.trace", default=None)


def _pause(variable: ContextVar[Any], state: Any) -> Token[Any]:
    """Let recording be something else in this thread (or task) than making nodes, until `_resume`."""
    global _paused
    with _lock:
        _paused += 1
    return variable.set(state)


def _resume(variable: ContextVar[Any], token: Token[Any]) -> None:
    global _paused
    variable.reset(token)
    with _lock:
        _paused -= 1


def _tracer() -> Any:
    """What records for `autograd.compile`, while it traces a function in this thread (or task); else None."""
    tracer = _tracing.get()
    return tracer if tracer is not None and tracer.open else None  # a task begun inside may outlive the trace


class Value:
    """A real number in a computation graph.

    Arithmetic with `Value`s and numbers makes new `Value`s that remember their operands and the
    local derivatives; `backward` turns those into gradients.

    >>> x = Value(0.5, label="x")
    >>> y = (x ** 2 + 1).sin()             # seed 003, §3.2: y = sin(x² + 1)
    >>> y.backward()
    >>> f"dy/dx = 2x cos(x² + 1) = {x.grad:.4f}"
    'dy/dx = 2x cos(x² + 1) = 0.3153'

    Attributes:
        data: the number, a float. It may be set, to whatever `Value` takes.
        grad: ∂root/∂self of the backward passes so far, 0.0 before the first. On a leaf they add
            up; on any other node it is that of the last pass alone. To set it to None, as PyTorch
            does, is to set it to 0.0; anything but a number or a `Value` is refused.
        label: a name for drawings and messages.
        op: the `Primitive` that made it, or None on a leaf.
        operands: what `op` was applied to: `Value`s and plain numbers, in order.
        parents: the `Value`s among the operands, in order; () on a leaf.

    Args:
        data: an int, float, bool or real NumPy scalar, finite or not.
        label: a name.

    Raises:
        TypeError: for anything that is not a real number, another `Value` included.

    Comparisons go by `data`: ``value > other``, ``value == 2.0``. Only ``==`` between two `Value`s and
    `hash` go by identity, so that nodes can live in lists, sets and dictionaries; so ``value == 2.0``
    does not mean that the two have one hash, and a dictionary does not find one by the other.

    >>> a, b = Value(2.0), Value(2.0)
    >>> a == 2, a != 0, a == b, a == a, a.data == b.data
    (True, True, False, True, True)

    There is no ``float(value)``: ``math.exp(value)`` would lose the gradient without a word, so it
    fails. Use `data` or `item()`.
    """

    # A node of one or two operands keeps them as y = op(a, b) with da = ∂y/∂a and db = ∂y/∂b, where
    # b may be a plain number (db is None) or absent (b is None too). Any other node has a = None,
    # its operands in da, and in b and db the operands that a gradient flows to and their ∂y/∂b.
    # Slots, and no tuple for the common nodes, because the garbage collector looks at every object.
    # The hot path reads and writes `_data` and `_grad`; everybody else goes through `data`, which is always a float
    # (NumPy's single would make every number after it one), and `grad`, which lets in nothing that a sum could fail on.
    __slots__ = ("__weakref__", "_a", "_b", "_da", "_data", "_db", "_grad", "_n", "label", "op")

    _data: float
    _grad: float | Any
    label: str
    op: Primitive | None
    _n: int  # the how-manieth node this is: creation is a topological order

    def __init__(self, data: float, _children: Iterable[Value] = (), _op: str = "", label: str = "") -> None:
        self._data = data if type(data) is float else _real(data)
        self._grad = 0.0
        self.label = label
        self.op = None
        self._a: Any = None
        self._da: Any = ()
        self._b: Any = ()
        self._db: Any = _op  # micrograd's name of a leaf, for `_op` alone
        self._n = _next_number()
        if _children:  # micrograd's way to make a node by hand
            children = tuple(_children)
            self.op = Primitive(_op, _op, None, (None,) * len(children))
            self._da = children
            self._db = _Singular(RuntimeError("it was made by hand, Value(…, _children=…), without local derivatives"))
        if _paused and (tracer := _tracer()) is not None:
            tracer.made_inside(self)

    def _set_grad(self, gradient: Any) -> None:
        self._grad = gradient if type(gradient) is float else _gradient(gradient)

    grad: Any = property(attrgetter("_grad"), _set_grad)

    def _set_data(self, data: float) -> None:
        self._data = data if type(data) is float else _real(data)

    data: Any = property(attrgetter("_data"), _set_data)

    @property
    def operands(self) -> tuple[Any, ...]:
        """What `op` was applied to, `Value`s and numbers, in order; () on a leaf."""
        if self._a is None:
            return self._da  # type: ignore[no-any-return]
        return (self._a,) if self._b is None else (self._a, self._b)

    @property
    def parents(self) -> tuple[Value, ...]:
        """The `Value`s among the operands, in order, as often as they occur; () on a leaf."""
        return tuple([x for x in self.operands if isinstance(x, Value)])

    # ── arithmetic ────────────────────────────────────────────────────────────────────────────

    def __add__(self, other: Any) -> Value:
        if type(other) is Value and not _paused:
            y = _new(Value)
            y._grad = NOT_YET
            y.label = ""
            y._data = self._data + other._data
            y.op = _add
            y._a = self
            y._da = 1.0
            y._b = other
            y._db = 1.0
            y._n = _next_number()
            return y
        if type(other) in _PLAIN and not _paused:
            number = float(other)
            return _with_number(_add, self, number, self._data + number, 1.0)
        return _binary(_add, self, other)

    def __sub__(self, other: Any) -> Value:
        if type(other) is Value and not _paused:
            y = _new(Value)
            y._grad = NOT_YET
            y.label = ""
            y._data = self._data - other._data
            y.op = _sub
            y._a = self
            y._da = 1.0
            y._b = other
            y._db = -1.0
            y._n = _next_number()
            return y
        if type(other) in _PLAIN and not _paused:
            number = float(other)
            return _with_number(_sub, self, number, self._data - number, 1.0)
        return _binary(_sub, self, other)

    def __mul__(self, other: Any) -> Value:
        if type(other) is Value and not _paused:
            a, b = self._data, other._data
            y = _new(Value)
            y._grad = NOT_YET
            y.label = ""
            y._data = a * b
            y.op = _mul
            y._a = self
            y._da = b
            y._b = other
            y._db = a
            y._n = _next_number()
            return y
        if type(other) in _PLAIN and not _paused:
            number = float(other)
            return _with_number(_mul, self, number, self._data * number, number)
        return _binary(_mul, self, other)

    def __truediv__(self, other: Any) -> Value:
        if type(other) is Value and not _paused and other._data:
            b = other._data
            y = _new(Value)
            y._grad = NOT_YET
            y.label = ""
            y._data = data = self._data / b
            y.op = _div
            y._a = self
            y._da = 1 / b
            y._b = other
            y._db = -data / b
            y._n = _next_number()
            return y
        return _binary(_div, self, other)

    def __pow__(self, other: Any) -> Value:
        return _binary(_pow, self, other)

    def __radd__(self, other: Any) -> Value:  # other + self
        if type(other) in _PLAIN and not _paused:
            number = float(other)
            return _after_number(_add, number, self, number + self._data, 1.0)
        return _binary(_add, other, self)

    def __rsub__(self, other: Any) -> Value:  # other - self
        if type(other) in _PLAIN and not _paused:
            number = float(other)
            return _after_number(_sub, number, self, number - self._data, -1.0)
        return _binary(_sub, other, self)

    def __rmul__(self, other: Any) -> Value:  # other * self
        if type(other) in _PLAIN and not _paused:
            number = float(other)
            return _after_number(_mul, number, self, number * self._data, number)
        return _binary(_mul, other, self)

    def __rtruediv__(self, other: Any) -> Value:  # other / self
        return _binary(_div, other, self)

    def __rpow__(self, other: Any) -> Value:  # other ** self
        return _binary(_pow, other, self)

    # ── the number ────────────────────────────────────────────────────────────────────────────

    def __lt__(self, other: Any) -> bool:
        return _compared(operator.lt, self, other)

    def __le__(self, other: Any) -> bool:
        return _compared(operator.le, self, other)

    def __gt__(self, other: Any) -> bool:
        return _compared(operator.gt, self, other)

    def __ge__(self, other: Any) -> bool:
        return _compared(operator.ge, self, other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Value) and not comparing_numbers.get():
            return self is other
        return _equal(operator.eq, self, other)

    def __ne__(self, other: object) -> bool:
        if isinstance(other, Value) and not comparing_numbers.get():
            return self is not other
        return _equal(operator.ne, self, other)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        if _paused and (tracer := _tracer()) is not None:
            tracer.truth(self)
        return bool(self.data)

    def item(self) -> float:
        """The plain number, without the graph."""
        if _paused and (tracer := _tracer()) is not None:
            tracer.item(self)
        return self._data

    def detach(self) -> Value:
        """A new leaf with the same data (and label), to which no gradient flows from here."""
        if _paused and (tracer := _tracer()) is not None:
            return tracer.detach(self)  # type: ignore[no-any-return]
        return Value(self.data, label=self.label)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data}, grad={getattr(self.grad, 'data', self.grad)}{label})"

    # ── the backward pass ─────────────────────────────────────────────────────────────────────

    def backward(self, gradient: float | Value = 1.0, create_graph: bool = False) -> None:
        """Add ∂self/∂leaf to the `grad` of every leaf, by the chain rule in reverse.

        The nodes are visited in reverse topological order, each handing to its operands its own
        gradient times the local derivative, δ_operand += δ · ∂y/∂operand (seed 004 BP1, BP2).
        The local derivatives are those recorded in the forward pass, so that changing `data` in
        between changes nothing. As in PyTorch, leaves accumulate over calls; unlike in micrograd, the
        gradients of the other nodes are those of this call alone, so a second call doubles the
        leaves and only those. On a leaf the gradient of the leaf itself, 1, is added.

        Args:
            gradient: ∂L/∂self, where self is not itself the quantity to be differentiated.
            create_graph: make the gradients `Value`s with graphs of their own, that can be
                differentiated again. The derivatives are then computed anew from the operands.

        Raises:
            ZeroDivisionError, ValueError, OverflowError: where a local derivative does not exist
                (√x at 0), naming the node.
            RuntimeError: for a node made by hand without derivatives, or, with `create_graph`, if
                the data of a node have changed since the forward pass.

        Whenever it raises, no gradient has changed.

        >>> x = Value(3.0)
        >>> y = x * x * x
        >>> y.backward(create_graph=True)
        >>> first, x.grad = x.grad, 0.0
        >>> first.backward()
        >>> first.data, x.grad                       # 3x², 6x
        (27.0, 18.0)
        """
        order = _interior(self)
        if create_graph:
            self._backward_with_graph(order, gradient)
            return
        if type(gradient) is not float:
            gradient = _real(gradient)
        for node in order:
            node._grad = 0.0
        self._grad += gradient
        for node in reversed(order):
            gradient = node._grad
            a = node._a
            if a is not None:
                a._grad += gradient * node._da
                db = node._db
                if db is not None:
                    node._b._grad += gradient * db
            else:
                for b, db in zip(node._b, node._db, strict=True):
                    b._grad += gradient * db

    def _backward_with_graph(self, order: list[Value], gradient: float | Value) -> None:
        if not isinstance(gradient, Value):
            gradient = Value(gradient)
        _check_unchanged(order)
        for node, adjoint in adjoints(order or [self], {}, gradient).items():
            if node.op is None and not (type(node._grad) is float and node._grad == 0):
                adjoint = node._grad + adjoint
            node._grad = adjoint

    def zero_grad(self) -> None:
        """Forget the gradients of this node and of every node it was computed from."""
        for node in topological_order(self):
            node._grad = NOT_YET if node.op else 0.0

    # ── micrograd's names: code written for it, and its drawings, find what they look for ─────

    @property
    def _prev(self) -> set[Value]:
        return set(self.parents)

    @property
    def _op(self) -> str:
        if self.op is _pow and not isinstance(self.operands[1], Value):
            return f"**{self.operands[1]:g}"
        if self.op is None:
            return self._db if type(self._db) is str else ""
        return _MICROGRAD_NAMES.get(self.op.name, self.op.name)


_MICROGRAD_NAMES = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "neg": "-", "relu": "ReLU"}


class _Singular:
    """Stands for the local derivatives of a node of which one does not exist."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _interior(root: Value) -> list[Value]:
    """The nodes with operands that a gradient from `root` reaches, in topological order."""
    if root.op is None:
        return []
    seen = {root}
    see = seen.add
    found = [root]
    push = found.append
    for node in found:
        a = node._a
        if a is not None:
            if a.op is not None and a not in seen:
                see(a)
                push(a)
            if node._db is not None:
                b = node._b
                if b.op is not None and b not in seen:
                    see(b)
                    push(b)
        elif type(node._db) is not tuple:
            raise _no_derivative(node)
        else:
            for b in node._b:
                if b.op is not None and b not in seen:
                    see(b)
                    push(b)
    found.sort(key=_creation)  # a node is made after its operands
    return found


def _no_derivative(node: Value) -> Exception:
    """The error of a backward pass that needs a local derivative which does not exist."""
    name = " = ".join(filter(None, (node.label, node.op.name)))  # type: ignore[union-attr]
    return explained(node._db.error, f"the gradient of {name}", node.operands)


def _check_unchanged(order: list[Value]) -> None:
    """That each node is still what its operands give: else its derivatives would be those of other numbers.

    Its derivatives, too: 0·x is 0 whatever becomes of x, but ∂(wx)/∂w = x is not what was recorded.
    """
    for node in order:
        if type(node) is not Value:  # traced by `compile`: there is no number that could have changed
            continue
        assert node.op is not None
        wanted = [isinstance(x, Value) for x in node.operands]
        numbers = [x.data if want else x for x, want in zip(node.operands, wanted, strict=True)]
        try:
            now = _node(node.op, node.operands, numbers, wanted, node.op.on_floats(*numbers))
            pairs = zip(_recorded(now), _recorded(node), strict=False)
            unchanged = all(a == b or (a != a and b != b) for a, b in pairs)  # NaN is unchanged, too
        except (ArithmeticError, ValueError):
            unchanged = False
        if not unchanged:
            raise RuntimeError(
                f"{node!r} is {node.op.name} of its operands no more: data changed after the forward pass, "
                "and create_graph differentiates the operands. Compute the graph again first."
            )


def _recorded(node: Value) -> tuple[float, ...]:
    """The number and the local derivatives, as far as they exist, that the forward pass left in a node."""
    if node._a is not None:
        return (node.data, node._da) if node._db is None else (node.data, node._da, node._db)
    return (node.data,) if isinstance(node._db, _Singular) else (node.data, *node._db)


# ── making nodes ──────────────────────────────────────────────────────────────────────────────


def _is_number(x: Any) -> bool:
    """Whether x is a real number: Python's, or a scalar of NumPy."""
    if isinstance(x, (int, float)):
        return True
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.generic) and x.dtype.kind in "fiub"


def _real(x: Any) -> float:
    if type(x) is float:
        return x
    if _is_number(x):
        return float(x)
    if isinstance(x, Value) and _paused and (tracer := _tracer()) is not None:
        tracer.value_of_value(x)
    advice = ": use it itself, or its data" if isinstance(x, Value) else ""
    raise TypeError(f"expected a real number, not {x!r} of type {type(x).__name__}{advice}")


def _gradient(given: Any) -> Any:
    """What somebody sets a gradient to, as it is kept: a float, or a `Value`."""
    if given is None:
        return 0.0
    if isinstance(given, Value):
        return given
    if _is_number(given):
        return float(given)
    raise TypeError(
        f"a gradient is a real number or a Value (or None, for 0), not {given!r} of type {type(given).__name__}"
    )


def _compared(compare: Callable[[Any, Any], Any], a: Value, b: Any) -> bool:
    if not isinstance(b, Value) and not _is_number(b):
        return NotImplemented  # type: ignore[no-any-return]
    if _paused and (tracer := _tracer()) is not None:
        return tracer.compared(compare, a, b)  # type: ignore[no-any-return]
    # As Python's own number: an integer is compared exactly, and the answer is Python's bool
    b = b.data if isinstance(b, Value) else b.item() if hasattr(b, "dtype") else b
    return bool(compare(a.data, b))


def _equal(compare: Callable[[Any, Any], Any], a: Value, b: Any) -> bool:
    """== or != with numbers of any library (a fraction, a decimal, a complex number), as of a float."""
    if isinstance(b, Value) or not _is_like_a_number(b):
        return _compared(compare, a, b)
    if _paused and (tracer := _tracer()) is not None:
        number = _float_equal_to(b)
        return compare is operator.ne if number is None else tracer.compared(compare, a, number)
    return bool(compare(a.data, b))


def _is_like_a_number(x: Any) -> bool:
    """Whether x is a number of some other library than Python's and NumPy's: a fraction, mpmath's, SymPy's."""
    numeric = hasattr(type(x), "__float__") or hasattr(type(x), "__complex__")
    return numeric and not _is_number(x) and not getattr(x, "shape", None)  # and no array of them


def _float_equal_to(x: Any) -> float | None:
    """The one float that equals such a number; None if there is none, as for ⅓: then no float ever equals it."""
    try:
        number = complex(x).real
        return number if number == x else None
    except (TypeError, ValueError, ArithmeticError):
        return None


def _binary(op: Primitive, a: Any, b: Any) -> Value:
    """op(a, b) for an operator, of a `Value` and something that may be a number."""
    for x in (a, b):
        if not isinstance(x, Value) and not _is_number(x):
            return NotImplemented  # type: ignore[no-any-return]
    return _record(op, (a, b))


def _record(op: Primitive, operands: Sequence[Any]) -> Value:
    """A node for op(*operands), at least one of which is a `Value`; a mere leaf under `no_grad`, none in a trace."""
    if _paused and (tracer := _tracer()) is not None:
        return tracer.record(op, operands)  # type: ignore[no-any-return]
    wanted = [isinstance(x, Value) for x in operands]
    numbers = [x.data if want else _real(x) for x, want in zip(operands, wanted, strict=True)]
    data = op.apply_to_floats(numbers, operands)
    if _paused and _not_recording.get():
        return Value(data)
    return _node(op, operands, numbers, wanted, data)


def _node(op: Primitive, operands: Sequence[Any], numbers: list[float], wanted: list[bool], data: float) -> Value:
    """A node with its local derivatives, recorded even under `no_grad`."""
    y = _new(Value)
    y._data = data
    y._grad = NOT_YET
    y.label = ""
    y.op = op
    y._n = _next_number()
    operands = tuple([x if want else n for x, n, want in zip(operands, numbers, wanted, strict=True)])
    rules = op.derivatives_on_floats
    try:
        if op.nary:
            local = [d if want else None for d, want in zip(rules(data, *numbers), wanted, strict=True)]
        else:
            local = [rule(data, *numbers) if rule and want else None for rule, want in zip(rules, wanted, strict=True)]
    except (ArithmeticError, ValueError) as error:  # a value, but no derivative: √x at 0
        y._a = None
        y._da = operands
        y._b = ()
        y._db = _Singular(error)
        return y
    if len(operands) == 2 and local[0] is not None and (local[1] is not None or not wanted[1]):
        y._a, y._b = operands
        y._da, y._db = local
    else:
        flows = [i for i, want in enumerate(wanted) if want and local[i] is not None]
        y._a = None
        y._da = operands
        y._b = tuple([operands[i] for i in flows])
        y._db = tuple([local[i] for i in flows])
    return y


def _with_number(op: Primitive, a: Value, number: float, data: float, da: float) -> Value:
    """A node for op(a, number), of which the caller knows the rest."""
    y = _new(Value)
    y._data = data
    y._grad = NOT_YET
    y.label = ""
    y.op = op
    y._a = a
    y._da = da
    y._b = number
    y._db = None
    y._n = _next_number()
    return y


def _after_number(op: Primitive, number: float, b: Value, data: float, db: float) -> Value:
    """The same for op(number, b)."""
    y = _new(Value)
    y._data = data
    y._grad = NOT_YET
    y.label = ""
    y.op = op
    y._a = None
    y._da = (number, b)
    y._b = (b,)
    y._db = (db,)
    y._n = _next_number()
    return y


class _Values(Reading):
    """The table read as the eager engine: a primitive of a `Value` is a node."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Value:
        for kind in set(map(type, operands)):
            other = readings.get(kind, self)
            if other is not self and issubclass(kind, Value):  # as with Python's operators, a subclass decides
                return other.apply(op, operands)  # type: ignore[no-any-return]
        return _record(op, operands)


readings[Value] = _Values()


def _method(op: Primitive) -> Callable[..., Any]:
    """The method of `Value` for a primitive that takes it as its first operand."""

    def of_one(self: Value) -> Value:
        try:
            x = self._data
            data = value(x)
            da = derivative(data, x)
            data = data if type(data) is float else float(data)
        except (ArithmeticError, ValueError, TypeError, AttributeError):
            return op(self)  # type: ignore[no-any-return]  # says what is wrong, or records that there is no derivative
        if _paused:
            return _record(op, (self,))
        y = _new(Value)
        y._data = data
        y._grad = NOT_YET
        y.label = ""
        y.op = op
        y._a = self
        y._da = da
        y._b = None
        y._db = None
        y._n = _next_number()
        return y

    def of_more(self: Value, *others: Any) -> Value:
        return op(self, *others)  # type: ignore[no-any-return]

    value = op.on_floats
    derivative = op.derivatives_on_floats[0]
    method = of_one if len(op.derivatives_on_floats) == 1 else of_more
    method.__name__, method.__qualname__ = op.name, f"Value.{op.name}"  # where a pickle looks for it
    method.__doc__ = f"`autograd.{op.name}` of this value."
    return method


give_methods(Value, _method)


def _check_sequences(function: str, *given: Any) -> None:
    for xs in given:
        if isinstance(xs, (str, bytes, dict)) or not hasattr(type(xs), "__iter__"):
            raise TypeError(f"{function} takes Values or numbers in a list, not {xs!r} of type {type(xs).__name__}")


def dot(ws: Iterable[Any], xs: Iterable[Any], bias: Any = 0.0) -> Any:
    """Σ w x + b as one node: the half of a neuron that accumulates (seed 003, g(x, w) = Σ w x).

    Args:
        ws, xs: two sequences of equal length, of `Value`s or numbers.
        bias: a `Value` or a number.

    Returns:
        A `Value`, or a number if all the operands are numbers.

    Raises:
        ValueError: for sequences of unequal length.
        TypeError: for what is no sequence, and operands that are neither `Value`s nor numbers.

    >>> w, b = [Value(2.0), Value(-1.0)], Value(0.5)
    >>> z = dot(w, [3.0, 4.0], b)
    >>> z.backward()
    >>> z.data, [v.grad for v in w], b.grad
    (2.5, [3.0, 4.0], 1.0)
    """
    try:
        w, x = tuple(ws), tuple(xs)
    except TypeError:
        _check_sequences("dot", ws, xs)
        raise
    if len(w) != len(x):
        _check_sequences("dot", ws, xs)
        raise ValueError(f"dot takes two sequences of equal length, and was given {len(w)} and {len(x)}")
    # The hot path supposes that all of ws and the bias are Values, and xs all Values or all numbers.
    # Whatever else they are, the sum then fails or is no float.
    if w and type(w[0]) is Value and type(bias) is Value and not (_paused and _tracer() is not None):
        of_values = type(x[0]) is Value
        try:
            w_data = [v._data for v in w]
            x_data = [v._data for v in x] if of_values else x
            data = sum(map(mul, w_data, x_data), bias._data)
        except (AttributeError, TypeError):
            data = 0
        if type(data) is float:
            if _paused and _not_recording.get():
                return Value(data)
            y = _new(Value)
            y._grad = NOT_YET
            y.label = ""
            y._data = data
            y.op = _dot
            y._n = _next_number()
            y._a = None
            y._da = (*w, *x, bias)
            y._b = y._da if of_values else (*w, bias)
            y._db = (*x_data, *w_data, 1.0) if of_values else (*x_data, 1.0)
            return y
    _check_sequences("dot", ws, xs)
    return _dot(*w, *x, bias)


def total(xs: Iterable[Any]) -> Any:
    """Σ x as one node; 0.0 of nothing.

    Raises:
        TypeError: for what is no sequence of `Value`s and numbers.

    >>> x, y = Value(1.0), Value(2.0)
    >>> total([x, y, 3]).data
    6.0
    """
    _check_sequences("total", xs)
    xs = tuple(xs)
    if not xs:
        return 0.0
    return table["total"](*xs)


def logsumexp(xs: Iterable[Any]) -> Any:
    """log Σ exp(x) as one node, for x of any size; its gradient is the softmax of xs.

    Raises:
        ValueError: for no operand.
        TypeError: for what is no sequence of `Value`s and numbers.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    _check_sequences("logsumexp", xs)
    xs = tuple(xs)
    if not xs:
        raise ValueError("logsumexp takes at least one operand, and was given none")
    return table["logsumexp"](*xs)


class no_grad:  # noqa: N801  PyTorch's name, and it reads as a statement
    """Within ``with no_grad():`` nothing is recorded: results are leaves. Also a decorator.

    It holds for the thread (or the async task) that entered it, and until it is left, also by an
    exception.

    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.op, (x * x).op
    (4.0, None, <primitive mul>)
    """

    def __init__(self) -> None:
        self._tokens: list[Token[bool]] = []

    def __enter__(self) -> Self:
        self._tokens.append(_pause(_not_recording, True))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _resume(_not_recording, self._tokens.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def without_recording(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return function(*args, **kwargs)

        without_recording.__name__, without_recording.__doc__ = function.__name__, function.__doc__
        return without_recording
