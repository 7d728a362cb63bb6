"""`explain`: the printed derivation is the gradient, says why, and says what is noteworthy."""

from __future__ import annotations

import math
import re
import sys
import xml.dom.minidom
from collections.abc import Callable, Iterator
from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd import Value, dot, explain, maximum, minimum, sin, total, where
from autograd.formulas.numbers import rounded
from autograd.formulas.pieces import evaluate
from autograd.formulas.rounding import agrees, rounded_factors
from autograd.formulas.terms import Formula
from autograd.value import NOT_YET
from autograd.viz.explanation.chain import Fork, Link
from autograd.viz.explanation.explain import Explanation
from autograd.viz.explanation.ways import Ways
from autograd.viz.explanation.writing import as_text


def labelled(value: Value, label: str) -> Value:
    value.label = label
    return value


def worked_example() -> tuple[Value, dict[str, Value]]:
    """The 2-2-2 network that seed 000 points to (inputs .05 and .10, targets .01 and .99)."""
    leaves = {f"w{i + 1}": w for i, w in enumerate([0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55])}
    leaves |= {"x1": 0.05, "x2": 0.10, "b1": 0.35, "b2": 0.60}
    v = {name: Value(data, label=name) for name, data in leaves.items()}

    def neuron(i: str, a: str, weights: list[str], inputs: list[str], bias: str) -> None:
        v[i] = labelled(dot([v[w] for w in weights], [v[x] for x in inputs], v[bias]), i)
        v[a] = labelled(v[i].sigmoid(), a)  # type: ignore[attr-defined]

    neuron("z1", "h1", ["w1", "w2"], ["x1", "x2"], "b1")
    neuron("z2", "h2", ["w3", "w4"], ["x1", "x2"], "b1")
    neuron("z3", "ŷ1", ["w5", "w6"], ["h1", "h2"], "b2")
    neuron("z4", "ŷ2", ["w7", "w8"], ["h1", "h2"], "b2")
    return labelled(0.5 * ((v["ŷ1"] - 0.01) ** 2 + (v["ŷ2"] - 0.99) ** 2), "E"), v


# ── the worked example, as the seeds write it ─────────────────────────────────────────────────────


def test_the_gradient_of_w5_is_derived_as_in_the_seeds() -> None:
    """Seed 002 eq. 6 and 7: ∂E/∂w5 = ∂E/∂ŷ1 · ∂ŷ1/∂z3 · ∂z3/∂w5 = (ŷ1 − y1) · ŷ1(1 − ŷ1) · h1."""
    E, v = worked_example()
    found = explain(E, wrt=v["w5"])
    assert found.gradient == pytest.approx(0.08216704056423077, rel=1e-14)  # the published number, rounded differently
    assert str(found).startswith(
        "∂E/∂w5 = ∂E/∂ŷ1 · ∂ŷ1/∂z3 · ∂z3/∂w5\n"
        "       = (ŷ1 − 0.01) · ŷ1·(1 − ŷ1) · h1\n"
        "       = 0.7414 × 0.1868 × 0.5933\n"
        "       = 0.08217\n"
    )


def test_the_gradient_of_w1_adds_the_two_ways_through_the_outputs() -> None:
    """Seed 000 (∂C₀/∂a^(L−1) as a sum over the next layer) and seed 002 eq. 10."""
    E, v = worked_example()
    found = explain(E, wrt=v["w1"])
    assert found.gradient == pytest.approx(0.0004385677344743465, rel=1e-13)  # a sum of 0.055 and −0.019
    fork, *rest = found.chain
    assert isinstance(fork, Fork)
    assert [path.value for path in fork.paths] == pytest.approx(
        [0.05539942, -0.01904912], abs=5e-9
    )  # published to 8 places
    assert [(link.use.label, link.of.label) for link in found.chain] == [("E", "h1"), ("h1", "z1"), ("z1", "w1")]
    assert "       = 0.05540 − 0.01905\n       = 0.03635\n" in str(found)
    assert len(rest) == 2


