"""Read the calendar view of a business as far as it can be read.

What a page shows is evidence; what is missing proves nothing, least of all when a page or an item could not be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.errors import RelayError
from shared.graph.bookings.parse import appointment_of
from shared.graph.client import LIST_PAGES

if TYPE_CHECKING:
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment


@dataclass(frozen=True, slots=True)
class ViewReading:
    """What was read of a calendar view, by the id of the appointment; `error`: why that is not the whole view, if so.

    `is_ended`: whether every page was read. `is_answered`: whether Graph answered at all; otherwise the business itself
    may be out of reach, and that it finds no appointment says nothing of the appointment.
    """

    appointments: dict[str, Appointment]
    error: str = ""
    is_answered: bool = True
    is_ended: bool = False


def read_view(bookings: BookingsClient, business: str, start: datetime, end: datetime) -> ViewReading:
    """Return the appointments between two moments ("List business calendarView"), up to the first error.

    Never raises RelayError: a page that fails leaves what the pages before it showed.
    """
    appointments: dict[str, Appointment] = {}
    error, is_answered, page, until = "", False, dict[str, str](), bookings.list_end()
    for _ in range(LIST_PAGES):
        try:
            items, page = bookings.view_page(business, start, end, page, until)
            is_answered = True
        except RelayError as failure:
            return ViewReading(appointments, str(failure), is_answered)
        for item in items:
            error = _add(appointments, item) or error
        if not page:
            return ViewReading(appointments, error, is_ended=True)
    return ViewReading(appointments, "the list has too many pages")


def _add(appointments: dict[str, Appointment], item: dict[str, Any]) -> str:
    """Add an appointment; return why it cannot be read, if so."""
    try:
        appointment = appointment_of(item)
    except RelayError as failure:
        return str(failure)
    appointments[appointment.id] = appointment
    return ""
