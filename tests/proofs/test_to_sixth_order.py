"""Every primitive's derivatives to the sixth order, beside mpmath's Taylor coefficients of a function of its own.

The row is differentiated by its own rules (`jets.py`), and by `grad` of `grad` on floats; the referee knows
neither: σ is 1 / (1 + exp(−x)) there, and its coefficients come from values around the point.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from jets import derivatives

from autograd import grad, jvp
from autograd.primitives import table

ORDER = 6
DRAWN = 1000
ROUNDING = 2.0**-53
LEAST = 1e-290  # below this, results in between may have fewer than 53 bits

_NAMES = {name: op.called.get("mpmath", name) for name, op in table.items() if op.formula is None}
# fmt: off
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(mp, mpmaths) for name, mpmaths in _NAMES.items() if hasattr(mp, mpmaths)},  # exp, sin, erf …
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "mod": lambda a, b: a - b * mp.floor(a / b), "floordiv": lambda a, b: mp.floor(a / b),
    "log2": lambda x: mp.log(x) / mp.log(2), "log10": lambda x: mp.log(x) / mp.log(10),
    "exp2": lambda x: mp.power(2, x),
    "cbrt": lambda x: mp.sign(x) * abs(x) ** (mp.mpf(1) / 3), "hypot": lambda a, b: mp.sqrt(a * a + b * b),
    "logaddexp": lambda a, b: mp.log(mp.exp(a) + mp.exp(b)),
    "neg": lambda x: -x, "pos": lambda x: x, "pow": lambda a, b: mp.power(a, b),
    "where": lambda c, a, b: a if c else b, "abs": abs,
    "maximum": lambda a, b: a if a > b else b, "minimum": lambda a, b: a if a < b else b,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)), "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "silu": lambda x: x / (1 + mp.exp(-x)), "gelu": lambda x: x * mp.ncdf(x),
    "relu": lambda x: x if x > 0 else mp.mpf(0), "leaky_relu": lambda x, s: x if x > 0 else s * x,
    "elu": lambda x, a: x if x > 0 else a * (mp.exp(x) - 1),
    "dot": lambda *o: mp.fsum(w * x for w, x in zip(o[: len(o) // 2], o[len(o) // 2 : -1], strict=True)) + o[-1],
    "total": lambda *xs: mp.fsum(xs), "logsumexp": lambda *xs: mp.log(mp.fsum(mp.exp(x) for x in xs)),
}
# fmt: on
EVERYWHERE = [0.0, 1e-300, 1e-8, 1e-3, 0.5, 1.0, 2.0, 5.0, 20.0, 40.0, 300.0, 700.0]
BOTH_SIDES = EVERYWHERE + [-x for x in EVERYWHERE]
NEAR_ONE = [x for k in (1, 4, 8, 12, 16) for x in (1 - 10.0**-k, 10.0**-k - 1)]
# fmt: off
SPECIAL: dict[str, list[Any]] = {
    **dict.fromkeys(("log2", "log10"), EVERYWHERE[1:]), "cbrt": [x for x in BOTH_SIDES if x],
    "arctan2": [(0.0, 1.0), (1.0, 0.0), (-1.0, 0.0), (3.0, 4.0), (-3.0, -4.0), (1e-3, 700.0), (5.0, 5.0)],
    "hypot": [(3.0, 4.0), (-5.0, 12.0), (1.0, 1.0), (-70.0, -50.0)],
    "mod": [(5.5, 2.0), (-5.5, 2.0), (5.5, -2.0), (0.5, 40.0)], "floordiv": [(5.5, 2.0), (-5.5, 2.0), (5.5, -2.0)],
    "logaddexp": [(0.0, 0.0), (3.0, 3.0), (1e15, 1e15), (-700.0, 0.0), (0.0, 40.0), (0.1, 0.1 + 1e-9)],
    "log": EVERYWHERE[1:], "sqrt": EVERYWHERE[1:], "log1p": [*EVERYWHERE, *(-x for x in EVERYWHERE[:5]), *NEAR_ONE],
    "asin": [*(x for x in BOTH_SIDES if abs(x) < 1), *NEAR_ONE], "exp": [-750.0, *BOTH_SIDES], "abs": BOTH_SIDES[1:12],
    "acos": [*(x for x in BOTH_SIDES if abs(x) < 1), *NEAR_ONE], "tan": [x for x in BOTH_SIDES if abs(x) < 3],
    **{key: [x for x in BOTH_SIDES if abs(x) <= 20] for key in ("erf", "erfc", "gelu")},
    "relu": [x for x in BOTH_SIDES if x],
    "pow": [*((a, b) for a in (1e-8, 0.5, 1.0, 3.0, 40.0) for b in (0.0, 1.0, -1.0, 2.0, 0.5, -2.5, 7.0)),
            *((a, float(b)) for a in (0.0, -1.5, -1e-8) for b in range(8)), (-0.5, -3.0)],
    "div": [(a, b) for a in (0.0, 1.0, -40.0) for b in (1e-8, -1.0, 700.0)],
    "logsumexp": [(0.0, 0.0), (1.0, 1.0, 1.0), (3.0, 3.0, -700.0), (700.0, 700.0), (1e15, 1e15), (-1e15, -1e15, -1e15),
                  (0.0, 40.0), (-700.0, 0.0), (1.0,), (0.1, 0.1 + 1e-9)],
    "elu": [(x, a) for x in (-0.5, -40.0, -700.0, 3.0) for a in (1.0, 0.3)],
}
# fmt: on
SINGULAR: dict[str, tuple[int, Callable[..., Any]]] = {
    "log": (0, lambda x: x),
    "sqrt": (0, lambda x: x),
    **dict.fromkeys(("log2", "log10"), (0, lambda x: x)),
    "cbrt": (0, lambda x: abs(x)),
    **dict.fromkeys(("hypot", "arctan2"), (0, lambda a, b: mp.hypot(a, b))),
    **dict.fromkeys(("mod", "floordiv"), (0, lambda a, b: min(abs(b), 1) / 100)),
    "log1p": (0, lambda x: 1 + x),
    "asin": (0, lambda x: 1 - abs(x)),
    "acos": (0, lambda x: 1 - abs(x)),
    **dict.fromkeys(("abs", "relu", "leaky_relu", "elu"), (0, lambda x, *_: min(abs(x), 1))),
    "div": (1, lambda a, b: abs(b)),
    "pow": (0, lambda a, b: min(abs(a) or 1, 1)),
    "atan": (0, lambda x: max(abs(x), 1)),
}  # fmt: skip
"""How far the singularity in one operand is: the scale on which the function changes, and the referee's step."""
SATURATED: dict[str, Callable[[float], float]] = {
    **dict.fromkeys(("tanh", "sigmoid", "softplus", "silu", "logsumexp", "logaddexp", "elu", "expm1"), lambda x: x),
    **dict.fromkeys(("erf", "erfc", "gelu"), lambda x: x * x / 2),
    **dict.fromkeys(("mul", "dot", "arctan2"), lambda x: 25),  # and a product of two small numbers
}  # fmt: skip
"""How many digits a difference loses: σ(40) is 1 − 4e-18, and its derivatives are about 4e-18."""


