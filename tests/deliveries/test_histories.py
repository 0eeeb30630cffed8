"""Histories with lost answers and kills end with the partner's picture equal to the calendar."""

from __future__ import annotations

import pytest

from tests.deliveries.histories import wrong_ends

AT_ONCE = 50


@pytest.mark.parametrize("first", range(0, 6 * AT_ONCE, AT_ONCE))
def test_the_partner_ends_with_the_calendar(first: int) -> None:
    """Whatever was lost, repeated or killed; nothing is open at rest, and a night makes no work."""
    assert wrong_ends(range(first, first + AT_ONCE)) == {}
