"""A slot booking compared with the calendar: its events and its times. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
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


def is_fresh(booking: Booking, now: datetime) -> bool:
    """Return whether a booking's state began so recently that its call may be in progress, or Graph may not show it."""
    return now - booking.since < FRESH


def events_of(booking: Booking, events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the events that were created for a booking, identified by event id or transactionId."""
    for event in events:
        if is_event_of(booking, event) or event.get("transactionId") == booking.transaction:
            yield event


def is_event_of(booking: Booking, event: dict[str, Any]) -> bool:
    """Return whether an event is the one of a booking, or an occurrence of it: a person may have made it a series, of
    which a calendar view has only the occurrences.
    """
    return bool(booking.event_id) and booking.event_id in (event.get("id"), event.get("seriesMasterId"))


def spans_of(booking: Booking) -> list[Span]:
    """Return the times that a booking holds."""
    spans = [Span(booking.start, booking.end)] if booking.holds else []
    return spans + ([Span(booking.to_start, booking.to_end)] if booking.to_start and booking.to_end else [])
