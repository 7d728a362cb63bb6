"""Read what was handed in: numbers of any make, lists, arrays and dictionaries of them, formulas as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

from autograd.course.running import called
from autograd.course.wrong import NOT_YET, Wrong, shown
from autograd.expression import Expression, ExpressionError
from autograd.primitives import table
from autograd.value import Value

__all__ = ["as_formula", "as_number", "is_matrix", "leaves", "part_of"]


def as_number(x: Any, what: str = "The answer") -> float:
    """A float: of a number, a `Value`, NumPy's or SymPy's number, or of text such as "3/4".

    >>> as_number("2*sin(pi/2)"), as_number(Value(1.5))
    (2.0, 1.5)
    """
    if x is ...:
        raise Wrong(NOT_YET)
    if isinstance(x, str):
        if x.strip() in _DOTS:
            raise Wrong(NOT_YET)
        try:
            expression = Expression(_as_python(x, ()))
            if expression.names and set(expression.names) != {"pi"}:
                raise Wrong(f"{what} is a number, and the formula {shown(x)} has names in it.")
            return float(expression())
        except (ExpressionError, ArithmeticError, ValueError, TypeError) as error:
            raise Wrong(f"{what} cannot be read as a number: {error}.") from None
    if isinstance(x, Value):
        return float(x.data)
    try:
        if not isinstance(x, bool) and hasattr(x, "__float__") and getattr(x, "shape", ()) == ():
            return float(x)
    except OverflowError:
        raise Wrong(f"{what} is larger than any float.") from None
    except Exception:
        pass
    raise Wrong(f"{what} is a number, and {shown(x)} was given, of type {type(x).__name__}.")


def leaves(
    given: Any, expected: Any, what: str = "the answer", names: Mapping[str, str] | None = None
) -> Iterator[tuple[str, float, float]]:
    """Each number that is expected, with what it is called and what was given for it.

    Args:
        names: what to call its parts, where they have better names: {"[0]": "∂e/∂a"}, {"['W']": "∂C/∂W"}.

    Raises:
        Wrong: where the given has another shape, or something that is no number.

    >>> list(leaves((1, [2, 3]), [1.0, [2.0, 4.0]], "J"))
    [('J[0]', 1.0, 1.0), ('J[1][0]', 2.0, 2.0), ('J[1][1]', 3.0, 4.0)]
    """
    if given is ...:
        raise Wrong(NOT_YET)
    if isinstance(expected, Mapping):
        if not isinstance(given, Mapping):
            raise Wrong(f"{_first(what)} is a dictionary, and {shown(given)} was given.")
        for key, part in expected.items():
            if key not in given:
                raise Wrong(f"{_first(what)} has no entry for {key!r}.")
            yield from leaves(given[key], part, part_of(what, key, names))
        if more := [key for key in given if key not in expected]:
            raise Wrong(f"{_first(what)} has an entry too many: {shown(more[0])}.")
    elif isinstance(expected, Sequence):
        rows = _rows(given, what)
        if any(row is ... for row in islice(rows, 100)):
            raise Wrong(NOT_YET)
        if len(rows) != len(expected):
            numbers = "rows" if is_matrix(expected) else "entry" if len(expected) == 1 else "entries"
            were = "was" if len(rows) == 1 else "were"
            raise Wrong(f"{_first(what)} has {len(expected)} {numbers}, and {len(rows)} {were} given.")
        for i, (row, part) in enumerate(zip(rows, expected, strict=True)):
            yield from leaves(row, part, part_of(what, i, names))
    else:
        yield what, as_number(given, _first(what)), float(expected)


def is_matrix(x: Any) -> bool:
    """Whether it is rows of as many numbers each."""
    if not isinstance(x, Sequence) or not x or not all(isinstance(row, Sequence) and len(row) for row in x):
        return False
    return len({len(row) for row in x}) == 1 and not any(isinstance(entry, Sequence) for row in x for entry in row)


def part_of(what: str, key: Any, names: Mapping[str, str] | None) -> str:
    """What the part with this key is called."""
    return (names or {}).get(f"[{key!r}]", f"{what}[{key!r}]")


def _rows(given: Any, what: str) -> Sequence[Any]:
    if hasattr(given, "tolist") and not isinstance(given, type):
        try:
            given = given.tolist()
        except Exception:
            given = None
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        return given
    hint = " (list(…) makes one of it)" if hasattr(given, "__next__") else ""
    raise Wrong(f"{_first(what)} is a list, and {shown(given)} was given{hint}.")


def _first(what: str) -> str:
    """As the beginning of a sentence; a name, such as gradient['a'], stays as it is."""
    return what[0].upper() + what[1:] if re.match("[a-z]+ ", what) else what


_DOTS = ("...", "…")
_MODULE = re.compile(r"\b(?:math|cmath|np|numpy|jnp|torch|sympy|sp|autograd|Value)\.(?=[a-z]\w*\s*\(|pi\b)")
_SIGMOID = re.compile(r"(?<!\w)(σ|sigma|sigm|logistic)\s*\(")
_PRIME = re.compile(r"(?<!['\"\w])[^\W\d]\w*['′]")
_KNOWN = ("ln", "arcsin", "arccos", "arctan", "atan2", "max", "min")  # to the reader, or it says what they are called
_CALLED = re.compile(r"(?<![\w.])([^\W\d]\w*)\s*\(")


_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""The signs （－＊１） of a Chinese or Japanese keyboard, and ours."""


