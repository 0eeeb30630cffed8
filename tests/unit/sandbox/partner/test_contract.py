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


@pytest.mark.parametrize("payload", [[], None, "x", {}, {"data": 1}, {"data": {"event": []}}, {"type": []}])
def test_any_json(payload: Any) -> None:
    """Any JSON is checked without an exception."""
    assert violations(payload)
