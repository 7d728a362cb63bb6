"""Optimisers: w := w − η ∂E/∂w (source 001), with momentum, or with a rate for each parameter.

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

from itertools import repeat
from typing import Any, ClassVar

from autograd import Value
from autograd.real import is_number
from autograd.value import put_in_place
from nn.given import listed, setting, shown

__all__ = ["SGD", "Adam", "AdamW", "Optimiser"]


class Optimiser:
    """Base of the optimisers: a subclass says what its `rule` is, and what state it starts from.

    Args:
        parameters: `Value`s; or a compiled program, whose `vector` is then stepped in place.
        lr: the learning rate η, at least 0. It may be changed between steps, and so may every setting;
            each is checked whenever it is set.

    Raises:
        ValueError: for no parameters, one that occurs twice, or a setting out of its range.
        TypeError: for a parameter that is no `Value`, or a setting that is no number.
    """

    start: tuple[Any, ...] = ()
    """The state of a parameter before its first step."""

    ranges: ClassVar[dict[str, dict[str, Any]]] = {"lr": {"least": 0}, "weight_decay": {"least": 0}}
    """From where to where each setting that is a number may be."""

    def __init__(self, parameters: Any, lr: float) -> None:
        self.lr = lr
        self.program = parameters if hasattr(parameters, "vector") else None
        self.parameters: list[Value] = [] if self.program is not None else _checked(parameters)
        self.state = [self.start for _ in self.parameters] or [self.start]

    def __setattr__(self, name: str, given: Any) -> None:
        if name in self.ranges:
            setting(name, given, **self.ranges[name])
        super().__setattr__(name, given)

    def rule(self, w: Any, g: Any, *state: Any) -> tuple[Any, ...]:
        """The parameter and its state after a step, from those before it and the gradient g."""
        raise NotImplementedError

    def step(self, gradient: Any = None) -> None:
        """Step every parameter once, against its `grad`; or the program's vector, against `gradient`.

        All or nothing: when this fails, or is interrupted (Ctrl-C), either no parameter has been stepped, and the state
        is that of the last step, or every one has, and the state is that of this step.

        Raises:
            TypeError: for a gradient given with `Value`s, or none with a program, or one that is no number (no
                array of numbers).
            ValueError: for a gradient that has not the shape of the vector.
        """
        vector = self.vector
        if (gradient is None) != (vector is None):
            raise TypeError(
                "step() takes the gradient of a compiled program, and none for Values, which have their own"
            )
        if vector is not None:
            if hasattr(gradient, "mask"):
                raise TypeError("the gradient of a program is an array of numbers without a mask: fill it first")
            if getattr(getattr(gradient, "dtype", None), "kind", "") not in tuple("fiu"):
                raise TypeError(f"the gradient of a program is an array of numbers, not {shown(gradient)}")
            if gradient.shape != vector.shape:
                raise ValueError(f"the gradient has the shape of the vector, {vector.shape}, and not {gradient.shape}")
            data, *rest = self.rule(vector, gradient, *self.state[0])
            state = tuple(rest)
            vector[:], self.state[0] = data, state  # nothing is called here, so nothing comes between
            return
        rule = self.rule
        numbers: list[float] = []
        states: list[tuple[Any, ...]] = []
        for i, parameter in enumerate(self.parameters):
            grad = parameter.grad
            if type(grad) is not float:
                grad = _number(grad, i)
            data, *rest = rule(parameter._data, grad, *self.state[i])
            numbers.append(float(data))  # a float also for a rate that is NumPy's, so nothing to be checked again
            states.append(tuple(rest))
        put_in_place([*self.parameters, self], [*repeat("_data", len(numbers)), "state"], [*numbers, states])

    @property
    def vector(self) -> Any:
        """The program's vector, looked up at each step, as a copy of both has a vector of its own; None of `Value`s."""
        return None if self.program is None else self.program.vector

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
    ranges = Optimiser.ranges | {"momentum": {"least": 0, "most": 1}, "dampening": {"least": 0, "most": 1}}

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
        self.momentum, self.dampening, self.nesterov, self.weight_decay = momentum, dampening, nesterov, weight_decay
        super().__init__(parameters, lr)
        if not isinstance(nesterov, bool):
            raise TypeError(f"nesterov is True or False, not {shown(nesterov)}")
        if nesterov and (not momentum or dampening):
            raise ValueError(f"nesterov needs momentum > 0 and dampening 0, not {momentum!r} and {dampening!r}")

    def rule(self, w: Any, g: Any, v: Any = None) -> tuple[Any, ...]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        if self.momentum:
            v = 1.0 * g if v is None else self.momentum * v + (1 - self.dampening) * g
            g = g + self.momentum * v if self.nesterov else v
        return w - self.lr * g, v


class Adam(Optimiser):
    """Kingma and Ba 2015, algorithm 1, in PyTorch's order of operations.

    At step t, with m and v from 0::

        g := g + weight_decay · w
        m := β₁ m + (1 − β₁) g,   v := β₂ v + (1 − β₂) g²
        w := w − lr · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + eps)
    """

    start = (0.0, 0.0, 0)
    ranges = Optimiser.ranges | {"eps": {"least": 0, "positive": True}}  # a gradient that was always 0 gives 0/eps

    def __init__(
        self,
        parameters: Any,
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        super().__init__(parameters, lr)

    def __setattr__(self, name: str, given: Any) -> None:
        if name == "betas":
            if len(pair := listed("betas", given)) != 2:
                raise ValueError(f"betas are two numbers, β₁ and β₂, not {given!r}")
            for which, beta in zip("₁₂", pair, strict=True):
                setting(f"β{which}", beta, 0, below=1)
            given = tuple(pair)
        super().__setattr__(name, given)

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


def _checked(parameters: Any) -> list[Value]:
    parameters = listed("parameters", parameters)
    if not parameters:
        raise ValueError("an optimiser needs at least one parameter, and was given none")
    for i, parameter in enumerate(parameters):
        if not isinstance(parameter, Value):
            raise TypeError(f"parameter {i} is no Value but {shown(parameter)}")
        if parameter.op is not None:
            raise ValueError(
                f"parameter {i} is computed, {shown(parameter)}, and would be computed anew: step its leaves"
            )
    if len(set(parameters)) < len(parameters):
        twice = next(p for i, p in enumerate(parameters) if p in parameters[:i])
        raise ValueError(f"a parameter occurs twice, and would be stepped twice: {twice!r}")
    return list(parameters)


def _number(grad: Any, i: int) -> Any:
    """The number in a gradient, which may be a `Value` (create_graph) or NumPy's."""
    number = grad.data if isinstance(grad, Value) else grad
    if not is_number(number):
        raise TypeError(f"the gradient of parameter {i} is a number, not {shown(grad)}")
    return float(number)
