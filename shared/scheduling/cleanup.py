"""Bring to an end what a killed or hindered call left half done: a booking is either there, with its event, or not.

Whoever finds an old claim in the way does this for it, and a timer does it for all. Every step begins with a change of
the booking's row on the condition of its etag, so that who comes back late finds that it is no longer theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared import telemetry
from shared.errors import GraphNotFound, RelayError
from shared.scheduling.availability import span_of
from shared.scheduling.slot_rules import Span

if TYPE_CHECKING:
    from datetime import datetime

    from shared.parts import Parts
    from shared.storage.slot_bookings import Booking

FRESH = timedelta(minutes=2)  # somebody may still be at work on it, or Graph may not tell of it yet
LATEST = timedelta(minutes=10)  # after which no call of ours can reach Graph any more, however long it was held up
KEPT = timedelta(days=7)  # after a booking's end
_BUDGET = timedelta(minutes=4)

_logger = logging.getLogger("relay.bookings")


def settle_all(parts: Parts) -> None:
    """Settle what is unfinished, and forget what is long past; what fails is tried at the next run."""
    give_up, settled = parts.now() + _BUDGET, 0
    for booking in parts.slots.unfinished():
        if parts.now() >= give_up:
            break
        try:
            settled += _settled_as_allowed(parts, booking)
        except RelayError as error:
            _logger.warning("A booking could not be settled: %s", error)
    for booking in parts.slots.before(parts.now() - KEPT):
        parts.slots.remove(booking)
    telemetry.count("slot_bookings", settled, end="settled")


def _settled_as_allowed(parts: Parts, booking: Booking) -> bool:
    if parts.allow_list.allows(booking.mailbox):
        with suppress(GraphNotFound):
            return settle(parts, booking)
    now = parts.slots.get(booking.mailbox, booking.id)
    return now is not None and parts.slots.remove(now)  # its mailbox is gone, or is left alone from now on


def settle(parts: Parts, booking: Booking) -> bool:
    """Bring an unfinished booking to its end, or look whether a finished one still stands; False if it is too young.

    Raises GraphError, after which it is as it was, or nearer to its end.
    """
    if parts.now() - booking.since < (LATEST if booking.state in ("ended", "moving") else FRESH):
        return False
    if booking.state == "ended":
        return _forgotten(parts, booking)
    if booking.state in ("claimed", "ending"):
        return end_booking(parts, booking)
    return _as_the_calendar_says(parts, booking)


def end_booking(parts: Parts, booking: Booking) -> bool:
    """Remove a booking's event and give back its times; False when somebody else changed it meanwhile.

    Its row stays for a while as ended, since a call that was held up may still make the event.
    """
    ending = parts.slots.change(booking, state="ending", since=parts.now())
    if ending is None:
        return False
    _remove_events(parts, ending)
    return parts.slots.change(ending, state="ended", to_start=None, to_end=None) is not None


def events_of(booking: Booking, events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the events that were made for a booking: by their id or by what Graph knows their making by."""
    for event in events:
        if event.get("id") == booking.event_id or event.get("transactionId") == booking.transaction:
            yield event


def spans_of(booking: Booking) -> list[Span]:
    """Return the times that a booking holds."""
    spans = [Span(booking.start, booking.end)] if booking.holds else []
    return spans + ([Span(booking.to_start, booking.to_end)] if booking.to_start and booking.to_end else [])


def _forgotten(parts: Parts, booking: Booking) -> bool:
    _remove_events(parts, booking)
    return parts.slots.remove(booking)


def _remove_events(parts: Parts, booking: Booking) -> None:
    with parts.mailbox_limits.of(booking.mailbox):
        found = list(parts.appointments.around(booking.mailbox, booking.start, booking.end))
        ids = {str(event["id"]) for event in events_of(booking, found)} | {booking.event_id} - {""}
        for event_id in ids:
            with suppress(GraphNotFound):
                parts.appointments.remove(booking.mailbox, event_id)


def _as_the_calendar_says(parts: Parts, booking: Booking) -> bool:
    """Give a booking the times that its event has: people move and delete events in Outlook, too."""
    try:
        with parts.mailbox_limits.of(booking.mailbox):
            event = parts.appointments.get(booking.mailbox, booking.event_id)
    except GraphNotFound:
        return parts.slots.remove(booking)
    now, real = parts.now(), span_of(event)
    if event.get("isCancelled") is True:
        return parts.slots.remove(booking)
    if booking.state == "moving":
        moved = real == Span(*_target(booking))
        times = {"start": booking.to_start, "end": booking.to_end, "holds": True} if moved else {}
        return parts.slots.change(booking, state="booked", since=now, to_start=None, to_end=None, **times) is not None
    if real.overlaps(Span(booking.start, booking.end)):
        return False
    return parts.slots.change(booking, start=real.start, end=real.end, holds=False) is not None


def _target(booking: Booking) -> tuple[datetime, datetime]:
    return booking.to_start or booking.start, booking.to_end or booking.end
