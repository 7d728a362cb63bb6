"""The one function that Numba compiles: `go_through` goes through rows of numbers, each of them one operation.

A row is a few 64-bit words: what to do (an opcode), and the addresses of doubles, lengths and strides to do it with.
Nothing is compiled for a program: programs are rows, and rows are data (`native.py` writes them). These are the forms:

========  ==========================================================================================
form      words, after the opcode
========  ==========================================================================================
scalar    out, a, b, c: one of the `ELEMENTWISE` operations on one number each; the opcode is the operation
RUN       a scalar operation, many times: one word with RUN + the operation, and how many above the lowest 32 bits;
          for each out, a, b, c of 32 bits
LINE      Σ a · b + c likewise: one word with LINE, and how many; out, c of 32 bits; for each product a, b of 32 bits
VECTOR    operation, three lengths, and (address, three strides) of out, a, b, c: the same on arrays
SUM, PEAK three lengths, and (address, three strides) of out and a: Σ or max over the axes on which out has stride 0
PRODUCT   loops l and l′, m, n, k; (address, strides of l, l′, and of its own two axes) of out, a, b: matrix products,
          or sums of them along the loops on which out has stride 0; 1 to add them to what is in out
GATHER    out, source, row numbers, how many, width; strides of a row of out, of a row and of a column of the source
SCATTER   adjoint, x, row numbers, how many, width, stride of a row of the adjoint; 1 to clear those rows first, 2 to
          do only that
TAKE      out, source, indices, where each lane's begin, table, where each lane's begins, lanes, samples, stride of the
          indices, length of a table, whether the source has samples: out = source[table[index]]
GIVE      the same, and out is added to the source
DOT       length of the row, out, bias and its stride, n, samples; n × (a, its stride, b, its stride): Σ a · b + bias
SPREAD    length of the row, δ and its stride, n, samples; n × (target, its stride, factor, its stride): δ · factor is
          added to each target
========  ==========================================================================================

What has 32 bits is a place: twice how many doubles it is from the base, which is given to `go_through`.

Lengths and strides count doubles; a stride of 0 is a broadcast. Arithmetic is IEEE's, as NumPy's: nothing is reordered
by the compiler but the terms of long sums, once for all when the loop is compiled, so the same rows give the same
numbers at every run. Conditions are 1 and 0.

Importing this module imports Numba, and compiles nothing: `compiled.py` does that, once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from autograd.compiler.elementary import exp, tanh

__all__ = ["ELEMENTWISE", "go_through", "scalar_row"]

ELEMENTWISE = (
    "copy", "negative", "absolute", "square", "sqrt", "reciprocal",
    "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
    "sinh", "cosh", "tanh", "erf", "erfc", "log2", "log10", "cbrt",
    "add", "subtract", "multiply", "divide", "maximum", "minimum", "copysign", "power",
    "arctan2", "hypot", "remainder", "floor_divide",
    "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    "add_to", "multiply_add", "select",
    "product_plus", "product_less", "less_product", "sin_and_cos", "logistic", "logistic_slope", "tanh_slope",
    "quotient_slopes",
)  # fmt: skip
"""The operations on numbers; the opcode of one is its place here. After those of NumPy: out += a; out += a · b; a where
c is not 0, b elsewhere. The others are of the scalar form alone: a · b + c, a · b − c, c − a · b; the sine and
the cosine; and what several rows would be (`SEVERAL`). Results beside the first go where the words of operands end."""

(
    COPY, NEGATIVE, ABSOLUTE, SQUARE, SQRT, RECIPROCAL,
    EXP, EXPM1, LOG, LOG1P, SIN, COS, TAN, ARCSIN, ARCCOS, ARCTAN,
    SINH, COSH, TANH, ERF, ERFC, LOG2, LOG10, CBRT,
    ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, COPYSIGN, POWER,
    ARCTAN2, HYPOT, REMAINDER, FLOOR_DIVIDE,
    LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL,
    ADD_TO, MULTIPLY_ADD, SELECT,
    PRODUCT_PLUS, PRODUCT_LESS, LESS_PRODUCT, SIN_AND_COS, LOGISTIC, LOGISTIC_SLOPE, TANH_SLOPE,
    QUOTIENT_SLOPES,
) = range(len(ELEMENTWISE))  # fmt: skip
VECTOR, SUM, PEAK, PRODUCT, GATHER, SCATTER, TAKE, GIVE, DOT, SPREAD = range(len(ELEMENTWISE), len(ELEMENTWISE) + 10)
LINE, RUN = 127, 128
LONG = 64  # numbers, from which on the compiler's way of adding them up is the quicker one

SCALAR_WORDS, VECTOR_WORDS, REDUCE_WORDS, PRODUCT_WORDS, GATHER_WORDS, SCATTER_WORDS, TAKE_WORDS = (
    5, 21, 12, 22, 9, 8, 12,
)  # fmt: skip
"""How long rows are; those of DOT and SPREAD say it themselves."""

_compiled = njit(error_model="numpy", nogil=True)  # 1/0 is inf, as everywhere in a compiled program
_in_any_order = njit(error_model="numpy", nogil=True, fastmath={"reassoc"})  # of sums; the machine chooses, for good


def _pointer_to(kind: Any) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]
    def pointer(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(types.CPointer(kind)))

        return types.CPointer(kind)(types.int64), generate

    return pointer


doubles, words, halves = _pointer_to(types.float64), _pointer_to(types.int64), _pointer_to(types.int32)
"""An address as something that has elements."""


@intrinsic  # type: ignore[untyped-decorator]
def address(context: Any, pointer: Any) -> Any:
    """Where something that has elements begins."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], context.get_value_type(types.int64))

    return types.int64(pointer), generate


