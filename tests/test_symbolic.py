"""`symbolic`: the graph as formulas, and its gradient equal to the derivations of the seeds."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import sympy

from autograd import Value, dot, exp, expm1, log1p, logsumexp, maximum, relu, sigmoid, symbolic, total, where


def real(names: str) -> Any:
    return sympy.symbols(names, real=True)


def test_a_labelled_leaf_is_a_symbol_and_an_unlabelled_one_its_number() -> None:
    x = real("x")
    v = Value(3.0, label="x")
    assert symbolic(v) == x
    assert symbolic(v * Value(2.0) + 0.1) == 2 * x + sympy.Rational(1, 10)
    assert symbolic(Value(0.3) * 1) == sympy.Rational(3, 10)
    assert symbolic(v * 0.123456789) == sympy.Float(0.123456789) * x


def test_wrt_takes_a_node_or_a_list_of_nodes_leaves_or_not() -> None:
    x, w = real("x w")
    vx, vw = Value(3.0, label="x"), Value(2.0, label="w")
    z = vw * vx
    y = z**2
    assert symbolic(y, wrt=vx) == 2 * w**2 * x
    assert symbolic(y, wrt=[vx, vw, z]) == [2 * w**2 * x, 2 * w * x**2, 2 * w * x]
    assert symbolic(y, wrt=Value(1.0, label="elsewhere")) == 0


def test_a_function_with_cases_keeps_its_pieces_and_a_python_if_does_not() -> None:
    x = real("x")
    v = Value(3.0, label="x")
    assert symbolic(relu(v)) == sympy.Piecewise((x, x >= 0), (0, True))
    assert symbolic(maximum(v, 1.0), wrt=v).subs(x, 1) == sympy.Rational(1, 2)
    assert symbolic(where(v > 0, v * v, exp(v))) == x**2  # decided when it was computed: x was 3


def test_constants_of_the_table_are_exact() -> None:
    x = real("x")
    v = Value(0.5, label="x")
    assert symbolic(v.erf(), wrt=v) == 2 * sympy.exp(-(x**2)) / sympy.sqrt(sympy.pi)
    slope = symbolic(v.gelu(), wrt=v)  # x Φ(x): Φ(x) + x φ(x)
    by_hand = sympy.erfc(-x / sympy.sqrt(2)) / 2 + x * sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
    assert sympy.simplify(slope - by_hand) == 0
    assert not slope.atoms(sympy.Float)


def test_nothing_of_the_graph_changes() -> None:
    v = Value(0.5, label="x")
    y = sigmoid(v) * v
    y.backward()
    before = (v.data, v.grad, y.data, y.grad, y.op, y.operands)
    symbolic(y, wrt=v)
    assert (v.data, v.grad, y.data, y.grad, y.op, y.operands) == before


def test_the_expression_evaluates_to_what_the_engine_computed() -> None:
    v, w = Value(0.7, label="v"), Value(-1.3, label="w")
    y = sigmoid(dot([v, w], [w, 2.0], 0.5)).tanh() + total([v.silu(), w.gelu(), v])
    y.backward()
    at = {real("v"): 0.7, real("w"): -1.3}
    # 1e-14: a few roundings on either side
    assert float(symbolic(y).subs(at)) == pytest.approx(y.data, rel=1e-14)
    assert float(symbolic(y, wrt=w).subs(at)) == pytest.approx(w.grad, rel=1e-14)


def test_errors_say_what_is_wrong() -> None:
    x = Value(1.0, label="x")
    with pytest.raises(ValueError, match="two leaves are labelled 'x'"):
        symbolic(x * Value(2.0, label="x"))
    with pytest.raises(TypeError, match=r"symbolic takes Values, and was given 3\.0 of type float"):
        symbolic(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="symbolic takes Values, and was given 'x'"):
        symbolic(x * x, wrt=["x"])  # type: ignore[list-item]


def test_without_sympy_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(ModuleNotFoundError, match="pip install sympy"):
        symbolic(Value(1.0, label="x"))


# ── the 2-2-2 network of seed 002: h = σ(V x + c), ŷ = σ(W h + b), E = ½ Σ (ŷ − y)² ─────────────────


class Network:
    """The graph as the engine builds it, and ŷ, h written out by hand in the same symbols."""

    def __init__(self) -> None:
        self.V = [
            [Value(0.15, label="V11"), Value(0.20, label="V12")],
            [Value(0.25, label="V21"), Value(0.3, label="V22")],
        ]
        self.W = [
            [Value(0.40, label="W11"), Value(0.45, label="W12")],
            [Value(0.5, label="W21"), Value(0.55, label="W22")],
        ]
        self.b = [Value(0.6, label="b1"), Value(0.61, label="b2")]
        self.c = [Value(0.35, label="c1"), Value(0.36, label="c2")]
        self.x = [Value(0.05, label="x1"), Value(0.1, label="x2")]
        self.y = [Value(0.01, label="y1"), Value(0.99, label="y2")]
        self.alpha = [dot(v, self.x, c) for v, c in zip(self.V, self.c, strict=True)]
        self.h = [sigmoid(a) for a in self.alpha]
        self.beta = [dot(w, self.h, b) for w, b in zip(self.W, self.b, strict=True)]
        self.y_hat = [sigmoid(b) for b in self.beta]
        self.E = total([(p - t) ** 2 for p, t in zip(self.y_hat, self.y, strict=True)]) / 2

    def by_hand(self) -> tuple[Any, ...]:
        """x, y, W, h and ŷ in SymPy, from the definitions alone."""
        V, W = sympy.Matrix(2, 2, real("V11 V12 V21 V22")), sympy.Matrix(2, 2, real("W11 W12 W21 W22"))
        x, y, b, c = (sympy.Matrix(real(names)) for names in ("x1 x2", "y1 y2", "b1 b2", "c1 c2"))
        logistic = lambda z: 1 / (1 + sympy.exp(-z))  # noqa: E731
        h = (V * x + c).applyfunc(logistic)
        return x, y, W, h, (W * h + b).applyfunc(logistic)

    def gradient(self, nodes: list[Value]) -> Any:
        return sympy.Matrix(symbolic(self.E, wrt=nodes))


def same(engine: Any, hand: Any) -> bool:
    return all(sympy.simplify(difference) == 0 for difference in sympy.Matrix(engine) - sympy.Matrix(hand))


@pytest.mark.formula("002", "7")
def test_the_gradient_of_an_output_weight_is_equation_7() -> None:
    """∇W_ks = (ŷ_k − y_k) · ŷ_k (1 − ŷ_k) · h_s"""
    net = Network()
    _, y, _, h, p = net.by_hand()
    for k in range(2):
        assert same(net.gradient(net.W[k]), [(p[k] - y[k]) * p[k] * (1 - p[k]) * h[s] for s in range(2)])


def sum_over_outputs(s: int, y: Any, W: Any, p: Any) -> Any:
    """Σ_k ŷ_k (1 − ŷ_k) (ŷ_k − y_k) W_ks"""
    return sum(p[k] * (1 - p[k]) * (p[k] - y[k]) * W[k, s] for k in range(2))


@pytest.mark.formula("002", "11")
def test_the_gradient_of_a_hidden_weight_is_equation_11() -> None:
    """∇V_sd = Σ_k ŷ_k (1 − ŷ_k) (ŷ_k − y_k) W_ks · h_s (1 − h_s) · x_d"""
    net = Network()
    x, y, W, h, p = net.by_hand()
    for s in range(2):
        hand = [sum_over_outputs(s, y, W, p) * h[s] * (1 - h[s]) * x[d] for d in range(2)]
        assert same(net.gradient(net.V[s]), hand)


@pytest.mark.formula("002", "13")
def test_the_gradient_of_an_output_bias_is_equation_13() -> None:
    """∇b_k = (ŷ_k − y_k) · ŷ_k (1 − ŷ_k)"""
    net = Network()
    _, y, _, _, p = net.by_hand()
    assert same(net.gradient(net.b), [(p[k] - y[k]) * p[k] * (1 - p[k]) for k in range(2)])


@pytest.mark.formula("002", "16")
def test_the_gradient_of_a_hidden_bias_is_equation_16() -> None:
    """∇c_s = Σ_k ŷ_k (1 − ŷ_k) (ŷ_k − y_k) W_ks · h_s (1 − h_s)"""
    net = Network()
    _, y, W, h, p = net.by_hand()
    assert same(net.gradient(net.c), [sum_over_outputs(s, y, W, p) * h[s] * (1 - h[s]) for s in range(2)])


def deltas(net: Network) -> tuple[Any, Any]:
    """δ² of the output layer by BP1, δ¹ of the hidden layer by BP2, by hand; σ′(z) = e^(−z) / (1 + e^(−z))²."""
    _, y, W, h, p = net.by_hand()
    slope = lambda a: a * (1 - a)  # noqa: E731  σ′(z) at a = σ(z), seed 002 eq. 2
    output = (p - y).multiply_elementwise(p.applyfunc(slope))
    return output, (W.T * output).multiply_elementwise(h.applyfunc(slope))


@pytest.mark.formula("004", "BP1")
def test_the_error_of_the_output_layer_is_bp1() -> None:
    """δ^L = ∇_a C ⊙ σ′(z^L)"""
    net = Network()
    assert same(net.gradient(net.beta), deltas(net)[0])


@pytest.mark.formula("004", "BP2")
def test_the_error_of_the_hidden_layer_is_bp2() -> None:
    """δ^l = ((w^(l+1))ᵀ δ^(l+1)) ⊙ σ′(z^l)"""
    net = Network()
    assert same(net.gradient(net.alpha), deltas(net)[1])


@pytest.mark.formula("004", "BP3")
def test_the_gradient_of_a_bias_is_bp3() -> None:
    """∂C/∂b = δ, in both layers"""
    net = Network()
    output, hidden = deltas(net)
    assert same(net.gradient(net.b), output)
    assert same(net.gradient(net.c), hidden)


@pytest.mark.formula("004", "BP4")
def test_the_gradient_of_a_weight_is_bp4() -> None:
    """∂C/∂w_jk = a_k δ_j, in both layers"""
    net = Network()
    x, _, _, h, _ = net.by_hand()
    output, hidden = deltas(net)
    for j in range(2):
        assert same(net.gradient(net.W[j]), h * output[j])
        assert same(net.gradient(net.V[j]), x * hidden[j])


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (lambda x: logsumexp([x, 1000.0]), lambda x: sympy.log(sympy.exp(x) + sympy.exp(1000))),
        (lambda x: logsumexp([x, -1000.0]), lambda x: sympy.log(sympy.exp(x) + sympy.exp(-1000))),
        (lambda x: logsumexp([x, Value(37.0)]), lambda x: sympy.log(sympy.exp(x) + sympy.exp(37))),
        (
            lambda x: x + logsumexp([Value(-1000.0), -999.0]),
            lambda x: x + sympy.log(sympy.exp(-1000) + sympy.exp(-999)),
        ),
        (lambda x: x * log1p(Value(1e-20)), lambda x: sympy.Float(1e-20) * x),
        (lambda x: x * expm1(Value(-1e-20)), lambda x: -sympy.Float(1e-20) * x),
        (lambda x: x * Value(1e-300) * 1e-300, lambda x: sympy.Float("1e-600") * x),
    ],
)
def test_numbers_keep_their_digits_and_their_size(of: Any, expected: Any) -> None:
    x = real("x")
    found = symbolic(of(Value(1.0, label="x")))
    ratio = (found / expected(x)).subs(x, sympy.Rational(1, 3)).evalf(30)
    assert abs(ratio - 1) < 1e-14


def test_what_sympy_has_no_expression_for_is_said() -> None:
    x, nan = Value(2.0, label="x"), float("nan")
    with pytest.raises(ValueError, match=r"maximum of Value\(data=2\.0, .*\), nan compares with NaN"):
        symbolic(maximum(x, nan) * 2)
    deep = x
    for _ in range(4000):
        deep = exp(-deep)
    with pytest.raises(RecursionError, match=r"of 8001 nodes, is nested too deeply for SymPy, .*setrecursionlimit"):
        symbolic(deep, wrt=x)
