"""Which name each side gets (DATAVERSE_TITLES). Pure.

An event that the relay makes has the booking's name: who works by the calendar needs it. A booking that the relay makes
has "Busy", or the subject where the setting says so; a private event never gives its subject.
"""

from __future__ import annotations

from shared.dataverse.sides import Booking, Event

BUSY = "Busy"
PRIVATE = "Private"
SUBJECT = "subject"
LONGEST = 100  # of bookableresourcebooking.name, in units of UTF-16, of which an emoji needs two


def name_of(event: Event, titles: str) -> str:
    """Return the name of the booking for an event. `titles`: the value of DATAVERSE_TITLES."""
    if event.is_private:
        return PRIVATE
    return _shortened(event.subject.strip() or BUSY) if titles == SUBJECT else BUSY


def subject_of(booking: Booking) -> str:
    """Return the subject of the event for a booking."""
    return booking.name or BUSY


def _shortened(text: str) -> str:
    """Return as much of a text as fits into a booking's name."""
    encoded = text.encode("utf-16-le", "surrogatepass")[: 2 * LONGEST]
    return encoded.decode("utf-16-le", "ignore")
