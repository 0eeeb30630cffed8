"""Which events become bookings, and the id of the booking of an event. Pure."""

from __future__ import annotations

from datetime import datetime

from shared.dataverse.comparison import usable
from shared.dataverse.ids import MOST_GENERATIONS, booking_id
from shared.dataverse.look import Rules
from shared.dataverse.sides import Event


def derived_id(event: Event, organization: str, user_id: str, generation: int) -> str:
    """Return the id of the booking that is made for an event. `user_id`: that of the mailbox in Entra.

    An occurrence is named by its series and its original start: it gets another id of its own when the series moves.
    """
    source = event.series_id if event.is_occurrence else event.id
    original = event.original_start if event.is_occurrence else None
    return booking_id(organization, user_id, source, original, generation)


def derived_generation(event: Event, organization: str, user_id: str, booking: str) -> int:
    """Return which booking of an event has this id, 0 if none."""
    numbers = range(1, MOST_GENERATIONS + 1)
    same = (each for each in numbers if derived_id(event, organization, user_id, each) == booking)
    return next(same, 0)


def becomes_booking(event: Event, rules: Rules, now: datetime) -> bool:
    """Return whether an event without a pair gets a booking: in rule and in the window, and not of Microsoft's sync.

    A series master gets none: its occurrences do.
    """
    if event.is_series or event.is_tagged or event.show_as not in rules.show_as or not usable(event):
        return False
    return event.end > now - rules.past and event.start < now + rules.future
