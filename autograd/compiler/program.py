"""`Program`: what `autograd.compile` returns."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compiler.execute import Plan
from autograd.compiler.lower import lower
from autograd.compiler.normalise import normalise
from autograd.compiler.roll import grouped, roll
from autograd.compiler.show import LaTeX, show
from autograd.compiler.tape import Tape
from autograd.compiler.trace import trace
from autograd.value import Value

__all__ = ["Program"]

Floats = NDArray[np.float64]
_MANY, _NARROW = 300, 10  # more groups than that, of fewer nodes each, are run by a `Tape`
_PLANS = 4  # batch sizes whose buffers are kept


class Program:
    """A scalar function that was compiled to array instructions; made by `autograd.compile`.

    Attributes:
        parameters: the `Value`s that the function depends on, in the order of `vector`.
        vector: their data, one float64 array. It is live: optimisers step it in place.
    """

    def __init__(self, f: Callable[..., Any], example: Any) -> None:
        collecting = gc.isenabled()
        gc.disable()  # a graph is many objects and no garbage
        try:
            self._compile(f, example)
        finally:
            if collecting:
                gc.enable()

    def _compile(self, f: Callable[..., Any], example: Any) -> None:
        traced = trace(f, example)
        scalars, roots = normalise(traced)
        self._names = _names(f, len(traced.arguments))
        self._shapes = [argument.shape for argument in traced.arguments]
        self._widths = [len(argument.placeholders) for argument in traced.arguments]
        if traced.noise:
            self._widths.append(len(traced.noise))
        self._result, self._roots = traced.result, roots
        self._noise, self._chance = len(traced.noise), np.random.default_rng(traced.seed)
        self._root = roots[traced.result] if isinstance(traced.result, Value) else None
        groups = grouped(scalars)
        nodes = sum(len(lanes) for _, lanes in groups)
        self._tape: Tape | None = None
        if len(groups) > _MANY and nodes < _NARROW * len(groups) and Tape.fits(scalars):
            self._tape = Tape(scalars, self._root)
            order = list(scalars.parameters)
        else:
            self._roll = roll(scalars, groups)
            self._lowered = lower(self._roll, self._root)
            order = self._roll.parameters
        self._limits = {} if self._tape else self._roll.limits
        self.parameters: list[Value] = [scalars.parameters[node] for node in order]
        self.vector: Floats = np.array([p.data for p in self.parameters], float)
        self._plans: dict[int, Plan] = {}
        self._last_gradient: Floats | None = None

    def value_and_grad(self, *batch: Any) -> tuple[float, Floats]:
        """The mean of the function over a batch, and its gradient.

        Args:
            batch: an array for each argument of the function: the shape of the example, with the
                number of samples as first axis.

        Returns:
            The mean, and ∂mean/∂parameter as a flat float64 array in the order of `parameters`.

        Raises:
            TypeError: if the function does not return one `Value`, for a wrong number of arrays, or
                arrays that are not of real numbers (or not of integers where `take` needs them).
            ValueError: for shapes that do not fit the example, an empty batch, or NaN in an input.
            IndexError: for an integer input that is out of range of a `take`.
        """
        if self._root is None:
            raise TypeError("value_and_grad is for a function that returns one Value; this one returned lists")
        inputs, size = self._inputs(batch)
        with np.errstate(all="ignore"):  # IEEE throughout
            mean, gradient = (self._tape or self._arrays(size)).value_and_grad(self.vector, inputs, size)
        if mean != mean:
            self._check_for_nan(inputs)
        self._last_gradient = gradient
        return mean, gradient

    def __call__(self, *batch: Any) -> Any:
        """What the function returns, for each sample of a batch; no gradients.

        Returns:
            An array (samples, …) for a `Value` or nested lists of them; for a tuple, a tuple of those.

        Raises:
            As `value_and_grad`.
        """
        inputs, size = self._inputs(batch)
        with np.errstate(all="ignore"):
            value_of = (self._tape or self._arrays(size)).values(self.vector, inputs)
        results = self._collect(self._result, value_of, size)
        self._check_for_nan(inputs)
        return results

    def write_back(self) -> None:
        """Put the vector into the `data` of the parameters, and the last gradient into their `grad`."""
        gradient = np.zeros(len(self.vector)) if self._last_gradient is None else self._last_gradient
        for parameter, data, grad in zip(self.parameters, self.vector.tolist(), gradient.tolist(), strict=True):
            parameter.data, parameter.grad = data, grad

    # ── what it looks like ────────────────────────────────────────────────────────────────────

    def __str__(self) -> str:
        if self._tape:
            return f"{self._summary()}\n\n{self._tape}"
        lines = show(self._roll, self._root, [*self._names, "u"])
        width = max((len(left) for _, left, _ in lines), default=0)
        written = [self._summary()]
        for section in ("forward", "backward"):
            inside = [f"    {left:>{width}} = {right}" for where, left, right in lines if where == section]
            if inside:
                written += ["", section, *inside]
        if self._root is not None:
            written += ["", "Over a batch: the mean of E, and of every ∂E/∂…"]
        return "\n".join(written)

    def __repr__(self) -> str:
        return f"<compiled program: {self._summary()}>"

    def _repr_latex_(self) -> str:
        rows = [rf"{left} &= {right}" for _, left, right in show(self._roll, self._root, [*self._names, "u"], LaTeX())]
        return "$$\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}$$"

    def _summary(self) -> str:
        inputs = ", ".join(
            f"{name} ({' × '.join(map(str, shape))})" if shape else name
            for name, shape in zip(self._names, self._shapes, strict=True)
        )
        return f"{len(self.parameters)} parameters, inputs {inputs or 'none'}"

    def _collect(self, result: Any, value_of: Callable[[int], Any], size: int) -> Any:
        """The nested lists that the function returned, with an array for each `Value`."""
        if isinstance(result, tuple):
            return tuple(self._collect(part, value_of, size) for part in result)
        if isinstance(result, (list, np.ndarray)):
            parts = [self._collect(part, value_of, size) for part in result]
            if all(isinstance(part, np.ndarray) and part.shape == parts[0].shape for part in parts):
                return np.stack(parts, axis=1) if parts else np.empty((size, 0))
            return parts
        value = value_of(self._roots[result]) if isinstance(result, Value) else float(result)
        return np.broadcast_to(value, size).copy()

    def _arrays(self, size: int) -> Plan:
        """The buffers for a batch size; those of the last few are kept."""
        plan = self._plans.pop(size, None)
        if plan is None:
            plan = Plan(self._roll, self._lowered, size, self.vector, self._widths, self._root)
            while len(self._plans) >= _PLANS:
                del self._plans[next(iter(self._plans))]
        self._plans[size] = plan  # the one used last comes last
        return plan

    # ── what comes in ─────────────────────────────────────────────────────────────────────────

    def _inputs(self, batch: tuple[Any, ...]) -> tuple[list[Floats], int]:
        if len(batch) != len(self._shapes):
            raise TypeError(
                f"the program takes {len(self._shapes)} arrays, as its example did, and was given {len(batch)}"
            )
        inputs = []
        for number, (given, shape) in enumerate(zip(batch, self._shapes, strict=True)):
            if type(given) is not np.ndarray or given.dtype != np.float64 or not given.flags.c_contiguous:
                given = self._array(given, number)
            if given.shape[1:] != shape or not given.ndim:
                wanted = ", ".join(["samples", *map(str, shape)]) + "," * (not shape)
                raise ValueError(
                    f"argument {number} of a batch has shape ({wanted}) after its example, not {given.shape}"
                )
            inputs.append(given)
        sizes = {len(x) for x in inputs} or {1}
        if len(sizes) > 1:
            raise ValueError(f"the arguments of a batch have different numbers of samples: {[len(x) for x in inputs]}")
        size = sizes.pop()
        if not size:
            raise ValueError("the batch is empty")
        if self._limits:
            self._check_limits(inputs)
        if self._noise:
            inputs.append(self._chance.random((size, self._noise)))
        return inputs, size

    def _array(self, given: Any, number: int) -> Floats:
        try:
            array = np.asarray(given)
        except ValueError as error:
            raise ValueError(f"argument {number} of the batch is not an array: {error}") from None
        if array.dtype.kind not in "fiub":
            raise TypeError(f"argument {number} of a batch is an array of real numbers, not of {array.dtype}")
        return np.ascontiguousarray(array, np.float64).reshape(array.shape)

    def _check_limits(self, inputs: list[Floats]) -> None:
        for (number, place), limit in self._limits.items():
            indices = inputs[number].reshape(len(inputs[number]), -1)[:, place]
            if not (indices == np.floor(indices)).all():
                raise TypeError(f"argument {number} has integers at place {place} after its example, not {indices}")
            if indices.min() < 0 or indices.max() >= limit:
                wrong = indices[(indices < 0) | (indices >= limit)][0]
                raise IndexError(f"take chooses from {limit} items, 0 to {limit - 1}, and an index is {int(wrong)}")

    def _check_for_nan(self, inputs: list[Floats]) -> None:
        for number, array in enumerate(inputs):
            if np.isnan(array).any():
                sample = int(np.argwhere(np.isnan(array))[0][0])
                raise ValueError(f"argument {number} of the batch has NaN in it, first in sample {sample}")


def _names(f: Callable[..., Any], number: int) -> list[str]:
    """What the function calls its arguments; x0, x1 … if it does not say."""
    try:
        names = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        names = []
    return names[:number] if len(names) >= number else [f"x{k}" for k in range(number)]
