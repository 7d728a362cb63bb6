"""Derivatives of functions, by JAX's names: a function goes in, its derivative comes out.

With this module one can

* differentiate a function of numbers: `grad`, `value_and_grad`, to any order by nesting them;
* differentiate a function of many numbers with many results: `jacobian` (`jacrev`, `jacfwd`);
* get curvature: `hessian`, or its product with a direction alone: `hvp`;
* follow one direction through a function, in forward mode: `jvp`;
* make a vector of nested numbers, and the other way round: `ravel`.

A function here takes and gives numbers, NumPy's arrays of numbers, and nested lists, tuples and dictionaries of both.
Everything is pure: no `grad` attribute of any `Value` changes. Numbers in, floats out; where a `Value` goes in, the
results are `Value`s that can be differentiated further. It may be an argument or part of one, or one from
outside that the function uses (a closure): the weights of a network, say, whose own derivative is part of its loss.

>>> from autograd import Value, grad
>>> v = Value(2.0)
>>> loss = grad(lambda z: v * z * z)(1.0) * v             # 2 v z · v at z = 1
>>> loss.backward(); loss.data, v.grad
(8.0, 8.0)

Under `no_grad` closures are constants, and floats come out again (faster, where the numbers are all one wants):

>>> from autograd import no_grad
>>> with no_grad():
...     grad(lambda z: v * z * z)(1.0)
4.0

An array goes into the function as an array of `Value`s, and the derivative comes out as an array of its shape, as
SciPy's optimisers want it:

>>> import numpy as np
>>> from scipy.optimize import minimize
>>> from autograd import value_and_grad
>>> minimize(value_and_grad(lambda x: ((x - [1, 2]) ** 2).sum()), np.zeros(2), jac=True).x.round(6).tolist()
[1.0, 2.0]

Newton's method for a minimum needs a derivative and the derivative of that:

>>> from autograd import cos, grad
>>> def f(x):
...     return x**4 - 3 * x**2 + x
>>> x = 2.0
>>> for _ in range(7):
...     x -= grad(f)(x) / grad(grad(f))(x)
>>> f"{x:.12f}", abs(4 * x**3 - 6 * x + 1) < 1e-13
('1.130901122630', True)

A pendulum of mass m and length l has the Lagrangian L = ½ m l² ω² + m g l cos θ. The equation of
Euler and Lagrange, d/dt ∂L/∂ω = ∂L/∂θ, written out by the chain rule, is θ̈ = (∂L/∂θ − ∂²L/∂ω∂θ ω) / ∂²L/∂ω².
For the pendulum that must be θ̈ = −(g/l) sin θ:

>>> m, l, g = 2.0, 0.5, 9.81
>>> def L(angle, speed):
...     return m * l**2 * speed**2 / 2 + m * g * l * cos(angle)
>>> def acceleration(L, q, v):
...     momentum = grad(L, argnums=1)
...     return (grad(L)(q, v) - grad(momentum, argnums=0)(q, v) * v) / grad(momentum, argnums=1)(q, v)
>>> import math
>>> math.isclose(acceleration(L, 0.3, 1.7), -g / l * math.sin(0.3), rel_tol=1e-15)
True
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from autograd.collector import collector_paused
from autograd.graph import adjoints, tangents
from autograd.primitives import table
from autograd.real import is_number
from autograd.recording import current_tracer, not_recording
from autograd.value import Value, check_unchanged, no_derivative

__all__ = [
    *("grad", "hessian", "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "ravel", "value_and_grad"),
    *("leaves", "mapped"),
]

_pos = table["pos"]  # +x: the same number on a node of its own


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives the gradient of f: ∂f/∂argument, in the structure of the argument.

    Args:
        f: a function whose result is one real number. Its arguments may be arrays of numbers, and nested lists,
            tuples and dictionaries; keyword arguments are passed on and not differentiated.
        argnums: with respect to which positional argument, or a sequence of them (the result is then
            a tuple). Unlike in JAX an int is a real number like any other.

    Returns:
        A function of the same arguments. It nests: ``grad(grad(f))`` is f″.

    Raises:
        TypeError: (by the function returned) if f's result is not one number, an argument to
            differentiate contains something else than numbers, or there is no such argument.
        ValueError: if argnums names an argument twice.
        ZeroDivisionError, ValueError, OverflowError: where a local derivative does not exist (√x at 0).

    >>> from autograd import grad, sin
    >>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
    (12.0, 12.0)
    >>> grad(lambda p: p["w"] * p["x"][0] + p["b"])({"w": 2.0, "x": [3.0], "b": 1})
    {'w': 3.0, 'x': [2.0], 'b': 1.0}
    >>> grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
    (5.0, 2.0)

    Each derivative is taken with respect to nodes of its own, so one inside another cannot take the
    other's variable for its own ("perturbation confusion"). d/dx [x · d/dy (x + y)] = d/dx x = 1:

    >>> grad(lambda x: x * grad(lambda y: x + y)(x))(1.0)
    1.0
    """
    both = value_and_grad(f, argnums)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return _named(gradient, "grad", f)


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """As `grad`, but the function returned gives the pair (f's value, gradient) from one forward pass.

    >>> from autograd import value_and_grad
    >>> value_and_grad(lambda x: x**2)(3.0)
    (9.0, 6.0)
    """

    @collector_paused()
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = _Call(f, args, kwargs, argnums)
        y = call.output
        if isinstance(y, (list, tuple, dict)) or _is_array(y):
            raise TypeError(
                f"a gradient is defined for functions whose result is one real number, and {_name(f)} gave "
                f"{_described(y)}. Try jacobian."
            )
        return call.result(y), call.like_inputs(call.reverse(y))

    return _named(value_and_gradient, "value_and_grad", f)


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives every ∂result/∂argument: in the structure of f's result, and within it of the argument.

    The graph is recorded once, then walked backwards once a result or forwards once an argument,
    whichever is fewer. `jacrev` and `jacfwd` are the same with the mode given.

    Args and errors are those of `grad`, but f may return arrays, and nested lists, tuples and dictionaries. Of an array
    by an array it is an array, as in JAX: its first axes are those of the result, its last those of the argument.

    >>> from autograd import jacobian
    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1], x[1] ** 2])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0], [0.0, 6.0]]
    >>> import numpy as np
    >>> jacobian(lambda x: np.outer(x, x))(np.array([2.0, 3.0])).shape
    (2, 2, 2)
    """
    return _named(_jacobian(f, argnums, lambda inputs, outputs: inputs < outputs), "jacobian", f)


def jacrev(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """`jacobian` in reverse mode: one walk back for each result.

    >>> from autograd import jacrev
    >>> jacrev(lambda x: [x, x * x])(3.0)
    [1.0, 6.0]
    """
    return _named(_jacobian(f, argnums, lambda inputs, outputs: False), "jacrev", f)


def jacfwd(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """`jacobian` in forward mode: one walk forwards for each number in the arguments.

    >>> from autograd import jacfwd
    >>> jacfwd(lambda x: x[0] * x[1])([3.0, 4.0])
    [4.0, 3.0]
    """
    return _named(_jacobian(f, argnums, lambda inputs, outputs: True), "jacfwd", f)


def _jacobian(f: Callable[..., Any], argnums: Any, forward: Callable[[int, int], bool]) -> Callable[..., Any]:
    @collector_paused()
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        call = _Call(f, args, kwargs, argnums)
        ys = call.outputs
        if forward(len(call.inputs), len(ys)):
            columns = [call.forward({x: 1}) for x in call.inputs]
            rows = iter([[column[i] for column in columns] for i in range(len(ys))])
        else:
            rows = iter([call.reverse(y) for y in ys])
        return mapped(lambda _: call.like_inputs(next(rows)), call.output)

    return jacobian_of_f


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives of f: the `jacobian` of the `jacobian`, as in JAX.

    >>> from autograd import hessian
    >>> hessian(lambda x: x[0] ** 3 * x[1])([2.0, 5.0])
    [[60.0, 12.0], [12.0, 0.0]]
    """
    return _named(jacobian(jacrev(f, argnums), argnums), "hessian", f)


