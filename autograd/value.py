"""`Value`: a number that remembers how it was computed, and the backward pass over that memory.

With this module one can

* compute with numbers and record the graph: ``Value(2.0) * 3 + 1``;
* get every gradient by the chain rule: `Value.backward`;
* compare: ``value > 0`` and ``value == 0`` go by the number, ``value == other_value`` by identity.

Which functions there are, and their derivatives, is in `primitives`. `node` makes every node; arithmetic gets to it
by the short ways of `operators`, and from anywhere else through `record`.
"""

from __future__ import annotations

import _operator as operator  # the part of operator that is written in C: half a millisecond less to import
from _operator import attrgetter
from itertools import count, repeat

from autograd.graph import adjoints, topological_order
from autograd.micrograd import Micrograd
from autograd.primitives import Primitive, comparing_numbers, explained
from autograd.readings import Reading, readings
from autograd.real import float_equal_to, is_like_a_number, is_number, real
from autograd.recording import current_tracer, not_recording, paused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

__all__ = [
    "NOT_YET",
    "ByHand",
    "Value",
    "check_unchanged",
    "is_parameter",
    "new",
    "next_number",
    "no_derivative",
    "node",
    "put_in_place",
    "record",
    "unrecorded",
]

new = object.__new__
next_number = count().__next__
_creation = attrgetter("_n")

_running: dict[int, list[Value]] = {}
"""The nodes with operands of each backward pass that is running, in any thread."""

NOT_YET = float("0.0")
"""The gradient of a node that no backward pass has reached: 0.0, and this very object, so that a
drawing can tell "not computed" from zero."""