RESULTS = tuple({SIN_AND_COS: 2, LOGISTIC: 3, QUOTIENT_SLOPES: 2}.get(k, 1) for k in range(len(ELEMENTWISE)))
"""How many results each operation has."""

SEVERAL: tuple[tuple[int, tuple[tuple[int, tuple[Any, ...]], ...], tuple[int, ...], str], ...] = (
    (
        LOGISTIC,  # e^min(x, 0) / (1 + e^−|x|)
        ((COPYSIGN, ("x", -1.0)), (EXP, (0,)), (MINIMUM, ("x", 0.0)), (EXP, (2,)), (ADD, (1.0, 1)), (DIVIDE, (3, 4))),
        (5, 1, 4),
        "x",
    ),
    (
        LOGISTIC_SLOPE,  # e / d², of an e and a d that the above has left
        ((SQUARE, ("d",)), (DIVIDE, ("e", 0))),
        (1,),
        "ed",
    ),
    (
        TANH_SLOPE,  # 4 e^−2|x| / (1 + e^−2|x|)²
        (
            (COPYSIGN, ("x", -1.0)), (MULTIPLY, (0, 2.0)), (EXP, (1,)), (MULTIPLY, (2, 4.0)), (ADD, (1.0, 2)),
            (SQUARE, (4,)), (DIVIDE, (3, 5)),
        ),
        (6,),
        "x",
    ),
    (
        QUOTIENT_SLOPES,  # of y = a / b: 1 / b and −y / b
        ((RECIPROCAL, ("b",)), (NEGATIVE, ("y",)), (DIVIDE, (1, "b"))),
        (0, 2),
        "by",
    ),
)  # fmt: skip
"""Operations that do, to the last bit, what several do one after the other: the opcode; those others, with operands
that are letters, numbers, or how-manieth of them they are the result of; which of their results it gives; its operands.
What is in between is not kept: it takes longer to read a row than to do what it says."""

AS_PRODUCT_PLUS: dict[int, Any] = {
    MULTIPLY: lambda out, a, b: (a, b, -0.0),
    SQUARE: lambda out, a: (a, a, -0.0),
    ADD: lambda out, a, b: (a, 1.0, b),
    SUBTRACT: lambda out, a, b: (b, -1.0, a),
    NEGATIVE: lambda out, a: (a, -1.0, -0.0),
    COPY: lambda out, a: (a, 1.0, -0.0),
    MULTIPLY_ADD: lambda out, a, b: (a, b, out),
    ADD_TO: lambda out, a: (a, 1.0, out),
}


def scalar_row(opcode: int, out: Any, operands: Sequence[Any]) -> list[Any]:
    """The scalar row of an operation: an opcode, and places or numbers.

    Most are written as a · b + c, which gives the same to the last bit: what a processor guesses wrong is which
    operation comes next, and a wrong guess costs it as much as ten multiplications.
    """
    if opcode in AS_PRODUCT_PLUS:
        opcode, operands = PRODUCT_PLUS, AS_PRODUCT_PLUS[opcode](out, *operands)
    return [opcode, out, *operands, *[out] * (3 - len(operands))]


# ── one operation along one axis ──────────────────────────────────────────────────────────────


