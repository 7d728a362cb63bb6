"""Random programs of pieces: conditions of parameters and inputs, of rows and columns, nested, under relu and sums.

A program is drawn as the Python that a person would write, over named scalars, vectors and matrices::

    relu(total([where(h[j] > 0, where(M[i][j] > x[j], u[i], M[i][j]), 0.5) for i in range(3) for j in range(5)]))

All numbers are multiples of ¼, and what is compared, or given to relu, abs and maximum, is sums and products of
few of them, so exact in whatever order it is summed: ties are frequent, and the same for every engine.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autograd
from autograd import Value

NAMES = {name: getattr(autograd, name) for name in autograd.__all__}


@dataclass
class Drawn:
    """A random program as source, with its parameters and inputs.

    Attributes:
        source: an expression of the names below and the functions of `autograd`.
        parameters: for each name the shape and the numbers.
        inputs: for each name the shape, and how many values there are to choose from (0: any quarter).
    """

    seed: int
    source: str
    parameters: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, tuple[tuple[int, ...], int]] = field(default_factory=dict)

    def make(self) -> tuple[Any, list[Value]]:
        """The function of the inputs, and its parameters, fresh."""
        drawn = {name: _values(numbers) for name, numbers in self.used.items()}
        f = eval(f"lambda {', '.join(self.inputs)}: {self.source}", {**NAMES, **drawn})
        return f, [v for part in drawn.values() for v in _leaves(part)]

    @property
    def used(self) -> dict[str, Any]:
        """The parameters that the source names."""
        return {name: x for name, x in self.parameters.items() if re.search(rf"\b{name}\b", self.source)}

    @property
    def example(self) -> tuple[Any, ...]:
        return tuple(x[0].tolist() for x in self.batch(1))

    def batch(self, size: int) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng([self.seed, size])
        return tuple(
            rng.integers(n, size=(size, *shape)) if n else rng.integers(-6, 7, size=(size, *shape)) / 4
            for shape, n in self.inputs.values()
        )

    def __str__(self) -> str:
        made = [f"{name} = {_shown(numbers)}" for name, numbers in self.used.items()]
        return "\n".join([f"# seed {self.seed}", *made, f"f = lambda {', '.join(self.inputs)}: {self.source}"])


def _values(numbers: Any) -> Any:
    return [_values(x) for x in numbers] if isinstance(numbers, list) else Value(numbers)


def _leaves(tree: Any) -> list[Value]:
    return [v for part in tree for v in _leaves(part)] if isinstance(tree, list) else [tree]


def _shown(numbers: Any) -> str:
    return f"[{', '.join(map(_shown, numbers))}]" if isinstance(numbers, list) else f"Value({numbers})"


def quarters(choose: random.Random, *shape: int) -> Any:
    if not shape:
        return choose.randrange(-6, 7) / 4
    return [quarters(choose, *shape[1:]) for _ in range(shape[0])]


class Pieces:
    """What draws one program. An expression comes with whether it is exact, and how many factors it may have."""

    def __init__(self, seed: int) -> None:
        self.choose = choose = random.Random(seed)
        self.ranges = {"i": choose.randint(1, 4), "j": choose.randint(1, 5), "k": choose.randint(2, 3)}
        self.drawn = Drawn(seed, "")
        self.named: dict[str, tuple[str, ...]] = {}
        for name, axes in (
            *(("s", ()), ("t", ()), ("u", "i"), ("v", "i"), ("h", "j"), ("g", "j"), ("q", "k")),
            *(("M", "ij"), ("N", "ij"), ("P", "ji"), ("R", "jk")),
        ):
            self.drawn.parameters[name] = quarters(choose, *(self.ranges[a] for a in axes))
            self.named[name] = tuple(axes)
        self.nesting = choose.random() < 0.2
        self.of_parameters_alone = choose.random() < 0.4  # they are computed once, not for each sample
        # Choices of choices, relu of sums, conditions as numbers: some programs are made of little else.
        self.favourites = choose.choice([(), (), (), (0,), (0,), (0, 3), (3, 11), (6, 8, 9)])
        for name, axes in (("a", ()), ("x", "j"), ("y", "i"), ("X", "ij"), ("z", "k")):
            self.drawn.inputs[name] = tuple(self.ranges[a] for a in axes), 0
            if not self.of_parameters_alone:
                self.named[name] = tuple(axes)

    def leaf(self, axes: str, inputs_alone: bool = False) -> str:
        """A name with its indices, or a number; mostly of the axes that are looped over."""
        fitting = [
            n for n, a in self.named.items() if set(a) <= set(axes) and (not inputs_alone or n in self.drawn.inputs)
        ]
        fitting += [n for n in fitting if self.named[n]] * 3
        if self.choose.random() < 0.12 and not inputs_alone:
            return f"{self.choose.choice([0.0, 0.5, 1.0, -0.25, 2.0])}"
        name = self.choose.choice(fitting)
        return name + "".join(f"[{a}]" for a in self.named[name])

    def condition(self, axes: str, depth: int) -> str:
        choose = self.choose
        kind = choose.random()
        if kind < 0.12 and not self.of_parameters_alone:  # equality is of inputs
            right = choose.choice(["0", "0.5", "-1", self.leaf(axes, inputs_alone=True)])
            return f"({self.leaf(axes, inputs_alone=True)} {choose.choice(['==', '!='])} {right})"
        left = self.leaf(axes) if kind < 0.6 else self.exact(axes, depth - 1)
        right = choose.choice(["0", "0.5", self.leaf(axes), self.leaf(axes)])
        if left.lstrip("-").replace(".", "").isdigit() and right.lstrip("-").replace(".", "").isdigit():
            left = "s"
        return f"({left} {choose.choice(['>', '<', '>=', '<='])} {right})"

    def looped(self, axes: str, inside: Any) -> str:
        """A sum over one more axis, or over two, written in one of the ways that sums are written."""
        choose = self.choose
        free = [a for a in "ijk" if a not in axes]
        if not free:
            return str(inside(axes))
        over = choose.sample(free, k=min(len(free), 2 if self.favourites else choose.choice([1, 1, 2])))
        within = inside(axes + "".join(over))
        loops = " ".join(f"for {a} in range({self.ranges[a]})" for a in over)
        one = choose.choice(["total([{} {}])", "sum({} {})", "dot([1] * {n}, [{} {}])"])
        count = 1
        for a in over:
            count *= self.ranges[a]
        return one.format(within, loops, n=count)

    def exact(self, axes: str, depth: int) -> str:
        """A value whose sums and products are exact: one factor beside a leaf, sums of them, and pieces."""
        choose = self.choose
        if depth <= 0 or choose.random() < 0.12:
            return self.leaf(axes)
        inner = lambda axes=axes: self.exact(axes, depth - 1)  # noqa: E731
        kind = choose.randrange(14)
        if self.favourites and choose.random() < 0.7:
            kind = choose.choice(self.favourites)
        if kind < 3:
            return f"where({self.condition(axes, depth)}, {inner()}, {inner()})"
        if kind == 3:
            return f"relu({inner()})"
        if kind == 4:
            return f"abs({inner()})"
        if kind == 5:
            return f"{choose.choice(['maximum', 'minimum'])}({inner()}, {inner()})"
        if kind == 6:
            return f"({inner()} {choose.choice('+-')} {inner()})"
        if kind == 7:
            return f"{self.leaf(axes)} * ({inner()})"
        if kind == 8:
            return f"{self.condition(axes, depth)} * {self.leaf(axes)}"
        if kind == 9:
            return f"({self.condition(axes, depth)} + {self.condition(axes, depth)} + {inner()})"
        if kind == 10:
            return f"leaky_relu({inner()}, {choose.choice(['0.25', '0.5', self.leaf(axes)])})"
        return self.looped(axes, lambda axes: self.exact(axes, depth - 1))

    def smooth(self, axes: str, depth: int) -> str:
        """A value that need not be exact: nothing asks whether it is greater than another."""
        choose = self.choose
        if depth <= 0 or choose.random() < (0.8 if self.favourites else 0.3):
            return self.exact(axes, depth)
        inner = lambda axes=axes: self.smooth(axes, depth - 1)  # noqa: E731
        kind = choose.randrange(7)
        if kind == 0:
            return f"tanh({inner()})"
        if kind == 1:
            return f"{inner()} * {choose.choice(['tanh', 'sigmoid', 'cos'])}({self.exact(axes, depth - 1)})"
        if kind == 2:
            return f"where({self.condition(axes, depth)}, {inner()}, {inner()})"
        if kind == 3:
            return f"({inner()} + {inner()})"
        if kind == 4:
            return f"{self.condition(axes, depth)} * {inner()}"
        return self.looped(axes, lambda axes: self.smooth(axes, depth - 1))

    def nested(self, depth: int) -> str:
        """A choice of choices by the sign of names alone: of rows, of columns, of whole matrices, in any order."""
        choose = self.choose
        compared = [n for n, axes in self.named.items() if axes and set(axes) <= {"i", "j"}]

        def choice(depth: int) -> str:
            if not depth:
                return self.leaf("ij")
            name = choose.choice(compared)
            index = "".join(f"[{a}]" for a in self.named[name])
            branches = [choice(depth - 1), choice(choose.randrange(depth))]
            choose.shuffle(branches)
            return f"where({name}{index} {choose.choice(['>', '>', '<', '>=', '<='])} 0, {', '.join(branches)})"

        return f"total([{choice(depth)} for i in range({self.ranges['i']}) for j in range({self.ranges['j']})])"


def piecewise(seed: int) -> Drawn:
    """The program of a seed."""
    pieces = Pieces(seed)
    choose = pieces.choose

    def term() -> str:
        if pieces.nesting:
            return pieces.nested(choose.choice([1, 2, 2, 3]))
        sums = pieces.looped("", lambda axes: pieces.smooth(axes, choose.choice([1, 2, 3, 3])))
        return str(choose.choice(["{}", "{}", "{}", "tanh({})", "relu({})", "relu({}) * a"])).format(sums)

    terms = [term() for _ in range(1 if pieces.favourites else choose.choice([1, 1, 2]))]
    pieces.drawn.source = " + ".join([*terms, *choose.choice([["0.25 * s"], []])])
    return pieces.drawn
