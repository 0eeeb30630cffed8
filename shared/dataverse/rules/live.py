"""Rows 33 to 51, 54, 57, 58 and 60: both halves are there, and each that shows news is carried over. Pure.

Times and names are decided apart and written together, so that no news of one part hides that of another. The row of
the decision is the first one, by its number, that wrote something.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.dataverse.comparison import Compared, required
from shared.dataverse.decision import ChangeBooking, ChangeEvent, Decision, Finding
from shared.dataverse.rules.booking_writes import change_booking
from shared.dataverse.rules.event_writes import change_event, remove_event
from shared.dataverse.rules.names import Names, names_of
from shared.dataverse.rules.quiet import quiet_row
from shared.dataverse.rules.times import Times, times_decided

SISTERS_WAIT = timedelta(seconds=60)  # a crew's bookings follow each other by a cascade of Field Service


def both_live(seen: Compared) -> Decision | None:
    """Decide for a pair whose booking is live and whose event may be written or followed."""
    if seen.pair is None or not seen.is_live or seen.event is None:
        return None
    if seen.event.is_series:
        return Decision(row=46, after=seen.pair, expands=True)
    if not seen.is_dv and (seen.state == "muted" or not seen.in_rule):
        return None
    return _carried_over(seen, times_decided(seen), names_of(seen))


def _carried_over(seen: Compared, times: Times, names: Names) -> Decision:
    outlook = _to_outlook(seen, times, names)
    dataverse = _to_dataverse(seen, times, names)
    rows = [part.row for part in (times, names) if part.row]
    row = min(rows) if rows else quiet_row(seen)
    after = seen.refreshed(
        "muted" if times.mutes else "paired", event_id=seen.event.id if seen.event else "", canceled_by_us=False
    )
    beside = Finding.BESIDE_MICROSOFTS if seen.look.has_tagged and seen.is_dv else None
    waits = dataverse is not None and required(seen.booking).cascades and times.winner == "outlook"
    return Decision(
        row=row, outlook=outlook, dataverse=dataverse, after=after, finding=times.finding or beside,
        sisters_wait=SISTERS_WAIT if waits else None,
    )  # fmt: skip


def _to_outlook(seen: Compared, times: Times, names: Names) -> ChangeEvent | None:
    moves = times.winner == "dataverse"
    if not (moves or names.to_event or times.show_as):
        return None
    return change_event(seen, times=moves, subject=names.to_event, show_as=times.show_as)


def _to_dataverse(seen: Compared, times: Times, names: Names) -> ChangeBooking | None:
    moves = times.winner == "outlook"
    if not (moves or names.to_booking):
        return None
    return change_booking(seen, times=moves, name=names.to_booking)


def handed_over(seen: Compared) -> Decision | None:
    """Row 50: an event of Microsoft's sync stands beside the relay's own, and the booking is left to that sync."""
    if seen.pair is None or not seen.is_dv or not seen.is_live or seen.event is None or not seen.leaves_to_microsoft:
        return None
    return replace(remove_event(seen, 50), counts=None)
