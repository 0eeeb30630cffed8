"""Find out whether the partner's endpoint is back, and let what waited for it go out again, at a bounded rate."""

from __future__ import annotations

import logging
import random
import uuid
from collections import Counter

from shared import telemetry
from shared.delivery.batch import work_on_mailbox
from shared.delivery.deliver import settle_failures
from shared.messages import ChangeMessage, Job
from shared.partner.status_policy import Disposition
from shared.parts import Parts
from shared.reliability.circuit_breaker import LEASE
from shared.reliability.parking import change_of, requeue
from shared.storage.parked import WAITING, Parked
from shared.storage.partner_endpoint import FAILING, FLOWING

MOST_TRIED = 20  # parked changes that a probe reads until it finds one that is news to the partner
LOOKED_AT = 100  # among which it chooses them
SEARCH = LEASE / 4  # that this may take, so that what comes last ends within the lease
DRAINED_AT_ONCE = 100
DRAIN_EVERY = 3.0  # seconds: 33 changes a second at most, which leaves places for live ones

_logger = logging.getLogger("relay.recover")


def probe(parts: Parts) -> str:
    """Send one parked change to a failing endpoint; if the partner takes it, everything flows again.

    Returns a word for what was found. Asks for the next probe itself.
    """
    if not parts.gate.wants_probe():
        _see_to_drain(parts)  # a probe that was taken may have ended before it could ask for that
        return "not-now"
    # First: neither a crash nor a queue that takes nothing may leave a claim and no probe that comes after it.
    parts.repairs.send(Job("", "probe"), LEASE.total_seconds() + 1)
    if not parts.gate.claim_probe():
        return "not-now"
    end = _tried(parts)
    if end in ("taken", "nothing-to-send"):
        parts.gate.put(FLOWING, "the partner takes deliveries again", only_from=(FAILING,))
        parts.repairs.send(Job("", "drain"))
    else:
        wait = parts.gate.wait_for_probe(parts.gate.endpoint(fresh=True).probes)
        until = parts.now() + wait
        # First: the one above may come before `until`, and end.
        parts.repairs.send(Job("", "probe"), wait.total_seconds())
        parts.gate.probe_failed(until)
    return end


def drain(parts: Parts) -> str:
    """Put some of what waits back on the queue, each event once, and ask for the next step if there is more. Many may
    ask for a drain at once; there is one.
    """
    if not parts.gate.claim_drain():
        return "not-now"
    waiting = parts.parked.page(WAITING, DRAINED_AT_ONCE)
    requeue(parts, WAITING, waiting)
    if len(waiting) < DRAINED_AT_ONCE:
        parts.gate.end_drain()
    # Looked at only after the claim has ended: whoever parked something since, and asked in vain, must not wait.
    if len(waiting) == DRAINED_AT_ONCE or parts.parked.page(WAITING, 1):
        parts.repairs.send(Job("", "drain"), DRAIN_EVERY)
    return f"drained-{len(waiting)}"


def keep_going(parts: Parts) -> None:
    """Ask for the probe or the drain that is due: their own message may have been lost with a queue."""
    if parts.gate.endpoint(fresh=True).state == FAILING:
        parts.repairs.send(Job("", "probe"))
    _see_to_drain(parts)


def _see_to_drain(parts: Parts) -> None:
    """Ask for a drain if deliveries flow and something waits."""
    if parts.gate.endpoint(fresh=True).state == FLOWING and parts.parked.page(WAITING, 1):
        parts.repairs.send(Job("", "drain"))


def _tried(parts: Parts) -> str:
    """Try parked changes until one says something about the endpoint. One that Graph does not tell us says nothing."""
    until, is_unread = parts.now() + SEARCH, False
    for one in _some(parts):
        end = _sent(parts, one)
        telemetry.count("probes", end=end)
        if end not in ("no-news", "unread"):
            return end
        is_unread = is_unread or end == "unread"
        if parts.now() > until:
            break
    return "failed" if is_unread else "nothing-to-send"


def _some(parts: Parts) -> list[Parked]:
    """Return some of what waits, from a random place on, as the endpoint may choke on the first; one of each mailbox
    before a second of any, as Graph may refuse all of one.
    """
    place = uuid.uuid4().hex
    waiting = parts.parked.page(WAITING, LOOKED_AT, place)
    if len(waiting) < LOOKED_AT:
        waiting += [one for one in parts.parked.page(WAITING, LOOKED_AT) if one.id <= place]
    random.shuffle(waiting)
    seen = Counter[str]()

    def turn(one: Parked) -> int:
        seen[one.watch_id] += 1
        return seen[one.watch_id]

    return sorted(waiting, key=turn)[:MOST_TRIED]


def _sent(parts: Parts, one: Parked) -> str:
    message = ChangeMessage(parts.now(), (change_of(one),), settled=True, again=one.again)
    (outcome,) = work_on_mailbox(parts, message, message.changes)
    if outcome.word == "failed":
        if outcome.verdict in (Disposition.DEAD, Disposition.STOP):
            settle_failures(parts, message, [outcome])
        elif outcome.claim is not None:
            parts.ledger.settle([outcome.claim])  # it stays parked: nobody tries again what this reading would cover
    if outcome.word == "told" or outcome.verdict == Disposition.DEAD:
        parts.parked.drop(WAITING, [one])
        return "taken"
    if outcome.word == "failed":
        return "failed" if outcome.verdict else "unread"
    if outcome.word not in ("busy", "covered"):  # by nothing but a clock that was ahead
        parts.parked.drop(WAITING, [one])
    return "no-news"
