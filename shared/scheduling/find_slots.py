"""Find the free slots of mailboxes: of any of them, or of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.api.graph_errors import scheduling_rejection_of
from shared.errors import GraphError, RelayError
from shared.scheduling.availability import Availability, NoSchedule, availability_of
from shared.scheduling.booking import FRESH, spans_of
from shared.scheduling.slot_rules import DAY, SlotQuery, Span, free_starts, starts_of
from shared.scheduling.unavailable import SchedulesUnavailable, Unavailable, unavailable_of

if TYPE_CHECKING:
    from shared.graph.schedules import Schedules
    from shared.policy.permission import Permission
    from shared.scheduling.slot_requests import SlotSearch
    from shared.storage.slot_bookings import SlotBookings
    from shared.threads import MailboxLimits

NEAREST = 5
_AROUND = (DAY, 7 * DAY)  # how far before and after a slot to search for the nearest ones
_STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which these mailboxes are free."""

    span: Span
    mailboxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotList:
    """The free slots that a search found, and the mailboxes that it could not ask."""

    slots: list[Slot]
    unavailable: list[Unavailable]


@dataclass(frozen=True)
class SlotFinder:
    """Finds free slots from Graph's schedules and the most recent bookings. Methods raise RequestRejected,
    ConfigurationError or ServiceUnavailable.
    """

    permission: Permission
    schedules: Schedules
    slot_bookings: SlotBookings
    limits: MailboxLimits
    now: Callable[[], datetime]

    def find(self, search: SlotSearch) -> list[Slot]:
        """Return the free slots, earliest first."""
        return self.answer(search).slots

    def answer(self, search: SlotSearch) -> SlotList:
        """Return the free slots, earliest first. With match `any`, mailboxes without a schedule are left out; with
        `all`, or if none is left, raise SchedulesUnavailable.
        """
        for mailbox in search.mailboxes:
            self.permission.require(mailbox, "read")
        query = search.query
        if query.window.start >= query.window.end:
            return SlotList([], [])
        known, missing = self._schedules_of(search.mailboxes, query.window)
        unavailable = unavailable_of(missing)
        if missing and (search.match == "all" or not known):
            raise SchedulesUnavailable(unavailable)
        needed = len(search.mailboxes) if search.match == "all" else 1
        free = sorted(_free_by_start(query, known).items())
        slots = [Slot(Span(start, start + query.duration), tuple(who)) for start, who in free if len(who) >= needed]
        return SlotList(slots, unavailable)

    def nearest(self, mailbox: str, slot: Span) -> list[Slot]:
        """Return the free slots nearest to a time that is not free; none if Graph returns no schedule."""
        start = max(slot.start - _AROUND[0], self.now())
        window = Span(start, max(start, slot.end + _AROUND[1]))
        query = SlotQuery(window, slot.end - slot.start, step=_STEP)
        try:
            (availability,) = self.get_availability((mailbox,), window)
        except RelayError:
            return []
        free = _free_by_start(query, {mailbox: availability}).keys() - {slot.start}
        starts = sorted(free, key=lambda start: (abs(start - slot.start), start))
        return [Slot(Span(start, start + query.duration), (mailbox,)) for start in starts[:NEAREST]]

    def get_availability(self, mailboxes: Sequence[str], window: Span) -> list[Availability]:
        """Return the availability of each mailbox: Graph's schedule, and bookings that Graph may not show yet. Raises
        SchedulesUnavailable if one has no schedule.
        """
        known, missing = self._schedules_of(mailboxes, window)
        if missing:
            raise SchedulesUnavailable(unavailable_of(missing))
        return [known[mailbox] for mailbox in mailboxes]

    def _schedules_of(
        self, mailboxes: Sequence[str], window: Span
    ) -> tuple[dict[str, Availability], dict[str, NoSchedule]]:
        """Return the availability of the mailboxes that have a schedule, and why others have none."""
        with self.limits.of(mailboxes[0]):
            schedules = self._get_schedules(mailboxes, window)
        known, missing = dict[str, Availability](), dict[str, NoSchedule]()
        for mailbox, schedule in zip(mailboxes, schedules, strict=True):
            try:
                fresh = tuple(self._fresh_spans(mailbox, window))
                known[mailbox] = replace(availability_of(schedule), fresh=fresh)
            except NoSchedule as reason:
                missing[mailbox] = reason
        return known, missing

    def _get_schedules(self, mailboxes: Sequence[str], window: Span) -> list[dict[str, Any]]:
        try:
            return self.schedules.of(mailboxes, window.start, window.end)
        except GraphError as error:
            raise scheduling_rejection_of(error) from error

    def _fresh_spans(self, mailbox: str, window: Span) -> list[Span]:
        """Return the times of bookings so recent that Graph may not show them yet."""
        bookings = self.slot_bookings.since(mailbox, self.now() - FRESH)
        spans = (span for booking in bookings if booking.state != "ended" for span in spans_of(booking))
        return [span for span in spans if span.overlaps(window)]


def _free_by_start(query: SlotQuery, by_mailbox: dict[str, Availability]) -> dict[datetime, list[str]]:
    """Return the mailboxes that are free at each start."""
    starts, free = starts_of(query), dict[datetime, list[str]]()
    for mailbox, availability in by_mailbox.items():
        for start in free_starts(query, starts, availability.hours, (*availability.busy, *availability.fresh)):
            free.setdefault(start, []).append(mailbox)
    return free
