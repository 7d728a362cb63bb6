"""`take` asks its index how it chooses, and knows nothing of compiled programs itself."""

from __future__ import annotations

import pytest

from autograd import Value, take


class Mine(Value):
    """Somebody's own kind of Value."""


@pytest.mark.parametrize("kind", [Value, Mine])
def test_an_index_that_is_a_value_is_refused_also_of_a_class_of_ones_own(kind: type[Value]) -> None:
    with pytest.raises(TypeError, match="the index of take is an integer, not"):
        take([1.0, 2.0], kind(1.0))
