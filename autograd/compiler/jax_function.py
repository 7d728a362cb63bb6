"""The array program, read as a pure JAX function: what `Program.to_jax` gives.

What is translated is the forward pass alone: every kind of instruction has one line in `_TABLE`, so that whatever the
table of primitives holds, primitives of one's own included, runs on JAX's devices as soon as it runs as arrays. How
adjoints flow is JAX's own business: its chain rule knows nothing of ours, so each can check the other. What a single
primitive's derivative is, is not: that is written once, in the table, and JAX is told it (`jax.custom_jvp`). So σ′(0),
ties of maxima, kinks and stopped gradients are what they are everywhere else here.

The function is that of one sample, in arrays of the lanes of a group; `jax.vmap` makes a batch of it. What is one array
stays one: a group is some five lines of HLO, however wide it is.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from autograd.compiler.instructions import (
    Array,
    Broadcast,
    Compare,
    Contract,
    Elementwise,
    Function,
    Instruction,
    Literal,
    Mask,
    Not,
    Number,
    ReduceMax,
    ReduceSum,
    Reshape,
    Where,
)
from autograd.compiler.lower import Alone, one_by_one
from autograd.compiler.normalise import Returned
from autograd.compiler.passes import Programs
from autograd.compiler.results import rectangular, returned
from autograd.compiler.stores import CONSTANT, INPUT, PARAMETER, Operand, RowNumbers
from autograd.compiler.trace import TAKE
from autograd.compiler.trees import leaves

__all__ = ["OPTIONS", "Sample", "to_jax", "unknown_functions", "without_jax"]

_FUSED = 16
"""Groups, after which XLA may not fuse on: it does so by computing again what comes before, all of a long chain."""
OPTIONS = {"xla_disable_hlo_passes": "cse_barrier_expander"}
"""For `jax.jit`: on a processor XLA takes those barriers out first. 100 groups in a row take it 1 s so, else 15."""
NEEDED = "pip install 'scalar-autograd[jax]'"


@cache
def without_jax() -> str | None:
    """Why there is no JAX; None if there is."""
    if find_spec("jax") is None:
        return f"it needs JAX ({NEEDED})"
    try:
        import jax  # noqa: F401
    except (ImportError, RuntimeError, AttributeError) as error:
        return f"JAX cannot be imported: {error}"
    return None


# ── one line an instruction ───────────────────────────────────────────────────────────────────


class _Run:
    """A list of instructions, computed in JAX; `at` holds what is known already."""

    def __init__(self, known: dict[Instruction, Any], dtype: Any) -> None:
        self.at, self.dtype = known, dtype

    def of(self, x: Any) -> Any:
        """An operand: what an instruction has given, or a number."""
        return self.at[x] if isinstance(x, Array) else x

    def all(self, instructions: Sequence[Instruction]) -> None:
        for x in instructions:
            if x not in self.at and isinstance(x, Array):
                self.at[x] = _TABLE[type(x)](self, x)


def _function_of(x: Elementwise | Compare | Function) -> tuple[str, Callable[..., Any] | None]:
    """The name that NumPy, or SciPy, has for what an instruction calls, and JAX's function of that name."""
    import jax
    import jax.numpy as jnp

    name = x.name if isinstance(x, Function) else x.function
    found: Callable[..., Any] | None = getattr(jnp, name, None)
    return name, getattr(jax.scipy.special, name, None) if found is None and isinstance(x, Function) else found


def _called(run: _Run, x: Elementwise | Compare | Function) -> Any:
    name, function = _function_of(x)
    assert function is not None, name
    return function(*[run.of(a) for a in x.args])


def _literal(run: _Run, x: Literal) -> Any:
    return np.asarray(x.values, run.dtype)


def _number(run: _Run, x: Number) -> Any:
    return run.of(x.x).astype(run.dtype)


def _where(run: _Run, x: Where) -> Any:
    import jax.numpy as jnp

    return jnp.where(run.of(x.where), run.of(x.a), run.of(x.b))


def _broadcast(run: _Run, x: Broadcast) -> Any:
    import jax.numpy as jnp

    value = run.of(x.x)
    return jnp.broadcast_to(jnp.asarray(value, getattr(value, "dtype", run.dtype)), x.lanes)


def _reduced(x: ReduceSum | ReduceMax) -> tuple[int, ...]:
    """The axes that the result does not have."""
    return tuple(i for i, (here, there) in enumerate(zip(x.x.lanes, x.lanes, strict=True)) if here != there)


