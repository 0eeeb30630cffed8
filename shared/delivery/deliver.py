"""Deliver the changes of one queue message; nothing that was accepted is ever dropped for a failure.

A change is covered by a reading of its event that began after the hint (less SKEW): bursts cost one reading and one
delivery, and the last state always gets through. A change that fails goes back on the queue with a growing delay, as
one chain of tries for each event: a newer try takes the chain over, and the older message finds itself superseded.
After the last try, or when the partner says that trying is no use, it becomes a dead letter. While the endpoint takes
nothing, changes are parked.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from shared import telemetry
from shared.delivery.batch import PUT_OFF, Outcome, work_on_mailbox
from shared.errors import RelayError
from shared.messages import Change, ChangeMessage
from shared.partner.status_policy import Disposition
from shared.parts import Parts
from shared.reliability.parking import GAVE_UP, REJECTED, bury, park
from shared.reliability.retry_schedule import delay_after, was_last
from shared.storage.ledger import MOST_AT_ONCE
from shared.storage.partner_endpoint import GONE
from shared.threads import side_by_side

MAILBOXES_AT_ONCE = 16  # of one message
BUSY_SECONDS = 2.0  # until a change is looked at again whose event somebody else is reading
# After which nothing more of a message is begun: with what is under way then, it ends long before the functionTimeout
# of ten minutes in host.json, at which the host would kill the worker with all that it is at.
TIME = timedelta(seconds=120)

_logger = logging.getLogger("relay.deliver")


def deliver(parts: Parts, message: ChangeMessage) -> Counter[str]:
    """Work on a message; returns how many changes came to which end.

    Raises ServiceUnavailable only when not even the queue can be written: then the host keeps the message.
    """
    try:
        ends = _deliver(parts, message)
    except RelayError as error:  # the ledger or a setting: no change of the message can be worked on
        _logger.warning("A message of %d changes is put back: %s", len(message.changes), error)
        parts.changes.send(replace(message, attempt=message.attempt + 1), delay_after(message.attempt))
        ends = Counter({"put-back": len(message.changes)})
    for word, number in ends.items():
        telemetry.count("changes", number, end=word)
    return ends


def settle_failures(parts: Parts, message: ChangeMessage, outcomes: Sequence[Outcome]) -> list[str]:
    """Find a place for each change that failed, and return the words for what became of them."""
    failed = [outcome for outcome in outcomes if outcome.word == "failed"]
    dead = [outcome for outcome in failed if _is_dead(message, outcome)]
    stopped = [outcome for outcome in failed if outcome.verdict == Disposition.STOP]
    owed = [outcome for outcome in failed if outcome not in dead and outcome not in stopped]
    for outcome in dead:
        reason = REJECTED if outcome.verdict == Disposition.DEAD else GAVE_UP
        bury(parts, message, outcome.change, reason, outcome.status)
    if stopped:
        park(parts, message, [outcome.change for outcome in stopped], GONE)
    retry = _put_back(parts, message, owed)
    # Only now, when something else holds the change: a crash between loses nothing.
    _settle(parts, dead, retry="", is_dead=True)
    _settle(parts, stopped, retry="")
    _settle(parts, owed, retry=retry)
    return ["dead"] * len(dead) + ["parked"] * len(stopped) + ["put-back"] * len(owed)


def _deliver(parts: Parts, message: ChangeMessage) -> Counter[str]:
    settled_at = message.hinted + timedelta(seconds=parts.settings.settle_seconds)
    too_early = (settled_at - parts.now()).total_seconds()
    if too_early > 0 and not message.settled:
        parts.changes.send(message, too_early)
        return Counter(settling=len(message.changes))
    if not parts.gate.is_open():
        park(parts, message, message.changes, parts.gate.endpoint().state)
        return Counter(parked=len(message.changes))
    outcomes = _work_on_all(parts, message)
    busy = tuple(outcome.change for outcome in outcomes if outcome.word == "busy")
    parts.changes.send(replace(message, changes=busy), BUSY_SECONDS)
    put_off = tuple(outcome.change for outcome in outcomes if outcome.word == PUT_OFF)
    # While the gate is closed, they are parked when they come again.
    parts.changes.send(replace(message, changes=put_off))
    words = settle_failures(parts, message, outcomes)
    return Counter([*words, *(outcome.word for outcome in outcomes if outcome.word != "failed")])


def _work_on_all(parts: Parts, message: ChangeMessage) -> list[Outcome]:
    """Work on the changes of each mailbox; the mailboxes side by side, in threads of this message's own. What has not
    begun when the gate closes, or when the message has had its time, is put off.

    `parts.workers` are for the changes themselves: who waits for them must not take their places.
    """
    by_watch: dict[str, dict[str, Change]] = {}
    for change in message.changes:
        by_watch.setdefault(change.watch_id, {})[change.event_id] = change
    until = parts.now() + TIME
    work = partial(work_on_mailbox, parts, message, may_go_on=lambda: parts.now() < until and _is_open(parts))
    groups = [list(changes.values()) for changes in by_watch.values()]
    found = side_by_side(work, groups, MAILBOXES_AT_ONCE, "mailbox")
    return [outcome for outcomes in found for outcome in outcomes]


def _is_open(parts: Parts) -> bool:
    """Return whether changes may leave. When that cannot be told, what has been done must be noted first of all."""
    try:
        return parts.gate.is_open()
    except RelayError:
        return False


def _is_dead(message: ChangeMessage, outcome: Outcome) -> bool:
    return outcome.verdict == Disposition.DEAD or (outcome.verdict != Disposition.STOP and was_last(message.attempt))


def _put_back(parts: Parts, message: ChangeMessage, owed: Sequence[Outcome]) -> str:
    """Put changes back on the queue, and return the name of the message that owes them now."""
    retry = uuid.uuid4().hex
    wish = max((outcome.retry_after or 0 for outcome in owed), default=0)
    changes = tuple(outcome.change for outcome in owed)
    again = replace(message, changes=changes, attempt=message.attempt + 1, retry=retry)
    parts.changes.send(again, delay_after(message.attempt, wish))
    return retry


def _settle(parts: Parts, outcomes: Sequence[Outcome], retry: str, *, is_dead: bool = False) -> None:
    by_watch: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_watch.setdefault(outcome.change.watch_id, []).append(outcome)
    for some in by_watch.values():
        entries = [replace(one.entry, retry=retry, is_dead=is_dead or one.entry.is_dead) for one in some if one.entry]
        for first in range(0, len(entries), MOST_AT_ONCE):
            parts.ledger.settle(entries[first : first + MOST_AT_ONCE])
