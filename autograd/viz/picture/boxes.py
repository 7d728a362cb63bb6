"""The parts of a drawing as plain data: boxes, the arrows between them, and the frames around them.

`composer.py` makes them of a graph, `dot.py` makes a drawing of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Arrow", "Block", "Box", "Frame", "Node", "Numbers", "Picture"]


@dataclass(slots=True)
class Box:
    """Anything that is drawn as a box.

    Attributes:
        id: "n" and the node's place in `topological_order`, or "b" and a number for a block, "x" and a number for
            numbers.
        title: the label or name.
        frame: the index of the frame it stands in, or −1.
        lit: whether it lies on a path from the node that `wrt` names; True without one.
        sentence: everything about it, in words.
    """

    id: str
    title: str
    frame: int
    lit: bool
    sentence: str


@dataclass(slots=True)
class Node(Box):
    """One `Value`.

    Attributes:
        index: its place in `topological_order`.
        kind: "input", "parameter", "operation" or "root".
        formula: how it is computed, "" on a leaf.
        data: its value.
        gradient: ∂root/∂node; None if it is not known.
        flows: False if no gradient reaches it, whatever is computed.
        mark: what is wrong with it: "dead", "saturated", or "NaN" or "∞" that arises here; else "".
    """

    index: int
    kind: str
    formula: str
    data: float
    gradient: float | None
    flows: bool
    mark: str


@dataclass(slots=True)
class Block(Box):
    """Several nodes in one box.

    Attributes:
        members: their places in `topological_order`.
        kind: "module", "inputs", "parameters" or "operations".
        size: "64 → 16" for layers; else "".
        contents: the operations in it, with how often they occur, commonest first.
        parameters: how many of the members are parameters.
        parameter_norm: ‖∂root/∂parameters‖₂; None if it is not known, or there are none.
        outputs: the places of the members that the rest of the graph uses; of leaves, all.
        data: the values of the outputs.
        gradients: their gradients.
        output_norm: ‖∂root/∂outputs‖₂; None if it is not known.
        marks: what is wrong with members, and how many of them.
    """

    members: list[int]
    kind: str
    size: str
    contents: list[tuple[str, int]]
    parameters: int
    parameter_norm: float | None
    outputs: list[int]
    data: list[float]
    gradients: list[float | None]
    output_norm: float | None
    marks: list[tuple[str, int]]


@dataclass(slots=True)
class Numbers(Box):
    """Plain numbers that a network was given as its inputs or targets. They are no nodes, and no gradient reaches them.

    Attributes:
        data: the numbers.
        members: no places in `topological_order`.
        kind: "input".
    """

    data: list[float]
    members: tuple[()] = ()
    kind: str = "input"


@dataclass(slots=True)
class Arrow:
    """A line from an operand (or the block it is in) to what uses it.

    Attributes:
        id: "e", the index of the node that uses it, "_" and the operand's place; for several "l" and a number.
        source, target: the boxes' ids.
        count: how many operands it stands for.
        derivative: the local derivative, ∂target/∂source; None if none flows, or of several. NaN
            where it does not exist.
        gradient: what flows back along it, ∂root/∂target · ∂target/∂source; the norm, with its
            sign if they all have one sign, of several. None if it is not known.
        mixed: whether several gradients of both signs flow.
        flows: False if no gradient flows.
        lit: whether a path from the node that `wrt` names leads along it.
    """

    id: str
    source: str
    target: str
    count: int
    derivative: float | None
    gradient: float | None
    mixed: bool
    flows: bool
    lit: bool


@dataclass(slots=True)
class Frame:
    """A module that is open: a frame around boxes. `parent` is the frame around it, or −1."""

    title: str
    kind: str
    parent: int


@dataclass(slots=True)
class Picture:
    """All that a drawing shows.

    Attributes:
        root: what the root is called; gradients are ∂root/∂….
        boxes, arrows, frames: what is drawn.
        nodes: how many nodes the graph has.
        notes: what is to be said under the drawing: what was left out, what is highlighted.
        backward: whether the gradients of the root have been computed.
        parameters: whether parameters are known from other leaves.
    """

    root: str
    boxes: list[Node | Block | Numbers]
    arrows: list[Arrow]
    frames: list[Frame]
    nodes: int
    notes: list[str]
    backward: bool
    parameters: bool

    @property
    def greatest(self) -> float:
        """The greatest gradient shown, finite; 0 if there is none."""
        shown = [g for arrow in self.arrows if (g := arrow.gradient) is not None]
        for box in self.boxes:
            if isinstance(box, Numbers):
                continue
            shown += [g for g in (box.gradients if isinstance(box, Block) else [box.gradient]) if g is not None]
        return max((abs(g) for g in shown if math.isfinite(g)), default=0.0)
