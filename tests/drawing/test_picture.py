"""What a drawing shows, tested as data: every node once, its numbers the engine's, and room for any graph."""

from __future__ import annotations

import itertools
import math
import random
import re
import time
from collections import Counter
from typing import Any

import pytest

import nn
from autograd import Value, dot, exp, sin, topological_order, total, where
from autograd.formulas.numbers import brief
from autograd.viz.picture.boxes import Block, Node, Numbers, Picture
from autograd.viz.picture.composer import picture

UNARY = [Value.tanh, Value.sin, Value.exp, Value.sigmoid, lambda x: x**2, lambda x: 3 - x]
BINARY = [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: dot([a, b], [b, 0.5], a)]


def random_graph(seed: int, operations: int, leaves: int = 4, last: int = 10) -> Value:
    """Many paths, repeated operands, and values that stay small."""
    rng = random.Random(seed)
    nodes: list[Any] = [Value(rng.uniform(-1, 1), label=f"x{i}") for i in range(leaves)]
    for _ in range(operations):
        a, b = rng.choice(nodes[-last:]), rng.choice(nodes[-last:])
        node = rng.choice(UNARY)(a) if rng.random() < 0.5 else rng.choice(BINARY)(a, b)
        nodes.append(node.tanh() if abs(node.data) > 2 else node)
    return total(nodes[-3:])  # type: ignore[no-any-return]


def digits(samples: int = 1) -> tuple[nn.MLP, Value]:
    """The network of the main job, and its loss, with gradients."""
    model = nn.MLP(64, [16, 16, 10], activation="sigmoid", output="sigmoid", seed=0)
    rng = random.Random(0)
    losses = [
        nn.half_squared_error(model([rng.random() for _ in range(64)]), [1.0] + [0.0] * 9) for _ in range(samples)
    ]
    loss: Value = total(losses) if samples > 1 else losses[0]
    loss.label = "E"
    loss.backward()
    return model, loss


def nodes(shown: Picture) -> dict[int, Node]:
    return {box.index: box for box in shown.boxes if isinstance(box, Node)}


def blocks(shown: Picture) -> dict[str, Block]:
    return {box.title: box for box in shown.boxes if isinstance(box, Block)}


def shown_indices(shown: Picture) -> Counter[int]:
    return Counter(i for box in shown.boxes for i in ([box.index] if isinstance(box, Node) else box.members))


@pytest.mark.parametrize("seed", range(5))
def test_a_small_graph_shows_every_node_with_the_engines_numbers(seed: int) -> None:
    root = random_graph(seed, 25)
    root.backward()
    order = topological_order(root)
    shown = picture(root)
    assert list(nodes(shown)) == list(range(len(order))), "a box a node, in topological order"
    for i, node in nodes(shown).items():
        assert (node.id, node.data, node.gradient) == (f"n{i}", order[i].data, order[i].grad)
    place = {node: i for i, node in enumerate(order)}
    expected = [(f"n{place[x]}", f"n{i}") for i, node in enumerate(order) for x in node.parents]
    assert sorted((arrow.source, arrow.target) for arrow in shown.arrows) == sorted(expected)
    assert len({arrow.id for arrow in shown.arrows}) == len(shown.arrows)


@pytest.mark.parametrize("seed", range(5))
def test_what_flows_back_along_the_links_of_a_node_adds_up_to_its_gradient(seed: int) -> None:
    root = random_graph(seed, 25)
    root.backward()
    shown = picture(root)
    arriving: dict[str, float] = {}
    for arrow in shown.arrows:
        assert arrow.gradient is not None
        arriving[arrow.source] = arriving.get(arrow.source, 0.0) + arrow.gradient
    for node in nodes(shown).values():
        if node.kind != "root":  # the same terms, perhaps in another order
            assert node.gradient == pytest.approx(arriving[node.id], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    "f", [lambda x: sin(x), lambda x: x**3, lambda x: 2 / x, lambda x: dot([x, 0.5], [3.0, x], 1.0)]
)
def test_a_link_carries_the_local_derivative(f: Any) -> None:
    at, h = 0.7, 1e-5
    shown = picture(f(Value(at)))
    slope = (f(Value(at + h)).data - f(Value(at - h)).data) / (2 * h)
    derivatives = [arrow.derivative for arrow in shown.arrows]
    assert sum(d for d in derivatives if d is not None) == pytest.approx(slope, rel=1e-8)  # h² of the difference


