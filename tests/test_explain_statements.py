"""No statement of an explanation is false: a name stands for one node, and every derivative is that of what is shown.

The graphs are the ones that tempt to it: expressions computed twice, operations that change nothing (·1, +0, **1,
+x, −(−x), ·0), and equal labels.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator, Mapping

import pytest

from autograd import Value, explain, maximum, minimum, topological_order, total, where
from autograd.formulas.notation import text
from autograd.formulas.pieces import evaluate
from autograd.formulas.terms import Dots, Formula, Name, Term, all_parts, parts, with_parts
from autograd.viz.explanation.explain import Explanation
from autograd.viz.explanation.writing import as_text

SAME: list[Callable[[Value], Value]] = [
    lambda x: x * 1, lambda x: 1 * x, lambda x: x + 0, lambda x: x - 0, lambda x: x / 1, lambda x: x**1, lambda x: +x,
    lambda x: x.neg().neg(), lambda x: total([x]), lambda x: where(1.0, x, 3.0), lambda x: x * 0, lambda x: x**0,
]  # fmt: skip
"""Operations that a formula need not show; and two whose value says nothing of the operand."""
UNARY: list[Callable[[Value], Value]] = [
    Value.sin, Value.tanh, lambda x: (x * 0.25).exp(), lambda x: x * x, lambda x: x**2, lambda x: x * 0.5,
    lambda x: x + 1, lambda x: (x * x + 1).log(), lambda x: -x,
]  # fmt: skip  # type: ignore[list-item]
BINARY: list[Callable[[Value, Value], Value]] = [
    lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a / (b * b + 1), maximum, minimum,
    lambda a, b: total([a, b, a]), lambda a, b: where(a > 0, a, b),
]  # fmt: skip


def tempting(seed: int) -> tuple[Value, list[Value]]:
    """A graph with twins: what is applied to one node is often applied again, to it or to its like."""
    choose = random.Random(seed)
    nodes = [Value(choose.uniform(0.5, 1.5), label=label) for label in ("x", "w", "")]
    for _ in range(choose.randint(2, 12)):
        a, b = choose.choices(nodes[-5:], k=2)
        f = choose.choice([*UNARY, *SAME, *SAME])
        made = [f(a), f(choose.choice([a, b]))] if choose.random() < 0.5 else [choose.choice(BINARY)(a, b)]
        for node in made:
            if node.op is not None and not node.label and choose.random() < 0.15:
                node.label = choose.choice(["h", "h", "sin(x)", "v2", "x"])
        nodes += made
    return total([nodes[-1] * nodes[-2], *nodes[-3:-1]]), nodes


def explained(seed: int) -> Explanation:
    root, nodes = tempting(seed)
    return explain(root, wrt=random.Random(seed).choice(nodes))


GRAPHS = range(150)


@pytest.mark.parametrize("seed", GRAPHS)
def test_what_is_written_stands_for_one_node(seed: int) -> None:
    found = explained(seed)
    nodes = dict.fromkeys([*topological_order(found.value), found.wrt])
    written = {node: found.names.formula(node) for node in nodes}
    named = [text(term) for term in written.values() if isinstance(term, Formula)]
    assert len(set(named)) == len(named)
    assert all(isinstance(written[node], Formula) for link in found.links for node in (link.use, link.of))


def statements(written: str) -> Iterator[tuple[str, str]]:
    """Every ∂A/∂B with the last thing that it is said to be."""
    left, sides = "", ""
    for line in [*written.split("\n"), "."]:
        if not re.match(" {6,}[=≈+−] ?", line) or line.strip().startswith("by "):
            if sides:
                yield left, re.split(" [=≈] ", sides)[-1]
            left, _, sides = line.strip().partition(" = ") if line.strip().startswith("∂") else ("", "", "")
        else:
            sides += " " + line.strip()


@pytest.mark.parametrize("seed", GRAPHS)
def test_nothing_is_said_to_be_two_different_numbers(seed: int) -> None:
    found = explained(seed)
    said: dict[str, float] = {}
    for left, number in statements(str(found)):
        value = float(number.replace("−", "-").strip("()"))
        assert said.setdefault(left, value) == pytest.approx(value, rel=1e-3, abs=1e-12), (
            left
        )  # four digits are printed
    assert said


@pytest.mark.parametrize("seed", GRAPHS)
@pytest.mark.parametrize("with_reasons", [True, False])
def test_a_name_that_nobody_gave_is_said_what_it_is(seed: int, with_reasons: bool) -> None:
    found = explained(seed)
    if not found.chain:
        return
    written = as_text(found, with_reasons).replace("\n", " ")
    given = {"v2"}  # a label of these graphs
    for name in set(re.findall(r"\bv\d+\b(?!⁽)", written)) - given:
        assert f" {name} = " in written or "…" in written, name


def replaced(term: Term, by: Mapping[Term, Name], top: bool = True) -> Term:
    """A formula with symbols for some of its parts, the largest first; not for the whole."""
    if not top and term in by:
        return by[term]
    return with_parts(term, [replaced(part, by, False) for part in parts(term)]) if parts(term) else term


@pytest.mark.parametrize("seed", GRAPHS)
def test_a_derivative_is_that_of_the_formula_beside_it(seed: int) -> None:
    """∂A/∂B is the slope of A's formula, as it is written, in B, as it is written, all else that has a name fixed."""
    found = explained(seed)
    names = found.names
    stations = {names.formula(node): node for node in names.stations}
    symbol = {term: Name(f"s{i}") for i, term in enumerate(stations)}
    numbers = {symbol[term]: node.data for term, node in stations.items()}

    def of_stations(node: Value) -> Term:
        term = names.definition(node)
        term = replaced(term, symbol, top=term == names.formula(node))
        while passed := [x for x in all_parts(term) if isinstance(x, Name) and x not in numbers]:
            definitions = {}
            for x in passed:
                inner = names.nodes[x]
                if inner.op is None:
                    numbers[x] = inner.data
                else:
                    definitions[x] = of_stations(inner)
            if not definitions:
                break
            term = _substituted(term, definitions)
        return term

    for link in found.links:
        formula = of_stations(link.use)
        if any(isinstance(x, Dots) for x in all_parts(formula)):
            continue
        assert evaluate(formula, numbers) == pytest.approx(link.use.data, rel=1e-9, abs=1e-12)
        if link.of.op is None and link.of not in names.stations:
            continue
        at, h = symbol[names.formula(link.of)], 1e-5
        up, down = (evaluate(formula, {**numbers, at: numbers[at] + step}) for step in (h, -h))
        # the slope is good to h² and 1e-16/h, of functions whose third derivatives are some hundreds at most
        slope = (up - down) / (2 * h)
        assert slope == pytest.approx(link.value, rel=1e-5, abs=1e-6 * max(1.0, abs(link.use.data))), link
        value = evaluate(link.derivative, names.numbers)
        assert value == pytest.approx(link.value, rel=1e-8, abs=1e-12 * max(1.0, abs(found.value.data)))


