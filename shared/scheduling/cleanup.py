"""Complete or remove bookings that an interrupted call left unfinished: a booking exists with its event, or not at all.

A call that finds an old claim on its time does this for that claim; a timer does it for all. Every step begins with a
change of the booking's row conditional on its etag, so that a delayed call detects that it no longer owns the booking.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.errors import RelayError
from shared.scheduling.availability import span_of
from shared.scheduling.booking import FRESH, is_fresh
from shared.scheduling.rejections import NotShownYet
from shared.scheduling.slot_rules import Span

if TYPE_CHECKING:
    from shared.policy.permission import Permission
    from shared.scheduling.booking_events import BookingEvents
    from shared.storage.slot_bookings import Booking, SlotBookings

LATEST = timedelta(minutes=10)  # after this, no delayed call of the relay can reach Graph any more
KEPT = timedelta(days=7)  # after a booking's end
_BUDGET = timedelta(minutes=4)

_logger = logging.getLogger("relay.bookings")


@dataclass(frozen=True)
class BookingCleanup:
    """Ends bookings, and resolves unfinished ones. Methods raise GraphError, NotShownYet, ConfigurationError or
    ServiceUnavailable; after one of these a booking is unchanged or closer to its final state.
    """

    slot_bookings: SlotBookings
    booking_events: BookingEvents
    permission: Permission
    now: Callable[[], datetime]

    def resolve_all(self) -> None:
        """Resolve unfinished bookings and remove the rows of old ones. What fails is left to the next run, until seven
        days after the booking's end.
        """
        give_up, resolved = self.now() + _BUDGET, 0
        for booking in self.slot_bookings.unfinished():
            if self.now() >= give_up:
                break
            resolved += self._resolve_or_give_up(booking)
        for booking in self.slot_bookings.before(self.now() - KEPT):
            if self.now() >= give_up:
                break
            self._attempt(self.slot_bookings.remove, booking)
        telemetry.count("slot_bookings", resolved, end="settled")

    def resolve(self, booking: Booking) -> bool:
        """Complete or remove an unfinished booking, or update a finished one from its event. Return whether the
        booking changed; a booking that is too young is left alone.
        """
        if self.now() - booking.since < (LATEST if booking.state in ("ended", "moving") else FRESH):
            return False
        if booking.state == "ended":
            self.booking_events.remove_all(booking, may_be_hidden=False)
            return self.slot_bookings.remove(booking)
        if booking.state in ("claimed", "ending"):
            return self.end_booking(booking)
        return self._follow_calendar(booking)

    def end_booking(self, booking: Booking, event_id: str = "") -> bool:
        """Delete a booking's event and release its times; return False if another call changed it meanwhile.

        `event_id`: the event's id, if the row lacks it. The row is kept as ended for a while, because a delayed call
        may still create the event. After NotShownYet it holds its times until the event is found, or FRESH has passed.
        """
        may_be_hidden = is_fresh(booking, self.now())
        since = booking.since if booking.state == "ending" else self.now()
        ending = self.slot_bookings.change(booking, state="ending", since=since, event_id=event_id or booking.event_id)
        if ending is None:
            return False
        self.booking_events.remove_all(ending, may_be_hidden=may_be_hidden)
        return self._end(ending)

    def end_without_event(self, booking: Booking) -> bool:
        """Release the times of a booking for which Graph has made no event; return False as `end_booking` does."""
        current = self.slot_bookings.get(booking.mailbox, booking.id)
        return current is not None and current.transaction == booking.transaction and self._end(current)

    def _end(self, booking: Booking) -> bool:
        ended = self.slot_bookings.change(booking, state="ended", since=self.now(), to_start=None, to_end=None)
        return ended is not None

    def _resolve_or_give_up(self, booking: Booking) -> bool:
        """Resolve a booking. If that fails for seven days after its end, remove its row."""
        done = self._attempt(self._resolve_if_allowed, booking)
        if done is None and self.now() - max(booking.end, booking.to_end or booking.end) > KEPT:
            done = self._attempt(self._remove_current, booking)
        return done is True

    def _attempt(self, act: Callable[[Booking], bool], booking: Booking) -> bool | None:
        """Return what `act` returns; None after a failure, which must not end the run for the other bookings."""
        try:
            return act(booking)
        except RelayError as error:
            _logger.warning("A booking could not be resolved: %s", error)
        except Exception as error:  # noqa: BLE001  (see above; its text may contain anything)
            _logger.warning("A booking could not be resolved: %s", type(error).__name__)
        return None

    def _remove_current(self, booking: Booking) -> bool:
        current = self.slot_bookings.get(booking.mailbox, booking.id)
        return current is not None and self.slot_bookings.remove(current)

    def _resolve_if_allowed(self, booking: Booking) -> bool:
        decision = self.permission.may(None, booking.mailbox, "", "relay", "write")
        if decision.cause == "stop":
            return False
        return self.resolve(booking) if decision.is_allowed() else self._remove_current(booking)

    def _follow_calendar(self, booking: Booking) -> bool:
        """Update a booking from its event: people also move and delete events in Outlook."""
        try:
            event = self.booking_events.find(booking)
        except NotShownYet:
            return False
        if event is None or event.get("isCancelled") is True:
            return self.slot_bookings.remove(booking)
        span = span_of(event)
        if booking.state == "moving":
            return self._end_move(booking, span)
        if span.overlaps(Span(booking.start, booking.end)):
            return False
        return self.slot_bookings.change(booking, start=span.start, end=span.end, holds=False) is not None

    def _end_move(self, booking: Booking, span: Span) -> bool:
        """Finish a move: with the new time if the event has it (`span`), otherwise with the old one."""
        target = Span(booking.to_start or booking.start, booking.to_end or booking.end)
        times = {"start": booking.to_start, "end": booking.to_end, "holds": True} if span == target else {}
        changes = {"state": "booked", "since": self.now(), "to_start": None, "to_end": None, **times}
        return self.slot_bookings.change(booking, **changes) is not None
