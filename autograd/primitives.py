"""The table: every primitive, its formula and its local derivatives, written once.

With this module one can

* look a primitive up: ``table["tanh"].formula``, ``table["tanh"].derivatives``;
* call one on floats, `Value`s, NumPy arrays, SymPy expressions, mpmath numbers … (`readings.py`);
* add one's own, and take it out again: `primitive`, `Primitive.remove`.

A row is plain arithmetic over the operands. A local derivative takes the result y first, then the
operands, so that exp′ can be written ``y``. `None` in its place says "no gradient flows here", which
is not the same as zero. A formula has no ``if``: it chooses with `where`, so that every reading can
follow it, and it computes both sides of a `where`, so both must be harmless.
"""

from __future__ import annotations

import math
from contextvars import ContextVar
from types import CodeType, FunctionType

from autograd.readings import FLOATS, NUMBERS, Whole, one_by_one, reading, shared_reading

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without the 3 ms that importing typing takes
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

# No `__all__`: every row of the table is public, and so is what is added to it.

table: dict[str, Primitive] = {}
"""Every primitive by its name, in the order of the rows below; `primitive` adds to it."""


_with_methods: list[tuple[type, Callable[[Primitive], Callable[..., Any]]]] = []
"""The classes that have a method for every primitive, and what makes it."""


reserved: dict[str, str] = {}
"""What no primitive may be called, as a method would take its place or a name mean two things; and whose it is."""

_OURS: frozenset[str] = frozenset()
"""The rows of this module, once they are all there: they stay as they are."""

comparing_numbers: ContextVar[bool] = ContextVar("autograd.comparing_numbers", default=False)
"""Whether a row of someone's own is being read, in which ``u == v`` of two `Value`s means their numbers."""


class _Documented:
    """A docstring: of the class its own, and of each row what the row says."""

    def __init__(self, of_class: str | None) -> None:
        self.of_class = of_class

    def __get__(self, row: Primitive | None, kind: type) -> str | None:
        if row is None:
            return self.of_class
        from importlib import import_module

        said: str = import_module("autograd.formulas.documented").documentation(row)
        return said