def test_before_the_backward_pass_no_gradient_is_shown_and_none_is_zero() -> None:
    x = Value(2.0, label="x")
    y = x * x + x
    shown = picture(y)
    assert not shown.backward
    assert [node.gradient for node in nodes(shown).values()] == [None] * 3
    assert [arrow.gradient for arrow in shown.arrows] == [None] * 4
    assert "gradient not computed yet" in shown.boxes[0].sentence
    y.backward()
    assert nodes(picture(y))[0].gradient == 5.0
    y.zero_grad()
    assert nodes(picture(y))[0].gradient is None


def test_a_gradient_left_over_from_another_root_is_not_this_roots() -> None:
    x = Value(2.0)
    (x * 3).backward()
    assert nodes(picture(x * 5))[0].gradient is None


def test_a_zero_gradient_is_zero_and_shown_as_such() -> None:
    x = Value(-1.0, label="x")
    y = x.relu()
    y.backward()
    shown = picture(y)
    assert nodes(shown)[0].gradient == 0.0
    assert nodes(shown)[0].flows
    assert brief(nodes(shown)[0].gradient, sign=True) == "0"


def test_where_no_gradient_flows_the_link_says_so_and_the_nodes_behind_it() -> None:
    c, a = Value(1.0, label="c"), Value(2.0, label="a")
    y = where(c * 2, a, 0.0)
    y.backward()
    shown = picture(y)
    by_title = {node.title: node for node in nodes(shown).values()}
    assert (by_title["c"].gradient, by_title["c"].flows) == (None, False)
    assert (by_title["a"].gradient, by_title["a"].flows) == (1.0, True)
    assert "no gradient flows here" in by_title["c"].sentence
    assert [arrow.flows for arrow in shown.arrows if arrow.source == by_title["c"].id] == [False]
    assert [arrow.flows for arrow in shown.arrows if arrow.source == by_title["a"].id] == [True]


def test_a_local_derivative_that_does_not_exist_is_nan() -> None:
    shown = picture(Value(0.0).sqrt())
    assert [math.isnan(arrow.derivative or 0.0) for arrow in shown.arrows] == [True]


def test_gradients_that_are_values_are_shown_as_numbers() -> None:
    x = Value(3.0)
    y = x * x
    y.backward(create_graph=True)
    assert nodes(picture(y))[0].gradient == 6.0


def test_inputs_parameters_operations_and_the_root_are_told_apart() -> None:
    w, x, b = Value(2.0, label="w"), Value(3.0, label="x"), Value(1.0, label="b")
    E = (w * x + b) ** 2
    kinds = {node.title: node.kind for node in nodes(picture(E, model={"w": w, "b": b})).values()}
    assert kinds == {"w": "parameter", "x": "input", "b": "parameter", "": "operation", "y": "root"} | kinds
    assert [kinds[name] for name in ("w", "x", "b", "y")] == ["parameter", "input", "parameter", "root"]
    assert not picture(E).parameters


def test_constants_stand_in_the_formulas() -> None:
    x = Value(0.5, label="x")
    y = sin(x**2 + 1)
    assert [node.formula for node in nodes(picture(y)).values()] == ["", "x²", "x² + 1", "sin(x² + 1)"]
    z = dot([x, x], [0.25, 2.0], 1.0)
    assert nodes(picture(z))[1].formula == "x·0.25 + x·2 + 1"


def test_an_operation_that_changes_nothing_is_still_named() -> None:
    x = Value(0.5, label="x")
    assert nodes(picture(x - 0.0))[1].formula == "x − 0"
    assert nodes(picture(x / 1.0))[1].formula == "x ÷ 1"


# ── wrt ───────────────────────────────────────────────────────────────────────────────────────────


def paths(order: list[Value], start: Value) -> list[list[Value]]:
    """Every path from a node to the root, one by one."""
    uses = [(x, node) for node in order for x in node.parents]

    def from_here(node: Value) -> list[list[Value]]:
        if node is order[-1]:
            return [[node]]
        return [[node, *rest] for x, use in uses if x is node for rest in from_here(use)]

    return from_here(start)


@pytest.mark.parametrize("seed", range(6))
def test_wrt_lights_the_nodes_on_some_path_and_counts_the_paths(seed: int) -> None:
    root = random_graph(seed, 9)
    root.label = "y"
    order = topological_order(root)
    leaf = next(node for node in order if node.op is None)
    found = paths(order, leaf)
    shown = picture(root, wrt=leaf)
    lit = {order[i] for i, node in nodes(shown).items() if node.lit}
    assert lit == {node for path in found for node in path}
    steps = {pair for path in found for pair in itertools.pairwise(path)}
    by_id = {f"n{i}": node for i, node in enumerate(order)}
    assert {(by_id[arrow.source], by_id[arrow.target]) for arrow in shown.arrows if arrow.lit} == steps
    plural = "path" if len(found) == 1 else "paths"
    assert shown.notes == [f"∂y/∂{leaf.label} = —, along {len(found)} {plural}"]


