"""The table read with intervals: where a value and its derivatives provably lie.

With this module one can

* enclose a value and its derivatives, for numbers or for whole boxes of them: `enclose`;
* compute with intervals by hand: an `Interval` is a number like any other to the functions of this package.

An operation on intervals gives an interval that contains every result of the operation on numbers in them, rounded
outwards. So do, by induction, a formula, a graph, and the chain rule over it. Nothing about a derivative is written
here: formulas and local derivatives are those of the table, and the walks those of `graph`.

What is taken for granted: that mpmath rounds + − × ÷ √ in the direction asked for, as ``mpmath.iv`` does; and that it
computes every other function, at an end of an interval, to all but the last 32 bits of the precision it is given. These
are then widened by as much. (For exp, log, sin, cos and powers ``mpmath.iv`` itself does not: of exp about one end
in five thousand lies on the wrong side of the true value.) √2, √π and √2π, which stand in rows as floats, are enclosed
together with those floats.

mpmath is needed for it (``pip install mpmath``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Rational
from threading import RLock
from typing import Any, NamedTuple

try:
    import mpmath
    from mpmath.libmp import mpf_abs, mpf_add, mpf_shift, mpf_sub
except ModuleNotFoundError:
    mpmath = None

from autograd.graph import adjoints, topological_order
from autograd.primitives import LN_2, LN_10, ROOT_2, ROOT_PI, ROOT_TAU, Primitive, explained
from autograd.readings import Reading, readings
from autograd.value import Value

__all__ = ["Enclosure", "Interval", "enclose"]

DIGITS = 50
GUARD = 32
"""So many bits more than asked for are computed of a function that is then rounded outwards by one bit asked for."""

# Contexts of our own: nobody else's precision changes, and nobody changes ours. The lock is for threads of ours.
_iv: Any = None
_mp: Any = None
_lock = RLock()
_both_at_ties: ContextVar[bool] = ContextVar("autograd.both_at_ties", default=False)


def _compute_with(digits: int) -> None:
    _iv.dps = digits
    _mp.prec = _iv.prec + GUARD


@contextmanager
def _precision(digits: int) -> Iterator[None]:
    with _lock:
        before = _iv.dps
        _compute_with(digits)
        try:
            yield
        finally:
            _compute_with(before)


if mpmath is not None:
    _iv, _mp = type(mpmath.iv)(), type(mpmath.mp)()
    _compute_with(DIGITS)


def _check_mpmath() -> None:
    if mpmath is None:
        raise ModuleNotFoundError("intervals need mpmath: pip install mpmath", name="mpmath")


class Interval:
    """All real numbers from `low` to `high`, to compute with: ``exp(Interval(0, 1)) * 2``.

    Args:
        low, high: the ends, numbers that are not NaN (also fractions, or mpmath's); without `high` the one number
            `low`, exactly.

    Attributes:
        low, high: the ends as floats, rounded outwards.

    Raises:
        ValueError: for ends in the wrong order, or NaN.
        TypeError: for an end that is no real number.

    A comparison that does not hold of all the numbers, nor fails for all, is undecided: it is Interval(0, 1), of which
    `where` makes the hull of both sides, and ``if`` an error.

    >>> from autograd.intervals import Interval
    >>> from autograd import exp, where
    >>> x = Interval(-1, 2)
    >>> x * x + 1, x**2 + 1                        # the factors of a product are not known to be the same
    (Interval(-1.0, 5.0), Interval(1.0, 5.0))
    >>> where(x > 0, x, 0), x > 3, x > 0
    (Interval(-1.0, 2.0), False, Interval(0.0, 1.0))
    >>> 2 in x, exp(Interval(0)).low <= 1 <= exp(Interval(0)).high
    (True, True)
    """

    __slots__ = ("_x",)
    __array_ufunc__ = None  # an array times an interval is no array of intervals
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, low: Any, high: Any = None) -> None:
        _check_mpmath()
        if low != low or high != high:  # mpmath.iv takes NaN for "any number"
            raise ValueError(f"the ends of an interval are numbers, and these are {low!r} and {high!r}")
        ends = [_around(x) for x in ((low,) if high is None else (low, high))]
        self._x = ends[0] if high is None else _iv.make_mpf((ends[0]._mpi_[0], ends[1]._mpi_[1]))
        if _mp.make_mpf(self._x._mpi_[0]) > _mp.make_mpf(self._x._mpi_[1]):
            raise ValueError(f"the first end of an interval is the lower one, and these are {low!r} and {high!r}")

    @property
    def low(self) -> float:
        exact, rounded = self._ends[0], float(self._ends[0])
        return rounded if rounded <= exact else math.nextafter(rounded, -math.inf)

    @property
    def high(self) -> float:
        exact, rounded = self._ends[1], float(self._ends[1])
        return rounded if rounded >= exact else math.nextafter(rounded, math.inf)

    @property
    def _ends(self) -> tuple[Any, Any]:
        low, high = self._x._mpi_
        return _mp.make_mpf(low), _mp.make_mpf(high)

    def __contains__(self, number: Any) -> bool:  # any real number, compared exactly
        low, high = self._ends
        return bool(low <= number <= high)

    def __repr__(self) -> str:
        return f"Interval({self.low!r}, {self.high!r})"

    def __add__(self, other: Any) -> Interval:
        return _of(self._x + _interval(other)._x)

    def __sub__(self, other: Any) -> Interval:
        return _of(self._x - _interval(other)._x)

    def __mul__(self, other: Any) -> Interval:
        return _of(self._x * _interval(other)._x)

    def __truediv__(self, other: Any) -> Interval:
        divisor = _interval(other)
        if 0 in divisor:
            raise ZeroDivisionError(f"{self!r} is divided by {divisor!r}, which contains 0")
        return _of(self._x / divisor._x)

    def __pow__(self, other: Any) -> Interval:
        return _power(self, _interval(other))

    def __radd__(self, other: Any) -> Interval:
        return _interval(other) + self

    def __rsub__(self, other: Any) -> Interval:
        return _interval(other) - self

    def __rmul__(self, other: Any) -> Interval:
        return _interval(other) * self

    def __rtruediv__(self, other: Any) -> Interval:
        return _interval(other) / self

    def __rpow__(self, other: Any) -> Interval:
        return _interval(other) ** self

    def __neg__(self) -> Interval:
        return _of(-self._x)

    def __pos__(self) -> Interval:
        return self

    def __abs__(self) -> Interval:
        return _of(abs(self._x))

    def __lt__(self, other: Any) -> Any:
        return _less(self, _interval(other), strictly=True)

    def __le__(self, other: Any) -> Any:
        return _less(self, _interval(other), strictly=False)

    def __gt__(self, other: Any) -> Any:
        return _less(_interval(other), self, strictly=True)

    def __ge__(self, other: Any) -> Any:
        return _less(_interval(other), self, strictly=False)

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, (Interval, int, float)):
            return NotImplemented
        (low, high), (other_low, other_high) = self._ends, _interval(other)._ends
        if high < other_low or other_high < low:
            return False
        return True if low == high == other_low == other_high and not _both_at_ties.get() else _undecided()

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return not equal if isinstance(equal, bool) else equal

    def __bool__(self) -> bool:
        if 0 not in self:
            return True
        if self._ends != (0, 0):
            raise ValueError(f"{self!r} is neither 0 nor not 0: it is not decided; choose with where(…), not with if")
        return False


def _of(x: Any) -> Interval:
    made = Interval.__new__(Interval)
    made._x = x
    return made


def _hull(*intervals: Interval) -> Interval:
    lows, highs = zip(*(x._ends for x in intervals), strict=True)
    return _of(_iv.make_mpf((min(lows)._mpf_, max(highs)._mpf_)))


def _undecided() -> Interval:
    return Interval(0, 1)


_ROOTS: dict[float, Callable[[], Any]] = {
    ROOT_2: lambda: _iv.sqrt(_iv.mpf(2)),
    ROOT_PI: lambda: _iv.sqrt(_iv.pi),
    ROOT_TAU: lambda: _iv.sqrt(2 * _iv.pi),
    2 / ROOT_PI: lambda: 2 / _iv.sqrt(_iv.pi),
    -2 / ROOT_PI: lambda: -2 / _iv.sqrt(_iv.pi),
    LN_2: lambda: _iv.log(_iv.mpf(2)),
    LN_10: lambda: _iv.log(_iv.mpf(10)),
}
"""What the floats in the rows stand for. A float that is one of them is enclosed with it, whatever it stands for."""


def _interval(x: Any) -> Interval:
    """A number as the interval of that number alone, exactly."""
    if isinstance(x, Interval):
        return x
    root = _ROOTS.get(x) if type(x) is float else None
    return _hull(_of(root()), Interval(x)) if root is not None else Interval(x)


def _less(a: Interval, b: Interval, strictly: bool) -> Any:
    """Whether a < b (or a ≤ b) for all numbers in them, or for none; else it is undecided."""
    (a_low, a_high), (b_low, b_high) = a._ends, b._ends
    if a_high < b_low or (a_high == b_low and not strictly and not _both_at_ties.get()):
        return True
    if a_low > b_high or (a_low == b_high and strictly and not _both_at_ties.get()):
        return False
    return _undecided()


def _power(a: Interval, b: Interval) -> Interval:
    (low, high), (least, most) = a._ends, b._ends
    if least == most and _mp.isint(least):
        if least < 0 and 0 in a:
            raise ZeroDivisionError(f"{a!r}, which contains 0, is raised to a negative power, {b!r}")
        return _whole_power(a, int(least))
    if low < 0:
        raise ValueError(f"{a!r} is raised to the power {b!r}: it is defined for a ≥ 0, or a whole b")
    if low > 0:
        return _exp(b * _log(a))
    if least < 0:
        raise ZeroDivisionError(f"{a!r}, which contains 0, is raised to {b!r}, which may be negative")
    found = [Interval(0)]  # 0ᵇ, where b > 0
    if least == 0:
        found.append(Interval(1))  # 0⁰
    if high > 0:  # aᵇ is monotone in each of a and b, so the greatest is at a corner
        corner = _of(_iv.make_mpf((high._mpf_, high._mpf_)))
        found.append(_exp(b * _log(corner)))
    return _hull(*found)


# ── functions ─────────────────────────────────────────────────────────────────────────────────────


def _widened(y: Any, exact: bool) -> tuple[Any, Any]:
    """Two numbers between which that lies of which y is all but the last bits."""
    bits, y = _iv.prec, y._mpf_
    slack = mpf_shift(mpf_abs(y), -bits)  # of 0 it is 0: no function here comes near without being there
    return (y, y) if exact else (mpf_sub(y, slack, bits + GUARD, "f"), mpf_add(y, slack, bits + GUARD, "c"))


def _whole_power(a: Interval, n: int) -> Interval:
    if n < 0:
        return 1 / _whole_power(a, -n)
    (low, high) = (abs(a) if n % 2 == 0 else a)._ends
    (lower, _), (_, upper) = (_widened(x**n, exact=x._mpf_[3] * n <= _iv.prec) for x in (low, high))
    return _of(_iv.make_mpf((lower, upper)))


def _monotone(
    name: str, decreasing: bool = False, low: float = -math.inf, high: float = math.inf
) -> Callable[[Interval], Interval]:
    """A monotone function that mpmath.iv does not have, with values from low to high."""

    def enclosed(x: Interval) -> Interval:
        function = getattr(_mp, name)
        values = [(function(end), end) for end in x._ends]
        ends = [_widened(y, exact=end == 0 and y == 1) for y, end in values]  # exp 0, cosh 0, erfc 0
        (lower, _), (_, upper) = reversed(ends) if decreasing else ends
        bounds = max(_mp.make_mpf(lower), _mp.mpf(low)), min(_mp.make_mpf(upper), _mp.mpf(high))
        return _of(_iv.make_mpf((bounds[0]._mpf_, bounds[1]._mpf_)))

    return enclosed


def _in_domain(
    function: Callable[[Interval], Interval], defined: Callable[[Any, Any], bool]
) -> Callable[[Interval], Interval]:
    def enclosed(x: Interval) -> Interval:
        if not defined(*x._ends):
            raise ValueError("the interval is not inside of the domain")
        return function(x)

    return enclosed


def _wave(name: str) -> Callable[[Interval], Interval]:
    """sin or cos, of which mpmath.iv finds the extrema."""

    def enclosed(x: Interval) -> Interval:
        before = _iv.prec
        _iv.prec = before + GUARD
        try:
            low, high = _of(getattr(_iv, name)(x._x))._ends
        finally:
            _iv.prec = before
        (lower, _), (_, upper) = (_widened(y, exact=x._ends == (0, 0)) for y in (low, high))
        bounds = max(_mp.make_mpf(lower), _mp.mpf(-1)), min(_mp.make_mpf(upper), _mp.mpf(1))
        return _of(_iv.make_mpf((bounds[0]._mpf_, bounds[1]._mpf_)))

    return enclosed


_exp, _cos, _tan_at_ends = _monotone("exp", low=0), _wave("cos"), _monotone("tan")
_log = _in_domain(_monotone("log"), lambda low, high: low > 0)


def _tan(x: Interval) -> Interval:
    low, high = x._ends
    if 0 in _cos(x) or high - low >= 4:
        raise ValueError("the interval may contain a pole")
    return _tan_at_ends(x)


def _cosh(x: Interval) -> Interval:
    size = abs(x)
    return _monotone("cosh", low=1)(size)


def _cbrt(x: Interval) -> Interval:
    ends = [_widened(_mp.sign(end) * _mp.cbrt(abs(end)), exact=False) for end in x._ends]
    return _of(_iv.make_mpf((ends[0][0], ends[1][1])))


def _arctan2(a: Interval, b: Interval) -> Interval:
    """The angles of a box: from corner to corner, as long as it does not reach the jump from −π to π."""
    if 0 in a and b._ends[0] <= 0:
        raise ValueError("the interval may contain the jump from −π to π")
    corners = [_widened(_mp.atan2(y, x), exact=y == 0) for y in a._ends for x in b._ends]
    lows, highs = (list(map(_mp.make_mpf, ends)) for ends in zip(*corners, strict=True))
    return _of(_iv.make_mpf((min(lows)._mpf_, max(highs)._mpf_)))


def _whole_quotient(a: Interval, b: Interval) -> Interval:
    low, high = map(_mp.floor, (a / b)._ends)
    if low != high:
        raise ValueError("the interval may contain a step")
    return Interval(low)


def _where(condition: Any, a: Any, b: Any) -> Any:
    if isinstance(condition, Interval) and 0 in condition and condition._ends != (0, 0):
        return _hull(_interval(a), _interval(b))
    return a if condition else b


def _maximum(a: Any, b: Any) -> Interval:
    (low, high), (other_low, other_high) = _interval(a)._ends, _interval(b)._ends
    return _of(_iv.make_mpf((max(low, other_low)._mpf_, max(high, other_high)._mpf_)))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": _exp,
    "sin": _wave("sin"),
    "cos": _cos,
    "tan": _tan,
    "log": _log,
    "log2": lambda x: _log(x) / _log(Interval(2)),
    "log10": _in_domain(_monotone("log10"), lambda low, high: low > 0),
    "sqrt": _in_domain(lambda x: _of(_iv.sqrt(x._x)), lambda low, high: low >= 0),
    "cbrt": _cbrt,
    "hypot": lambda a, b: _of(_iv.sqrt((a**2 + b**2)._x)),
    "arctan2": _arctan2,
    "mod": lambda a, b: a - b * _whole_quotient(a, b),
    "floordiv": _whole_quotient,
    "expm1": _monotone("expm1", low=-1),
    "log1p": _in_domain(_monotone("log1p"), lambda low, high: low > -1),
    "asin": _in_domain(_monotone("asin"), lambda low, high: low >= -1 and high <= 1),
    "acos": _in_domain(_monotone("acos", decreasing=True, low=0), lambda low, high: low >= -1 and high <= 1),
    "atan": _monotone("atan"),
    "sinh": _monotone("sinh"),
    "cosh": _cosh,
    "tanh": _monotone("tanh", low=-1, high=1),
    "erf": _monotone("erf", low=-1, high=1),
    "erfc": _monotone("erfc", decreasing=True, low=0, high=2),
    "where": _where,
    "maximum": _maximum,
    "minimum": lambda a, b: -_maximum(-_interval(a), -_interval(b)),
}


class _Intervals(Reading):
    """The table read as intervals."""

    def apply(self, op: Primitive, operands: Sequence[Any]) -> Any:
        function = _FUNCTIONS.get(op.name)
        if function is None:
            if op.formula is None:
                raise TypeError(
                    f"{op.name} cannot be enclosed: there are no intervals for it, and its row has no formula"
                )
            return op.formula(*operands)
        if op.name == "where":
            return function(*operands)
        try:
            return function(*map(_interval, operands))
        except (ArithmeticError, ValueError) as error:
            outside = ValueError(f"it is defined for {op.domain}") if op.domain else error
            raise explained(outside, op.name, operands) from None


readings[Interval] = _Intervals()


# ── graphs ────────────────────────────────────────────────────────────────────────────────────────


class Enclosure(NamedTuple):
    """Where a value and its derivatives lie.

    Attributes:
        value: the interval of the value.
        derivative: that of ∂value/∂wrt, a list of them for a sequence of nodes, None without `wrt`.
    """

    value: Interval
    derivative: Any = None


class _Fixed:
    """What an operand is that does not depend on `wrt`."""


class _Rules:
    """A node between `wrt` and the root, for the walk of `graph`."""

    def __init__(self, node: Value, operands: tuple[_Rules | _Fixed, ...]) -> None:
        self.node, self.operands = node, operands
        self.op = self if any(isinstance(x, _Rules) for x in operands) else None

    def local_derivatives(self, y: Any, operands: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
        """Those of the row; at a kink the hull of both sides', which has what the row gives there in it."""
        op = self.node.op
        assert op is not None
        token = _both_at_ties.set(True)
        try:
            return list(op.local_derivatives(y, operands, wanted))
        except (ArithmeticError, ValueError):  # one side of the tie is nowhere: a⁻¹, for a⁰ at 0
            pass
        finally:
            _both_at_ties.reset(token)
        try:
            return list(op.local_derivatives(y, operands, wanted))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise _refused(error, f"the derivative of {_name(self.node)}") from None


def enclose(
    value: Value,
    wrt: Value | Sequence[Value] | None = None,
    *,
    within: Mapping[Value, tuple[float, float] | Interval] | None = None,
    digits: int = DIGITS,
) -> Enclosure:
    """Intervals in which a value and its derivatives provably lie.

    Their ends are floats. They contain what the graph's formulas give in exact arithmetic at the leaves' data, or at
    every point of a box around them: `within`. What floats make of the same formulas may lie beside them, by its
    rounding errors: how far, is a bound of these. What a comparison or an ``if`` decided in the forward pass stays
    decided. At a kink (`relu` or `abs` at 0, `maximum` at a tie) the derivative is the hull of the slopes on both
    sides, and so contains the one that the row gives there. What the proof takes for granted stands at the top of this
    module.

    Args:
        value: the node.
        wrt: the node or nodes to differentiate with respect to.
        within: for some leaves the lowest and the highest number to consider, instead of their data.
        digits: of the arithmetic; with 50 the intervals of a short computation at one point are as narrow as floats can
            be. With 15 it is about that of floats, and the width shows what roundings may do at worst.

    Returns:
        The pair (value, derivative); the derivative is None without `wrt`, and a list for a sequence of nodes.

    Raises:
        TypeError: if `value` or `wrt` is not a `Value`, or a primitive has no formula that intervals can be put into.
        ValueError: for a leaf that is not finite, a domain that the interval is not inside of, and a key of `within`
            that is not a leaf of the graph.
        ZeroDivisionError: where a divisor's interval contains 0.
        RuntimeError: for a node made by hand, ``Value(…, _children=…)``, of which nobody knows the formula.
        ModuleNotFoundError: without mpmath.

    >>> from autograd import Value, enclose, sin
    >>> x = Value(0.5, label="x")
    >>> y = sin(x**2 + 1)
    >>> y.backward()
    >>> value, slope = enclose(y, wrt=x)
    >>> y.data in value, x.grad in slope, slope.high - slope.low < 1e-16
    (True, True, True)

    For every x from 0.4 to 0.6 the value grows with x:

    >>> enclose(y, wrt=x, within={x: (0.4, 0.6)}).derivative.low > 0
    True
    """
    _check_mpmath()
    if not isinstance(wrt, (Value, Sequence, type(None))):
        raise TypeError(f"wrt is a Value or a list of Values, not {wrt!r} of type {type(wrt).__name__}")
    nodes = [] if wrt is None else [wrt] if isinstance(wrt, Value) else list(wrt)
    for given in (value, *nodes):
        if not isinstance(given, Value):
            raise TypeError(f"enclose takes Values, and was given {given!r} of type {type(given).__name__}")
    if not isinstance(digits, int) or digits < 1:
        raise ValueError(f"digits is a positive whole number, not {digits!r}")
    order = topological_order(value)
    boxes = dict(within or {})
    leaves = {node for node in order if node.op is None}
    for leaf in boxes:
        if leaf not in leaves:
            raise ValueError(f"within names leaves of the graph, and {leaf!r} is not one")
    with _precision(digits):
        primal: dict[Any, Interval] = {}
        for node in order:
            primal[node] = _leaf(node, boxes) if node.op is None else _applied(node, primal)
        if wrt is None:
            return Enclosure(_in_floats(primal[value]))
        found = _derivatives(order, primal, set(nodes))
        derivatives = [_in_floats(_interval(found.get(node, 0))) for node in nodes]
    return Enclosure(_in_floats(primal[value]), derivatives[0] if isinstance(wrt, Value) else derivatives)


def _in_floats(x: Interval) -> Interval:
    return Interval(x.low, x.high)


def _around(x: Any) -> Any:
    """A number as an interval around it, which is that number alone unless it is a fraction that ends nowhere."""
    if not isinstance(x, (str, bytes)):
        try:
            if isinstance(x, Rational):
                return _iv.mpf(int(x.numerator)) / _iv.mpf(int(x.denominator))
            if hasattr(found := _iv.mpf(x), "_mpi_"):  # and not two, of a complex number
                return found
        except (TypeError, ValueError, NotImplementedError):
            pass
    raise TypeError(f"the ends of an interval are real numbers, and {x!r} is of type {type(x).__name__}")


def _leaf(leaf: Value, boxes: Mapping[Value, Any]) -> Interval:
    box = boxes.get(leaf, leaf.data)
    if isinstance(box, Interval):
        return box
    ends = box if isinstance(box, (tuple, list)) else (box, box)
    given = [_around(end) for end in ends]
    if len(given) != 2 or not all(abs(end) < math.inf for end in given):
        raise ValueError(f"{leaf!r} is enclosed by two finite numbers, not by {box!r}")
    return Interval(*ends)


def _applied(node: Value, primal: Mapping[Any, Interval]) -> Interval:
    op = node.op
    assert op is not None
    try:
        return _interval(op(*[primal.get(x, x) if isinstance(x, Value) else _interval(x) for x in node.operands]))
    except (ArithmeticError, ValueError, TypeError) as error:
        raise _refused(error, _name(node)) from None


def _derivatives(order: Sequence[Value], primal: Mapping[Any, Interval], wrt: set[Value]) -> dict[Value, Any]:
    """∂root/∂node, by the walk of `graph` over the nodes that depend on one of `wrt`."""
    rules: dict[Value, _Rules] = {}
    known: dict[Any, Interval] = {}
    for node in order:
        if node in wrt or any(isinstance(x, Value) and x in rules for x in node.operands):
            operands = tuple([(rules.get(x) if isinstance(x, Value) else None) or _Fixed() for x in node.operands])
            rules[node] = _Rules(node, operands)
            known[rules[node]] = primal[node]
            for x, operand in zip(node.operands, operands, strict=True):
                known[operand] = primal[x] if isinstance(x, Value) else _interval(x)
    if order[-1] not in rules:
        return {}
    walk: Any = list(rules.values())
    adjoint: dict[Any, Any] = adjoints(walk, known, Interval(1))
    return {each.node: x for each, x in adjoint.items()}


def _name(node: Value) -> str:
    return " = ".join(filter(None, (node.label, node.op.name if node.op else "a leaf")))


def _refused(error: Exception, what: str) -> Exception:
    """The same error, naming the node."""
    kinds = (ZeroDivisionError, OverflowError, ValueError, TypeError, Exception)
    return next(kind for kind in kinds if isinstance(error, kind))(f"cannot enclose {what}: {error}")
