"""Parsing of the dates, times and zones that callers send."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from shared.api.times import DATE_PATTERN, TIME_PATTERN, WHEN_PATTERN, check_order, read_day, read_moment, read_zone
from shared.errors import RequestRejected

OSLO = "Europe/Oslo"


def refusal(text: str, zone: str | None = None) -> str:
    """Return the error text for a time; it never repeats the input."""
    with pytest.raises(RequestRejected) as caught:
        read_moment("start", text, read_zone(zone))
    assert caught.value.status == 422
    assert text not in str(caught.value) or text == ""
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "zone", "graph"),
    [
        ("2026-07-01T09:00:00", OSLO, ("2026-07-01T09:00:00", "W. Europe Standard Time")),
        ("2026-07-01T09:00", "W. Europe Standard Time", ("2026-07-01T09:00:00", "W. Europe Standard Time")),
        ("2026-07-01T09:00:00.1234567", "UTC", ("2026-07-01T09:00:00", "UTC")),
        ("2026-07-01T07:00:00Z", None, ("2026-07-01T07:00:00", "UTC")),
        ("2026-07-01t07:00:00.999999999z", None, ("2026-07-01T07:00:00", "UTC")),
        ("2026-07-01T09:00:00+02:00", None, ("2026-07-01T07:00:00", "UTC")),
        ("2026-07-01T07:00:00Z", OSLO, ("2026-07-01T09:00:00", "W. Europe Standard Time")),
        ("2026-10-25T02:30:00+02:00", OSLO, ("2026-10-25T00:30:00", "UTC")),
        ("2026-10-25T02:30:00+01:00", OSLO, ("2026-10-25T01:30:00", "UTC")),
    ],
)
def test_a_valid_time_is_sent_to_graph_in_its_zone(text: str, zone: str | None, graph: tuple[str, str]) -> None:
    """Graph gets the local time of the zone; an instant within a repeated hour is sent in UTC."""
    assert tuple(read_moment("start", text, read_zone(zone)).as_graph().values()) == graph


def test_each_error_says_what_to_do() -> None:
    """A missing zone, a skipped local time and a repeated local time each have their own text."""
    assert refusal("2026-07-01T09:00:00") == (
        "start: has no zone. Give timeZone, or add the offset: 2026-11-20T12:00:00+01:00"
    )
    assert "put forward" in refusal("2026-03-29T02:30:00", OSLO)
    assert "its offset" in refusal("2026-10-25T02:30:00", OSLO)


@pytest.mark.parametrize(
    "text",
    ["", "noon", "2026-07-01", "2026-7-1T09:00", "2026-02-30T09:00:00", "2026-07-01T25:00:00", "2026-07-01T09:00:60",
     "2026-07-01T09:00:00+25:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "2026-07-01 09:00:00",
     "2026-07-01T09:00:00Z\n", "\uff12026-07-01T09:00:00", "2026-07-01T09:00:00 Europe/Oslo", "20260701T090000"],
)  # fmt: skip
def test_an_invalid_time_is_rejected(text: str) -> None:
    """Text that is not a date and time is rejected even if a zone is given."""
    assert "not a date and time" in refusal(text, OSLO)


@pytest.mark.parametrize("text", ["", "2026-13-01", "2026-02-30", "2026-11-20T00:00:00", "0001-01-01", "2026-11-20\n"])
def test_an_invalid_day_is_rejected(text: str) -> None:
    """The start of an all-day event must be a date without a time."""
    with pytest.raises(RequestRejected, match="all-day"):
        read_day("start", text)


def test_the_end_must_follow_the_start_within_the_longest_duration() -> None:
    """Start and end are compared as instants, whatever their zones."""
    start, end = (read_moment("x", text, None) for text in ("2026-07-01T09:00:00+02:00", "2026-07-01T08:00:00Z"))
    check_order(start, end)
    check_order(start, end, timedelta(hours=1))
    for wrong in ((end, start), (start, start)):
        with pytest.raises(RequestRejected, match="after start"):
            check_order(*wrong)
    with pytest.raises(RequestRejected, match="at most"):
        check_order(start, end, timedelta(minutes=59))


def test_an_unknown_zone_is_rejected_without_quoting_it() -> None:
    """A missing zone is allowed; the error for an unknown zone does not repeat it."""
    assert read_zone(None) is None
    with pytest.raises(RequestRejected) as caught:
        read_zone("canary")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("2026-11-20", True), ("2026-11-20T12:00", True), ("2026-11-20T12:00:00.1234567+01:00", True), ("", False),
     ("2026-11-20t12:00:00.123456789z", True), ("2026-11-20 12:00Z", False), ("2026-11-20T12:00:00.Z", False),
     ("2026-11-20T12", False), ("2026-11-20Z", False), ("20.11.2026", False)],
)  # fmt: skip
def test_the_published_pattern_accepts_what_the_parser_accepts(text: str, fits: bool) -> None:  # noqa: FBT001
    """The pattern of the contract matches the same texts as the two patterns of the parser."""
    read = any(re.fullmatch(pattern, text) for pattern in (TIME_PATTERN, DATE_PATTERN))
    assert (re.fullmatch(WHEN_PATTERN, text) is not None) is read is fits
