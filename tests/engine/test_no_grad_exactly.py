"""`no_grad` counts how often it was entered, and holds until the last of them is left."""

from autograd import Value, dot, no_grad
from autograd.recording import paused


def test_the_outer_block_still_holds_after_one_inner_block() -> None:
    x = Value(2.0)
    with no_grad():
        with no_grad():
            pass
        results = [x + x, x - x, x * x, x / x, x + 1, 1 - x, 2 * x, x.exp(), dot([x], [x], x)]
    assert all(y.op is None for y in results)


def test_recording_costs_one_look_while_no_block_is_open() -> None:
    """Nothing is open then, and the context is not asked; a block that is left counts no more."""
    counts = [len(paused)]
    with no_grad():
        counts.append(len(paused))
        with no_grad():
            counts.append(len(paused))
        counts.append(len(paused))
    counts.append(len(paused))
    assert counts == [0, 1, 2, 1, 0]
