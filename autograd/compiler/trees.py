"""Arguments that are dictionaries: each entry is an array of its own, and the function is given them as they were.

A *form* is what such an argument looks like, with the number of an array at each leaf: {"w": 0, "b": 1} is the form of
{"w": [0.0, 0.0], "b": 0.0}. Lists without dictionaries in them are one array, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograd.functional import mapped

__all__ = ["filled", "form_of", "leaves", "named"]


def form_of(example: Any, arrays: list[Any]) -> Any:
    """The form of an example; what belongs to each of its leaves is added to the arrays."""
    if isinstance(example, dict):
        return {key: form_of(part, arrays) for key, part in example.items()}
    if isinstance(example, (list, tuple)) and _has_dictionary(example):
        return [form_of(part, arrays) for part in example]
    arrays.append(example)
    return len(arrays) - 1


def _has_dictionary(example: Any) -> bool:
    if isinstance(example, (list, tuple)):
        return any(map(_has_dictionary, example))
    return isinstance(example, dict)


def filled(form: Any, arrays: Sequence[Any] | Mapping[int, Any]) -> Any:
    """The form with the arrays at its leaves."""
    return mapped(lambda leaf: arrays[leaf], form)


def leaves(form: Any, given: Any, what: str) -> Iterator[Any]:
    """What is given at the leaves of a form, in its order.

    Raises:
        TypeError: where it has another form.
    """
    if isinstance(form, dict):
        if not isinstance(given, dict) or set(given) != set(form):
            shown = f"one of {', '.join(map(repr, given))}" if isinstance(given, dict) else type(given).__name__
            raise TypeError(f"{what} is a dictionary of {', '.join(map(repr, form))}, not {shown}")
        for key, part in form.items():
            yield from leaves(part, given[key], f"{what}[{key!r}]")
    elif isinstance(form, (list, tuple)):
        if not isinstance(given, (list, tuple)) or len(given) != len(form):
            shown = f"{len(given)}" if isinstance(given, (list, tuple)) else type(given).__name__
            raise TypeError(f"{what} is a {type(form).__name__} of {len(form)}, not {shown}")
        for i, (part, one) in enumerate(zip(form, given, strict=True)):
            yield from leaves(part, one, f"{what}[{i}]")
    else:
        yield given


def named(form: Any, name: str) -> Iterator[str]:
    """A name for each leaf: p_w for p["w"]."""
    if isinstance(form, int):
        yield name
    else:
        for key, part in form.items() if isinstance(form, dict) else enumerate(form):
            yield from named(part, f"{name}_{key}")


def taking_arrays(f: Callable[..., Any], forms: Sequence[Any]) -> Callable[..., Any]:
    """The function of the arrays at all leaves."""

    def of_arrays(*arrays: Any) -> Any:
        return f(*[filled(form, arrays) for form in forms])

    return of_arrays