def test_losses_of_nn_are_derived_as_in_the_seeds_too() -> None:
    import nn

    _, v = worked_example()
    E = labelled(nn.half_squared_error([v["ŷ1"], v["ŷ2"]], [0.01, 0.99]), "E")
    assert "= (ŷ1 − 0.01) · ŷ1·(1 − ŷ1) · h1\n" in str(explain(E, wrt=v["w5"]))


def test_each_factor_has_its_rule() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    written = str(explain(a * b, wrt=a))
    assert "∂y/∂a = b = 3\n      y = a·b = 6, by ∂(a·b)/∂a = b" in written


# ── the printed numbers ───────────────────────────────────────────────────────────────────────────

EQUATION = re.compile(r"(?:∂.*? |\s+)(=|≈) (.*)")


def numeric(line: str) -> list[list[Decimal]] | None:
    """A printed side as a sum of products, or None if it has names in it."""
    if not re.fullmatch(r"[-−+×().e0-9 ]+", line):
        return None
    signed = line.replace(" − ", " + −").replace("−", "-")
    return [[Decimal(f.strip("() ")) for f in term.split("×")] for term in signed.split(" + ")]


def equations(written: str) -> Iterator[list[tuple[str, str]]]:
    """The sides of each equation of the upper part of a derivation, continued lines joined."""
    sides: list[tuple[str, str]] = []
    for line in [*written.split("\nbecause")[0].split("\n"), ""]:
        found = EQUATION.fullmatch(line)
        if found:
            sides.append((found[1], found[2]))
        elif line.startswith("  ") and sides:
            sides[-1] = sides[-1][0], f"{sides[-1][1]} {line.strip()}"
        elif sides:
            yield sides
            sides = []


def check_printed(written: str) -> int:
    """Check that every = between printed numbers holds to the last digit of the result; count the ≈."""
    wide = Context(prec=800)
    doubtful = 0
    for sides in equations(written):
        doubtful += any(relation == "≈" for relation, _ in sides)
        values = [(relation, numeric(side)) for relation, side in sides]
        result = values[-1][1]
        if result is None or any(relation == "≈" for relation, _ in sides):
            continue
        assert len(result) == 1 == len(result[0]), sides
        last = result[0][0]
        for _, terms in values:
            if terms is not None:
                exact = sum((wide_product(wide, term) for term in terms), Decimal(0))
                unit = Decimal((0, (1,), last.as_tuple().exponent))  # type: ignore[arg-type]
                assert abs(wide.subtract(exact, last)) * 2 <= unit, sides
    return doubtful


def wide_product(wide: Context, numbers: list[Decimal]) -> Decimal:
    result = Decimal(1)
    for x in numbers:
        result = wide.multiply(result, x)
    return result


UNARY: list[Callable[[Value], Value]] = [
    lambda x: x.tanh(),  # type: ignore[attr-defined]
    lambda x: x.sigmoid(),  # type: ignore[attr-defined]
    lambda x: x.sin(),  # type: ignore[attr-defined]
    lambda x: x.relu(),  # type: ignore[attr-defined]
    lambda x: (x * x + 1).log(),  # type: ignore[attr-defined]
    lambda x: x.neg(),  # type: ignore[attr-defined]
    lambda x: x * 0.37,
    lambda x: x + 1,
    lambda x: x**2,
    lambda x: x.abs(),  # type: ignore[attr-defined]
]
BINARY: list[Callable[[Value, Value], Value]] = [
    lambda a, b: a * b,
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a / (b * b + 1),
    lambda a, b: maximum(a, b),
    lambda a, b: dot([a, 0.5], [b, a], b),
    lambda a, b: total([a, b, a]),
    lambda a, b: where(a > 0, a, b),
]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Value, list[Value]]:
    """Random graphs with shared nodes, some of the nodes labelled; the last node is the root."""
    finite = st.floats(-3, 3, allow_subnormal=False)
    nodes = [Value(draw(finite), label=name) for name in ("x", "w", "")]
    for i in range(draw(st.integers(1, 25))):
        pick = st.sampled_from(nodes[-6:])
        one = draw(st.booleans())
        made = (
            draw(st.sampled_from(UNARY))(draw(pick)) if one else draw(st.sampled_from(BINARY))(draw(pick), draw(pick))
        )
        if made.op is not None and not made.label and draw(st.integers(0, 2)) == 0:
            made.label = f"h{i}"
        nodes.append(made)
    return nodes[-1], nodes