def test_wrt_is_shown_itself_also_where_its_module_is_one_block() -> None:
    model, loss = digits()
    weight = model.layers[0].neurons[3].w[5]
    shown = picture(loss, model=model, depth=1, wrt=weight)
    index = topological_order(loss).index(weight)
    assert nodes(shown)[index].gradient == weight.grad
    assert any("paths" in note for note in shown.notes)


# ── levels ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("by_model", [True, False])
@pytest.mark.parametrize("depth", [None, 0, 1, 2, 3])
def test_at_any_depth_each_node_is_in_one_box_and_each_operand_on_one_link(depth: int | None, by_model: bool) -> None:
    model, loss = digits()
    order = topological_order(loss)
    shown = picture(loss, depth=depth, model=model if by_model else None)
    assert shown_indices(shown) == Counter(range(len(order)))
    assert len(shown.boxes) <= 100
    box_of = {
        i: box.id
        for box in shown.boxes
        if not isinstance(box, Numbers)
        for i in ([box.index] if isinstance(box, Node) else box.members)
    }
    place = {node: i for i, node in enumerate(order)}
    between = Counter(
        (box_of[place[x]], box_of[i])
        for i, node in enumerate(order)
        for x in node.parents
        if box_of[place[x]] != box_of[i]
    )
    drawn: Counter[tuple[str, str]] = Counter()
    for arrow in shown.arrows:
        if arrow.source[0] != "x":  # plain numbers are no nodes
            drawn[arrow.source, arrow.target] += arrow.count
    assert drawn == between


@pytest.mark.parametrize("samples", [1, 3])
def test_the_digits_network_is_its_layers_with_sizes_and_gradient_norms(samples: int) -> None:
    model, loss = digits(samples)
    shown = blocks(picture(loss, model=model))
    sizes = {"layer 1": "64 → 16", "layer 2": "16 → 16", "layer 3": "16 → 10"}
    for layer, (title, size) in zip(model.layers, sizes.items(), strict=True):
        block = shown[title]
        gradients = [parameter.grad for parameter in layer.parameters()]
        assert block.size == size + (f" · {samples} samples" if samples > 1 else "")
        assert block.parameters == len(gradients)
        assert block.parameter_norm == pytest.approx(math.hypot(*gradients), rel=1e-12)
        neurons = len(layer.neurons) * samples
        assert dict(block.contents) == {"dot": neurons, "sigmoid": neurons}
        assert len(block.outputs) == neurons


def test_without_a_model_the_layers_are_found_all_the_same() -> None:
    _, loss = digits()
    assert [block.size for block in blocks(picture(loss)).values()][:3] == ["64 → 16", "16 → 16", "16 → 10"]
    assert [block.size for block in blocks(picture(loss, depth=0)).values()][:1] == ["64 → 10"]


def test_a_smaller_network_is_its_neurons_and_one_that_fits_is_shown_whole() -> None:
    model = nn.MLP(2, [16, 16, 1], seed=1)
    shown = picture(nn.mse_loss(model([0.5, -1.0]), 1.0), model=model)
    assert shown.boxes[0].title == "2 inputs"
    assert [box.title for box in shown.boxes[1:4]] == ["neuron 1.1", "neuron 1.2", "neuron 1.3"]
    frames = [(frame.title, frame.parent) for frame in shown.frames]
    assert frames == [("MLP", -1), ("layer 1", 0), ("layer 2", 0), ("layer 3", 0)]
    small = nn.MLP(2, [2, 1], seed=1)
    shown = picture(nn.mse_loss(small([0.5, -1.0]), 1.0), model=small)
    assert all(isinstance(box, Node) for box in shown.boxes[1:])
    assert "layer 1" in [frame.title for frame in shown.frames]
    assert not shown.notes


def test_of_gradients_of_both_signs_a_bundle_has_the_norm_and_no_sign() -> None:
    model, loss = digits()
    shown = picture(loss, model=model, depth=1)
    bundle = next(arrow for arrow in shown.arrows if arrow.count > 1 and arrow.flows)
    assert bundle.mixed
    assert (bundle.gradient or 0.0) > 0


# ── size ──────────────────────────────────────────────────────────────────────────────────────────


def chain(length: int) -> Value:
    x = Value(1.0)
    for _ in range(length):
        x = x * 1.0001
    return x


