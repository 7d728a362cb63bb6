"""Derivatives of every shape: gradients by inputs and of each sample, Jacobians, products with them, Hessians.

None of them is a formula or an engine of its own. The scalar program of a function is run once more, in a trace, under
`grad` or `jvp`; what that records is compiled as any other function is, once, and runs on whole batches:

===========  ========================================  ==============================================
program      takes beside the inputs                   gives, for each sample
===========  ========================================  ==============================================
`gradient`                                             the value, and its gradient
`tangent`    a direction of what is differentiated by  the values, and their derivatives along it
`cotangent`  a weight for each result                  the values, and the gradient of their weighted sum
`curvature`  a direction                               the derivative of the gradient along it
`entries`                                              what can be other than 0 in the Jacobian
`hessian`                                              what the Hessian is made of (`curvature.py`)
`moved`      a direction of the nodes that it enters   the same for that one direction
===========  ========================================  ==============================================

A Jacobian is one of the middle two on many directions at once, which are lanes of one batch; or, where a few directions
are enough, the last, in which they share whatever they have in common. Which of its entries can be other than 0 is read
off the graph; columns (or rows) that share no row share a direction (`colours`).

A Hessian is `hessian`, one program for all directions, unless that becomes too long: then `moved` on lanes. Where there
are as many directions as rows, it is `curvature` on lanes; or, by the parameters, of the sum over a batch, the gradient
of the derivative along a direction that all samples share: what is multiplied by it, and added up over samples, are the
matrix products of any other gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.curvature import Curvature, Entries, Products, is_symmetric
from autograd.compiler.normalise import Returned, Scalars
from autograd.compiler.results import returned
from autograd.functional import grad, jvp, mapped, value_and_grad
from autograd.nary import dot, total
from autograd.value import Value

__all__ = ["PARAMETERS", "Derived", "colours", "pattern"]

Program = Any  # autograd.compiler.program.Program: imports only point down, and that module reads this one
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

PARAMETERS = -1
"""Stands for the parameters where the number of an argument is expected."""

_LANES = 2**26  # bytes that the values of all lanes of one call may take
_FEW, _SHORT = 4, 20_000  # directions that one program may have, and nodes that it may be made from
_SMALL, _TERMS = 2**10, 2**12  # entries of a Hessian that a program gives one by one, and products it may take
_ENTERED = 2  # parameters that enter a node, from which on it pays to move nodes instead of them


class Derived:
    """The programs that are derived from one, made when they are first needed.

    Args:
        program: that one. Its vector is put into each of them before a call.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.scalars: Scalars = program._programs.scalars
        self.parts: dict[str, Any] = {}
        """What is meant by what has been asked for."""
        self._made: dict[Any, tuple[Program, Rows]] = {}
        self._patterns: dict[tuple[int, ...], tuple[Rows, Rows]] = {}
        self._colours: dict[tuple[int, ...], tuple[Rows, Rows, bool]] = {}
        self._matrices: dict[int, Entries | Products | None] = {}
        self._constant: Callable[[float], Any] = float

    # ── what is run ───────────────────────────────────────────────────────────────────────────

    def run(self, kind: str, parts: Sequence[int], arrays: Sequence[Floats]) -> Any:
        """The results of a derived program, for arrays (samples, …) of the inputs and of what it takes beside them."""
        return self._ready(kind, parts)(*[x.reshape(len(x), -1) for x in arrays])

    def on_lanes(self, kind: str, parts: Sequence[int], inputs: Sequence[Floats], seeds: Sequence[Floats]) -> Floats:
        """An array (samples, directions, …) of the last result, for every sample with every direction.

        Args:
            seeds: for each array that the program takes beside the inputs, one row a direction.
        """
        program = self._ready(kind, parts)
        samples, directions = len(inputs[0]) if inputs else 1, len(seeds[0])
        most = max(1, _LANES // (16 * len(program._programs.scalars)))
        lanes = np.arange(samples * directions)
        flat = [x.reshape(samples, -1) for x in inputs]
        found = []
        for begin in range(0, len(lanes), most):
            some = lanes[begin : begin + most]
            sample, direction = some // directions, some % directions
            found.append(program(*[x[sample] for x in flat], *[seed[direction] for seed in seeds])[-1])
        whole = np.concatenate(found)
        return whole.reshape(samples, directions, *whole.shape[1:])

    def summed_curvature(self, inputs: Sequence[Floats], directions: Floats) -> Floats:
        """Σ over samples of each direction times the Hessian by the parameters: an array (directions, parameters)."""
        program, n = self._slope, len(self.program.parameters)
        program._vector[:n] = self.program._vector
        samples = len(inputs[0]) if inputs else 1
        flat = [x.reshape(samples, -1) for x in inputs]
        found = np.empty((len(directions), n))
        for row, direction in zip(found, directions, strict=True):
            program._vector[n:] = direction
            row[:] = program.value_and_grad(*flat)[1][:n]
        found *= samples
        return found

    def hessian(self, part: int, inputs: Sequence[Floats], each: bool, share: float) -> Floats | None:
        """The second derivatives by one part, times a share; None where there are as many directions as rows.

        Args:
            each: give the matrix of each sample, (samples, n, n), and not that of their sum.
        """
        matrix = self._matrix(part)
        if matrix is None:
            return None
        samples, width = len(inputs[0]) if inputs else 1, self._width(part)
        whole = np.empty((samples, width, width) if each else (width, width))
        if not matrix.curvature.nodes:  # no gradient reaches it
            whole[:] = 0.0
            return whole
        program, piece = self._ready(matrix.kind, (part,)), matrix.piece
        flat = [x.reshape(samples, -1) for x in inputs]
        for begin in range(0, samples, piece):
            end = min(begin + piece, samples)
            some = [x[begin:end] for x in flat]
            if matrix.kind == "hessian":
                found = program._returned(some, end - begin)
            else:
                directions = np.eye(len(matrix.curvature.nodes))
                found = matrix.of_lanes(self.on_lanes("moved", (part,), some, [directions]))  # type: ignore[union-attr]
            if each:
                matrix.of_each(found, share, whole[begin:end])
            elif not begin:
                matrix.sum(found, share, whole)
            else:
                matrix.sum(found, share, further := np.empty_like(whole))
                whole += further
        return whole

    def _matrix(self, part: int) -> Entries | Products | None:
        """What makes Hessians of the numbers that a program gives; None where none is worth it."""
        if part not in self._matrices:
            leaves = [node for node, _ in sorted(self._leaves(part), key=itemgetter(1))]
            curvature = Curvature(self.scalars, leaves)
            short, few = curvature.terms <= _TERMS, _ENTERED * len(curvature.nodes) <= curvature.width
            found: Entries | Products | None = None
            if short and (curvature.width**2 <= _SMALL or not curvature.nodes):
                found = Entries(curvature)
            elif few and curvature.nodes:
                found = Products(curvature, lanes=not short)
            self._matrices[part] = found
        return self._matrices[part]

    def entries(self, parts: Sequence[int], inputs: Sequence[Floats]) -> Floats:
        """The Jacobians at the places of `pattern`, an array (samples, places)."""
        rows, columns = self.pattern(parts)
        if not len(rows):
            return np.zeros((len(inputs[0]) if inputs else 1, 0))
        by_columns, by_rows, forwards = self._coloured(parts)
        directions = 1 + (by_columns if forwards else by_rows).max()
        if directions <= _FEW and directions * len(self.scalars) <= _SHORT:
            found = self.run("entries", parts, inputs)
            entries: Floats = found[-1] if isinstance(found, tuple) else found
            return entries
        if forwards:
            seeds = self.split(_indicators(by_columns), parts)
            return self.on_lanes("tangent", parts, inputs, seeds)[:, by_columns[columns], rows]
        return self.on_lanes("cotangent", parts, inputs, [_indicators(by_rows)])[:, by_rows[rows], columns]

    def _coloured(self, parts: Sequence[int]) -> tuple[Rows, Rows, bool]:
        """The direction of each column and of each row, and whether those of the columns take less, forwards."""
        key = tuple(parts)
        if key not in self._colours:
            rows, columns = self.pattern(parts)
            by_columns, by_rows = colours(rows, columns, self.width(parts)), colours(columns, rows, self.height)
            forwards = bool(by_columns.max() <= 2 * by_rows.max() + 1)  # a walk back costs about two forwards
            self._colours[key] = by_columns, by_rows, forwards
        return self._colours[key]

    def pattern(self, parts: Sequence[int]) -> tuple[Rows, Rows]:
        """Row and column of each entry of the Jacobian that can be other than 0, row by row."""
        key = tuple(parts)
        if key not in self._patterns:
            leaves: dict[int, int] = {}
            before = 0
            for part in parts:
                for node, row in self._leaves(part):
                    leaves[node] = before + row
                before += self._width(part)
            self._patterns[key] = pattern(self.scalars, leaves)
        return self._patterns[key]

    def width(self, parts: Sequence[int]) -> int:
        """How many numbers are differentiated by: the columns of a Jacobian."""
        return sum(map(self._width, parts))

    @cached_property
    def symmetric(self) -> bool:
        """Whether rows and columns of a Hessian are the same."""
        return is_symmetric(self.scalars)

    @cached_property
    def height(self) -> int:
        """How many numbers the function returns: its rows."""
        return len(list(returned(self.scalars.result)))

    def split(self, flat: Floats, parts: Sequence[int]) -> list[Floats]:
        """The last axis, in which all that is differentiated by stands side by side, as an array for each part."""
        return np.split(flat, np.cumsum([self._width(part) for part in parts])[:-1], axis=-1)

    def _width(self, part: int) -> int:
        return len(self.program.parameters) if part == PARAMETERS else self.scalars.widths[part]

    def _leaves(self, part: int) -> Iterator[tuple[int, int]]:
        if part == PARAMETERS:
            yield from ((node, row) for row, node in enumerate(self.program._programs.parameters))
        else:
            yield from ((node, row) for node, (number, row) in self.scalars.inputs.items() if number == part)

    def _ready(self, kind: str, parts: Sequence[int]) -> Program:
        """The derived program, with today's vector."""
        key = (kind, *parts)
        if key not in self._made:
            program = self._traced(
                lambda: (
                    self._second(kind, *parts)
                    if kind in ("hessian", "moved")
                    else self._compiled(self._entries(parts) if kind == "entries" else _KINDS[kind], parts)
                )
            )
            places = {id(parameter): place for place, parameter in enumerate(self.program.parameters)}
            order = np.array([places[id(parameter)] for parameter in program.parameters], np.int64)
            self._made[key] = program, order
        program, order = self._made[key]
        program._vector[:] = self.program._vector[order]
        return program

    # ── what is traced ────────────────────────────────────────────────────────────────────────

    def _traced(self, make: Callable[[], Program]) -> Program:
        """What this makes; where Python refuses a number (1/0, log(−2)), with constants that run time computes with."""
        try:
            return make()
        except (ArithmeticError, ValueError):
            if self._constant is Value:
                raise
            self._constant = Value
            return make()

    @cached_property
    def _slope(self) -> Program:
        """The derivative along a direction, with the numbers of the direction behind the parameters."""
        parameters = self.program.parameters
        direction = [Value(0.0) for _ in parameters]

        def slope(*inputs: Any) -> Any:
            along = [x.detach() for x in direction]  # nobody asks for a gradient by them
            return jvp(lambda point: self._again(inputs, point), (parameters,), (along,))[1]

        kind = type(self.program)
        example, wanted = tuple(self._example()), self.program._wanted
        return self._traced(lambda: kind(slope, example, wanted, [*parameters, *direction]))

    def _entries(self, parts: Sequence[int]) -> Callable[..., Any]:
        """What gives the entries of the Jacobian at the places of `pattern`."""
        rows, columns = (x.tolist() for x in self.pattern(parts))
        of_columns, of_rows, fewer_forwards = self._coloured(parts)
        by_columns, by_rows = of_columns.tolist(), of_rows.tolist()

        def forwards(f: Callable[..., Any], point: Sequence[Sequence[Any]]) -> Any:
            slopes = []
            for colour in range(max(by_columns) + 1):
                moved = [column for column, one in enumerate(by_columns) if one == colour]

                def of_moved(numbers: Sequence[Any], moved: list[int] = moved) -> Any:
                    flat = _flat(point)
                    for column, number in zip(moved, numbers, strict=True):
                        flat[column] = number
                    each = iter(flat)
                    return f([[next(each) for _ in part] for part in point])

                start = _flat(point)
                along = jvp(of_moved, ([start[column] for column in moved],), ([1.0] * len(moved),))[1]
                slopes.append(list(returned(along)))
            return given(f, point, [slopes[by_columns[column]][row] for row, column in zip(rows, columns, strict=True)])

        def backwards(f: Callable[..., Any], point: Any) -> Any:
            def sum_of(colour: int) -> Callable[..., Any]:
                return lambda at: total([y for y, one in zip(returned(f(at)), by_rows, strict=True) if one == colour])

            slopes = [_flat(grad(sum_of(colour))(point)) for colour in range(max(by_rows) + 1)]
            return given(f, point, [slopes[by_rows[row]][column] for row, column in zip(rows, columns, strict=True)])

        def given(f: Callable[..., Any], point: Any, entries: list[Any]) -> Any:
            """They alone, or beside the values where they are plain numbers, as a program has to compute something."""
            return entries if any(isinstance(x, Value) for x in entries) else (f(point), entries)

        return forwards if fewer_forwards else backwards

    def _second(self, kind: str, part: int) -> Program:
        """The program `hessian` or `moved`."""
        again, parameters = partial(self.program._programs.again, constant=self._constant), self.program.parameters
        matrix, example = self._matrix(part), self._example()
        assert matrix is not None

        def second(*inputs: Any) -> Any:
            values = again(inputs, parameters)
            found = matrix.given(values)
            return found if any(isinstance(x, Value) for x in found) else [*found, values[self.scalars.root]]

        def moved(*given: Any) -> Any:
            *inputs, direction = given
            return (matrix.curvature.along(lambda by: again(inputs, parameters, by), direction),)

        if kind == "moved":
            return type(self.program)(moved, (*example, [0.0] * len(matrix.curvature.nodes)), self.program._wanted)
        return type(self.program)(second, tuple(example), self.program._wanted)

    def _example(self) -> list[Any]:
        whole = {self.scalars.inputs[node] for node in self.scalars.integers}
        return [
            [0 if (number, row) in whole else 0.0 for row in range(width)]
            for number, width in enumerate(self.scalars.widths)
        ]

    def _compiled(self, differentiate: Callable[..., Any], parts: Sequence[int]) -> Program:
        widths, example = self.scalars.widths, self._example()
        beside = {
            along: [[0.0] * self._width(part) for part in parts],
            weighted: [[0.0] * self.height],
            bent: [[0.0] * self._width(part) for part in parts],
        }.get(differentiate, [])

        def derived(*given: Any) -> Any:
            inputs = list(given[: len(widths)])
            at = [self.program.parameters if part == PARAMETERS else inputs[part] for part in parts]

            def f(point: Sequence[Any]) -> Any:
                moved, parameters = inputs[:], self.program.parameters
                for part, numbers in zip(parts, point, strict=True):
                    if part == PARAMETERS:
                        parameters = numbers
                    else:
                        moved[part] = numbers
                return self._again(moved, parameters)

            return differentiate(f, at, *given[len(widths) :])

        kind = type(self.program)
        return kind(derived, tuple(example + beside), self.program._wanted)

    def _again(self, inputs: Sequence[Sequence[Any]], parameters: Sequence[Any]) -> Any:
        """What the function returned, computed from these numbers by its scalar program."""
        values = self.program._programs.again(inputs, parameters, constant=self._constant)
        return mapped(lambda x: values[x.node] if isinstance(x, Returned) else x, self.scalars.result)


def _flat(point: Sequence[Sequence[Any]]) -> list[Any]:
    return [x for numbers in point for x in numbers]


def gradient(f: Callable[..., Any], point: Any) -> Any:
    value, slopes = value_and_grad(f)(point)
    return value, _flat(slopes)


def along(f: Callable[..., Any], point: Any, *direction: Any) -> Any:
    values, slopes = jvp(f, (point,), (list(direction),))
    return values, list(returned(slopes))


def weighted(f: Callable[..., Any], point: Any, weights: Any) -> Any:
    return f(point), _flat(grad(lambda at: dot(weights, list(returned(f(at)))))(point))


def bent(f: Callable[..., Any], point: Any, *direction: Any) -> Any:
    return (_flat(jvp(grad(f), (point,), (list(direction),))[1]),)


_KINDS: dict[str, Callable[..., Any]] = {
    "gradient": gradient,
    "tangent": along,
    "cotangent": weighted,
    "curvature": bent,
}


# ── sparsity ──────────────────────────────────────────────────────────────────────────────────


def pattern(scalars: Scalars, leaves: dict[int, int]) -> tuple[Rows, Rows]:
    """Row and column of each entry of a Jacobian that can be other than 0, row by row.

    Args:
        leaves: the column of each leaf that is differentiated by.
    """
    reached: list[int] = [0] * len(scalars)  # a bit for each column
    for node, op in enumerate(scalars.op):
        if op is None:
            column = leaves.get(node)
            reached[node] = 0 if column is None else 1 << column
            continue
        bits = 0
        for x in scalars.differentiated(node):
            bits |= reached[x]
        reached[node] = bits
    rows: list[int] = []
    columns: list[int] = []
    for row, result in enumerate(returned(scalars.result)):
        bits = reached[result.node] if isinstance(result, Returned) else 0
        while bits:
            lowest = bits & -bits
            rows.append(row)
            columns.append(lowest.bit_length() - 1)
            bits ^= lowest
    return np.array(rows, np.int64), np.array(columns, np.int64)


def colours(rows: Rows, columns: Rows, width: int) -> Rows:
    """A colour for each column, so that columns of one colour share no row (Curtis, Powell and Reid 1974, greedily).

    The columns with most entries come first.

    >>> colours(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 2, 2, 3]), 4).tolist()   # two diagonals
    [1, 0, 1, 0]
    """
    taken: dict[int, int] = {}  # a bit for each colour that a row has met
    found = np.zeros(width, np.int64)
    order = np.argsort(columns, kind="stable")
    starts = np.searchsorted(columns[order], np.arange(width + 1))
    inside = rows[order].tolist()
    for column in np.argsort(starts[:-1] - starts[1:], kind="stable").tolist():
        mine = inside[starts[column] : starts[column + 1]]
        met = 0
        for row in mine:
            met |= taken.get(row, 0)
        free = ~met & (met + 1)  # the lowest bit that is not set
        for row in mine:
            taken[row] = taken.get(row, 0) | free
        found[column] = free.bit_length() - 1
    return found


def _indicators(colour: Rows) -> Floats:
    """One row a colour: 1 for what has it."""
    found: Floats = np.equal(colour, np.arange(colour.max() + 1)[:, None]).astype(float)
    return found
