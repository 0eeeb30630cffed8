"""Find the free slots of some mailboxes: of any of them, or of all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.api.graph_errors import booking_refusal
from shared.errors import GraphError, RequestRejected
from shared.policy.allow_list import check_allowed
from shared.scheduling.availability import Availability, NoSchedule, availability_of
from shared.scheduling.cleanup import FRESH, spans_of
from shared.scheduling.slot_rules import DAY, Span, Want, free_starts, starts_of

if TYPE_CHECKING:
    from shared.graph.schedules import Schedules
    from shared.parts import Parts
    from shared.scheduling.requests import SlotsWish

NEAREST = 5
_AROUND = (DAY, 7 * DAY)  # how far back and ahead the nearest slots are looked for
_STEP = timedelta(minutes=15)
_CHECK = "Check its address and its licence."
_TO_DO = {"5006": "It has too many entries: ask for fewer days."}  # "calendar: getSchedule"


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which these mailboxes are free."""

    span: Span
    mailboxes: tuple[str, ...]


def free_slots(parts: Parts, wish: SlotsWish) -> list[Slot]:
    """Return the free slots, earliest first. Raises RequestRejected."""
    for mailbox in wish.mailboxes:
        check_allowed(parts.allow_list, mailbox)
    if wish.want.window.start >= wish.want.window.end:
        return []
    told = availabilities(parts, wish.mailboxes, wish.want.window)
    free = _free_by_start(wish.want, dict(zip(wish.mailboxes, told, strict=True)))
    enough = len(wish.mailboxes) if wish.match == "all" else 1
    return [
        Slot(Span(start, start + wish.want.duration), tuple(mailboxes))
        for start, mailboxes in sorted(free.items())
        if len(mailboxes) >= enough
    ]


def nearest_slots(parts: Parts, mailbox: str, wanted: Span) -> list[Slot]:
    """Return the free slots that are nearest to a time that is not free; none while Graph does not answer."""
    start = max(wanted.start - _AROUND[0], parts.now())
    window = Span(start, max(start, wanted.end + _AROUND[1]))
    want = Want(window, wanted.end - wanted.start, step=_STEP)
    try:
        (told,) = availabilities(parts, (mailbox,), window)
    except RequestRejected:
        return []
    free = _free_by_start(want, {mailbox: told}).keys() - {wanted.start}
    starts = sorted(free, key=lambda one: (abs(one - wanted.start), one))
    return [Slot(Span(one, one + want.duration), (mailbox,)) for one in starts[:NEAREST]]


def availabilities(parts: Parts, mailboxes: Sequence[str], window: Span) -> list[Availability]:
    """Return when each mailbox works and is busy: as Graph tells it, and as bookings that Graph may not tell yet."""
    with parts.mailbox_limits.of(mailboxes[0]):
        told = _told(parts.schedules, mailboxes, window)
    found = []
    for mailbox, information in zip(mailboxes, told, strict=True):
        try:
            known = availability_of(information)
        except NoSchedule as error:
            text = f"Graph tells no schedule of one of the mailboxes ({error.code}). "
            raise RequestRejected(422, "No schedule", text + _TO_DO.get(error.code, _CHECK)) from None
        found.append(replace(known, busy=(*known.busy, *fresh_spans(parts, mailbox, window))))
    return found


def fresh_spans(parts: Parts, mailbox: str, window: Span) -> list[Span]:
    """Return the times of bookings that are so young that Graph may not tell them yet."""
    found = parts.slots.since(mailbox, parts.now() - FRESH)
    return [span for one in found if one.state != "ended" for span in spans_of(one) if span.overlaps(window)]


def _told(schedules: Schedules, mailboxes: Sequence[str], window: Span) -> list[dict[str, object]]:
    try:
        return schedules.of(mailboxes, window.start, window.end)
    except GraphError as error:
        raise booking_refusal(error) from error


def _free_by_start(want: Want, told: dict[str, Availability]) -> dict[datetime, list[str]]:
    """Return by start which mailboxes are free then."""
    starts, found = starts_of(want), dict[datetime, list[str]]()
    for mailbox, known in told.items():
        for start in free_starts(want, starts, known.hours, known.busy):
            found.setdefault(start, []).append(mailbox)
    return found
