"""Book a slot: of all who want a time of a mailbox exactly one gets it, whatever order Graph answers in.

1. The times are claimed in storage, in one transaction. Who finds one of them taken is told 409 with the nearest slots.
2. Graph is asked whether the time is free and within working hours: people book in Outlook, too.
3. The event is made, with a transactionId, so that it is made once however often the call is sent.
4. The calendar is read again: an event that was there before ours, and that step 2 could not see yet, wins.
5. The row says booked, on the condition of its etag, and only then is the caller told so.

A call that ends between any two of these leaves a claim, which settle_bookings brings to its end.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared import telemetry
from shared.api.graph_errors import booking_refusal
from shared.errors import GraphConflict, GraphError, GraphNotFound, GraphUnavailable, RelayError, RequestRejected
from shared.policy.allow_list import check_allowed
from shared.scheduling.availability import busy_spans, readable, span_of
from shared.scheduling.cleanup import end_booking, events_of, settle
from shared.scheduling.find_slots import Slot, availabilities, nearest_slots
from shared.scheduling.slot_rules import DAY, Span, working_spans
from shared.storage.slot_bookings import Booking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.parts import Parts
    from shared.scheduling.requests import BookingWish


class SlotTaken(RequestRejected):
    """The time is not free; `nearest` are slots that are."""

    def __init__(self, nearest: list[Slot]) -> None:
        text = "This time is taken, or outside of working hours. Book one of the nearest free slots instead."
        super().__init__(409, "Not free", text)
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking, and its event as Graph has it."""

    booking: Booking
    event: dict[str, Any]


def book(parts: Parts, wish: BookingWish) -> tuple[Booked, bool]:
    """Return the booking, and whether this call made it. Raises SlotTaken or RequestRejected."""
    check_allowed(parts.allow_list, wish.mailbox)
    standing = parts.slots.get(wish.mailbox, wish.id)
    try:
        if standing is None:
            new = Booking(
                wish.id, wish.mailbox, wish.slot.start, wish.slot.end, parts.now(), transaction=str(uuid.uuid4())
            )
            standing = parts.slots.claim(new) or _claimed_after_all(parts, new)
            if standing.transaction == new.transaction:
                return _made_or_let_go(parts, standing, wish), True
        return _gone_on_with(parts, standing, wish), False
    except GraphError as error:
        raise booking_refusal(error) from error


def taken(parts: Parts, mailbox: str, wanted: Span) -> SlotTaken:
    """Return the refusal of a time, with what is free instead."""
    telemetry.count("slot_bookings", end="taken")
    return SlotTaken(nearest_slots(parts, mailbox, wanted))


def make_room(parts: Parts, mailbox: str, wanted: Span) -> bool:
    """Return whether an old claim that was in the way is there no more."""
    holders = parts.slots.holders(mailbox, wanted.start, wanted.end)
    return sum(settle(parts, one) for one in holders) > 0


def is_open(parts: Parts, mailbox: str, wanted: Span, others: Iterable[dict[str, Any]]) -> bool:
    """Return whether a time is within working hours and none of the calendar's other events takes it."""
    if any(one.overlaps(wanted) for one in busy_spans(others)):
        return False
    around = Span(wanted.start - DAY, wanted.end + DAY)
    (told,) = availabilities(parts, (mailbox,), around)
    return any(one.holds(wanted) for one in working_spans(told.hours, around))


def rivals(others: Iterable[dict[str, Any]], wanted: Span, since: object) -> bool:
    """Return whether one of the other events takes some of a time, and was there before ours or as early."""
    early = [one for one in others if not _later(one.get("createdDateTime"), since)]
    return any(one.overlaps(wanted) for one in busy_spans(early))


def _later(created: object, since: object) -> bool:
    """Return whether a moment that Graph wrote is surely later than another: both in UTC, as it writes them."""
    return isinstance(created, str) and isinstance(since, str) and created.rstrip("Z") > since.rstrip("Z")


def _claimed_after_all(parts: Parts, new: Booking) -> Booking:
    """Claim a time that was taken: another call for the same booking may have it, or one that ended half done."""
    wanted = Span(new.start, new.end)
    claim = parts.slots.get(new.mailbox, new.id)
    if claim is None and make_room(parts, new.mailbox, wanted):
        claim = parts.slots.claim(new)
    if claim is None:
        raise taken(parts, new.mailbox, wanted)
    return claim


