"""Take changes off the queue without losing them: until the partner's endpoint takes deliveries, or as dead letters."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace

from shared import telemetry
from shared.messages import Change, ChangeMessage, Job
from shared.parts import Parts
from shared.storage.parked import DEAD, WAITING, Parked
from shared.storage.partner_endpoint import FLOWING

REJECTED, GAVE_UP, UNREADABLE = "rejected", "gave-up", "unreadable-message"

_logger = logging.getLogger("relay.park")


def park(parts: Parts, message: ChangeMessage, changes: Sequence[Change], reason: str) -> None:
    """Let changes wait for the endpoint. Its state may be older than it is: who finds it flowing sees to the drain."""
    parts.parked.put(WAITING, [_parked(parts, message, change, reason) for change in changes])
    if parts.gate.endpoint(fresh=True).state == FLOWING:
        parts.repairs.send(Job("", "drain"))


def bury(parts: Parts, message: ChangeMessage, change: Change, reason: str, status: int) -> None:
    """Make a change a dead letter."""
    letter = _parked(parts, message, change, reason)
    parts.parked.put(DEAD, [replace(letter, status=status, attempts=message.attempt + 1)])
    _logger.error(
        "A change of watch %s is a dead letter: %s, status %d", change.watch_id, reason, status,
        extra={"watch": change.watch_id, "event": telemetry.short(change.event_id)},
    )  # fmt: skip
    telemetry.count("dead_letters", reason=reason, status=status)


def bury_unreadable(parts: Parts, text: str) -> None:
    """Note a message that no version of the relay has written. What it holds is not kept: it may be anything."""
    name = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    parts.parked.put(DEAD, [Parked("", "", name, parts.now(), UNREADABLE)])
    _logger.error("A message of %d characters on a queue of ours cannot be read", len(text))
    telemetry.count("dead_letters", reason=UNREADABLE, status=0)


def requeue(parts: Parts, kind: str, changes: list[Parked]) -> None:
    """Put parked changes on the queue as new hints, and only then take them off the table."""
    for again in (False, True):
        some = tuple(change_of(one) for one in changes if one.again == again and one.watch_id)
        parts.changes.send(ChangeMessage(parts.now(), some, settled=True, again=again))
    parts.parked.drop(kind, changes)


def change_of(one: Parked) -> Change:
    """Return a parked change as it stood on the queue."""
    return Change(one.watch_id, one.user_id, one.event_id, one.deleted)


def _parked(parts: Parts, message: ChangeMessage, change: Change, reason: str) -> Parked:
    return Parked(change.watch_id, change.user_id, change.event_id, parts.now(), reason, change.deleted, message.again)
