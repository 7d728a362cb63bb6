"""Is the derivative right? Hold it against numbers that owe nothing to the table's derivatives.

With this module one can

* check the gradient of any function of `Value`s, a primitive of one's own say: `gradcheck`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf, isfinite
from typing import Any

from autograd.functional import _Call, _is_array, _name, leaves, mapped
from autograd.graph import evaluate
from autograd.recording import no_grad
from autograd.value import Value

__all__ = ["GradcheckError", "gradcheck"]

DIGITS = 50
GOLDEN = 0.6180339887498949  # its multiples, without their whole part, lie everywhere and never twice
STEP = 1e-6  # how far `gradcheck` moves the inputs to see whether the graph is the whole function


class GradcheckError(RuntimeError):
    """A derivative is not what the reference says; the message shows both."""


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
) -> bool:
    """Compare every ∂output/∂input of f, in reverse and in forward mode, with numerical differentiation.

    In the manner of PyTorch's ``gradcheck``. The reference is the central difference
    (f(x + ε) − f(x − ε)) / 2ε. If mpmath is installed (``pip install mpmath``) it is computed from the
    formulas of the graph with 50 digits, so that ε can be 1e-15 and the reference is right to all
    digits of a float; otherwise in floats, with PyTorch's ε and tolerances. Either way f is called once
    more nearby, and the graph must give exactly what f gives there: if it does not, part of f was
    computed outside the graph (``x.data``, `detach`, `no_grad`), and its gradient is lost.

    A derivative is a function like any other, so higher ones are checked by ``gradcheck(grad(f), x)``,
    ``gradcheck(grad(grad(f)), x)`` … That finds a rule which is right but not right to differentiate again, such as one
    through `abs` at 0.

    At a kink (`relu` or `abs` at 0, `maximum` at a tie) there is no derivative to agree on, and the check fails, also
    where half the sum of the slopes on both sides is what the rule says. Not seen is a kink that f makes itself by
    comparing (``if x > 0``, ``where(x > 0, …)``): the graph has the side that was chosen. It can also fail
    where rounding is great, as after cancellation: choose `atol` and `rtol` accordingly.

    Args:
        f: a function of numbers, arrays of them, and nested lists, tuples and dictionaries of both, that gives such.
        inputs: the point to check at.
        eps: the step is ε · max(|x|, 1); 1e-15 with mpmath, else 1e-6.
        atol, rtol: allowed is |analytical − numerical| ≤ atol + rtol · |numerical|; 1e-12 and 1e-9 with
            mpmath, else 1e-5 and 1e-3.

    Returns:
        True.

    Raises:
        GradcheckError: naming the worst entry, and both numbers.
        TypeError: as `grad` does.

    >>> from autograd import Value, gradcheck, sin
    >>> gradcheck(lambda x, y: sin(x[0] * y) / x[1], [0.5, 2.0], 3.0)
    True
    >>> gradcheck(lambda x: x * Value(x.data), 3.0)
    Traceback (most recent call last):
    ...
    autograd.check.GradcheckError: the gradient does not see all of <lambda>: nearby, at inputs[0] = 2.999997, \