def draw(name: str, rng: random.Random) -> tuple[float, ...]:
    """Operands inside the domain: most of them ordinary, some very small, some where a function is saturated."""

    def number() -> float:
        far = 8 if name in ("erf", "erfc", "gelu") else 40
        tiny = rng.choice((-1, 1)) * 10 ** rng.uniform(-12, 0)
        return rng.choice([rng.uniform(-3, 3)] * 6 + [rng.uniform(-far / 4, far / 4), rng.uniform(-far, far), tiny])

    if name in ("asin", "acos"):
        return (rng.choice((-1, 1)) * (1 - 10 ** rng.uniform(-12, 0)),)
    if name == "log1p":
        return (rng.choice((10 ** rng.uniform(-12, 3), -rng.random(), 10 ** rng.uniform(-12, 0) - 1)),)
    if name in ("log", "log2", "log10", "sqrt"):
        return (10 ** rng.uniform(-12, 12),)
    if name == "cbrt":
        return (rng.choice((-1, 1)) * 10 ** rng.uniform(-12, 12),)
    if name in ("hypot", "arctan2"):  # not where one of them is next to nothing, as a derivative then is, beside others
        angle, radius = rng.uniform(0, math.tau), 10 ** rng.uniform(-6, 6)
        return (radius * math.sin(angle), radius * math.cos(angle))
    if name in ("mod", "floordiv"):  # between two steps
        b = rng.choice((-1, 1)) * 10 ** rng.uniform(-2, 2)
        return ((rng.randint(-20, 20) + rng.uniform(0.1, 0.9)) * b, b)
    if name == "tan":
        return (rng.uniform(-3, 3),)
    if name == "pow":
        if rng.random() < 0.3:  # a whole power, of any number
            return (number(), float(rng.randint(-3, 8)))
        return (10 ** rng.uniform(-2, 2), rng.uniform(-4, 4))
    if name == "where":
        return (float(rng.random() < 0.5), number(), number())
    if name == "elu":  # not at the kink, where the referee would need values closer still
        x = rng.choice((-1, 1)) * 10 ** rng.uniform(-1.5, 1.5)
        return (x, 1.0) if rng.random() < 0.5 else (x, rng.uniform(0.1, 2))
    if name == "logsumexp":
        n = rng.randint(1, 4)
        xs = [number() for _ in range(n)]
        return (xs[0],) * n if rng.random() < 0.2 else tuple(xs)
    if name in ("dot", "total"):  # of one sign: sums that cancel have no relative digits
        return tuple(abs(number()) for _ in range(5))
    return tuple(number() for _ in table[name].derivatives)  # type: ignore[union-attr]


