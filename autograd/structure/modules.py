"""The modules of a model, found in a graph: which node belongs to which neuron of which layer.

`levels.py` finds layers and neurons in the graph alone. With the model at hand one knows more: its
own modules, whatever they are, by the names that its author gave their attributes: the second of a list `blocks` is
block 2. Parameters of neurons are called as `levels.py` calls them, W¹₂₃, and others by as much of their path as tells
them apart, attention.query[0].

A module is any object with a method `parameters`; the modules inside it are found among its
attributes. A node belongs to a module if it computes with the module's parameters, or only with what
those nodes computed; the activation that follows is the last node that does. What lies between
two modules belongs to the one around both.

>>> import nn
>>> from autograd import topological_order
>>> model = nn.MLP(2, [3, 1], seed=0)
>>> order = topological_order(nn.squared_error(model([0.5, 1.0]), 1.0))
>>> found = modules(model, order)
>>> [(region.name, region.kind, region.parent) for region in found.regions][:3]
[('MLP', 'model', -1), ('layer 1', 'layer', 0), ('neuron 1.1', 'neuron', 1)]
>>> found.name[order[0]], found.regions[found.region[order[0]]].name
('W¹₁₁', 'neuron 1.1')
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autograd.structure.levels import Levels, Region, levels
from autograd.value import Value

__all__ = ["modules"]


def modules(model: Any, order: Sequence[Value]) -> Levels:
    """The regions of a graph, one a module, outermost first.

    Args:
        model: an object with `parameters`, or a mapping of names to the `Value`s that are parameters.
        order: the graph, in topological order.

    Returns:
        Regions of the kind "model", "module" or, in a list, what they are one of ("layer", "neuron"); the innermost
        one of each node that is in one; and the parameters' names.

    Raises:
        TypeError: for something that is neither.
    """
    if isinstance(model, Mapping):
        return Levels([], {}, {value: str(name) for name, value in model.items()})
    if not callable(getattr(model, "parameters", None)):
        raise TypeError(f"model is an object with parameters(), or a mapping of names to Values, not {model!r}")
    regions: list[Region] = []
    in_graph = levels(order).name
    owner: dict[Value, int] = {}
    name_of: dict[Value, str] = {}
    parameters = set(model.parameters())
    _visit(model, type(model).__name__, "", -1, regions, (parameters, owner, name_of), set())
    short = dict(zip(name_of, _suffixes(list(name_of.values())), strict=True))
    names = {value: in_graph.get(value, name) for value, name in short.items()}
    called = _counted([region.name for region in regions])
    regions = [
        Region(name, name.rpartition(" ")[0] or region.kind, region.parent)
        for name, region in zip(called, regions, strict=True)
    ]
    return Levels(regions, _members(order, owner, regions), names)


def _suffixes(paths: Sequence[str]) -> list[str]:
    """The last parts of each path, as few as no other path ends in."""
    ends = Counter(end for path in paths for end in _ends(path))
    return [next((end for end in _ends(path) if ends[end] == 1), path) for path in paths]


def _ends(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[k:]) for k in reversed(range(len(parts))) if not parts[k].isdecimal()]


_IN_LISTS = re.compile(r"(?:[^\W\d]\w*\.\d+\.)*(?P<kind>[^\W\d]\w*)(?P<last>\.\d+)?")


def _counted(paths: Sequence[str]) -> list[str]:
    """Modules in lists counted from one, and said in words if that names one: layers.0.neurons.1 is neuron 1.2."""

    def words(path: str) -> str:
        found = _IN_LISTS.fullmatch(path)
        places = [str(int(part) + 1) for part in path.split(".") if part.isdecimal()]
        if not found or not places or found["kind"] in ("inputs", "loss", "weights"):  # they mean something to others
            return path
        return f"{found['kind'].removesuffix('s') if found['last'] else found['kind']} {'.'.join(places)}"

    said = [words(path) for path in paths]
    times = Counter(said)
    return [name if times[name] == 1 else path for name, path in zip(said, paths, strict=True)]


def _visit(
    module: Any,
    name: str,
    path: str,
    parent: int,
    regions: list[Region],
    found: tuple[set[Value], dict[Value, int], dict[Value, str]],
    seen: set[int],
) -> None:
    seen.add(id(module))
    parameters, owner, name_of = found
    here = len(regions)
    regions.append(Region(name, "module" if path else "model", parent))
    for attribute, thing in getattr(module, "__dict__", {}).items():
        for at, part in _flat(attribute, thing):
            if isinstance(part, Value):
                if part in parameters and part not in owner:
                    owner[part], name_of[part] = here, f"{path}.{at}" if path else at
            elif id(part) not in seen:
                inside = f"{path}.{at}" if path else at
                _visit(part, inside, inside, here, regions, found, seen)


def _flat(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """The `Value`s and modules in an attribute, in lists and dictionaries too, with their names."""
    if isinstance(thing, Value) or (callable(getattr(thing, "parameters", None)) and not isinstance(thing, type)):
        yield name, thing
    elif isinstance(thing, list | tuple | Mapping):
        for key, part in thing.items() if isinstance(thing, Mapping) else enumerate(thing):
            inner = callable(getattr(part, "parameters", None))
            yield from _flat(f"{name}.{key}" if inner else f"{name}[{key}]", part)


def _members(order: Sequence[Value], owner: Mapping[Value, int], regions: Sequence[Region]) -> dict[Value, int]:
    region = {node: owner[node] for node in order if node in owner}
    feeds = _feeding_only_modules(order, owner)
    finished: set[Value] = set()  # activated: what is computed from it is no longer the same neuron
    for node in order:
        if node.op is None:
            continue
        parents = node.parents
        with_parameters = [owner[x] for x in parents if x in owner]
        around = [region.get(x, -1) for x in parents]
        if with_parameters:
            region[node] = _common(with_parameters, regions)
        elif -1 not in around and node in feeds:
            region[node] = _common(around, regions)
        elif around and -1 not in around and len(set(around)) == 1 and not finished.intersection(parents):
            alone = len(parents) == 1
            if not alone or len(node.operands) - 1 <= len(node.op.defaults):
                region[node] = around[0]
                if alone:
                    finished.add(node)
    return region


def _feeding_only_modules(order: Sequence[Value], owner: Mapping[Value, int]) -> set[Value]:
    """The nodes from which every path leads to a node that computes with parameters."""
    outside = {order[-1]}
    for node in reversed(order):
        if node in outside and not any(x in owner for x in node.parents):
            outside.update(node.parents)
    return {node for node in order if node not in outside}


def _common(members: Sequence[int], regions: Sequence[Region]) -> int:
    """The innermost region around all of these."""
    common, *others = [_around(i, regions) for i in dict.fromkeys(members)]
    return next(i for i in common if all(i in other for other in others))


def _around(i: int, regions: Sequence[Region]) -> list[int]:
    """A region and those around it, from the inside out."""
    chain = [i]
    while (i := regions[i].parent) >= 0:
        chain.append(i)
    return chain
