"""`Program`: what `autograd.compile` returns."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd.collector import collector_paused
from autograd.compiler.alone import OneCall
from autograd.compiler.derivatives import Derivatives
from autograd.compiler.engines import ENGINES, Engine, Executable, candidates
from autograd.compiler.given import real, samples
from autograd.compiler.normalise import Returned, returned_nodes
from autograd.compiler.passes import Programs
from autograd.compiler.results import Layout, returned
from autograd.compiler.stores import aligned
from autograd.compiler.trace import trace
from autograd.compiler.trees import form_of, leaves, named, taking_arrays
from autograd.formulas.numbers import exact, with_minus
from autograd.functional import leaves as parts_of
from autograd.primitives import table
from autograd.value import Value, is_parameter, put_in_place

if TYPE_CHECKING:
    from autograd.compiler.derivation import Derivation, Plain

__all__ = ["Program"]

Floats = NDArray[np.float64]
_TAKEN = frozenset({"E", "θ", "σ", "Σ", "inf", "nan"})  # what has a meaning of its own in a derivation
_WHOLE = re.compile("θ(?![₀-₉])")  # the whole vector, not a block of it
_TIMES = r"\times"
_SHOWN = 40  # entries of a table that `print` shows
_FEWEST, _MOST, _KEPT = 4, 64, 2**28  # sizes of batches whose buffers are kept, and the bytes they may take
_LARGE = 1024  # samples
_ROWS = 100  # in one block of LaTeX: KaTeX and MathJax refuse to expand many more


class Program(Derivatives):
    """A scalar function that was compiled; made by `autograd.compile`.

    The numbers belong to the program once it is made: it computes with `vector` alone. `write_back` puts them into
    the `Value`s, for whoever looks there (another program, `nn`'s `state_dict`, a drawing); `read_back`
    takes them from there, when somebody else has changed those. Two programs over the same parameters
    share nothing but that. Random numbers (`nn.Dropout`) are drawn anew for each call and each sample, from a
    generator of the program's own, seeded by the one that the function draws from; a copy goes on with the same.

    `copy.copy` gives a program with a vector of its own over the same `Value`s, as for an average of weights;
    `copy.deepcopy` and `pickle` one with `Value`s of its own. A program is for one thread at a time.

    Attributes:
        parameters: the `Value`s that the function depends on, in the order of `vector`.
    """

    @collector_paused()
    def __init__(self, f: Callable[..., Any], example: Any, engine: str = "auto", parameters: Any = None) -> None:
        arrays: list[Any] = []
        self._forms = [form_of(one, arrays) for one in (example if isinstance(example, tuple) else (example,))]
        nested = any(type(form) is not int for form in self._forms)
        traced = trace(taking_arrays(f, self._forms) if nested else f, tuple(arrays) if nested else example)
        programs = Programs.of(traced, None if parameters is None else _values(parameters))
        self._outer = _names(f, len(self._forms))
        self._names = [leaf for form, name in zip(self._forms, self._outer, strict=True) for leaf in named(form, name)]
        self._shapes = [argument.shape for argument in traced.arguments]
        self._noise, self._chance = len(traced.noise), np.random.default_rng(traced.seed)
        self._set_up(programs, engine)

    def _set_up(self, programs: Programs, engine: str) -> None:
        self._programs, self._wanted = programs, engine
        self._engines = candidates(programs, engine)
        scalars = programs.scalars
        self._result, self._root, self._limited = scalars.result, scalars.root, _by_argument(programs.limits)
        self.parameters: list[Value] = [scalars.parameters[node] for node in programs.parameters]
        self._executables: dict[int, Executable] = {}
        self._vector: Floats = aligned((len(self.parameters),))
        self._vector[:] = [p.data for p in self.parameters]
        self._last_gradient: Floats | None = None
        self._derived = None
        self._nested = any(type(form) is not int for form in self._forms)
        self._layout = Layout(scalars.result)
        whole = list(returned(scalars.result))
        self._nodes = list(returned_nodes(scalars.result))
        are_numbers = np.array([not isinstance(x, Returned) for x in whole])
        self._places, self._others = np.flatnonzero(~are_numbers), np.flatnonzero(are_numbers)
        self._numbers = np.array([x for x in whole if not isinstance(x, Returned)], np.float64)
        self._running, self._deriving = OneCall(), OneCall()

    # ── the numbers ───────────────────────────────────────────────────────────────────────────

    @property
    def vector(self) -> Floats:
        """The data of the parameters, one float64 array. It is live: optimisers step it in place."""
        return self._vector

    @vector.setter
    def vector(self, numbers: Any) -> None:
        if isinstance(numbers, np.ma.MaskedArray):
            raise TypeError("the vector takes an array without a mask: fill it first")
        given = np.asarray(numbers)
        if given.shape != self._vector.shape or given.dtype.kind not in "fiub":
            raise ValueError(
                f"the vector has {len(self._vector)} real numbers, and was given an array of {given.dtype} "
                f"of shape {given.shape}"
            )
        self._vector[:] = given

    @property
    def generator(self) -> np.random.Generator:
        """What random numbers are drawn from, for each call and each sample; its state can be kept and put back."""
        return self._chance

    def write_back(self) -> None:
        """Put the vector into the `data` of the parameters, and the last gradient, if any, into their `grad`.

        All or none, also when it is interrupted.
        """
        n, parameters = len(self.parameters), self.parameters
        if self._last_gradient is None:
            put_in_place(parameters, ["_data"] * n, self._vector.tolist())
        else:
            names = ["_data"] * n + ["_grad"] * n
            put_in_place(parameters * 2, names, self._vector.tolist() + self._last_gradient.tolist())

    def read_back(self) -> None:
        """Take the vector from the `data` of the parameters, as it was when the program was made.

        >>> import autograd
        >>> w = autograd.Value(2.0)
        >>> program = autograd.compile(lambda x: w * x, example=(1.0,))
        >>> w.data = 3.0                         # somebody else's step
        >>> program.value_and_grad([1.0])[0]
        2.0
        >>> program.read_back(); program.value_and_grad([1.0])[0]
        3.0
        """
        self._vector[:] = [p.data for p in self.parameters]

    def __copy__(self) -> Program:
        made = object.__new__(Program)
        for name in ("_names", "_outer", "_forms", "_shapes", "_noise", "_chance"):
            setattr(made, name, copy.deepcopy(getattr(self, name)))
        made._set_up(Programs(self._programs.scalars.with_parameters(lambda p: p)), self._wanted)
        made._vector[:] = self._vector
        made._last_gradient = None if self._last_gradient is None else self._last_gradient.copy()
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Program:
        made = object.__new__(Program)
        scalars = self._programs.scalars.with_parameters(lambda p: copy.deepcopy(p, memo))
        made.__setstate__({**self.__getstate__(), "scalars": scalars, "chance": copy.deepcopy(self._chance)})
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {
            "names": self._names,
            "outer": self._outer,
            "forms": self._forms,
            "shapes": self._shapes,
            "noise": self._noise,
            "chance": self._chance,
            "scalars": self._programs.scalars,
            "engine": self._wanted,
            "vector": self._vector,
            "gradient": self._last_gradient,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._names, self._shapes = state["names"], state["shapes"]
        self._outer, self._forms = state["outer"], state["forms"]
        self._noise, self._chance = state["noise"], state["chance"]
        self._set_up(Programs(state["scalars"]), state["engine"])
        self._vector[:] = state["vector"]
        self._last_gradient = None if state["gradient"] is None else state["gradient"].copy()

    # ── running ───────────────────────────────────────────────────────────────────────────────

    def value_and_grad(
        self, *batch: Any, wrt: Any = "parameters", reduction: str = "mean", chunk: int | None = None
    ) -> tuple[Any, Any]:
        """The mean of the function over a batch, and its gradient.

        Args:
            batch: an array for each argument of the function: the shape of the example, with the
                number of samples as first axis.
            wrt: what to differentiate by: "parameters", "inputs", the name of an argument, or a tuple of names; the
                gradient is then a tuple, too.
            reduction: of the samples: their "mean", their "sum", or "none", which gives each one's own.
            chunk: how many samples to run at a time, which bounds the memory that a large batch takes.

        Returns:
            The mean, and ∂mean/∂parameter as a flat float64 array in the order of `parameters`. By an argument the
            gradient is an array like it. Of each sample ("none"), values are an array (samples,) and the gradient by
            the parameters one (samples, parameters). Arithmetic follows IEEE throughout, as NumPy's does: NaN and ∞
            travel, from an input too.

        Raises:
            TypeError: if the function does not return one `Value`, or has no parameters to differentiate by; for a
                wrong number of arrays, or arrays that are not of real numbers (or not of integers where `take` needs
                them).
            ValueError: for shapes that do not fit the example, or an empty batch.
            IndexError: for an integer input that is out of range of a `take`.
            RuntimeError: while another call runs the program, whose buffers it uses: in another thread, or in this
                one where a signal handler calls.

        >>> import autograd
        >>> w = autograd.Value(3.0)
        >>> program = autograd.compile(lambda x, y: (w * x - y) ** 2, example=(0.0, 0.0))
        >>> program.value_and_grad([1.0, 2.0], [1.0, 1.0], wrt="x", reduction="none")
        (array([ 4., 25.]), array([12., 30.]))
        """
        if chunk is not None:
            return self._in_chunks(batch, wrt, reduction, chunk)
        if wrt != "parameters" or reduction != "mean":
            return self._gradients(batch, wrt, reduction)
        if self._root is None:
            raise TypeError("value_and_grad is for a function that returns one Value; this one returned lists")
        if not self.parameters:
            self._check_parameters()
        return self._mean_gradient(*self._inputs(batch))

    def _mean_gradient(self, inputs: list[Floats], size: int) -> tuple[float, Floats]:
        with self._running:
            mean, gradient = self._executable(size).value_and_grad(inputs)
        self._last_gradient = gradient
        return mean, gradient

    def __call__(self, *batch: Any) -> Any:
        """What the function returns, for each sample of a batch; no gradients.

        Returns:
            An array (samples, …) for a `Value` or nested lists of them; for a tuple, a tuple of those.

        Raises:
            As `value_and_grad`.
        """
        return self._layout(np.ascontiguousarray(self._returned(*self._inputs(batch)).T))

    def _returned(self, inputs: list[Floats], size: int) -> Floats:
        """The numbers that the function returns, an array (numbers, samples)."""
        with self._running, np.errstate(all="ignore"):
            executable = self._executable(size)
            gather = getattr(executable, "gather", None)
            found = gather(self._nodes, inputs) if gather else _gathered(executable.values(inputs), self._nodes, size)
            return self._with_numbers(found, size)

    def _with_numbers(self, found: Floats, size: int) -> Floats:
        """The values of nodes, and between them what the function returned as plain numbers."""
        if not len(self._numbers):
            return found
        whole = np.empty((len(self._places) + len(self._numbers), size))
        whole[self._places] = found
        whole[self._others] = self._numbers[:, None]
        return whole

    def to_jax(self) -> Callable[..., Any]:
        """The function, forward, as a pure JAX function: for `jax.jit`, `jax.vmap`, `jax.grad` and sharded arrays.

        It needs JAX, the extra ``jax``.

        Returns:
            A function of the vector of parameters and of the inputs: one sample each, in the shapes of the example
            (a dictionary where that had one), or as many samples each as a first axis. It gives what `Program` gives
            when it is called: the value of the sample, or an array with the value of every sample; their mean is
            ``.mean()``. Where random numbers are drawn (`nn.Dropout`), they are its last argument, uniform in [0, 1),
            for each sample as many as ``print(program)`` says. Its precision is that of the vector: float64 where JAX
            has ``jax_enable_x64`` set, else float32. A `take` whose index is out of range, or no integer, is NaN, as
            nothing can be raised there.

        Raises:
            ModuleNotFoundError: without JAX.
            TypeError: for a function of one's own that JAX does not have.

        First derivatives are those of the table, at ties and kinks, too, and ``detach`` stops them; of derivatives of
        higher order JAX finds the rest. Derivatives by inputs are there as well. Hundreds of operations in a row take
        XLA minutes on a processor, and seconds if `jax.jit` is given ``compiler_options=jax_function.OPTIONS``.

        >>> import autograd
        >>> w = autograd.Value(3.0)
        >>> program = autograd.compile(lambda x: w * x * x, example=1.0)
        >>> f = program.to_jax()                            # doctest: +SKIP
        >>> f(program.vector, 2.0), f(program.vector, [1.0, 2.0]), jax.grad(f)(program.vector, 2.0)  # doctest: +SKIP
        (Array(12.), Array([ 3., 12.]), Array([4.]))
        """
        from autograd.compiler.jax_function import to_jax

        noise = [(self._noise,)] * bool(self._noise)
        forms = [*self._forms, *[len(self._shapes)] * len(noise)]
        return to_jax(self._programs, [*self._shapes, *noise], forms=forms)

    def _executable(self, size: int) -> Executable:
        """What runs batches of a size; those that ran last are kept, as many as fit into `_KEPT`."""
        kept = self._executables
        found = kept.pop(size, None)
        if found is None:
            found = self._engine(size).bind(self._vector, size)
            memory = found.nbytes + sum(executable.nbytes for executable in kept.values())
            while len(kept) >= _FEWEST and (memory > _KEPT or len(kept) >= _MOST):
                memory -= kept.pop(next(iter(kept))).nbytes
        kept[size] = found  # the one used last comes last
        return found

    def _engine(self, size: int) -> Engine:
        """The cheapest engine for batches of a size."""
        return min(self._engines, key=lambda engine: engine.cost(size))

    # ── what it looks like ────────────────────────────────────────────────────────────────────

    @property
    def tables(self) -> dict[str, NDArray[Any]]:
        """Constants and tables of rows that the derivation refers to, by name, whole."""
        from autograd.compiler.derivation import Plain

        derivation = self._derivation(Plain())
        return derivation.tables if derivation else {}

    def _derivation(self, notation: Plain) -> Derivation | None:
        """What runs large batches, in symbols; None where that is longer than anybody reads."""
        return self._engine(_LARGE).derivation(self._arguments(), notation)

    def _run_by(self) -> str:
        """Which engine runs batches of which size, and why."""
        if self._wanted != "auto":
            return f"Run by {self._wanted}, as asked."
        sizes = sorted({*range(1, 17), *(2**k for k in range(5, 17))})
        changes = [(1, self._engine(1).name)]
        changes += [
            (after, self._engine(after).name)
            for before, after in pairwise(sizes)
            if self._engine(after) is not self._engine(before)
        ]
        names = [engine.name for engine in self._engines]
        refused = [(name, kind.refuses(self._programs)) for name, kind in ENGINES.items() if name not in names]
        not_by = "".join(f"; not by {name}: {reason}" for name, reason in refused)
        first = changes[0][1]
        if len(changes) == 1:
            return f"Run by {first}, which is expected to be quickest{not_by}."
        few = changes[1][0] - 1
        few_samples = f"up to {few} samples" if few > 1 else "for one sample"
        beyond = ", ".join(f"by {name} from {size} on" for size, name in changes[1:])
        return f"Run by {first} {few_samples}, {beyond}: each where it is expected to be quickest{not_by}."

    def _arguments(self) -> list[tuple[str, tuple[int, ...]]]:
        """The names and shapes of the inputs; E, θ and the names of functions have their own meaning."""
        names: list[str] = []
        for name in [*self._names, *["u"] * bool(self._noise)]:
            while name in _TAKEN or name in table or name in names:
                name += "_"
            names.append(name)
        return list(zip(names, [*self._shapes, (self._noise,)], strict=False))

    def __str__(self) -> str:
        from autograd.compiler.derivation import Plain

        derivation = self._derivation(Plain())
        if derivation is None:
            return f"{self._summary()}\n\n{self._size()}, more than are written out here\n{self._run_by()}"
        whole = len(derivation.parameters) > 1 and any(_WHOLE.search(x.left + x.right) for x in derivation.lines)
        counted = _count(len(self.parameters), derivation.parameters, " θ" if whole else "")
        written = [counted, f"inputs {self._inputs_shown()}"]
        if derivation.tables:
            written += ["", "constants"]
            written += [f"    {name} = {_entries(values)}" for name, values in derivation.tables.items()]
        width = max((len(line.left) for line in derivation.lines), default=0)
        for part in ("forward", "backward"):
            inside = [line for line in derivation.lines if line.part == part]
            if inside:
                written += ["", part]
                written += [f"    {x.left:>{width}} {'+=' if x.adds else '='} {x.right}" for x in inside]
        if self._root is not None:
            written += ["", "Over a batch: the mean of E, and of every ∂E/∂…"]
        else:
            written += ["", f"result: {derivation.result}"]
        return "\n".join([*written, self._run_by()])

    def _size(self) -> str:
        return f"{self._programs.operations} operations"

    def __repr__(self) -> str:
        return f"<compiled program: {self._summary()}>"

    def _repr_latex_(self) -> str:
        from autograd.compiler.derivation import LaTeX

        derivation = self._derivation(LaTeX())
        if derivation is None:
            return rf"$$\text{{{self._size()}}}$$"
        notation = LaTeX()
        rows = [
            f"{notation.name(name)} {notation.equals} {_entries(values).replace('×', _TIMES).replace('−', '-')}"
            for name, values in derivation.tables.items()
        ]
        rows += [f"{x.left} {notation.adds if x.adds else notation.equals} {x.right}" for x in derivation.lines]
        if self._root is None:
            rows.append(rf"&\text{{result: }}{derivation.result}")
        blocks = [rows[i : i + _ROWS] for i in range(0, len(rows), _ROWS)]
        return "\n".join("$$\\begin{aligned}\n" + " \\\\\n".join(block) + "\n\\end{aligned}$$" for block in blocks)

    def _summary(self) -> str:
        return f"{_count(len(self.parameters))}, inputs {self._inputs_shown()}"

    def _inputs_shown(self) -> str:
        shown = [_shaped(*argument) for argument in self._arguments()]
        drawn = f"; drawn anew for each sample {shown.pop()}" if self._noise else ""
        return (", ".join(shown) or "none") + drawn

    # ── what comes in ─────────────────────────────────────────────────────────────────────────

    def _inputs(self, batch: tuple[Any, ...]) -> tuple[list[Floats], int]:
        if len(batch) != len(self._forms):
            raise TypeError(
                f"the program takes {len(self._forms)} arrays, as its example did, and was given {len(batch)}"
            )
        if self._nested:
            pairs = enumerate(zip(self._forms, batch, strict=True))
            batch = tuple(
                [x for number, (form, one) in pairs for x in leaves(form, one, f"argument {number} of a batch")]
            )
        inputs = []
        for number, (given, shape) in enumerate(zip(batch, self._shapes, strict=True)):
            if type(given) is not np.ndarray or given.dtype != np.float64 or not given.flags.c_contiguous:
                given = real(given, f"argument {number} of a batch")
            if given.shape[1:] != shape or not given.ndim:
                wanted = ", ".join(["samples", *map(str, shape)]) + "," * (not shape)
                raise ValueError(
                    f"argument {number} of a batch has shape ({wanted}) after its example, not {given.shape}"
                )
            inputs.append(given)
        size = samples(inputs)
        if self._limited:
            self._check_limits(inputs)
        if self._noise:
            inputs.append(self._chance.random((size, self._noise)))
        return inputs, size

    def _check_limits(self, inputs: list[Floats]) -> None:
        for number, places, limits in self._limited:
            x = inputs[number].reshape(len(inputs[number]), -1)[:, places]
            if not ((x >= 0) & (x < limits) & (x == np.floor(x))).all():
                for place, limit, indices in zip(places.tolist(), limits.tolist(), x.T, strict=True):
                    _check_indices(number, place, indices, limit)


def _by_argument(limits: dict[tuple[int, int], int]) -> list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """The arguments that have indices in them: the places of those, and of how many items each chooses."""
    found: dict[int, list[tuple[int, int]]] = {}
    for (number, place), limit in limits.items():
        found.setdefault(number, []).append((place, limit))
    return [
        (number, np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])) for number, pairs in found.items()
    ]


def _check_indices(number: int, place: int, indices: Floats, limit: int) -> None:
    if not (np.isfinite(indices) & (indices == np.floor(indices))).all():
        raise TypeError(f"argument {number} has integers at place {place} after its example, not {indices}")
    if indices.min() < 0 or indices.max() >= limit:
        wrong = indices[(indices < 0) | (indices >= limit)][0]
        raise IndexError(f"take chooses from {limit} items, 0 to {limit - 1}, and an index is {int(wrong)}")


def _gathered(values: Callable[[int], Any], nodes: Sequence[int], size: int) -> Floats:
    """The values of nodes, an array (nodes, samples), from an engine that gives them one by one."""
    found = np.empty((len(nodes), size))
    for place, node in enumerate(nodes):
        found[place] = values(node)
    return found


def _values(parameters: Any) -> list[Value]:
    """The `Value`s that ``parameters=`` is made of."""
    whole = parameters if isinstance(parameters, (list, tuple, dict, np.ndarray, Value)) else list(parameters)
    found = list(parts_of(whole))
    for x in found:
        if not isinstance(x, Value) or not is_parameter(x):
            raise TypeError(f"parameters= is made of Values that are no results of a computation, and {x!r} is none")
    return found


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


def _count(number: int, blocks: list[tuple[str, tuple[int, ...]]] | None = None, called: str = "") -> str:
    written = f"{number or 'no'} parameter{'s' * (number != 1)}{called}"
    return written + (": " + ", ".join(_shaped(*block) for block in blocks) if blocks else "")


def _shaped(name: str, shape: tuple[int, ...]) -> str:
    return f"{name} ({' × '.join(map(str, shape))})" if shape else name


def _entries(values: NDArray[Any]) -> str:
    """The numbers of a table: a:b counts up from a to b − 1, n × a repeats."""
    numbers = values.tolist()
    rows = values.dtype.kind == "i"
    written: list[str] = []
    i = 0
    while i < len(numbers) and len(written) < _SHOWN:
        same = up = i + 1
        while same < len(numbers) and numbers[same] == numbers[i]:
            same += 1
        while rows and up < len(numbers) and numbers[up] == numbers[up - 1] + 1:
            up += 1
        if up - i > 2:
            written.append(f"{numbers[i]}:{numbers[up - 1] + 1}")
            i = up
        elif same - i > 2:
            written.append(f"{same - i} × {with_minus(exact(numbers[i]))}")
            i = same
        else:
            written.append(with_minus(exact(numbers[i])))
            i += 1
    return ", ".join(written) + (", …" if i < len(numbers) else "")