@settings(max_examples=400, deadline=None)
@given(graphs(), st.data())
def test_what_is_printed_is_the_gradient_to_the_last_digit(
    graph: tuple[Value, list[Value]], data: st.DataObject
) -> None:
    root, nodes = graph
    assume(root.op is not None and math.isfinite(root.data))
    wrt = data.draw(st.sampled_from([node for node in nodes if node is not root]))
    found = explain(root, wrt=wrt)
    assert all(node.grad == 0 for node in nodes)
    root.backward()
    assert found.gradient == wrt.grad  # the same sums in the same order: equal to the last bit
    written = str(found)
    check_printed(written)
    last = next(equations(written))[-1][1]  # the gradient's own equation comes first
    assert last == rounded(wrt.grad, 4).replace("-", "−")
    product = math.prod(factor.value for factor in found.chain) if found.chain else found.gradient
    # each factor may be a sum; what cancels in it is not seen by the product's own size, hence the floor
    size = math.prod(max(1.0, sum(abs(p.value) for p in f.paths)) if isinstance(f, Fork) else 1.0 for f in found.chain)
    assert product == pytest.approx(found.gradient, rel=1e-9, abs=1e-9 * size)


@settings(max_examples=200, deadline=None)
@given(graphs(), st.data())
def test_every_printed_formula_has_the_value_printed_beside_it(
    graph: tuple[Value, list[Value]], data: st.DataObject
) -> None:
    root, nodes = graph
    assume(root.op is not None and math.isfinite(root.data))
    found = explain(root, wrt=data.draw(st.sampled_from([node for node in nodes if node is not root])))
    for link in found.links:
        value = evaluate(link.derivative, found.names.numbers)
        # textbook forms against stable ones: 1 − y² near y = 1 keeps an absolute error of about 1e-16 times the rest
        assert value == pytest.approx(link.value, rel=1e-8, abs=1e-12 * max(1.0, abs(root.data)))


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=12))
def test_figures_multiply_to_the_printed_product(numbers: list[float]) -> None:
    product = math.prod(numbers)
    shown, relation = rounded_factors(numbers, product)
    assert relation == "="
    assert agrees(wide_product(Context(prec=800), [Decimal(s) for s in shown]), product, 4)


def test_a_product_half_way_between_two_figures_is_either() -> None:
    """1.45 · 1.45 is 2.1025, and the float beside it is above: 2.103."""
    assert rounded_factors([1.45, 1.45], 1.45 * 1.45) == (["1.45", "1.45"], "=")


def test_where_no_digits_can_make_it_hold_the_sign_is_approximate() -> None:
    shown, relation = rounded_factors([1e-200, 1e-200], 0.0)  # the product of the floats underflows
    assert (shown, relation) == (["1e-200", "1e-200"], "≈")


def test_rounded_factors_that_would_miss_the_last_digit_get_more_digits() -> None:
    numbers = [1.00049, 1.00049]  # 1.000 × 1.000 = 1.000, but the product is 1.001
    shown, relation = rounded_factors(numbers, math.prod(numbers))
    assert relation == "="
    assert shown == ["1.0005", "1.0005"]


# ── what it leaves alone, and what it refuses ─────────────────────────────────────────────────────


def test_explaining_changes_no_gradient() -> None:
    E, v = worked_example()
    str(explain(E, wrt=v["w1"]))
    assert E.grad is NOT_YET
    E.backward()
    before = {name: node.grad for name, node in v.items()}
    for node in v.values():
        explain(E, wrt=node).to_mathml()
    assert {name: node.grad for name, node in v.items()} == before


