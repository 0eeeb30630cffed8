"""Rows 10 to 13 and 45: the booking is over while there is an event, or the event became a meeting. Pure."""

from __future__ import annotations

from shared.dataverse.comparison import Compared
from shared.dataverse.decision import Decision, Finding
from shared.dataverse.rules.event_writes import remove_event
from shared.dataverse.sides import Gone


def booking_over(seen: Compared) -> Decision | None:
    """Row 10: the booking was born in Dataverse and is canceled, inactive or deleted."""
    if seen.pair is None or not seen.is_dv or not seen.is_over:
        return None
    if seen.event is not None and not seen.event.is_plain:
        return let_go(seen)
    return remove_event(seen, 10)


def person_ended(seen: Compared) -> Decision | None:
    """Rows 11 to 13: the booking was made for an event, and a person ended it: the event stays, and is muted."""
    if seen.pair is None or seen.is_dv or not seen.is_over or seen.event is None:
        return None
    is_deleted = isinstance(seen.look.booking, Gone)
    if seen.state not in ("making", "paired") or (seen.state == "making" and is_deleted and seen.in_rule):
        return None  # decided before, or the booking was not made yet
    if is_deleted and not seen.in_rule:
        return Decision(row=13, after=seen.refreshed("ended"))
    return Decision(row=12 if seen.event_news.times else 11, after=seen.refreshed("muted"))


def let_go(seen: Compared) -> Decision | None:
    """Row 45: an event of the relay got attendees or became a series: every change would be mailed to people."""
    if seen.pair is None or not seen.is_dv or seen.event is None or seen.event.is_plain:
        return None
    return Decision(row=45, after=seen.pair, finding=Finding.MEETING_LET_GO)
