"""`take` asks its index how it chooses, and knows nothing of compiled programs itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import Value, take


class Mine(Value):
    """Somebody's own kind of Value."""


@pytest.mark.parametrize("kind", [Value, Mine])
def test_an_index_that_is_a_value_is_refused_also_of_a_class_of_ones_own(kind: type[Value]) -> None:
    with pytest.raises(TypeError, match="the index of take is an integer, not"):
        take([1.0, 2.0], kind(1.0))


NO_LISTS = (5, None, "abc", b"ab", {0: 1.0}, {1.0}, iter([1.0]), Value(1.0))


@pytest.mark.parametrize("items", NO_LISTS, ids=lambda x: type(x).__name__)
def test_what_is_no_list_is_not_chosen_from(items: Any) -> None:
    with pytest.raises(TypeError, match=f"take chooses from a list, not from .* of type {type(items).__name__}"):
        take(items, 0)


@pytest.mark.parametrize("index", [1.0, "0", None, [0], np.float64(0), np.array([0])], ids=repr)
def test_an_index_that_is_no_integer_is_refused_by_its_name(index: Any) -> None:
    with pytest.raises(TypeError, match=r"the index of take is an integer, not .* of type"):
        take([1.0, 2.0], index)