def _substituted(term: Term, by: Mapping[Name, Term]) -> Term:
    if isinstance(term, Name):
        return by.get(term, term)
    return with_parts(term, [_substituted(part, by) for part in parts(term)]) if parts(term) else term


# ── reasons ───────────────────────────────────────────────────────────────────────────────────────


def not_finite(seed: int, leaves: list[float]) -> tuple[Value, list[Value]]:
    """A graph of sums, products, choices and pieces, the same for every set of leaves."""
    choose = random.Random(seed)
    nodes = [Value(number, label=f"x{i}") for i, number in enumerate(leaves)]
    f: list[Callable[[Value, Value], Value]] = [
        lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a - b, maximum, minimum, lambda a, b: total([a, b, a]),
        lambda a, b: where(1.0, a, b), lambda a, b: a.relu() * b, lambda a, b: abs(a),
    ]  # fmt: skip  # type: ignore[attr-defined]
    for _ in range(choose.randint(1, 6)):
        nodes.append(choose.choice(f)(*choose.choices(nodes[-6:], k=2)))
    return nodes[-1] * nodes[choose.randrange(len(nodes))], nodes


@pytest.mark.parametrize("seed", range(300))
def test_a_gradient_depends_on_the_number_that_it_is_said_to_be_infinite_by(seed: int) -> None:
    """The named leaf alone, all others finite, makes it so; or it takes several (min(∞, ∞)), and this is one."""
    choose = random.Random(-1 - seed)
    leaves = [choose.choice([math.inf, -math.inf, math.nan, 0.5, 2.0, -1.5]) for _ in range(4)]
    root, nodes = not_finite(seed, leaves)
    which = choose.randrange(4)
    for note in explain(root, wrt=nodes[which]).notes:
        if note.kind == "not finite":
            assert note.node in nodes[:4]  # the leaves are the only numbers here that are born infinite
            named = nodes.index(note.node)
            alone = [x if i == named or math.isfinite(x) else 1.0 for i, x in enumerate(leaves)]
            without = [1.0 if i == named else x for i, x in enumerate(leaves)]
            gradients = []
            for others in (alone, without):
                again, nodes = not_finite(seed, others)
                again.backward()
                gradients.append(nodes[which].grad)
            assert not math.isfinite(gradients[0]) or math.isfinite(gradients[1])
            break