def _unary(f: Any) -> Any:
    """The loop for a function of a number."""
    f = _compiled(f)

    @_compiled
    def line(n, out, so, a, sa):  # type: ignore[no-untyped-def]
        if so == sa and address(out) == address(a):  # in place: else it would be taken for an overlap, one by one
            for i in range(n):
                out[i * so] = f(out[i * so])
        else:
            for i in range(n):
                out[i * so] = f(a[i * sa])

    return line


def _binary(f: Any) -> Any:
    """The loop for a function of two numbers; where one does not change, it is read once."""
    f = _compiled(f)

    @_compiled
    def line(n, out, so, a, sa, b, sb):  # type: ignore[no-untyped-def]
        if sb == 0:
            y = b[0]
            for i in range(n):
                out[i * so] = f(a[i * sa], y)
        elif sa == 0:
            x = a[0]
            for i in range(n):
                out[i * so] = f(x, b[i * sb])
        else:
            for i in range(n):
                out[i * so] = f(a[i * sa], b[i * sb])

    return line


@_compiled
def _maximum(x, y):  # type: ignore[no-untyped-def]
    return x if x >= y or x != x else y  # NaN if either is


@_compiled
def _minimum(x, y):  # type: ignore[no-untyped-def]
    return x if x <= y or x != x else y


_copies, _negatives = _unary(lambda x: x), _unary(lambda x: -x)
_absolutes, _squares = _unary(lambda x: abs(x)), _unary(lambda x: x * x)
_roots, _reciprocals = _unary(lambda x: math.sqrt(x)), _unary(lambda x: 1.0 / x)
_sums, _differences = _binary(lambda x, y: x + y), _binary(lambda x, y: x - y)
_products, _quotients = _binary(lambda x, y: x * y), _binary(lambda x, y: x / y)
_maxima, _minima = _binary(lambda x, y: _maximum(x, y)), _binary(lambda x, y: _minimum(x, y))
_less = _binary(lambda x, y: 1.0 if x < y else 0.0)
_less_or_equal = _binary(lambda x, y: 1.0 if x <= y else 0.0)
_exponentials, _tangents = _unary(lambda x: exp(x)), _unary(lambda x: tanh(x))
_signs = _binary(lambda x, y: math.copysign(x, y))


@_compiled
def _function(kind, x):  # type: ignore[no-untyped-def]
    """The elementary functions that take longer than a choice between them."""
    if kind == EXP:
        return exp(x)
    if kind == EXPM1:
        return math.expm1(x)
    if kind == LOG:
        return math.log(x)
    if kind == LOG1P:
        return math.log1p(x)
    if kind == SIN:
        return math.sin(x)
    if kind == COS:
        return math.cos(x)
    if kind == TAN:
        return math.tan(x)
    if kind == ARCSIN:
        return math.asin(x)
    if kind == ARCCOS:
        return math.acos(x)
    if kind == ARCTAN:
        return math.atan(x)
    if kind == SINH:
        return math.sinh(x)
    if kind == COSH:
        return math.cosh(x)
    if kind == TANH:
        return tanh(x)
    if kind == ERF:
        return math.erf(x)
    if kind == ERFC:
        return math.erfc(x)
    if kind == LOG2:
        return math.log2(x)
    if kind == LOG10:
        return math.log10(x)
    if not 0.0 < abs(x) < math.inf:
        return x  # Numba's may lose the sign of −0
    y = np.cbrt(x)  # some last digits are wrong: with a step of Newton's one may be
    return y - (y - x / (y * y)) / 3


@_compiled
def _choices(n, out, so, a, sa, b, sb, c, sc):  # type: ignore[no-untyped-def]
    """a where c is not 0, b elsewhere; both are read, and once if they do not change: several are chosen at once."""
    if sa == 0 and sb == 0:
        x, y = a[0], b[0]
        for i in range(n):
            out[i * so] = x if c[i * sc] != 0.0 else y
    elif sa == 0:
        x = a[0]
        for i in range(n):
            y = b[i * sb]
            out[i * so] = x if c[i * sc] != 0.0 else y
    elif sb == 0:
        y = b[0]
        for i in range(n):
            x = a[i * sa]
            out[i * so] = x if c[i * sc] != 0.0 else y
    else:
        for i in range(n):
            x, y = a[i * sa], b[i * sb]
            out[i * so] = x if c[i * sc] != 0.0 else y