@pytest.mark.parametrize(
    "make", [lambda: chain(26_000), lambda: random_graph(1, 40_000, 10, 60), lambda: digits(250)[1]]
)
def test_a_graph_of_over_20_000_nodes_is_collapsed_and_says_so(make: Any) -> None:
    root = make()
    root.backward()
    start = time.process_time()
    shown = picture(root)
    assert time.process_time() - start < 5  # the promise; it takes about one second
    assert len(shown.boxes) <= 100
    assert shown.nodes > 20_000
    assert shown_indices(shown) == Counter(range(shown.nodes))
    assert any("nodes in" in note and "max_nodes" in note for note in shown.notes)


@pytest.mark.parametrize("max_nodes", [10, 40, 200])
@pytest.mark.parametrize("seed", range(3))
def test_there_are_never_more_boxes_than_asked_for(seed: int, max_nodes: int) -> None:
    shown = picture(random_graph(seed, 300), max_nodes=max_nodes)
    assert len(shown.boxes) <= max_nodes
    assert len(picture(random_graph(seed, 300), max_nodes=1000).boxes) > 200, "and no fewer than there is room for"


def test_wide_graphs_are_collapsed_too() -> None:
    root = total([Value(float(i)) * 2 for i in range(5000)])
    root.backward()
    shown = picture(root)
    assert len(shown.boxes) == 3
    assert [block.contents for block in blocks(shown).values()] == [[], [("mul", 5000)]]


def test_a_network_without_modules_is_rolled_up_layer_by_layer() -> None:
    rng = random.Random(0)
    a: list[Any] = [Value(rng.random()) for _ in range(4)]
    for _ in range(3):
        weights = [[Value(rng.uniform(-1, 1)) for _ in a] for _ in range(16)]
        a = [total([w * x for w, x in zip(row, a, strict=True)]).tanh() for row in weights]
    shown = picture(total(a))
    titles = ["68 inputs", "64 mul", "16 total", "16 tanh"] + ["256 inputs", "256 mul", "16 total", "16 tanh"] * 2
    assert sorted(blocks_in_order(shown)) == sorted(titles)
    ends = {arrow.target for arrow in shown.arrows}
    assert sum(box.id not in ends for box in shown.boxes) == 3, "the weights of each layer, beside that layer"


def blocks_in_order(shown: Picture) -> list[str]:
    return [box.title for box in shown.boxes if isinstance(box, Block)]


# ── what is refused ───────────────────────────────────────────────────────────────────────────────


def test_bad_input_is_refused_with_what_was_expected() -> None:
    x = Value(1.0)
    y = exp(x)
    with pytest.raises(TypeError, match="takes the Value at the end of a graph, not 3"):
        picture(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="wrt is a Value"):
        picture(y, wrt="x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="is not in the graph"):
        picture(y, wrt=Value(2.0, label="other"))
    with pytest.raises(ValueError, match="depth is how many levels"):
        picture(y, depth=-1)
    with pytest.raises(ValueError, match="max_nodes is from 10 to 1000"):
        picture(y, max_nodes=5)
    with pytest.raises(TypeError, match=r"model is an object with parameters\(\)"):
        picture(y, model=[x])


# ── sums of squares ───────────────────────────────────────────────────────────────────────────────


def test_a_list_times_itself_is_a_sum_of_squares_and_no_sum_of_products() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    formula = {
        dot([a, b], [a, b]): "a² + b²",
        dot([a], [a]): "a²",
        dot([a, b], [b, a]): "a·b + b·a",
        dot([a, b], [a, b], 1.0): "a·a + b·b + 1",
    }
    for root, written in formula.items():
        assert picture(root).boxes[-1].formula == written
    many = [Value(float(k), label=f"e{k}") for k in range(9)]
    assert picture(dot(many, many)).boxes[-1].formula == "Σ of 9 squares"
    assert picture(dot(many, many[::-1])).boxes[-1].formula == "Σ of 9 products"


def test_the_loss_of_a_network_says_what_it_squares() -> None:
    model = nn.MLP(2, [2, 2], seed=0)
    loss = nn.squared_error(model([1.0, 2.0]), [0.5, 0.25])
    assert picture(loss, model=model).boxes[-1].formula == "(z²₁ − 0.5)² + (z²₂ − 0.25)²"


def test_a_block_is_never_called_by_a_number() -> None:
    """3 000 nodes of which each step uses two of the steps before it: those parts have no names."""
    x = [Value(0.01 * k) for k in range(30)]
    for k in range(1000):
        x.append((x[-7] * x[-3 - k % 5] + 0.1).tanh())
    titles = [box.title for box in picture(x[-1]).boxes if isinstance(box, Block)]
    assert len(titles) > 3
    assert [title for title in titles if re.fullmatch(r"−?[\d.e−]+", title)] == []
