"""Note in a pair what the writes of a decision were answered. Pure.

The print is that of the answer, but of a booking with the times that were written: if a plug-in changed them, or turned
them back, what came back is news for the next look, and the event follows it once.
"""

from __future__ import annotations

from dataclasses import replace

from shared.dataverse.comparison import unheld
from shared.dataverse.decision import Decision, MakeBooking
from shared.dataverse.look import Context
from shared.dataverse.prints import shown_by_booking, shown_by_event, times_text_of
from shared.dataverse.repetition import with_write
from shared.dataverse.sides import Booking, Event
from shared.storage.pairs.pair import Pair

NOT_READ = (1, 2)  # rows of a look that did not read both sides: it covers no hint


def recorded(
    decision: Decision, context: Context, *, event: Event | None = None, booking: Booking | None = None
) -> Pair:
    """Return the pair to store after the writes: with what they answered, and the moment of each write.

    Raises ValueError if the decision has no pair.
    """
    pair = decision.after
    if pair is None:
        raise ValueError("a decision without a pair was carried out")
    if event is not None:
        pair = _with_event(pair, context, event)
    if booking is not None:
        pair = _with_booking(pair, decision, context, booking)
    if decision.writes_outlook:
        pair = with_write(pair, "outlook", context.now, undoes=decision.undoes)
    if decision.dataverse is not None:
        pair = with_write(pair, "dataverse", context.now)
    return pair if decision.row in NOT_READ else replace(pair, read_at=context.now)


def released(pair: Pair) -> Pair:
    """Return a held pair as it goes on. Its prints stay: what changed meanwhile is news for the next look."""
    return replace(unheld(pair), writes="") if pair.state == "held" else pair


def _with_event(pair: Pair, context: Context, event: Event) -> Pair:
    shown = shown_by_event(event, pair.born, titles=context.rules.titles)
    state = "paired" if pair.state == "making" else pair.state
    stored = context.prints.make(shown)
    return replace(pair, state=state, event_id=event.id, event_etag=event.etag, event_print=stored)


def _with_booking(pair: Pair, decision: Decision, context: Context, booking: Booking) -> Pair:
    shown = shown_by_booking(booking, pair.born, is_left_out=False)
    if decision.keeps_booking_times:
        stored = context.prints.make_keeping_times(pair.booking_print, shown)
    else:
        stored = context.prints.make(shown._replace(times=_written_times(decision) or shown.times))
    changed = replace(pair, booking_etag=booking.etag, booking_print=stored)
    write = decision.dataverse
    if isinstance(write, MakeBooking) and booking.resource != write.resource:
        return replace(changed, state="held", held_by="answer")
    return replace(changed, state="paired" if pair.state == "making" else pair.state)


def _written_times(decision: Decision) -> str:
    """Return the times that were written to the booking, "" if none were."""
    write = decision.dataverse
    if write is None or write.start is None or write.end is None:
        return ""
    return times_text_of(write.start, write.end)