@_compiled
def _remainder(x, y):  # type: ignore[no-untyped-def]
    """x % y as Python and NumPy have it: with the sign of y."""
    rest = np.fmod(x, y) if y != 0.0 else math.nan
    if rest == 0.0:
        return math.copysign(0.0, y)
    return rest + y if (rest < 0.0) != (y < 0.0) else rest


@_compiled
def _floor_divide(x, y):  # type: ignore[no-untyped-def]
    """x // y as they have it: where x / y is rounded up to a whole number, that is one too many."""
    if y == 0.0:
        return x / y
    rest = np.fmod(x, y)
    whole = (x - rest) / y
    if rest != 0.0 and (rest < 0.0) != (y < 0.0):
        whole -= 1.0
    if whole == 0.0:
        return math.copysign(0.0, x / y)
    down = np.floor(whole)
    return down + 1.0 if whole - down > 0.5 else down


@_compiled
def _of_two(kind, x, y):  # type: ignore[no-untyped-def]
    """Comparisons, powers and the other functions of two."""
    if kind == LESS:
        return 1.0 if x < y else 0.0
    if kind == LESS_EQUAL:
        return 1.0 if x <= y else 0.0
    if kind == GREATER:
        return 1.0 if x > y else 0.0
    if kind == GREATER_EQUAL:
        return 1.0 if x >= y else 0.0
    if kind == EQUAL:
        return 1.0 if x == y else 0.0
    if kind == NOT_EQUAL:
        return 1.0 if x != y else 0.0
    if kind == ARCTAN2:
        return math.atan2(x, y)
    if kind == HYPOT:
        return math.hypot(x, y)
    if kind == REMAINDER:
        return _remainder(x, y)
    if kind == FLOOR_DIVIDE:
        return _floor_divide(x, y)
    return x**y


@_compiled
def _line(kind, n, out, so, a, sa, b, sb, c, sc):  # type: ignore[no-untyped-def]
    """An elementwise operation along one axis."""
    if kind == MULTIPLY:
        _products(n, out, so, a, sa, b, sb)
    elif kind == ADD:
        _sums(n, out, so, a, sa, b, sb)
    elif kind == COPY:
        _copies(n, out, so, a, sa)
    elif kind == ADD_TO:
        for i in range(n):
            out[i * so] += a[i * sa]
    elif kind == MULTIPLY_ADD:
        if sb == 0:
            y = b[0]
            for i in range(n):
                out[i * so] += a[i * sa] * y
        else:
            for i in range(n):
                out[i * so] += a[i * sa] * b[i * sb]
    elif kind == SUBTRACT:
        _differences(n, out, so, a, sa, b, sb)
    elif kind == DIVIDE:
        _quotients(n, out, so, a, sa, b, sb)
    elif kind == NEGATIVE:
        _negatives(n, out, so, a, sa)
    elif kind == ABSOLUTE:
        _absolutes(n, out, so, a, sa)
    elif kind == SQUARE:
        _squares(n, out, so, a, sa)
    elif kind == SQRT:
        _roots(n, out, so, a, sa)
    elif kind == RECIPROCAL:
        _reciprocals(n, out, so, a, sa)
    elif kind == MAXIMUM:
        _maxima(n, out, so, a, sa, b, sb)
    elif kind == MINIMUM:
        _minima(n, out, so, a, sa, b, sb)
    elif kind == LESS:
        _less(n, out, so, a, sa, b, sb)
    elif kind == GREATER:
        _less(n, out, so, b, sb, a, sa)
    elif kind == LESS_EQUAL:
        _less_or_equal(n, out, so, a, sa, b, sb)
    elif kind == GREATER_EQUAL:
        _less_or_equal(n, out, so, b, sb, a, sa)
    elif kind == EXP:
        _exponentials(n, out, so, a, sa)
    elif kind == TANH:
        _tangents(n, out, so, a, sa)
    elif kind == COPYSIGN:
        _signs(n, out, so, a, sa, b, sb)
    elif kind == SELECT:
        _choices(n, out, so, a, sa, b, sb, c, sc)
    elif kind < ADD:
        for i in range(n):
            out[i * so] = _function(kind, a[i * sa])
    else:
        for i in range(n):
            out[i * so] = _of_two(kind, a[i * sa], b[i * sb])


# ── sums, maxima, matrix products ─────────────────────────────────────────────────────────────


@_in_any_order
def _long_sum(n, a):  # type: ignore[no-untyped-def]
    s = a[0]
    for i in range(1, n):
        s += a[i]
    return s


