"""Book a slot. If several calls want the same time of a mailbox, exactly one succeeds, in whatever order Graph answers.

1. Claim the times in storage, in one transaction. If any is taken, respond 409 with the nearest free slots.
2. Check with Graph that the time is free and within working hours: people also book in Outlook.
3. Create the event with a transactionId, so that repeated calls create it only once.
4. Read the calendar again: an earlier event that step 2 could not see yet wins.
5. Set the row to booked, conditional on its etag; only then report success to the caller.

A call that is interrupted between two steps leaves a claim, which settle_bookings completes or removes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared import problems, telemetry
from shared.api.graph_errors import scheduling_rejection_of
from shared.caller_keys import Derive, as_before
from shared.errors import GraphError, RelayError, RequestRejected, ServiceUnavailable
from shared.scheduling.availability import span_of
from shared.scheduling.booking import FRESH, Booked, events_of
from shared.scheduling.conflicts import SlotTaken, conflicting_events
from shared.scheduling.idempotency import hashes_of, ids_of, is_same_call
from shared.scheduling.rejections import (
    NotShownYet,
    after_hold,
    had_no_effect,
    key_reused,
    no_such_booking,
    rejection_about_booking,
)
from shared.scheduling.slot_rules import Span
from shared.storage.slot_bookings import Booking

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.policy.permission import Permission
    from shared.scheduling.booking_events import BookingEvents
    from shared.scheduling.cleanup import BookingCleanup
    from shared.scheduling.conflicts import SlotConflicts
    from shared.scheduling.requests import NewBooking
    from shared.storage.slot_bookings import SlotBookings


@dataclass(frozen=True)
class SlotBooker:
    """Books slots. Raises SlotTaken, RequestRejected, ConfigurationError or ServiceUnavailable."""

    settings: Settings
    permission: Permission
    slot_bookings: SlotBookings
    booking_events: BookingEvents
    slot_conflicts: SlotConflicts
    booking_cleanup: BookingCleanup
    now: Callable[[], datetime]
    identifiers: Derive = as_before

    def book(self, request: NewBooking, caller: str = "") -> tuple[Booked, bool]:
        """Return the booking, and whether this call created it. An Idempotency-Key belongs to its `caller`."""
        self.permission.require(request.mailbox, "write")
        ids, hashes = (each(request, caller, self.identifiers) for each in (ids_of, hashes_of))
        existing = self.slot_bookings.first(request.mailbox, ids)
        try:
            if existing is None:
                new = _new_claim(ids[0], request, self.now(), hashes[0])
                existing = self._claim(new, request) or self._claim_after_cleanup(new, request, ids)
                if existing.transaction == new.transaction:
                    return self._create_or_release(existing, request), True
            return self._resume(existing, request, hashes), False
        except GraphError as error:
            raise rejection_about_booking(error) from error

    def _claim(self, new: Booking, request: NewBooking) -> Booking | None:
        """Claim the time of a booking; None if it is taken. Storage that does not answer may have claimed it."""
        try:
            return self.slot_bookings.claim(new)
        except ServiceUnavailable as error:
            raise self._released(new, request, error) from error

    def _claim_after_cleanup(self, new: Booking, request: NewBooking, ids: list[str]) -> Booking:
        """Claim a taken time after clearing stale claims, or return the claim of another call for the same booking."""
        slot = Span(new.start, new.end)
        claim = self.slot_bookings.first(new.mailbox, ids)
        if claim is None and self.slot_conflicts.clear_stale_claims(new.mailbox, slot):
            claim = self._claim(new, request)
        if claim is None:
            raise self.slot_conflicts.slot_taken(new.mailbox, slot)
        return claim

    def _resume(self, existing: Booking, request: NewBooking, hashes: list[str]) -> Booked:
        """Return the booking that an earlier call with the same Idempotency-Key created or started."""
        if not is_same_call(request, hashes, existing):
            raise key_reused()
        if existing.state == "claimed":
            return self._continue(existing, request)
        if existing.state in ("ending", "ended"):
            raise self.slot_conflicts.slot_taken(request.mailbox, request.slot)
        event = self.booking_events.find(existing, self.settings.details)
        if event is None:
            raise no_such_booking()
        return Booked(existing, event)

    def _create_or_release(self, claim: Booking, request: NewBooking) -> Booked:
        """Return the booking of a new claim. If a call fails that cannot be repeated, release its time."""
        try:
            is_open = self.slot_conflicts.is_open(claim.mailbox, request.slot, self._events_at(claim))
        except RelayError as error:
            raise self._released(claim, request, error) from error
        if not is_open:
            with suppress(RelayError):  # settle_bookings then ends it
                self.booking_cleanup.end_without_event(claim)
            raise self.slot_conflicts.slot_taken(claim.mailbox, request.slot)
        try:
            event = self.booking_events.create(claim, request.draft)
        except RelayError as error:
            may_exist = not had_no_effect(error)
            raise self._released(claim, request, error, is_sent=True, may_exist=may_exist) from error
        try:
            return self._complete(claim, event, request)
        except SlotTaken:
            raise
        except RelayError as error:
            made = replace(claim, event_id=str(event["id"]))
            raise self._released(made, request, error, is_sent=True, may_exist=True) from error

    def _released(
        self, claim: Booking, request: NewBooking, error: RelayError, *, is_sent: bool = False, may_exist: bool = False
    ) -> RelayError:
        """Return the caller's error, after the time is released if the call cannot be repeated. If it cannot be
        released, the error's Retry-After is as long as the time may stay taken.

        `is_sent`: a call to create the event was made. `may_exist`: the event may exist, so that it has to be deleted.
        """
        rejection = scheduling_rejection_of(error) if isinstance(error, GraphError) else error
        if request.repeatable or (is_sent and self._is_withdrawn(claim)):
            return rejection
        if not may_exist:
            with suppress(RelayError):
                self.booking_cleanup.end_without_event(claim)
                return rejection
        return after_hold(rejection, FRESH)

    def _is_withdrawn(self, claim: Booking) -> bool:
        """End a claim and delete its event; return whether that is done. The row may have been confirmed by a write
        whose answer was lost.
        """
        with suppress(RelayError):
            current = self.slot_bookings.get(claim.mailbox, claim.id)
            is_over = current is None or current.state == "ended"
            return is_over or self.booking_cleanup.end_booking(current or claim, claim.event_id)
        return False

    def _continue(self, claim: Booking, request: NewBooking) -> Booked:
        """Return the booking of a claim whose call was interrupted, with the event that this may have created."""
        events = self._events_at(claim)
        event = next(events_of(claim, events), None)
        if event is None:
            if not self.slot_conflicts.is_open(claim.mailbox, request.slot, events, own=(request.slot,)):
                raise self._taken(claim, request)
            event = self.booking_events.create(claim, request.draft)
        return self._complete(claim, event, request)

    def _complete(self, claim: Booking, event: dict[str, Any], request: NewBooking) -> Booked:
        """Confirm the booking of an event, or withdraw both for an earlier event of a person. After SlotTaken neither
        exists; after another error, the claim is resolved later.
        """
        event_id = str(event["id"])
        events = self._events_at(claim)
        own = {str(each["id"]) for each in events_of(claim, events)} | {event_id}
        others = [each for each in events if each.get("id") not in own]
        if conflicting_events(others, request.slot, event.get("createdDateTime")):
            raise self._taken(claim, request, event_id)
        return self._confirm(claim, event, request)

    def _taken(self, claim: Booking, request: NewBooking, event_id: str = "") -> SlotTaken:
        """End a claim whose time is not free, with its event, and return the rejection."""
        with suppress(NotShownYet):  # settle_bookings then looks for it
            if not self.booking_cleanup.end_booking(claim, event_id) and event_id:
                self._leave_to_other_call(claim, event_id)
        return self.slot_conflicts.slot_taken(claim.mailbox, request.slot)

    def _events_at(self, claim: Booking) -> list[dict[str, Any]]:
        return self.slot_conflicts.events_at(claim.mailbox, Span(claim.start, claim.end))

    def _confirm(self, claim: Booking, event: dict[str, Any], request: NewBooking) -> Booked:
        event_id = str(event["id"])
        if span_of(event) != request.slot:  # the event was already moved in the calendar
            text = "This booking was moved in the calendar. Read it again."
            raise RequestRejected(problems.BOOKING_MOVED, text)
        booking = self.slot_bookings.change(claim, state="booked", since=self.now(), event_id=event_id)
        booking = booking or self._leave_to_other_call(claim, event_id)
        if booking is None:
            raise self.slot_conflicts.slot_taken(claim.mailbox, request.slot)
        telemetry.count("slot_bookings", end="made")
        return Booked(booking, event)

    def _leave_to_other_call(self, claim: Booking, event_id: str) -> Booking | None:
        """Return the booking if a parallel call has completed it; otherwise delete the event of this call, which is
        too late.
        """
        current = self.slot_bookings.get(claim.mailbox, claim.id)
        if current is not None and current.state in ("booked", "moving") and current.event_id == event_id:
            return current
        with suppress(NotShownYet):
            self.booking_events.remove_all(replace(claim, event_id=event_id), may_be_hidden=True)
        return None


def _new_claim(booking_id: str, request: NewBooking, now: datetime, content_hash: str) -> Booking:
    slot = request.slot
    return Booking(
        booking_id, request.mailbox, slot.start, slot.end, now, transaction=str(uuid.uuid4()), content_hash=content_hash
    )
