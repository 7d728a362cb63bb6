"""What a derivation is: its lines, and the tables that they refer to."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

__all__ = ["Derivation", "Line"]


class Line(NamedTuple):
    """One line: its part ("forward" or "backward"), left side, whether it adds to that or defines it, right side."""

    part: str
    left: str
    adds: bool
    right: str


class Derivation(NamedTuple):
    """What a program is, in symbols.

    Attributes:
        parameters: (name, shape) of the blocks of the vector, in order.
        tables: constants and tables of rows that the lines refer to, by name.
        lines: the program.
        result: what a program that is not differentiated returns.
    """

    parameters: list[tuple[str, tuple[int, ...]]]
    tables: dict[str, NDArray[Any]]
    lines: list[Line]
    result: str
