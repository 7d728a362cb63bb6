"""`Module`: something with parameters. Neurons, layers and networks are modules; so is what you write.

A module finds its parameters by itself: every `Value` among its attributes, in lists, tuples, dictionaries and
arrays of objects among them, however deep, and in modules there. A `Value` that was computed (an output that the module
keeps) is none.

>>> from autograd import Value
>>> class Line(Module):
...     def __init__(self):
...         self.slope, self.offsets = Value(2.0), [Value(0.0), Value(1.0)]
>>> [name for name, _ in Line().named_parameters()]
['slope', 'offsets[0]', 'offsets[1]']
>>> Line().state_dict()
{'slope': 2.0, 'offsets': [0.0, 1.0]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from autograd import Value
from nn.given import shown

__all__ = ["Module"]


class Module:
    """Base of everything with parameters; the methods are PyTorch's, for scalars."""

    training = True
    """Whether the module is being trained; `Dropout` looks at it. Set by `train` and `eval`."""

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter once, with its name: ``layers.0.weight[3][5]``, ``layers.0.bias[3]``.

        The part before the brackets is the tensor it belongs to in `state_dict`; what a dictionary holds has the
        key as a part of its name, ``embedding.cat``.

        Raises:
            ValueError: for a key of such a dictionary that is no name.
            TypeError: for parameters in a set.
        """
        seen: set[Value] = set()
        for name, thing in vars(self).items():
            for path, parameter in _parameters(name, thing):
                if parameter not in seen:
                    seen.add(parameter)
                    yield path, parameter

    def parameters(self) -> list[Value]:
        """The parameters, in the order of `named_parameters`."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero, as has to be done before each new batch."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def modules(self) -> Iterator[Module]:
        """This module and all inside it."""
        yield self
        for name, thing in vars(self).items():
            for _, part in _leaves(name, thing):
                if isinstance(part, Module):
                    yield from part.modules()

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all inside it to training (or, with False, to use).

        Raises:
            TypeError: for what is neither True nor False.
        """
        if not isinstance(mode, bool):
            raise TypeError(f"the mode is True or False, not {shown(mode)}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch to use: `Dropout` lets everything pass."""
        return self.train(False)

    def state_dict(self) -> dict[str, Any]:
        """The data of the parameters as nested lists of floats, by tensor, named as PyTorch names them.

        >>> import nn
        >>> nn.Layer(2, 1, seed=0).state_dict()
        {'weight': [[0.6888437030500962, 0.515908805880605]], 'bias': [0.0]}
        """
        state: dict[str, Any] = {}
        for name, parameter in self.named_parameters():
            key, *indices = name.replace("]", "").split("[")
            if not indices:
                state[key] = parameter.data
                continue
            row = state.setdefault(key, [])
            for index in map(int, indices[:-1]):
                if index == len(row):
                    row.append([])
                row = row[index]
            row.append(parameter.data)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the data of the parameters from what `state_dict` gave (nested lists, or arrays).

        Raises:
            ValueError: for missing, unexpected or wrongly sized entries, all of them named; nothing
                has changed then.
            TypeError: for what is no dictionary, or an entry that is no number; nothing has changed either.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"a state is a dictionary, as state_dict gives it, not {shown(state)}")
        here = self.state_dict()
        given = {key: tensor.tolist() if hasattr(tensor, "tolist") else tensor for key, tensor in state.items()}
        faults = [f"{key} is missing" for key in here if key not in given]
        faults += [f"{key} is unexpected" for key in given if key not in here]
        for key in here:
            if key in given and _size(here[key]) != _size(given[key]):
                faults.append(f"{key} has size {_size(given[key])} and should have {_size(here[key])}")
        if faults:
            raise ValueError(f"the state does not fit this {type(self).__name__}: {'; '.join(faults)}")
        numbers = [(parameter, Value(_entry(given, name)).data) for name, parameter in self.named_parameters()]
        for parameter, number in numbers:
            parameter.data = number


def _parameters(name: str, thing: Any) -> Iterator[tuple[str, Value]]:
    for path, part in _leaves(name, thing):
        if isinstance(part, Module):
            for inside, parameter in part.named_parameters():
                yield f"{path}.{inside}", parameter
        elif part.op is None:
            yield path, part


def _leaves(name: str, thing: Any) -> Iterator[tuple[str, Value | Module]]:
    """The `Value`s and modules in an attribute, with their names."""
    if isinstance(thing, (Value, Module)):
        yield name, thing
    elif isinstance(thing, (list, tuple)):
        for i, part in enumerate(thing):
            yield from _leaves(f"{name}.{i}" if isinstance(part, Module) else f"{name}[{i}]", part)
    elif isinstance(thing, Mapping):
        for key, part in thing.items():
            for path, leaf in _leaves("", part):
                if not isinstance(key, str) or not key or any(mark in key for mark in ".[]"):
                    raise ValueError(
                        f"the keys of a dictionary with parameters are names without . [ ], and {name} has {key!r}"
                    )
                yield f"{name}.{key}{path}", leaf
    elif isinstance(thing, (set, frozenset)):
        if any(isinstance(part, (Value, Module)) for part in thing):
            raise TypeError(f"{name} is a set, which has no order to name its parameters by: keep them in a list")
    elif getattr(getattr(thing, "dtype", None), "kind", "") == "O":
        yield from _leaves(name, thing.tolist())


def _entry(state: Mapping[str, Any], name: str) -> Any:
    key, *indices = name.replace("]", "").split("[")
    entry = state[key]
    for index in map(int, indices):
        entry = entry[index]
    return entry


def _size(tensor: Any) -> list[int | str]:
    """The shape of a nested list; "ragged" where its rows differ."""
    if not isinstance(tensor, (list, tuple)):
        return []
    rows = [_size(row) for row in tensor]
    if any(row != rows[0] for row in rows):
        return [len(tensor), "ragged"]
    return [len(tensor), *(rows[0] if rows else [])]
