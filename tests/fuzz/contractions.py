"""Random sums of products over axes that are shared, permuted, sliced, reversed, gathered, triangular or padded.

Einsum as nested loops: ``[[total([A[i][k] * x[k][j] for k in range(3)]) for j in …] for i in …]``, with index
expressions such as ``2 * i + 1``, ``n - 1 - i``, ``(i + 1) % n`` or ``[2, 0, 1, 1][i]``.
"""

from __future__ import annotations

import random
from typing import Any

from piecewise import Drawn, quarters


class Contractions:
    """What draws one program, over four axes of lengths between 1 and 4."""

    def __init__(self, seed: int) -> None:
        self.choose = choose = random.Random(seed)
        self.lengths = {a: choose.choice([1, 2, 2, 3, 3, 4]) for a in "ijkl"}
        if choose.random() < 0.3:  # of one length, so that axes can be mistaken for each other
            self.lengths = dict.fromkeys("ijkl", choose.choice([2, 3]))
        self.drawn = Drawn(seed, "")
        self.shapes: dict[str, tuple[int, ...]] = {}
        for name in "ABCDXY":
            rank = choose.choice([1, 1, 2, 2, 2, 3])
            shape = tuple(choose.choice([*self.lengths.values(), 5]) for _ in range(rank))
            self.shapes[name] = shape
            if name in "XY":
                self.drawn.inputs[name] = shape, 0
            else:
                self.drawn.parameters[name] = quarters(choose, *shape)
        self.drawn.parameters["s"] = quarters(choose)

    def index(self, length: int, axes: str) -> str:
        """An index from 0 to length − 1 that runs with one of the axes; any axis fits after % length."""
        choose = self.choose
        fitting = [a for a in axes if self.lengths[a] <= length]
        if not fitting or choose.random() < 0.08:
            if axes and choose.random() < 0.5:
                return f"{choose.choice(axes)} % {length}"
            return str(choose.randrange(length))
        a = choose.choice(fitting)
        slack = length - self.lengths[a]
        kind = choose.randrange(12)
        if kind < 6:
            return a
        if kind == 6:
            return f"{self.lengths[a] - 1} - {a}"
        if kind == 7:
            return f"({a} + {choose.randrange(1, 4)}) % {length}"
        if kind == 8:
            return f"{[choose.randrange(length) for _ in range(self.lengths[a])]}[{a}]"
        if kind == 9 and slack:
            return f"{a} + {choose.randint(1, slack)}"
        if kind == 10 and 2 * (self.lengths[a] - 1) < length:
            return f"2 * {a}"
        others = [b for b in axes if b != a and self.lengths[a] + self.lengths[b] - 1 <= length]
        return f"{a} + {choose.choice(others)}" if others else a

    def factor(self, axes: str) -> str:
        """An element of an array, padded where an index may leave it; sometimes of a computed array."""
        choose = self.choose
        name = choose.choice("ABCDXY")
        indices = [self.index(length, axes) for length in self.shapes[name]]
        element = name + "".join(f"[{i}]" for i in indices)
        kind = choose.random()
        if kind < 0.08 and axes:
            a = choose.choice(axes)
            length = self.shapes[name][0]
            shifted = f"{a} - 1"
            rest = "".join(f"[{i}]" for i in indices[1:])
            return f"({name}[{shifted}]{rest} if 0 <= {shifted} < {length} else 0.0)"
        if kind < 0.13:
            return f"tanh({element})"
        if kind < 0.17:
            return f"relu({element})"
        return element

    def product(self, axes: str) -> str:
        return " * ".join(self.factor(axes) for _ in range(self.choose.choice([1, 2, 2, 2, 3])))

    def loops(self, over: str) -> str:
        """The loops over some axes, now and then triangular, strided or reversed."""
        written: list[str] = []
        for i, a in enumerate(over):
            n = self.lengths[a]
            kind = self.choose.randrange(10)
            if kind == 0 and i:
                written.append(f"for {a} in range(min({n}, {over[i - 1]} + 1))")
            elif kind == 1:
                written.append(f"for {a} in range(0, {n}, 2)")
            elif kind == 2:
                written.append(f"for {a} in reversed(range({n}))")
            else:
                written.append(f"for {a} in range({n})")
        return " ".join(written)

    def summed(self, over: str, inside: str) -> str:
        one = self.choose.choice(["total([{} {}])", "sum({} {})", "total([{} {}])", "sum([{} {}], s * 0.5)"])
        return one.format(inside, self.loops(over))

    def term(self) -> str:
        """A sum of products; or of a function of such sums, one for each value of the outer axes."""
        choose = self.choose
        axes = "".join(choose.sample("ijkl", k=choose.choice([1, 2, 2, 3, 3, 4])))
        if len(axes) == 1 or choose.random() < 0.3:
            return self.summed(axes, self.product(axes))
        cut = choose.randint(1, len(axes) - 1)
        outer, inner = axes[:cut], axes[cut:]
        z = self.summed(inner, self.product(axes))
        if choose.random() < 0.2:
            z = self._dot(axes[: cut + 1], outer)
        shape: Any = choose.choice(["tanh({})", "tanh({})", "({}) ** 2", "sigmoid({}) * {f}", "({}) * {f}", "{}"])
        return self.summed(outer, shape.format(z, f=self.factor(outer)))

    def _dot(self, axes: str, outer: str) -> str:
        a, n = axes[-1], self.lengths[axes[-1]]
        left, right = (f"[{self.factor(axes)} for {a} in range({n})]" for _ in range(2))
        return f"dot({left}, {right}, {self.factor(outer)})"


def contractions(seed: int) -> Drawn:
    """The program of a seed."""
    c = Contractions(seed)
    c.drawn.source = " + ".join([*(c.term() for _ in range(c.choose.choice([1, 1, 2, 3]))), "0.25 * s"])
    return c.drawn
