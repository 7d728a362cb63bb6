"""Random programs with `take`: of parameters, inputs and computed values, by an index twice, of another take."""

from __future__ import annotations

import random

from piecewise import Drawn, quarters


class Choices:
    """What draws one program: tables E (n × m), F (n × m), vectors b (n) and c (m), inputs x (m), y (n), indices."""

    def __init__(self, seed: int) -> None:
        self.choose = choose = random.Random(seed)
        self.n, self.m = choose.randint(2, 5), choose.randint(1, 4)
        n, m = self.n, self.m
        self.drawn = Drawn(seed, "")
        self.drawn.parameters = {
            "s": quarters(choose),
            "b": quarters(choose, n),
            "c": quarters(choose, m),
            "E": quarters(choose, n, m),
            "F": quarters(choose, n, m),
        }
        self.drawn.inputs = {
            "x": ((m,), 0),
            "y": ((n,), 0),
            "X": ((n, m), 0),
            "p": ((), n),
            "q": ((3,), n),
            "r": ((2,), m),
        }

    def index(self) -> str:
        return self.choose.choice(["p", "p", "q[0]", "q[1]", "q[2]", "q[t]"])

    def item(self, depth: int) -> str:
        """A number that may be at place i of n."""
        choose = self.choose
        kind = choose.randrange(9 if depth > 0 else 4)
        if kind < 4:
            return ["b[i]", "y[i]", "b[i]", choose.choice(["0.5", "s", "x[0]", "E[i][0]"])][kind]
        if kind == 4:
            return f"tanh({self.item(depth - 1)})"
        if kind == 5:
            return f"({self.item(depth - 1)} + {choose.choice(['s', 'x[0]', 'y[i]', 'b[-1]'])})"
        if kind == 6:
            return f"{self.item(depth - 1)} * {choose.choice(['y[i]', 'b[i]', 's', 'x[-1]'])}"
        if kind == 7:
            return f"dot({self.row(depth - 1)}, {choose.choice(['x', 'c', 'E[i]', 'F[0]'])})"
        return f"where(b[i] > {choose.choice(['y[i]', '0', 'x[0]'])}, {self.item(depth - 1)}, {self.item(depth - 1)})"

    def row(self, depth: int) -> str:
        """A list of m numbers that may be at place i of n."""
        choose = self.choose
        kind = choose.randrange(8 if depth > 0 else 4)
        if kind < 4:
            return ["E[i]", "F[i]", "X[i]", choose.choice(["x", "c", "E[0]", "E[i][::-1]"])][kind]
        if kind == 4:
            return f"[tanh(v) for v in {self.row(depth - 1)}]"
        if kind == 5:
            return f"[v * w for v, w in zip({self.row(depth - 1)}, {choose.choice(['x', 'c', 'F[i]'])}, strict=True)]"
        if kind == 6:
            return f"[v + s for v in {self.row(depth - 1)}]"
        return f"take({self.table(depth - 1)}, {self.index()})"

    def table(self, depth: int) -> str:
        order = self.choose.choice(["range({n})"] * 4 + ["reversed(range({n}))", "[0] * {n}", "[*range(1, {n}), 0]"])
        kind = self.choose.random()
        if kind < 0.35:
            return self.choose.choice(["E", "F", "X", "E[::-1]", "F[1:] + F[:1]"])
        return f"[{self.row(depth)} for i in {order.format(n=self.n)}]"

    def items(self, depth: int) -> str:
        if self.choose.random() < 0.3:
            return self.choose.choice(["b", "y", "b[::-1]", "[b[0]] * len(b)", "[row[0] for row in E]"])
        return f"[{self.item(depth)} for i in range({self.n})]"

    def chosen(self, depth: int) -> str:
        """One number that came of a take."""
        choose = self.choose
        kind = choose.randrange(7)
        if kind < 3:
            return f"take({self.items(depth)}, {self.index()})"
        row = f"take({self.table(depth)}, {self.index()})"
        if kind == 3:
            return f"take({row}, r[{choose.randrange(2)}])"
        if kind == 4:
            return f"dot({row}, {choose.choice(['x', 'c', f'take({self.table(depth - 1)}, {self.index()})'])})"
        if kind == 5:
            return f"total({row})"
        again = self.index()
        return f"sum(v * w for v, w in zip(take(E, {again}), take({self.table(depth)}, {again}), strict=True))"


def choices(seed: int) -> Drawn:
    """The program of a seed."""
    c = Choices(seed)
    terms = []
    for _ in range(c.choose.choice([1, 2, 3])):
        one = c.chosen(c.choose.choice([0, 1, 1, 2]))
        one = c.choose.choice(["{}", "{}", "tanh({})", "{} * s", "{} * x[0]"]).format(one)
        terms.append(f"sum({one} for t in range(3))" if "q[t]" in one else one)
    c.drawn.source = " + ".join([*terms, c.choose.choice(["0.5 * s", "dot(c, x)", "dot(b, y)"])])
    return c.drawn
