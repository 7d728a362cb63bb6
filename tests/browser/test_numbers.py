"""The numbers in the page are Python's."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from page.cases import NUMBERS, operands_for, passes, random_graph

from autograd import Value, topological_order
from autograd.primitives import table
from autograd.viz.page.explore import explore
from autograd.viz.page.javascript import source


def plain(x: Any) -> Any:
    """A number as it travels from JavaScript."""
    return [plain(y) for y in x] if isinstance(x, list) else x if x is None else float(x)


def close(js: float, python: float, scale: float = 0.0) -> bool:
    # A few units in the last place per operation (V8's and the C library's exp differ by one), 1e-12 in all.
    return (
        (math.isnan(js) and math.isnan(python))
        or js == python
        or abs(js - python) <= 1e-12 * max(abs(js), abs(python), scale)
    )  # fmt: skip


@pytest.fixture(scope="module")
def any_page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One page for all the primitives: only its functions are used."""
    page = browser.new_page()
    page.goto(explore(Value(1.0) * 2).save(tmp_path_factory.mktemp("page") / "page.html").as_uri())
    yield page
    page.close()


@pytest.mark.parametrize("name", list(table))
def test_each_primitive_as_javascript_gives_what_it_gives_in_python(name: str, any_page: Any) -> None:
    op, generator, cases = table[name], random.Random(name), []
    tries = [operands_for(op, generator) for _ in range(400)]
    for given in [*tries, *([x] * len(tries[0]) for x in NUMBERS)]:  # the last are ties
        try:
            y = op(*given)
        except (ArithmeticError, ValueError):
            continue  # Python has no number here
        try:
            local = list(op.local_derivatives(y, given, [True] * len(given)))
        except (ArithmeticError, ValueError):
            local = None
        cases.append((given, y, local))
    assert len(cases) > 20
    for arity in {len(given) for given, _, _ in cases}:
        mine = [case for case in cases if len(case[0]) == arity]
        # Functions cannot be passed in (the page's policy forbids eval), so they come with evaluate itself.
        results = any_page.evaluate(
            f"""cases => {{ const {{ power, erf, erfc, quotient, remainder }} = explorer.numeric;
            const [value, local] = {source(op, arity)};
            return cases.map(x => {{ x = x.map(Number); const y = value(x);
            return [String(y), local(y, x).map(d => d === null ? null : String(d))]; }}) }}""",
            [[repr(x).replace("nan", "NaN") for x in given] for given, _, _ in mine],
        )
        for (given, y, local), (js, js_local) in zip(mine, results, strict=True):
            assert close(float(js), y), (name, given, js, y)
            for i, (a, b) in enumerate(zip(plain(js_local), local or [], strict=False)):
                assert (a is None) == (b is None), (name, given, i)
                # The derivative of a power is computed from y and log a: it inherits their rounding.
                assert b is None or close(a, float(b)), (name, given, i, a, b)


def test_erf_and_erfc_are_accurate_to_1e_12(any_page: Any) -> None:
    generator = random.Random(1)
    xs = [0.0, 2.0, -2.0, 1.9999999, 26.0, 5e-324, *(generator.uniform(-27, 27) for _ in range(3000))]
    xs += [generator.uniform(-3, 3) for _ in range(3000)]
    found = any_page.evaluate("xs => xs.map(x => [explorer.numeric.erf(x), explorer.numeric.erfc(x)])", xs)
    for x, (erf, erfc) in zip(xs, found, strict=True):
        assert erf == pytest.approx(math.erf(x), rel=1e-14, abs=5e-324), x
        # erfc(27) is subnormal, with fewer digits to agree in
        assert erfc == pytest.approx(math.erfc(x), rel=1e-12, abs=1e-320), x


def agree(page: Any, order: list[Value], numbers: dict[int, float]) -> int:
    """Compare every value and gradient in the page with Python's; how many there were."""
    values, grads = passes(order, numbers)
    state = page.evaluate(
        "() => [Array.from(explorer.engine.value, String), Array.from(explorer.grad, (g, v) => explorer.engine.reached[v] ? String(g) : null)]"  # noqa: E501
    )
    # A sum can cancel: its error is that of its largest term, so it is measured by the largest number around.
    scale_v = max((abs(v) for v in values if math.isfinite(v)), default=0)
    scale_g = max((abs(g) for g in grads if g is not None and math.isfinite(g)), default=0)
    for js, python in zip(plain(state[0]), values, strict=True):
        assert close(js, python, scale_v), (js, python)
    for js, python in zip(plain(state[1]), grads, strict=True):
        assert (js is None) == (python is None)
        assert python is None or close(js, python, scale_g), (js, python)
    return len(values)


@pytest.mark.parametrize("seed", range(12))
def test_values_and_gradients_of_random_graphs_stay_pythons_after_edits_and_steps(
    seed: int, show: Callable[..., Any]
) -> None:
    generator, compared = random.Random(seed), 0
    while compared < 100:
        order = topological_order(random_graph(generator, 24))
        leaves = [i for i, node in enumerate(order) if node.op is None]
        try:
            passes(order, {i: order[i].data for i in leaves})
        except (ArithmeticError, ValueError):
            continue  # a derivative does not exist at this point
        page = show(order[-1])
        numbers = {i: order[i].data for i in leaves}
        compared += agree(page, order, numbers)
        for _ in range(6):
            leaf, x = generator.choice(leaves), generator.choice([0.0, 0.5, math.nan, generator.uniform(-1.5, 1.5)])
            before, numbers[leaf] = numbers[leaf], x
            page.evaluate("([v, x]) => explorer.change(v, Number(x))", [leaf, repr(x).replace("nan", "NaN")])
            try:
                passes(order, numbers)
            except (ArithmeticError, ValueError):  # Python has no number there: back
                numbers[leaf] = before
                page.evaluate("([v, x]) => explorer.change(v, Number(x))", [leaf, repr(before).replace("nan", "NaN")])
            compared += agree(page, order, numbers)
        _, grads = passes(order, numbers)
        stepped = {i: x if grads[i] is None else x - 0.001 * grads[i] for i, x in numbers.items()}  # type: ignore[operator]
        try:
            passes(order, stepped)
        except (ArithmeticError, ValueError):
            continue
        page.click("#rate")
        page.keyboard.press("Control+a")
        page.keyboard.type("0.001")
        page.click("#descend")
        compared += agree(page, order, stepped)