def test_wrt_and_value_must_be_values() -> None:
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"wrt= that is a Value, not 3 of type int"):
        explain(x * 2, wrt=3)
    with pytest.raises(TypeError, match=r"a value that is a Value, not 'E' of type str"):
        explain("E", wrt=x)


def test_where_backward_raises_explain_raises_the_same() -> None:
    x = Value(0.0, label="x")
    y = x.sqrt()  # type: ignore[attr-defined]
    with pytest.raises(ZeroDivisionError, match="the gradient of sqrt"):
        explain(y, wrt=x)
    made_by_hand = Value(3.0, _children=(x,))
    with pytest.raises(RuntimeError, match="without local derivatives"):
        explain(made_by_hand, wrt=x)


def test_data_changed_after_the_forward_pass_are_not_explained() -> None:
    x = Value(2.0)
    y = x * x
    x.data = 5.0
    with pytest.raises(RuntimeError, match="data changed after the forward pass"):
        explain(y, wrt=x)


def test_while_a_function_is_compiled_there_are_no_numbers_to_explain() -> None:
    compile_ = pytest.importorskip("autograd.compiler", reason="compiling needs NumPy").compile
    w = Value(2.0, label="w")
    for ask in (lambda x: explain(x * w, wrt=w), lambda x: explain(w * w, wrt=x), lambda x: explain(x * w, wrt=x)):

        def f(x: Value, ask: Callable[[Value], Explanation] = ask) -> Value:
            ask(x)
            return x * w

        with pytest.raises(TypeError, match=r"not known while a function is compiled[^\0]* line [0-9]+: "):
            compile_(f, example=(1.0,))


def test_an_infinite_constant_is_written() -> None:
    x = Value(2.0, label="x")
    assert "y = inf·x = inf" in str(explain(math.inf * x, wrt=x))
    assert "y = nan·x = nan" in str(explain(math.nan * x, wrt=x))


def test_a_node_between_can_be_asked_for() -> None:
    E, v = worked_example()
    E.backward()
    for name in ("h1", "z3", "ŷ2"):
        assert explain(E, wrt=v[name]).gradient == v[name].grad
    x = Value(0.5, label="x")
    u = x**2 + 1
    assert str(explain(sin(u), wrt=u)).startswith("∂y/∂(x² + 1) = cos(x² + 1)\n")


# ── many ways ─────────────────────────────────────────────────────────────────────────────────────


def entangled(layers: int, width: int = 3) -> tuple[Value, Value]:
    """widthᵏ ways from the root to x, without a node that all of them pass."""
    x = Value(0.3, label="x")
    layer = [x * (i + 1.0) for i in range(width)]
    for _ in range(layers):
        layer = [total([v * (0.5 + 0.01 * i) for v in layer]).tanh() for i in range(width)]
    return total(layer), x


def test_many_ways_are_explained_by_the_recursion() -> None:
    y, x = entangled(4)
    found = explain(y, wrt=x)
    (fork,) = found.chain
    assert isinstance(fork, Fork)
    assert fork.count == 3**5
    assert not fork.paths
    y.backward()
    for step in fork.steps:
        assert step.delta == pytest.approx(step.node.grad, rel=1e-13)
        assert step.delta == pytest.approx(sum(delta * link.value for link, delta in step.terms), rel=1e-13)
    assert "243 ways lead from y to x" in str(found)
    check_printed(str(found))


def test_exponentially_many_ways_take_time_and_space_in_proportion_to_the_nodes() -> None:
    def cost(layers: int) -> tuple[int, int, int]:
        y, x = entangled(layers)
        calls = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            found = explain(y, wrt=x)
            written = str(found)
        finally:
            sys.setprofile(None)
        (fork,) = found.chain
        assert isinstance(fork, Fork)
        return calls, len(fork.steps), len(written)

    cost(5)
    (small, few, _), (large, many, characters) = cost(40), cost(400)
    assert many == pytest.approx(10 * few, rel=0.05)
    assert large < 10.5 * small  # calls of functions, for ten times the nodes
    assert characters < 6000


