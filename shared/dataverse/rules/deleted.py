"""Rows 14 to 16, 21 to 24 and 59: the event is gone or out of rule while its booking is live. Pure."""

from __future__ import annotations

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import Decision, Finding
from shared.dataverse.rules.booking_writes import cancel_booking
from shared.dataverse.rules.event_writes import restore_event


def deleted_dv(seen: Compared) -> Decision | None:
    """Rows 14 to 16: a linked booking gets its event back, a plain one is canceled unless it was edited meanwhile."""
    if seen.pair is None or not seen.is_dv or not seen.is_live or not seen.is_gone:
        return None
    if seen.state == "muted":
        return _edited_while_muted(seen)
    if seen.state != "paired":
        return None
    if seen.leaves_to_microsoft:
        return Decision(row=50, after=seen.refreshed("ended"))
    if seen.is_linked:
        return restore_event(seen, 14)
    return restore_event(seen, 16) if seen.booking_news.anything else cancel_booking(seen, 15)


def _edited_while_muted(seen: Compared) -> Decision | None:
    """An edit beats a deletion also later: a muted pair gets an event again once its booking is moved."""
    if not seen.booking_news.times or seen.is_completed or seen.leaves_to_microsoft:
        return None
    return restore_event(seen, 14 if seen.is_linked else 16)


def deleted_ol(seen: Compared) -> Decision | None:
    """Rows 21 to 24 and 59: the booking of an event follows it, unless a visit of a customer hangs on it."""
    if seen.pair is None or seen.is_dv or not seen.is_live or seen.in_rule:
        return None
    if seen.state not in ("making", "paired"):
        return None
    if seen.is_linked:
        return Decision(row=22, after=seen.refreshed("muted"), finding=Finding.DELETED_BUT_LINKED)
    row = _row_of(seen)
    if seen.is_under_way or seen.is_completed:
        return Decision(row=row, after=seen.refreshed("muted"), finding=Finding.DELETED_UNDER_WAY)
    return cancel_booking(seen, row)


def _row_of(seen: Compared) -> int:
    if seen.is_gone:
        is_busy = seen.is_under_way or seen.is_completed
        return 23 if seen.booking_news.times and not is_busy else 21
    if required(seen.event).is_series:
        return 59
    return 24 if seen.booking_news.times else 59
