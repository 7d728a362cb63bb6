"""Every rewriting rule of `Code` gives the numbers of the arithmetic it replaces, by the instructions it promises.

The instructions are computed here, by NumPy and nothing of `execute`. A rule that only moves signs or leaves out a
neutral element is exact, so it is tried on 0, −0, ±∞ and NaN too; one that multiplies in another order is held to
two roundings (4.5e-16) a multiplication, 4 of them at most.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from operator import neg
from typing import Any

import numpy as np
import pytest

from autograd import erf, exp, sigmoid, softplus, tanh, where
from autograd.compiler import rewrites
from autograd.compiler.arrays import Code, instruction, symbol
from autograd.compiler.instructions import (
    Array,
    Broadcast,
    Compare,
    Contract,
    Elementwise,
    Function,
    Literal,
    Mask,
    Not,
    Number,
    ReduceMax,
    ReduceSum,
    Reshape,
    Rows,
    Scale,
    Where,
)
from autograd.compiler.rewrites import REWRITES, Rewrite, is_scalar, product

BATCH = 7
ROUNDED = 2e-15
EXACT = 0.0

EDGES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1.7e308, -1e-310])


def computed(x: Any, known: dict[Array, Any]) -> Any:
    """What an instruction computes, by its definition."""
    if isinstance(x, Scale):
        return x.factor * BATCH**x.power
    if not isinstance(x, Array):
        return x
    if x in known:
        return known[x]

    def summed(whole: Any, by: Any) -> Any:
        shape = (*x.lanes, BATCH if x.batched else 1)
        axes = tuple(i for i, (here, there) in enumerate(zip(whole.shape, shape, strict=True)) if here != there)
        return by(whole, axis=axes, keepdims=True)

    of = [computed(a, known) for _, _, a in x.operands()]
    match x:
        case Elementwise() | Compare():
            return getattr(np, x.function)(*of)
        case Function():
            return x.function(*of)
        case Not():
            return ~of[0]
        case Number():
            return of[0].astype(float)
        case Mask():
            return of[0] * of[1].astype(float)
        case Where():
            return np.where(*of)
        case Reshape() | Broadcast():
            return np.reshape(of[0], (*x.lanes, -1))
        case ReduceSum():
            return summed(of[0], np.sum)
        case ReduceMax():
            return summed(of[0], np.max)
        case Contract():
            return summed(of[0] * of[1], np.sum)
    raise TypeError(x)


def form(x: Any, names: dict[Array, str]) -> str:
    """An instruction as text: its function or its class, of its operands."""
    if not isinstance(x, Array):
        return f"{x.factor:g}·N^{x.power}" if isinstance(x, Scale) else f"{x:g}"
    if x in names:
        return names[x]
    called = getattr(x, "function", type(x).__name__)
    return f"{called if isinstance(called, str) else x.name}({', '.join(form(a, names) for _, _, a in x.operands())})"


def leaf(code: Code, lanes: tuple[int, ...], batched: bool = True) -> Array:
    """An array that is there already."""
    leaf.count += 1  # type: ignore[attr-defined]
    return code.do(Rows, lanes, batched, 0, leaf.count, tuple(1 for _ in lanes))  # type: ignore[attr-defined]


leaf.count = 0  # type: ignore[attr-defined]

Rule = tuple[str, Callable[..., Any], Callable[..., Any], str, float]


def powers() -> list[Rule]:
    """x to each power that has a form of its own; of −0 and −∞ a root is another than the power, so |x| is taken."""
    forms = {
        0: "1", 1: "|x|", 2: "square(|x|)", 3: "multiply(square(|x|), |x|)", 4: "square(square(|x|))",
        0.5: "sqrt(|x|)", 1.5: "multiply(|x|, sqrt(|x|))", 2.5: "multiply(square(|x|), sqrt(|x|))",
        -1: "reciprocal(|x|)", -2: "reciprocal(square(|x|))", -3: "reciprocal(multiply(square(|x|), |x|))",
        -4: "reciprocal(square(square(|x|)))", -0.5: "reciprocal(sqrt(|x|))",
        -1.5: "reciprocal(multiply(|x|, sqrt(|x|)))", -2.5: "reciprocal(multiply(square(|x|), sqrt(|x|)))",
        5: "power(|x|, 5)", 3.5: "power(|x|, 3.5)", -3.5: "power(|x|, -3.5)", 0.25: "power(|x|, 0.25)",
        -5: "power(|x|, -5)", 1.7: "power(|x|, 1.7)",
    }  # fmt: skip
    return [
        (f"power {p}", lambda x, y, c, d, p=p: abs(x) ** p, lambda x, y, c, d, p=p: np.power(np.abs(x), p), says, tol)
        for p, says in forms.items()
        for tol in [EXACT if says.startswith("power") or p in (0, 1, 2, 0.5) else ROUNDED]
    ]


RULES: list[Rule] = [
    ("add: a number and 0", lambda x, y, c, d: x + 0.0, lambda x, y, c, d: x + 0.0, "x", EXACT),
    ("add: 0 and a number", lambda x, y, c, d: 0.0 + x, lambda x, y, c, d: 0.0 + x, "x", EXACT),
    ("add: the same twice", lambda x, y, c, d: x + x, lambda x, y, c, d: x + x, "multiply(x, 2)", EXACT),
    ("add: −y on the right", lambda x, y, c, d: x + -y, lambda x, y, c, d: x + -y, "subtract(x, y)", EXACT),
    ("add: −y on the left", lambda x, y, c, d: -y + x, lambda x, y, c, d: -y + x, "subtract(x, y)", EXACT),
    ("add: two", lambda x, y, c, d: x + y, lambda x, y, c, d: x + y, "add(x, y)", EXACT),
    ("add: a constant", lambda x, y, c, d: x + 2.5, lambda x, y, c, d: x + 2.5, "add(x, 2.5)", EXACT),
    ("add: a constant before", lambda x, y, c, d: 2.5 + x, lambda x, y, c, d: 2.5 + x, "add(2.5, x)", EXACT),
    ("add: 1 is not 0", lambda x, y, c, d: 1.0 + x, lambda x, y, c, d: 1.0 + x, "add(1, x)", EXACT),
    ("add: conditions", lambda x, y, c, d: c + d, lambda x, y, c, d: 1.0 * c + d, "add(Number(c), Number(d))", EXACT),
    ("add: a condition twice", lambda x, y, c, d: c + c, lambda x, y, c, d: 2.0 * c, "multiply(Number(c), 2)", EXACT),
    ("subtract: 0 behind", lambda x, y, c, d: x - 0.0, lambda x, y, c, d: x - 0.0, "x", EXACT),
    ("subtract: from 0", lambda x, y, c, d: 0.0 - x, lambda x, y, c, d: 0.0 - x, "negative(x)", EXACT),
    ("subtract: two", lambda x, y, c, d: x - y, lambda x, y, c, d: x - y, "subtract(x, y)", EXACT),
    ("subtract: from 1", lambda x, y, c, d: 1.0 - x, lambda x, y, c, d: 1.0 - x, "subtract(1, x)", EXACT),
    ("subtract: 1", lambda x, y, c, d: x - 1.0, lambda x, y, c, d: x - 1.0, "subtract(x, 1)", EXACT),
    ("subtract: 0 from a condition", lambda x, y, c, d: c - 0.0, lambda x, y, c, d: 1.0 * c, "Number(c)", EXACT),
    ("negative", lambda x, y, c, d: -x, lambda x, y, c, d: -x, "negative(x)", EXACT),
    ("negative: of −x", lambda x, y, c, d: neg(-x), lambda x, y, c, d: x, "x", EXACT),
    ("negative: −|x|", lambda x, y, c, d: -abs(x), lambda x, y, c, d: -np.abs(x), "copysign(x, -1)", EXACT),
    ("negative: of a condition", lambda x, y, c, d: -c, lambda x, y, c, d: -1.0 * c, "negative(Number(c))", EXACT),
    ("multiply: by 1", lambda x, y, c, d: x * 1.0, lambda x, y, c, d: x, "x", EXACT),
    ("multiply: 1 by", lambda x, y, c, d: 1.0 * x, lambda x, y, c, d: x, "x", EXACT),
    ("multiply: a condition by 1", lambda x, y, c, d: c * 1.0, lambda x, y, c, d: 1.0 * c, "Number(c)", EXACT),
    ("multiply: by −1", lambda x, y, c, d: x * -1.0, lambda x, y, c, d: -x, "negative(x)", EXACT),
    ("multiply: by 0", lambda x, y, c, d: x * 0.0, lambda x, y, c, d: x * 0.0, "multiply(x, 0)", EXACT),
    ("multiply: by a number", lambda x, y, c, d: 3.0 * x, lambda x, y, c, d: 3.0 * x, "multiply(x, 3)", EXACT),
    ("multiply: (x · 2) · 4", lambda x, y, c, d: x * 3.0 * 5.0, lambda x, y, c, d: x * 15, "multiply(x, 15)", EXACT),
    ("multiply: tenths", lambda x, *_: x * 0.1 * 0.7, lambda x, *_: x * 0.1 * 0.7, "multiply(x, 0.07)", ROUNDED),
    ("multiply: (x · 4) · ¼", lambda x, y, c, d: x * 4.0 * 0.25, lambda x, y, c, d: x, "x", EXACT),
    ("multiply: −x by 3", lambda x, y, c, d: -x * 3.0, lambda x, y, c, d: -x * 3, "multiply(x, -3)", EXACT),
    ("multiply: itself", lambda x, y, c, d: x * x, lambda x, y, c, d: x * x, "square(x)", EXACT),
    ("multiply: a condition, itself", lambda x, y, c, d: c * c, lambda x, y, c, d: 1.0 * c, "Number(c)", EXACT),
    ("multiply: two", lambda x, y, c, d: x * y, lambda x, y, c, d: x * y, "multiply(x, y)", EXACT),
    ("multiply: a mask", lambda x, y, c, d: x * c, lambda x, y, c, d: x * (1.0 * c), "Mask(x, c)", EXACT),
    ("multiply: a mask before", lambda x, y, c, d: c * x, lambda x, y, c, d: (1.0 * c) * x, "Mask(x, c)", EXACT),
    ("multiply: two masks", lambda x, y, c, d: c * d, lambda x, y, c, d: 1.0 * (c & d), "Mask(Number(c), d)", EXACT),
    ("multiply: y · (1/x)", lambda x, y, c, d: y * (1.0 / x), lambda x, y, c, d: y * (1 / x), "divide(y, x)", ROUNDED),
    ("multiply: (1/x) · y", lambda x, y, c, d: (1.0 / x) * y, lambda x, y, c, d: y * (1 / x), "divide(y, x)", ROUNDED),
    ("divide: by 1", lambda x, y, c, d: x / 1.0, lambda x, y, c, d: x, "x", EXACT),
    ("divide: a condition by 1", lambda x, y, c, d: c / 1.0, lambda x, y, c, d: 1.0 * c, "Number(c)", EXACT),
    ("divide: 1 by", lambda x, y, c, d: 1.0 / x, lambda x, y, c, d: 1 / x, "reciprocal(x)", EXACT),
    ("divide: two", lambda x, y, c, d: x / y, lambda x, y, c, d: x / y, "divide(x, y)", EXACT),
    ("divide: 2 by", lambda x, y, c, d: 2.0 / x, lambda x, y, c, d: 2 / x, "divide(2, x)", EXACT),
    ("divide: by 2", lambda x, y, c, d: x / 2.0, lambda x, y, c, d: x / 2, "divide(x, 2)", EXACT),
    *powers(),
    ("power: of two", lambda x, y, c, d: x**y, lambda x, y, c, d: np.power(x, y), "power(x, y)", EXACT),
    ("power: of 2", lambda x, y, c, d: 2.0**x, lambda x, y, c, d: np.power(2.0, x), "power(2, x)", EXACT),
    ("power: 2 of a condition", lambda x, y, c, d: c**2, lambda x, y, c, d: 1.0 * c, "square(Number(c))", EXACT),
    ("where: 1, 0", lambda x, y, c, d: where(c, 1.0, 0.0), lambda x, y, c, d: c, "c", EXACT),
    ("where: 0, 1", lambda x, y, c, d: where(c, 0.0, 1.0), lambda x, y, c, d: ~c, "Not(c)", EXACT),
    ("where: 1, 2", lambda x, y, c, d: where(c, 1.0, 2.0), lambda x, y, c, d: 2 - c, "Where(c, 1, 2)", EXACT),
    ("where: 2, 0", lambda x, y, c, d: where(c, 2.0, 0.0), lambda x, y, c, d: 2 * c, "Where(c, 2, 0)", EXACT),
    ("where: 0, 2", lambda x, y, c, d: where(c, 0.0, 2.0), lambda x, y, c, d: 2 - 2 * c, "Where(c, 0, 2)", EXACT),
    (
        "where: one for both",
        lambda x, y, c, d: where(c, 2.0, 2.0) * x,
        lambda x, y, c, d: 2 * x,
        "multiply(x, 2)",
        EXACT,
    ),
    ("where: x for both", lambda x, y, c, d: where(c, x, x), lambda x, y, c, d: x, "x", EXACT),
    (
        "where: 0 and −0",
        lambda x, y, c, d: where(c, 0.0, -0.0),
        lambda x, y, c, d: np.where(c, 0.0, -0.0),
        "Where(c, 0, -0)",
        EXACT,
    ),
    ("where: 2, 1", lambda x, y, c, d: where(c, 2.0, 1.0), lambda x, y, c, d: 1 + c, "Where(c, 2, 1)", EXACT),
    ("where: two", lambda x, y, c, d: where(c, x, y), lambda x, y, c, d: np.where(c, x, y), "Where(c, x, y)", EXACT),
    (
        "where: by what a condition is not",
        lambda x, y, c, d: where(where(c, 0.0, 1.0), x, y),
        lambda x, y, c, d: np.where(c, y, x),
        "Where(Not(c), x, y)",
        EXACT,
    ),
    (
        "where: conditions are numbers",
        lambda x, y, c, d: where(c, d, x),
        lambda x, y, c, d: np.where(c, d, x),
        "Where(c, Number(d), x)",
        EXACT,
    ),
    (
        "where: conditions are numbers",
        lambda x, y, c, d: where(c, x, d),
        lambda x, y, c, d: np.where(c, x, d),
        "Where(c, x, Number(d))",
        EXACT,
    ),
    (
        "where: a number is a condition",
        lambda x, y, c, d: where(x, y, 3.0),
        lambda x, y, c, d: np.where(x != 0, y, 3.0),
        "Where(not_equal(x, 0), y, 3)",
        EXACT,
    ),
    (
        "where: −|x|",
        lambda x, y, c, d: where(x >= 0, -x, x),
        lambda x, y, c, d: np.where(x >= 0, -x, x),
        "copysign(x, -1)",
        EXACT,
    ),
    (
        "where: not −|x|, y is another",
        lambda x, y, c, d: where(x >= 0, -x, y),
        lambda x, y, c, d: np.where(x >= 0, -x, y),
        "Where(greater_equal(x, 0), negative(x), y)",
        EXACT,
    ),
    (
        "where: not −|x|, −y is another",
        lambda x, y, c, d: where(x >= 0, -y, x),
        lambda x, y, c, d: np.where(x >= 0, -y, x),
        "Where(greater_equal(x, 0), negative(y), x)",
        EXACT,
    ),
    (
        "where: not −|x|, no minus",
        lambda x, y, c, d: where(x >= 0, 3.0 * x, x),
        lambda x, y, c, d: np.where(x >= 0, 3 * x, x),
        "Where(greater_equal(x, 0), multiply(x, 3), x)",
        EXACT,
    ),
    (
        "where: not −|x|, but |x|",
        lambda x, y, c, d: where(x <= 0, -x, x),
        lambda x, y, c, d: np.where(x <= 0, -x, x),
        "Where(less_equal(x, 0), negative(x), x)",
        EXACT,
    ),
    (
        "where: not −|x|, another bound",
        lambda x, y, c, d: where(x >= 1.0, -x, x),
        lambda x, y, c, d: np.where(x >= 1, -x, x),
        "Where(greater_equal(x, 1), negative(x), x)",
        EXACT,
    ),
    (
        "where: exp(−|x|) below 0",
        lambda x, y, c, d: where(x >= 0, 1.0, exp(-abs(x))),
        lambda x, y, c, d: np.where(x >= 0, 1.0, np.exp(-np.abs(x))),
        "exp(minimum(x, 0))",
        EXACT,
    ),
    (
        "where: exp(−|y|) below 0, y is another",
        lambda x, y, c, d: where(x >= 0, 1.0, exp(-abs(y))),
        lambda x, y, c, d: np.where(x >= 0, 1.0, np.exp(-np.abs(y))),
        "Where(greater_equal(x, 0), 1, exp(copysign(y, -1)))",
        EXACT,
    ),
    (
        "where: exp(−|x|) below 0, 2 above",
        lambda x, y, c, d: where(x >= 0, 2.0, exp(-abs(x))),
        lambda x, y, c, d: np.where(x >= 0, 2.0, np.exp(-np.abs(x))),
        "Where(greater_equal(x, 0), 2, exp(copysign(x, -1)))",
        EXACT,
    ),
    (
        "where: exp(x) below 0",
        lambda x, y, c, d: where(x >= 0, 1.0, exp(x)),
        lambda x, y, c, d: np.where(x >= 0, 1.0, np.exp(x)),
        "Where(greater_equal(x, 0), 1, exp(x))",
        EXACT,
    ),
    (
        "where: −|x| below 0",
        lambda x, y, c, d: where(x >= 0, 1.0, tanh(-abs(x))),
        lambda x, y, c, d: np.where(x >= 0, 1.0, np.tanh(-np.abs(x))),
        "Where(greater_equal(x, 0), 1, tanh(copysign(x, -1)))",
        EXACT,
    ),
]


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the rewrites that fit something."""
    names: set[str] = set()

    def watched(rule: Rewrite) -> Rewrite:
        def apply(*operands: Any) -> Any:
            result = rule.apply(*operands)
            if result is not None:
                names.add(rule.name)
            return result

        return rule._replace(apply=apply)

    for operation, rules in rewrites._of.items():
        monkeypatch.setitem(rewrites._of, operation, list(map(watched, rules)))
    return names


