"""Rows 25 to 32 and 53: one half came back, or one that should not be there is. Pure."""

from __future__ import annotations

from dataclasses import replace

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import Decision, NewStatus
from shared.dataverse.prints import ENDED, GONE, LEFT_OUT
from shared.dataverse.rules.booking_writes import change_booking, make_booking
from shared.dataverse.rules.event_writes import make_event, remove_event, strays_of
from shared.storage.pairs.pair import with_formers


def event_returned(seen: Compared) -> Decision | None:
    """Rows 25 to 27: an event stands for a booking again, while its booking is over."""
    pair = seen.pair
    if pair is None or seen.is_dv or not seen.is_over or not seen.in_rule or seen.state not in ("muted", "ended"):
        return None
    if required(seen.event).is_series:
        return None
    if seen.was_in_rule:
        is_changed = seen.event_news.times and seen.is_in_window
        return make_booking(seen, 26, generation=pair.generation + 1) if is_changed else None
    if not pair.canceled_by_us or _is_touched(seen):
        return Decision(row=27 if seen.was_gone else 26, after=seen.refreshed("muted", canceled_by_us=False))
    return _booked_again(seen, 27 if seen.was_gone else 25)


def _is_touched(seen: Compared) -> bool:
    """Return whether anybody changed the booking since the relay canceled it. A deletion is none: it cleans up."""
    if seen.booking is None:
        return False
    return seen.booking_news.anything or seen.booking.resource != required(seen.pair).resource


def _booked_again(seen: Compared, row: int) -> Decision | None:
    """Return that the canceled booking is committed again, or one of the next generation if it was deleted."""
    if seen.booking is None:
        generation = required(seen.pair).generation + 1
        return make_booking(seen, row, generation=generation) if seen.is_in_window else None
    write = change_booking(seen, times=True, name=True, status=NewStatus.COMMITTED)
    return Decision(row=row, dataverse=write, after=seen.refreshed("paired", canceled_by_us=False))


def second_event(seen: Compared) -> Decision | None:
    """Row 28: an old event was restored after a new one was made. Row 5: a former one is still to be removed."""
    pair = seen.pair
    if pair is None or not seen.is_dv or seen.event is None or seen.state not in ("making", "paired"):
        return None
    removals = (*pair.pending(), *strays_of(seen))
    if not removals:
        return None
    after = with_formers(pair, (each._replace(is_removed=True) for each in pair.formers()))
    after = replace(after, event_id=seen.event.id)
    is_restored = bool(seen.strays)
    row = 28 if is_restored else 5
    return Decision(row=row, removals=removals, after=after, looks_again=True, undoes=is_restored)


def booking_returned(seen: Compared) -> Decision | None:
    """Rows 29, 31, 32 and 53: a booking is live again whose event was removed: a new one, of the next generation."""
    pair = seen.pair
    if pair is None or not seen.is_dv or not seen.is_live or not seen.is_gone or seen.state != "ended":
        return None
    if not seen.is_in_window or seen.look.is_theirs:
        return None
    return make_event(seen, _row_of(seen), resource=seen.resource, generation=pair.generation + 1)


def restored_booking(seen: Compared) -> Decision | None:
    """Row 30: the booking of a muted event is live again: equal times are a pair, else the event wins."""
    pair = seen.pair
    if pair is None or seen.is_dv or not seen.is_live or seen.state not in ("muted", "ended"):
        return None
    was_over = seen.prints.had_status(pair.booking_print, GONE, ENDED)
    if not seen.in_rule:
        return Decision(row=30, after=seen.refreshed("muted")) if was_over and seen.state == "ended" else None
    event = required(seen.event)
    if event.is_series or (seen.state == "ended" and not was_over) or (event.is_others and seen.is_linked):
        return None
    is_busy = seen.is_under_way or seen.is_completed
    write = None if seen.have_equal_times or is_busy else change_booking(seen, times=True, name=seen.event_news.title)
    return Decision(row=30, dataverse=write, after=seen.refreshed("paired", canceled_by_us=False))


def left_out(seen: Compared) -> Decision | None:
    """Row 32: the booking became one that gets no event, such as a proposed one."""
    if seen.pair is None or not seen.is_left_out:
        return None
    if seen.is_gone and not seen.pair.pending() and not seen.strays:
        return Decision(row=32, after=seen.refreshed("ended")) if seen.state != "ended" else None
    return remove_event(seen, 32)


def _row_of(seen: Compared) -> int:
    had = seen.prints.had_status
    stored = required(seen.pair).booking_print
    rows = {GONE: 29, ENDED: 31, LEFT_OUT: 32}
    return next((row for status, row in rows.items() if had(stored, status)), 53)
