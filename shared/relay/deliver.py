"""Deliver the changes of one queue message; nothing that was accepted is ever dropped for a failure.

A change is covered by a reading of its event that began after the hint (less SKEW): bursts cost one reading and one
delivery, and the last state always gets through. A change that fails goes back on the queue with a growing delay, as
one chain of tries for each event: a newer try takes the chain over, and the older message finds itself superseded.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from shared import telemetry
from shared.errors import RelayError
from shared.partner.payload import UnreadableEvent
from shared.relay.gaps import owe_resync
from shared.relay.messages import Change, ChangeMessage, write_changes
from shared.relay.parts import Parts
from shared.relay.schedule import delay_after
from shared.relay.tell import tell
from shared.storage.ledger import MOST_AT_ONCE, Entry
from shared.storage.watches import Watch

SKEW = timedelta(seconds=1)  # that the clocks of two instances may differ by
MAILBOXES_AT_ONCE = 16  # of one message
WORK = timedelta(seconds=45)  # that reading and delivering one event may take
BUSY_SECONDS = 2.0  # until a change is looked at again whose event somebody else is reading
NOT_ALLOWED = "not-allowed"
AT_ONCE = 4  # "Microsoft Graph service-specific throttling limits": concurrent requests per app and mailbox

_logger = logging.getLogger("relay.deliver")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change: a word for it, the ledger's entry to write, the seconds the other side asked for."""

    word: str
    change: Change
    entry: Entry | None = None
    retry_after: float | None = None
    following: tuple[Change, ...] = ()


def deliver(parts: Parts, message: ChangeMessage) -> Counter[str]:
    """Work on a message; returns how many changes came to which end.

    Raises Unavailable only when not even the queue can be written: then the host keeps the message.
    """
    try:
        ends = _deliver(parts, message)
    except RelayError as error:  # the ledger or a setting: no change of the message can be worked on
        _logger.warning("A message of %d changes is put back: %s", len(message.changes), error)
        _put(parts, replace(message, attempt=message.attempt + 1), delay_after(message.attempt))
        ends = Counter({"put-back": len(message.changes)})
    for word, number in ends.items():
        telemetry.count("changes", number, end=word)
    return ends


def _deliver(parts: Parts, message: ChangeMessage) -> Counter[str]:
    settled_at = message.hinted + timedelta(seconds=parts.settings.settle_seconds)
    too_early = (settled_at - parts.now()).total_seconds()
    if too_early > 0 and not message.settled:
        _put(parts, message, too_early)
        return Counter(settling=len(message.changes))
    outcomes = _work_on_all(parts, message)
    _put_back(parts, message, outcomes)
    return Counter(outcome.word for outcome in outcomes)


def _work_on_all(parts: Parts, message: ChangeMessage) -> list[Outcome]:
    """Work on the changes of each mailbox; the mailboxes side by side, in threads of this message's own.

    `parts.workers` are for the changes themselves: who waits for them must not take their places.
    """
    by_watch: dict[str, dict[str, Change]] = {}
    for change in message.changes:
        by_watch.setdefault(change.watch_id, {})[change.event_id] = change
    work = partial(_work_on_mailbox, parts, message)
    groups = [list(changes.values()) for changes in by_watch.values()]
    if len(groups) == 1:
        return work(groups[0])
    with ThreadPoolExecutor(min(len(groups), MAILBOXES_AT_ONCE), "mailbox") as mailboxes:
        return [outcome for outcomes in mailboxes.map(work, groups) for outcome in outcomes]


def _work_on_mailbox(parts: Parts, message: ChangeMessage, changes: list[Change]) -> list[Outcome]:
    watch = parts.watches.get(changes[0].watch_id)
    refusal = _refusal(parts, watch)
    if watch is not None and refusal == NOT_ALLOWED:
        owe_resync(parts, watch)
    if watch is None or refusal:
        return [Outcome(refusal, change) for change in changes]
    outcomes: list[Outcome] = []
    for first in range(0, len(changes), MOST_AT_ONCE):
        outcomes += _work_on_some(parts, message, watch, changes[first : first + MOST_AT_ONCE])
    if any(outcome.word == "told" for outcome in outcomes):
        parts.watches.saw_change(watch, parts.now(), changes[0].user_id)
    return outcomes


def _refusal(parts: Parts, watch: Watch | None) -> str:
    """Return why the changes of a watch are none of ours, or an empty text."""
    if watch is None:
        return "unknown-watch"
    if watch.delivery != "relay":
        return "direct-watch"
    return "" if parts.allow_list.allows(watch.mailbox) else NOT_ALLOWED