def test_every_rewrite_stands_in_the_table_of_this_test_and_is_as_exact_as_it_says(fired: set[str]) -> None:
    exact = {rewrite.name for rewrite in REWRITES if rewrite.exact}
    seen: set[str] = set()
    rounded: set[str] = set()
    for claim, written, _, _, tolerance in RULES:
        code = Code()
        x, y = leaf(code, (3,)), leaf(code, (3,))
        c, d = code.compare("less", leaf(code, (3,)), 0.0), code.compare("less", leaf(code, (3,)), 0.0)
        fired.clear()
        written(*map(symbol, (x, y, c, d)))
        assert tolerance == EXACT or not fired <= exact, f"{claim}: {fired} are said to be exact"
        seen |= fired
        rounded |= fired if tolerance != EXACT else set()
    assert {rewrite.name for rewrite in REWRITES} - exact <= rounded, "more is exact than is said to be"
    assert len({rewrite.name for rewrite in REWRITES}) == len(REWRITES)
    assert seen == {rewrite.name for rewrite in REWRITES}


def test_a_rewrite_is_entered_as_it_says_and_tried_after_those_before_it() -> None:
    code, before = Code(), list(REWRITES)
    rules = rewrites._of["negative"]
    try:

        @rewrites.rewrite("negative", "−x → 2")
        def first(code: Code, x: Any) -> Any:
            return 2.0

        @rewrites.rewrite("of this test", "x → 3", exact=False)
        def second(code: Code, x: Any) -> Any:
            return 3.0

        entered = [Rewrite("negative", "−x → 2", True, first), Rewrite("of this test", "x → 3", False, second)]
        assert [*before, *entered] == REWRITES
        assert rewrites._of["of this test"] == entered[1:]
        assert rewrites.rewritten(code, "of this test", 1.0) == 3.0
        assert form(rewrites.rewritten(code, "negative", x := leaf(code, (3,))), {x: "x"}) == "negative(x)"
    finally:
        REWRITES[:] = before
        rewrites._of["negative"] = [rule for rule in rules if rule in before]
        rewrites._of.pop("of this test", None)


