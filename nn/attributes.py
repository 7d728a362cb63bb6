"""What modules and optimisers have besides parameters: settings, counters, generators of chance.

A training that goes on must have them as they were. What is a number, a text, a truth, an array, or a list, tuple or
dictionary of those, is known by its place; a function by its name. What else somebody keeps (results, files) is not.

>>> import nn
>>> from autograd import Value
>>> attributes_of(nn.MLP(1, [1], seed=0), nn.SGD([Value(0.0)], lr=0.5))["optimiser.lr"]
0.5
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nn.module import Module

__all__ = ["attributes_of", "generators_in", "restore", "set_attributes", "state_of"]

_NOT_ATTRIBUTES = {"model": ("training",), "optimiser": ("parameters", "program", "state")}
"""What is kept or set in another way."""


def attributes_of(model: Module, optimiser: Any) -> dict[str, Any]:
    """Each attribute that is plain, or a function, by its place: as JSON can hold it."""
    found = {}
    for path, thing in _holders(model, optimiser):
        for name, attribute in vars(thing).items():
            if name not in _NOT_ATTRIBUTES[path.partition(".")[0]]:
                written = _written(attribute)
                if written is not _UNKNOWN:
                    found[f"{path}.{name}"] = written
    return found


def set_attributes(model: Module, optimiser: Any, attributes: Mapping[str, Any]) -> None:
    """Set those that `attributes_of` gave, but for functions, which stay as they are."""
    holders = dict(_holders(model, optimiser))
    for place, written in attributes.items():
        path, _, name = place.rpartition(".")
        if path in holders and not (isinstance(written, dict) and "function" in written):
            setattr(holders[path], name, _read(written))


def _holders(model: Module, optimiser: Any) -> Iterator[tuple[str, Any]]:
    for i, module in enumerate(model.modules()):
        yield f"model.{i} ({type(module).__name__})" if i else "model", module
    yield "optimiser", optimiser


_UNKNOWN = object()


def _written(x: Any) -> Any:
    if isinstance(x, np.generic):
        x = x.item()
    if x is None or type(x) in (bool, int, float, str):
        return x
    if isinstance(x, np.ndarray):
        return {"array": x.tolist(), "of": x.dtype.str} if x.dtype.kind in "fiub" else _UNKNOWN
    if isinstance(x, (list, tuple)):
        parts = []
        for part in x:
            parts.append(_written(part))
            if parts[-1] is _UNKNOWN:  # as in a list of weights, at its first
                return _UNKNOWN
        return parts if type(x) is list else {"tuple": parts}
    if isinstance(x, dict):
        parts = [[_written(key), _written(part)] for key, part in x.items()]
        return _UNKNOWN if any(part is _UNKNOWN for pair in parts for part in pair) else {"dictionary": parts}
    if callable(x) and not isinstance(x, (type, Module)):
        return {"function": getattr(x, "__qualname__", None) or getattr(x, "name", type(x).__qualname__)}
    return _UNKNOWN


def _read(written: Any) -> Any:
    if isinstance(written, list):
        return [_read(part) for part in written]
    if isinstance(written, dict):
        if "array" in written:
            return np.array(written["array"], written["of"])
        if "tuple" in written:
            return tuple([_read(part) for part in written["tuple"]])
        return {_read(key): _read(part) for key, part in written["dictionary"]}
    return written


# ── chance ────────────────────────────────────────────────────────────────────────────────────


def generators_in(model: Module, optimiser: Any) -> list[Any]:
    """The generators that modules (those of `nn.Dropout`, say) and the optimiser draw from, each once."""
    holders = [thing for _, thing in _holders(model, optimiser)]
    found = [thing for holder in holders for thing in vars(holder).values() if _is_generator(thing)]
    return list({id(generator): generator for generator in found}.values())


def _is_generator(thing: Any) -> bool:
    kinds = (random.Random, np.random.Generator, np.random.RandomState)
    return isinstance(thing, kinds) or thing is random or thing is np.random


def state_of(generator: Any) -> Any:
    """The state of a generator of NumPy or of `random`, as JSON can hold it."""
    if isinstance(generator, np.random.Generator):
        return _plain(generator.bit_generator.state)
    if isinstance(generator, np.random.RandomState) or generator is np.random:
        return _plain(generator.get_state(legacy=False))
    version, numbers, spare = generator.getstate()
    return [version, list(numbers), spare]


def restore(generator: Any, state: Any) -> None:
    """Let a generator go on from what `state_of` gave."""
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, np.random.RandomState) or generator is np.random:
        generator.set_state(state)
    else:
        version, numbers, spare = state
        generator.setstate((version, tuple(numbers), spare))


def _plain(state: Any) -> Any:
    return json.loads(json.dumps(state, default=lambda array: array.tolist()))
