"""Checks shared by booking and moving: whether a slot is free, what conflicts with it, which slots to offer instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared import problems, telemetry
from shared.errors import RequestRejected
from shared.scheduling.all_day import is_floating, placed
from shared.scheduling.availability import busy_spans
from shared.scheduling.slot_rules import DAY, Span, working_spans

if TYPE_CHECKING:
    from shared.graph.booked_events import BookedEvents
    from shared.scheduling.availability import Availability
    from shared.scheduling.cleanup import BookingCleanup
    from shared.scheduling.find_slots import Slot, SlotFinder
    from shared.storage.slot_bookings import SlotBookings
    from shared.threads import MailboxLimits


class SlotTaken(RequestRejected):
    """The time is not free; `nearest` are slots that are."""

    def __init__(self, nearest: list[Slot]) -> None:
        text = "This time is taken or outside working hours. Book one of the nearest free slots instead."
        super().__init__(problems.SLOT_TAKEN, text)
        self.nearest = nearest


@dataclass(frozen=True)
class SlotConflicts:
    """Checks a slot against working hours, the calendar and old claims. Methods raise GraphError, RequestRejected,
    ConfigurationError or ServiceUnavailable.
    """

    slot_finder: SlotFinder
    booking_cleanup: BookingCleanup
    slot_bookings: SlotBookings
    booked_events: BookedEvents
    limits: MailboxLimits

    def slot_taken(self, mailbox: str, slot: Span) -> SlotTaken:
        """Return the rejection of a time, with the nearest free slots."""
        telemetry.count("slot_bookings", end="taken")
        return SlotTaken(self.slot_finder.nearest(mailbox, slot))

    def clear_stale_claims(self, mailbox: str, slot: Span) -> bool:
        """Resolve old claims on a time; return whether any of them was."""
        holders = self.slot_bookings.holders(mailbox, slot.start, slot.end)
        return sum(self.booking_cleanup.resolve(booking) for booking in holders) > 0

    def events_at(self, mailbox: str, slot: Span) -> list[dict[str, Any]]:
        """Return the events of a calendar around a time, within a day of it. An all-day event, which a calendar view
        has at midnights without a zone, gets the instants at which the mailbox is busy.
        """
        around = Span(slot.start - DAY, slot.end + DAY)
        with self.limits.of(mailbox):
            events = list(self.booked_events.overlapping(mailbox, around.start, around.end))
        if not any(is_floating(event) for event in events):
            return events
        return placed(events, self._availability(mailbox, around))

    def is_open(
        self, mailbox: str, slot: Span, other_events: Iterable[dict[str, Any]], own: Iterable[Span] = ()
    ) -> bool:
        """Return whether a time is within working hours, and neither another event of the calendar (from `events_at`)
        nor the mailbox's schedule takes it. `own` are the times at which the schedule may have the booking's own event.
        """
        if any(span.overlaps(slot) for span in busy_spans(other_events)):
            return False
        window = Span(slot.start - DAY, slot.end + DAY)
        availability = self._availability(mailbox, window)
        if any(span.overlaps(slot) for span in _without(availability.busy, own)):
            return False
        return any(span.contains(slot) for span in working_spans(availability.hours, window))

    def _availability(self, mailbox: str, window: Span) -> Availability:
        (availability,) = self.slot_finder.get_availability((mailbox,), window)
        return availability


def conflicting_events(other_events: Iterable[dict[str, Any]], slot: Span, since: object) -> list[dict[str, Any]]:
    """Return the other events that overlap a time and were not created after ours (`since`)."""
    early = [event for event in other_events if not _is_later(event.get("createdDateTime"), since)]
    return [event for event in early if any(span.overlaps(slot) for span in busy_spans([event]))]


def _without(busy: Iterable[Span], own: Iterable[Span]) -> list[Span]:
    """Return busy times without one for each of the own times, which another event may have, too."""
    others = list(busy)
    for span in set(own):
        if span in others:
            others.remove(span)
    return others


def _is_later(created: object, since: object) -> bool:
    """Return whether one of Graph's UTC timestamps is certainly later than another."""
    return isinstance(created, str) and isinstance(since, str) and created.rstrip("Z") > since.rstrip("Z")
