"""Whether changes may leave for the partner now: the endpoint's shared state, and this process's circuit breaker.

When the partner is down, each try costs an execution and a place for the length of a time limit. So after failures in
a row nothing is tried any more but one probe at a time; changes are parked meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from shared import telemetry
from shared.reliability.retry_schedule import MAX_RETRY_AFTER
from shared.storage.partner_endpoint import Endpoint, Endpoints, EndpointState

FAILURES = 10  # in a row, within WITHIN, open the breaker: one event that always fails is tried less often than that
WITHIN = timedelta(seconds=60)
# Maximum age of the cached endpoint state: an administrator's pause takes effect within it.
FRESH = timedelta(seconds=1)
FIRST_PROBE = timedelta(seconds=5)
PROBE_EVERY = timedelta(seconds=30)  # in the long run
PROBE_LEASE = timedelta(seconds=60)  # longer than a probe takes
SLACK = timedelta(seconds=2)  # that a probe's message may come early
# A step of the drain asks for the next one a second later than that; an earlier message belongs to a duplicate chain
# and is dropped. Clocks may differ by the second.
DRAIN_LEASE = timedelta(seconds=2)

_logger = logging.getLogger("relay.circuit_breaker")


class CircuitBreaker:
    """One for a process. Methods raise ServiceUnavailable or ConfigurationError when storage fails.

    A probe and a step of the drain are leases in the endpoint's row, because the state changes with them in one write.
    """

    def __init__(self, endpoints: Endpoints, now: Callable[[], datetime]) -> None:
        self._endpoints = endpoints
        self._now = now
        self._lock = threading.Lock()
        # When, with which status, and until when the partner asked not to be called.
        self._failures: deque[tuple[datetime, int, datetime]] = deque(maxlen=FAILURES)
        self._cached: tuple[datetime, Endpoint] | None = None

    def endpoint(self, *, fresh: bool = False) -> Endpoint:
        """Return the endpoint's state, at most FRESH old."""
        cached = self._cached
        if fresh or cached is None or self._now() - cached[0] >= FRESH:
            cached = self._cached = (self._now(), self._endpoints.read())
        return cached[1]

    def allows_delivery(self) -> bool:
        """Return whether changes may leave."""
        return self.endpoint().state == EndpointState.FLOWING

    def record_success(self) -> None:
        """Note a delivery that the partner took."""
        with self._lock:
            self._failures.clear()

    def record_failure(self, status: int, retry_after: float | None = None) -> str:
        """Note a delivery that failed and may have failed for all; if that is one too many, say how they all failed.

        `retry_after` are the seconds that the partner asked for: no probe goes out sooner.
        """
        now, wait = self._now(), timedelta(seconds=min(retry_after or 0.0, MAX_RETRY_AFTER))
        with self._lock:
            self._failures.append((now, status, now + wait))
            moments, statuses, _ = zip(*self._failures, strict=True)
        if len(moments) < FAILURES or moments[-1] - moments[0] > WITHIN:
            return ""
        return ", ".join(sorted({str(each or "no answer") for each in statuses}))

    def transition(self, state: EndpointState, reason: str, *, only_from: tuple[EndpointState, ...] = ()) -> bool:
        """Put the endpoint into a state, if it is in another one (of `only_from`, if given); return whether it was."""
        while True:
            endpoint = self.endpoint(fresh=True)
            if endpoint.state == state or (only_from and endpoint.state not in only_from):
                return False
            now = self._now()
            probe_at = now + self.wait_for_probe(0) if state == EndpointState.FAILING else None
            changes = {"since": now, "reason": reason, "probe_at": probe_at, "probes": 0, "drain_at": None}
            if self._endpoints.change(endpoint, state=str(state), **changes) is not None:
                break
        self._cached = None
        self.record_success()  # whatever failed before is in the reason now
        level = logging.INFO if state == EndpointState.FLOWING else logging.ERROR
        _logger.log(level, "The partner's endpoint is %s: %s", state, reason)
        telemetry.count("endpoint", state=state)
        return True

    def probe_due(self) -> bool:
        """Return whether a probe may go out now."""
        return self._probe_due(self.endpoint(fresh=True))

    def acquire_probe(self) -> bool:
        """Return whether this caller may probe now; then nobody else may for PROBE_LEASE."""
        endpoint, now = self.endpoint(fresh=True), self._now()
        if not self._probe_due(endpoint):
            return False
        return self._endpoints.change(endpoint, probe_at=now + PROBE_LEASE, probes=endpoint.probes + 1) is not None

    def release_probe(self, until: datetime) -> None:
        """End the lease of a probe that failed; the next probe may go out at `until`."""
        self._endpoints.change(self.endpoint(fresh=True), probe_at=until)

    def wait_for_probe(self, probes: int) -> timedelta:
        """Return after which time the probe after so many may go out: soon at first, then later, and never sooner than
        the partner asked for.
        """
        now = self._now()
        with self._lock:
            waits = [until - now for moment, _, until in self._failures if now - moment <= WITHIN]
        return max([min(FIRST_PROBE * (1 << min(probes, 10)), PROBE_EVERY), *waits])

    def acquire_drain(self) -> bool:
        """Return whether this caller may take a step of the drain now; then nobody else may for DRAIN_LEASE."""
        endpoint, now = self.endpoint(fresh=True), self._now()
        if endpoint.state != EndpointState.FLOWING or (endpoint.drain_at is not None and endpoint.drain_at > now):
            return False
        return self._endpoints.change(endpoint, drain_at=now + DRAIN_LEASE) is not None

    def release_drain(self) -> None:
        """End the lease of a step of the drain."""
        self._endpoints.change(self.endpoint(fresh=True), drain_at=None)

    def _probe_due(self, endpoint: Endpoint) -> bool:
        is_failing = endpoint.state == EndpointState.FAILING
        return is_failing and (endpoint.probe_at is None or endpoint.probe_at <= self._now() + SLACK)
