"""Each test that draws is run with both programs that can, or the one there is."""

import pytest
from drawing.graphvizes import AT_HAND, use


@pytest.fixture(params=AT_HAND)
def graphviz_at_hand(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which of the two draws in this test."""
    use(request.param, monkeypatch)
    return str(request.param)
