"""erf and erfc of NumPy arrays, to a unit in the last place or so; NumPy has neither, and SciPy would be heavy for two.

The rational approximations, four of them side by side, are those of FreeBSD's ``s_erf.c``:

    Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.

    Developed at SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this
    software is freely granted, provided that this notice is preserved.

Each is a quotient P(t)/Q(t) of an argument t that is small there:

=================  ===============  ========================================================
|x|                t                what it gives
=================  ===============  ========================================================
up to 0.84375      x²               erf x = x + x P/Q
up to 1.25         |x| − 1          erf |x| = 0.8450… + P/Q
up to 1/0.35       1/x²             erfc |x| = exp(−x² − 0.5625 + P/Q) / |x|
beyond             1/x²             the same, with other coefficients
=================  ===============  ========================================================
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["erf", "erfc"]

Floats = NDArray[np.float64]

_FEW = 512  # numbers, up to which it is quicker to ask Python for each than NumPy a hundred times for all
_JOINS = np.array([0.84375, 1.25, 1 / 0.35])
_AT_1 = 8.45062911510467529297e-01  # erf 1, so rounded that what is added is small
# fmt: off
_P = [  # for each of the four, from the constant on
    [1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02, -5.77027029648944159157e-03,
     -2.37630166566501626084e-05],
    [-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01,
     -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03],
    [-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01, -6.23753324503260060396e+01,
     -1.62396669462573470355e+02, -1.84605092906711035994e+02, -8.12874355063065934246e+01,
     -9.81432934416914548592e+00],
    [-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01, -1.60636384855821916062e+02,
     -6.37566443368389627722e+02, -1.02509513161107724954e+03, -4.83519191608651397019e+02],
]
_Q = [
    [1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
     1.32494738004321644526e-04, -3.96022827877536812320e-06],
    [1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02,
     1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02],
    [1.0, 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02,
     6.45387271733267880336e+02, 4.29008140027567833386e+02, 1.08635005541779435134e+02, 6.57024977031928170135e+00,
     -6.04244152148580987438e-02],
    [1.0, 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03,
     3.19985821950859553908e+03, 2.55305040643316442583e+03, 4.74528541206955367215e+02, -2.24409524465858183362e+01],
]
# fmt: on


def erf(x: Floats) -> Floats:
    """The error function of each number.

    >>> erf(np.array([0.0, 0.5, -30.0]))
    array([ 0.        ,  0.52049988, -1.        ])
    """
    x = np.asarray(x, np.float64)
    if x.size <= _FEW:
        return _one_by_one(math.erf, x)
    with np.errstate(all="ignore"):
        which, ratio, tail = _parts(x)
        beyond = np.where(which == 1, _AT_1 + ratio, 1 - tail)
        return np.where(which == 0, x + x * ratio, np.copysign(beyond, x))


def erfc(x: Floats) -> Floats:
    """1 − erf of each number, without the cancellation.

    >>> erfc(np.array([0.0, 0.5, 20.0]))
    array([1.00000000e+000, 4.79500122e-001, 5.39586561e-176])
    """
    x = np.asarray(x, np.float64)
    if x.size <= _FEW:
        return _one_by_one(math.erfc, x)
    with np.errstate(all="ignore"):
        which, ratio, tail = _parts(x)
        near = np.where(x < 0.25, 1 - (x + x * ratio), 0.5 - (x - 0.5 + x * ratio))
        middle = np.where(x >= 0, (1 - _AT_1) - ratio, 1 + (_AT_1 + ratio))
        return np.where(which == 0, near, np.where(which == 1, middle, np.where(x >= 0, tail, 2 - tail)))


def _parts(x: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Which of the four approximations it takes, P/Q, and erfc |x| where that is one of the last two."""
    a = np.abs(x)
    which = np.searchsorted(_JOINS, a, side="right")
    which[np.isnan(a)] = 0
    t = np.where(which == 0, a * a, np.where(which == 1, a - 1, 1 / (a * a)))
    ratio = np.empty(x.shape)
    for k in range(len(_P)):
        here = which == k
        z = t[here]
        ratio[here] = _polynomial(_P[k], z) / _polynomial(_Q[k], z)
    short = (a.view(np.int64) & ~0xFFFFFFFF).view(np.float64)  # its square is exact
    tail = np.exp(-short * short - 0.5625) * np.exp((short - a) * (short + a) + ratio) / a
    return which, ratio, np.where(np.isinf(a), 0.0, tail)


def _polynomial(coefficients: list[float], t: Floats) -> Floats:
    """By Horner's rule."""
    y: Any
    *lower, y = coefficients
    for coefficient in lower[::-1]:
        y = y * t + coefficient
    return y  # type: ignore[no-any-return]


def _one_by_one(function: Any, x: Floats) -> Floats:
    return np.array([function(z) for z in x.ravel().tolist()], np.float64).reshape(x.shape)