@pytest.mark.parametrize("rule", RULES, ids=[rule[0] for rule in RULES])
def test_a_rewriting_rule_gives_the_numbers_of_what_it_replaces(rule: Rule) -> None:
    _, written, meant, says, tolerance = rule
    code = Code()
    x, y = leaf(code, (3,)), leaf(code, (3,))
    c, d = code.compare("less", leaf(code, (3,)), 0.0), code.compare("less", leaf(code, (3,)), 0.0)
    names, size = {x: "x", y: "y", c: "c", d: "d"}, instruction(abs(symbol(x)))
    if "|x|" in says:
        names[size] = "|x|"
    made = instruction(written(*map(symbol, (x, y, c, d))))
    assert form(made, names) == says
    rng = np.random.default_rng(0)
    xs, ys = rng.normal(size=(2, 3, BATCH))
    if tolerance == EXACT:
        pairs = np.array(list(itertools.product(EDGES, EDGES))).T
        xs, ys = (np.concatenate([a.ravel(), more]) for a, more in zip((xs, ys), pairs, strict=True))
    cs, ds = rng.random((2, *xs.shape)) < 0.5
    with np.errstate(all="ignore"):
        found = computed(made, {x: xs, y: ys, c: cs, d: ds, size: np.abs(xs)})
        expected = meant(xs, ys, cs, ds)
    np.testing.assert_allclose(np.broadcast_to(found, xs.shape), np.broadcast_to(expected, xs.shape), rtol=tolerance)