def test_a_long_chain_is_cut_in_the_middle_and_its_product_still_holds() -> None:
    x = Value(0.9, label="x")
    y = x
    for _ in range(3000):
        y = (y * 1.1).sin()  # type: ignore[attr-defined]
    found = explain(y, wrt=x)
    assert len(found.chain) > 1000
    written = str(found)
    assert len(written) < 5000
    check_printed(written)


def test_diamonds_in_a_row_are_factors_of_a_product() -> None:
    x = Value(1.1, label="x")
    y = x
    for i in range(100):  # 2¹⁰⁰ ways
        y = labelled(y + y.sin(), f"u{i}")  # type: ignore[attr-defined]
    found = explain(y, wrt=x)
    assert len(found.chain) == 100
    assert all(isinstance(factor, Fork) and len(factor.paths) == 2 for factor in found.chain)
    y.backward()
    assert found.gradient == x.grad


def test_a_direct_way_is_told_from_the_whole_derivative() -> None:
    x = Value(3.0, label="x")
    written = str(explain(x * x.sin(), wrt=x))  # type: ignore[attr-defined]
    assert written.startswith("∂y/∂x = ∂y/∂x|direct + ∂y/∂sin(x) · ∂sin(x)/∂x\n      = sin(x) + x · cos(x)\n")


def test_an_operand_that_occurs_twice_counts_twice() -> None:
    x = Value(3.0, label="x")
    assert str(explain(x * x, wrt=x)).startswith("∂y/∂x = 2x\n      = 6\n")
    assert str(explain(dot([x, x], [x, 2.0]), wrt=x)).startswith("∂y/∂x = 2x + 2\n      = 8\n")


# ── what is noteworthy ────────────────────────────────────────────────────────────────────────────


def kinds(found: Explanation) -> set[str]:
    return {note.kind for note in found.notes}


def test_a_saturated_sigmoid_is_named() -> None:
    z = Value(12.0, label="z")
    found = explain((z.sigmoid() - 1) ** 2, wrt=z)  # type: ignore[attr-defined]
    assert "σ is saturated at z = 12, and little of the gradient gets through" in str(found)


@pytest.mark.parametrize(("slope", "saturated"), [(0.0009, True), (0.0011, False)])
def test_a_unit_is_saturated_where_its_slope_is_less_than_a_thousandth(slope: float, saturated: bool) -> None:
    z = Value(math.atanh(math.sqrt(1 - slope)), label="z")  # 1 − tanh² is the slope
    assert ("is saturated" in str(explain(z.tanh(), wrt=z))) is saturated  # type: ignore[attr-defined]


def test_a_dead_relu_is_named() -> None:
    z = Value(-1.2, label="z")
    found = explain(3 * labelled(z.relu(), "h"), wrt=z)  # type: ignore[attr-defined]
    assert found.gradient == 0
    assert "∂h/∂z = 0: the ReLU is dead at z = −1.2, and nothing gets through" in str(found)


@pytest.mark.parametrize(
    ("function", "at", "says", "never"),
    [
        (lambda w: ((w * 3).relu() - 1) ** 2, -2.0, ": the ReLU is dead, and nothing", "flat"),
        (lambda w: (w * 3).relu() * 0.0, 2.0, "∂y/∂w = 0, and nothing", "dead|flat"),
        (lambda w: ((w * 0.0) + 1.0).relu() * 3.0, 2.0, "= 0, and nothing gets through", "mul is|dead|flat"),
        (lambda w: maximum(w * 3, 1.0) + 2.0, -2.0, ": maximum is flat, and nothing", "add is|mul is"),
        (lambda w: maximum(w * 2.0, 0.5).relu() * 2.0, -2.0, ": maximum is flat, and nothing", "dead|mul is"),
        (lambda w: maximum((w * 2.0).relu() - 1.0, 0.5) * 2.0, -2.0, "is flat|is dead", "mul is|add is"),
    ],
)
def test_what_shuts_a_factor_of_several_nodes_is_named_and_nothing_else(
    function: Any, at: float, says: str, never: str
) -> None:
    w = Value(at, label="w")
    y = function(w)
    y.label = "y"
    found = str(explain(y, wrt=w))
    note = found[found.find("Note") :]
    assert re.search(says, note)
    assert not re.search(never, note)


