"""An entry of a schedule that cannot be read never counts as free."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from shared.scheduling.availability import NoSchedule, availability_of, busy_spans, working_hours_of
from shared.scheduling.slot_rules import ALWAYS, Span

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOURS = {"daysOfWeek": ["Monday", "friday"], "startTime": "08:30:00.0000000", "endTime": "16:00:00.0000000",
         "timeZone": {"name": "W. Europe Standard Time"}}  # fmt: skip


def item(minutes: int = 30, zone: str = "UTC", **more: Any) -> dict[str, Any]:
    """Return a scheduleItem that begins at noon."""
    moments = {"start": NOON, "end": NOON + timedelta(minutes=minutes)}
    times = {name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": zone} for name, at in moments.items()}
    return {"status": "busy", **times, **more}


@pytest.mark.parametrize(("status", "busy"), [("busy", True), ("tentative", True), ("oof", True), ("unknown", True),
                                              ("something new", True), (None, True), ("free", False),
                                              ("workingElsewhere", False)])  # fmt: skip
def test_only_free_statuses_are_free(status: str | None, *, busy: bool) -> None:
    """An unknown status counts as busy."""
    availability = availability_of({"scheduleItems": [item(status=status)]})
    assert availability.busy == ((Span(NOON, NOON + timedelta(minutes=30)),) if busy else ())


@pytest.mark.parametrize(
    ("information", "code"),
    [({}, "NoAnswer"), ({"scheduleItems": None}, "NoAnswer"), ({"scheduleItems": [], "error": {}}, None),
     ({"scheduleItems": [], "error": {"responseCode": "5006"}}, "5006"),
     ({"scheduleItems": [item(zone="W. Europe Standard Time")]}, "UnreadableEvent"),
     ({"scheduleItems": [item(start=None)]}, "UnreadableEvent"),
     ({"scheduleItems": [], "workingHours": {**HOURS, "timeZone": {"name": "Mars"}}}, "UnknownTimeZone")],
)  # fmt: skip
def test_an_unreadable_schedule_is_rejected(information: dict[str, Any], code: str | None) -> None:
    """It has an error, no items, or an item without a readable time."""
    if code is None:
        assert availability_of(information).busy == ()
        return
    with pytest.raises(NoSchedule) as caught:
        availability_of(information)
    assert caught.value.code == code


def test_working_hours_are_read_by_their_own_zone() -> None:
    """The zone is a Windows name, or a bias for a custom zone; the case of the days does not matter."""
    hours = working_hours_of(HOURS)
    assert (hours.days, hours.start, hours.end) == (frozenset({0, 4}), time(8, 30), time(16))
    assert str(hours.zone) == "Europe/Berlin"
    own = working_hours_of({**HOURS, "timeZone": {"name": "Customized Time Zone", "bias": -330}})
    assert own.zone.utcoffset(None) == timedelta(minutes=330)


@pytest.mark.parametrize("hours", [None, {}, {**HOURS, "daysOfWeek": None}, {**HOURS, "startTime": None}])
def test_without_working_hours_every_hour_counts(hours: object) -> None:
    """A room often has no working hours."""
    assert working_hours_of(hours) == ALWAYS


def test_cancelled_events_take_no_time() -> None:
    """They stay in calendars for people to see."""
    assert busy_spans([item(showAs="busy", isCancelled=True)]) == []
    assert len(busy_spans([item(showAs="busy", isCancelled=False), item(showAs="free")])) == 1
