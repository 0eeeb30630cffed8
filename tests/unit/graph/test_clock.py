"""Moments by Graph's clock: a hint is as late, and a reading as early, as the two clocks allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.graph.clock import GraphClock
from shared.moments import LARGEST_SKEW

NOW = datetime(2026, 11, 20, 10, 0, 0, 123_456, tzinfo=UTC)
ZERO, SECONDS, MINUTES = timedelta(), timedelta(seconds=2), timedelta(minutes=10)


def instance(present: datetime, skew: timedelta | None) -> GraphClock:
    """Return the clock of an instance, with how far Graph's is ahead of it."""
    return GraphClock(lambda: present, lambda: skew)


@pytest.mark.parametrize(
    ("skew", "later", "earlier", "corrected"),
    [
        (ZERO, ZERO, ZERO, ZERO), (SECONDS, SECONDS, ZERO, SECONDS), (-SECONDS, ZERO, -SECONDS, -SECONDS),
        (MINUTES, MINUTES, ZERO, MINUTES), (-MINUTES, ZERO, -MINUTES, -MINUTES),
        (None, LARGEST_SKEW, -LARGEST_SKEW, ZERO),
    ],
)  # fmt: skip
def test_both_clocks_are_allowed_for(
    skew: timedelta | None, later: timedelta, earlier: timedelta, corrected: timedelta
) -> None:
    """Before Graph's first response, the largest difference is assumed; but the present stays this instance's."""
    clocks = instance(NOW, skew)
    assert (clocks.latest(NOW), clocks.hint()) == (NOW + later, NOW + later)
    assert clocks.earliest(NOW) == NOW + earlier
    assert (clocks.corrected(NOW), clocks()) == (NOW + corrected, NOW + corrected)


@pytest.mark.parametrize("hinting", [None, ZERO, SECONDS, -SECONDS, MINUTES, -MINUTES])
@pytest.mark.parametrize("reading", [None, ZERO, SECONDS, -SECONDS, MINUTES, -MINUTES])
def test_no_reading_before_a_hint_appears_to_be_after_it(hinting: timedelta | None, reading: timedelta | None) -> None:
    """Of two instances, of which each knows its difference to Graph's clock or is off by five minutes at most."""
    for wrong in (timedelta(minutes=-5), ZERO, timedelta(minutes=5)):
        hint = instance(NOW - (wrong if hinting is None else hinting), hinting).hint()
        reader = instance(NOW - (-wrong if reading is None else reading), reading)
        assert reader.earliest(reader.now()) <= hint


def test_the_difference_is_that_of_the_last_response() -> None:
    """It is asked at each use."""
    skews = [SECONDS, MINUTES]
    clocks = GraphClock(lambda: NOW, lambda: skews.pop(0))
    assert (clocks.latest(NOW), clocks.latest(NOW)) == (NOW + SECONDS, NOW + MINUTES)
