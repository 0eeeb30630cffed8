"""Whether an event that a GET returns is on the calendar, and not in Deleted Items. ("List calendarView")"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.graph.events import Events, is_of_type
from shared.partner import payload
from shared.resync.occurrences import Occurrences

_A_DAY = timedelta(days=1)  # more than any zone's offset from UTC


def is_on_calendar(events: Events, occurrences: Occurrences, mailbox: str, event: dict[str, Any]) -> bool:
    """Return whether the calendar view contains an event; for a series master, which it never contains, check the first
    occurrence.

    The view of the event's first second is enough. That of its whole time could exceed Graph's limit. Raises GraphError
    and UnreadableEvent.
    """
    expected = occurrences.first_of(mailbox, event) if is_of_type(event, "seriesMaster") else event
    if expected is None:
        return False
    first, last = _around_start(expected)
    view = events.calendar_view(mailbox, first, last + timedelta(seconds=1))
    return any(payload.event_id_of(event) == payload.event_id_of(expected) for event in view)


def _around_start(event: dict[str, Any]) -> tuple[datetime, datetime]:
    """Return between which moments an event starts: an all-day event at midnight of any zone."""
    start = payload.moment_of(event, "start")
    return (start - _A_DAY, start + _A_DAY) if event.get("isAllDay") is True else (start, start)
