"""Rows 17 to 20: the technician is traveling, at work, on a break, or has completed the booking. Pure."""

from __future__ import annotations

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import Decision, Finding
from shared.dataverse.rules.booking_writes import change_booking
from shared.dataverse.rules.event_writes import change_event, restore_event


def under_way(seen: Compared) -> Decision | None:
    """Rows 17 to 20. What a technician does is never undone from a calendar."""
    if seen.pair is None or not seen.is_live or not (seen.is_under_way or seen.is_completed):
        return None
    if not seen.is_dv:
        return _own_event(seen)
    if seen.is_gone:
        return _deleted(seen)
    if seen.state == "making" or not seen.event_news.times or seen.have_equal_times:
        return None
    write = change_event(seen, times=True, subject=seen.booking_news.title)
    row = 18 if seen.is_completed else 19
    return Decision(row=row, outlook=write, after=seen.refreshed("paired"), undoes=True)


def _deleted(seen: Compared) -> Decision | None:
    """Row 17, or row 18 once the work is completed: nobody needs its event any more."""
    if seen.state != "paired":
        return None
    if seen.is_completed:
        return Decision(row=18, after=seen.refreshed("muted"))
    return None if seen.is_linked or seen.leaves_to_microsoft else restore_event(seen, 17)


def _own_event(seen: Compared) -> Decision | None:
    """Row 20: a person's event is never put back. A name that became private is still overwritten at once."""
    if seen.event is None or not seen.in_rule or not seen.event_news.times or seen.have_equal_times:
        return None
    write = change_booking(seen, name=True) if seen.event_news.title else None
    stored = seen.prints.make_keeping_times(required(seen.pair).event_print, seen.shown_event)
    return Decision(row=20, dataverse=write, after=seen.refreshed(event_print=stored), finding=Finding.MOVED_UNDER_WAY)
