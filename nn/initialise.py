"""How weights and biases are drawn at the start.

=============  ====================================  ============  =========================================
name           weight                                bias          source
=============  ====================================  ============  =========================================
``uniform``    uniform(−1, 1)                        0             micrograd
``xavier``     uniform(−r, r), r² = 6/(nin + nout)   0             Glorot and Bengio 2010, eq. 16
``he``         normal(0, 2/nin)                      0             He et al. 2015, eq. 10
``gaussian``   normal(0, 1)                          normal(0, 1)  the book behind source 004, chapter 1
=============  ====================================  ============  =========================================

(normal(mean, variance); nin and nout are the numbers of inputs and neurons of the layer.)
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from random import Random
from typing import Any, NamedTuple

from nn.given import shown

__all__ = ["INITIALISERS", "Initialiser", "initialiser"]


class Initialiser(NamedTuple):
    """Two draws from a generator (a `random.Random`, or the module itself)."""

    weight: Callable[[Any, int, int], float]
    """A weight, of (generator, nin, nout)."""
    bias: Callable[[Any], float]


def _zero(random: Any) -> float:
    return 0.0


def _glorot(random: Random, nin: int, nout: int) -> float:
    r = sqrt(6 / (nin + nout))
    return random.uniform(-r, r)


INITIALISERS = {
    "uniform": Initialiser(lambda random, nin, nout: random.uniform(-1, 1), _zero),
    "xavier": Initialiser(_glorot, _zero),
    "he": Initialiser(lambda random, nin, nout: random.gauss(0, sqrt(2 / nin)), _zero),
    "gaussian": Initialiser(lambda random, nin, nout: random.gauss(0, 1), lambda random: random.gauss(0, 1)),
}


def initialiser(init: str | Initialiser | None) -> Initialiser:
    """The initialiser of that name; micrograd's for None; one of your own as it is.

    Raises:
        ValueError: for a name that is none of `INITIALISERS`.
        TypeError: for what is neither a name nor an `Initialiser` of two functions.
    """
    if isinstance(init, Initialiser):
        for name, draw in init._asdict().items():
            if not callable(draw):
                raise TypeError(f"the {name} of an Initialiser is a function that draws one, not {shown(draw)}")
        return init
    if init is None:
        init = "uniform"
    expected = f"init is one of {', '.join(INITIALISERS)} or an Initialiser, not"
    if not isinstance(init, str):
        raise TypeError(f"{expected} {shown(init)}")
    if init not in INITIALISERS:
        raise ValueError(f"{expected} {init!r}")
    return INITIALISERS[init]