@_in_any_order
def _long_product(n, a, b):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(n):
        s += a[i] * b[i]
    return s


@_compiled
def _sum(n, a, sa):  # type: ignore[no-untyped-def]
    """Σ a, in four sums that do not wait for each other; of many numbers side by side, in as many as there may be."""
    if sa == 1 and n >= LONG:
        return _long_sum(n, a)
    s, t, u, v = a[0], 0.0, 0.0, 0.0
    if n < 4:
        for i in range(1, n):
            s += a[i * sa]
        return s
    t, u, v = a[sa], a[2 * sa], a[3 * sa]
    i = 4
    while i + 3 < n:
        s += a[i * sa]
        t += a[(i + 1) * sa]
        u += a[(i + 2) * sa]
        v += a[(i + 3) * sa]
        i += 4
    while i < n:
        s += a[i * sa]
        i += 1
    return (s + t) + (u + v)


@_compiled
def _peak(n, a, sa):  # type: ignore[no-untyped-def]
    s = a[0]
    for i in range(1, n):
        s = _maximum(s, a[i * sa])
    return s


@_compiled
def _dot(n, a, sa, b, sb):  # type: ignore[no-untyped-def]
    """Σ a · b, likewise."""
    if sa == 1 and sb == 1 and n >= LONG:
        return _long_product(n, a, b)
    s, t, u, v = 0.0, 0.0, 0.0, 0.0
    i = 0
    if sa == 1 and sb == 1:
        s1, t1, u1, v1 = 0.0, 0.0, 0.0, 0.0
        while i + 7 < n:
            s += a[i] * b[i]
            t += a[i + 1] * b[i + 1]
            u += a[i + 2] * b[i + 2]
            v += a[i + 3] * b[i + 3]
            s1 += a[i + 4] * b[i + 4]
            t1 += a[i + 5] * b[i + 5]
            u1 += a[i + 6] * b[i + 6]
            v1 += a[i + 7] * b[i + 7]
            i += 8
        s, t, u, v = s + s1, t + t1, u + u1, v + v1
    while i + 3 < n:
        s += a[i * sa] * b[i * sb]
        t += a[(i + 1) * sa] * b[(i + 1) * sb]
        u += a[(i + 2) * sa] * b[(i + 2) * sb]
        v += a[(i + 3) * sa] * b[(i + 3) * sb]
        i += 4
    while i < n:
        s += a[i * sa] * b[i * sb]
        i += 1
    return (s + t) + (u + v)


@_compiled
def _reduce(op, w):  # type: ignore[no-untyped-def]
    n0, n1, n2 = w[1], w[2], w[3]
    s0, s1, s2 = w[5], w[6], w[7]
    for i in range(n0):
        for j in range(n1):
            out = doubles(w[4] + 8 * (i * s0 + j * s1))
            a = doubles(w[8] + 8 * (i * w[9] + j * w[10]))
            first = (s0 != 0 or i == 0) and (s1 != 0 or j == 0)
            if s2 != 0:
                if first:
                    _copies(n2, out, s2, a, w[11])
                elif op == SUM:
                    for k in range(n2):
                        out[k * s2] += a[k * w[11]]
                else:
                    for k in range(n2):
                        out[k * s2] = _maximum(out[k * s2], a[k * w[11]])
            else:
                x = _sum(n2, a, w[11]) if op == SUM else _peak(n2, a, w[11])
                if first:
                    out[0] = x
                elif op == SUM:
                    out[0] += x
                else:
                    out[0] = _maximum(out[0], x)


