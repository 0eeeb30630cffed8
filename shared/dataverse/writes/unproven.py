"""Whether a booking that is not found may still be made by an earlier attempt. Pure.

A call that gave no answer can still be at work: Dataverse runs the customer's plug-ins for up to two minutes
("Event framework"). Making the booking again is safe, since its id is derived; concluding that there is none is not.
"""

from __future__ import annotations

from datetime import datetime

from shared.dataverse.comparison import usable
from shared.dataverse.look import Rules
from shared.dataverse.reading.events import LAG
from shared.dataverse.repetition import wrote_within
from shared.dataverse.sides import BookingSide, Event, EventSide, Gone
from shared.storage.pairs.pair import Pair


def is_booking_unproven(pair: Pair | None, booking: BookingSide, event: EventSide, rules: Rules, now: datetime) -> bool:
    """Return whether nothing may be concluded from a booking that is not there."""
    if pair is None or pair.is_from_dataverse or pair.state != "making" or not isinstance(booking, Gone):
        return False
    is_wanted = isinstance(event, Event) and event.show_as in rules.show_as and usable(event)
    return not is_wanted and wrote_within(pair, "dataverse", now, LAG)