def directions(name: str, at: Sequence[float], rng: random.Random, axes: bool) -> list[tuple[float, ...]]:
    """The ways through a point that are differentiated along; all of them together give every mixed derivative."""
    n = len(at)
    still = {0} if name == "where" else {1} if name == "pow" and (at[0] <= 0 or at[1] == 0) else set()
    signs = (1,) if name in ("dot", "total") else (-1, 1)
    along = [tuple(0.0 if i in still else rng.uniform(0.5, 1.5) * rng.choice(signs) for i in range(n))]
    if n == 1:
        return [(1.0,)]
    if name in ("logsumexp", "logaddexp"):  # apart: along equal directions it is a straight line
        along = [tuple(d * rng.uniform(0.9, 1.1) for d in (1, -1, 0.5, -2)[:n])]
    if name == "hypot":  # around: outwards it is a straight line
        along = [tuple(d / math.hypot(*at) * rng.uniform(0.9, 1.1) for d in (at[1], -at[0]))]
    if axes:
        along += [tuple(float(i == axis) for i in range(n)) for axis in range(n) if axis not in still]
    return along


@cache
def cases(name: str) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """(operands, direction): every special point, and 1 000 drawn ones."""
    rng = random.Random(name)
    default: list[Any] = BOTH_SIDES if len(table[name].derivatives if not table[name].nary else (0,)) == 1 else []  # type: ignore[arg-type]
    special = [x if isinstance(x, tuple) else (x,) for x in SPECIAL.get(name, default)]
    found = [(at, d) for at in special for d in directions(name, at, rng, axes=True)]
    for _ in range(DRAWN):
        at = draw(name, rng)
        found += [(at, d) for d in directions(name, at, rng, axes=False)]
    return found


@cache
def coefficients(name: str, at: tuple[Any, ...], direction: tuple[float, ...]) -> list[Any]:
    """dᵏ/dtᵏ f(at + t · direction) at t = 0, for k = 0 … 7, from mpmath's Taylor coefficients."""
    f = FUNCTIONS[name]
    digits = 25 + int(min(SATURATED.get(name, lambda x: 0)(max(map(abs, at))), 800))
    with mp.workdps(digits):
        point = [mp.mpf(x) for x in at]
        operand, distance = SINGULAR.get(name, (0, lambda *operands: 1))
        scale = mp.mpf(distance(*point)) if direction[operand] else mp.mpf(1)
        found = mp.taylor(
            lambda t: f(*(x + t * scale * d for x, d in zip(point, direction, strict=True))), 0, ORDER + 1, chop=False
        )
        noise = max(map(abs, found)) * mp.mpf(10) ** (8 - digits)
        return [(c if abs(c) > noise else mp.mpf(0)) * mp.factorial(k) / scale**k for k, c in enumerate(found)]


