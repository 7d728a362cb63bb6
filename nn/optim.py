"""Optimisers: w := w − η ∂E/∂w (seed 001), with momentum, or with a rate for each parameter.

An update rule is a function of a parameter, its gradient and the state it keeps, in plain
arithmetic. It is written once and steps `Value`s one by one, or the flat vector of a compiled
program all at once.

>>> from autograd import Value
>>> w = Value(3.0)
>>> optimiser = SGD([w], lr=0.1)
>>> for _ in range(100):
...     w.grad = 0.0
...     (w * w).backward()
...     optimiser.step()
>>> abs(w.data) < 1e-9
True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import Value

__all__ = ["SGD", "Adam", "AdamW", "Optimiser"]


class Optimiser:
    """Base of the optimisers: a subclass says what its `rule` is, and what state it starts from.

    Args:
        parameters: `Value`s; or a compiled program, whose `vector` is then stepped in place.
        lr: the learning rate η, at least 0. It may be changed between steps.

    Raises:
        ValueError: for no parameters, one that occurs twice, or a setting out of its range.
        TypeError: for a parameter that is no `Value`.
    """

    start: tuple[Any, ...] = ()
    """The state of a parameter before its first step."""

    def __init__(self, parameters: Any, lr: float) -> None:
        _check(lr=(lr, 0, float("inf")))
        self.lr = lr
        self.vector = getattr(parameters, "vector", None)
        self.parameters: list[Value] = [] if self.vector is not None else _checked(parameters)
        self.state = [self.start for _ in self.parameters] or [self.start]

    def rule(self, w: Any, g: Any, *state: Any) -> tuple[Any, ...]:
        """The parameter and its state after a step, from those before it and the gradient g."""
        raise NotImplementedError

    def step(self, gradient: Any = None) -> None:
        """Step every parameter once, against its `grad`; or the program's vector, against `gradient`.

        Raises:
            TypeError: for a gradient given with `Value`s, or none with a program.
        """
        if (gradient is None) != (self.vector is None):
            raise TypeError(
                "step() takes the gradient of a compiled program, and none for Values, which have their own"
            )
        if self.vector is not None:
            self.vector[:], *state = self.rule(self.vector, gradient, *self.state[0])
            self.state[0] = tuple(state)
            return
        rule = self.rule
        for i, parameter in enumerate(self.parameters):
            grad = parameter.grad
            data, *state = rule(parameter.data, getattr(grad, "data", grad), *self.state[i])
            parameter.data, self.state[i] = float(data), tuple(state)  # also for a rate that is NumPy's

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters:
            parameter.grad = 0.0


class SGD(Optimiser):
    """Gradient descent on the batch it is given: w := w − η g, or with momentum w := w − η v.

    PyTorch's `SGD` and its order of operations::

        g := g + weight_decay · w
        v := momentum · v + (1 − dampening) · g        (v := g on the first step)
        g := g + momentum · v  if nesterov,  else v
        w := w − lr · g

    Raises:
        ValueError: also for Nesterov momentum without momentum, or with dampening.
    """

    start = (None,)

    def __init__(
        self,
        parameters: Any,
        lr: float,
        *,
        momentum: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        _check(momentum=(momentum, 0, 1), dampening=(dampening, 0, 1), weight_decay=(weight_decay, 0, float("inf")))
        if nesterov and (not momentum or dampening):
            raise ValueError(f"nesterov needs momentum > 0 and dampening 0, not {momentum!r} and {dampening!r}")
        super().__init__(parameters, lr)
        self.momentum, self.dampening, self.nesterov, self.weight_decay = momentum, dampening, nesterov, weight_decay

    def rule(self, w: Any, g: Any, v: Any = None) -> tuple[Any, ...]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        if self.momentum:
            v = 1.0 * g if v is None else self.momentum * v + (1 - self.dampening) * g
            g = g + self.momentum * v if self.nesterov else v
        return w - self.lr * g, v


class Adam(Optimiser):
    """Kingma and Ba 2015, algorithm 1, in PyTorch's order of operations::

    g := g + weight_decay · w
    m := β₁ m + (1 − β₁) g,   v := β₂ v + (1 − β₂) g²
    w := w − lr · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + eps)
    """

    start = (0.0, 0.0, 0)

    def __init__(
        self,
        parameters: Any,
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        beta1, beta2 = betas
        _check(eps=(eps, 0, float("inf")), weight_decay=(weight_decay, 0, float("inf")))
        if not (0 <= beta1 < 1 and 0 <= beta2 < 1):
            raise ValueError(f"betas are at least 0 and less than 1, not {betas!r}")
        super().__init__(parameters, lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay

    def rule(self, w: Any, g: Any, m: Any, v: Any, t: int) -> tuple[Any, ...]:
        if self.weight_decay:
            w, g = self.decayed(w, g)
        beta1, beta2 = self.betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        t += 1
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        return w - self.lr * m_hat / (v_hat**0.5 + self.eps), m, v, t

    def decayed(self, w: Any, g: Any) -> tuple[Any, Any]:
        """Weight decay as a part of the gradient, that of ½ weight_decay · w²."""
        return w, g + self.weight_decay * w


class AdamW(Adam):
    """Loshchilov and Hutter 2019: `Adam` with w := w − lr · weight_decay · w beside the gradient."""

    def __init__(self, parameters: Any, lr: float = 1e-3, *, weight_decay: float = 0.01, **adam: Any) -> None:
        super().__init__(parameters, lr, weight_decay=weight_decay, **adam)

    def decayed(self, w: Any, g: Any) -> tuple[Any, Any]:
        """Weight decay on the parameter itself, which the moments do not see."""
        return w - self.lr * self.weight_decay * w, g


def _checked(parameters: Iterable[Value]) -> list[Value]:
    parameters = list(parameters)
    if not parameters:
        raise ValueError("an optimiser needs at least one parameter, and was given none")
    for i, parameter in enumerate(parameters):
        if not isinstance(parameter, Value):
            raise TypeError(f"parameter {i} is no Value but {parameter!r}")
    if len(set(parameters)) < len(parameters):
        twice = next(p for i, p in enumerate(parameters) if p in parameters[:i])
        raise ValueError(f"a parameter occurs twice, and would be stepped twice: {twice!r}")
    return parameters


def _check(**settings: tuple[float, float, float]) -> None:
    for name, (given, least, most) in settings.items():
        if not least <= given <= most:
            raise ValueError(f"{name} is from {least} to {most}, not {given!r}")
