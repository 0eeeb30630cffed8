"""Which name each side gets (DATAVERSE_TITLES). Pure.

An event that the relay makes has the booking's name: who works by the calendar needs it. A booking that the relay makes
has "Busy", or the subject where the setting says so; a private event never gives its subject.
"""

from __future__ import annotations

from shared.dataverse.sides import Booking, Event

BUSY = "Busy"
PRIVATE = "Private"
SUBJECT = "subject"
LONGEST = 100  # characters of bookableresourcebooking.name


def name_of(event: Event, titles: str) -> str:
    """Return the name of the booking for an event. `titles`: the value of DATAVERSE_TITLES."""
    if event.is_private:
        return PRIVATE
    return (event.subject or BUSY)[:LONGEST] if titles == SUBJECT else BUSY


def subject_of(booking: Booking) -> str:
    """Return the subject of the event for a booking."""
    return booking.name or BUSY