def product_sum(a: Any, b: Any, lanes: tuple[int, ...]) -> Any:
    """Σ a · b over the axes of the two that `lanes` does not have, as one product of matrices."""
    import jax
    import jax.numpy as jnp

    axes = range(len(lanes))
    kept = [[i for i in axes if x.shape[i] > 1] for x in (a, b)]
    shorter = [x.reshape([x.shape[i] for i in keep]) for x, keep in zip((a, b), kept, strict=True)]
    out = [i for i in axes if lanes[i] > 1]
    exact = jax.lax.Precision.HIGHEST  # else some devices round the factors to a few digits
    return jnp.einsum(shorter[0], kept[0], shorter[1], kept[1], out, precision=exact).reshape(lanes)


_TABLE: dict[type[Instruction], Callable[[_Run, Any], Any]] = {
    Elementwise: _called,
    Compare: _called,
    Function: _called,
    Literal: _literal,
    Number: _number,
    Not: lambda run, x: ~run.of(x.x),
    Mask: lambda run, x: run.of(x.x) * run.of(x.where),
    Where: _where,
    Reshape: lambda run, x: run.of(x.x).reshape(x.lanes),
    Broadcast: _broadcast,
    ReduceSum: lambda run, x: run.of(x.x).sum(_reduced(x), keepdims=True),
    ReduceMax: lambda run, x: run.of(x.x).max(_reduced(x), keepdims=True),
    Contract: lambda run, x: product_sum(run.of(x.a), run.of(x.b), x.lanes),
}
"""What computes values; `Rows` and `Gather` read the stores, `Save` writes them, and a `take` is a group by itself."""


def unknown_functions(programs: Programs) -> list[str]:
    """The functions that a program calls and JAX does not have."""
    called = [x for x in programs.arrays.instructions if isinstance(x, (Elementwise, Compare, Function))]
    return sorted({name for name, function in map(_function_of, called) if function is None})


# ── the stores ────────────────────────────────────────────────────────────────────────────────


class _Stores:
    """What has been computed, by store: pieces of neighbouring rows, each a flat array."""

    def __init__(self) -> None:
        self._pieces: dict[int, list[tuple[int, int, Any]]] = {}
        self._number = 0

    def write(self, store: int, start: int, flat: Any) -> None:
        self._number += 1  # arrays are not compared
        insort(self._pieces.setdefault(store, []), (start, self._number, flat))

    def read(self, store: int, rows: RowNumbers, strides: tuple[int, ...] | None) -> Any:
        """The rows, in the shape of their numbers."""
        import jax
        import jax.numpy as jnp

        wanted = np.unique(rows)
        pieces = self._pieces[store]
        starts = [start for start, _, _ in pieces]
        which = np.unique(np.searchsorted(starts, wanted, side="right") - 1).tolist()
        first, last = int(wanted[0]), int(wanted[-1])
        parts, begins, row_of = [], [], []
        for k in which:
            start, _, flat = pieces[k]
            begin, end = max(first, start), min(last + 1, start + len(flat))
            parts.append(flat if len(flat) == end - begin else jax.lax.slice(flat, (begin - start,), (end - start,)))
            begins.append(begin)
            row_of.append(np.arange(begin, end))
        flat = parts[0] if len(parts) == 1 else jnp.concatenate(parts)
        held = np.concatenate(row_of)
        if len(held) == last + 1 - first:  # neighbours all
            if strides is not None:
                return strided(flat, strides, rows.shape, int(rows.flat[0]) - first)
            return flat[rows - first]
        return flat[np.searchsorted(held, rows)]


