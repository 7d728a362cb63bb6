"""The array program: typed instructions, and the check that a program of them makes sense.

An instruction is an `Array`, the NumPy array that it computes, or an `Effect`, which writes to one of the
places that outlive it. What it is called with has names; what it is is its class, and nothing dispatches on
text. Every array knows its lanes, whether it has a batch, and whether it is a number or a condition:

===============  ===========================================================================================
reads            `Rows` (a view of a store), `Gather`, `Literal`, `Take`, `Adjoint` (a view of what was contributed)
elementwise      `Elementwise`, `Function`, `Where`, `Mask` (a number times a condition), `Number` (1 or 0)
conditions       `Compare`, `Not`
lanes            `Reshape`, `Broadcast`, `ReduceSum`, `ReduceMax`, `Contract` (Σ a · b)
effects          `Save` (the values of a group), `Contribute`, `Scatter` and `ContributeTaken` (add to an adjoint)
===============  ===========================================================================================

NumPy would take a boolean for a number and compute OR for +. Here no instruction takes one for the other:
`verify` holds every operand to what its field says. It also sees that everything is bound once and before
use, that a row is written before it is read, that the first contribution to an adjoint assigns or the row
was cleared, and that no result is written to a place where something else is still needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.stores import Operand, RowNumbers, store_name

__all__ = [
    "CONDITION",
    "NUMBER",
    "Adjoint",
    "Array",
    "Broadcast",
    "Compare",
    "Contract",
    "Contribute",
    "ContributeTaken",
    "Effect",
    "Elementwise",
    "Function",
    "Gather",
    "Instruction",
    "Literal",
    "Mask",
    "Not",
    "Number",
    "ProgramError",
    "ReduceMax",
    "ReduceSum",
    "Reshape",
    "Rows",
    "Save",
    "Scalar",
    "Scale",
    "Scatter",
    "Take",
    "View",
    "Where",
    "base",
    "place",
    "verify",
]  # fmt: skip


class Scale(NamedTuple):
    """The number factor · (batch size)^power, which is known only when the program runs."""

    factor: float
    power: int

    def of_batch(self, size: int) -> float:
        return self.factor * float(size) ** self.power


Scalar = float | Scale

NUMBER = {"operand": "a number"}
CONDITION = {"operand": "a condition"}
"""What a field that holds an operand says of it."""


@dataclass(frozen=True, eq=False, slots=True)
class Instruction:
    """One step of an array program.

    Attributes:
        code: the program it is part of.
        lanes: the axes of its result, or of what it writes.
        batched: whether the batch is a last axis; else that has length 1.
    """

    code: Any = field(repr=False)
    lanes: tuple[int, ...]
    batched: bool

    condition: ClassVar[bool] = False
    """Whether the elements are true or false."""
    adjoints: ClassVar[bool] = False
    """Whether it reads or writes adjoints, and no values."""

    def operands(self) -> Iterator[tuple[str, str, Any]]:
        """(field, what it has to be, operand) for each operand that is an array or a scalar."""
        for name, kind in _operand_fields(type(self)):
            value = getattr(self, name)
            for x in value if type(value) is tuple else (value,):
                yield name, kind, x

    def arrays(self) -> list[Array]:
        """The arrays among the operands."""
        return [x for _, _, x in self.operands() if isinstance(x, Array)]

    def type_of(self) -> str:
        """The axes of what it computes or writes: ``3×1 × batch``."""
        lanes = "×".join(map(str, self.lanes)) or "1"
        return f"{lanes}{' × batch' if self.batched else ''}{' conditions' if self.condition else ''}"

    def written(self, numbers: dict[Instruction, int]) -> str:
        """What it does, its operands being written as their numbers."""
        inside = [_short(getattr(self, f.name), numbers) for f in fields(self)[3:] if f.name != "store"]
        store = getattr(self, "store", 0)
        of = f" of {'∂/∂' * self.adjoints}{store_name(store)}" if store else ""
        return f"{type(self).__name__}({', '.join(inside)}){of}"

    def __str__(self) -> str:
        return f"{self.written({})} : {self.type_of()}"


_FIELDS: dict[type, list[tuple[str, str]]] = {}


def _operand_fields(kind: type) -> list[tuple[str, str]]:
    if kind not in _FIELDS:
        _FIELDS[kind] = [(f.name, f.metadata["operand"]) for f in fields(kind) if "operand" in f.metadata]
    return _FIELDS[kind]


def _short(x: Any, numbers: dict[Instruction, int]) -> str:
    if isinstance(x, Array):
        return f"%{numbers[x]}" if x in numbers else f"<{type(x).__name__} {x.type_of()}>"
    if type(x) is tuple:
        return "(" + ", ".join([_short(part, numbers) for part in x]) + ")"
    if isinstance(x, np.ndarray):
        return f"array of {x.size}" if x.size > 8 else str(x.tolist())
    return x.__name__ if callable(x) else str(x)


class Array(Instruction):
    """An instruction that computes an array."""

    __slots__ = ()


class Effect(Instruction):
    """An instruction that writes to a store or to an adjoint."""

    __slots__ = ()


class View(Array):
    """An instruction that computes nothing: its result is what is stored somewhere."""

    __slots__ = ()


@dataclass(frozen=True, eq=False, slots=True)
class Rows(View):
    """The rows start + Σ index · stride of a store."""

    store: int
    start: int
    strides: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Adjoint(View):
    """What has been contributed to the rows of a group, from `start` on."""

    store: int
    start: int

    adjoints: ClassVar[bool] = True


@dataclass(frozen=True, eq=False, slots=True)
class Literal(View):
    """Numbers."""

    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Gather(Array):
    """Rows of a store without a pattern."""

    store: int
    rows: RowNumbers


@dataclass(frozen=True, eq=False, slots=True)
class Take(Array):
    """items[index] for each lane (`autograd.take`)."""

    items: Operand
    index: Operand
    inner: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Elementwise(Array):
    """A NumPy function of numbers, by its name there."""

    function: str
    args: tuple[Any, ...] = field(metadata=NUMBER)


@dataclass(frozen=True, eq=False, slots=True)
class Function(Array):
    """A function that takes and gives arrays, where NumPy has none (erf)."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...] = field(metadata=NUMBER)


