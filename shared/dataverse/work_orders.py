"""Which bookings of work orders are left to Microsoft's own sync (DATAVERSE_WORK_ORDERS). Pure.

That sync ("Integrate bookings with Outlook calendars") makes events for bookings with a work order, two weeks ahead, of
users whose mailbox has server-side synchronization. Two events for one booking are a known problem in its own page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.dataverse.sides import Booking
from shared.moments import is_impossible

AHEAD = timedelta(days=14)
SEEN_WITHIN = timedelta(days=7)
SERVER_SIDE = 1  # mailbox.actdeliverymethod


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrosoftSync:
    """What is known of that sync for one user. `tagged_at`: when an event of it was last seen in the mailbox.

    `delivery_method`: mailbox.actdeliverymethod. `is_ready`: the mailbox is tested and enabled.
    """

    has_field_service: bool = False
    delivery_method: int = 0
    is_ready: bool = False
    tagged_at: datetime | None = None


def is_theirs(booking: Booking, sync: MicrosoftSync, setting: str, now: datetime, *, has_work_order: bool) -> bool:
    """Return whether a booking is left to that sync. `setting`: auto, ours or theirs."""
    if setting == "ours" or not has_work_order:
        return False
    if setting == "theirs":
        return True
    is_on = sync.has_field_service and sync.delivery_method == SERVER_SIDE and sync.is_ready
    return is_on and _is_seen(sync.tagged_at, now) and booking.start - now < AHEAD


def _is_seen(tagged_at: datetime | None, now: datetime) -> bool:
    return tagged_at is not None and now - tagged_at < SEEN_WITHIN and not is_impossible(tagged_at, now)
