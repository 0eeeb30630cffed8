"""No wait counts from a moment that only a wrong clock can have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.moments import LARGEST_SKEW, has_passed, is_impossible

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ahead", "is_wrong"),
    [(timedelta(days=-9), False), (timedelta(), False), (LARGEST_SKEW, False), (LARGEST_SKEW + SECOND, True)],
)
def test_a_moment_further_ahead_than_two_clocks_may_differ_is_impossible(ahead: timedelta, *, is_wrong: bool) -> None:
    """Two instances are each off by five minutes at most."""
    assert is_impossible(NOW + ahead, NOW) is is_wrong


@pytest.mark.parametrize(
    ("since", "passed"),
    [(-timedelta(hours=1), True), (SECOND - timedelta(hours=1), False), (LARGEST_SKEW, False),
     (LARGEST_SKEW + SECOND, True)],
)  # fmt: skip
def test_a_length_has_passed_since_a_moment_or_the_moment_is_impossible(since: timedelta, *, passed: bool) -> None:
    """A moment a little ahead is one of another instance's clock: the wait goes on."""
    assert has_passed(timedelta(hours=1), NOW + since, NOW) is passed
