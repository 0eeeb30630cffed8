"""Read, move and cancel a booking. A move claims the new time before it releases the old one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared import problems, telemetry
from shared.errors import GraphError, RelayError, RequestRejected
from shared.graph.events import is_missing, is_of_type
from shared.scheduling.availability import span_of
from shared.scheduling.booking import Booked, is_event_of
from shared.scheduling.conflicts import conflicting_events
from shared.scheduling.rejections import (
    NotShownYet,
    being_changed,
    had_no_effect,
    no_such_booking,
    rejection_about_booking,
)
from shared.scheduling.requests import read_new_times
from shared.scheduling.slot_rules import Span

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.policy.permission import Permission
    from shared.scheduling.booking_events import BookingEvents
    from shared.scheduling.cleanup import BookingCleanup
    from shared.scheduling.conflicts import SlotConflicts
    from shared.storage.slot_bookings import Booking, SlotBookings


@dataclass(frozen=True)
class BookingChanger:
    """Reads, moves and cancels bookings. Methods raise RequestRejected, ConfigurationError or ServiceUnavailable."""

    settings: Settings
    permission: Permission
    slot_bookings: SlotBookings
    booking_events: BookingEvents
    slot_conflicts: SlotConflicts
    booking_cleanup: BookingCleanup
    now: Callable[[], datetime]

    def read(self, mailbox: str, booking_id: str) -> Booked:
        """Return a booking with its current event."""
        self.permission.require(mailbox, "read")
        booking = self._get_booked(mailbox, booking_id)
        try:
            return Booked(booking, self._get_event(booking))
        except GraphError as error:
            raise rejection_about_booking(error) from error

    def cancel(self, mailbox: str, booking_id: str) -> None:
        """Remove a booking and its event. Cancelling a booking that no longer exists is a no-op."""
        self.permission.require(mailbox, "write")
        booking = self.slot_bookings.get(mailbox, booking_id)
        if booking is None or booking.state == "ended":
            return
        try:
            is_ended = self.booking_cleanup.end_booking(booking)
        except GraphError as error:
            raise rejection_about_booking(error) from error
        if not is_ended:
            raise being_changed()
        telemetry.count("slot_bookings", end="cancelled")

    def move(self, mailbox: str, booking_id: str, content: dict[str, Any]) -> Booked:
        """Move a booking; `content` is the request body. Raises SlotTaken, too; then the booking keeps its time."""
        self.permission.require(mailbox, "write")
        booking = self._get_booked(mailbox, booking_id)
        slot, _ = read_new_times(content, booking.end - booking.start, self.now())
        is_repeated = booking.state == "moving" and (booking.to_start, booking.to_end) == (slot.start, slot.end)
        try:
            event = self._get_event(booking)
            if is_of_type(event, "seriesMaster"):
                raise _became_series()
            before, all_day = span_of(event), event.get("isAllDay") is True
            moving = self._claim(booking, slot)
            if is_repeated and before == slot:  # an earlier call has moved the event
                return self._move(moving, slot, Span(booking.start, booking.end))
            if not self._is_open(moving, slot, before, is_repeated=is_repeated):
                raise self._move_refused(moving, slot)
            return self._move(moving, slot, before, all_day=all_day)
        except GraphError as error:
            raise rejection_about_booking(error) from error

    def _get_booked(self, mailbox: str, booking_id: str) -> Booking:
        """Return a booking that has its event. Raises RequestRejected 404."""
        booking = self.slot_bookings.get(mailbox, booking_id)
        if booking is None or not booking.event_id or booking.state in ("claimed", "ending", "ended"):
            raise no_such_booking()
        return booking

    def _get_event(self, booking: Booking) -> dict[str, Any]:
        """Return the event of a booking. If it was deleted in Outlook, remove the booking and raise RequestRejected
        404.
        """
        event = self.booking_events.find(booking, self.settings.details)
        if event is None:
            self.slot_bookings.remove(booking)
            raise no_such_booking()
        return event

    def _claim(self, booking: Booking, slot: Span) -> Booking:
        """Return the booking with the new time claimed, too. An unfinished move to the same time continues."""
        if booking.state == "moving" and (booking.to_start, booking.to_end) != (slot.start, slot.end):
            if not self.booking_cleanup.resolve(booking):
                raise being_changed()
            booking = self._get_booked(booking.mailbox, booking.id)
        changes = {"state": "moving", "since": self.now(), "to_start": slot.start, "to_end": slot.end}
        moving = self.slot_bookings.change(booking, **changes)
        if moving is None and self.slot_conflicts.clear_stale_claims(booking.mailbox, slot):
            moving = self.slot_bookings.change(self._get_booked(booking.mailbox, booking.id), **changes)
        if moving is None:
            raise self.slot_conflicts.slot_taken(booking.mailbox, slot)
        return moving

    def _is_open(self, moving: Booking, slot: Span, before: Span, *, is_repeated: bool) -> bool:
        """Return whether the new time is free. If that cannot be asked, release it, unless an earlier call may still
        move the event there.
        """
        try:
            events = self.slot_conflicts.events_at(moving.mailbox, slot)
            placed = (span_of(event) for event in events if is_event_of(moving, event))  # also if it is all day by now
            own, others = (Span(moving.start, moving.end), before, slot, *placed), _others(moving, events)
            return self.slot_conflicts.is_open(moving.mailbox, slot, others, own)
        except RelayError:
            if not is_repeated:
                self._release(moving)
            raise

    def _move(self, moving: Booking, slot: Span, before: Span, *, all_day: bool = False) -> Booked:
        """Move the event and confirm the booking, or move it back to `before` for an earlier event of a person.
        `all_day`: whether it was an all-day event there.
        """
        event = self._move_event(moving, slot)
        others = _others(moving, self.slot_conflicts.events_at(moving.mailbox, slot))
        if conflicting_events(others, slot, event.get("lastModifiedDateTime")):
            self._move_event(moving, before, all_day=all_day)
            raise self._move_refused(moving, slot)
        times = {"start": slot.start, "end": slot.end, "holds": True, "to_start": None, "to_end": None}
        booking = self.slot_bookings.change(moving, state="booked", since=self.now(), **times)
        if booking is None:
            raise being_changed()
        telemetry.count("slot_bookings", end="moved")
        return Booked(booking, event)

    def _move_event(self, moving: Booking, slot: Span, *, all_day: bool = False) -> dict[str, Any]:
        """Move the event. If Graph rejects that, the event and the booking keep their time."""
        try:
            return self.booking_events.move(moving, slot, all_day=all_day)
        except RelayError as error:
            if had_no_effect(error):  # otherwise resolved later, or by repeating the call
                self._release(moving)
            if isinstance(error, GraphError) and is_missing(error):
                raise NotShownYet from error  # it was read before
            raise

    def _move_refused(self, moving: Booking, slot: Span) -> RequestRejected:
        self._release(moving)
        return self.slot_conflicts.slot_taken(moving.mailbox, slot)

    def _release(self, moving: Booking) -> None:
        """Release the new time. If storage fails, it is released later."""
        with suppress(RelayError):
            self.slot_bookings.change(moving, state="booked", since=self.now(), to_start=None, to_end=None)


def _became_series() -> RequestRejected:
    text = "A person has made this booking a series in the calendar. Move it there, or cancel it and book a new slot."
    return RequestRejected(problems.BOOKING_MOVED, text)


def _others(booking: Booking, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if not is_event_of(booking, event)]
