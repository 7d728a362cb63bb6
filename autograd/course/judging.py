"""Whether an answer is right: `check`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from autograd.course.running import described
from autograd.course.texts import exercise
from autograd.course.wrong import Wrong

__all__ = ["Verdict", "check"]


@dataclass(frozen=True)
class Verdict:
    """What `check` says: it is true if the answer is right, and shows itself in words.

    Attributes:
        right: whether it is.
        hint: what is wrong, in a sentence or two; "" if nothing is.
    """

    right: bool
    hint: str = ""

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return "right" if self.right else f"not yet: {self.hint}"

    __str__ = __repr__


def check(number: str, answer: Any) -> Verdict:
    """Hold an answer against the engine.

    Args:
        number: of the exercise, such as "2.3".
        answer: as the text says: a number or a list of them (to three digits; NumPy's arrays and text such as
            "3/4" are welcome), a formula as text, or a function. Functions are called on copies, and an endless loop
            is stopped.

    Returns:
        A `Verdict`: "right", or "not yet" and where the first difference is. Whatever is handed in, nothing is raised.

    Raises:
        TypeError, ValueError: if there is no exercise of this number.

    >>> from autograd.course import check
    >>> check("1.2", "-2*x*exp(-x)")
    not yet: Your formula is -0.695219 at x = 0.7. It is too small in size.
    >>> bool(check("1.2", lambda x: x))
    False
    """
    found = exercise(number)
    checks = import_module(f"autograd.course.checks.notebook{found.notebook}").CHECKS
    try:
        checks[found.number](answer)
    except Wrong as wrong:
        return Verdict(False, str(wrong))
    except Exception as error:  # by a method of what was handed in
        return Verdict(False, f"What was handed in cannot be read: it raises {described(error)}.")
    return Verdict(True)
