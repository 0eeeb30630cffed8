"""Rows 48 and 49: what one side has just refused is not written again before something changes. Pure.

A booking can have times that Graph takes for no event, such as an end before its start: work that began a day early. A
rule of the customer can refuse any change of a booking.
"""

from __future__ import annotations

from dataclasses import replace

from shared.dataverse.comparison import Compared
from shared.dataverse.decision import ChangeBooking, Decision, Finding, MakeBooking, MakeEvent, NewStatus
from shared.dataverse.rules.event_writes import restore_event
from shared.storage.pairs.pair import with_formers


def is_refused(seen: Compared, decision: Decision) -> bool:
    """Return whether a decision writes again what was refused."""
    refusal = seen.look.refusal
    if refusal is None:
        return False
    return (decision.outlook if refusal.side == "outlook" else decision.dataverse) is not None


def not_repeated(seen: Compared, decision: Decision) -> Decision:
    """Return what remains of a decision."""
    if decision.dataverse is not None and seen.look.refusal is not None and seen.look.refusal.side == "dataverse":
        return _not_booked(seen, decision)
    return _not_shown(seen, decision)


def _not_booked(seen: Compared, decision: Decision) -> Decision:
    """Row 49: the event shows again what Dynamics has; a person's own stays as it is, without a booking if need be."""
    write, found = decision.dataverse, Finding.REFUSED_BY_DATAVERSE
    is_canceled = isinstance(write, ChangeBooking) and write.status is NewStatus.CANCELED
    if is_canceled and seen.is_dv:
        restored = restore_event(seen, 49)
        return replace(restored, of_row=decision.row, finding=restored.finding or found)
    if seen.pair is None:
        return Decision(row=49, of_row=decision.row, finding=found)
    ends = is_canceled or isinstance(write, MakeBooking) or (write is not None and write.status is not None)
    after = seen.refreshed("muted") if ends else seen.refreshed()
    return Decision(row=49, of_row=decision.row, outlook=decision.outlook, after=after, finding=found)


def _not_shown(seen: Compared, decision: Decision) -> Decision:
    """Row 48. An event that is not made yet is tried again when its pair is compared."""
    if seen.pair is None:
        return Decision(row=48, of_row=decision.row, finding=Finding.REFUSED_BY_OUTLOOK)
    makes = isinstance(decision.outlook, MakeEvent)
    pending = seen.pair.pending() if makes else ()
    after = with_formers(seen.refreshed(), (each._replace(is_removed=True) for each in seen.pair.formers()))
    return Decision(
        row=48, of_row=decision.row, removals=pending or decision.removals, finding=Finding.REFUSED_BY_OUTLOOK,
        after=replace(after if makes else seen.refreshed(), event_id=seen.pair.event_id),
    )  # fmt: skip
