"""Row 48 for an event of the relay: what Graph refused is not written again before something changes. Pure.

A booking can have times that Graph takes for no event, such as an end before its start: work that began a day early.
"""

from __future__ import annotations

from dataclasses import replace

from shared.dataverse.comparison import Compared
from shared.dataverse.decision import Decision, Finding, MakeEvent
from shared.storage.pairs.pair import with_formers


def is_refused(seen: Compared, decision: Decision) -> bool:
    """Return whether a decision writes the event again that Graph has just refused."""
    return seen.look.refusal is not None and seen.look.refusal.side == "outlook" and decision.outlook is not None


def not_repeated(seen: Compared, decision: Decision) -> Decision:
    """Return what remains of a decision. An event that is not made yet is tried again when its pair is compared."""
    if seen.pair is None:
        return Decision(row=48, of_row=decision.row, finding=Finding.REFUSED_BY_OUTLOOK)
    makes = isinstance(decision.outlook, MakeEvent)
    pending = seen.pair.pending() if makes else ()
    after = with_formers(seen.refreshed(), (each._replace(is_removed=True) for each in seen.pair.formers()))
    return Decision(
        row=48, of_row=decision.row, removals=pending or decision.removals, finding=Finding.REFUSED_BY_OUTLOOK,
        after=replace(after if makes else seen.refreshed(), event_id=seen.pair.event_id),
    )  # fmt: skip