@collector_paused()
def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f at the primals, and its directional derivative along the tangents, in forward mode.

    The tangents travel along the graph from the arguments to the result, ẏ = Σ ∂y/∂operand · operand˙,
    with the local derivatives of the same table; there is no walk back.

    Args:
        f: a function of numbers, arrays of them, and nested lists, tuples and dictionaries of both.
        primals: its arguments, a tuple or list.
        tangents: their directions, in the same structure.

    Returns:
        (f's value, its tangent), both in the structure of f's result.

    Raises:
        TypeError: if primals and tangents are not tuples or lists of one structure, or contain
            something else than numbers.

    >>> from autograd import jvp, sin
    >>> jvp(lambda x, y: [x * y, sin(x)], (0.0, 3.0), (1.0, 10.0))
    ([0.0, 0.0], [3.0, 1.0])
    """
    for given, what in ((primals, "primals"), (tangents, "tangents")):
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"the {what} of jvp are a tuple or list, one entry an argument, not {_described(given)}")
    directions = list(_matching(tuple(primals), tuple(tangents), "primals"))
    call = _Call(f, tuple(primals), {}, tuple(range(len(primals))), directions)
    outputs = iter(call.forward(dict(zip(call.inputs, directions, strict=True))))
    return mapped(call.result, call.output), mapped(lambda _: next(outputs), call.output)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f at the primals times the tangents, without the Hessian: forward mode over reverse.

    Args:
        f, primals, tangents: as in `jvp`; f's result is one number.

    Returns:
        The product, in the structure of the primal; of several primals a tuple.

    >>> from autograd import hvp
    >>> hvp(lambda x: x[0] ** 3 * x[1], ([2.0, 5.0],), ([1.0, 0.0],))      # a column of `hessian`
    [60.0, 12.0]
    """
    product = jvp(grad(f, tuple(range(len(primals)))), primals, tangents)[1]
    return product[0] if len(primals) == 1 else product


class _Call:
    """One call of a function on fresh nodes, and the part of its graph that depends on them.

    Attributes:
        inputs: the fresh nodes, one a number in the arguments to differentiate.
        output: what the function gave.
        outputs: the numbers and `Value`s in it.
        order: the nodes that depend on the inputs, in topological order.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        argnums: int | Sequence[int],
        directions: Sequence[Any] = (),
    ) -> None:
        if not callable(f):
            raise TypeError(f"what is differentiated is a function, not {f!r} of type {type(f).__name__}")
        self._start = Value(0.0)._n  # whatever depends on the fresh nodes is younger than this
        self._values = current_tracer() is not None  # then all is traced
        self._values |= any(isinstance(x, Value) for x in (*leaves(args), *leaves(kwargs), *directions))
        self.inputs: list[Value] = []
        fresh = list(args)
        positions = _positions(argnums, len(args), f)
        for i in positions:
            try:
                fresh[i] = mapped(self._fresh, args[i])
            except TypeError as error:
                raise TypeError(f"argument {i} of {_name(f)}: {error}") from None
        trees = [args[i] for i in positions]
        self._tree = trees[0] if isinstance(argnums, int) else tuple(trees)
        # A derivative is recorded also where recording is off: that concerns its result, not its inside.
        with not_recording.being(False):
            self.output = f(*fresh, **kwargs)
        self.outputs = list(leaves(self.output))
        for y in self.outputs:
            if not isinstance(y, Value) and not is_number(y):
                raise TypeError(f"expected {_name(f)} to give numbers or Values, and it gave {_described(y)}")
        self._dependent = dict.fromkeys(self.inputs)
        self.order = self._find_dependent()
        if self._values:
            check_unchanged(self.order)

    def _fresh(self, x: Any) -> Value:
        node: Value = _pos(x) if isinstance(x, Value) else Value(x)
        self.inputs.append(node)
        return node

    def _find_dependent(self) -> list[Value]:
        found: list[Value] = []
        seen: set[Value] = set(self.inputs)
        constants = not_recording.get()  # then nothing could be differentiated with respect to what is outside

        def look(nodes: Iterable[Value]) -> None:
            for node in nodes:
                if node._n < self._start:  # older than the inputs, so from outside
                    self._values = self._values or not constants
                elif node not in seen:
                    seen.add(node)
                    found.append(node)

        look(y for y in self.outputs if isinstance(y, Value))
        for node in found:
            look(node.parents)
        found.sort(key=lambda node: node._n)
        for node in found:
            if any(x in self._dependent for x in node.parents):
                self._dependent[node] = None
        return list(self._dependent)[len(self.inputs) :]

    def reverse(self, y: Any) -> list[Any]:
        """∂y/∂input for each input."""
        adjoint: dict[Value, Any] = {}
        if isinstance(y, Value) and y in self._dependent:
            order = [node for node in self.order if node._n < y._n] + [y]
            adjoint = adjoints(order, {}) if self._values else _recorded_adjoints(order)
        return [self.result(adjoint.get(x, 0.0)) for x in self.inputs]

    def forward(self, tangent: dict[Value, Any]) -> list[Any]:
        """The tangent of each output, for tangents of the inputs."""
        primal = {} if self._values else {x: x.data for node in self.order for x in (node, *node.parents)}
        tangents(self.order, primal, tangent)
        return [self.result(tangent.get(y, 0.0) if isinstance(y, Value) else 0.0) for y in self.outputs]

    def like_inputs(self, numbers: Iterable[Any]) -> Any:
        """One number for each input, in the structure of the arguments."""
        each = iter(numbers)
        return mapped(lambda _: next(each), self._tree)

    def result(self, x: Any) -> Any:
        """x as it is handed out: a `Value` if the function was given any or uses one from outside, else a float."""
        if isinstance(x, Value):
            return x if self._values else x.data
        return Value(x) if self._values else float(x)


def _recorded_adjoints(order: list[Value]) -> dict[Value, float]:
    """`graph.adjoints` on floats, with the local derivatives that the forward pass recorded: `Value.backward`
    without writing to any node."""
    adjoint = {order[-1]: 1.0}
    for node in reversed(order):
        delta = adjoint.get(node)
        if delta is None or node.op is None:
            continue
        a = node._a
        if a is not None:
            adjoint[a] = adjoint.get(a, 0.0) + delta * node._da
            if node._db is not None:
                b = node._b
                adjoint[b] = adjoint.get(b, 0.0) + delta * node._db
        elif type(node._db) is not tuple:
            raise no_derivative(node)
        else:
            for b, db in zip(node._b, node._db, strict=True):
                adjoint[b] = adjoint.get(b, 0.0) + delta * db
    return adjoint


def _positions(argnums: Any, count: int, f: Callable[..., Any]) -> list[int]:
    """The arguments meant by argnums, as indices from 0."""
    wanted = argnums if isinstance(argnums, Sequence) else [argnums]
    for i in wanted:
        if not isinstance(i, int):
            raise TypeError(f"argnums is an int or a sequence of ints, not {argnums!r}")
        if not -count <= i < count:
            needed = i + 1 if i >= 0 else -i
            raise TypeError(
                f"differentiating {_name(f)} with respect to argnums={argnums} needs at least {needed} positional "
                f"argument{'s' * (needed > 1)}, and it was given {count}"
            )
    positions = [i % count for i in wanted]
    if len(set(positions)) < len(positions):
        raise ValueError(f"argnums={argnums} names an argument of {_name(f)} twice")
    return positions


# ── arrays, and nested lists, tuples and dictionaries ────────────────────────────────────────────


def _is_array(tree: Any) -> bool:
    """Whether this is one of NumPy's arrays, of whatever shape; NumPy is not imported to ask."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(tree, numpy.ndarray)


def _array(elements: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An array of these numbers: of floats, or of objects if there are `Value`s among them."""
    numpy = sys.modules["numpy"]
    if all(type(x) is float for x in elements):
        return numpy.array(elements, dtype=float).reshape(shape)
    made = numpy.empty(len(elements), dtype=object)
    made[:] = elements
    return made.reshape(shape)


def ravel(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The numbers in nested lists, tuples, dictionaries and arrays as one vector, and the way back.

    As JAX's ``ravel_pytree``: for SciPy's solvers, which know vectors alone, and for parameters and gradients of a
    compiled program (``compile(…, parameters=tree)``), whose vector has this order.

    Args:
        tree: numbers or `Value`s, of which the data are taken.

    Returns:
        (vector, unravel): an array of floats, and a function that gives the structure again for a vector like it (an
        array, a list or tuple of numbers or of `Value`s).

    Raises:
        TypeError: for anything but numbers and `Value`s; (by `unravel`) for what is no vector.
        ValueError: (by `unravel`) for a vector of another length.

    >>> from autograd import Value, ravel
    >>> vector, unravel = ravel({"w": [[1.0, 2.0], [3.0, 4.0]], "b": (5, Value(6.0))})
    >>> vector.tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    >>> unravel(vector * 10)
    {'w': [[10.0, 20.0], [30.0, 40.0]], 'b': (50.0, 60.0)}
    """
    import numpy

    found = list(leaves(tree))
    for x in found:
        if not isinstance(x, Value) and not is_number(x):
            raise TypeError(f"a vector is made of numbers and Values, and {_described(x)} is neither")
    shape = mapped(lambda _: 0, tree)

    def unravel(vector: Any) -> Any:
        if not isinstance(vector, (list, tuple)) and not _is_array(vector):
            raise TypeError(f"what is unravelled is a vector, not {_described(vector)}")
        numbers = list(leaves(vector))
        if len(numbers) != len(found):
            raise ValueError(f"the vector has {len(found)} numbers, not {len(numbers)}")
        each = iter([x if isinstance(x, Value) else float(x) for x in numbers])
        return mapped(lambda _: next(each), shape)

    return numpy.array([x.data if isinstance(x, Value) else float(x) for x in found], dtype=float), unravel


def leaves(tree: Any) -> Iterator[Any]:
    """The numbers, or whatever else there is, in nested lists, tuples, dictionaries and arrays."""
    if isinstance(tree, (list, tuple)):
        for branch in tree:
            yield from leaves(branch)
    elif isinstance(tree, dict):
        for branch in tree.values():
            yield from leaves(branch)
    elif _is_array(tree):
        yield from _elements(tree)
    else:
        yield tree


def _elements(array: Any) -> list[Any]:
    if hasattr(array, "mask"):
        raise TypeError("a masked array would lose its mask: fill it first, and choose with where")
    elements: list[Any] = array.ravel().tolist()
    return elements


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same structure, with function(leaf) at each leaf, in the order of `leaves`."""
    if isinstance(tree, (list, tuple)):
        return _sequence_like(tree, [mapped(function, branch) for branch in tree])
    if isinstance(tree, dict):
        return {key: mapped(function, branch) for key, branch in tree.items()}
    if _is_array(tree):
        return _stacked([function(x) for x in _elements(tree)], tree.shape)
    return function(tree)


def _sequence_like(tree: Any, branches: list[Any]) -> Any:
    """These branches in a list, a tuple or a named one, as the tree is."""
    if isinstance(tree, list):
        return branches
    return type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)


def _stacked(trees: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Trees of one structure as one, at whose leaves are arrays of this shape and what each leaf is."""
    if not trees:
        return _array([], shape)
    first = trees[0]
    if isinstance(first, (list, tuple)):
        return _sequence_like(first, [_stacked(branch, shape) for branch in zip(*trees, strict=True)])
    if isinstance(first, dict):
        return {key: _stacked([tree[key] for tree in trees], shape) for key in first}
    inner = first.shape if _is_array(first) else ()
    return _array([x for tree in trees for x in leaves(tree)], (*shape, *inner))


def _matching(tree: Any, other: Any, path: str) -> Iterator[Any]:
    """The leaves of `other`, in the order of those of `tree`, after a look whether they match."""
    if isinstance(tree, (list, tuple, dict)):
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        kind = dict if isinstance(tree, dict) else (list, tuple)
        if not isinstance(other, kind) or len(other) != len(keys) or (kind is dict and set(other) != set(keys)):
            raise TypeError(_unlike(tree, other, path))
        for key in keys:
            yield from _matching(tree[key], other[key], f"{path}[{key!r}]")
    elif _is_array(tree):
        if not _is_array(other) or other.shape != tree.shape:
            raise TypeError(_unlike(tree, other, path))
        yield from leaves(other)
    elif isinstance(other, Value) or is_number(other):
        yield other
    else:
        raise TypeError(f"the tangent of {path} must be a number or a Value, as the primal is, not {_described(other)}")


def _unlike(tree: Any, other: Any, path: str) -> str:
    return (
        f"primals and tangents must have one structure, but {path} is {_described(tree)} and its tangent "
        f"{_described(other)}"
    )


def _described(x: Any) -> str:
    if isinstance(x, (list, tuple, dict)):
        return f"a {type(x).__name__} of {len(x)}"
    if _is_array(x):
        return f"an array of {x.dtype} of shape {x.shape}"
    return f"{x!r} of type {type(x).__name__}"


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", None) or getattr(f, "name", None) or repr(f)


def _named(derivative: Callable[..., Any], what: str, f: Callable[..., Any]) -> Callable[..., Any]:
    derivative.__name__ = derivative.__qualname__ = f"{what}({_name(f)})"
    derivative.__doc__ = f"`autograd.{what}` of {_name(f)}."
    return derivative
