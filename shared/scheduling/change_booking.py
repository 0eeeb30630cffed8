"""Read, move and cancel a booking. A move claims the new time before it gives back the old one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from shared import telemetry
from shared.api.graph_errors import booking_refusal
from shared.errors import GraphError, GraphNotFound, GraphUnavailable, RequestRejected
from shared.policy.allow_list import check_allowed
from shared.scheduling.availability import readable, span_of
from shared.scheduling.book import Booked, is_open, make_room, rivals, taken
from shared.scheduling.cleanup import end_booking, settle
from shared.scheduling.requests import read_new_times
from shared.scheduling.slot_rules import Span

if TYPE_CHECKING:
    from shared.parts import Parts
    from shared.storage.slot_bookings import Booking


def read_booking_of(parts: Parts, mailbox: str, booking_id: str) -> Booked:
    """Return a booking with its event as it is now. Raises RequestRejected."""
    check_allowed(parts.allow_list, mailbox)
    booking = _standing(parts, mailbox, booking_id)
    try:
        return Booked(booking, _event(parts, booking))
    except GraphError as error:
        raise booking_refusal(error) from error


def cancel_booking(parts: Parts, mailbox: str, booking_id: str) -> None:
    """Remove a booking and its event; removing it again is as good. Raises RequestRejected."""
    check_allowed(parts.allow_list, mailbox)
    booking = parts.slots.get(mailbox, booking_id)
    if booking is None or booking.state == "ended":
        return
    try:
        gone = end_booking(parts, booking)
    except GraphError as error:
        raise booking_refusal(error) from error
    if not gone:
        raise _in_work()
    telemetry.count("slot_bookings", end="cancelled")


def move_booking(parts: Parts, mailbox: str, booking_id: str, content: dict[str, Any]) -> Booked:
    """Give a booking another time, or leave it where it is. Raises SlotTaken or RequestRejected."""
    check_allowed(parts.allow_list, mailbox)
    booking = _standing(parts, mailbox, booking_id)
    to, _ = read_new_times(content, booking.end - booking.start, parts.now())
    try:
        before = _event(parts, booking)
        return _moved(parts, _claimed(parts, booking, to), to, before)
    except GraphError as error:
        raise booking_refusal(error) from error


def _standing(parts: Parts, mailbox: str, booking_id: str) -> Booking:
    """Return a booking that is made. Raises RequestRejected 404."""
    booking = parts.slots.get(mailbox, booking_id)
    if booking is None or not booking.event_id or booking.state in ("claimed", "ending", "ended"):
        raise _gone()
    return booking


def _event(parts: Parts, booking: Booking) -> dict[str, Any]:
    """Return the event of a booking; one that was deleted in Outlook ends the booking. Raises RequestRejected 404."""
    try:
        with parts.mailbox_limits.of(booking.mailbox):
            return readable(parts.appointments.get(booking.mailbox, booking.event_id, parts.settings.details))
    except GraphNotFound:
        parts.slots.remove(booking)
        raise _gone() from None


def _claimed(parts: Parts, booking: Booking, to: Span) -> Booking:
    """Return the booking with the new time claimed beside the old one. A move to the same time may go on."""
    if booking.state == "moving" and (booking.to_start, booking.to_end) != (to.start, to.end):
        if not settle(parts, booking):
            raise _in_work()
        booking = _standing(parts, booking.mailbox, booking.id)
    wish = {"state": "moving", "since": parts.now(), "to_start": to.start, "to_end": to.end}
    moving = parts.slots.change(booking, **wish)
    if moving is None and make_room(parts, booking.mailbox, to):
        moving = parts.slots.change(_standing(parts, booking.mailbox, booking.id), **wish)
    if moving is None:
        raise taken(parts, booking.mailbox, to)
    return moving


def _moved(parts: Parts, moving: Booking, to: Span, before: dict[str, Any]) -> Booked:
    others = _others(parts, moving, to)
    if not is_open(parts, moving.mailbox, to, others):
        raise _left(parts, moving, to)
    event = readable(_put(parts, moving, to))
    if rivals(_others(parts, moving, to), to, event.get("lastModifiedDateTime")):
        _put(parts, moving, span_of(before))
        raise _left(parts, moving, to)
    done = parts.slots.change(
        moving, state="booked", since=parts.now(), start=to.start, end=to.end, holds=True, to_start=None, to_end=None
    )
    if done is None:
        raise _in_work()
    telemetry.count("slot_bookings", end="moved")
    return Booked(done, event)


def _put(parts: Parts, moving: Booking, to: Span) -> dict[str, Any]:
    """Move the event. What Graph refuses leaves it, and the booking, where it was."""
    try:
        with parts.mailbox_limits.of(moving.mailbox):
            return parts.appointments.move(moving.mailbox, moving.event_id, to.start, to.end)
    except GraphUnavailable:
        raise  # it may have been moved: settled later, or by the same call again
    except GraphError:
        with suppress(GraphError):
            _back(parts, moving)
        raise


def _left(parts: Parts, moving: Booking, to: Span) -> RequestRejected:
    _back(parts, moving)
    return taken(parts, moving.mailbox, to)


def _back(parts: Parts, moving: Booking) -> None:
    parts.slots.change(moving, state="booked", since=parts.now(), to_start=None, to_end=None)


def _others(parts: Parts, moving: Booking, to: Span) -> list[dict[str, Any]]:
    with parts.mailbox_limits.of(moving.mailbox):
        found = list(parts.appointments.around(moving.mailbox, to.start, to.end))
    return [one for one in found if one.get("id") != moving.event_id]


def _gone() -> RequestRejected:
    return RequestRejected(404, "No such booking", "It was cancelled, or never made. Book a slot to have one.")


def _in_work() -> RequestRejected:
    return RequestRejected(503, "In work", "Another call is working on this booking. Try again soon.", retry_after=5)
