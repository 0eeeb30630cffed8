"""Deliver the changes of one queue message; nothing that was accepted is ever dropped for a failure.

A change is covered by a reading of its event that began after the hint (less SKEW): bursts cost one reading and one
delivery, and the last state always gets through. A change that fails goes back on the queue with a growing delay, as
one chain of tries for each event: a newer try takes the chain over, and the older message finds itself superseded.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.errors import RelayError
from shared.partner.payload import UnreadableEvent
from shared.relay.allow_list import allows
from shared.relay.messages import Change, ChangeMessage, write_changes
from shared.relay.parts import Parts
from shared.relay.schedule import delay_after
from shared.relay.tell import tell
from shared.storage.ledger import Entry
from shared.storage.watches import Watch

if TYPE_CHECKING:
    pass

SKEW = timedelta(seconds=1)  # that the clocks of two instances may differ by
BUSY_SECONDS = 2.0  # until a change is looked at again whose event somebody else is reading
AT_ONCE = 4  # "Microsoft Graph service-specific throttling limits": concurrent requests per app and mailbox

_logger = logging.getLogger("relay.deliver")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change: a word for it, and what has to be put back on the queue."""

    word: str
    change: Change
    owed: Entry | None = None
    retry_after: float | None = None
    following: tuple[Change, ...] = ()


def deliver(parts: Parts, message: ChangeMessage) -> Counter[str]:
    """Work on a message; returns how many changes came to which end. Raises Unavailable when storage fails."""
    settled_at = message.hinted + timedelta(seconds=parts.settings.settle_seconds)
    too_early = (settled_at - parts.now()).total_seconds()
    if too_early > 0:
        _put(parts, message, too_early)
        return Counter(settling=len(message.changes))
    outcomes = _work_on_all(parts, message)
    _put_back(parts, message, outcomes)
    ends = Counter(outcome.word for outcome in outcomes)
    for word, number in ends.items():
        telemetry.count("changes", number, end=word)
    return ends


def _work_on_all(parts: Parts, message: ChangeMessage) -> list[Outcome]:
    """Work on the changes of each mailbox in up to AT_ONCE lanes; a lone change needs no other thread."""
    by_watch: dict[str, deque[Change]] = {}
    for change in message.changes:
        by_watch.setdefault(change.watch_id, deque()).append(change)
    if len(message.changes) == 1:
        return _lane(parts, message, message.changes[0].watch_id, deque(message.changes))
    lanes = [
        parts.workers.submit(_lane, parts, message, watch_id, changes)
        for watch_id, changes in by_watch.items()
        for _ in range(min(AT_ONCE, len(changes)))
    ]
    return [outcome for lane in lanes for outcome in lane.result()]


def _lane(parts: Parts, message: ChangeMessage, watch_id: str, changes: deque[Change]) -> list[Outcome]:
    """Work on changes of one mailbox, one after the other, until none is left for this lane."""
    watch = parts.watches.get(watch_id)
    refusal = _refusal(parts, watch)
    outcomes: list[Outcome] = []
    while changes:
        try:
            change = changes.popleft()
        except IndexError:  # another lane was faster
            break
        if watch is None or refusal:
            outcomes.append(Outcome(refusal, change))
            continue
        with parts.mailbox_slots(watch.mailbox):
            outcomes.append(_work_on(parts, message, watch, change))
    seen = next((o.change for o in outcomes if o.word == "told"), None)
    if watch is not None and seen is not None:
        parts.watches.saw_change(watch, parts.now(), seen.user_id)
    return outcomes


def _refusal(parts: Parts, watch: Watch | None) -> str:
    """Return why the changes of a watch are none of ours, or an empty text."""
    if watch is None:
        return "unknown-watch"
    if watch.delivery != "relay":
        return "direct-watch"
    return "" if allows(parts.settings.allowed_mailboxes, watch.mailbox) else "not-allowed"


def _work_on(parts: Parts, message: ChangeMessage, watch: Watch, change: Change) -> Outcome:
    entry = parts.ledger.get(watch.id, change.event_id)
    if _is_covered(entry, message):
        return Outcome("covered", change)
    claimed = parts.ledger.claim(entry)
    if claimed is None:
        return Outcome("busy", change)
    read_at = parts.now()
    try:
        told = tell(parts, watch, change, claimed, read_at)
    except (RelayError, UnreadableEvent) as error:
        _logger.warning(
            "A change of watch %s is put back (attempt %d): %s", watch.id, message.attempt + 1, error,
            extra={"watch": watch.id, "event": telemetry.short(change.event_id), "attempt": message.attempt + 1},
        )  # fmt: skip
        owed = replace(claimed, read_at=read_at)
        return Outcome("put-back", change, owed, getattr(error, "retry_after", None))
    _put(parts, ChangeMessage(parts.now() - _settled(parts), told.following))
    parts.ledger.settle(told.entry)
    return Outcome("told" if told.news else "no-news", change)


def _is_covered(entry: Entry, message: ChangeMessage) -> bool:
    if message.retry:
        return entry.retry != message.retry  # superseded by a newer try
    return entry.read_at is not None and entry.read_at - SKEW > message.hinted


def _put_back(parts: Parts, message: ChangeMessage, outcomes: Iterable[Outcome]) -> None:
    """Put back what is owed, and only then note in the ledger which message owes it: a crash between loses nothing."""
    busy = tuple(outcome.change for outcome in outcomes if outcome.word == "busy")
    _put(parts, replace(message, changes=busy), BUSY_SECONDS)
    owed = [outcome for outcome in outcomes if outcome.owed is not None]
    retry = uuid.uuid4().hex
    wish = max((outcome.retry_after or 0 for outcome in owed), default=0)
    again = replace(
        message, changes=tuple(outcome.change for outcome in owed), attempt=message.attempt + 1, retry=retry
    )
    _put(parts, again, delay_after(message.attempt, wish))
    for outcome in owed:
        if outcome.owed is not None:
            parts.ledger.settle(replace(outcome.owed, retry=retry))


def _put(parts: Parts, message: ChangeMessage, delay: float = 0) -> None:
    for text in write_changes(message):
        parts.changes.put(text, delay)


def _settled(parts: Parts) -> timedelta:
    """Return the settle time: occurrences follow from a reading, so they need not settle again."""
    return timedelta(seconds=parts.settings.settle_seconds)