@_compiled
def _product(m, n, k, out, om, on, a, am, ak, b, bk, bn, adds):  # type: ignore[no-untyped-def]
    """out[m, n] = Σ_k a[m, k] b[k, n], or out += that."""
    if on == 1 and bn == 1 and n > 1:
        for i in range(m):
            row = doubles(address(out) + 8 * i * om)
            if not adds:
                for j in range(n):
                    row[j] = 0.0
            l = 0  # noqa: E741
            while l + 3 < k:
                x0, x1, x2, x3 = (
                    a[i * am + l * ak],
                    a[i * am + (l + 1) * ak],
                    a[i * am + (l + 2) * ak],
                    a[i * am + (l + 3) * ak],
                )
                b0 = doubles(address(b) + 8 * l * bk)
                for j in range(n):
                    row[j] += (x0 * b0[j] + x1 * b0[j + bk]) + (x2 * b0[j + 2 * bk] + x3 * b0[j + 3 * bk])
                l += 4  # noqa: E741
            b0 = doubles(address(b) + 8 * l * bk)
            x0 = a[i * am + l * ak] if l < k else 0.0
            x1 = a[i * am + (l + 1) * ak] if l + 1 < k else 0.0
            if l + 2 < k:
                x2 = a[i * am + (l + 2) * ak]
                for j in range(n):
                    row[j] += (x0 * b0[j] + x1 * b0[j + bk]) + x2 * b0[j + 2 * bk]
            elif l + 1 < k:
                for j in range(n):
                    row[j] += x0 * b0[j] + x1 * b0[j + bk]
            elif l < k:
                for j in range(n):
                    row[j] += x0 * b0[j]
    else:
        for i in range(m):
            for j in range(n):
                x = _dot(k, doubles(address(a) + 8 * i * am), ak, doubles(address(b) + 8 * j * bn), bk)
                if adds:
                    x += out[i * om + j * on]
                out[i * om + j * on] = x


@_compiled
def _product_of_each(many, m, n, k, out, om, on, a, am, ak, b, bk, bn, adds):  # type: ignore[no-untyped-def]
    """The same of matrices of which many lie in one another, number beside number."""
    for i in range(m):
        for j in range(n):
            row = doubles(address(out) + 8 * (i * om + j * on))
            if not adds:
                for s in range(many):
                    row[s] = 0.0
            at_a, at_b = address(a) + 8 * i * am, address(b) + 8 * j * bn
            l = 0  # noqa: E741
            while l + 3 < k:
                a0, b0 = doubles(at_a + 8 * l * ak), doubles(at_b + 8 * l * bk)
                a1, b1 = doubles(at_a + 8 * (l + 1) * ak), doubles(at_b + 8 * (l + 1) * bk)
                a2, b2 = doubles(at_a + 8 * (l + 2) * ak), doubles(at_b + 8 * (l + 2) * bk)
                a3, b3 = doubles(at_a + 8 * (l + 3) * ak), doubles(at_b + 8 * (l + 3) * bk)
                for s in range(many):
                    row[s] += (a0[s] * b0[s] + a1[s] * b1[s]) + (a2[s] * b2[s] + a3[s] * b3[s])
                l += 4  # noqa: E741
            while l < k:
                a0, b0 = doubles(at_a + 8 * l * ak), doubles(at_b + 8 * l * bk)
                for s in range(many):
                    row[s] += a0[s] * b0[s]
                l += 1  # noqa: E741


@_compiled
def _products_of(w):  # type: ignore[no-untyped-def]
    if w[8] == w[13] == w[18] == 1 and w[2] > 4:
        for i in range(w[1]):
            out, a, b = doubles(w[6] + 8 * i * w[7]), doubles(w[11] + 8 * i * w[12]), doubles(w[16] + 8 * i * w[17])
            adds = w[21] != 0 or (w[7] == 0 and i > 0)
            _product_of_each(w[2], w[3], w[4], w[5], out, w[9], w[10], a, w[14], w[15], b, w[19], w[20], adds)
        return
    for i in range(w[1]):
        for j in range(w[2]):
            out = doubles(w[6] + 8 * (i * w[7] + j * w[8]))
            a = doubles(w[11] + 8 * (i * w[12] + j * w[13]))
            b = doubles(w[16] + 8 * (i * w[17] + j * w[18]))
            adds = w[21] != 0 or (w[7] == 0 and i > 0) or (w[8] == 0 and j > 0)
            _product(w[3], w[4], w[5], out, w[9], w[10], a, w[14], w[15], b, w[19], w[20], adds)


@_compiled
def _gather(w):  # type: ignore[no-untyped-def]
    rows = words(w[3])
    for i in range(w[4]):
        _copies(w[5], doubles(w[1] + 8 * i * w[6]), 1, doubles(w[2] + 8 * rows[i] * w[7]), w[8])


@_compiled
def _scatter(w):  # type: ignore[no-untyped-def]
    rows, width = words(w[3]), w[5]
    if w[7]:
        for i in range(w[4]):
            adjoint = doubles(w[1] + 8 * rows[i] * w[6])
            for j in range(width):
                adjoint[j] = 0.0
    if w[7] == 2:
        return
    for i in range(w[4]):
        adjoint, x = doubles(w[1] + 8 * rows[i] * w[6]), doubles(w[2] + 8 * i * width)
        for j in range(width):
            adjoint[j] += x[j]


