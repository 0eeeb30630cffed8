"""An entry of a schedule that cannot be read never counts as free."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from shared.scheduling.availability import NoSchedule, availability_of, busy_spans, working_hours_of
from shared.scheduling.slot_rules import ALWAYS, Span, working_spans

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOURS = {"daysOfWeek": ["Monday", "friday"], "startTime": "08:30:00.0000000", "endTime": "16:00:00.0000000",
         "timeZone": {"name": "W. Europe Standard Time"}}  # fmt: skip

CUSTOM = {
    "@odata.type": "#microsoft.graph.customTimeZone", "name": "Customized Time Zone", "bias": -60,
    "standardOffset": {"time": "03:00:00", "dayOccurrence": 5, "dayOfWeek": "sunday", "month": 10, "year": 0},
    "daylightOffset": {"daylightBias": -60, "time": "02:00:00", "dayOccurrence": 5, "dayOfWeek": "sunday", "month": 3,
                       "year": 0},
}  # fmt: skip


def item(minutes: int = 30, zone: str = "UTC", **more: Any) -> dict[str, Any]:
    """Return a scheduleItem that begins at noon."""
    moments = {"start": NOON, "end": NOON + timedelta(minutes=minutes)}
    times = {name: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": zone} for name, at in moments.items()}
    return {"status": "busy", **times, **more}


@pytest.mark.parametrize(("status", "busy"), [("busy", True), ("tentative", True), ("oof", True), ("unknown", True),
                                              ("something new", True), (None, True), ("free", False),
                                              ("workingElsewhere", False), ("Free", False), ("FREE", False),
                                              ("WORKINGELSEWHERE", False), ("WorkingElsewhere", False),
                                              ("Busy", True)])  # fmt: skip
def test_only_free_statuses_are_free(status: str | None, *, busy: bool) -> None:
    """An unknown status counts as busy; the case of a word does not matter."""
    assert len(busy_spans([item(showAs=status)])) == int(busy)
    availability = availability_of({"scheduleItems": [item(status=status)]})
    assert availability.busy == ((Span(NOON, NOON + timedelta(minutes=30)),) if busy else ())


@pytest.mark.parametrize(
    ("information", "code"),
    [({}, "NoAnswer"), ({"scheduleItems": None}, "NoAnswer"), ({"scheduleItems": [], "error": {}}, None),
     ({"scheduleItems": [], "error": {"responseCode": "5006"}}, "5006"),
     ({"scheduleItems": [item(zone="W. Europe Standard Time")]}, "UnreadableEvent"),
     ({"scheduleItems": [item(start=None)]}, "UnreadableEvent"),
     ({"scheduleItems": [None]}, "UnreadableEvent"), ({"scheduleItems": ["x"]}, "UnreadableEvent"),
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


@pytest.mark.parametrize("end", ["23:59:59.9999999", "23:59:59", "23:59:00.0000000", "24:00:00", "00:00:00.0000000"])
def test_hours_that_end_with_the_day_join_those_of_the_next(end: str) -> None:
    """No slot is lost before or over midnight."""
    week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    hours = working_hours_of({**HOURS, "daysOfWeek": week, "startTime": "00:00:00", "endTime": end})
    window = Span(NOON, NOON + timedelta(days=3))
    assert working_spans(hours, window) == [window]
    evening = working_hours_of({**HOURS, "startTime": "16:00:00", "endTime": end})
    midnight = datetime(2026, 11, 20, 23, tzinfo=UTC)  # of Berlin
    assert working_spans(evening, window) == [Span(midnight - timedelta(hours=8), midnight)]


@pytest.mark.parametrize("times", [{"startTime": "25:00:00"}, {"endTime": "noon"}, {"startTime": "24:00:00"},
                                   {"endTime": "16:00:00.0000000Z"}, {"endTime": 16}])  # fmt: skip
def test_working_hours_that_are_no_times_are_rejected(times: dict[str, Any]) -> None:
    """Such a mailbox is not taken to be at work at every hour."""
    with pytest.raises(NoSchedule) as caught:
        working_hours_of({**HOURS, **times})
    assert caught.value.code == "UnreadableWorkingHours"


@pytest.mark.parametrize("zone", [{"name": "Mars"}, {"name": "tzone://Microsoft/Custom"}, {}, None,
                                  {"name": "Customized Time Zone", "bias": 60, "standardOffset": {"month": 13},
                                   "daylightOffset": {"month": 3}}])  # fmt: skip
def test_an_unknown_zone_is_named(zone: dict[str, Any] | None) -> None:
    """The text says what is unknown and who can change it, not that the address or the licence may be wrong."""
    with pytest.raises(NoSchedule) as caught:
        working_hours_of({**HOURS, "timeZone": zone})
    assert caught.value.code == "UnknownTimeZone"
    assert f'time zone "{(zone or {}).get("name")}"' in caught.value.advice


@pytest.mark.parametrize("zone", [{"name": "w. europe standard time"}, {"name": "Europe/Berlin"}, CUSTOM,
                                  CUSTOM | {"name": "tzone://Microsoft/Custom"}])  # fmt: skip
def test_the_hours_of_a_zone_move_with_its_daylight_saving_time(zone: dict[str, Any]) -> None:
    """By its name in any letters, or by its rules."""
    hours = working_hours_of({**HOURS, "timeZone": zone})
    for month, start in ((1, 7.5), (7, 6.5)):
        monday = next(day for day in range(1, 8) if datetime(2026, month, day, tzinfo=UTC).weekday() == 0)
        midnight = datetime(2026, month, monday, tzinfo=UTC)
        (span,) = working_spans(hours, Span(midnight, midnight + timedelta(days=1)))
        assert span.start == midnight + timedelta(hours=start)


@pytest.mark.parametrize("hours", [None, {}, {**HOURS, "daysOfWeek": None}, {**HOURS, "startTime": None}])
def test_without_working_hours_every_hour_counts(hours: object) -> None:
    """A room often has no working hours."""
    assert working_hours_of(hours) == ALWAYS


def test_cancelled_events_take_no_time() -> None:
    """They stay in calendars for people to see."""
    assert busy_spans([item(showAs="busy", isCancelled=True)]) == []
    assert len(busy_spans([item(showAs="busy", isCancelled=False), item(showAs="free")])) == 1
