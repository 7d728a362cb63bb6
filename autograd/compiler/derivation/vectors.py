"""A formula with indices as one of whole arrays, where that says the same: W x for Σₖ W[i, k] x[k].

>>> i, k = letter("i"), letter("k")
>>> W, x = Element("W", (3, 2), (i, k)), Element("x", (2,), (k,))
>>> vectors(Reduction("Σ", ("k",), times(W, x)), ["i"], {"i": 3, "k": 2})
MatrixProduct(left=Name(name='W'), right=Name(name='x'))
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from autograd.compiler.derivation.indices import Index, letter
from autograd.compiler.derivation.terms import (
    Element,
    Hadamard,
    MatrixProduct,
    Reduction,
    Slice,
    Transposed,
    factored,
    letters,
    scaled,
    times,
)
from autograd.formulas.terms import Call, Formula, Name, Negative, Product, Term, parts, with_parts

__all__ = ["NoVectorsError", "takes_all_that_follows", "vectors"]


class NoVectorsError(Exception):
    """The formula cannot be written without indices; the line is then written with them."""


def vectors(term: Term, axes: Sequence[str], ranges: dict[str, int], number: bool = False) -> Term:
    """A formula of an array with these axes, without indices; or, where that may be, of one number for all of it.

    Raises:
        NoVectorsError: where that would not say the same.
    """
    whole = _Vectors(ranges).read(term, tuple(axes))
    if axes and not whole.array and not number:
        raise NoVectorsError
    return whole.term


def takes_all_that_follows(term: Term) -> bool:
    """Whether a Σ stands at the end of a term: what is written after it would be read as a part of it."""
    match term:
        case Reduction("Σ"):
            return True
        case Negative(x):
            return takes_all_that_follows(x)
        case Product(factors) | Hadamard(factors):
            return takes_all_that_follows(factors[-1])
    return False


class _Whole(NamedTuple):
    """A formula without indices, and whether it is an array."""

    term: Term
    array: bool


class _Vectors:
    """Reads formulas as those of whole arrays, in which the axes run from their beginning to their end."""

    def __init__(self, ranges: dict[str, int]) -> None:
        self.ranges = ranges

    def read(self, term: Term, axes: tuple[str, ...]) -> _Whole:
        match term:
            case Element():
                return self.element(term, axes)
            case Product() | Negative():
                return self.outer(term, axes) or self.row_times_one(term, axes) or self.product(term, axes)
            case Reduction():
                return self.reduction(term, axes)
        inside = [self.read(part, axes) for part in parts(term)]
        return _Whole(with_parts(term, [x.term for x in inside]), any(x.array for x in inside))

    # ── what has a name ───────────────────────────────────────────────────────────────────────

    def element(self, x: Element, axes: tuple[str, ...]) -> _Whole:
        if not letters(x):
            if x.shape in ((), (1,)):
                return _Whole(Name(x.name), bool(x.shape) and not axes)  # an array where there is no longer one
            return _Whole(x, False)
        if self._whole(x, axes):
            return _Whole(Name(x.name), True)
        if len(axes) == 2 and self._whole(x, axes[::-1]):
            return _Whole(Transposed(Name(x.name)), True)
        if len(axes) == 1 and len(x.at) == 1 and len(x.at[0].parts) == 1 and x.at[0].parts[0][0] == axes[0]:
            return _Whole(Slice(x.name, x.at[0].constant, x.at[0].parts[0][1], self.ranges[axes[0]]), True)
        raise NoVectorsError

    def _whole(self, x: Element, axes: Sequence[str]) -> bool:
        """Whether an element runs through the whole of what it is one of, axis by axis."""
        return x.at == tuple(map(letter, axes)) and x.shape == tuple(self.ranges[axis] for axis in axes)

    # ── products ──────────────────────────────────────────────────────────────────────────────

    def product(self, term: Term, axes: tuple[str, ...]) -> _Whole:
        number, factors = factored(term)
        return self._multiplied(number, [self.read(x, axes) for x in factors])

    def _multiplied(self, number: float, factors: Sequence[_Whole]) -> _Whole:
        """Factor after factor, numbers and signs in front: ⊙ between arrays, side by side what else is multiplied."""
        apart = [factored(x.term) for x in factors]
        number = prod([n for n, _ in apart], start=number)
        bare = [_Whole(scaled(1.0, rest), x.array) for (_, rest), x in zip(apart, factors, strict=True)]
        bare.sort(key=lambda x: takes_all_that_follows(x.term))  # a Σ comes last
        (term, array), kind = bare[0], None
        for factor in bare[1:]:
            now = Hadamard if array and factor.array else Product
            before = term.factors if isinstance(term, Hadamard | Product) and now is kind else (term,)
            term, kind = now((*before, factor.term)), now
            array = array or factor.array
        return _Whole(scaled(number, factored(term)[1]), array)

    def outer(self, term: Term, axes: tuple[str, ...]) -> _Whole | None:
        """u vᵀ, where one factor has the rows and the other the columns."""
        if len(axes) != 2:
            return None
        number, factors = factored(term)
        sides: dict[str, list[Term]] = {axis: [] for axis in axes}
        for factor in factors:
            found = letters(factor) & set(axes)
            if len(found) == 2:
                return None
            sides[found.pop() if found else axes[0]].append(factor)
        if not all(sides.values()):
            return None
        u, v = (self.product(times(*side), (axis,)) for axis, side in sides.items())
        if not (u.array and v.array):
            raise NoVectorsError
        return self._multiplied(number, [_Whole(MatrixProduct(u.term, Transposed(v.term)), True)])

    def row_times_one(self, term: Term, axes: tuple[str, ...]) -> _Whole | None:
        """(W)ᵀ δ of a matrix with one row and a vector with one element."""
        number, factors = factored(term)
        rows = [x for x in factors if self._row(x, axes)]
        ones = [x for x in factors if isinstance(x, Element) and x.shape == (1,)]
        if len(rows) != 1 or not ones or len(axes) != 1:
            return None
        rest = [self.read(x, axes) for x in factors if x is not rows[0] and x is not ones[0]]
        name = rows[0].name  # type: ignore[union-attr]
        applied = MatrixProduct(Transposed(Name(name)), Name(ones[0].name))
        return self._multiplied(number, [_Whole(applied, True), *rest])

    def _row(self, x: Term, axes: tuple[str, ...]) -> bool:
        """Whether x is the one row of a matrix."""
        return (
            isinstance(x, Element)
            and len(x.shape) == 2
            and x.shape[0] == 1
            and len(axes) == 1
            and x.at == (Index(), letter(axes[0]))
            and x.shape[1] == self.ranges[axes[0]]
        )

    # ── sums ──────────────────────────────────────────────────────────────────────────────────

    def reduction(self, term: Reduction, axes: tuple[str, ...]) -> _Whole:
        if term.name == "Σ" and len(term.axes) == 1 and isinstance(term.body, Product | Negative):
            product = self.matrix_product(term.body, term.axes[0], axes)
            if product is not None:
                return product
        if letters(term) or (term.name != "Σ" and (term.name != "logsumexp" or len(term.axes) != 1)):
            raise NoVectorsError
        body = self.read(term.body, term.axes)
        if not body.array:
            raise NoVectorsError
        return _Whole(Call(term.name, (body.term,)) if term.name != "Σ" else Reduction("Σ", (), body.term), False)

    def matrix_product(self, body: Term, k: str, axes: tuple[str, ...]) -> _Whole | None:
        """W v, of Σₖ W[i, k] v[k]; (W)ᵀ v, of Σₖ W[k, i] v[k]."""
        number, factors = factored(body)
        matrices = [x for x in factors if isinstance(x, Element) and len(x.shape) == 2 and self._matrix(x, k, axes)]
        if len(matrices) != 1:
            return None
        (matrix,) = matrices
        others = [x for x in factors if x is not matrix]
        summed = [x for x in others if k in letters(x)]
        outside = [x for x in others if k not in letters(x)]
        if not summed or any(set(axes) & letters(x) for x in summed):
            return None
        vector = self.product(times(*summed), (k,))
        if not vector.array:
            return None
        name: Formula = Name(matrix.name)
        down = axes and matrix.at == tuple(map(letter, (k, *axes)))
        applied = _Whole(MatrixProduct(Transposed(name) if down else name, vector.term), True)
        return self._multiplied(number, [applied, *(self.read(x, axes) for x in outside)])

    def _matrix(self, x: Element, k: str, axes: tuple[str, ...]) -> bool:
        if self._row(x, (k,)):
            return not axes
        return len(axes) == 1 and (self._whole(x, (axes[0], k)) or self._whole(x, (k, axes[0])))
