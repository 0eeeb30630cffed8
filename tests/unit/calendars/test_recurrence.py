"""A series begins with its first occurrence, and is in a zone that Outlook has."""

from __future__ import annotations

from typing import Any

import pytest

from shared.calendars.requests import graph_event, read_change, read_new_event
from shared.errors import RequestRejected

TUESDAY = {"title": "x", "start": "2026-12-01T09:00:00", "end": "2026-12-01T10:00:00", "timeZone": "Europe/Oslo"}


def recurring(day: str = "2026-12-01", zone: str = "Europe/Oslo", **recurrence: Any) -> dict[str, Any]:
    """Return the recurrence that Graph gets for an event on a day."""
    times = {"start": f"{day}T09:00:00", "end": f"{day}T10:00:00", "timeZone": zone}
    event = graph_event(read_new_event(TUESDAY | times | {"recurrence": recurrence}))
    found: dict[str, Any] = event["recurrence"]
    return found


def refusal(day: str, zone: str = "Europe/Oslo", **recurrence: Any) -> str:
    """Return the text of a 422."""
    with pytest.raises(RequestRejected) as caught:
        recurring(day, zone, **recurrence)
    assert caught.value.status == 422
    return str(caught.value)


@pytest.mark.parametrize(
    ("day", "recurrence"),
    [
        ("2026-12-01", {"every": "week", "days": ["monday"]}),
        ("2026-12-01", {"every": "week", "days": ["wednesday", "thursday"], "interval": 2}),
        ("2026-12-01", {"every": "month", "dayOfMonth": 2}),
        ("2026-11-29", {"every": "month", "dayOfMonth": 31}),
        ("2026-12-01", {"every": "month", "week": "second", "days": ["tuesday"]}),
        ("2026-12-01", {"every": "month", "week": "last", "days": ["tuesday"]}),
        ("2026-12-02", {"every": "month", "week": "first", "days": ["tuesday", "wednesday"]}),
        ("2026-12-01", {"every": "year", "month": 11}),
        ("2026-12-01", {"every": "year", "month": 12, "dayOfMonth": 2}),
        ("2026-12-01", {"every": "year", "month": 11, "week": "first", "days": ["tuesday"]}),
    ],
)
def test_a_start_that_is_no_occurrence_is_rejected(day: str, recurrence: dict[str, Any]) -> None:
    """Graph's results would be undefined: Outlook shows an occurrence too many, or begins on another day."""
    assert "start is none of its days" in refusal(day, **recurrence)


@pytest.mark.parametrize(
    ("day", "recurrence"),
    [
        ("2026-12-01", {"every": "week", "days": ["thursday", "tuesday"]}),
        ("2026-12-01", {"every": "day", "interval": 3}),
        ("2026-12-31", {"every": "month"}),
        ("2026-11-30", {"every": "month", "dayOfMonth": 31}),
        ("2027-02-28", {"every": "month", "dayOfMonth": 30}),
        ("2027-02-28", {"every": "year", "month": 2, "dayOfMonth": 29}),
        ("2026-12-29", {"every": "month", "week": "last", "days": ["tuesday"]}),
        ("2026-12-22", {"every": "month", "week": "fourth", "days": ["tuesday"]}),
        ("2026-12-01", {"every": "month", "week": "first", "days": ["tuesday", "wednesday"]}),
        ("2026-12-01", {"every": "year", "week": "first", "days": ["tuesday"]}),
    ],
)
def test_a_start_that_is_the_first_occurrence_is_accepted(day: str, recurrence: dict[str, Any]) -> None:
    """A day that a month does not have is its last day, as Exchange counts."""
    assert recurring(day, **recurrence)["range"]["startDate"] == day


def test_a_change_of_recurrence_is_checked_too() -> None:
    """The rule holds for PATCH as for POST."""
    change = {"start": TUESDAY["start"], "end": TUESDAY["end"], "timeZone": "Europe/Oslo",
              "recurrence": {"every": "week", "days": ["monday"]}}  # fmt: skip
    with pytest.raises(RequestRejected, match="none of its days"):
        graph_event(read_change(change))


@pytest.mark.parametrize("zone", ["America/Scoresbysund", "Antarctica/Casey", "Antarctica/Troll", "Antarctica/Vostok"])
def test_a_series_in_a_zone_that_outlook_does_not_have_is_rejected(zone: str) -> None:
    """Outlook would compute its occurrences with another clock."""
    assert "timeZone: Outlook has no zone" in refusal("2026-12-01", zone, every="week")


def test_a_series_is_sent_in_the_windows_zone() -> None:
    """Also when the caller spells the zone in other letters."""
    assert recurring(zone="europe/oslo", every="week")["range"]["recurrenceTimeZone"] == "W. Europe Standard Time"


@pytest.mark.parametrize(
    ("zone", "day", "sent"),
    [("Europe/Oslo", "2026-12-01", "W. Europe Standard Time"), ("America/Scoresbysund", "2026-12-01", "UTC"),
     ("Africa/Cairo", "2027-04-30", "UTC"), ("Africa/Cairo", "2027-05-03", "Egypt Standard Time"),
     ("Antarctica/Troll", "2026-12-01", "UTC"), (None, "2026-12-01", "UTC")],
)  # fmt: skip
def test_an_all_day_event_is_sent_with_midnights_that_exist(zone: str | None, day: str, sent: str) -> None:
    """Where Outlook's zone has no such midnight, in UTC: the day is the same."""
    body = {"title": "x", "allDay": True, "start": day, "end": "2027-06-01", "timeZone": zone}
    event = graph_event(read_new_event(body))
    assert event["start"] == {"dateTime": f"{day}T00:00:00", "timeZone": sent}
    assert event["end"]["timeZone"] == sent
