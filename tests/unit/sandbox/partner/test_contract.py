"""What a delivery may contain, and nothing else."""

from typing import Any

import pytest

from sandbox.partner.contract import violations
from tests.support.partner_process import deleted, news


def test_kept() -> None:
    """A full event, and a deletion with only ids, satisfy the contract."""
    assert violations(news()) == ()
    assert violations(deleted()) == ()


@pytest.mark.parametrize("field", ["body", "location", "attendees", "organizer"])
def test_extra_field_of_event(field: str) -> None:
    """An extra field of an event is named, without its value."""
    found = violations(news(**{field: "secret"}))
    assert found == (f"data.event: unexpected field '{field}'",)


def test_extra_field_elsewhere() -> None:
    """An extra field beside the event or at the top is named, too."""
    payload = news() | {"version": 1}
    payload["data"]["tenantId"] = "t"
    assert len(violations(payload)) == 2


def test_deletion_with_details() -> None:
    """A deletion with a title violates the contract."""
    payload = deleted()
    payload["data"]["event"]["title"] = "Ola Nordmann"
    assert violations(payload) == ("data.event: unexpected field 'title'",)


@pytest.mark.parametrize("field", list(news()["data"]["event"]))
def test_missing_field(field: str) -> None:
    """Every field of an event is required."""
    payload = news()
    del payload["data"]["event"][field]
    assert violations(payload) == (f"data.event: no field '{field}'",)


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-20T12:00:00",
        "2026-11-20T12:00:00+00:00",
        "2026-11-20T12:00Z",
        "2026-13-20T12:00:00Z",
        "",
        None,
        5,
        "2026-11-20 12:00:00Z",
        "2026-11-20T12:00:00Z\n",
        "2026-11-20T12:00:00.5Z",
    ],
)
def test_time(time: Any) -> None:
    """A time that is not ISO 8601 in UTC, in whole seconds with Z, is rejected: only these sort as texts."""
    assert violations(news(start=time)) == ("data.event.start: not allowed by the contract",)
    assert violations(news() | {"timestamp": time}) == ("payload.timestamp: not allowed by the contract",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("availability", "away"),
        ("availability", []),
        ("allDay", 0),
        ("cancelled", None),
        ("title", None),
        ("id", ""),
        ("seriesId", 7),
    ],
)
def test_value(field: str, value: Any) -> None:
    """Values of a wrong type are rejected."""
    assert violations(news(**{field: value})) == (f"data.event.{field}: not allowed by the contract",)


def test_ends_before_start() -> None:
    """An event may not end before it starts."""
    assert violations(news(end="2026-11-20T11:59:59Z")) == ("data.event: ends before it starts",)


WHOLE_DAY = {"allDay": True, "start": "2026-11-20T00:00:00Z", "end": "2026-11-21T00:00:00Z"}
DATES = "data.event: its dates are not those of an all-day event"


def test_the_dates_of_an_all_day_event() -> None:
    """It has both; the end is a later day."""
    assert violations(news(**WHOLE_DAY, startDate="2026-11-20", endDate="2026-11-21")) == ()
    for dates in ({}, {"startDate": "2026-11-20"}, {"startDate": "2026-11-20", "endDate": "2026-11-20"}):
        assert violations(news(**WHOLE_DAY, **dates)) == (DATES,)


def test_a_timed_event_has_no_dates() -> None:
    """Neither of them."""
    assert violations(news(startDate="2026-11-20", endDate="2026-11-21")) == (DATES,)


@pytest.mark.parametrize("day", ["20261120", "2026-11-20T00:00:00Z", "2026-02-30", "", 20])
def test_a_date(day: Any) -> None:
    """A date is ISO 8601 with hyphens, of a day that exists."""
    dated = news(**WHOLE_DAY, startDate=day, endDate="2026-11-21")
    assert "data.event.startDate: not allowed by the contract" in violations(dated)


@pytest.mark.parametrize("payload", [[], None, "x", {}, {"data": 1}, {"data": {"event": []}}, {"type": []}])
def test_any_json(payload: Any) -> None:
    """Any JSON is checked without an exception."""
    assert violations(payload)