the function gives 8.999982000009, and its graph 8.999991; part of it is computed outside the graph (.data, detach, \
no_grad), by chance, or on another side of an if
    """
    inputs = mapped(lambda x: x.data if isinstance(x, Value) else x, inputs)
    with no_grad():  # Values that f uses from outside are constants here
        call = _Call(f, inputs, {}, tuple(range(len(inputs))))
    _check_complete(f, inputs, call)

    with _reference() as (number, how, defaults):
        eps, atol, rtol = (d if given is None else given for given, d in zip((eps, atol, rtol), defaults, strict=True))
        if not (eps > 0 and atol >= 0 and rtol >= 0):
            raise ValueError(f"eps must be positive, atol and rtol not negative, and they are {eps}, {atol} and {rtol}")
        numerical = [_central_difference(call, j, number, eps) for j in range(len(call.inputs))]
        jumps = [_jump(call, j, number, eps) for j in range(len(call.inputs))]
        closer = [_jump(call, j, number, eps / 10) if any(jump) else jump for j, jump in enumerate(jumps)]
    reverse = [call.reverse(y) for y in call.outputs]
    forward = [call.forward({x: 1.0}) for x in call.inputs]

    worst, message, kink = 0.0, "", ""
    for i, output in enumerate(_paths(call.output, "the output")):
        for j, name in enumerate(_paths(inputs, "inputs")):
            expected = numerical[j][i]
            # Where there is a derivative, the slopes on both sides come together as the step shrinks
            if jumps[j][i] > atol + rtol * abs(expected) and closer[j][i] > jumps[j][i] / 2:
                kink = (
                    f"{output} has a kink with respect to {name}: its slopes on the two sides are "
                    f"{jumps[j][i]:.6g} apart, so there is no derivative ({how})"
                )
            for mode, analytical in (("reverse", reverse[i][j]), ("forward", forward[j][i])):
                excess = _excess(analytical, expected, atol + rtol * abs(expected))
                if excess > worst:
                    worst, message = (
                        excess,
                        (
                            f"the derivative of {output} with respect to {name}, in {mode} mode:\n"
                            f"numerical:  {expected!r}  ({how})\n"
                            f"analytical: {analytical!r}"
                        ),
                    )
    if message or kink:
        raise GradcheckError(message or kink)
    return True


@contextmanager
def _reference() -> Iterator[tuple[Callable[[float], Any], str, tuple[float, float, float]]]:
    """The numbers to compute the reference with, what to call it, and the defaults of eps, atol and rtol."""
    try:
        import mpmath
    except ModuleNotFoundError:
        yield float, "central difference of floats", (1e-6, 1e-5, 1e-3)
        return
    with mpmath.workdps(DIGITS):
        yield mpmath.mpf, f"central difference, mpmath at {DIGITS} digits", (1e-15, 1e-12, 1e-9)


def _central_difference(call: _Call, j: int, number: Callable[[float], Any], eps: float) -> list[float]:
    """∂output/∂inputs[j] for every output."""
    at = [number(x.data) for x in call.inputs]
    step = eps * max(abs(at[j]), 1)
    above, below = ([*at[:j], at[j] + h, *at[j + 1 :]] for h in (step, -step))
    try:
        pairs = zip(_outputs(call, above, number), _outputs(call, below, number), strict=True)
        slopes = [(plus - minus) / (above[j] - below[j]) for plus, minus in pairs]
    except (TypeError, ValueError, ArithmeticError) as error:  # mpmath compares no complex numbers: a TypeError
        raise GradcheckError(_leaves_the_domain(step, str(error))) from error
    if any(getattr(slope, "imag", 0) for slope in slopes):  # mpmath's log(−1) is πi
        raise GradcheckError(_leaves_the_domain(step, "no real number there"))
    return [float(slope.real) for slope in slopes]


def _leaves_the_domain(step: Any, why: str) -> str:
    return (
        f"the function is not defined all around the point: the step, {float(step)}, leaves its domain ({why}); "
        "a smaller eps= makes a smaller step"
    )


def _jump(call: _Call, j: int, number: Callable[[float], Any], eps: float) -> list[float]:
    """How far the slopes of every output, on the two sides of inputs[j], are apart."""
    at = [number(x.data) for x in call.inputs]
    step = eps * max(abs(at[j]), 1)
    here, above, below = (_outputs(call, [*at[:j], at[j] + h, *at[j + 1 :]], number) for h in (0, step, -step))
    return [abs(float((plus - y - (y - minus)) / step)) for y, plus, minus in zip(here, above, below, strict=True)]


def _outputs(call: _Call, at: list[Any], number: Callable[[float], Any]) -> list[Any]:
    """What the graph gives at other inputs, in other numbers."""
    dependent = {*call.inputs, *call.order}
    primal = {x: number(x.data) for node in call.order for x in node.parents if x not in dependent}
    primal.update(zip(call.inputs, at, strict=True))
    evaluate(call.order, primal)
    return [primal.get(y, number(y.data)) if isinstance(y, Value) else number(y) for y in call.outputs]


def _check_complete(f: Callable[..., Any], inputs: Any, call: _Call) -> None:
    """That the graph gives what f gives, also nearby."""
    # Each its own way: what is left out may depend on a ratio, which stays where all move alike
    steps = [STEP * (1 + GOLDEN * i % 1) for i in range(len(call.inputs))]
    at = [x.data * (1 - step) if x.data else step for x, step in zip(call.inputs, steps, strict=True)]
    nearby = iter(at)
    given = [y.data if isinstance(y, Value) else y for y in leaves(f(*mapped(lambda _: Value(next(nearby)), inputs)))]
    expected = _outputs(call, at, float)
    if given != expected and [repr(y) for y in given] != [repr(y) for y in expected]:  # repr: NaN is NaN
        where = ", ".join(f"{name} = {x!r}" for name, x in zip(_paths(inputs, "inputs"), at, strict=True))
        ours, its = next(pair for pair in itertools.zip_longest(given, expected) if repr(pair[0]) != repr(pair[1]))
        raise GradcheckError(
            f"the gradient does not see all of {_name(f)}: nearby, at {where}, the function gives {ours!r}, and its "
            f"graph {its!r}; part of it is computed outside the graph (.data, detach, no_grad), by chance, or on "
            "another side of an if"
        )


def _excess(analytical: float, numerical: float, allowed: float) -> float:
    """How far the two are apart, as a multiple of what is allowed; 0 if it is."""
    apart = abs(analytical - numerical)
    if analytical == numerical or apart <= allowed:
        return 0.0
    return apart / allowed if allowed and isfinite(apart) else inf


def _paths(tree: Any, root: str) -> Iterator[str]:
    """What to call each leaf: inputs[0]['w'][1]."""
    if isinstance(tree, (list, tuple, dict)):
        for key, branch in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _paths(branch, f"{root}[{key!r}]")
    elif _is_array(tree):
        yield from (f"{root}{list(at)}" for at in itertools.product(*map(range, tree.shape)))
    else:
        yield root