class Value(Micrograd):
    """A real number in a computation graph.

    Arithmetic with `Value`s and numbers makes new `Value`s that remember their operands and the
    local derivatives; `backward` turns those into gradients.

    >>> from autograd import Value
    >>> x = Value(0.5, label="x")
    >>> y = (x ** 2 + 1).sin()             # source 003, §3.2: y = sin(x² + 1)
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
        _children, _op: micrograd's way to make a node by hand; without local derivatives it has no gradient to hand on.
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
    fails, and says what to write instead. Use `data` or `item()`.
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
        self._data = data if type(data) is float else real(data)
        self._grad = 0.0
        self.label = label
        self.op = None
        self._a: Any = None
        self._da: Any = ()
        self._b: Any = ()
        self._db: Any = _op  # of a leaf: micrograd's name for it; None where it is a result (`unrecorded`)
        self._n = next_number()
        if _children:  # micrograd's way to make a node by hand
            children = tuple(_children)
            self.op = ByHand(_op, len(children))
            self._da = children
            self._db = _Singular(RuntimeError(_BY_HAND))
        if paused and (tracer := current_tracer()) is not None:
            tracer.made_inside(self)

    def _set_grad(self, gradient: Any) -> None:
        self._grad = gradient if type(gradient) is float else _gradient(gradient)

    grad: Any = property(attrgetter("_grad"), _set_grad)

    def _set_data(self, data: float) -> None:
        self._data = data if type(data) is float else real(data)

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

    if TYPE_CHECKING:  # `operators` gives it these, and a method for each primitive

        def __add__(self, other: Any) -> Value: ...
        def __sub__(self, other: Any) -> Value: ...
        def __mul__(self, other: Any) -> Value: ...
        def __truediv__(self, other: Any) -> Value: ...
        def __pow__(self, other: Any) -> Value: ...
        def __mod__(self, other: Any) -> Value: ...
        def __floordiv__(self, other: Any) -> Value: ...
        def __divmod__(self, other: Any) -> tuple[Value, Value]: ...
        def __radd__(self, other: Any) -> Value: ...
        def __rsub__(self, other: Any) -> Value: ...
        def __rmul__(self, other: Any) -> Value: ...
        def __rtruediv__(self, other: Any) -> Value: ...
        def __rpow__(self, other: Any) -> Value: ...
        def __rmod__(self, other: Any) -> Value: ...
        def __rfloordiv__(self, other: Any) -> Value: ...
        def __rdivmod__(self, other: Any) -> tuple[Value, Value]: ...
        def __neg__(self) -> Value: ...
        def __pos__(self) -> Value: ...
        def __abs__(self) -> Value: ...

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
        if paused and (tracer := current_tracer()) is not None:
            tracer.truth(self)
        return bool(self.data)

    def item(self) -> float:
        """The plain number, without the graph."""
        if paused and (tracer := current_tracer()) is not None:
            tracer.item(self)
        return self._data

    def __float__(self) -> float:
        raise TypeError(
            f"{self!r} is no float, as its gradient would be lost: use autograd.exp and the like, not those of math, "
            "and x.data for the number alone"
        )

    def _sympy_(self) -> Any:
        """SymPy takes what has a `__float__` for a number of its own; it is to leave comparisons to us."""
        from sympy import SympifyError

        raise SympifyError(self)

    def conjugate(self) -> Value:
        """The same, as of any real number: NumPy's variance asks for it."""
        return self

    def detach(self) -> Value:
        """A new leaf with the same data (and label), to which no gradient flows from here."""
        if paused and (tracer := current_tracer()) is not None:
            return tracer.detach(self)  # type: ignore[no-any-return]
        return unrecorded(self.data, self.label)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data}, grad={getattr(self.grad, 'data', self.grad)}{label})"

    # ── the backward pass ─────────────────────────────────────────────────────────────────────

    def backward(self, gradient: float | Value = 1.0, create_graph: bool = False) -> None:
        """Add ∂self/∂leaf to the `grad` of every leaf, by the chain rule in reverse.

        The nodes are visited in reverse topological order, each handing to its operands its own
        gradient times the local derivative, δ_operand += δ · ∂y/∂operand (source 004 BP1, BP2).
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
            RuntimeError: for a node made by hand without derivatives, for a result that was computed under `no_grad`
                or detached, or, with `create_graph`, if the data of a node have changed since the forward pass; and
                while another backward pass is running over nodes of this graph, as in another thread.

        Whenever it raises one of these, no gradient has changed. An interrupt (Ctrl-C, or whatever else the handler of
        a signal raises) that comes while gradients are handed down is raised when all of them are, so it leaves every
        gradient as it was, or all as after the call. Only where the gradient of a leaf is a `Value`, as with
        `create_graph`, an interrupt of that sum may leave it out; and if memory runs out, zero the gradients.

        Threads may run backward passes over graphs that share leaves, which get the sum; over graphs that share other
        nodes, one at a time.

        >>> from autograd import Value
        >>> x = Value(3.0)
        >>> y = x * x * x
        >>> y.backward(create_graph=True)
        >>> first, x.grad = x.grad, 0.0
        >>> first.backward()
        >>> first.data, x.grad                       # 3x², 6x
        (27.0, 18.0)
        """
        order = _interior(self)
        if self.op is None and self._db is None:
            raise RuntimeError(
                f"{self!r} is a result that was not recorded, under no_grad or by detach: it has no gradients to give"
            )
        seed: Any = real(gradient) if not create_graph else gradient if isinstance(gradient, Value) else Value(gradient)
        key = id(order)
        _running[key] = order
        try:
            if len(_running) > 1:
                _check_apart(order)
            if create_graph:
                _backward_with_graph(order or [self], seed)
            else:
                _backward(self, order, seed)
        finally:
            del _running[key]

    def zero_grad(self) -> None:
        """Forget the gradients of this node and of every node it was computed from."""
        for node in topological_order(self):
            node._grad = NOT_YET if node.op else 0.0


def unrecorded(data: float, label: str = "") -> Value:
    """A leaf that is the result of a computation which was not recorded: no parameter of anything."""
    leaf = Value(data, label=label)
    leaf._db = None
    return leaf


def is_parameter(value: Value) -> bool:
    """Whether a `Value` was given its number by somebody, and is no result of a computation."""
    return value.op is None and type(value._db) is str


_BY_HAND = "it was made by hand, Value(…, _children=…), without local derivatives"


class ByHand(Primitive):
    """What made a node that somebody made by hand, in micrograd's way: nobody knows its formula or derivatives."""

    def __init__(self, name: str, arity: int) -> None:
        super().__init__(name, name, self._unknown, (self._unknown,) * arity)
        self._arity = arity

    def __reduce__(self) -> tuple[Any, ...]:
        return ByHand, (self.name, self._arity)

    def _unknown(self, *operands: Any) -> Any:
        raise RuntimeError(f"{self.name}: {_BY_HAND}")


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
            raise no_derivative(node)
        else:
            for b in node._b:
                if b.op is not None and b not in seen:
                    see(b)
                    push(b)
    found.sort(key=_creation)  # a node is made after its operands
    return found


