"""Find out whether the partner's endpoint is back, and let what waited for it go out again, at a bounded rate."""

from __future__ import annotations

import logging
import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared import telemetry
from shared.delivery.batch import Batches
from shared.delivery.failures import Failures
from shared.delivery.outcome import BUSY, COVERED, DELIVERED, FAILED
from shared.messages import ChangeMessage, Job
from shared.partner.status_policy import Disposition
from shared.queues import JobQueue
from shared.reliability.circuit_breaker import PROBE_LEASE, CircuitBreaker
from shared.reliability.parking import Parking, change_of
from shared.storage.parked import WAITING, Parked, ParkedChanges
from shared.storage.partner_endpoint import EndpointState

MOST_TRIED = 20  # parked changes that a probe reads until it finds one that is news to the partner
LOOKED_AT = 100  # among which it chooses them
SEARCH = PROBE_LEASE / 4  # that this may take, so that what comes last ends within the lease
DRAINED_AT_ONCE = 100
DRAIN_EVERY = 3.0  # seconds: 33 changes a second at most, which leaves room for live ones

_logger = logging.getLogger("relay.recovery")


@dataclass(frozen=True)
class Recovery:
    """Probes the endpoint and drains what is parked.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    breaker: CircuitBreaker
    parked: ParkedChanges
    parking: Parking
    jobs: JobQueue
    batches: Batches
    failures: Failures
    now: Callable[[], datetime]

    def probe(self) -> str:
        """Send one parked change to a failing endpoint; if the partner takes it, everything flows again.

        Returns the result. Requests the next probe itself.
        """
        if not self.breaker.probe_due():
            self._request_drain()  # a probe that was taken may have ended before it could request that
            return "not-now"
        # First: neither a crash nor a queue that takes nothing may leave a lease and no probe that comes after it.
        self.jobs.send(Job("", "probe"), PROBE_LEASE.total_seconds() + 1)
        if not self.breaker.acquire_probe():
            return "not-now"
        result = self._probe_until_conclusive()
        if result in ("taken", "nothing-to-send"):
            text = "the partner takes deliveries again"
            self.breaker.transition(EndpointState.FLOWING, text, only_from=(EndpointState.FAILING,))
            self.jobs.send(Job("", "drain"))
        else:
            wait = self.breaker.wait_for_probe(self.breaker.endpoint(fresh=True).probes)
            until = self.now() + wait
            # First: the one above may come before `until`, and end.
            self.jobs.send(Job("", "probe"), wait.total_seconds())
            self.breaker.release_probe(until)
        return result

    def drain(self) -> str:
        """Put some of what waits back on the queue, each event once, and request the next step if there is more. Many
        may request a drain at once; there is one.
        """
        if not self.breaker.acquire_drain():
            return "not-now"
        waiting = self.parked.page(WAITING, DRAINED_AT_ONCE)
        self.parking.requeue(WAITING, waiting)
        if len(waiting) < DRAINED_AT_ONCE:
            self.breaker.release_drain()
        # Looked at only after the lease has ended: whoever parked something since, and requested a drain in vain, must
        # not wait.
        if len(waiting) == DRAINED_AT_ONCE or self.parking.has_waiting():
            self.jobs.send(Job("", "drain"), DRAIN_EVERY)
        return f"drained-{len(waiting)}"

    def ensure_progress(self) -> None:
        """Request the probe or the drain that is due: their own message may have been lost with a queue."""
        if self.breaker.endpoint(fresh=True).state == EndpointState.FAILING:
            self.jobs.send(Job("", "probe"))
        self._request_drain()

    def _request_drain(self) -> None:
        """Request a drain if deliveries flow and something waits."""
        if self.breaker.endpoint(fresh=True).state == EndpointState.FLOWING and self.parking.has_waiting():
            self.jobs.send(Job("", "drain"))

    def _probe_until_conclusive(self) -> str:
        """Try parked changes until one says something about the endpoint.
        One that Graph does not show us says nothing.
        """
        until, is_unread = self.now() + SEARCH, False
        for candidate in self._probe_candidates():
            result = self._probe_with(candidate)
            telemetry.count("probes", end=result)
            if result not in ("no-news", "unread"):
                return result
            is_unread = is_unread or result == "unread"
            if self.now() > until:
                break
        return "failed" if is_unread else "nothing-to-send"

    def _probe_candidates(self) -> list[Parked]:
        """Return some of what waits, from a random id on, as the endpoint may choke on the first; round-robin across
        mailboxes: Graph may reject every event of one.
        """
        start = uuid.uuid4().hex
        waiting = self.parked.page(WAITING, LOOKED_AT, start)
        if len(waiting) < LOOKED_AT:
            waiting += [each for each in self.parked.page(WAITING, LOOKED_AT) if each.id <= start]
        random.shuffle(waiting)
        seen = Counter[str]()

        def rounds(parked: Parked) -> int:
            seen[parked.watch_id] += 1
            return seen[parked.watch_id]

        return sorted(waiting, key=rounds)[:MOST_TRIED]

    def _probe_with(self, parked: Parked) -> str:
        message = ChangeMessage(self.now(), (change_of(parked),), skip_settling=True, force=parked.force)
        (outcome,) = self.batches.process_mailbox(message, message.changes)
        if outcome.result == FAILED:
            self.failures.dispose_probe(message, outcome)
        if outcome.result == DELIVERED or outcome.disposition == Disposition.REJECT:
            self.parked.drop(WAITING, [parked])
            return "taken"
        if outcome.result == FAILED:
            return "failed" if outcome.disposition else "unread"
        if outcome.result not in (BUSY, COVERED):  # only possible when another instance's clock is ahead
            self.parked.drop(WAITING, [parked])
        return "no-news"