def strided(flat: Any, strides: tuple[int, ...], shape: tuple[int, ...], offset: int) -> Any:
    """The elements offset + Σ index · stride of an array of which each end is one, without writing their numbers down.

    Rows within rows, the usual case, are a reshape; anything else (a triangle, a sliding window) is looked up.
    """
    import jax
    import jax.numpy as jnp

    moving = sorted((-abs(s), axis) for axis, (s, n) in enumerate(zip(strides, shape, strict=True)) if s and n > 1)
    axes = [axis for _, axis in moving]
    if axes == sorted(axes) and len(flat) == np.prod(shape) and all(s >= 0 for s in strides):
        return jax.lax.reshape(flat, shape)
    steps, lengths = [-s for s, _ in moving], [shape[axis] for axis in axes]
    extents = [0]  # how far the inner ones reach, innermost last
    for step, length in zip(steps[::-1], lengths[::-1], strict=True):
        extents.insert(0, extents[0] + step * (length - 1))
    if any(step <= inner for step, inner in zip(steps, extents[1:], strict=True)):
        place: Any = offset
        for axis, (stride, length) in enumerate(zip(strides, shape, strict=True)):
            place = place + stride * jax.lax.broadcasted_iota(jnp.int32, shape, axis) if length > 1 else place
        return flat[jnp.broadcast_to(place, shape)]
    x = flat
    for step, length, inner in zip(steps, lengths, extents[1:], strict=True):
        missing = step * length - x.shape[-1]
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing)]) if missing > 0 else x[..., : step * length]
        x = x.reshape(*x.shape[:-1], length, step)[..., : inner + 1]
    x = x[..., 0]
    x = jnp.flip(x, [k for k, axis in enumerate(axes) if strides[axis] < 0])
    order = sorted(range(len(axes)), key=lambda k: axes[k])
    one = [shape[axis] if axis in axes else 1 for axis in range(len(shape))]
    return jnp.broadcast_to(x.transpose(order).reshape(one), shape)


# ── a group ───────────────────────────────────────────────────────────────────────────────────


class _Row:
    """A group as a function of what it reads: its values by its instructions, its derivatives by the table's."""

    def __init__(self, alone: Alone, own_rules: bool) -> None:
        self.group, self.alone = alone.group, alone
        self.reads = [(operand, x) for operand, x in alone.reads if operand.store != CONSTANT]
        flows = any(d is not None for d in alone.derivatives)
        self.function: Callable[..., Any]
        if own_rules and flows:
            self.function = self._with_rule()
        elif flows or (not own_rules and alone.group.op.name != "detach"):
            self.function = self.values
        else:
            self.function = self._stopped

    def values(self, *operands: Any) -> Any:
        return self._run(operands, operands[0].dtype).of(self.alone.value)

    def of_constants(self, dtype: Any) -> Any:
        """The values of a group that reads nothing else, such as e¹⁰⁰⁰⁰."""
        return self._run((), dtype).of(self.alone.value)

    def _run(self, operands: Sequence[Any], dtype: Any) -> _Run:
        known = {x: array for (_, x), array in zip(self.reads, operands, strict=True)}
        run = _Run(known, dtype)
        run.all(self.alone.forward)
        return run

    def _stopped(self, *operands: Any) -> Any:
        import jax

        return jax.lax.stop_gradient(self.values(*operands))

    def _with_rule(self) -> Callable[..., Any]:
        import jax

        row: Any = jax.custom_jvp(self.values)

        def tangent(primals: Any, tangents: Any) -> Any:
            import jax.numpy as jnp

            y = row(*primals)
            run = self._run(primals, primals[0].dtype)
            run.at[self.alone.value] = y
            run.all(self.alone.backward)
            slope: Any = None
            given = iter(tangents)
            for (operand, _), derivative in zip(self.alone.reads, self.alone.derivatives, strict=True):
                t = next(given) if operand.store != CONSTANT else None
                if derivative is None or t is None or isinstance(t, jax.custom_derivatives.SymbolicZero):
                    continue
                term = self._term(run.of(derivative), t, operand)
                slope = term if slope is None else slope + term
            slope = jnp.zeros_like(y) if slope is None else jnp.broadcast_to(slope, y.shape).astype(y.dtype)
            return y, slope

        row.defjvp(tangent, symbolic_zeros=True)
        function: Callable[..., Any] = row
        return function

    def _term(self, derivative: Any, t: Any, operand: Operand) -> Any:
        """Σ ∂y/∂operand · tangent, over the inner axes."""
        import jax.numpy as jnp

        group = self.group
        if getattr(derivative, "dtype", None) == np.bool_:
            derivative = derivative.astype(t.dtype)
        lanes, inner = len(group.shape), group.inner
        sequence = len(operand.shape) > lanes
        t = t.reshape((*t.shape, *[1] * (lanes + len(inner) - t.ndim)))
        if self.alone.guarded:
            from autograd.compiler.jax_guarded import guarded

            product = guarded(t, derivative)
            summed = product.sum(range(lanes, product.ndim), keepdims=True)
            once = [n for n, here in zip(inner, product.shape[lanes:], strict=True) if here == 1]
        elif np.ndim(derivative) and sequence:
            whole = np.broadcast_shapes(t.shape, derivative.shape)
            summed = product_sum(derivative, t, (*whole[:lanes], *[1] * len(inner)))
            once = [n for n, here in zip(inner, whole[lanes:], strict=True) if here == 1]
        else:
            product = derivative * t
            summed = product.sum(range(lanes, product.ndim), keepdims=True) if inner else product
            once = [n for n, here in zip(inner, product.shape[lanes:], strict=True) if here == 1]
        if sequence and (times := int(np.prod(once))) > 1:  # the same for each of a sequence
            summed = summed * times
        return jnp.reshape(summed, summed.shape[:lanes])