def test_scalars_are_multiplied_and_added_with_their_batch() -> None:
    third, half = Scale(2.0, -1), Scale(0.5, -1)
    code = Code()
    assert (product(3.0, 4), product(third, 3), product(half, Scale(3.0, 1))) == (12.0, Scale(6.0, -1), 1.5)
    assert (code.multiply(2.0, 3.0), code.multiply(third, 2), code.multiply(2, third)) == (
        6,
        Scale(4, -1),
        Scale(4, -1),
    )
    assert (code.add(2.0, 3), code.add(third, half)) == (5.0, Scale(2.5, -1))
    assert [is_scalar(x) for x in (1, 1.0, third, leaf(code, (3,)), "1")] == [True, True, True, False, False]
    assert Scale(3.0, -2).of_batch(4) == 3 / 16
    with pytest.raises(AssertionError, match="one scale"):
        code.add(third, 1.0)
    x = leaf(code, (3,))
    assert form(code.multiply(third, code.multiply(x, half)), {x: "x"}) == "multiply(x, 1·N^-2)"
    assert form(code.multiply(code.multiply(x, half), Scale(2.0, 1)), {x: "x"}) == "x"
    assert code.where(True, x, 2.0) is x
    assert code.where(False, x, 2.0) == 2.0


def test_nothing_is_emitted_twice_and_nothing_is_taken_for_another() -> None:
    code = Code()
    inside, other, broad = leaf(code, (3,)), leaf(code, (3,)), leaf(code, (2, 3))
    x, y, wide = map(symbol, (inside, other, broad))
    assert instruction(exp(x)) is instruction(exp(x))
    assert type(code.number(2)) is float
    one, many = symbol(leaf(code, (3,), batched=False)), symbol(leaf(code, (1, 3), batched=False))
    different = [instruction(made) for made in [
        exp(x), exp(y), tanh(x), x + y, y + x, x + wide, x + 1.0, x + 2.0, x / 0.0, x / -0.0,
        exp(one), x + one, one + many,
        x > y, x >= y, x > 0, x > 1, x == 0, x != 0, x == y, erf(x), x * (x > 0), where(x > 0, x, y),
        code.sum(broad, (2, 1), True), code.sum(broad, (1, 3), True), code.sum(broad, (2, 1), False),
        code.reshape(broad, (6,)), code.reshape(broad, (3, 2)), code.peak(broad, (2, 1)), code.peak(broad, (1, 3)),
        code.emit(Elementwise, (3,), True, "multiply", (inside, Scale(2.0, -1))),
        code.emit(Elementwise, (3,), True, "multiply", (inside, Scale(2.0, 1))),
        code.emit(Elementwise, (3,), True, "multiply", (inside, 2.0)),
    ]]  # fmt: skip
    assert len({*map(id, different)}) == len(different)
    shapes = [(exp(one), (3,), False), (x + one, (3,), True), (one + many, (1, 3), False), (x + wide, (2, 3), True)]
    assert all((instruction(s).lanes, instruction(s).batched) == (lanes, batched) for s, lanes, batched in shapes)


