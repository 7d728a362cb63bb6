"""What a `Program` gives beside values and the mean gradient: derivatives of every shape (`derived.py` runs them)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import wraps
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.derived import PARAMETERS, Derived
from autograd.compiler.given import real, samples
from autograd.compiler.results import Layout, columns
from autograd.compiler.solvers import OfVector
from autograd.compiler.trees import filled, leaves

if TYPE_CHECKING:
    from autograd.compiler.alone import OneCall
    from autograd.value import Value

__all__ = ["Derivatives"]

Floats = NDArray[np.float64]
_Method = TypeVar("_Method", bound=Callable[..., Any])
_REDUCTIONS = ("mean", "sum", "none")
_OF_SAMPLES = 2**20  # bytes that the Hessians of all samples may take, where only their sum is wanted


def _one_call(method: _Method) -> _Method:
    """The method, one call at a time: derived programs, their vectors and what is known of them are shared."""

    @wraps(method)
    def alone(self: Derivatives, *args: Any, **kwargs: Any) -> Any:
        with self._deriving:
            return method(self, *args, **kwargs)

    return cast(_Method, alone)


class Derivatives:
    """The methods of `Program` that differentiate otherwise than by the parameters, or more than a mean.

    What is differentiated by is said by ``wrt``: "parameters", "inputs" (then results are tuples, one array an
    argument), the name of an argument, or a tuple of names. Each method compiles a program of its own when it is
    first called, by what it is asked for, and keeps it.
    """

    if TYPE_CHECKING:
        parameters: list[Value]
        _shapes: list[tuple[int, ...]]
        _outer: list[str]
        _forms: list[Any]
        _result: Any
        _layout: Layout
        _root: int | None
        _derived: Derived | None
        _deriving: OneCall

        vector: Floats

        def _inputs(self, batch: tuple[Any, ...]) -> tuple[list[Floats], int]: ...
        def _mean_gradient(self, inputs: list[Floats], size: int) -> tuple[float, Floats]: ...

    # ── what is asked for ─────────────────────────────────────────────────────────────────────

    @property
    def _derivatives(self) -> Derived:
        if self._derived is None:
            self._derived = Derived(self)
        return self._derived

    def _parts(self, wrt: Any) -> tuple[list[int], Any]:
        """What is differentiated by: parameters, or numbers of arrays; and the form of what is given for them."""
        if type(wrt) is str and wrt in self._derivatives.parts:
            asked_before: tuple[list[int], Any] = self._derivatives.parts[wrt]
            return asked_before
        names = tuple(self._outer) if wrt == "inputs" else wrt
        alone = isinstance(names, str)
        asked = [names] if alone else names
        if not isinstance(asked, (list, tuple)) or not asked or not all(isinstance(name, str) for name in asked):
            raise TypeError(f'wrt is "parameters", "inputs", the name of an argument or a tuple of names, not {wrt!r}')
        known: dict[str, Any] = dict(zip(self._outer, self._forms, strict=True)) | {"parameters": PARAMETERS}
        if len(set(asked)) < len(asked):
            raise ValueError(f"wrt={wrt!r} names an argument twice")
        parts: list[int] = []
        forms = []
        for name in asked:
            if name not in known:
                raise ValueError(
                    f'wrt names {name!r}, and there are "parameters", "inputs" and {", ".join(self._outer)}'
                )
            if name == "parameters":
                self._check_parameters()
            mine = list(leaves(known[name], known[name], name))
            places = {part: len(parts) + place for place, part in enumerate(mine)}
            forms.append(filled(known[name], places))
            parts += mine
        found = parts, forms[0] if alone else tuple(forms)
        if type(wrt) is str:
            self._derivatives.parts[wrt] = found
        return found

    def _check_parameters(self) -> None:
        if not self.parameters:
            raise TypeError(
                "the program has no parameters: the function uses no Value from outside. Differentiate by its inputs, "
                'with wrt="inputs" or the name of an argument'
            )

    def _check_scalar(self, what: str) -> None:
        if self._root is None:
            raise TypeError(f"{what} is for a function that returns one Value; this one returned lists. Try jacobian.")

    def _shape(self, part: int) -> tuple[int, ...]:
        return (len(self.parameters),) if part == PARAMETERS else self._shapes[part]

    def _arrays(self, flat: Floats, parts: Sequence[int]) -> list[Floats]:
        """The last axis, in which all that is differentiated by stands side by side, as one array for each of them."""
        side_by_side = self._derivatives.split(flat, parts)
        return [x.reshape(*flat.shape[:-1], *self._shape(part)) for x, part in zip(side_by_side, parts, strict=True)]

    def _directions(self, given: Any, parts: Sequence[int], form: Any, size: int) -> list[Floats]:
        """Tangents, one for each sample, as flat arrays; those of parameters may be one for all samples."""
        found = []
        for one, part in zip(leaves(form, given, "the direction"), parts, strict=True):
            shape = (size, *self._shape(part))
            array = real(one, "a tangent")
            if part == PARAMETERS and array.shape == shape[1:]:
                array = np.broadcast_to(array, shape)
            if array.shape != shape:
                what = f"{shape}, as what it belongs to," if part != PARAMETERS else f"{shape[1:]}, or {shape},"
                raise ValueError(f"a tangent has shape {what} not {array.shape}")
            found.append(array)
        return found

    # ── gradients ─────────────────────────────────────────────────────────────────────────────

    @_one_call
    def _gradients(self, batch: tuple[Any, ...], wrt: Any, reduction: str) -> tuple[Any, Any]:
        """`Program.value_and_grad` by anything, and of every sample."""
        _check_reduction(reduction)
        self._check_scalar("value_and_grad")
        parts, form = self._parts(wrt)
        inputs, size = self._inputs(batch)
        if reduction == "none" or PARAMETERS not in parts:
            values, slopes = self._derivatives.run("gradient", parts, inputs)
            found = self._arrays(slopes, parts)
            if reduction == "mean":
                values, found = float(values.sum() / size), [x / size for x in found]
            elif reduction == "sum":
                values = float(values.sum())
            return values, filled(form, found)
        mean, gradient = self._mean_gradient(inputs, size)  # sums over the batch are what the engines do best
        rest = [part for part in parts if part != PARAMETERS]
        whole, share = (size, 1) if reduction == "sum" else (1, size)
        slopes = self._arrays(self._derivatives.run("gradient", rest, inputs)[1], rest) if rest else []
        by_inputs = iter([x / share for x in slopes])
        found = [gradient * whole if part == PARAMETERS else next(by_inputs) for part in parts]
        return mean * whole, filled(form, found)

    def _in_chunks(self, batch: tuple[Any, ...], wrt: Any, reduction: str, chunk: int) -> tuple[Any, Any]:
        """`Program.value_and_grad` of so many samples at a time: sums are added, samples' own stand in a row."""
        if not isinstance(chunk, (int, np.integer)) or chunk < 1:
            raise ValueError(f"chunk is a positive number of samples, not {chunk!r}")
        _check_reduction(reduction)
        parts, form = self._parts(wrt)
        given = enumerate(leaves(self._forms, list(batch), "the batch"))
        arrays = [x if isinstance(x, np.ndarray) else real(x, f"argument {n} of a batch") for n, x in given]
        size = samples([x for x in arrays if x.ndim])
        values, found = [], []
        for begin in range(0, size, chunk):
            some = filled(self._forms, [x[begin : begin + chunk] if x.ndim else x for x in arrays])
            value, slopes = self._gradients(tuple(some), wrt, "none" if reduction == "none" else "sum")
            values.append(value)
            found.append(list(leaves(form, slopes, "the gradient")))
        shared = [part == PARAMETERS and reduction != "none" for part in parts]
        whole = [sum(x) if one else np.concatenate(x) for one, x in zip(shared, zip(*found, strict=True), strict=True)]
        if reduction == "none":
            return np.concatenate(values), filled(form, whole)
        share = size if reduction == "mean" else 1
        return sum(values) / share, filled(form, [x / share for x in whole])

    @_one_call
    def jvp(self, batch: Sequence[Any], tangents: Any, wrt: Any = "inputs") -> tuple[Any, Any]:
        """The results for each sample, and their derivatives along a direction, in forward mode.

        Args:
            batch: the arrays of a call, in a tuple.
            tangents: the direction: arrays like what `wrt` names, in a tuple if that does not name one alone. That of
                the parameters is one vector, or one for each sample.
            wrt: see `Derivatives`.

        Returns:
            (results, their tangents), both as a call gives them.

        >>> import autograd
        >>> program = autograd.compile(lambda x, y: [x * y, x + y], example=(0.0, 0.0))
        >>> values, slopes = program.jvp(([2.0], [3.0]), ([1.0], [10.0]))
        >>> values.tolist(), slopes.tolist()
        ([[6.0, 5.0]], [[23.0, 11.0]])
        """
        parts, form = self._parts(wrt)
        inputs, size = self._inputs(tuple(batch))
        along = self._directions(tangents, parts, form, size)
        values, slopes = self._derivatives.run("tangent", parts, [*inputs, *along])
        return values, self._layout(slopes)

    @_one_call
    def vjp(self, batch: Sequence[Any], cotangents: Any, wrt: Any = "inputs") -> tuple[Any, Any]:
        """The results for each sample, and the gradient of Σ cotangent · result, in reverse mode.

        Args:
            batch: the arrays of a call, in a tuple.
            cotangents: arrays like those that a call gives.
            wrt: see `Derivatives`.

        Returns:
            (results, gradient): by an input an array like it; by the parameters one vector, the sum over all samples.

        >>> import autograd
        >>> program = autograd.compile(lambda x: [x[0] * x[1], x[0] ** 2], example=([0.0, 0.0],))
        >>> program.vjp(([[2.0, 3.0]],), [[1.0, 10.0]], wrt="x")[1].tolist()
        [[43.0, 2.0]]
        """
        parts, form = self._parts(wrt)
        inputs, size = self._inputs(tuple(batch))
        weights = columns(self._result, cotangents, size)
        values, slopes = self._derivatives.run("cotangent", parts, [*inputs, weights])
        found = [
            x.sum(axis=0) if part == PARAMETERS else x
            for x, part in zip(self._arrays(slopes, parts), parts, strict=True)
        ]
        return values, filled(form, found)

    # ── matrices ──────────────────────────────────────────────────────────────────────────────

    @_one_call
    def sparsity(self, wrt: Any = "inputs") -> Any:
        """Which entries of the Jacobian of one sample can be other than 0, as a SciPy CSR matrix of ones.

        Rows are the numbers that the function returns, columns those that `wrt` names, one after the other. It is read
        off the graph: an entry that is there may still be 0. ``matplotlib.pyplot.spy(program.sparsity())`` draws it.

        >>> import autograd
        >>> second = autograd.compile(lambda x: [x[i + 1] - x[i] for i in range(3)], example=([0.0] * 4,))
        >>> print(second.sparsity().toarray().astype(int))
        [[1 1 0 0]
         [0 1 1 0]
         [0 0 1 1]]
        """
        parts, _ = self._parts(wrt)
        derived = self._derivatives
        rows, places = derived.pattern(parts)
        return _csr(np.ones((1, len(rows))), rows, places, derived.height, derived.width(parts), stacked=True)

    @_one_call
    def jacobian(self, *batch: Any, wrt: Any = "inputs", sparse: bool = False) -> Any:
        """Every ∂result/∂argument, for each sample.

        Many columns (or rows) at once are lanes of one batch, and those that share no row share a lane.

        Args:
            batch: as for a call.
            wrt: see `Derivatives`.
            sparse: give a SciPy CSR matrix.

        Returns:
            For each that `wrt` names an array (samples, *result, *argument), as `autograd.jacobian` gives for one
            sample. If sparse, one matrix: of all results of the batch, sample by sample, by the parameters; or by
            all arguments of the batch, sample by sample, and then block-diagonal.

        Raises:
            TypeError: for a function that returned a tuple, or lists of unequal lengths; by parameters and inputs at
                once, if sparse; by parameters if there are none.
            ModuleNotFoundError: without SciPy, if sparse.

        >>> import autograd
        >>> program = autograd.compile(lambda x: [x[0] * x[1], x[0] + x[1], x[1] ** 2], example=([0.0, 0.0],))
        >>> program.jacobian([[2.0, 3.0]], wrt="x").tolist()
        [[[3.0, 2.0], [1.0, 1.0], [0.0, 6.0]]]
        """
        parts, form = self._parts(wrt)
        inputs, size = self._inputs(batch)
        derived = self._derivatives
        rows, places = derived.pattern(parts)
        if sparse and PARAMETERS in parts and len(parts) > 1:
            raise TypeError("a sparse Jacobian is by the parameters or by inputs: of both there would be two matrices")
        shape = self._layout.shape
        if shape is None and not sparse:
            raise TypeError(
                "a Jacobian is of one Value, or of lists of equal lengths; of anything else with sparse=True"
            )
        entries = derived.entries(parts, inputs)
        if sparse:
            stacked = parts == [PARAMETERS]
            return _csr(entries, rows, places, derived.height, derived.width(parts), stacked)
        whole = _spread(entries, rows * derived.width(parts) + places, derived.height * derived.width(parts))
        return filled(form, self._arrays(whole.reshape(size, *(shape or ()), derived.width(parts)), parts))

    @_one_call
    def hvp(self, batch: Sequence[Any], tangents: Any, wrt: Any = "parameters", reduction: str = "mean") -> Any:
        """The Hessian times a direction, without the Hessian: the gradient's derivative, forward mode over reverse.

        Args:
            batch: the arrays of a call, in a tuple.
            tangents, wrt: as in `jvp`.
            reduction: of what, over the batch: its "mean", its "sum", or each sample's own ("none").

        >>> import autograd
        >>> w = autograd.Value(2.0)
        >>> program = autograd.compile(lambda x: (w * x) ** 3, example=0.0)
        >>> program.hvp(([1.0, 2.0],), [10.0]).tolist()      # mean of 6 w x³ · 10
        [540.0]
        """
        self._check_scalar("hvp")
        parts, form = self._parts(wrt)
        inputs, size = self._inputs(tuple(batch))
        along = self._directions(tangents, parts, form, size)
        one = parts == [PARAMETERS] and not along[0].strides[0]  # for all samples
        if one and reduction != "none" and self._derivatives.symmetric:
            _check_reduction(reduction)
            (whole,) = self._derivatives.summed_curvature(inputs, along[0][:1])
            return filled(form, [whole / size if reduction == "mean" else whole])
        found = self._arrays(self._derivatives.run("curvature", parts, [*inputs, *along])[-1], parts)
        reduced = [self._reduced(x, part, size, reduction) for x, part in zip(found, parts, strict=True)]
        return filled(form, reduced)

    @_one_call
    def hessian(self, *batch: Any, wrt: str = "parameters", reduction: str = "mean") -> Floats:
        """The second derivatives by one argument, or by the parameters.

        All directions share what does not depend on them, and the parameters of a sum of products share its direction:
        a network has as many directions as neurons. Where that is too long a program, they are lanes of one batch.

        Args:
            batch: as for a call.
            wrt: "parameters", or the name of an argument.
            reduction: of the values over the batch, as in `value_and_grad`: by an argument the Hessian of their
                "mean" is each sample's own over the number of samples, that of "sum" and "none" its own.

        Returns:
            By the parameters a matrix, or (samples, n, n) if the reduction is "none"; by an argument an array
            (samples, *argument, *argument).

        >>> import autograd
        >>> program = autograd.compile(lambda x: x[0] ** 3 * x[1], example=([0.0, 0.0],))
        >>> program.hessian([[2.0, 5.0]], wrt="x").tolist()
        [[[60.0, 12.0], [12.0, 0.0]]]
        """
        self._check_scalar("hessian")
        parts, form = self._parts(wrt)
        if form != 0:
            raise TypeError(
                f"a Hessian is by the parameters or by one argument that is a number or an array, not by {wrt!r}"
            )
        inputs, size = self._inputs(batch)
        (part,) = parts
        _check_reduction(reduction)
        shape = self._shape(part)
        together = part == PARAMETERS and reduction != "none"
        share = 1 / size if reduction == "mean" else 1.0
        found = self._derivatives.hessian(part, inputs, each=not together, share=share)
        if found is not None:
            return found if together else found.reshape(size, *shape, *shape)
        width = self._derivatives.width(parts)
        if together and 8 * size * width**2 > _OF_SAMPLES:
            sums = self._derivatives.summed_curvature(inputs, np.eye(width))
            return sums / size if reduction == "mean" else sums
        found = self._derivatives.on_lanes("curvature", parts, inputs, [np.eye(width)])
        return self._reduced(found.swapaxes(1, 2).reshape(size, *shape, *shape), part, size, reduction)

    def for_scipy(self, *batch: Any, reduction: str = "mean") -> tuple[OfVector, Floats]:
        """A function of the flat vector for this batch, and today's vector: what SciPy's solvers take.

        It computes with copies of the program and of the batch; ``program.vector = result.x`` takes the solution over.
        Random numbers (`nn.Dropout`) are drawn once, as a solver needs one function.

        Args:
            batch: as for a call.
            reduction: of one value a sample: the "mean" or the "sum".

        >>> import autograd
        >>> from scipy.optimize import least_squares, minimize
        >>> a, b = autograd.Value(1.0), autograd.Value(1.0)
        >>> X, Y = [0.0, 1.0, 2.0], [2.0, 5.0, 14.0]
        >>> cost = autograd.compile(lambda x, y: (a * x**2 + b - y) ** 2, example=(0.0, 0.0), parameters=[a, b])
        >>> fun, x0 = cost.for_scipy(X, Y)
        >>> minimize(fun, x0, jac=True).x.round(4).tolist()
        [3.0, 2.0]
        >>> residual = autograd.compile(lambda x, y: [a * x**2 + b - y], example=(0.0, 0.0), parameters=[a, b])
        >>> fun, x0 = residual.for_scipy(X, Y)
        >>> least_squares(fun, x0, jac=fun.jac).x.round(4).tolist()
        [3.0, 2.0]
        """
        self._check_parameters()
        if reduction not in ("mean", "sum"):
            raise ValueError(f"reduction is 'mean' or 'sum', as a solver minimises one number, not {reduction!r}")
        inputs, _ = self._inputs(batch)  # refused now rather than within a solver
        arrays = [x.copy() for x in inputs[: len(self._shapes)]]
        return OfVector(copy(self), tuple(filled(self._forms, arrays)), reduction), self.vector.copy()

    # ── helpers ───────────────────────────────────────────────────────────────────────────────

    def _reduced(self, of_samples: Floats, part: int, size: int, reduction: str) -> Floats:
        _check_reduction(reduction)
        whole = of_samples.sum(axis=0) if part == PARAMETERS and reduction != "none" else of_samples
        return whole / size if reduction == "mean" else whole


