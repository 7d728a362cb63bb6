"""Losses: how far predictions ŷ are from targets y, as one number that a gradient can flow from.

Predictions and targets are numbers or `Value`s, lists or arrays, of equal length and never empty; a
lone one counts as a list of one. Anything else is a `TypeError` that says what it is and where, and
other lengths are a `ValueError`.

>>> from autograd import Value
>>> squared_error([0.75, 0.5], [1.0, 0.0])            # Σ (ŷ − y)²
0.3125
>>> y = Value(0.75)
>>> half_squared_error(y, 1.0).backward()
>>> y.grad                                            # ŷ − y
-0.25
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import Value, dot, exp, log, log1p, logsumexp, maximum, relu, softplus, total, where
from autograd.choice import take
from nn.given import listed, operands, shown

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "half_squared_error",
    "hinge_loss",
    "l1_loss",
    "mse_loss",
    "squared_error",
]


def squared_error(prediction: Any, target: Any) -> Any:
    """Σ (ŷ − y)², source 000 (C₀) and source 002 eq. 3.

    Raises:
        ValueError: for predictions and targets of unequal length, or none.
    """
    errors = [p - t for p, t in _pairs(prediction, target)]
    return dot(errors, errors)


def half_squared_error(prediction: Any, target: Any) -> Any:
    """E = ½ Σ (ŷ − y)², source 002 eq. 4 and source 004: its gradient is ŷ − y.

    Raises:
        ValueError: for predictions and targets of unequal length, or none.
    """
    return 0.5 * squared_error(prediction, target)


def mse_loss(prediction: Any, target: Any) -> Any:
    """mean (ŷ − y)², PyTorch's `mse_loss`.

    Raises:
        ValueError: for predictions and targets of unequal length, or none.
    """
    return squared_error(prediction, target) / len(_pairs(prediction, target))


def l1_loss(prediction: Any, target: Any) -> Any:
    """mean |ŷ − y|, PyTorch's `l1_loss`; source 001's L(ŷ, y) = |ŷ − y| for one output. 0 where ŷ = y.

    Raises:
        ValueError: for predictions and targets of unequal length, or none.

    >>> from nn import l1_loss
    >>> l1_loss(0.25, 1.0)
    0.75
    """
    pairs = _pairs(prediction, target)
    return total([abs(p - t) for p, t in pairs]) / len(pairs)


def binary_cross_entropy(prediction: Any, target: Any) -> Any:
    """mean −(y log ŷ + (1 − y) log(1 − ŷ)) of probabilities, PyTorch's `binary_cross_entropy`.

    As there, a logarithm is never less than −100. Where that bound holds, the gradient is 0 (PyTorch
    instead bounds the denominator ŷ(1 − ŷ) by 1e−12). From logits, prefer
    `binary_cross_entropy_with_logits`.

    Raises:
        ValueError: for a prediction outside of [0, 1], for unequal lengths, or none.

    >>> from nn import binary_cross_entropy
    >>> f"{binary_cross_entropy([0.9, 0.2], [1, 0]):.4f}"
    '0.1643'
    """
    pairs = _pairs(prediction, target)
    return -total([t * _log(p) + (1 - t) * _log_of_complement(p) for p, t in pairs]) / len(pairs)


_LEAST = exp(-100)


def _log(p: Any) -> Any:
    """log p, at least −100, and a domain error for p < 0."""
    return log(where(p >= 0, maximum(p, _LEAST), p))


def _log_of_complement(p: Any) -> Any:
    """log(1 − p), exact for small p, −100 for p = 1, and a domain error for p > 1."""
    # Both sides of a where are computed: ½ stands in for a p whose side is not the one taken.
    return where(p < 1, log1p(-where(p < 1, p, 0.5)), log(where(p <= 1, _LEAST, 1 - p)))


def binary_cross_entropy_with_logits(logit: Any, target: Any) -> Any:
    """mean y softplus(−z) + (1 − y) softplus(z), which is the binary cross-entropy of σ(z), for z of any size.

    PyTorch's `binary_cross_entropy_with_logits`; softplus(z) − y z is the same, and loses its digits where z is great
    and y near 1.

    Raises:
        ValueError: for logits and targets of unequal length, or none.

    >>> from nn import binary_cross_entropy_with_logits
    >>> binary_cross_entropy_with_logits(-1000.0, 1)
    1000.0
    """
    pairs = _pairs(logit, target)
    return total([t * softplus(-z) + (1 - t) * softplus(z) for z, t in pairs]) / len(pairs)


def cross_entropy(logits: Sequence[Any], target: int | Sequence[Any]) -> Any:
    """−Σ y log softmax(z), PyTorch's `cross_entropy` for one sample; its gradient is softmax(z) Σy − y.

    It is a difference of numbers as large as the logits, and right to a few of their last digits.

    Args:
        logits: one for each class.
        target: the index of the right class, or a probability for each class; what they add up to need not be 1.

    Raises:
        ValueError: for no logits, or as many probabilities as there are not logits.
        IndexError: for an index that is no class.
        TypeError: for a target that is neither an index nor a list.

    >>> from nn import cross_entropy
    >>> f"{cross_entropy([2.0, 1.0, 0.0], 0):.4f}", f"{cross_entropy([2.0, 1.0, 0.0], [1, 0, 0]):.4f}"
    ('0.4076', '0.4076')
    """
    logits = _listed("logits", logits)
    if not logits:
        raise ValueError("cross_entropy takes at least one logit, and was given none")
    chosen: Any = target.tolist() if hasattr(target, "tolist") else target
    if hasattr(chosen, "__index__"):
        if not isinstance(chosen, Value) and not 0 <= chosen < len(logits):
            raise IndexError(f"the target is a class from 0 to {len(logits) - 1}, not {chosen}")
        return logsumexp(logits) - take(logits, chosen)
    if not hasattr(chosen, "__len__"):
        raise TypeError(
            f"the target of cross_entropy is the index of a class, or a list of a probability for each, "
            f"not {shown(target)}"
        )
    pairs = _pairs(logits, chosen)
    targets = [t for _, t in pairs]
    return total(targets) * logsumexp(logits) - dot(targets, logits)


def hinge_loss(prediction: Any, target: Any) -> Any:
    """mean max(0, 1 − y ŷ) with y = ±1, micrograd's "max-margin" loss.

    Raises:
        ValueError: for a target that is neither −1 nor 1, for unequal lengths, or none.

    >>> from nn import hinge_loss
    >>> hinge_loss([0.5, -2.0], [1, -1])
    0.25
    """
    pairs = _pairs(prediction, target)
    for _, t in pairs:
        if not isinstance(t, Value) and t not in (-1, 1):
            raise ValueError(f"the targets of hinge_loss are -1 or 1, not {t!r}")
    return total([relu(1 - t * p) for p, t in pairs]) / len(pairs)


def _pairs(prediction: Any, target: Any) -> list[tuple[Any, Any]]:
    predictions, targets = _listed("predictions", prediction), _listed("targets", target)
    if len(predictions) != len(targets) or not predictions:
        raise ValueError(
            f"a loss takes as many predictions as targets, at least one; "
            f"it was given {len(predictions)} predictions and {len(targets)} targets"
        )
    return list(zip(predictions, targets, strict=True))


def _listed(what: str, x: Any) -> list[Any]:
    x = x.tolist() if hasattr(x, "tolist") else x  # an array of no dimension gives a number
    return operands(what, listed(what, x) if hasattr(x, "__len__") else [x])