def _work_on_some(parts: Parts, message: ChangeMessage, watch: Watch, changes: list[Change]) -> list[Outcome]:
    """Claim the entries of some changes together, work on them side by side, and write what came of them together."""
    entries = parts.ledger.read(watch.id, [change.event_id for change in changes])
    open_ones = [pair for pair in zip(changes, entries, strict=True) if not _is_covered(pair[1], message)]
    done = [Outcome("covered", c) for c, entry in zip(changes, entries, strict=True) if _is_covered(entry, message)]
    claims = parts.ledger.claim([entry for _, entry in open_ones])
    claimed = [(change, claim) for (change, _), claim in zip(open_ones, claims, strict=True) if claim is not None]
    done += [Outcome("busy", change) for (change, _), claim in zip(open_ones, claims, strict=True) if claim is None]
    outcomes = _side_by_side(parts, message, watch, claimed)
    following = tuple(change for outcome in outcomes for change in outcome.following)
    # What follows was listed just now: no reading until here covers it, and there is nothing left to settle.
    _put(parts, ChangeMessage(parts.now(), following, settled=True))
    parts.ledger.settle([o.entry for o in outcomes if o.entry is not None and o.word != "put-back"])
    return done + outcomes


def _side_by_side(
    parts: Parts, message: ChangeMessage, watch: Watch, claimed: list[tuple[Change, Entry]]
) -> list[Outcome]:
    """Work on each change with one of the mailbox's places, waited for here: a worker that waits would be lost to
    other mailboxes.
    """
    places = parts.mailbox_slots(watch.mailbox)

    def work(change: Change, entry: Entry) -> Outcome:
        try:
            return _work_on(parts, message, watch, change, entry)
        finally:
            places.release()

    running = []
    for change, entry in claimed:
        places.acquire()
        running.append(parts.workers.submit(work, change, entry))
    return [one.result() for one in running]


def _work_on(parts: Parts, message: ChangeMessage, watch: Watch, change: Change, entry: Entry) -> Outcome:
    read_at = parts.now()
    if entry.claimed_until is None or entry.claimed_until - read_at < WORK:
        return Outcome("busy", change)  # the wait for a place took so long that the claim might end in mid-work
    try:
        told = tell(parts, watch, message, change, entry, read_at)
    except Exception as error:  # noqa: BLE001  (one change must not take the others of its message with it)
        _log_failure(message, watch, change, error)
        wish = getattr(error, "retry_after", None)
        return Outcome("put-back", change, replace(entry, read_at=read_at), wish)
    return Outcome("told" if told.news else "no-news", change, told.entry, following=told.following)


def _log_failure(message: ChangeMessage, watch: Watch, change: Change, error: Exception) -> None:
    """Log why a change is put back; of an error that nobody foresaw only its kind, as its text may quote anything."""
    known = isinstance(error, RelayError | UnreadableEvent)
    _logger.warning(
        "A change of watch %s is put back (attempt %d): %s",
        watch.id,
        message.attempt + 1,
        error if known else type(error).__name__,
        extra={"watch": watch.id, "event": telemetry.short(change.event_id), "attempt": message.attempt + 1},
    )


def _is_covered(entry: Entry, message: ChangeMessage) -> bool:
    if message.again:  # whoever read it since had no reason to tell it again
        return False
    if message.retry:
        return bool(entry.etag) and entry.retry != message.retry  # superseded by a newer try
    return entry.read_at is not None and entry.read_at - SKEW > message.hinted


def _put_back(parts: Parts, message: ChangeMessage, outcomes: list[Outcome]) -> None:
    """Put back what is owed, and only then note in the ledger which message owes it: a crash between loses nothing."""
    busy = tuple(outcome.change for outcome in outcomes if outcome.word == "busy")
    _put(parts, replace(message, changes=busy), BUSY_SECONDS)
    owed = [outcome for outcome in outcomes if outcome.word == "put-back"]
    retry = uuid.uuid4().hex
    wish = max((outcome.retry_after or 0 for outcome in owed), default=0)
    again = replace(
        message, changes=tuple(outcome.change for outcome in owed), attempt=message.attempt + 1, retry=retry
    )
    _put(parts, again, delay_after(message.attempt, wish))
    by_watch: dict[str, list[Entry]] = {}
    for outcome in owed:
        if outcome.entry is not None:
            by_watch.setdefault(outcome.change.watch_id, []).append(replace(outcome.entry, retry=retry))
    for entries in by_watch.values():
        for first in range(0, len(entries), MOST_AT_ONCE):
            parts.ledger.settle(entries[first : first + MOST_AT_ONCE])


def _put(parts: Parts, message: ChangeMessage, delay: float = 0) -> None:
    for text in write_changes(message):
        parts.changes.put(text, delay)