def test_a_tie_is_named() -> None:
    a, b = Value(2.0, label="a"), Value(2.0, label="b")
    assert "A tie, a = b: ∂y/∂b changes its rule there, and is taken to be 0.5" in str(explain(maximum(a, b), wrt=b))
    z = Value(0.0, label="z")
    assert kinds(explain(z.relu() + z, wrt=z)) == {"tie"}  # type: ignore[attr-defined]


def test_a_piece_of_a_rule_is_named_with_the_condition_that_holds() -> None:
    z = Value(2.0, label="z")
    assert "by ∂relu(x)/∂x = 0 if x ≤ 0 else 1, as z > 0" in str(explain(z.relu(), wrt=z))  # type: ignore[attr-defined]


def test_exploding_and_vanishing_products_are_named() -> None:
    x = Value(1.5, label="x")
    up, down = x, x
    for _ in range(40):
        up, down = (up * up).log() * 3.0 + up * 2.0, (down * 0.3).sin()  # type: ignore[attr-defined]
    assert "exploding" in kinds(explain(up, wrt=x))
    assert "vanishing" in kinds(explain(down, wrt=x))
    assert not explain(x * 2, wrt=x).notes


def test_ways_that_cancel_are_named() -> None:
    x = Value(2.0, label="x")
    s = labelled(x.sin(), "s")  # type: ignore[attr-defined]
    found = explain(3 * x + s - 3 * x - s, wrt=x)
    assert found.gradient == 0
    assert "cancellation" in kinds(found)


def test_no_gradient_is_explained() -> None:
    x, w = Value(2.0, label="x"), Value(1.0, label="w")
    assert "y was not computed from w" in str(explain(x * 2, wrt=w))
    condition = where(x, w, 3.0)
    assert "No gradient flows from y to x: a condition chooses, and has no slope." in str(explain(condition, wrt=x))
    assert "w is a leaf and remembers no computation" in str(explain(w, wrt=x))
    twin = Value(2.0, label="x")
    assert "Another node of the graph is labelled 'x'" in str(explain(x * 2, wrt=twin))
    assert str(explain(x, wrt=x)) == "∂x/∂x = 1"


def test_an_edge_that_blocks_is_named_beside_one_that_does_not() -> None:
    x = Value(2.0, label="x")
    found = explain(where(x, x * 3, 0.0), wrt=x)
    assert found.gradient == 3
    assert "blocked" in kinds(explain(labelled(where(x * 2, x.sin(), 0.0), "y"), wrt=x))  # type: ignore[attr-defined]


def test_the_birthplace_of_an_infinity_is_named() -> None:
    x = Value(1e200, label="x")
    written = str(explain(labelled(x * x, "u") * x, wrt=x))
    assert "It starts with u = inf" in written


# ── names ─────────────────────────────────────────────────────────────────────────────────────────


def test_equal_labels_are_told_apart() -> None:
    a, b = Value(2.0, label="w"), Value(3.0, label="w")
    assert str(explain(a * b, wrt=b)).startswith("∂y/∂w⁽²⁾ = w⁽¹⁾\n")


def test_automatic_names_avoid_the_labels() -> None:
    y, v1 = Value(2.0, label="y"), Value(3.0, label="v1")
    u = (y * v1 + y / v1 - v1**3).tanh()  # type: ignore[attr-defined]
    found = explain(u * u.sin(), wrt=v1)
    assert len({name.name for name in found.names.nodes}) == len(found.names.nodes)
    assert found.names.formula(v1) != found.names.formula(u)