def _backward(root: Value, order: list[Value], seed: float | None) -> None:
    """The chain rule in reverse, on floats. What interrupts it is raised when it is done.

    Python lets an interrupt in where a loop begins its next round, or a call has returned, and not within the sums. So
    what has been handed down is known from the iterators, and the pass goes on from there.
    """
    to_forget, nodes = iter(order), reversed(order)
    pairs: Any = ()  # of the node in hand, if it has more than two operands; None before they are looked at
    node, gradient, interrupt = root, seed, None
    while True:
        try:
            for node in to_forget:
                node._grad = 0.0
            if seed is not None:
                root._grad, seed = root._grad + seed, None
            if pairs is None:
                pairs = zip(node._b, node._db, strict=True)
            for b, db in pairs:
                b._grad += gradient * db
            for node in nodes:
                gradient = node._grad
                a = node._a
                if a is not None:
                    a._grad += gradient * node._da
                    db = node._db
                    if db is not None:
                        node._b._grad += gradient * db
                else:
                    pairs = None
                    pairs = zip(node._b, node._db, strict=True)
                    for b, db in pairs:
                        b._grad += gradient * db
                pairs = ()  # also so that each round ends in one place: else Python 3.12 leaves one out of the try
            break
        except MemoryError:  # no use in going on
            raise
        except BaseException as error:
            interrupt = error
    if interrupt is not None:
        try:
            raise interrupt
        finally:
            del interrupt  # which refers to this frame, and so to itself


def _backward_with_graph(order: list[Value], gradient: Value) -> None:
    """The same on `Value`s: derivatives are computed anew, and the gradients put in place when all are there."""
    check_unchanged([node for node in order if node.op is not None])
    nodes, gradients = [], []
    for node, adjoint in adjoints(order, {}, gradient).items():
        if node.op is None and not (type(node._grad) is float and node._grad == 0):
            adjoint = node._grad + adjoint
        nodes.append(node)
        gradients.append(adjoint)
    put_in_place(nodes, repeat("_grad"), gradients)


def put_in_place(objects: Iterable[Any], names: Iterable[str], values: Iterable[Any]) -> None:
    """Set an attribute of each object, all of them or none: within one call of C, no interrupt comes in."""
    any(map(object.__setattr__, objects, names, values))


def _check_apart(order: list[Value]) -> None:
    """That no other backward pass is running over these nodes, whose gradients it would take for its own."""
    nodes = set(order)
    for other in tuple(_running.values()):
        if other is not order and not nodes.isdisjoint(other):
            shared = next(node for node in other if node in nodes)
            raise RuntimeError(
                f"another backward pass, in another thread, is running over nodes of this graph, such as {shared!r}: "
                "threads may share leaves, and of other nodes each needs its own"
            )


def no_derivative(node: Value) -> Exception:
    """The error of a backward pass that needs a local derivative which does not exist."""
    name = " = ".join(filter(None, (node.label, node.op.name)))  # type: ignore[union-attr]
    error = explained(node._db.error, f"the gradient of {name}", node.operands)
    return type(error)(f"{error}, so {node.op.name} has no derivative there")  # type: ignore[union-attr]


def check_unchanged(order: list[Value], because: str = "create_graph differentiates the operands") -> None:
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
            now = _with_derivatives(node.op, node.operands, numbers, wanted, node.op.on_floats(*numbers))
            pairs = zip(_recorded(now), _recorded(node), strict=False)
            unchanged = all(a == b or (a != a and b != b) for a, b in pairs)  # NaN is unchanged, too
        except (ArithmeticError, ValueError):
            unchanged = False
        if not unchanged:
            raise RuntimeError(
                f"{node!r} is {node.op.name} of its operands no more: data changed after the forward pass, "
                f"and {because}. Compute the graph again first."
            )


def _recorded(node: Value) -> tuple[float, ...]:
    """The number and the local derivatives, as far as they exist, that the forward pass left in a node."""
    if node._a is not None:
        return (node.data, node._da) if node._db is None else (node.data, node._da, node._db)
    return (node.data,) if isinstance(node._db, _Singular) else (node.data, *node._db)


