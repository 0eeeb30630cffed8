"""The iCalendar files that come with the sandbox."""

from pathlib import Path

from sandbox.ics import read_calendar
from sandbox.ics_zones import instant

CALENDARS = Path(__file__).parents[3] / "sandbox" / "calendars"


def test_office_week() -> None:
    """The ordinary week is read completely, in a single zone except for its all-day event."""
    reading = read_calendar((CALENDARS / "office-week.ics").read_bytes())
    assert (len(reading.events), reading.skipped) == (14, [])
    assert {event["start"]["timeZone"] for event in reading.events if not event["isAllDay"]} == {"Europe/Oslo"}


def test_odd_cases() -> None:
    """The odd cases are read completely, and have the properties that their names promise."""
    reading = read_calendar((CALENDARS / "odd-cases.ics").read_bytes())
    assert (len(reading.events), reading.skipped) == (25, [])
    assert max(len(event["subject"]) for event in reading.events) == 300
    assert any("👩‍👩‍👧‍👦" in event["subject"] for event in reading.events)
    series = next(event for event in reading.events if event["overrides"])
    assert (len(series["exdates"]), len(series["overrides"])) == (2, 2)
    night = next(event for event in reading.events if event["subject"] == "Across the end of summer time")
    assert (instant(night["end"]) - instant(night["start"])).total_seconds() == 3 * 3600
