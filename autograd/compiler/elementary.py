"""eˣ and tanh x in arithmetic alone, so that a processor computes several at once where a loop goes over many.

Both take x = n ln 2 + r with |r| ≤ ½ ln 2, and the series of eʳ − 1 (W. J. Cody and W. Waite, *Software Manual for the
Elementary Functions*, 1980). eˣ is within one last digit of the true value, tanh x within three, subnormal numbers, ∞
and NaN included.

Importing this module imports Numba.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit, types
from numba.extending import intrinsic

__all__ = ["exp", "tanh"]

_compiled = njit(error_model="numpy", nogil=True)

_PER_LN2 = 1.4426950408889634
_LN2, _LN2_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # n · _LN2 is exact
_WHOLE = 1.5 * 2.0**52  # added and subtracted again it leaves the nearest whole number
_BIASED = 2.0**52 + 1023.0  # added to n it leaves the exponent of 2ⁿ in the lowest bits
_C = [1.0 / math.factorial(k) for k in range(14)]
_2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13 = _C[2:]


def _same_bits(to: Any) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]
    def cast(context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.bitcast(args[0], context.get_value_type(to))

        return to(x), generate

    return cast


_bits, _double = _same_bits(types.int64), _same_bits(types.float64)


@_compiled
def _power_of_2(n):  # type: ignore[no-untyped-def]
    """2ⁿ for a whole n from −1022 to 1023."""
    return _double(_bits(n + _BIASED) << 52)


@_compiled
def _parts(x):  # type: ignore[no-untyped-def]
    """n and eʳ − 1 of x = n ln 2 + r."""
    n = (x * _PER_LN2 + _WHOLE) - _WHOLE
    r = (x - n * _LN2) - n * _LN2_REST
    s = r * r
    high = (_8 + r * _9) + s * ((_10 + r * _11) + s * (_12 + r * _13))
    return n, r + s * ((_2 + r * _3) + s * ((_4 + r * _5) + s * ((_6 + r * _7) + s * high)))


@_compiled
def exp(x):  # type: ignore[no-untyped-def]
    x = 710.0 if x > 710.0 else x  # ∞ from there on
    x = -750.0 if x < -750.0 else x  # and 0
    n, more = _parts(x)
    half = (n * 0.5 + _WHOLE) - _WHOLE  # as 2ⁿ itself may be no double
    return (1.0 + more) * _power_of_2(half) * _power_of_2(n - half)


@_compiled
def tanh(x):  # type: ignore[no-untyped-def]
    """(1 − e^−2|x|) / (1 + e^−2|x|), with the sign of x."""
    y = -2.0 * abs(x)
    y = -50.0 if y < -50.0 else y
    n, more = _parts(y)
    power = _power_of_2(n)
    y = power * more + (power - 1.0)  # e^y − 1
    return math.copysign(y / (2.0 + y), x)
