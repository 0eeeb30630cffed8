"""Moments in UTC as texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.utc import format_utc, parse_utc

ELSEWHERE = timezone(timedelta(hours=5, minutes=30))


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    """The contract allows only Z."""
    assert format_utc(datetime(2026, 11, 20, 1, tzinfo=ELSEWHERE)) == "2026-11-19T19:30:00Z"


def test_fractions_of_a_second_are_cut_off() -> None:
    """They are not rounded, so that the text is never later than the moment."""
    assert format_utc(datetime(2026, 11, 20, 1, 2, 3, 999_999, tzinfo=UTC)) == "2026-11-20T01:02:03Z"


@pytest.mark.parametrize("text", ["2026-11-20T01:00:00+05:30", "2026-11-19T19:30:00Z", "2026-11-19T19:30Z"])
def test_a_text_with_its_zone_is_a_moment_in_utc(text: str) -> None:
    """Any zone is converted."""
    moment = parse_utc(text)
    assert (moment, moment.tzinfo) == (datetime(2026, 11, 19, 19, 30, tzinfo=UTC), UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-11-20", "2026-11-20T01:00:00", "0001-01-01T00:00:00+01:00"])
def test_a_text_without_a_zone_or_a_moment_is_an_error(text: str) -> None:
    """Also a moment that UTC cannot represent."""
    with pytest.raises(ValueError):  # noqa: PT011  (its text is for nobody)
        parse_utc(text)
