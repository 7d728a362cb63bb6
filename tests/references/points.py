"""Where every primitive is compared with PyTorch: plain points and edges."""

from __future__ import annotations

from itertools import product
from math import inf, nan

PLAIN = [0.3, -0.3, 1.7, -1.7, 2.5]
EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    5e-324,
    -1e-308,
    1e-8,
    30.0,
    -30.0,
    710.0,
    -745.0,
    1e8,
    -1e16,
    1e308,
    -1e308,
    inf,
    -inf,
    nan,
]
PAIRS = [0.7, -1.3, 2.0, 0.0, -0.0, 1.0, 1e-308, 1e308, inf, -inf, nan]

OF_TWO = ("add", "sub", "mul", "div", "mod", "floordiv", "pow", "hypot", "arctan2", "maximum", "minimum", "logaddexp")
OF_MANY = {
    "dot": [(0.5,), (2.0, 3.0, 0.5), (2.0, -1.0, 0.0, 4.0, -0.1), (1e308, 1e308, 10.0, -10.0, 1.0), (nan, 2.0, 1.0)],
    "total": [(1.5,), (1.0, 2.0), (1e16, 1.0, -1e16), (inf, -inf), (nan, 1.0), (-0.0, -0.0)],
    "logsumexp": [
        (2.0,), (0.3, -1.2), (1.0, 1.0, 1.0), (1000.0, 999.0), (-1000.0, -1001.0), (710.0, 3.0), (0.0, -745.0),
        (1e8, 1e8 - 1), (-inf, 0.0), (nan, 1.0),
    ],
    "where": [(1.0, 2.0, 3.0), (0.0, 2.0, 3.0), (1.0, nan, 3.0), (0.0, inf, -3.0), (-2.0, -0.0, 0.0)],
    "leaky_relu": [(x, s) for x in (0.4, -0.4, 0.0, -0.0, 1e308, -1e308, inf, -inf, nan) for s in (0.01, 0.2)],
    "elu": [(x, a) for x in (0.4, -0.4, 0.0, -0.0, -1e-9, 1e308, -1e308, inf, -inf, nan) for a in (1.0, 1.5)],
}  # fmt: skip


def points(name: str) -> list[tuple[float, ...]]:
    """The operands at which a primitive is compared."""
    if name in OF_MANY:
        return OF_MANY[name]
    if name in OF_TWO:
        return list(product(PAIRS, repeat=2))
    return [(x,) for x in PLAIN + EDGES]