@_compiled
def _take(op, w):  # type: ignore[no-untyped-def]
    out, source, indices, begins = doubles(w[1]), doubles(w[2]), doubles(w[3]), words(w[4])
    table, tables = words(w[5]), words(w[6])
    for lane in range(w[7]):
        for sample in range(w[8]):
            index = indices[begins[lane] + sample * w[9]]
            chosen = 0  # whoever calls has seen that the index is one; here it only must not leave the table
            if index >= 0:
                chosen = int(min(index, w[10] - 1.0))
            place = table[tables[lane] + chosen] + sample * w[11]
            if op == TAKE:
                out[lane * w[8] + sample] = source[place]
            else:
                source[place] += out[lane * w[8] + sample]


@_compiled
def _vector(w):  # type: ignore[no-untyped-def]
    kind = w[1]
    for i in range(w[2]):
        for j in range(w[3]):
            out = doubles(w[5] + 8 * (i * w[6] + j * w[7]))
            a = doubles(w[9] + 8 * (i * w[10] + j * w[11]))
            b = doubles(w[13] + 8 * (i * w[14] + j * w[15]))
            c = doubles(w[17] + 8 * (i * w[18] + j * w[19]))
            _line(kind, w[4], out, w[8], a, w[12], b, w[16], c, w[20])


@_compiled
def _long_dot(w):  # type: ignore[no-untyped-def]
    out, bias, n, samples = doubles(w[2]), doubles(w[3]), w[5], w[6]
    _copies(samples, out, 1, bias, w[4])
    for k in range(7, 7 + 4 * n, 4):
        a, b = doubles(w[k]), doubles(w[k + 2])
        if w[k + 1] == 0:
            _line(MULTIPLY_ADD, samples, out, 1, b, w[k + 3], a, 0, a, 0)
        else:
            _line(MULTIPLY_ADD, samples, out, 1, a, 1, b, w[k + 3], a, 0)


@_compiled
def _spread(w):  # type: ignore[no-untyped-def]
    delta, n, samples = doubles(w[2]), w[4], w[5]
    for k in range(6, 6 + 4 * n, 4):
        target, factor = doubles(w[k]), doubles(w[k + 2])
        if w[k + 1] == 0:
            target[0] += _dot(samples, delta, w[3], factor, w[k + 3])
        else:
            _line(MULTIPLY_ADD, samples, target, 1, delta, w[3], factor, w[k + 3], factor, 0)


# ── the loop ──────────────────────────────────────────────────────────────────────────────────


@_compiled
def _scalar(op, a, b, c):  # type: ignore[no-untyped-def]
    """The result of a scalar operation that has one."""
    if op == PRODUCT_PLUS:
        return a * b + c
    if op == PRODUCT_LESS:
        return a * b - c
    if op == LESS_PRODUCT:
        return c - a * b
    if op == DIVIDE:
        return a / b
    if op == SQRT:
        return math.sqrt(a)
    if op == ABSOLUTE:
        return abs(a)
    if op == RECIPROCAL:
        return 1.0 / a
    if op == COPYSIGN:
        return math.copysign(a, b)
    if op == MAXIMUM:
        return _maximum(a, b)
    if op == MINIMUM:
        return _minimum(a, b)
    if op == SELECT:
        return a if c != 0.0 else b
    if op == EXP:
        return exp(a)
    if op == SIN:
        return math.sin(a)
    if op == COS:
        return math.cos(a)
    if op == TANH:
        return tanh(a)
    if op < ADD:
        return _function(op, a)
    return _of_two(op, a, b)


@_compiled
def _alone(op, out, a, b, c):  # type: ignore[no-untyped-def]
    """A scalar operation; words that are no operands are the place of the result."""
    if op == SIN_AND_COS:
        x = a[0]
        out[0], b[0] = math.sin(x), math.cos(x)
    elif op == LOGISTIC:
        x = a[0]
        e = exp(-abs(x))
        d = 1.0 + e
        out[0], b[0], c[0] = (e if x < 0.0 else 1.0) / d, e, d
    elif op == LOGISTIC_SLOPE:
        d = b[0]
        out[0] = a[0] / (d * d)
    elif op == QUOTIENT_SLOPES:
        d = a[0]
        out[0], c[0] = 1.0 / d, -b[0] / d
    elif op == TANH_SLOPE:
        e = exp(-abs(a[0]) * 2.0)
        d = 1.0 + e
        out[0] = e * 4.0 / (d * d)
    else:
        out[0] = _scalar(op, a[0], b[0], c[0])


