"""An old calendar file is moved by whole weeks and keeps its content."""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.ics import read_calendar, shift_to
from sandbox.ics_zones import instant, wall_clock
from tests.support.examples import examples

CALENDARS = Path(__file__).parents[3] / "sandbox" / "calendars"
FILES = {path.name: read_calendar(path.read_bytes()).events for path in CALENDARS.glob("*.ics")}
assert len(FILES) > 2
NOW = datetime(2027, 2, 3, 12, tzinfo=UTC)


def series(start: str, rrule: str, zone: str = "Europe/Oslo") -> dict[str, Any]:
    """Return a recurring event with an exception."""
    moment = {"dateTime": start, "timeZone": zone}
    return {"start": moment, "end": moment, "rrule": rrule, "exdates": [moment], "overrides": []}


def occurrences(event: dict[str, Any]) -> list[datetime]:
    """Return the wall-clock starts of a rule, by dateutil and in the event's own zone."""
    zone = ZoneInfo(event["start"]["timeZone"])
    return list(rrulestr(event["rrule"], dtstart=wall_clock(event["start"]).replace(tzinfo=zone)))


@settings(max_examples=examples(50), deadline=None)
@given(now=st.integers(0, 60 * 365 * 24).map(lambda hours: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(hours=hours)))
def test_first_event_lies_ahead(now: datetime) -> None:
    """At any time the first event begins within the next week, and weekdays and local times stay."""
    for events in FILES.values():
        moved = shift_to(events, now)
        alone = [event for event in moved if not event["rrule"]] or moved  # a series may begin earlier
        first = min(instant(event["start"]) for event in alone)
        assert now - timedelta(hours=14) < first <= now + timedelta(days=7, hours=14)
        for old, new in zip(events, moved, strict=True):
            assert (wall_clock(new["start"]) - wall_clock(old["start"])) % timedelta(weeks=1) == timedelta(0)
            assert new["start"]["timeZone"] == old["start"]["timeZone"]


@pytest.mark.parametrize("name", sorted(FILES))
def test_input_stays(name: str) -> None:
    """The input events are not changed."""
    before = copy.deepcopy(FILES[name])
    shift_to(FILES[name], NOW)
    assert before == FILES[name]


def test_local_time_across_summer_time() -> None:
    """A meeting at ten in summer is at ten in winter: a different hour in UTC."""
    event = series("2026-07-15T10:00:00", "") | {"exdates": []}
    moved = shift_to([event], NOW)[0]
    assert moved["start"]["dateTime"] == "2027-02-10T10:00:00"
    assert (instant(event["start"]).hour, instant(moved["start"]).hour) == (8, 9)


@pytest.mark.parametrize("until", ["20260720T080000Z", "20260720T100000", "20260720"])
def test_until(until: str) -> None:
    """A series that ends with an UNTIL keeps its number of occurrences over a change of the clock."""
    moved = shift_to([series("2026-07-15T10:00:00", f"FREQ=DAILY;UNTIL={until}")], NOW)[0]
    last = {"20260720T080000Z": "20270215T090000Z", "20260720T100000": "20270215T100000", "20260720": "20270215"}
    assert moved["rrule"] == f"FREQ=DAILY;UNTIL={last[until]}"
    assert [exdate["dateTime"] for exdate in moved["exdates"]] == ["2027-02-10T10:00:00"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;COUNT=3",
        "COUNT=3;FREQ=MONTHLY;BYMONTHDAY=15",
        "FREQ=MONTHLY;BYDAY=3WE;COUNT=3",
        "FREQ=MONTHLY;BYDAY=WE;BYSETPOS=3;COUNT=3",
        "FREQ=YEARLY;COUNT=3",
        "FREQ=YEARLY;BYMONTH=7;BYDAY=3WE;COUNT=3",
        "FREQ=WEEKLY;BYDAY=WE,FR;COUNT=3",
        "FREQ=DAILY;COUNT=3;INTERVAL=2",
    ],
)
@pytest.mark.parametrize("weeks", [1, 2, 3, 5, 20, -7])
def test_start_is_first_occurrence(rule: str, weeks: int) -> None:
    """After any move the start is still the first occurrence of its rule, as Exchange requires."""
    now = datetime(2026, 7, 14, 12, tzinfo=UTC) + timedelta(weeks=weeks)
    moved = shift_to([series("2026-07-15T10:00:00", rule)], now)[0]
    assert occurrences(moved)[0].replace(tzinfo=None) == wall_clock(moved["start"])
    assert len(occurrences(moved)) == 3
    assert len(moved["exdates"]) == (0 if "MONTHLY" in rule or "YEARLY" in rule else 1)


def test_until_the_end_of_time() -> None:
    """An UNTIL in the year 9999 cannot be moved, and stays."""
    assert shift_to([series("2026-07-15T10:00:00", "FREQ=DAILY;UNTIL=99991231")], NOW)[0]["rrule"].endswith("=99991231")


def test_no_move() -> None:
    """A file that begins in the future stays as it is, including rules and exceptions."""
    event = series("2026-07-15T10:00:00", "FREQ=MONTHLY;BYMONTHDAY=15;COUNT=3")
    assert shift_to([event], datetime(2026, 7, 14, 12, tzinfo=UTC)) == [event]


def test_nothing() -> None:
    """No events give no events."""
    assert shift_to([], NOW) == []