# ── the whole ─────────────────────────────────────────────────────────────────────────────────


class Sample:
    """A program as a JAX function of the vector of its parameters and the inputs of one sample.

    Args:
        programs: what it is made of.
        rules: whether a primitive has the derivatives of the table; else those that JAX finds in its formula.
    """

    def __init__(self, programs: Programs, rules: bool = True) -> None:
        self._programs, self._vectorised = programs, programs.arrays.vectorised
        self._rows = [_Row(alone, rules) for alone in one_by_one(self._vectorised)]

    def __call__(self, vector: Any, *inputs: Any) -> Any:
        """What the function returns."""
        stores = self._computed(vector, inputs)
        return self._collect(self._programs.scalars.result, stores, vector.dtype)

    def of_nodes(self, nodes: Sequence[int], vector: Any, *inputs: Any) -> Any:
        """The values of nodes of the scalar program, as one flat array."""
        return self._leaves([Returned(node) for node in nodes], self._computed(vector, inputs), vector.dtype)

    def _computed(self, vector: Any, inputs: Sequence[Any]) -> _Stores:
        import jax
        import jax.numpy as jnp

        stores = _Stores()
        if len(vector):
            stores.write(PARAMETER, 0, vector)
        whole = [jnp.reshape(x, -1) for x in inputs]
        for k, x in enumerate(whole):
            if len(x):
                stores.write(INPUT + k, 0, x.astype(vector.dtype))
        for store, fixed in self._vectorised.fixed.items():
            for rows in _runs(fixed):
                numbers = np.array([number for _, number in rows])
                stores.write(store, rows[0][0], jnp.asarray(numbers, vector.dtype))
        for number, row in enumerate(self._rows, 1):
            group = row.group
            read = [stores.read(o.store, o.rows, o.strides) for o, _ in row.reads]
            if group.op is TAKE:
                y = _take(group, stores, whole, vector.dtype)
            else:
                y = row.function(*read) if read else row.of_constants(vector.dtype)
            if number % _FUSED == 0:
                y = jax.lax.optimization_barrier(y)
            stores.write(group.store, group.start, y.reshape(-1))
        return stores

    def _collect(self, result: Any, stores: _Stores, dtype: Any) -> Any:
        """The nested lists that the function returned, an array where they are as long as each other."""
        if isinstance(result, tuple):
            return tuple(self._collect(part, stores, dtype) for part in result)
        shape = rectangular(result)
        if shape is None:
            return [self._collect(part, stores, dtype) for part in result]
        return self._leaves(list(returned(result)), stores, dtype).reshape(shape)

    def _place(self, result: Any) -> tuple[int, Any]:
        """The store and the row of what was returned, or the number that it is."""
        if not isinstance(result, Returned):
            return CONSTANT, float(result)
        store, row = self._vectorised.location(result.node)
        return (store, float(self._vectorised.number[result.node])) if store == CONSTANT else (store, row)

    def _leaves(self, results: Sequence[Any], stores: _Stores, dtype: Any) -> Any:
        import jax.numpy as jnp

        if not len(results):
            return jnp.zeros(0, dtype)
        places = [self._place(x) for x in results]
        by_store: dict[int, list[int]] = {}
        for k, (store, _) in enumerate(places):
            by_store.setdefault(store, []).append(k)
        parts, order = [], np.concatenate(list(by_store.values()))
        for store, of_store in by_store.items():
            found = [places[k][1] for k in of_store]
            if store == CONSTANT:
                parts.append(jnp.asarray(found, dtype))
            else:
                rows = np.array(found, np.int64)
                steps = np.unique(np.diff(rows)).tolist() or [0]
                parts.append(stores.read(store, rows, (steps[0],) if len(steps) == 1 else None))
        flat = parts[0] if len(parts) == 1 else jnp.concatenate(parts)
        return flat if (order == np.arange(len(order))).all() else flat[np.argsort(order)]


