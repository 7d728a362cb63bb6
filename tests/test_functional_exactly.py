"""What derivatives of functions say when an argument is missing."""

from typing import Any

import pytest

from autograd import grad, gradcheck, hessian, jacobian


def test_a_call_without_arguments_is_told_how_many_are_needed() -> None:
    with pytest.raises(TypeError, match="argnums=0 needs at least 1 positional argument, and it was given 0"):
        grad(lambda: 1.0)()


def test_the_hessian_is_taken_by_the_arguments_that_argnums_names_outside_and_inside() -> None:
    """f = x² y³ + x z: every second derivative by hand, at x = 2, y = 3, z = 5."""

    def f(x: Any, y: Any, z: Any) -> Any:
        return x**2 * y**3 + x * z

    by_hand = {"xx": 2 * 3**3, "xy": 3 * 2 * 2 * 3**2, "yy": 2**2 * 6 * 3, "xz": 1, "yz": 0, "zz": 0}
    names = "xyz"
    for argnums in [(0,), (1,), (0, 1), (1, 0), (2, 0), (1, 2), (0, 1, 2)]:
        expected = tuple(tuple(float(by_hand["".join(sorted(names[i] + names[j]))]) for j in argnums) for i in argnums)
        assert hessian(f, argnums=argnums)(2.0, 3.0, 5.0) == expected
    for i, name in enumerate(names):
        assert hessian(f, argnums=i)(2.0, 3.0, 5.0) == by_hand[name * 2]


@pytest.mark.parametrize("f", [5, "sin", None, [1.0]])
@pytest.mark.parametrize("way", [lambda f: grad(f)(1.0), lambda f: gradcheck(f, 1.0), lambda f: jacobian(f)(1.0)])
def test_what_is_no_function_is_not_differentiated(way: Any, f: Any) -> None:
    with pytest.raises(TypeError, match=r"(is a function|takes a function|of type)"):
        way(f)
