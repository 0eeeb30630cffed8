"""Claims about times as callers write them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from shared.api.times import DATE_PATTERN, TIME_PATTERN, WHEN_PATTERN, check_order, read_day, read_moment, read_zone
from shared.errors import RequestRejected

OSLO = "Europe/Oslo"


def refusal(text: str, zone: str | None = None) -> str:
    """Return why a time is refused."""
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
        ("2026-07-01T09:00:00+02:00", None, ("2026-07-01T07:00:00", "UTC")),
        ("2026-07-01T07:00:00Z", OSLO, ("2026-07-01T09:00:00", "W. Europe Standard Time")),
        ("2026-10-25T02:30:00+02:00", OSLO, ("2026-10-25T00:30:00", "UTC")),
        ("2026-10-25T02:30:00+01:00", OSLO, ("2026-10-25T01:30:00", "UTC")),
    ],
)
def test_a_sound_time_is_what_graph_is_told(text: str, zone: str | None, graph: tuple[str, str]) -> None:
    """By the clock of its zone; an instant within the hour that comes twice is told in UTC."""
    assert tuple(read_moment("start", text, read_zone(zone)).as_graph().values()) == graph


def test_each_mistake_says_what_to_do() -> None:
    """Without a zone, in the gap, in the hour that comes twice."""
    assert refusal("2026-07-01T09:00:00") == (
        "start: has no zone. Give timeZone, or write the offset: 2026-11-20T12:00:00+01:00"
    )
    assert "put forward" in refusal("2026-03-29T02:30:00", OSLO)
    assert "its offset" in refusal("2026-10-25T02:30:00", OSLO)


@pytest.mark.parametrize(
    "text",
    ["", "noon", "2026-07-01", "2026-7-1T09:00", "2026-02-30T09:00:00", "2026-07-01T25:00:00", "2026-07-01T09:00:60",
     "2026-07-01T09:00:00+25:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "2026-07-01 09:00:00",
     "2026-07-01T09:00:00Z\n", "\uff12026-07-01T09:00:00", "2026-07-01T09:00:00 Europe/Oslo", "20260701T090000"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    """Whatever the zone."""
    assert "not a date and time" in refusal(text, OSLO)


@pytest.mark.parametrize("text", ["", "2026-13-01", "2026-02-30", "2026-11-20T00:00:00", "0001-01-01", "2026-11-20\n"])
def test_what_is_no_day_is_refused(text: str) -> None:
    """A day has no time."""
    with pytest.raises(RequestRejected, match="all-day"):
        read_day("start", text)


def test_an_end_comes_after_its_start_and_not_too_late() -> None:
    """By instants, whatever the zones."""
    start, end = (read_moment("x", text, None) for text in ("2026-07-01T09:00:00+02:00", "2026-07-01T08:00:00Z"))
    check_order(start, end)
    check_order(start, end, timedelta(hours=1))
    for wrong in ((end, start), (start, start)):
        with pytest.raises(RequestRejected, match="after start"):
            check_order(*wrong)
    with pytest.raises(RequestRejected, match="at most"):
        check_order(start, end, timedelta(minutes=59))


def test_an_unknown_zone_is_refused_without_being_quoted() -> None:
    """And no zone is no mistake."""
    assert read_zone(None) is None
    with pytest.raises(RequestRejected) as caught:
        read_zone("canary")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("2026-11-20", True), ("2026-11-20T12:00", True), ("2026-11-20T12:00:00.1234567+01:00", True), ("", False),
     ("2026-11-20T12", False), ("2026-11-20Z", False), ("20.11.2026", False)],
)  # fmt: skip
def test_what_the_contract_says_of_a_time_or_a_day_is_what_is_read(text: str, fits: bool) -> None:  # noqa: FBT001
    """Each is one of the two patterns that are read."""
    read = any(re.fullmatch(pattern, text) for pattern in (TIME_PATTERN, DATE_PATTERN))
    assert (re.fullmatch(WHEN_PATTERN, text) is not None) is read is fits