def _as_python(text: str, names: Sequence[str]) -> str:
    """The same for the formula's reader: math.exp is exp, （ is (, and ŷ, the notebooks' name, is yhat."""
    text = _MODULE.sub("", text.translate(_FULL_WIDTH))
    if "yhat" in names:
        text = re.sub(r"\bŷ(?!\w)", "yhat", unicodedata.normalize("NFC", text))
    return text


def _instead(text: str, names: Sequence[str]) -> str:
    """What to write instead of what the formula's reader has no word for; "" if it is none of that."""
    if "\\" in text or "$" in text:
        return "LaTeX is not read: write it as in Python, such as 2*x"
    if re.search(r"(?<![<>=!])=(?!=)", text):
        return "its right side is enough: leave out the = and what stands before it"
    if _PRIME.search(text):
        return "a derivative, such as f′, has no sign here: write what it is"
    if re.search(r"\w\s*\[", text):
        return "its letters have no indices"
    if found := _SIGMOID.search(text):
        return f"{found[1]} is called sigmoid here"
    for name in _CALLED.findall(text):
        if name in table or name in _KNOWN:
            continue
        if name in names:
            return f"{name} is not a function here: for a product write {name}*(…)"
        if near := get_close_matches(name.lower(), list(table), 1, 0.7):
            return f"{name} is not a function here, but {near[0]} is"
        return f"{name} is not a function here; there are exp, log, sqrt, sin, cos, tanh, sigmoid and the like"
    return ""


def as_formula(answer: Any, names: Sequence[str]) -> Callable[..., float]:
    """A function of numbers by their names: of text, of SymPy's expression, or of a function of them in this order."""
    if answer is ...:
        raise Wrong(NOT_YET)
    if hasattr(answer, "free_symbols"):
        answer = str(answer)
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        number = as_number(answer, "The formula")
        return lambda **at: number
    if callable(answer):
        return lambda **at: as_number(called(answer, at))
    if not isinstance(answer, str):
        kind = type(answer).__name__
        raise Wrong(f"A formula in quotes is expected, or a function, and {shown(answer)} was given, of type {kind}.")
    if answer.strip() in _DOTS:
        raise Wrong(NOT_YET)
    text = _as_python(answer, names)
    try:
        expression = Expression(text)
    except ExpressionError as error:
        raise Wrong(f"The formula cannot be read: {_instead(text, names) or error}.") from None
    if strange := [name for name in expression.names if name not in names and name != "pi"]:
        power = ": an exponential is written exp(…)" if strange[0] == "e" and re.search(r"\be\s*\*\*", text) else ""
        raise Wrong(f"There is {strange[0]} in the formula{power}; its letters are {', '.join(names)}.")

    def computed(**at: float) -> float:
        where = ", ".join(f"{name} = {x:g}" for name, x in at.items())
        try:
            return float(expression(**{name: at[name] for name in expression.names if name in at}))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise Wrong(f"At {where} the formula cannot be computed: {error}.") from None

    return computed