@dataclass(frozen=True, eq=False, slots=True)
class Compare(Array):
    """A NumPy comparison of numbers, by its name there."""

    function: str
    args: tuple[Any, ...] = field(metadata=NUMBER)

    condition: ClassVar[bool] = True


@dataclass(frozen=True, eq=False, slots=True)
class Not(Array):
    x: Array = field(metadata=CONDITION)

    condition: ClassVar[bool] = True


@dataclass(frozen=True, eq=False, slots=True)
class Number(Array):
    """1 where a condition is true, 0 elsewhere."""

    x: Array = field(metadata=CONDITION)


@dataclass(frozen=True, eq=False, slots=True)
class Mask(Array):
    """A number times a condition: one instruction instead of two."""

    x: Array = field(metadata=NUMBER)
    where: Array = field(metadata=CONDITION)


@dataclass(frozen=True, eq=False, slots=True)
class Where(Array):
    where: Array = field(metadata=CONDITION)
    a: Any = field(metadata=NUMBER)
    b: Any = field(metadata=NUMBER)


@dataclass(frozen=True, eq=False, slots=True)
class Reshape(Array):
    """The same elements, in the same order, in other lanes."""

    x: Array = field(metadata=NUMBER)


@dataclass(frozen=True, eq=False, slots=True)
class Broadcast(Array):
    """A narrower array, or a number, in full."""

    x: Any = field(metadata=NUMBER)


@dataclass(frozen=True, eq=False, slots=True)
class ReduceSum(Array):
    """Σ x over the axes (and the batch) that the result does not have."""

    x: Array = field(metadata=NUMBER)


@dataclass(frozen=True, eq=False, slots=True)
class ReduceMax(Array):
    """The greatest x over the axes that the result does not have."""

    x: Array = field(metadata=NUMBER)


@dataclass(frozen=True, eq=False, slots=True)
class Contract(Array):
    """Σ a · b over the axes (and the batch) that the result does not have."""

    a: Array = field(metadata=NUMBER)
    b: Array = field(metadata=NUMBER)


