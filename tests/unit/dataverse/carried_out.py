"""Carry a decision out on both sides of a look, as Outlook and Dataverse would, and look again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.dataverse.decision import ChangeBooking, ChangeEvent, Decision, MakeBooking, MakeEvent, NewStatus
from shared.dataverse.look import Look, Stray
from shared.dataverse.record import recorded
from shared.dataverse.sides import GONE, Booking, Event, EventSide, Status

STATUSES = {NewStatus.COMMITTED: Status.COMMITTED, NewStatus.CANCELED: Status.ENDED}


def carried_out(decision: Decision, look: Look) -> Look:
    """Return the look after the writes of a decision."""
    event = _event_after(decision, look)
    booking = _booking_after(decision, look)
    pair = look.pair
    if decision.after is not None:
        pair = recorded(
            decision, look.context, event=event if decision.outlook else None,
            booking=booking if decision.dataverse else None,
        )  # fmt: skip
    gone = {each.event_id for each in decision.removals}
    strays = [*look.strays, *_left_behind(decision, look)]
    kept = tuple(each for each in strays if each.event.id not in gone)
    return replace(look, booking=booking or look.booking, event=event or _rest(decision, look), pair=pair, strays=kept,
                   refusal=None, is_sweep=False)  # fmt: skip


def _left_behind(decision: Decision, look: Look) -> list[Stray]:
    """Return the event that is not the pair's own any more, after a new one was made."""
    if isinstance(decision.outlook, MakeEvent) and isinstance(look.event, Event):
        return [Stray("watch-here", look.event)]
    return []


def _rest(decision: Decision, look: Look) -> EventSide:
    removed = {each.event_id for each in decision.removals}
    return GONE if isinstance(look.event, Event) and look.event.id in removed else look.event


def _event_after(decision: Decision, look: Look) -> Event | None:
    write = decision.outlook
    if isinstance(write, MakeEvent):
        return Event(
            id=f"event of {write.transaction_id}", etag="made", start=write.start, end=write.end,
            subject=write.subject, show_as=write.show_as, mark=write.mark, transaction_id=write.transaction_id,
        )  # fmt: skip
    if isinstance(write, ChangeEvent):
        assert isinstance(look.event, Event)
        assert (write.event_id, write.etag) == (look.event.id, look.event.etag)
        return replace(look.event, etag=f"{look.event.etag}+", **_given(write, "start", "end", "subject", "show_as"))
    return None


def _booking_after(decision: Decision, look: Look) -> Booking | None:
    write = decision.dataverse
    if isinstance(write, MakeBooking):
        return Booking(
            id=write.booking_id, etag="made", resource=write.resource, start=write.start, end=write.end,
            status=Status.COMMITTED, name=write.name,
        )  # fmt: skip
    if isinstance(write, ChangeBooking):
        assert isinstance(look.booking, Booking)
        assert (write.booking_id, write.etag) == (look.booking.id, look.booking.etag)
        changes = _given(write, "start", "end", "name", "resource")
        if write.status is not None:
            changes["status"] = STATUSES[write.status]
        return replace(look.booking, etag=f"{look.booking.etag}+", **changes)
    return None


def _given(write: ChangeEvent | ChangeBooking, *names: str) -> dict[str, Any]:
    return {name: getattr(write, name) for name in names if getattr(write, name) is not None}
