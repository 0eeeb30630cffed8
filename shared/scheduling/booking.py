"""A slot booking compared with the calendar: its events and its times. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.scheduling.slot_rules import Span

if TYPE_CHECKING:
    from shared.storage.slot_bookings import Booking

FRESH = timedelta(minutes=2)  # a younger booking may be in progress, or not visible in Graph yet


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking, and its event as read from Graph."""

    booking: Booking
    event: dict[str, Any]


def events_of(booking: Booking, events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the events that were created for a booking, identified by event id or transactionId."""
    for event in events:
        if event.get("id") == booking.event_id or event.get("transactionId") == booking.transaction:
            yield event


def spans_of(booking: Booking) -> list[Span]:
    """Return the times that a booking holds."""
    spans = [Span(booking.start, booking.end)] if booking.holds else []
    return spans + ([Span(booking.to_start, booking.to_end)] if booking.to_start and booking.to_end else [])