@dataclass(frozen=True, eq=False, slots=True)
class Save(Effect):
    """The values of a group: rows of a store, one a lane."""

    x: Array = field(metadata=NUMBER)
    store: int
    start: int


@dataclass(frozen=True, eq=False, slots=True)
class Contribute(Effect):
    """Add to the adjoint of the rows start + Σ index · stride, all different; or assign, as the first to do so."""

    x: Any = field(metadata=NUMBER)
    store: int
    start: int
    strides: tuple[int, ...]
    assign: bool

    adjoints: ClassVar[bool] = True


@dataclass(frozen=True, eq=False, slots=True)
class Scatter(Effect):
    """The same for rows without a pattern, which may repeat: what goes to one row is summed."""

    x: Array = field(metadata=NUMBER)
    store: int
    rows: RowNumbers
    assign: bool

    adjoints: ClassVar[bool] = True


@dataclass(frozen=True, eq=False, slots=True)
class ContributeTaken(Effect):
    """Add to the adjoint of the item that each lane of a `Take` chose."""

    x: Array = field(metadata=NUMBER)
    items: Operand
    index: Operand
    inner: tuple[int, ...]

    adjoints: ClassVar[bool] = True


def base(x: Any) -> Any:
    """The array whose elements an array looks at."""
    while isinstance(x, Reshape):
        x = x.x
    return x


def place(x: Instruction) -> tuple[int, RowNumbers]:
    """The store and the rows that an instruction looks at or writes to, in the shape of its lanes."""
    if isinstance(x, (Gather, Scatter)):
        return x.store, x.rows
    if isinstance(x, (Take, ContributeTaken)):
        return x.items.store, x.items.rows
    if isinstance(x, (Rows, Contribute)):
        rows = np.full(x.lanes, x.start)
        for axis, (length, stride) in enumerate(zip(x.lanes, x.strides, strict=True)):
            rows += (stride * np.arange(length)).reshape([-1 if a == axis else 1 for a in range(len(x.lanes))])
        return x.store, rows
    if isinstance(x, (Save, Adjoint)):
        return x.store, x.start + np.arange(int(np.prod(x.lanes))).reshape(x.lanes)
    raise TypeError(f"{type(x).__name__} has no place in a store")


# ── what a program has to be ──────────────────────────────────────────────────────────────────


class ProgramError(AssertionError):
    """A program that breaks a rule of its instructions: a defect of the compiler, found before it could run."""


def verify(
    instructions: list[Instruction],
    written: dict[int, NDArray[np.bool_]],
    cleared: dict[int, NDArray[np.bool_]],
    destinations: dict[Array, Effect],
    gradient: int | None,
) -> None:
    """That a program keeps the rules of its instructions.

    Args:
        instructions: the program.
        written: for each store, which rows hold something before the program runs.
        cleared: for each store with adjoints, which rows of those are set to zero before the backward pass.
        destinations: results that are written where an effect wants them.
        gradient: the store of the parameters, every row of whose adjoint has to be set; None without a backward pass.

    Raises:
        ProgramError: naming the instruction and the rule.
    """
    written = {store: rows.copy() for store, rows in written.items()}
    set_before = {store: rows.copy() for store, rows in cleared.items()}
    changed = {store: np.full(len(rows), -1) for store, rows in cleared.items()}  # by which instruction last
    bound: dict[Instruction, int] = {}
    for number, x in enumerate(instructions):
        _expect(x not in bound, x, "it is bound twice")
        for name, kind, given in x.operands():
            _check_operand(x, name, kind, given, bound)
            if isinstance(given, Array):
                _check_unchanged(x, name, base(given), bound, changed, destinations)
        bound[x] = number
        _check_lanes(x)
        if isinstance(x, (Rows, Gather)) or (isinstance(x, Take) and x.items.store in written):
            store, rows = place(x)
            if store in written:
                _expect(bool(written[store][rows].all()), x, "it reads rows that nothing has been written to")
        if isinstance(x, Save):
            store, rows = place(x)
            _expect(not written[store][rows].any(), x, "it writes rows that have been written to")
            written[store][rows] = True
        if isinstance(x, Adjoint):
            store, rows = place(x)
            _expect(bool(set_before[store][rows].all()), x, "it reads adjoints that nothing has been contributed to")
        if isinstance(x, (Contribute, Scatter, ContributeTaken)):
            store, rows = place(x)
            if isinstance(x, ContributeTaken) or not x.assign:
                _expect(bool(set_before[store][rows].all()), x, "it adds to adjoints that start from nothing")
            else:
                _expect(not set_before[store][rows].any(), x, "it assigns adjoints that have been contributed to")
            if isinstance(x, Contribute):
                once = np.zeros(len(set_before[store]), bool)
                once[rows] = True
                _expect(int(once.sum()) == rows.size, x, "it contributes to one row twice at once")
            set_before[store][rows] = True
            changed[store][rows] = number
    if gradient is not None:
        unset = np.flatnonzero(~set_before[gradient])
        if len(unset):
            raise ProgramError(f"nothing sets the gradient of parameters {unset[:8].tolist()}")
    _check_destinations(destinations)


