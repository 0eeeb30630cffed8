"""Rows 36, 43, 47 to 49, 51, 54, 57 and 58: whose times win. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import Finding
from shared.dataverse.prints import PROPOSED
from shared.dataverse.rules.event_writes import show_as_of
from shared.storage.pairs.pair import Side


@dataclass(frozen=True, slots=True)
class Times:
    """Whose times the other side gets, None for nobody's, and by which row of the table; 0: nothing is written.

    `show_as`: the event gets the availability of the booking's status. `mutes`: the pair is muted.
    """

    row: int = 0
    winner: Side | None = None
    show_as: bool = False
    mutes: bool = False
    finding: Finding | None = None


def times_decided(seen: Compared) -> Times:
    """Decide whose times win."""
    if not seen.is_dv and required(seen.event).is_others:
        return _of_meeting(seen)
    if seen.have_equal_times:
        return _status_only(seen)
    if seen.look.refusal is not None and (seen.booking_news.times or seen.event_news.times):
        return _refused(seen, seen.look.refusal.side)
    times = _different(seen)
    return replace(times, show_as=_has_new_show_as(seen)) if times.row else _status_only(seen)


def _different(seen: Compared) -> Times:
    """Decide between different times. An event that was gone has old times, so those of its booking win."""
    is_new = seen.booking_news.times, seen.event_news.times
    if seen.is_dv and seen.was_gone:
        return Times(57, "dataverse")
    if all(is_new):
        return Times(36, _winner(seen))
    if is_new[0]:
        return Times(47 if required(seen.event).is_all_day and not seen.is_dv else 57, "dataverse")
    if is_new[1]:
        return Times(54 if required(seen.booking).cascades else 58, "outlook")
    return Times(51, _winner(seen)) if seen.look.is_released else Times()


def _of_meeting(seen: Compared) -> Times:
    """Row 43: a meeting with others is never written; its booking follows it, unless a visit hangs on it."""
    if seen.is_linked:
        return Times(43, mutes=True, finding=Finding.DELETED_BUT_LINKED)
    if seen.have_equal_times:
        return Times()
    if seen.is_under_way or seen.is_completed:  # neither side may be written: what was done stays
        return Times(43, finding=Finding.MOVED_UNDER_WAY) if seen.booking_news.times else Times()
    row = _row_of_meeting(seen)
    return Times(row, "outlook") if row else Times()


def _row_of_meeting(seen: Compared) -> int:
    is_new = seen.booking_news.times, seen.event_news.times
    if is_new[0]:
        return 36 if is_new[1] else 43
    if is_new[1]:
        return 54 if required(seen.booking).cascades else 58
    return 51 if seen.look.is_released else 0


def _refused(seen: Compared, side: Side) -> Times:
    """Rows 48 and 49: one side refused the last write: the other gets back what that one has."""
    if side == "outlook":
        if seen.is_dv:
            return Times(48, finding=Finding.REFUSED_BY_OUTLOOK)
        return Times(48, "outlook", finding=Finding.REFUSED_BY_OUTLOOK)
    winner: Side | None = "dataverse" if seen.is_dv else None
    return Times(49, winner, finding=Finding.REFUSED_BY_DATAVERSE)


def _winner(seen: Compared) -> Side:
    """Return whose times win if both are new: by DATAVERSE_CONFLICT, but under way always the booking's."""
    if seen.is_under_way or seen.is_completed:
        return "dataverse"
    conflict = seen.rules.conflict
    return seen.born if conflict == "birth" else "outlook" if conflict == "outlook" else "dataverse"


def _status_only(seen: Compared) -> Times:
    """Row 57 for a new status alone: of an event of the relay, whose availability shows it."""
    return Times(57, show_as=True) if _has_new_show_as(seen) else Times()


def _has_new_show_as(seen: Compared) -> bool:
    """Return whether a booking became, or is no longer, a proposed one. What a person chose for the event stays."""
    if not seen.is_dv or not seen.booking_news.status:
        return False
    had_proposed = seen.prints.had_status(required(seen.pair).booking_print, PROPOSED)
    return had_proposed != (show_as_of(required(seen.booking)) == "tentative")