# ── making nodes ──────────────────────────────────────────────────────────────────────────────


def _gradient(given: Any) -> Any:
    """What somebody sets a gradient to, as it is kept: a float, or a `Value`."""
    if given is None:
        return 0.0
    if isinstance(given, Value):
        if paused and (tracer := current_tracer()) is not None:
            tracer.gradient_set(given)
        return given
    if is_number(given):
        return float(given)
    raise TypeError(
        f"a gradient is a real number or a Value (or None, for 0), not {given!r} of type {type(given).__name__}"
    )


def _compared(compare: Callable[[Any, Any], Any], a: Value, b: Any) -> bool:
    if not isinstance(b, Value) and not is_number(b):
        return NotImplemented  # type: ignore[no-any-return]
    if paused and (tracer := current_tracer()) is not None:
        return tracer.compared(compare, a, b)  # type: ignore[no-any-return]
    # As Python's own number: an integer is compared exactly, and the answer is Python's bool
    b = b.data if isinstance(b, Value) else b.item() if hasattr(b, "dtype") else b
    return bool(compare(a.data, b))


def _equal(compare: Callable[[Any, Any], Any], a: Value, b: Any) -> bool:
    """== or != with numbers of any library (a fraction, a decimal, a complex number), as of a float."""
    if isinstance(b, Value) or not is_like_a_number(b):
        return _compared(compare, a, b)
    if paused and (tracer := current_tracer()) is not None:
        number = float_equal_to(b)
        return compare is operator.ne if number is None else tracer.compared(compare, a, number)
    return bool(compare(a.data, b))


def node(op: Primitive, data: float, a: Any, da: Any, b: Any, db: Any) -> Value:
    """The one way to make a node of the graph; what stands in a, da, b, db, says the comment in `Value`."""
    y = new(Value)
    y._data = data
    y._grad = NOT_YET
    y.label = ""
    y.op = op
    y._a = a
    y._da = da
    y._b = b
    y._db = db
    y._n = next_number()
    return y


def record(op: Primitive, operands: Sequence[Any]) -> Value:
    """A node for op(*operands), at least one of which is a `Value`; a mere leaf under `no_grad`, none in a trace."""
    if paused and (tracer := current_tracer()) is not None:
        return tracer.record(op, operands)  # type: ignore[no-any-return]
    wanted = [isinstance(x, Value) for x in operands]
    numbers = [x.data if want else real(x) for x, want in zip(operands, wanted, strict=True)]
    data = op.apply_to_floats(numbers, operands)
    if paused and not_recording.get():
        return unrecorded(data)
    return _with_derivatives(op, operands, numbers, wanted, data)


def _with_derivatives(
    op: Primitive, operands: Sequence[Any], numbers: list[float], wanted: list[bool], data: float
) -> Value:
    """A node with its local derivatives, recorded even under `no_grad`."""
    all_wanted = False not in wanted
    if all_wanted:
        operands = tuple(operands)
    else:
        operands = tuple([x if want else n for x, n, want in zip(operands, numbers, wanted, strict=True)])
    rules = op.derivatives_on_floats
    try:
        if op.nary:
            local = [d if want else None for d, want in zip(rules(data, *numbers), wanted, strict=True)]
        else:
            local = [rule(data, *numbers) if rule and want else None for rule, want in zip(rules, wanted, strict=True)]
    except (ArithmeticError, ValueError) as error:  # a value, but no derivative: √x at 0
        return node(op, data, None, operands, (), _Singular(error))
    if len(operands) == 2 and local[0] is not None and (local[1] is not None or not wanted[1]):
        return node(op, data, operands[0], local[0], operands[1], local[1])
    if all_wanted and None not in local:
        return node(op, data, None, operands, operands, tuple(local))
    flows = [i for i, want in enumerate(wanted) if want and local[i] is not None]
    return node(op, data, None, operands, tuple([operands[i] for i in flows]), tuple([local[i] for i in flows]))


class _Values(Reading):
    """The table read as the eager engine: a primitive of a `Value` is a node."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Value:
        return record(op, operands)


readings[Value] = _Values()