def _check_reduction(reduction: str) -> None:
    if reduction not in _REDUCTIONS:
        raise ValueError(f"reduction is one of {', '.join(map(repr, _REDUCTIONS))}, not {reduction!r}")


def _spread(entries: Floats, places: NDArray[np.int64], width: int) -> Floats:
    """Rows of so many numbers, 0 but for the entries at their places, which go up."""
    if len(places) == width:
        return entries
    ends = np.flatnonzero(np.diff(places) != 1) + 1
    if len(ends) >= len(entries):
        whole = np.zeros((len(entries), width))
        whole[:, places] = entries
        return whole
    whole, after = np.empty((len(entries), width)), 0
    for begin, end in pairwise([0, *ends.tolist(), len(places)]):  # side by side in both: several times as quick
        if begin < end:
            whole[:, after : places[begin]] = 0.0
            after = places[begin] + end - begin
            whole[:, places[begin] : after] = entries[:, begin:end]
    whole[:, after:] = 0.0
    return whole


def _csr(entries: Floats, rows: Any, places: Any, height: int, width: int, stacked: bool) -> Any:
    """The blocks of all samples as one sparse matrix, one below the other, or along the diagonal."""
    try:
        from scipy.sparse import csr_array
    except ModuleNotFoundError:
        raise ModuleNotFoundError("a sparse Jacobian needs SciPy: pip install scipy", name="scipy") from None
    samples = len(entries)
    counts = np.tile(np.bincount(rows, minlength=height), samples)
    shifts = np.zeros(samples, np.int64) if stacked else np.arange(samples) * width
    indices = (places[None, :] + shifts[:, None]).ravel()
    starts = np.concatenate([[0], np.cumsum(counts)])
    return csr_array(
        (entries.ravel(), indices, starts), shape=(samples * height, width if stacked else samples * width)
    )
