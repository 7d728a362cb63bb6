"""`Module`: something with parameters. Neurons, layers and networks are modules; so is what you write.

A module finds its parameters by itself: every `Value` among its attributes, in lists and other sequences,
dictionaries and arrays of objects among them, however deep, and in modules there. A `Value` that was computed (an
output that the module keeps, also one that was detached or computed under `no_grad`) is none.

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

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Self

from autograd import Value
from autograd.value import is_parameter, put_in_place
from nn.given import shown

__all__ = ["Module"]


class Module:
    """Base of everything with parameters; the methods are PyTorch's, for scalars."""

    training = True
    """Whether the module is being trained; `Dropout` looks at it. Set by `train` and `eval`."""

    def _summary(self) -> str:
        """What it is, in a few letters."""
        return type(self).__name__

    def __str__(self) -> str:
        """The module, and a line for each module in it: what `print` and notebooks show.

        >>> import nn
        >>> print(nn.MLP(64, [16, 10], activation="sigmoid", output="sigmoid", seed=0))
        MLP(64 → 16 → 10), 1 210 parameters
          layers.0: Layer(64 → 16, sigmoid), 1 040 parameters
          layers.1: Layer(16 → 10, sigmoid), 170 parameters
        """
        lines = [f"  {path}: {what}, {count}" if path else f"  and {what}" for path, what, count in self._lines()]
        return "\n".join([f"{self._summary()}, {_counted(self)}", *lines])

    def _lines(self) -> list[tuple[str, str, str]]:
        """The modules in it, each with its path, what it is and how many parameters it has; the last its own ones."""
        inside = [(path, part) for name, thing in vars(self).items() for path, part in _leaves(name, thing)]
        own = sum(is_parameter(part) for _, part in inside if isinstance(part, Value))
        lines = [(path, part._summary(), _counted(part)) for path, part in inside if isinstance(part, Module)]
        return [*lines, ("", f"{own} of its own", "")] if own and lines else lines

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython and notebooks show."""
        for i, line in enumerate(str(self).splitlines()):
            if i:
                printer.break_()
            printer.text(line)

    def _repr_html_(self) -> str | None:
        """What notebooks show of a module with modules in it: the same as a table."""
        from html import escape

        rows = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in line) + "</tr>"
            for line in self._lines()
        )
        title = escape(f"{self._summary()}, {_counted(self)}")
        return f'<table><caption style="text-align:left">{title}</caption>{rows}</table>' if rows else None

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter once, with its name: ``layers.0.weight[3][5]``, ``layers.0.bias[3]``.

        The part before the brackets is the tensor it belongs to in `state_dict`; what a dictionary holds has the
        key as a part of its name, ``embedding.cat``.

        Raises:
            ValueError: for a key of such a dictionary that is no name.
            TypeError: for parameters in a set.
        """
        seen: set[Value] = set()
        for path, parameter in self._places_of():
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
        return {
            tensor: _nested({at: parameter.data for at, parameter in entries.items()})
            for tensor, entries in self._tensors().items()
        }

    def _tensors(self) -> dict[str, dict[tuple[int, ...], Value]]:
        """The entries of each tensor by their indices; a shared parameter in each of its places.

        A list in which something else stands as well (None, a number), or whose rows differ in their sizes, is no
        tensor: each of its parameters is one.
        """
        found: dict[str, dict[tuple[int, ...], Value]] = {}
        for name, parameter in self._places():
            tensor, at = _split(name)
            found.setdefault(tensor, {})[at] = parameter
        tensors: dict[str, dict[tuple[int, ...], Value]] = {}
        for tensor, entries in found.items():
            if _is_full(entries):
                tensors[tensor] = entries
            else:
                tensors |= {_joined(tensor, at): {(): parameter} for at, parameter in entries.items()}
        return tensors

    def _places(self) -> Iterator[tuple[str, Value]]:
        """Every place of every parameter, with its name: one that is shared has several."""
        if type(self).named_parameters is not Module.named_parameters:
            return self.named_parameters()
        return self._places_of()

    def _places_of(self) -> Iterator[tuple[str, Value]]:
        for name, thing in vars(self).items():
            for path, part in _leaves(name, thing):
                if isinstance(part, Module):
                    yield from ((f"{path}.{inside}", parameter) for inside, parameter in part._places())
                elif is_parameter(part):
                    yield path, part

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
        numbers: dict[Value, float] = {}
        for tensor, entries in self._tensors().items():
            for at, parameter in entries.items():
                number = Value(_entry(given[tensor], at)).data
                if repr(numbers.setdefault(parameter, number)) != repr(number):
                    raise ValueError(
                        f"the state does not fit this {type(self).__name__}: {_joined(tensor, at)} is {number}, and "
                        f"{numbers[parameter]} in another place of the same parameter"
                    )
        put_in_place(numbers, ["_data"] * len(numbers), numbers.values())


def _counted(module: Module) -> str:
    n = len(module.parameters())
    return f"{n:,} parameter{'s' * (n != 1)}".replace(",", " ")


def _leaves(name: str, thing: Any) -> Iterator[tuple[str, Value | Module]]:
    """The `Value`s and modules in an attribute, with their names."""
    if isinstance(thing, (Value, Module)):
        yield name, thing
    elif isinstance(thing, Sequence) and not isinstance(thing, (str, bytes)):
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
    elif isinstance(thing, Collection) and not isinstance(thing, (str, bytes)) and not hasattr(thing, "dtype"):
        if any(isinstance(part, (Value, Module)) for part in thing):
            kind = type(thing).__name__
            raise TypeError(f"{name} is a {kind}, which has no places to name its parameters by: keep them in a list")
    elif getattr(getattr(thing, "dtype", None), "kind", "") == "O":
        yield from _leaves(name, thing.tolist())


def _split(name: str) -> tuple[str, tuple[int, ...]]:
    """The tensor of a name, and the indices at its end: ("layers.0.weight", (3, 5))."""
    tensor, indices = re.fullmatch(r"(.*?)((?:\[\d+\])*)", name).groups()  # type: ignore[union-attr]
    return tensor, tuple(map(int, re.findall(r"\d+", indices)))


def _joined(tensor: str, at: tuple[int, ...]) -> str:
    return tensor + "".join(f"[{i}]" for i in at)


def _is_full(entries: Mapping[tuple[int, ...], Any]) -> bool:
    """Whether entries at these indices are all of nested lists, of which the rows have one size."""
    if () in entries:
        return len(entries) == 1
    rows = _rows(entries)
    alike = len({frozenset(row) for row in rows.values()}) == 1
    return alike and list(rows) == list(range(len(rows))) and _is_full(rows[0])


def _nested(entries: Mapping[tuple[int, ...], Any]) -> Any:
    return entries[()] if () in entries else [_nested(row) for row in _rows(entries).values()]


def _rows(entries: Mapping[tuple[int, ...], Any]) -> dict[int, dict[tuple[int, ...], Any]]:
    rows: dict[int, dict[tuple[int, ...], Any]] = {}
    for (first, *rest), entry in entries.items():
        rows.setdefault(first, {})[tuple(rest)] = entry
    return rows


def _entry(tensor: Any, at: tuple[int, ...]) -> Any:
    for index in at:
        tensor = tensor[index]
    return tensor


def _size(tensor: Any) -> list[int | str]:
    """The shape of a nested list; "ragged" where its rows differ."""
    if not isinstance(tensor, (list, tuple)):
        return []
    rows = [_size(row) for row in tensor]
    if any(row != rows[0] for row in rows):
        return [len(tensor), "ragged"]
    return [len(tensor), *(rows[0] if rows else [])]
