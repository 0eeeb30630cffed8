"""Rows 5 to 9: the booking has another resource than the pair. Pure."""

from __future__ import annotations

from dataclasses import replace

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import Decision, Finding
from shared.dataverse.look import ResourceState
from shared.dataverse.rules.booking_writes import change_booking
from shared.dataverse.rules.event_writes import former_of, make_event, remove_event
from shared.storage.pairs.pair import MOST_PENDING, Former, with_formers

NOT_THERE = (ResourceState.UNMARKED, ResourceState.OFF_LIST)


def reassigned(seen: Compared) -> Decision | None:
    """Rows 5 to 9. The event in the old calendar counts for nothing: it was moved or deleted by someone it left."""
    pair, booking = seen.pair, seen.booking
    if pair is None or booking is None or not seen.is_live or booking.resource == pair.resource:
        return None
    if not seen.is_dv:
        return _put_back(seen) if pair.state in ("making", "paired") else None
    if pair.state == "ended":
        return None
    target = seen.context.resource(booking.resource)
    if target.state is ResourceState.FOLLOWED:
        return _move(seen)
    if target.state in NOT_THERE:
        return _leave(seen)
    return Decision(row=7, after=pair, finding=Finding.TARGET_NOT_READY)


def has_left(seen: Compared) -> bool:
    """Return whether a booking went from a resource that is marked no longer, or off the list, to a followed one."""
    pair, booking = seen.pair, seen.booking
    if pair is None or booking is None or not (seen.is_dv and seen.is_live) or pair.state in ("held", "ended"):
        return False
    target = seen.context.resource(booking.resource)
    return seen.resource.state in NOT_THERE and target.state is ResourceState.FOLLOWED


def _move(seen: Compared) -> Decision:
    """Row 5: a new event first, then the removal of the former ones, which are stored before."""
    pair, booking = required(seen.pair), required(seen.booking)
    formers = [*pair.formers(), *_old_event(seen)]
    pending = tuple(each for each in formers if not each.is_removed)
    if len(pending) > MOST_PENDING:
        return _too_many(seen)
    target = seen.context.resource(booking.resource)
    text = with_formers(pair, formers).former
    decision = make_event(seen, 5, resource=target, generation=pair.generation + 1, former=text)
    is_let_go = seen.event is not None and not seen.event.is_plain
    after = with_formers(required(decision.after), (each._replace(is_removed=True) for each in formers))
    return replace(decision, removals=pending, after=after, finding=Finding.MEETING_LET_GO if is_let_go else None)


def _too_many(seen: Compared) -> Decision:
    """Row 9: the pair is held. Its release removes the former events first: it would be held again at once."""
    pair = required(seen.pair)
    if seen.look.is_released:
        after = with_formers(pair, (each._replace(is_removed=True) for each in pair.formers()))
        return Decision(row=9, removals=pair.pending(), after=after, looks_again=True)
    return Decision(row=9, after=replace(pair, state="held", held_by="former"), finding=Finding.TOO_MANY_FORMER)


def _old_event(seen: Compared) -> list[Former]:
    """Return the event in the old calendar: one with attendees is left to its owner, one in the making looked up.

    In a calendar that is not followed it stays, until the calendar is followed again (row 28).
    """
    pair = required(seen.pair)
    if seen.event is not None:
        former = former_of(seen, pair, is_removed=False)._replace(event_id=seen.event.id)
        return [former] if seen.event.is_plain else []
    is_pending = pair.state == "making" and seen.resource.state is ResourceState.FOLLOWED
    return [former_of(seen, pair, is_removed=not is_pending)]


def _leave(seen: Compared) -> Decision:
    """Row 6: nobody follows the new resource, so the event ends; a meeting with attendees stays.

    A reassignment does not count for the brake.
    """
    if seen.event is not None and not seen.event.is_plain:
        return Decision(row=6, after=seen.pair, finding=Finding.MEETING_LET_GO)
    return replace(remove_event(seen, 6), counts=None)


def _put_back(seen: Compared) -> Decision:
    """Row 8: a person's event stays hers, and so does its booking. New times are carried over by the next look."""
    write = change_booking(seen, resource=required(seen.pair).resource)
    return Decision(row=8, dataverse=write, after=seen.pair, keeps_booking_times=True, looks_again=True)
