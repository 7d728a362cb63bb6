"""What derivatives of functions say when an argument is missing."""

import pytest

from autograd import grad


def test_a_call_without_arguments_is_told_how_many_are_needed() -> None:
    with pytest.raises(TypeError, match="argnums=0 needs at least 1 positional argument, and it was given 0"):
        grad(lambda: 1.0)()
