"""The tables beside peers, at small sizes: every row runs; other numbers than a peer's, or a missed bar, are said."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchmarks import derivatives, native, peers
from benchmarks.timing import Row

ROWS = {**native.ROWS, **derivatives.ROWS}


@pytest.fixture(autouse=True)
def at_a_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    """One turn of one step, and no peer that takes seconds to import."""

    def missing(*_: Any) -> None:
        raise ModuleNotFoundError("not for this test", name="peer")

    monkeypatch.setattr(peers, "TURN", 0.0)
    for name in ("by_torch", "jitted"):
        monkeypatch.setattr(peers, name, missing)
    monkeypatch.setattr(native, "casadi", missing)
    monkeypatch.setattr(native, "OF_TWO", ())


@pytest.mark.parametrize("name", ROWS)
def test_every_row_of_the_tables_beside_peers_runs(name: str) -> None:
    found = ROWS[name](True)
    assert found
    for one in found:
        assert ": skipped " in one if isinstance(one, str) else isinstance(one, Row) and math.isfinite(one.ratio)


def test_other_numbers_are_no_row() -> None:
    ours = peers.Run(lambda: (1.0, [2.0, 3.0]))
    with pytest.raises(AssertionError, match="part 1 is off by"):
        peers.compare("work", ours, {"peer": peers.Peer(lambda: peers.Run(lambda: (1.0, [2.0, 3.0 + 1e-6])))})


def test_a_row_says_whether_its_bar_is_met() -> None:
    """A peer that takes as long cannot be a hundred times as slow."""
    same = peers.Run(lambda: sum(range(1000)))
    (row,) = peers.compare("work", same, {"peer": peers.Peer(lambda: same, 100.0)})
    assert isinstance(row, Row)
    assert row.verdict == "MISSED"
