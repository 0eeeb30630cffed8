"""Probe whether the partner's endpoint is back, then drain the parked changes at a bounded rate."""

from __future__ import annotations

import logging
import random
import uuid
from collections import Counter
from dataclasses import dataclass, replace

from shared import telemetry
from shared.delivery.batch import Batches
from shared.delivery.failures import Failures
from shared.delivery.outcome import BUSY, COVERED, DELIVERED, FAILED
from shared.errors import RelayError
from shared.graph.clock import GraphClock
from shared.messages import ChangeMessage, Job
from shared.partner.status_policy import Disposition
from shared.queues import JobQueue
from shared.reliability.circuit_breaker import PROBE_LEASE, CircuitBreaker
from shared.reliability.parking import Parking, change_of
from shared.storage.parked import WAITING, Parked, ParkedChanges
from shared.storage.partner_endpoint import EndpointState

MOST_TRIED = 20  # parked changes that a probe reads at most, to find one that it can deliver
PAGE_SIZE = 100  # parked changes from which it chooses these
SEARCH = PROBE_LEASE / 4  # time limit of the search, so that the last delivery ends within the lease
DRAINED_AT_ONCE = 100
DRAIN_EVERY = 3.0  # seconds: at most 33 changes a second, which leaves capacity for new changes

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
    clock: GraphClock

    def probe(self) -> str:
        """Send one parked change to a failing endpoint, and return the result.

        If the partner takes it, close the circuit breaker and request a drain; otherwise request the next probe.
        """
        if not self.breaker.probe_due():
            self._request_drain()  # an earlier, successful probe may have crashed before it could request the drain
            return "not-now"
        # Queue the next probe before taking the lease: after a crash or a queue failure, a lease without a probe that
        # follows it would end the chain.
        self.jobs.send(Job("", "probe"), PROBE_LEASE.total_seconds() + 1)
        try:
            is_acquired = self.breaker.acquire_probe()
        except RelayError as error:
            # That probe follows. If this one were put back as well, they would double at each failure.
            _logger.warning("A probe was not sent: %s", error)
            is_acquired = False
        if not is_acquired:
            return "not-now"
        result = self._probe_until_conclusive()
        if result in ("taken", "nothing-to-send"):
            text = "the partner accepts deliveries again"
            self.breaker.transition(EndpointState.FLOWING, text, only_from=(EndpointState.FAILING,))
            self.jobs.send(Job("", "drain"))
        else:
            wait = self.breaker.wait_for_probe(self.breaker.endpoint(fresh=True).probes)
            until = self.clock.now() + wait
            # Needed although a probe was queued above: that one may arrive before `until`, when it does nothing.
            self.jobs.send(Job("", "probe"), wait.total_seconds())
            self.breaker.release_probe(until)
        return result

    def drain(self) -> str:
        """Put up to DRAINED_AT_ONCE parked changes back on the queue, each event once, and request the next step if
        there are more. Only one drain runs at a time, however many are requested.
        """
        if not self.breaker.acquire_drain():
            return "not-now"
        waiting = self.parked.page(WAITING, DRAINED_AT_ONCE)
        self.parking.requeue(WAITING, waiting)
        self._wake_features()
        if len(waiting) < DRAINED_AT_ONCE:
            self.breaker.release_drain()
        # Check this only after releasing the lease: a change may have been parked since, and the drain that was
        # requested for it may have found the lease taken.
        if len(waiting) == DRAINED_AT_ONCE or self.parking.has_waiting():
            self.jobs.send(Job("", "drain"), DRAIN_EVERY)
        return f"drained-{len(waiting)}"

    def ensure_progress(self) -> None:
        """Request the probe or drain that is due, because its message may have been lost."""
        if self.breaker.endpoint(fresh=True).state == EndpointState.FAILING:
            self.jobs.send(Job("", "probe"))
        self._request_drain()

    def _request_drain(self) -> None:
        """Request a drain if deliveries are flowing and changes are parked."""
        if self.breaker.endpoint(fresh=True).state == EndpointState.FLOWING and self.parking.has_waiting():
            self.jobs.send(Job("", "drain"))

    def _probe_until_conclusive(self) -> str:
        """Try parked changes until one gives information about the endpoint, and return the result.

        A change whose event cannot be read, or that needs no delivery, gives none.
        """
        deadline, is_unread = self.clock.now() + SEARCH, False
        for candidate in self._probe_candidates():
            result = self._probe_with(candidate)
            telemetry.count("probes", end=result)
            if result not in ("no-news", "unread"):
                return result
            is_unread = is_unread or result == "unread"
            if self.clock.now() > deadline:
                return "failed" if is_unread else "nothing-to-send"
        result = self._probe_with_features()
        return "failed" if is_unread and result == "nothing-to-send" else result

    def _probe_with_features(self) -> str:
        """Offer what a feature has to deliver as the probe, when no parked change could be."""
        for source, backlog in self.parking.backlogs().items():
            try:
                result = backlog.probe()
            except RelayError as error:
                _logger.warning("Nothing of %s could be sent as a probe: %s", source, error)
                continue
            if result != "nothing-to-send":
                telemetry.count("probes", end=result)
                return result
        return "nothing-to-send"

    def _wake_features(self) -> None:
        """Have features send what they have to deliver. Their own runs do so, too, if this fails."""
        for source, backlog in self.parking.backlogs().items():
            try:
                backlog.wake()
            except RelayError as error:
                _logger.warning("What %s has to deliver waits for its next run: %s", source, error)

    def _probe_candidates(self) -> list[Parked]:
        """Return up to MOST_TRIED parked changes, from a random id on: the endpoint may fail on the first one only.

        Choose round-robin across mailboxes: Graph may reject every event of one.
        """
        start = uuid.uuid4().hex
        waiting = self.parked.page(WAITING, PAGE_SIZE, start)
        if len(waiting) < PAGE_SIZE:
            waiting += [each for each in self.parked.page(WAITING, PAGE_SIZE) if each.id <= start]
        random.shuffle(waiting)
        seen = Counter[str]()

        def rounds(parked: Parked) -> int:
            seen[parked.watch_id] += 1
            return seen[parked.watch_id]

        return sorted(waiting, key=rounds)[:MOST_TRIED]

    def _probe_with(self, parked: Parked) -> str:
        changes = (change_of(parked),)
        message = ChangeMessage(self.clock.hint(), changes, parked.attempts, skip_settling=True, force=parked.force)
        message = replace(message, origin="backfill")
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