def _gone_on_with(parts: Parts, standing: Booking, wish: BookingWish) -> Booked:
    """Return the booking that an earlier call with the same Idempotency-Key made or began."""
    if standing.state == "claimed" and Span(standing.start, standing.end) == wish.slot:
        return _made(parts, standing, wish)
    if standing.state in ("ending", "ended"):
        raise taken(parts, wish.mailbox, wish.slot)
    if standing.state == "claimed" or Span(standing.start, standing.end) != wish.slot:
        raise RequestRejected(422, "The key is used", "This Idempotency-Key belongs to a booking of another time.")
    with parts.mailbox_limits.of(wish.mailbox):
        event = parts.appointments.get(wish.mailbox, standing.event_id, parts.settings.details)
    return Booked(standing, readable(event))


def _made_or_let_go(parts: Parts, claim: Booking, wish: BookingWish) -> Booked:
    """Return the booking of a new claim; a failed call that cannot be sent again must not hold its time."""
    try:
        return _made(parts, claim, wish)
    except SlotTaken:
        raise
    except RelayError:
        if not wish.repeatable:
            with suppress(RelayError):  # then it is settled later
                end_booking(parts, claim)
        raise


def _made(parts: Parts, claim: Booking, wish: BookingWish) -> Booked:
    """Return the booking with its event. After SlotTaken there is neither; after another error it is settled later."""
    event = _event(parts, claim, wish)
    if event is not None:
        others = _others(parts, claim, str(event["id"]))
        if not rivals(others, wish.slot, event.get("createdDateTime")):
            return _confirmed(parts, claim, event, wish)
    if not end_booking(parts, claim) and event is not None:
        _with_another_call(parts, claim, str(event["id"]))
    raise taken(parts, claim.mailbox, wish.slot)


def _event(parts: Parts, claim: Booking, wish: BookingWish) -> dict[str, Any] | None:
    """Return the claim's event, made now if it is not there yet; None when its time is not free."""
    with parts.mailbox_limits.of(claim.mailbox):
        found = list(parts.appointments.around(claim.mailbox, claim.start, claim.end))
    for event in events_of(claim, found):
        return event
    if not is_open(parts, claim.mailbox, wish.slot, found):
        return None
    return _created(parts, claim, wish)


def _created(parts: Parts, claim: Booking, wish: BookingWish) -> dict[str, Any]:
    """Make the event; once more when Graph did not say what became of it, which its transactionId makes safe.

    Graph answers a transactionId that it knows with the event, or refuses it as known: then the calendar has it.
    """
    times = (claim.start, claim.end)
    with parts.mailbox_limits.of(claim.mailbox):
        try:
            try:
                return parts.appointments.create(claim.mailbox, wish.what, *times, claim.transaction)
            except GraphUnavailable as error:
                if error.retry_after is not None:
                    raise
                return parts.appointments.create(claim.mailbox, wish.what, *times, claim.transaction)
        except GraphConflict:
            for event in events_of(claim, list(parts.appointments.around(claim.mailbox, *times))):
                return event
            raise


def _others(parts: Parts, claim: Booking, event_id: str) -> list[dict[str, Any]]:
    with parts.mailbox_limits.of(claim.mailbox):
        found = list(parts.appointments.around(claim.mailbox, claim.start, claim.end))
    own = {str(one["id"]) for one in events_of(claim, found)} | {event_id}
    return [one for one in found if one.get("id") not in own]


def _confirmed(parts: Parts, claim: Booking, event: dict[str, Any], wish: BookingWish) -> Booked:
    event_id = str(event["id"])
    if span_of(event) != wish.slot:  # an event of this transaction that somebody has moved already
        raise RequestRejected(409, "Moved meanwhile", "Somebody has moved this booking in the calendar. Read it again.")
    done = parts.slots.change(claim, state="booked", since=parts.now(), event_id=event_id)
    done = done or _with_another_call(parts, claim, event_id)
    if done is None:
        raise taken(parts, claim.mailbox, wish.slot)
    telemetry.count("slot_bookings", end="made")
    return Booked(done, event)


def _with_another_call(parts: Parts, claim: Booking, event_id: str) -> Booking | None:
    """Return the booking if a faster call for the same one has made it; else this call is late, and its event goes."""
    now = parts.slots.get(claim.mailbox, claim.id)
    if now is not None and now.state in ("booked", "moving") and now.event_id == event_id:
        return now
    with parts.mailbox_limits.of(claim.mailbox), suppress(GraphNotFound):
        parts.appointments.remove(claim.mailbox, event_id)
    return None
