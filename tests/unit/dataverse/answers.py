"""What a decision does, in the words of the table."""

from __future__ import annotations

from dataclasses import fields

from shared.dataverse.decision import ChangeBooking, ChangeEvent, Decision, MakeBooking, MakeEvent
from shared.storage.pairs.pair import Pair


def answer_of(decision: Decision, pair: Pair | None) -> str:
    """Return the writes, the pair's new state if it changes, and "!" for a finding; "-" for nothing."""
    parts = []
    if isinstance(decision.outlook, MakeEvent):
        parts.append("make E")
    if isinstance(decision.outlook, ChangeEvent):
        parts.append(f"E {_changed(decision.outlook)}")
    if decision.removals:
        parts.append("remove E")
    if isinstance(decision.dataverse, MakeBooking):
        parts.append("make B")
    if isinstance(decision.dataverse, ChangeBooking):
        parts.append(f"B {_changed(decision.dataverse)}")
    state = decision.after.state if decision.after is not None else None
    if pair is not None and state != pair.state and state in ("muted", "ended", "held"):
        parts.append(str(state))
    if decision.replaced is not None:
        assert decision.before is not None
        assert decision.replaced.id != decision.before.id
        parts.append(decision.replaced.state)
    return " ".join(parts + ["!"] * (decision.finding is not None)) or "-"


def _changed(write: ChangeEvent | ChangeBooking) -> str:
    names = {field.name for field in fields(write)} - {"watch_id", "event_id", "booking_id", "etag", "zone"}
    changed = {name for name in names if getattr(write, name) not in (None, False)}
    return "+".join(sorted("times" if name == "start" else name for name in changed - {"end"}))