def _expect(holds: bool, x: Instruction, otherwise: str) -> None:
    if not holds:
        raise ProgramError(f"{otherwise}: {x}")


def _check_operand(x: Instruction, name: str, kind: str, given: Any, bound: dict[Instruction, int]) -> None:
    if isinstance(given, Array):
        _expect(given in bound, x, f"its {name} is used before it is bound")
        _expect(given.condition == (kind == "a condition"), x, f"its {name} has to be {kind}")
    else:
        _expect(type(given) in (float, Scale) and kind == "a number", x, f"its {name} has to be {kind}, not {given!r}")


def _check_unchanged(
    x: Instruction,
    name: str,
    given: Array,
    bound: dict[Instruction, int],
    changed: dict[int, NDArray[Any]],
    destinations: dict[Array, Effect],
) -> None:
    """That an operand that lies in the rows of an adjoint is still there: nothing was added to them since."""
    where = given if isinstance(given, Adjoint) else destinations.get(given)
    if isinstance(where, (Adjoint, Contribute)):
        store, rows = place(where)
        since = bound.get(where, bound[given])
        _expect(bool((changed[store][rows] <= since).all()), x, f"its {name} lies in adjoints that have changed since")


def _check_lanes(x: Instruction) -> None:
    """That the operands fit the lanes of the result."""
    arrays = x.arrays()
    if isinstance(x, (Elementwise, Function, Compare, Where, Mask, Not, Number)):
        _expect(_broadcast(*(a.lanes for a in arrays)) == x.lanes, x, "its lanes are not those of its operands")
        _expect(
            any(a.batched for a in arrays) == x.batched, x, "it has a batch and its operands none, or they have one"
        )
    elif isinstance(x, Reshape):
        _expect(np.prod(x.lanes) == np.prod(x.x.lanes) and x.batched == x.x.batched, x, "it has other elements")
    elif isinstance(x, (ReduceSum, ReduceMax, Contract)):
        whole = _broadcast(*(a.lanes for a in arrays))
        fits = len(whole) == len(x.lanes) and all(r in (1, n) for r, n in zip(x.lanes, whole, strict=True))
        _expect(fits and x.batched <= any(a.batched for a in arrays), x, "its lanes are not those of its operands")
    elif isinstance(x, (Save, Scatter, ContributeTaken)):
        _expect(x.x.lanes == x.lanes and x.x.batched == x.batched, x, "what it writes has other lanes")
    elif isinstance(x, (Broadcast, Contribute)):
        for a in arrays:
            fits = _broadcast(a.lanes, x.lanes) == x.lanes and a.batched <= x.batched
            _expect(fits, x, "what it writes has other lanes")


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of all together; of negative axes where they do not fit, which is no shape of anything."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return (-1,)


def _check_destinations(destinations: dict[Array, Effect]) -> None:
    """That results are written only to rows that nobody else works on before they are due there.

    Nobody does on those of a `Save`, as a row is read after it was written, and written once; nor on the adjoints of a
    `Contribute` that assigns, as they are read after something was contributed, and it is the first to contribute.
    """
    for wanted in destinations.values():
        _expect(isinstance(wanted, (Save, Contribute)), wanted, "a result cannot be written there")
        _expect(getattr(wanted, "assign", True), wanted, "a result is written where it has to be added")