def test_a_hostile_label_is_shown_and_harmless() -> None:
    x = Value(2.0, label='<script>alert("x")</script>\n$\\evil{')
    found = explain(x * x, wrt=x)
    page = found.to_mathml()
    xml.dom.minidom.parseString(page)
    assert "<script" not in page
    assert r"\evil" not in found.to_latex()
    assert "alert" in str(found)


# ── the same derivation in each form ──────────────────────────────────────────────────────────────


def test_latex_markdown_and_mathml_say_what_the_text_says() -> None:
    E, v = worked_example()
    found = explain(E, wrt=v["w1"])
    for number in ("4.386", "0.03635", "0.2413", "0.05540", "0.01905"):
        for written in (str(found), found.to_latex(), found.to_markdown(), found.to_mathml()):
            assert number in written
    assert found._repr_latex_() == found.to_latex()
    assert found.to_latex().count("$$") % 2 == 0
    assert r"\frac{\partial E}{\partial h_{1}} \cdot \frac{\partial h_{1}}{\partial z_{1}}" in found.to_latex()
    xml.dom.minidom.parseString(found.to_mathml())
    assert "because" not in as_text(found, with_reasons=False)


@settings(max_examples=100, deadline=None)
@given(graphs(), st.data())
def test_every_form_is_well_formed_for_random_graphs(graph: tuple[Value, list[Value]], data: st.DataObject) -> None:
    root, nodes = graph
    found = explain(root, wrt=data.draw(st.sampled_from(nodes)))
    xml.dom.minidom.parseString(found.to_mathml())
    latex = re.sub(r"\\[{}]", "", found.to_latex())
    assert latex.count("{") == latex.count("}")
    assert latex.count("$$") % 2 == 0
    assert found.to_markdown().count("$") % 2 == 0


def test_the_factors_are_there_as_data() -> None:
    E, v = worked_example()
    found = explain(E, wrt=v["w5"])
    assert [type(factor) for factor in found.chain] == [Link, Link, Link]
    first = found.chain[0]
    assert isinstance(first, Link)
    assert isinstance(first.derivative, Formula)
    assert [rule.primitive for rule in first.rules] == ["mul", "add", "pow", "sub"]


@pytest.mark.parametrize("f", [maximum, minimum])
def test_a_number_compared_with_itself_is_no_tie(f: Callable[..., Value]) -> None:
    """max(x, x) is x, whose rule changes nowhere."""
    x = Value(2.0, label="x")
    for y in (f(x, x), f(x * x, x * x)):
        said = str(explain(y, wrt=x))
        assert "tie" not in said
        assert "changes its rule" not in said
    assert explain(f(x, x), wrt=x).gradient == 1.0
    assert "A tie" in str(explain(f(x, Value(2.0, label="w")), wrt=x))


def test_a_sum_of_many_terms_is_explained_with_a_few_links_a_term(monkeypatch: pytest.MonkeyPatch) -> None:
    """x·1 + x·2 + …, added one by one, as a loop over samples does: it was all the terms so far for each term."""
    joined = 0
    join = Ways._join

    def counted(*arguments: Any) -> None:
        nonlocal joined
        joined += 1
        join(*arguments)

    monkeypatch.setattr(Ways, "_join", counted)
    x, y = Value(0.5, label="x"), Value(0.0, label="y")
    for i in range(1000):
        y = y + x * float(i)
    assert explain(y, wrt=x).gradient == 499_500
    assert 0 < joined <= 4 * 1000  # two nodes a term, of which each can be joined from both sides


def test_a_sum_of_squares_is_explained_as_powers() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    said = str(explain(dot([a, b], [a, b]), wrt=a))
    assert "y = a² + b² = 13, by ∂(a^b)/∂a = b·a^(b − 1)" in said
    assert "w·x" not in said
    assert "= 2a" in said
