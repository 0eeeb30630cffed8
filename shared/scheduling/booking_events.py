"""The event of a booking: created once, moved, deleted; found, or known to be gone.

Graph may answer 404 for an event that it made a moment ago, and list it late. So an event is gone only if Graph says so
by its id or has it in Deleted Items, the calendar view of its time lacks it, too, and the booking is older than FRESH.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.errors import GraphConflict, GraphError, GraphUnavailable, RelayError
from shared.graph.events import is_missing
from shared.scheduling.availability import readable, span_of
from shared.scheduling.booking import events_of, is_fresh
from shared.scheduling.rejections import NotShownYet, had_no_effect
from shared.scheduling.slot_rules import Span

if TYPE_CHECKING:
    from shared.graph.booked_events import BookedEvents, EventDraft
    from shared.storage.slot_bookings import Booking
    from shared.threads import MailboxLimits


@dataclass(frozen=True)
class BookingEvents:
    """Writes and finds the events of bookings. Methods raise GraphError, NotShownYet or ServiceUnavailable."""

    booked_events: BookedEvents
    limits: MailboxLimits
    now: Callable[[], datetime]

    def create(self, claim: Booking, draft: EventDraft) -> dict[str, Any]:
        """Create the event of a claim. Retry once if the outcome is unknown, which the transactionId makes safe.

        Graph answers a known transactionId with the existing event or with a conflict; then the calendar has the event.
        """
        with self.limits.of(claim.mailbox):
            try:
                return self._post(claim, draft)
            except GraphConflict as error:
                events = self.booked_events.overlapping(claim.mailbox, claim.start, claim.end)
                for event in events_of(claim, list(events)):
                    return event
                raise NotShownYet from error

    def move(self, booking: Booking, to: Span, *, all_day: bool = False) -> dict[str, Any]:
        """Move the event of a booking and return it. `all_day`: to days, at whose midnights `to` begins and ends."""
        ids = (booking.mailbox, booking.event_id)
        with self.limits.of(booking.mailbox):
            return readable(self.booked_events.move(*ids, to.start, to.end, all_day=all_day))

    def find(self, booking: Booking, details: Collection[str] = ()) -> dict[str, Any] | None:
        """Return the event of a booking, with the properties in `details`; None if it was deleted."""
        with self.limits.of(booking.mailbox):
            event = self._get(booking, details)
            if event is None:
                if is_fresh(booking, self.now()) or self._listed(booking):
                    raise NotShownYet
                return None
            if is_fresh(booking, self.now()) or self._listed(booking, span_of(event)):
                return event
        return None  # in Deleted Items, where Graph still finds it by its id

    def remove_all(self, booking: Booking, *, may_be_hidden: bool) -> None:
        """Delete every event of a booking. `may_be_hidden`: it was made so recently, if it was made, that Graph may not
        show it; then raise NotShownYet unless an event was deleted.
        """
        with self.limits.of(booking.mailbox):
            ids = self._listed(booking) | {booking.event_id} - {""}
            removed = [self._remove(booking.mailbox, event_id) for event_id in sorted(ids)]
        if may_be_hidden and not any(removed):
            raise NotShownYet

    def _post(self, claim: Booking, draft: EventDraft) -> dict[str, Any]:
        values = (claim.mailbox, draft, claim.start, claim.end, claim.transaction)
        try:
            return self.booked_events.create(*values)
        except GraphUnavailable as error:
            if error.retry_after is not None:
                raise
            try:
                return self.booked_events.create(*values)
            except GraphConflict:
                raise
            except RelayError as second:
                raise (error if had_no_effect(second) else second) from None

    def _get(self, booking: Booking, details: Collection[str]) -> dict[str, Any] | None:
        """Return what Graph has by the event's id."""
        try:
            return readable(self.booked_events.get(booking.mailbox, booking.event_id, details))
        except GraphError as error:
            if not is_missing(error):
                raise
            return None

    def _listed(self, booking: Booking, *others: Span) -> set[str]:
        """Return the ids of a booking's events in the calendar view of its time, and of other times: of an occurrence,
        that of its series, which is deleted as a whole.
        """
        ids: set[str] = set()
        for span in dict.fromkeys((Span(booking.start, booking.end), *others)):
            events = list(self.booked_events.overlapping(booking.mailbox, span.start, span.end))
            ids |= {str(event.get("seriesMasterId") or event["id"]) for event in events_of(booking, events)}
        return ids

    def _remove(self, mailbox: str, event_id: str) -> bool:
        """Delete an event; return whether Graph had it."""
        try:
            self.booked_events.remove(mailbox, event_id)
        except GraphError as error:
            if not is_missing(error):
                raise
            return False
        return True