class Primitive:
    """A function with known local derivatives. Calling it applies it to whatever it is fed.

    >>> from autograd.primitives import table
    >>> table["tanh"](0.0), table["exp"](0)
    (0.0, 1.0)
    >>> table["mul"].derivatives[0](6.0, 2.0, 3.0)    # ∂(ab)/∂a = b
    3.0

    Attributes:
        name: what it is called in Python, as a function and as a method of `Value`.
        symbol: what a drawing shows.
        formula: y of the operands; None for a row that each reading supplies (exp, sin, …).
        derivatives: ∂y/∂operand, one function of (y, *operands) an operand, or None where no
            gradient flows. For an n-ary primitive one function that returns them all.
        nary: whether it takes any number of operands.
        own: whether it is someone's own, and none of this module.
        textbook: the derivative as books print it, where the row says it in a stabler way.
        domain: where it is defined, for messages; "" for everywhere.
        called: what others call it where that is not its name: {"numpy": "arcsin", "latex": "arcsin"}.
        takes: of an n-ary primitive, which operands belong together; else None.
        over_sequences: its formula and its derivatives over whole sequences of operands; else None.
        flat: what a unit of a network is called where this function's slope is nearly 0: "saturated" where the slope
            fades away (σ, tanh), "dead" where it is 0 from a kink on (relu); "" where that says nothing about a unit.
    """

    __doc__ = _Documented(__doc__)

    def __init__(
        self,
        name: str,
        symbol: str,
        formula: Callable[..., Any] | None,
        derivatives: tuple[Callable[..., Any] | None, ...] | Callable[..., Any],
        defaults: tuple[float, ...] = (),
        textbook: Callable[..., Any] | None = None,
        domain: str = "",
        called: Mapping[str, str] | None = None,
        flat: str = "",
    ) -> None:
        self.name, self.symbol, self.formula, self.derivatives = name, symbol, formula, derivatives
        self.defaults, self.textbook, self.domain = defaults, textbook, domain
        self.called, self.flat = dict(called or {}), flat
        self.nary = callable(derivatives)
        self.takes: Takes | None = None
        self.over_sequences: tuple[Callable[..., Any], Callable[..., Any]] | None = None
        rules = (derivatives,) if callable(derivatives) else derivatives
        self.own = any(rule and getattr(rule, "__globals__", None) is not globals() for rule in rules)
        self._on_floats: Callable[..., Any] | None = None
        self._derivatives_on_floats: Any = None

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        if table.get(self.name) is self:
            return _look_up, (self.name,)  # copies and pickles of a graph share the rows of the table
        return Primitive, tuple(getattr(self, name) for name in _ATTRIBUTES)

    def remove(self) -> None:
        """Take a primitive of one's own out of the table, and its method from `Value`; the name is free again.

        What was computed or compiled with it keeps it: graphs can still be differentiated, drawn and computed again.

        Raises:
            ValueError: for a row of this package.
            LookupError: if it is not in the table (any more).

        >>> from autograd.primitives import table
        >>> import autograd
        >>> cube = autograd.primitive("cube", lambda x: x**3, lambda y, x: 3 * x**2)
        >>> x = autograd.Value(2.0)
        >>> y = x.cube()
        >>> cube.remove()
        >>> hasattr(x, "cube"), "cube" in table
        (False, False)
        >>> y.backward(); x.grad
        12.0
        """
        if table.get(self.name) is not self:
            raise LookupError(f"{self.name} is not in the table (any more), so it cannot be removed from it")
        if self.name in _OURS:
            raise ValueError(f"{self.name} is a row of the package, and only primitives of one's own can be removed")
        del table[self.name]
        for kind, _ in _with_methods:
            for name in _method_names(self):
                delattr(kind, name)

    def __call__(self, *operands: Any) -> Any:
        """The primitive of the operands: numbers give a number, `Value`s a `Value`, arrays an array.

        Raises:
            TypeError: for a wrong number of operands, or an operand no reading knows.
            ValueError, OverflowError, ZeroDivisionError: as Python's own arithmetic does for
                numbers and `Value`s, naming the primitive and the operand.
        """
        if not self.nary and len(operands) != len(self.derivatives):  # type: ignore[arg-type]
            operands = self.with_defaults(operands)
        kind = float
        for operand in operands:
            found = type(operand)
            if found is not kind and found not in NUMBERS:
                if kind is not float:
                    return shared_reading(self, operands).apply(self, operands)
                kind, first = found, operand
        if kind is float:
            return self.apply_to_floats(operands)
        return reading(first).apply(self, operands)

    def with_defaults(self, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands, and the defaults of those that are left out.

        Raises:
            TypeError: for a wrong number of operands.
        """
        missing = 0 if self.nary else len(self.derivatives) - len(operands)  # type: ignore[arg-type]
        if not missing:
            return operands
        arity = len(operands) + missing
        if 0 < missing <= len(self.defaults):
            return operands + self.defaults[-missing:]
        least = arity - len(self.defaults)
        expected = f"{least}" if least == arity else f"{least} to {arity}"
        raise TypeError(f"{self.name} takes {expected} operand{'s' * (arity > 1)}, and was given {len(operands)}")

    def apply_to_floats(self, numbers: Sequence[float], operands: Sequence[Any] | None = None) -> float:
        """The formula on numbers; an error names the primitive and the operands the numbers are of."""
        try:
            y = self.on_floats(*numbers)
            if isinstance(y, complex):  # a power of a negative number
                raise ValueError("the result is not real")
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, ValueError) and self.domain:
                error = ValueError(f"it is defined for {self.domain}")
            raise explained(error, self.name, operands or numbers) from None
        return y if type(y) is float else float(y)

    @property
    def on_floats(self) -> Callable[..., Any]:
        """The formula, read for floats alone (fast)."""
        if self._on_floats is None:
            formula = FLOATS.function(self)
            if self.takes and self.over_sequences and formula is self.formula:
                formula = _of_each(_for_floats(self.over_sequences[0], _of_sequences), self.takes)
            self._on_floats = _for_floats(formula)
        return self._on_floats

    @property
    def derivatives_on_floats(self) -> Any:
        """The derivatives, read for floats alone (fast)."""
        if self._derivatives_on_floats is None:
            if self.nary:
                rule = self.derivatives
                if self.takes and self.over_sequences:
                    rule = _derivatives_of_each(_for_floats(self.over_sequences[1], _of_sequences), self.takes)
                self._derivatives_on_floats = _for_floats(rule)
            else:
                self._derivatives_on_floats = tuple(d and _for_floats(d) for d in self.derivatives)  # type: ignore[union-attr]
        return self._derivatives_on_floats

    def local_derivatives(self, y: Any, operands: Sequence[Any], wanted: Sequence[bool]) -> Iterator[Any]:
        """∂y/∂operand for each operand, in any reading; None where it is not wanted or no gradient flows."""
        if self.own:
            token = comparing_numbers.set(True)
            try:
                return iter(list(self._local_derivatives(y, operands, wanted)))
            finally:
                comparing_numbers.reset(token)
        return self._local_derivatives(y, operands, wanted)

    def _local_derivatives(self, y: Any, operands: Sequence[Any], wanted: Sequence[bool]) -> Iterator[Any]:
        if self.nary:
            all_of_them = self.derivatives(y, *operands)  # type: ignore[operator]
            return (d if want else None for d, want in zip(all_of_them, wanted, strict=True))
        rules = zip(self.derivatives, wanted, strict=True)  # type: ignore[arg-type]
        return (rule(y, *operands) if rule and want else None for rule, want in rules)


_ATTRIBUTES = ("name", "symbol", "formula", "derivatives", "defaults", "textbook", "domain", "called", "flat")
"""What a primitive is made of, in the order of `Primitive.__init__`."""


def _look_up(name: str) -> Primitive:
    try:
        return table[name]
    except KeyError:
        raise LookupError(
            f"there is no primitive called {name!r} here, and what is unpickled was computed with it: first import "
            f"the module that registers it, or call autograd.primitive({name!r}, …)"
        ) from None


def explained(error: Exception, what: str, operands: Sequence[Any]) -> Exception:
    """The same error, saying what failed and at which operands (with their labels)."""
    given = ", ".join(_described(x) for x in operands[:3]) + (", …" if len(operands) > 3 else "")
    return type(error)(f"{what}({given}): {error.args[-1]}")  # the C library's errors put a number before it


def _described(operand: Any) -> str:
    label = getattr(operand, "label", "")
    data = operand.data if hasattr(operand, "operands") else operand
    return f"{label} = {data!r}" if label else f"{data!r}"


def _for_floats(function: Any, of: Callable[[Primitive], Any] = lambda op: op.on_floats) -> Any:
    """The same code, with each primitive it names replaced by that primitive's function of floats.

    `Primitive.__call__` has to look at its operands; inside a formula on floats there is nothing
    to look for, and a tanh costs a tenth. The rows of this module never change; in any other, a name may
    be given another value later, and then the function itself is called, that sees it like every other reading.
    """
    if not isinstance(function, FunctionType):
        return function
    scope = function.__globals__
    named = [(name, scope.get(name, _for_floats)) for name in sorted(_names(function.__code__))]
    floats = {name: of(op) for name, op in named if isinstance(op, Primitive)}
    if not floats:
        return function
    fast = FunctionType(
        function.__code__, {**scope, **floats}, function.__name__, function.__defaults__, function.__closure__
    )
    fast.__kwdefaults__ = function.__kwdefaults__
    if scope is globals():
        return fast
    look_up = scope.get

    def as_named_now(*operands: float) -> Any:
        for name, then in named:
            if look_up(name, _for_floats) is not then:  # _for_floats: no such name
                return function(*operands)
        return fast(*operands)

    return as_named_now


def _names(code: CodeType) -> set[str]:
    """The global names in a piece of code, and in the comprehensions inside it."""
    return set(code.co_names).union(*(_names(inner) for inner in code.co_consts if isinstance(inner, CodeType)))


def primitive(
    name: str,
    formula: Callable[..., Any] | None,
    *derivatives: Callable[..., Any] | None,
    symbol: str = "",
    defaults: tuple[float, ...] = (),
    textbook: Callable[..., Any] | None = None,
    domain: str = "",
    called: Mapping[str, str] | None = None,
    flat: str = "",
    replace: bool = False,
) -> Primitive:
    """Add a primitive to the table. It then works everywhere: eager, to any order, drawn, compiled.

    Args:
        name: a Python name that is not taken yet; also the name of the method of `Value`.
        formula: y as a function of the operands, in arithmetic and the functions of this package
            (``autograd.exp``, not ``math.exp``), without ``if``. None for a function that each library has itself:
            "gamma" is then ``math.gamma``, ``sympy.gamma``, ``mpmath.gamma``, and an error where there is none.
        derivatives: for each operand ∂y/∂operand as a function of (y, *operands), or None where
            no gradient flows.
        symbol: what a drawing shows; the name if not given.
        defaults: numbers for the last operands when they are left out.
        textbook: the first derivative as a book would print it, if the row writes it differently.
        domain: where it is defined, for the message of a domain error.
        called: what others call it where that is not its name, by "math", "numpy", "sympy", "mpmath", "javascript",
            "latex". Its name in NumPy is a method of `Value`, too: ``np.arcsin`` of an array of `Value`s calls it.
        flat: "saturated" or "dead", see `Primitive`.
        replace: take the place of a primitive of one's own that has this name, so that the cell of a notebook can
            run twice. What was computed or compiled with the old one keeps it.

    Returns:
        The primitive, to be called like a function.

    Raises:
        ValueError: for a name that is no identifier or is taken; by a row of this package also with `replace`.
        TypeError: for a formula or derivative that is not callable, or takes another number of operands.

    >>> import autograd
    >>> cube = autograd.primitive("cube", lambda x: x * x * x, lambda y, x: 3 * x * x)
    >>> x = autograd.Value(2.0)
    >>> x.cube().backward(); x.grad
    12.0
    >>> autograd.grad(autograd.grad(cube))(2.0)      # 6x, from the derivative's own formula
    12.0
    >>> cube.remove()                                # a doctest tidies up after itself
    """
    old = table.get(name) if replace and name not in _OURS else None
    _check_free(name, "the name of a primitive", old)
    if (alias := (called or {}).get("numpy", name)) != name:
        _check_free(alias, f"NumPy's name for {name!r}", old)
    if not derivatives:
        raise TypeError(f"primitive {name!r} needs a local derivative (or None) for each operand, and has none")
    for rule, extra in [(formula, 0), *((d, 1) for d in derivatives)]:
        if rule is None:
            continue
        if not callable(rule):
            raise TypeError(f"primitive {name!r}: formula and derivatives are functions, and {rule!r} is not")
        code = getattr(rule, "__code__", None)
        if code is not None and not code.co_flags & 0x04 and code.co_argcount != len(derivatives) + extra:
            raise TypeError(
                f"primitive {name!r} has {len(derivatives)} derivatives, so its "
                f"{'derivatives take (y, *operands)' if extra else 'formula takes the operands'}: "
                f"{len(derivatives) + extra} arguments, not {code.co_argcount}"
            )
    row = Primitive(name, symbol or name, formula, derivatives, defaults, textbook, domain, called, flat)
    if FLOATS.function(row) is None:
        raise TypeError(f"primitive {name!r} has no formula, and Python's math no function of that name")
    if old is not None:
        old.remove()
    table[name] = row
    for kind, method in _with_methods:
        _give_method(kind, method, row)
    return row


def _check_free(name: str, what: str, old: Primitive | None) -> None:
    """That a primitive that replaces `old`, and so a method of `Value`, may be called so."""
    if not name.isidentifier():
        raise ValueError(f"{what} must be a Python name, and {name!r} is not")
    if name in table and table[name] is not old:
        advice = "" if name in _OURS else ": replace=True takes its place"
        raise ValueError(f"there is a primitive called {name!r} already{advice}")
    if not _OURS:  # the rows of this module are not looked at, to be imported faster
        return
    from keyword import iskeyword

    others = (op for op in table.values() if op is not old and name in _method_names(op))
    whose = "a keyword of Python" if iskeyword(name) else reserved.get(name, "")
    whose = whose or next((f"NumPy's {op.name}" for op in others), "")
    if whose:
        raise ValueError(f"{what} is also that of its method, and {name!r} is taken: it is {whose}")


def give_methods(kind: type, method: Callable[[Primitive], Callable[..., Any]]) -> None:
    """Let a class have a method for every primitive that takes it as its first operand, of now and of later."""
    _with_methods.append((kind, method))
    for op in table.values():
        _give_method(kind, method, op)
    for name in ("neg", "pos", "abs"):
        setattr(kind, f"__{name}__", getattr(kind, name))
    own = {name for op in table.values() if op.name not in _OURS for name in _method_names(op)}
    reserved.update(dict.fromkeys(set(dir(kind)).difference(table, own), "an attribute of Value"))


def _give_method(kind: type, method: Callable[[Primitive], Callable[..., Any]], op: Primitive) -> None:
    names = _method_names(op)
    if names:
        of_kind = method(op)
        for name in names:
            setattr(kind, name, of_kind)


def _method_names(op: Primitive) -> list[str]:
    """Its own name and NumPy's, by which ``np.arcsin`` of an array of objects looks for a method."""
    return [] if op.nary or op.name == "where" else list(dict.fromkeys((op.name, op.called.get("numpy", op.name))))


class Takes:
    """Which operands of an n-ary primitive belong together: w₁ … wₙ, x₁ … xₙ, b are two sequences and a single one.

    Attributes:
        sequences: how many sequences of equal length come first.
        singles: how many operands come after them.
        padding: what one more operand in each sequence may be without changing anything; None if there is no such.
    """

    def __init__(self, sequences: int, singles: int = 0, padding: float | None = None) -> None:
        self.sequences, self.singles, self.padding = sequences, singles, padding
        self.alone = sequences == 1 and not singles

    def split(self, operands: Sequence[Any]) -> list[Any]:
        """The sequences, and the single operands."""
        n = (len(operands) - self.singles) // self.sequences
        return [*[Whole(operands[k * n : (k + 1) * n]) for k in range(self.sequences)], *operands[self.sequences * n :]]


def _nary(
    name: str, symbol: str, takes: Takes, formula: Callable[..., Any], derivatives: Callable[..., Any]
) -> Primitive:
    """A row over whole sequences of operands; `formula` and `derivatives` of the primitive take them one by one."""
    each, derivatives_of_each = _of_each(formula, takes), _derivatives_of_each(derivatives, takes)
    row = table[name] = Primitive(name, symbol, each, derivatives_of_each)
    row.takes, row.over_sequences = takes, (formula, derivatives)
    return row


def _of_each(formula: Callable[..., Any], takes: Takes) -> Callable[..., Any]:
    if takes.alone:
        return lambda *operands: formula(Whole(operands))
    return lambda *operands: formula(*takes.split(operands))


def _derivatives_of_each(derivatives: Callable[..., Any], takes: Takes) -> Callable[..., Any]:
    def of_one_sequence(y: Any, *operands: Any) -> tuple[Any, ...]:
        (part,) = derivatives(y, Whole(operands))
        return tuple(part.elements) if type(part) is Whole else (part,) * len(operands)

    def of_each(y: Any, *operands: Any) -> tuple[Any, ...]:
        n = (len(operands) - takes.singles) // takes.sequences
        parts = zip(derivatives(y, *takes.split(operands)), [n] * takes.sequences + [1] * takes.singles, strict=True)
        return tuple([d for part, n in parts for d in (part.elements if type(part) is Whole else [part] * n)])

    return of_one_sequence if takes.alone else of_each


def _of_sequences(op: Primitive) -> Callable[..., Any]:
    """A primitive on floats; one of a single operand, and an n-ary one, also on whole sequences of them."""
    function = op.on_floats
    if op.takes and op.takes.alone and op.over_sequences:
        of_whole = _for_floats(op.over_sequences[0], _of_sequences)
        return lambda *parts: of_whole(parts[0] if len(parts) == 1 else Whole(one_by_one(parts)))
    if op.nary:
        return lambda *parts: function(*one_by_one(parts))
    if len(op.derivatives) > 1:  # type: ignore[arg-type]
        return function
    return lambda x: Whole(list(map(function, x.elements))) if type(x) is Whole else function(x)


NEARLY_FLAT = 1e-3
"""A slope smaller than this is nearly 0: a unit is then called what `flat` says in its row."""

LARGEST = 1.7976931348623157e308  # of all floats
ROOT_2, ROOT_PI, ROOT_TAU = math.sqrt(2), math.sqrt(math.pi), math.sqrt(math.tau)
LN_2, LN_10 = math.log(2), math.log(10)

# What the rows name before it is defined
floordiv: Primitive
where: Primitive
log: Primitive
total: Primitive
cos: Primitive
cosh: Primitive

# fmt: off
# ──────────────────────────────────────────────────────────────────────────────────────────
# The rows. `None` as a formula: an elementary function, which each reading brings along, by this name or the one in
# `called`. `flat`: what a unit is called where the slope is nearly 0.
#
# y                      formula              ∂y/∂a                   ∂y/∂b
# ──────────────────────────────────────────────────────────────────────────────────────────

add = primitive("add",   lambda a, b: a + b,  lambda y, a, b: 1,      lambda y, a, b: 1,       symbol="+",
                         called={"python": "+"})
sub = primitive("sub",   lambda a, b: a - b,  lambda y, a, b: 1,      lambda y, a, b: -1,      symbol="−",
                         called={"python": "-"})
mul = primitive("mul",   lambda a, b: a * b,  lambda y, a, b: b,      lambda y, a, b: a,       symbol="×",
                         called={"python": "*"})
div = primitive("div",   lambda a, b: a / b,  lambda y, a, b: 1 / b,  lambda y, a, b: -y / b,  symbol="÷",
                         called={"python": "/"})
# Python's: a % b has the sign of b, and a // b steps where a / b is whole; a step has the derivatives above it.
mod = primitive("mod",   None,                lambda y, a, b: 1,      lambda y, a, b: -floordiv(a, b),  symbol="%",
                         called={"python": "%", "numpy": "remainder", "javascript": "remainder"})
floordiv = primitive("floordiv", None,        lambda y, a, b: 0,      lambda y, a, b: 0,       symbol="//",
                         called={"python": "//", "numpy": "floor_divide", "javascript": "quotient"})
neg = primitive("neg",   lambda x: -x,        lambda y, x: -1,        symbol="−",  called={"python": "-"})
pos = primitive("pos",   lambda x: +x,        lambda y, x: 1,         symbol="+",  called={"python": "+"})

# a⁰ is 1 for every a, so its derivative is 0 also at a = 0, where b aᵇ⁻¹ is 0 · ∞; 0ᵇ is 0 for every b > 0, likewise.
pow = primitive("pow",    lambda a, b: a ** b,
                          lambda y, a, b: b * a ** where(abs(b) > 0, b - 1, where(abs(a) > 0, b - 1, 1)),
                          lambda y, a, b: y * log(where(abs(a) > 0, a, 1)),         symbol="xʸ",
                          textbook=lambda y, a, b: b * a ** (b - 1),                domain="a ≥ 0, or a whole b",
                          called={"python": "**"})

# Exponentials, logarithms, roots
exp   = primitive("exp",   None,                     lambda y, x: y)
expm1 = primitive("expm1", None,                     lambda y, x: exp(x))
log   = primitive("log",   None,                     lambda y, x: 1 / x,          domain="x > 0")
log1p = primitive("log1p", None,                     lambda y, x: 1 / (1 + x),    domain="x > −1")
log2  = primitive("log2",  None,                     lambda y, x: 1 / (x * LN_2),   domain="x > 0")
log10 = primitive("log10", None,                     lambda y, x: 1 / (x * LN_10),  domain="x > 0")
exp2  = primitive("exp2",  lambda x: 2 ** x,         lambda y, x: y * LN_2)
sqrt  = primitive("sqrt",  None,                     lambda y, x: 1 / (2 * y),    symbol="√",  domain="x ≥ 0")
cbrt  = primitive("cbrt",  None,                     lambda y, x: 1 / (3 * y * y),  symbol="∛")
# Lengths and angles: divided by y, or √(a² + b²), twice, as a square of it may be too large or too small for a float
hypot = primitive("hypot", None,                     lambda y, a, b: a / y,          lambda y, a, b: b / y)

# Circular and hyperbolic functions
sin   = primitive("sin",   None,                     lambda y, x: cos(x))
cos   = primitive("cos",   None,                     lambda y, x: -sin(x))
tan   = primitive("tan",   None,                     lambda y, x: 1 + y * y)
asin  = primitive("asin",  None,                     lambda y, x: 1 / sqrt((1 - x) * (1 + x)),  domain="−1 ≤ x ≤ 1",
                           called={"numpy": "arcsin", "latex": "arcsin"})
acos  = primitive("acos",  None,                     lambda y, x: -1 / sqrt((1 - x) * (1 + x)),  domain="−1 ≤ x ≤ 1",
                           called={"numpy": "arccos", "latex": "arccos"})
atan  = primitive("atan",  None,                     lambda y, x: 1 / (1 + x * x),  flat="saturated",
                           called={"numpy": "arctan", "latex": "arctan"})
arctan2 = primitive("arctan2", None,                 lambda y, a, b: b / (r := hypot(a, b)) / r,
                                                     lambda y, a, b: -a / (r := hypot(a, b)) / r,
                           called={"math": "atan2", "sympy": "atan2", "mpmath": "atan2", "javascript": "Math.atan2"})
sinh  = primitive("sinh",  None,                     lambda y, x: cosh(x))
cosh  = primitive("cosh",  None,                     lambda y, x: sinh(x))
# 1 − y² loses every digit where y is near ±1; with e = exp(−2|x|) it is 4e / (1 + e)². (−|x|: see the activations.)
tanh  = primitive("tanh",  None,         lambda y, x: 4 * (e := exp(2 * where(x >= 0, -x, x))) / (1 + e) ** 2,
                           textbook=lambda y, x: 1 - y ** 2,  flat="saturated")

# The error function and its complement: 1 − erf without the cancellation
erf   = primitive("erf",   None,                     lambda y, x: 2 / ROOT_PI * exp(-x * x),   flat="saturated",
                           called={"javascript": "erf"})
erfc  = primitive("erfc",  None,                     lambda y, x: -2 / ROOT_PI * exp(-x * x),  flat="saturated",
                           called={"javascript": "erfc"})

# Choices. At a tie maximum and minimum give one half to each side, abs and relu give 0 (PyTorch's).
where   = primitive("where",   None,                 None,
                               lambda y, c, a, b: where(c, 1, 0),
                               lambda y, c, a, b: where(c, 0, 1))
maximum = primitive("maximum", None,                 lambda y, a, b: where(a > b, 1, where(a < b, 0, 0.5)),
                               lambda y, a, b: where(a > b, 0, where(a < b, 1, 0.5)),        symbol="max",  flat="dead",
                               called={"javascript": "Math.max", "latex": "max"})
minimum = primitive("minimum", None,                 lambda y, a, b: where(a < b, 1, where(a > b, 0, 0.5)),
                               lambda y, a, b: where(a < b, 0, where(a > b, 1, 0.5)),        symbol="min",  flat="dead",
                               called={"javascript": "Math.min", "latex": "min"})
_abs    = primitive("abs",     lambda x: abs(x),     lambda y, x: where(x > 0, 1, where(x < 0, -1, 0)), symbol="|x|",
                               called={"python": "abs"})

# Activations. σ(x) and σ′(x) with e = exp(−|x|), which never overflows; σ′ = σ(1 − σ) = e / (1 + e)² is one smooth
# function on both sides of 0. A derivative says −|x| as a choice of a side, whose derivatives at 0 are then those of
# that side, and right; abs has none there.
sigmoid    = primitive("sigmoid",    lambda x: where(x >= 0, 1, (e := exp(-abs(x)))) / (1 + e),
                                     lambda y, x: (e := exp(where(x >= 0, -x, x))) / (1 + e) ** 2,  symbol="σ",
                                     textbook=lambda y, x: y * (1 - y),  flat="saturated")
relu       = primitive("relu",       lambda x: maximum(x, 0),
                                     lambda y, x: where(x <= 0, 0, 1),  flat="dead")
leaky_relu = primitive("leaky_relu", lambda x, slope: where(x > 0, x, slope * x),
                                     lambda y, x, slope: where(x > 0, 1, slope),
                                     lambda y, x, slope: where(x > 0, 0, x),       defaults=(0.01,),  flat="dead")
elu        = primitive("elu",        lambda x, alpha: where(x > 0, x, alpha * expm1(minimum(x, 0))),
                                     lambda y, x, alpha: where(x > 0, 1, alpha * exp(minimum(x, 0))),
                                     lambda y, x, alpha: expm1(minimum(x, 0)),     defaults=(1.0,),   flat="saturated")
softplus   = primitive("softplus",   lambda x: maximum(x, 0) + log1p(exp(-abs(x))),
                                     lambda y, x: sigmoid(x),  flat="saturated")
# Of two; beside ∞ or twice −∞, where the difference is NaN, it is taken for 0
logaddexp  = primitive("logaddexp",  lambda a, b: maximum(a, b) + log1p(exp(-where((d := abs(a - b)) >= 0, d, 0))),
                                     lambda y, a, b: sigmoid(a - b),
                                     lambda y, a, b: sigmoid(b - a))
silu       = primitive("silu",       lambda x: x * sigmoid(x),
                                     lambda y, x: sigmoid(x) * (1 + x * sigmoid(-x)),  flat="saturated")
gelu       = primitive("gelu",       lambda x: x * (erfc(-x / ROOT_2) / 2),  # x Φ(x)
                                     lambda y, x: erfc(-x / ROOT_2) / 2 + x * exp(-x * x / 2) / ROOT_TAU,
                                     flat="saturated")


# Of any number of operands, written over whole sequences of them: w * x is every product, total(…) the sum of all, the
# single operands and the sequences in their order. The sum of logsumexp is shifted by the greatest x, so that nothing
# overflows (beside ∞ by a number so large that e to the others is 0); it is then at least 1 (but if every x is −∞).
# Its derivative, the softmax, is divided by its own sum, as exp(x − y) has lost digits where x is large.
dot       = _nary("dot",       "w·x + b",    Takes(2, 1, padding=0.0),    lambda w, x, b: total(b, w * x),
                                                                         lambda y, w, x, b: (x, w, 1))
total     = _nary("total",     "Σ",          Takes(1, padding=0.0),       lambda x: x.summed(),
                                                                         lambda y, x: (1,))
logsumexp = _nary("logsumexp", "log Σ exp",  Takes(1, padding=-math.inf),
                               lambda x: (m := x.greatest(maximum))
                                         + log(maximum(total(exp(x - where(abs(m) < math.inf, m, LARGEST))), 1)),
                               lambda y, x: ((e := exp(x - y)) / total(e),))
# fmt: on

_OURS = frozenset(table)