@pytest.mark.parametrize("seed", range(300))
def test_a_comparison_that_is_given_as_a_reason_holds(seed: int) -> None:
    choose = random.Random(seed)
    numbers = [math.inf, -math.inf, math.nan, math.nan, 0.0, 2.0, -1.5]
    root, nodes = not_finite(seed, [choose.choice(numbers) for _ in range(4)])
    found = explain(root, wrt=choose.choice(nodes))
    for _, condition in re.findall(r"(, as )((?:(?!, as )[^\n])*)", str(found)):
        a, sign, b = re.split(" ([<>≤≥=]) ", condition)
        x, y = (number(side, found) for side in (a, b))
        holds = {"<": x < y, ">": x > y, "≤": x <= y, "≥": x >= y, "=": x == y or (x != x and b == "nan")}
        assert holds[sign], condition


def number(side: str, found: Explanation) -> float:
    """What a printed operand of a comparison is."""
    for node in topological_order(found.value):
        if text(found.names.formula(node)) == side:
            return node.data
    return float(side.replace("−", "-"))


def test_nan_is_neither_less_nor_more() -> None:
    a, b = Value(math.nan, label="a"), Value(2.0, label="b")
    assert str(explain(maximum(a, b), wrt=b)).count(", as a = nan\n") == 1
    assert "≤" not in str(explain(maximum(a, b), wrt=b))


def test_an_infinity_is_told_by_what_the_derivative_comes_from_and_not_by_what_stands_beside_it() -> None:
    x, y = Value(math.nan, label="x"), Value(math.inf, label="y")
    assert "It starts with y = inf." in str(explain(x * y, wrt=x))
    assert "It starts with x = nan." in str(explain(x * y, wrt=y))
    a, b = Value(1e200, label="a"), Value(1e200, label="b")
    assert "each factor is, but their product is too large for a float" in str(explain(a * b * a, wrt=b))
    assert "It starts with a·b = inf." in str(explain(a * b * a, wrt=a))
    chosen = where(1.0, a * a, x)
    assert "It starts with v1 = a·a = inf." in str(explain(chosen * b, wrt=b))


# ── the examples that were found ──────────────────────────────────────────────────────────────────


def test_an_expression_computed_three_times_has_three_names() -> None:
    x = Value(2.0, label="x")
    written = str(explain(x.sin().exp() * x.sin() + x.sin().cos(), wrt=x))  # type: ignore[attr-defined]
    assert written.startswith("∂y/∂x = ∂y/∂v2 · ∂v2/∂v1 · ∂v1/∂x + ∂y/∂v3 · ∂v3/∂x + ∂y/∂v5 · ∂v5/∂x\n")
    assert "y = v2·v3 + cos(v5) = 2.872" in written


def test_a_node_times_one_is_not_the_node() -> None:
    w = Value(2.0, label="w")
    s = w * 1
    written = str(explain(s * s * w, wrt=s))
    assert written.startswith("∂y/∂v1 = ")
    assert written.endswith("at w = 2, v1 = w = 2")


def test_what_is_computed_as_a_labelled_node_is_has_a_name_of_its_own() -> None:
    x = Value(2.0, label="x")
    h1, h2 = x.tanh(), x.tanh()  # type: ignore[attr-defined]
    h1.label = "h1"
    assert "∂y/∂v1|direct = 3" in str(explain(h1**2 + h2 * 3 + h1 * h2, wrt=x))


def test_a_station_stays_whole_in_the_formula_of_its_use() -> None:
    w = Value(3.0, label="w")
    assert "\n      y = (w·w)·w = 27, by" in str(explain((w * w) * w, wrt=w))


def test_a_zero_does_not_stand_beside_a_name_within_a_product() -> None:
    w = Value(3.0, label="w")
    assert text(Name("w") * 0.0 * (Name("w") * 0.0)) == "w·0·w·0"
    assert "0w" not in str(explain((w * 0) * (w * 0) * w, wrt=w))


def test_beside_a_longer_way_the_direct_effect_is_called_so_wherever_it_stands() -> None:
    x = Value(1.2, label="x")
    y = x
    for _ in range(6):  # 2⁶ ways: told by the recursion
        y = y * x.sin()  # type: ignore[attr-defined]
    found = explain(total([y, y * y, x]), wrt=x)
    for left, number in statements(str(found)):
        assert math.isfinite(float(number.replace("−", "-"))), left


@pytest.mark.parametrize("label", ["a²", "W¹", "w⁽²⁾", "b¹²"])
def test_a_name_that_ends_in_a_superscript_is_raised_in_parentheses(label: str) -> None:
    """Seed 000 writes layers above the letter: a²² would be the second power of nothing, or a in layer 22."""
    v, u = Value(0.5, label=label), Value(2.0, label="u")
    explanation = explain(v * u + v**2, wrt=v)
    assert f"({label})²" in str(explanation)
    assert f"{label}²" not in str(explanation)
    assert r"{\left(" in str(explanation._repr_latex_())
