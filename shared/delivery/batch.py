"""One attempt at the changes of one mailbox: claim their events, tell the partner, write what came of it.

Whatever fails, fails for one change and comes back as its outcome; the caller decides what happens to the change then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared import telemetry
from shared.delivery.failures import heed
from shared.delivery.sync_event import begun, tell
from shared.errors import RelayError
from shared.messages import Change, ChangeMessage
from shared.partner.payload import DELETED, UnreadableEvent
from shared.partner.status_policy import Disposition, disposition_of
from shared.partner.webhook import NotDelivered
from shared.parts import Parts
from shared.resync.catch_up import owe_resync
from shared.storage.ledger import MOST_AT_ONCE, Entry
from shared.storage.parked import DEAD, parked_id
from shared.storage.watches import Watch

SKEW = timedelta(seconds=1)  # that the clocks of two instances may differ by
WORK = timedelta(seconds=45)  # that reading and delivering one event may take
NOT_ALLOWED = "not-allowed"
PUT_OFF = "put-off"  # not looked at: it may not leave now

_logger = logging.getLogger("relay.deliver")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change: a word for it, the ledger's entry to write, and of a failure why.

    `claim` is the entry as it was before a try that failed, for who does not see to the next try.
    `status` is the partner's answer (0: none), `verdict` what it means ("": the partner was not asked), and
    `retry_after` the seconds that the other side asked for.
    """

    word: str
    change: Change
    entry: Entry | None = None
    following: tuple[Change, ...] = ()
    verdict: str = ""
    status: int = 0
    retry_after: float | None = None
    claim: Entry | None = None


def work_on_mailbox(
    parts: Parts, message: ChangeMessage, changes: Sequence[Change], may_go_on: Callable[[], bool] = lambda: True
) -> list[Outcome]:
    """Work on changes of one watch while they may go on, which each of them asks. Raises RelayError when nothing could
    be done for any of them.
    """
    watch = parts.watches.get(changes[0].watch_id)
    refusal = _refusal(parts, watch)
    if watch is not None and refusal == NOT_ALLOWED:
        owe_resync(parts, watch)
    if watch is None or refusal:
        return [Outcome(refusal, change) for change in changes]
    outcomes: list[Outcome] = []
    for first in range(0, len(changes), MOST_AT_ONCE):
        some = changes[first : first + MOST_AT_ONCE]
        if may_go_on():
            outcomes += _work_on_some(parts, message, watch, some, may_go_on)
        else:
            outcomes += [Outcome(PUT_OFF, change) for change in some]
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


def _work_on_some(
    parts: Parts, message: ChangeMessage, watch: Watch, changes: Sequence[Change], may_go_on: Callable[[], bool]
) -> list[Outcome]:
    """Claim the entries of some changes together, work on them side by side, and write what came of them together."""
    entries = parts.ledger.read(watch.id, [change.event_id for change in changes])
    pairs = list(zip(changes, entries, strict=True))
    open_ones = [pair for pair in pairs if not _is_covered(*pair, message)]
    done = [Outcome("covered", change) for change, entry in pairs if _is_covered(change, entry, message)]
    claims = parts.ledger.claim([entry for _, entry in open_ones])
    claimed = [(change, claim) for (change, _), claim in zip(open_ones, claims, strict=True) if claim is not None]
    done += [Outcome("busy", change) for (change, _), claim in zip(open_ones, claims, strict=True) if claim is None]
    outcomes = _side_by_side(parts, message, watch, claimed, may_go_on)
    following = tuple(change for outcome in outcomes for change in outcome.following)
    # What follows was listed just now: no reading until here covers it, and there is nothing left to settle.
    parts.changes.send(ChangeMessage(parts.now(), following, settled=True))
    parts.ledger.settle([o.entry for o in outcomes if o.entry is not None and o.word != "failed"])
    return done + outcomes


def _side_by_side(
    parts: Parts, message: ChangeMessage, watch: Watch, claimed: list[tuple[Change, Entry]],
    may_go_on: Callable[[], bool],
) -> list[Outcome]:  # fmt: skip
    """Work on each change, within the limit of the mailbox."""

    def work(pair: tuple[Change, Entry]) -> Outcome:
        if not may_go_on():
            return Outcome(PUT_OFF, *pair)  # with its entry, so that the claim ends
        return _work_on(parts, message, watch, *pair)

    return parts.workers.run(watch.mailbox, work, claimed)


def _work_on(parts: Parts, message: ChangeMessage, watch: Watch, change: Change, entry: Entry) -> Outcome:
    read_at = parts.now()
    if entry.claimed_until is None or entry.claimed_until - read_at < WORK:
        return Outcome("busy", change)  # the wait for a place took so long that the claim might end in mid-work
    try:
        told = tell(parts, watch, message, change, entry, read_at)
        if told.news:
            parts.gate.succeeded()
        told = replace(told, entry=_without_dead_letter(parts, told.entry))
    except Exception as error:  # noqa: BLE001  (one change must not take the others of its message with it)
        _log_failure(message, watch, change, error)
        return replace(_failure(parts, change, begun(change, entry, read_at), error), claim=entry)
    return Outcome("told" if told.news else "no-news", change, told.entry, told.following)


def _without_dead_letter(parts: Parts, entry: Entry) -> Entry:
    """Forget the dead letter of an event of which the partner is owed nothing any more."""
    if not entry.is_dead:
        return entry
    parts.parked.forget(DEAD, parked_id(entry.watch_id, entry.event_id))
    return replace(entry, is_dead=False)


def _failure(parts: Parts, change: Change, entry: Entry, error: Exception) -> Outcome:
    wish = getattr(error, "retry_after", None)
    if not isinstance(error, NotDelivered):
        return Outcome("failed", change, entry, retry_after=wish)
    verdict = disposition_of(error.status)
    telemetry.count("partner_answers", status=error.status, verdict=verdict)
    heed(parts, verdict, error.status, wish)
    return Outcome("failed", change, entry, verdict=verdict, status=error.status, retry_after=wish)


def _log_failure(message: ChangeMessage, watch: Watch, change: Change, error: Exception) -> None:
    """Log why a change failed; of an error that nobody foresaw only its kind, as its text may quote anything."""
    known = isinstance(error, RelayError | UnreadableEvent)
    needs_a_person = isinstance(error, NotDelivered) and disposition_of(error.status) in (
        Disposition.ALERT,
        Disposition.STOP,
    )
    _logger.log(
        logging.ERROR if needs_a_person else logging.WARNING,
        "A change of watch %s failed (attempt %d): %s",
        watch.id,
        message.attempt + 1,
        error if known else type(error).__name__,
        extra={"watch": watch.id, "event": telemetry.short(change.event_id), "attempt": message.attempt + 1},
    )


def _is_covered(change: Change, entry: Entry, message: ChangeMessage) -> bool:
    if message.again:  # whoever read it since had no reason to tell it again
        return False
    if change.deleted and not entry.doubted and entry.told != DELETED:
        return False  # whoever read it since may have found it among the deleted items, and had no reason to doubt that
    if message.retry:
        return bool(entry.etag) and entry.retry != message.retry  # superseded by a newer try
    return entry.read_at is not None and entry.read_at - SKEW > message.hinted
