"""Learning rates that change: η as a function of the epochs learned so far.

A schedule is any function of a number of epochs (2.5 is in the middle of the third) that gives the learning rate of
the next step. It remembers nothing, so a training that is resumed goes on as it would have.

>>> from nn.schedules import cosine
>>> rate = cosine(0.1, epochs=10, warmup=1)
>>> [round(rate(t), 4) for t in (0, 0.5, 1, 5.5, 10)]
[0.0, 0.05, 0.1, 0.05, 0.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable

from nn.given import setting

__all__ = ["cosine", "exponential", "steps"]

Schedule = Callable[[float], float]


def cosine(lr: float, epochs: float, *, warmup: float = 0.0, lowest: float = 0.0) -> Schedule:
    """From `lr` down to `lowest` along half a cosine over so many epochs (Loshchilov and Hutter 2017), then constant.

    Args:
        lr: the highest rate.
        epochs: when the lowest is reached.
        warmup: over so many epochs the rate first climbs from 0 to `lr` in a straight line.
        lowest: the rate at the end.

    Raises:
        ValueError: for settings out of their ranges, or a warmup as long as all.
        TypeError: for settings that are no numbers.
    """
    setting("lr", lr, 0)
    setting("lowest", lowest, 0)
    setting("epochs", epochs, 0, positive=True)
    setting("warmup", warmup, 0, below=epochs)

    def rate(t: float) -> float:
        if t < warmup:
            return lr * t / warmup
        done = min(1.0, (t - warmup) / (epochs - warmup))
        return lowest + (lr - lowest) * 0.5 * (1 + math.cos(math.pi * done))

    return rate


def exponential(lr: float, factor: float) -> Schedule:
    """lr · factorᵗ, multiplied by `factor` each epoch, a little with every step.

    >>> from nn.schedules import exponential
    >>> exponential(1.0, 0.25)(0.5)
    0.5
    """
    setting("lr", lr, 0)
    setting("factor", factor, 0, positive=True)
    return lambda t: float(lr * factor**t)


def steps(lr: float, every: float, factor: float = 0.1) -> Schedule:
    """lr, multiplied by `factor` after every so many epochs; PyTorch's `StepLR`.

    >>> from nn.schedules import steps
    >>> [steps(1.0, every=2, factor=0.5)(t) for t in (0, 1.9, 2, 5)]
    [1.0, 1.0, 0.5, 0.25]
    """
    setting("lr", lr, 0)
    setting("every", every, 0, positive=True)
    setting("factor", factor, 0, positive=True)
    return lambda t: float(lr * factor ** (t // every))