def scales(name: str, at: Sequence[float], direction: Sequence[float], exact: Sequence[Any]) -> list[float]:
    """For each derivative, the number whose roundings it may be wrong by.

    That is itself; near a zero of it the geometric mean of the derivatives below and above, as its terms cancel there;
    and what a rounding of the operands makes of it.
    """
    if len(at) == 1:
        moved = [abs(at[0]) * abs(exact[k + 1]) for k in range(ORDER + 1)]
    else:
        rng, shift = random.Random(0), mp.mpf(10) ** -8
        factors = [1 + shift * rng.choice((-1, 1)) * rng.uniform(0.5, 1) if d else 1 for d in direction]
        with mp.workdps(60):
            beside = coefficients(name, tuple(x * c for x, c in zip(at, factors, strict=True)), direction)
        moved = [abs(b - e) / shift for b, e in zip(beside, exact, strict=True)]
    between = [mp.mpf(0), *(mp.sqrt(abs(exact[k - 1] * exact[k + 1])) for k in range(1, ORDER + 1))]
    found = [float(max(abs(exact[k]), between[k]) + moved[k]) for k in range(ORDER + 1)]
    if name == "logsumexp":  # a logarithm near 0 of a sum near 1, which was rounded
        found[0] += 1
    return found


def wrong(name: str, at: Any, direction: Any, found: Sequence[float]) -> list[str]:
    exact = coefficients(name, at, direction)
    result = []
    for k, (ours, scale) in enumerate(zip(found, scales(name, at, direction, exact), strict=True)):
        # A k-th derivative is a sum of terms with factors up to k!, each of some roundings: 60 of them were seen
        # in the sixth of σ, 180 in the fifth of pow.
        allowed = 4 * 3**k * ROUNDING * scale + LEAST
        if scale < 1e300 and not abs(ours - exact[k]) <= allowed:  # NaN is wrong, too
            result.append(f"derivative {k} of {name}{at} along {direction} is {ours!r}, and it is {float(exact[k])!r}")
    return result


def groups(name: str) -> list[list[tuple[tuple[float, ...], tuple[float, ...]]]]:
    """The cases that can be computed together: of one number of operands, with the same ones moving."""
    found: dict[Any, list[Any]] = {}
    for at, direction in cases(name):
        found.setdefault(tuple(d != 0 for d in direction), []).append((at, direction))
    return list(found.values())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_rules_of_a_row_differentiated_again_are_right_to_sixth_order(name: str) -> None:
    for group in groups(name):
        points = np.array([at for at, _ in group]).T
        ways = [way if way.any() else None for way in np.array([direction for _, direction in group]).T]
        with np.errstate(all="ignore"):  # IEEE: what underflows does so in silence
            found = derivatives(table[name], list(points), ways, ORDER)
        ours = np.array([np.broadcast_to(np.asarray(y, float), len(group)) for y in found]).T.tolist()
        found = [line for case, y in zip(group, ours, strict=True) for line in wrong(name, *case, y)]
        assert found == []


@pytest.mark.parametrize("forward", [False, True], ids=["grad", "jvp"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_nested_derivatives_of_the_engine_are_right_to_sixth_order(name: str, forward: bool) -> None:
    """At the special points, and a few of the drawn ones."""
    op = table[name]
    for at, direction in cases(name)[: -DRAWN + 10]:

        def along(t: Any, at: Any = at, direction: Any = direction) -> Any:
            return op(*(x + t * d if d else x for x, d in zip(at, direction, strict=True)))

        found, derivative = [float(op(*at))], along
        for _ in range(ORDER):
            inner = derivative
            derivative = (lambda t, f=inner: jvp(f, (t,), (1.0,))[1]) if forward else grad(inner)  # type: ignore[misc]
            found.append(derivative(0.0))
        assert wrong(name, at, direction, found) == []


def test_every_primitive_has_a_referee() -> None:
    assert set(FUNCTIONS) == set(table)


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("tanh", 0.0, [0.0, 1.0, 0.0, -2.0, 0.0, 16.0, 0.0]),
        ("sigmoid", 0.0, [0.5, 1 / 4, 0.0, -1 / 8, 0.0, 1 / 4, 0.0]),
        ("softplus", 0.0, [math.log(2), 1 / 2, 1 / 4, 0.0, -1 / 8, 0.0, 1 / 4]),
        ("silu", 0.0, [0.0, 1 / 2, 1 / 2, 0.0, -1 / 2, 0.0, 3 / 2]),
    ],
)
def test_the_derivatives_at_zero_are_the_known_ones(name: str, at: float, expected: list[float]) -> None:
    """tanh = x − x³/3 + 2x⁵/15 …, σ = ½ + x/4 − x³/48 + x⁵/480 …"""
    derivative: Callable[..., Any] = table[name]
    for number in expected:
        assert derivative(at) == pytest.approx(number, rel=1e-15, abs=1e-15)
        derivative = grad(derivative)