@_compiled
def _at(base, place):  # type: ignore[no-untyped-def]
    return doubles(base + 4 * types.int64(place))


def _many(op: Any) -> Any:
    """The loop for runs of an operation; of all of them, for None."""

    @_compiled
    def loop(kind, code, end, base):  # type: ignore[no-untyped-def]
        while code < end:
            r = halves(code)
            _alone(kind if op is None else op, _at(base, r[0]), _at(base, r[1]), _at(base, r[2]), _at(base, r[3]))
            code += 16

    return loop


_many_products, _many_quotients, _many_choices = _many(PRODUCT_PLUS), _many(DIVIDE), _many(SELECT)
_many_products_less, _many_less_products = _many(PRODUCT_LESS), _many(LESS_PRODUCT)
_many_exponentials, _many_tangents, _many_slopes_of_tangents = _many(EXP), _many(TANH), _many(TANH_SLOPE)
_many_logistics, _many_slopes_of_logistics = _many(LOGISTIC), _many(LOGISTIC_SLOPE)
_many_slopes_of_quotients = _many(QUOTIENT_SLOPES)
_many_maxima, _many_minima, _many_less, _many_greater = _many(MAXIMUM), _many(MINIMUM), _many(LESS), _many(GREATER)
_many_others = _many(None)


@_compiled
def _run(op, code, end, base):  # type: ignore[no-untyped-def]
    """The same scalar operation many times: the most usual ones in loops of their own."""
    if op == PRODUCT_PLUS:
        _many_products(op, code, end, base)
    elif op == LESS_PRODUCT:
        _many_less_products(op, code, end, base)
    elif op == PRODUCT_LESS:
        _many_products_less(op, code, end, base)
    elif op == DIVIDE:
        _many_quotients(op, code, end, base)
    elif op == SELECT:
        _many_choices(op, code, end, base)
    elif op == EXP:
        _many_exponentials(op, code, end, base)
    elif op == TANH:
        _many_tangents(op, code, end, base)
    elif op == TANH_SLOPE:
        _many_slopes_of_tangents(op, code, end, base)
    elif op == LOGISTIC:
        _many_logistics(op, code, end, base)
    elif op == LOGISTIC_SLOPE:
        _many_slopes_of_logistics(op, code, end, base)
    elif op == QUOTIENT_SLOPES:
        _many_slopes_of_quotients(op, code, end, base)
    elif op == MAXIMUM:
        _many_maxima(op, code, end, base)
    elif op == MINIMUM:
        _many_minima(op, code, end, base)
    elif op == LESS:
        _many_less(op, code, end, base)
    elif op == GREATER:
        _many_greater(op, code, end, base)
    else:
        _many_others(op, code, end, base)


def go_through(code, end, base):  # type: ignore[no-untyped-def]
    """Execute the rows from one address to another; places are counted from the base."""
    while code < end:
        w = words(code)
        op = w[0]
        if op >= LINE:
            many = op >> 32
            op = (op & 0xFFFFFFFF) - RUN
            code += 8
            if op >= 0:
                following = code + 16 * many
                _run(op, code, following, base)
            else:
                following = code + 8 + 8 * many
                r = halves(code)
                s = _at(base, r[1])[0]
                for k in range(2, 2 + 2 * many, 2):
                    s += _at(base, r[k])[0] * _at(base, r[k + 1])[0]
                _at(base, r[0])[0] = s
            code = following
        elif op < VECTOR:
            _alone(op, doubles(w[1]), doubles(w[2]), doubles(w[3]), doubles(w[4]))
            code += 8 * SCALAR_WORDS
        elif op == VECTOR:
            _vector(w)
            code += 8 * VECTOR_WORDS
        elif op == PRODUCT:
            _products_of(w)
            code += 8 * PRODUCT_WORDS
        elif op == DOT:
            _long_dot(w)
            code += 8 * w[1]
        elif op == SPREAD:
            _spread(w)
            code += 8 * w[1]
        elif op in (TAKE, GIVE):
            _take(op, w)
            code += 8 * TAKE_WORDS
        elif op == GATHER:
            _gather(w)
            code += 8 * GATHER_WORDS
        elif op == SCATTER:
            _scatter(w)
            code += 8 * SCATTER_WORDS
        else:
            _reduce(op, w)
            code += 8 * REDUCE_WORDS
