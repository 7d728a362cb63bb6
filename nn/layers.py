"""Neurons, layers of them, and multi-layer perceptrons.

A neuron does two things, and so is two nodes (source 003, "accumulate" and "activate"):
z = Σ w x + b is one `dot` node, a = σ(z) the other.

>>> import nn
>>> model = nn.MLP(64, [16, 16, 10], activation="sigmoid", output="sigmoid", seed=0)
>>> len(model.parameters())                  # 64·16 + 16 + 16·16 + 16 + 16·10 + 10
1482
>>> [f"{y:.2f}" for y in model([0.5] * 64)][:3]
['0.60', '0.62', '0.74']
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from operator import index
from typing import Any

from autograd import Value, dot, where
from autograd.chance import uniform
from autograd.primitives import table
from nn.given import listed, setting, shown, whole
from nn.initialise import Initialiser, initialiser
from nn.module import Module

__all__ = ["MLP", "Dropout", "Layer", "Neuron"]

Activation = str | Callable[[Any], Any]


class Neuron(Module):
    """a = f(Σ w x + b), source 000 (a = σ(Σ w a + b)), source 004 eq. 23.

    Args:
        nin: the number of inputs, at least 1.
        nonlin: micrograd's switch: True is ReLU, False is linear. `activation` overrules it.
        activation: the name of a primitive of one operand ("sigmoid", "tanh", "relu" …), "linear",
            or any function of a `Value`, a module with parameters included.
        init: a name from `nn.initialise`, or an `Initialiser`.
        seed: for a generator of its own; without it, or with a `random.Random`, draws go on from
            Python's global generator or from that one.
        nout: how many neurons the layer has, which "xavier" needs.

    Raises:
        ValueError: for an unknown activation or initialiser, or fewer than one input.
        TypeError: for anything of another type; nothing has been drawn then.

    >>> from nn import Neuron
    >>> neuron = Neuron(2, activation="tanh", seed=0)
    >>> a = neuron([1.0, 2.0])
    >>> a.op, a.parents[0].op
    (<primitive tanh>, <primitive dot>)
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: Activation | None = None,
        init: str | Initialiser | None = None,
        seed: int | random.Random | None = None,
        nout: int = 1,
    ) -> None:
        nin, nout = whole("the number of inputs", nin), whole("the number of neurons", nout)
        if not isinstance(nonlin, bool):
            raise TypeError(f"nonlin is True or False, not {shown(nonlin)}")
        draw, generator = initialiser(init), _generator(seed)
        self.nonlin = nonlin
        self.activation, self._activate = _activation(
            ("relu" if nonlin else "linear") if activation is None else activation
        )
        self.w = [Value(draw.weight(generator, nin, nout)) for _ in range(nin)]
        self.b = Value(draw.bias(generator))

    def __call__(self, x: Sequence[Any]) -> Any:
        """The activation, of as many numbers or `Value`s as there are weights.

        Raises:
            ValueError: for another number of inputs.
            TypeError: for inputs that are no list of `Value`s or numbers.
        """
        x = _inputs(x)
        if len(x) != len(self.w):
            raise ValueError(f"a neuron of {len(self.w)} inputs was given {len(x)}")
        z = dot(self.w, x, self.b)
        return self._activate(z) if self._activate else z

    def __repr__(self) -> str:
        name = {"relu": "ReLU", "linear": "Linear"}.get(self.activation, self.activation.capitalize())
        return f"{name}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons that share their inputs: a = f(W x + b), source 002 eq. 18 and 19.

    Takes what a `Neuron` takes. Its parameters are ``weight[i][j]`` (neuron i, input j) and
    ``bias[i]``, listed neuron by neuron as micrograd lists them.
    """

    def __init__(self, nin: int, nout: int, *, seed: int | random.Random | None = None, **neuron: Any) -> None:
        nout, generator = whole("the number of neurons", nout), _generator(seed)
        self.neurons = [Neuron(nin, seed=generator, nout=nout, **neuron) for _ in range(nout)]

    def __call__(self, x: Sequence[Any]) -> Any:
        """The activations, a list; of a layer of one neuron that one alone, as in micrograd."""
        x = _inputs(x)
        activations = [neuron(x) for neuron in self.neurons]
        return activations[0] if len(activations) == 1 else activations

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        for i, neuron in enumerate(self.neurons):
            for j, w in enumerate(neuron.w):
                yield f"weight[{i}][{j}]", w
            yield f"bias[{i}]", neuron.b
        activations: list[Any] = [neuron._activate for neuron in self.neurons]
        learned = dict.fromkeys(activation for activation in activations if isinstance(activation, Module))
        for number, activation in enumerate(learned):  # one that all share, unless somebody has changed that
            for path, parameter in activation.named_parameters():
                yield f"activation{number or ''}.{path}", parameter

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"

    _repr_pretty_ = Module._repr_pretty_  # beside __repr__, which IPython would use otherwise

    def _summary(self) -> str:
        activations = "/".join(dict.fromkeys(neuron.activation for neuron in self.neurons))
        return f"Layer({len(self.neurons[0].w)} → {len(self.neurons)}, {activations})"


class MLP(Module):
    """A multi-layer perceptron: layer after layer, a^l = f(W^l a^(l−1) + b^l), source 004 eq. 25.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons of each layer.
        activation: of all layers but the last; "relu" as in micrograd if not given.
        output: of the last layer; "linear" if not given.
        init: how weights are drawn (`nn.initialise`); micrograd's uniform(−1, 1) if not given.
        seed: for a generator of the network's own; without it Python's global one is used.

    Raises:
        ValueError: for no layers, a size below 1, or an unknown activation or initialiser.
        TypeError: for anything of another type; nothing has been drawn then.

    >>> from nn import MLP
    >>> MLP(2, [3, 1], seed=0)
    MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(3)]]
    >>> print(MLP(2, [3, 1], seed=0))
    MLP(2 → 3 → 1), 13 parameters
      layers.0: Layer(2 → 3, relu), 9 parameters
      layers.1: Layer(3 → 1, linear), 4 parameters
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: Activation = "relu",
        output: Activation = "linear",
        init: str | Initialiser | None = None,
        seed: int | random.Random | None = None,
    ) -> None:
        nouts = listed("nouts, the numbers of neurons of the layers,", nouts)
        if not nouts:
            raise ValueError("an MLP needs at least one layer, and nouts is empty")
        # All is looked at before anything is drawn: a generator must not have moved on when this fails.
        sizes = [whole("the number of inputs", nin), *(whole("the number of neurons", nout) for nout in nouts)]
        _activation(activation)
        _activation(output)
        init, generator = initialiser(init), _generator(seed)
        activations = [activation] * (len(nouts) - 1) + [output]
        self.layers = [
            Layer(i, o, seed=generator, activation=f, nonlin=f != "linear", init=init)
            for i, o, f in zip(sizes, sizes[1:], activations, strict=False)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        """The outputs ŷ, a list; of a network with one output that one alone, as in micrograd."""
        for layer in self.layers:
            x = layer([x] if isinstance(x, Value) else x)  # a layer of one neuron gives that one alone
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"

    _repr_pretty_ = Module._repr_pretty_  # beside __repr__, which IPython would use otherwise

    def _summary(self) -> str:
        sizes = [len(self.layers[0].neurons[0].w), *(len(layer.neurons) for layer in self.layers)]
        return f"MLP({' → '.join(map(str, sizes))})"


class Dropout(Module):
    """While training, each value is dropped with probability p, and the others divided by 1 − p.

    Srivastava et al. 2014, in PyTorch's form; after `eval` everything passes unchanged. A program compiled
    while training draws a mask of its own for each sample of each call (see `autograd.chance`).

    >>> from nn import Dropout
    >>> drop = Dropout(0.5, seed=1)
    >>> drop([1.0, 1.0, 1.0]), drop.eval()([1.0, 1.0, 1.0])
    ([0.0, 2.0, 2.0], [1.0, 1.0, 1.0])
    """

    def __init__(self, p: float = 0.5, *, seed: int | random.Random | None = None) -> None:
        setting("the probability to drop", p, 0, below=1)
        self.p = p
        self._random = _generator(seed)

    def __call__(self, x: Sequence[Any]) -> list[Any]:
        if not self.training:
            return _inputs(x)
        return [v * where(uniform(self._random) < self.p, 0.0, 1 / (1 - self.p)) for v in _inputs(x)]


def _generator(seed: Any) -> Any:
    """The generator to draw from: a new one for a seed, Python's global one for None.

    Raises:
        TypeError: for what is neither a whole number nor a `random.Random` (nor the module).
    """
    if seed is None:
        return random
    if isinstance(seed, random.Random) or seed is random:
        return seed
    if hasattr(seed, "__index__") and not hasattr(seed, "__len__") and not isinstance(seed, Value):
        return random.Random(index(seed))
    raise TypeError(f"seed is a whole number, a random.Random or None, not {shown(seed)}")


def _activation(activation: Activation) -> tuple[str, Callable[[Any], Any] | None]:
    """The name of an activation and the function, None for "linear"."""
    if not isinstance(activation, str):
        if not callable(activation):
            raise TypeError(f"an activation is a function or the name of one, such as 'tanh', not {shown(activation)}")
        return getattr(activation, "name", getattr(activation, "__name__", "custom")), activation
    if activation == "linear":
        return activation, None
    op = table.get(activation)
    if op is None or op.nary or len(op.derivatives_on_floats) - len(op.defaults) != 1:
        of_one = [n for n, p in table.items() if not p.nary and len(p.derivatives_on_floats) - len(p.defaults) == 1]
        raise ValueError(f"an activation is a function, 'linear' or one of {', '.join(of_one)}, not {activation!r}")
    return activation, getattr(Value, activation)


def _inputs(x: Any) -> list[Any]:
    return x if type(x) is list else listed("inputs", x)
