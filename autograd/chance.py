"""`uniform`: chance that is drawn anew, also by a compiled program.

A function that is compiled runs once, so a number that it draws would be the same for ever after. Drawn
by `uniform`, it becomes an input of the program, filled for each call and each sample.
"""

from __future__ import annotations

from autograd.recording import current_tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["uniform"]


def uniform(generator: Any) -> Any:
    """A number drawn uniformly from [0, 1).

    Args:
        generator: a `random.Random`, or anything with such a method ``random()``.

    Returns:
        A float. In a function that is being compiled a placeholder instead, and the generator gives a seed to
        the program, once: two programs compiled from generators in the same state draw the same numbers.

    Raises:
        TypeError: for anything that has no method ``random``.

    >>> import random
    >>> uniform(random.Random(0)) == random.Random(0).random()
    True
    """
    if not callable(getattr(generator, "random", None)):
        raise TypeError(f"uniform draws from a generator such as random.Random(0), not from {generator!r}")
    tracer = current_tracer()
    return tracer.uniform(generator) if tracer is not None else generator.random()