def _take(group: Any, stores: _Stores, whole: Sequence[Any], dtype: Any) -> Any:
    """items[index] for each lane; NaN for an index that is none of them, as nothing can be raised there."""
    import jax.numpy as jnp

    items, index = group.operands
    exact = _Stores()  # an integer input chooses exactly in any precision
    for k, x in enumerate(whole):
        exact.write(INPUT + k, 0, x)
    given = exact if index.store >= INPUT else stores
    read = given.read(index.store, index.rows, index.strides)
    chosen = read.astype(jnp.int32)  # what that changes (½, NaN, 2³²) is no index
    if items.store == CONSTANT:
        table = jnp.asarray(items.values, dtype)
    else:
        table = stores.read(items.store, items.rows, items.strides)
    lanes = len(group.shape)
    table = jnp.broadcast_to(table, (*table.shape[:lanes], *group.inner)).reshape(*table.shape[:lanes], -1)
    length = table.shape[-1]
    begins = length * np.arange(table.size // length).reshape(table.shape[:-1])
    inside = (chosen >= 0) & (chosen < length) & (chosen.astype(read.dtype) == read)
    found = table.reshape(-1)[jnp.where(inside, chosen, 0) + begins]
    return jnp.broadcast_to(jnp.where(inside, found, jnp.nan), group.shape)


def _runs(fixed: Sequence[tuple[int, float]]) -> Iterator[list[tuple[int, float]]]:
    """Rows in their order, neighbours together."""
    run: list[tuple[int, float]] = []
    for row in sorted(fixed):
        if run and row[0] != run[-1][0] + 1:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _array(what: str, given: Any) -> Any:
    """An array of JAX's, of real numbers.

    Raises:
        TypeError: for complex numbers, of which JAX would take the real parts.
    """
    import jax
    import jax.numpy as jnp

    if isinstance(given, (np.ndarray, np.generic)) and given.dtype.kind in "iu" and not jax.config.jax_enable_x64:
        short = np.iinfo(np.int32)
        if given.size and (given.max() > short.max or given.min() < short.min):  # JAX would let them wrap
            given = given.astype(np.float32)
    array = jnp.asarray(given)
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise TypeError(f"{what} is an array of real numbers, not of {array.dtype}")
    return array


def to_jax(
    programs: Programs, shapes: Sequence[tuple[int, ...]], rules: bool = True, forms: Sequence[Any] | None = None
) -> Callable[..., Any]:
    """The function that `Program.to_jax` describes.

    Args:
        programs: what it is made of.
        shapes: of each input array of one sample.
        rules: see `Sample`.
        forms: of each argument (`trees`); if not said, each is an array.

    Raises:
        ModuleNotFoundError, TypeError: as `Program.to_jax`.
    """
    if (reason := without_jax()) is not None:
        raise ModuleNotFoundError(f"a JAX function cannot be made: {reason}", name="jax")
    if unknown := unknown_functions(programs):
        raise TypeError(f"a JAX function cannot be made: JAX has no function called {', '.join(unknown)}")
    import jax
    import jax.numpy as jnp

    of_one, parameters = Sample(programs, rules), len(programs.parameters)
    of_arguments = list(range(len(shapes))) if forms is None else list(forms)

    def function(vector: Any, *inputs: Any) -> Any:
        vector = _array("the vector", vector)
        if not jnp.issubdtype(vector.dtype, jnp.floating):
            vector = vector.astype(float)
        if vector.shape != (parameters,):
            raise ValueError(f"the vector has shape ({parameters},), not {vector.shape}")
        if len(inputs) != (number := len(of_arguments)):
            raise TypeError(f"the function takes a vector and {number} arrays, and was given {len(inputs)} arrays")
        arrays = [
            _array(f"argument {k}", leaf)
            for k, (form, one) in enumerate(zip(of_arguments, inputs, strict=True))
            for leaf in leaves(form, one, f"argument {k}")
        ]
        given = [x.shape for x in arrays]
        if given == [*shapes]:
            return of_one(vector, *arrays)
        sizes = {shape[:1] for shape in given}
        if [shape[1:] for shape in given] != [*shapes] or len(sizes) > 1 or () in sizes:
            raise ValueError(
                f"the inputs of a sample have the shapes {[*shapes]}, of a batch one axis more; not {given}"
            )
        return jax.vmap(of_one, in_axes=(None, *[0] * len(arrays)))(vector, *arrays)

    return function
