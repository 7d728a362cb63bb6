"""What is said of an answer that is not right: `Wrong`."""

from __future__ import annotations

import reprlib

__all__ = ["NOT_YET", "Wrong", "shown"]

NOT_YET = "There is no answer yet: put yours in the place of the dots."

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = 8
_SHORT.maxlevel = 4


class Wrong(Exception):  # noqa: N818  no error of the program: it is the verdict
    """An answer is not right; the message is the hint."""


def shown(x: object) -> str:
    """A short repr: numbers to six digits, the beginnings of what is long.

    >>> shown([1 / 3, 2.0, "a"]), shown(list(range(1000)))
    ("[0.333333, 2, 'a']", '[0, 1, 2, 3, 4, 5, 6, 7, ...]')
    """
    try:
        return _SHORT.repr(_rounded(x))
    except Exception:  # what was handed in may have a repr of its own
        return f"something of type {type(x).__name__}"


class _Written:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _rounded(x: object, depth: int = 4) -> object:
    """The same with every float to six digits."""
    if isinstance(x, float):
        return _Written(f"{float(x):.6g}")
    if depth and type(x) in (list, tuple) and len(x) < 100:  # type: ignore[arg-type]
        return type(x)(_rounded(part, depth - 1) for part in x)  # type: ignore[call-arg,attr-defined]
    if depth and type(x) is dict and len(x) < 100:
        return {key: _rounded(part, depth - 1) for key, part in x.items()}
    return x