def test_long_lists_of_constants_are_told_apart_by_more_than_their_ends() -> None:
    code = Code()
    a, b = (code.do(Literal, (2000,), False, np.where(np.arange(2000) == 1000, k, 0.5)) for k in (1.0, 2.0))
    assert instruction(exp(symbol(a))) is not instruction(exp(symbol(b)))
    assert code.emit(Reshape, (2, 1000), False, a) is not code.emit(Reshape, (2, 1000), False, b)


def test_the_derivative_of_a_primitive_finds_what_the_primitive_has_computed() -> None:
    code = Code()
    x = leaf(code, (3,))
    y = instruction(sigmoid(symbol(x)))
    before = len(code.instructions)
    assert instruction(sigmoid(symbol(x))) is y
    assert (code.readings[y].op.name, code.readings[y].operands) == ("sigmoid", (x,))
    softplus(symbol(x))  # by the same exp(−|x|)
    assert [i.function for i in code.instructions[before:] if isinstance(i, Elementwise)] == ["maximum", "log1p", "add"]
    assert x not in code.readings


# ── sums ──────────────────────────────────────────────────────────────────────────────────────


def shapes(space: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(itertools.product(*((1, n) for n in space)))


def given(space: tuple[int, ...]) -> list[Any]:
    """A factor: a number, a number by the batch, an array in some lanes of the space, with or without a batch."""
    arrays = list(itertools.product(shapes(space), (False, True), ("array",)))
    return [2.5, Scale(2.5, -1), *arrays, *itertools.product([space, (1, 3)], (False, True), ("scaled", "condition"))]


def factor(code: Code, what: Any, known: dict[Array, Any], seed: int) -> tuple[Any, Any]:
    """The factor in a program, and as an array."""
    if is_scalar(what):
        return what, computed(what, known)
    lanes, batched, kind = what
    x = leaf(code, lanes, batched)
    known[x] = np.random.default_rng(seed).normal(size=(*lanes, BATCH if batched else 1))
    if kind == "condition":
        return code.compare("greater", x, 0.0), (known[x] > 0).astype(float)
    return (x, known[x]) if kind == "array" else (code.multiply(x, 3.0), 3.0 * known[x])


@pytest.mark.parametrize("target", shapes((2, 3)), ids=str)
@pytest.mark.parametrize("batched", [(False, False), (True, False), (True, True)], ids=str)
def test_a_sum_of_products_is_that_sum_whatever_has_which_axes(target: tuple[int, ...], batched: Any) -> None:
    """Σ a · b over the axes of the space that the target does not have; to 1e-13, as 42 terms are summed."""
    space = (2, 3)
    whole_batched, target_batched = batched
    axes = (*(i for i, n in enumerate(target) if n == 1), *([2] if whole_batched and not target_batched else []))
    for one, other in itertools.product(given(space), given(space)):
        if not whole_batched and any(not is_scalar(x) and x[1] for x in (one, other)):
            continue  # an operand has no batch where the whole has none
        code, known = Code(), {}
        (a, u), (b, v) = factor(code, one, known, 0), factor(code, other, known, 1)
        made = code.product_sum(a, b, space, whole_batched, target, target_batched)
        terms = np.broadcast_to(u * v, (*space, BATCH if whole_batched else 1))
        expected = terms.sum(axis=axes, keepdims=True)
        found = np.broadcast_to(computed(made, known), expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13, err_msg=f"{one}, {other}: {made}")
        if isinstance(made, Array):
            assert all(n <= there for n, there in zip(made.lanes, target, strict=True))
            assert made.batched <= target_batched


def positive(x: Array) -> Array:
    return x.code.compare("greater", x, 0.0)


def double(x: Array) -> Any:
    return x.code.multiply(2.0, x)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (lambda code, x, w: code.product_sum(x, w, (2, 3), True, (2, 1), True), "Contract(x, w)"),
        (lambda code, x, w: code.product_sum(x, w, (2, 3), True, (2, 3), True), "multiply(x, w)"),
        (lambda code, x, w: code.product_sum(x, x, (2, 3), True, (2, 3), True), "square(x)"),
        (lambda code, x, w: code.product_sum(w, w, (2, 3), True, (2, 3), True), "square(w)"),
        (
            lambda code, x, w: code.product_sum(positive(w), positive(w), (2, 3), True, (2, 3), True),
            "Number(greater(w, 0))",
        ),
        (lambda code, x, w: code.product_sum(x, 1.0, (2, 3), True, (2, 1), True), "ReduceSum(x)"),
        (lambda code, x, w: code.product_sum(2.0, x, (2, 3), True, (2, 1), True), "multiply(ReduceSum(x), 2)"),
        (lambda code, x, w: code.product_sum(x, 1.0, (2, 3), True, (2, 3), True), "x"),
        (lambda code, x, w: code.product_sum(double(x), w, (2, 3), True, (2, 1), True), "multiply(Contract(x, w), 2)"),
        (lambda code, x, w: code.product_sum(w, double(x), (2, 3), True, (2, 1), True), "multiply(Contract(x, w), 2)"),
        (lambda code, x, w: code.product_sum(x, double(w), (2, 3), True, (2, 1), True), "multiply(Contract(w, x), 2)"),
        (lambda code, x, w: code.product_sum(x, 1.0, (2, 3), True, (2, 3), False), "ReduceSum(x)"),
        (lambda code, x, w: code.product_sum(w, 1.0, (2, 3), True, (2, 3), False), "multiply(w, 1·N^1)"),
        (lambda code, x, w: code.sum(double(x), (2, 1), True), "multiply(ReduceSum(x), 2)"),
        (lambda code, x, w: code.sum(x, (2, 3), True), "x"),
        (lambda code, x, w: code.sum(positive(x), (2, 1), True), "ReduceSum(Number(greater(x, 0)))"),
        (lambda code, x, w: code.sum(w, (2, 3), True), "w"),
        (lambda code, x, w: code.reshape(x, (2, 3)), "x"),
        (lambda code, x, w: code.reshape(x, (6,)), "Reshape(x)"),
        (lambda code, x, w: code.reshape(2.0, (6,)), "2"),
        (lambda code, x, w: code.reshape(positive(x), (6,)), "Reshape(Number(greater(x, 0)))"),
        (lambda code, x, w: code.peak(positive(x), (1, 3)), "ReduceMax(Number(greater(x, 0)))"),
    ],
)  # fmt: skip
def test_a_number_goes_to_the_smaller_of_two_results(written: Any, says: str) -> None:
    code = Code()
    x, w = leaf(code, (2, 3)), leaf(code, (2, 3), batched=False)
    assert form(written(code, x, w), {x: "x", w: "w"}) == says


def test_a_number_stays_with_a_factor_that_is_no_larger_than_the_result() -> None:
    code = Code()
    x, y = leaf(code, (2, 3)), leaf(code, (2, 1))
    made = code.product_sum(code.multiply(2.0, y), x, (2, 3), True, (2, 1), True)
    assert form(made, {x: "x", y: "y"}) == "Contract(multiply(y, 2), x)"
