"""When staff is engaged: what getStaffAvailability says, the appointments of the calendar view, and what is held.

getStaffAvailability alone is no proof: it has shown staff as available during appointments (microsoft-graph-docs issue
18796). Each of the three can make a time busy; none of them can make it free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.bookings.graph_errors import READING, translate_graph_errors
from shared.bookings.held_times import HeldTime, HeldTimes
from shared.graph.bookings.models import Appointment, Business, Service, Span

if TYPE_CHECKING:
    from shared.graph.bookings.client import BookingsClient

MARGIN = timedelta(hours=1)  # at least: spans may be cut off at the edges of the window
RANK = ("available", "slotsAvailable", "outOfOffice", "busy")  # of two at a time the later one counts


@dataclass(frozen=True, slots=True)
class EngagedStaff:
    """The spans of each member of staff by id, and the appointments and held times that they come from."""

    spans: dict[str, list[Span]]
    appointments: tuple[Appointment, ...]
    held: tuple[HeldTime, ...]

    def ids_of(self, service_id: str, start: datetime) -> list[str]:
        """Return the ids of the appointments of a service at a time, which may not be in the list yet."""
        listed = [each.id for each in self.appointments if (each.service_id, each.start) == (service_id, start)]
        held = [each.appointment for each in self.held if (each.service, each.start) == (service_id, start)]
        return list(dict.fromkeys(each for each in (*listed, *held) if each))


@dataclass(frozen=True)
class StaffTimes:
    """Reads when staff is engaged. Methods raise RequestRejected."""

    bookings: BookingsClient
    held: HeldTimes

    def around(
        self, business: Business, staff: Sequence[str], block: tuple[datetime, datetime], margin: timedelta
    ) -> EngagedStaff:
        """Return when staff is engaged around a time, which has its buffers. `margin`: the longest buffer there is."""
        first, last = block[0] - margin, block[1] + margin
        with translate_graph_errors(READING):
            spans = self.bookings.availability(business, list(staff), first, last)
            appointments = self.bookings.calendar_view(business.id, first, last)
        return EngagedStaff(spans, tuple(appointments), tuple(self.held.of(business.id)))

    def shown(
        self, business: Business, staff: Sequence[str], window: tuple[datetime, datetime]
    ) -> dict[str, list[Span]]:
        """Return the spans of each member of staff in a window, one after the other."""
        with translate_graph_errors(READING):
            spans = self.bookings.availability(business, list(staff), *window)
            appointments = self.bookings.calendar_view(business.id, *window)
        times = engaged_spans(appointments, ())
        return {each: merged([*spans.get(each, ()), *_within(times.get(each, ()), window)]) for each in staff}


def longest_buffer(services: Iterable[Service]) -> timedelta:
    """Return the longest buffer of any service, at least MARGIN: an appointment's buffer reaches so far."""
    return max([MARGIN, *(each.pre_buffer for each in services), *(each.post_buffer for each in services)])


def engaged_spans(
    appointments: Iterable[Appointment], held: Iterable[HeldTime], without: str = ""
) -> dict[str, list[Span]]:
    """Return the times of appointments and held times by member of staff, except of the appointment `without`."""
    spans: dict[str, list[Span]] = {}
    for each in appointments:
        has_places = each.capacity > 1 and each.count < each.capacity
        for staff_id in each.staff_ids if each.id != without else ():
            spans.setdefault(staff_id, []).append(
                Span("slotsAvailable" if has_places else "busy", *each.block, each.service_id)
            )
    for time in held:
        for staff_id in time.staff_ids if not without or time.appointment != without else ():
            if time.first is not None and time.last is not None:
                spans.setdefault(staff_id, []).append(Span("busy", time.first, time.last, time.service))
    return spans


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap: of several at a time, the one counts that RANK names last."""
    ordered = sorted(spans, key=lambda span: span.start)
    edges = sorted({moment for span in ordered for moment in (span.start, span.end)})
    result: list[Span] = []
    active: list[Span] = []
    position = 0
    for first, last in pairwise(edges):
        while position < len(ordered) and ordered[position].start <= first:
            active.append(ordered[position])
            position += 1
        active = [span for span in active if span.end > first]
        if active:
            _append(result, max(active, key=lambda span: RANK.index(span.status)), first, last)
    return result


def _append(result: list[Span], span: Span, first: datetime, last: datetime) -> None:
    """Add a span, or lengthen the last one of the same status."""
    before = result[-1] if result else None
    if before and (before.status, before.service_id, before.end) == (span.status, span.service_id, first):
        result[-1] = Span(before.status, before.start, last, before.service_id)
    else:
        result.append(Span(span.status, first, last, span.service_id))


def _within(spans: Iterable[Span], window: tuple[datetime, datetime]) -> list[Span]:
    first, last = window
    kept = [Span(each.status, max(each.start, first), min(each.end, last), each.service_id) for each in spans]
    return [each for each in kept if each.start < each.end]
