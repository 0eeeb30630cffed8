"""The occurrences of calendars by the library recurring-ical-events, to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import recurring_ical_events  # type: ignore[import-untyped]  # the library has no type information
from icalendar import Calendar


def occurrences_of(calendar: Calendar, start: datetime, end: datetime) -> Iterator[tuple[str, date, date]]:
    """Yield title, start and end of each occurrence that touches a window."""
    for event in recurring_ical_events.of(calendar).between(start, end):
        yield str(event["SUMMARY"]), event["DTSTART"].dt, event.end
