"""The circuit breaker: whether deliveries are allowed, by the shared state of the partner's endpoint.

While the partner is down, each attempt costs an execution and occupies a worker until the timeout. So after repeated
failures only one probe at a time is sent, and changes are parked. Each process counts failures by itself; the state
that results is shared by all instances.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from shared import telemetry
from shared.moments import LARGEST_SKEW, is_impossible
from shared.reliability.retry_schedule import MAX_RETRY_AFTER
from shared.storage.partner_endpoint import Endpoint, Endpoints, EndpointState

FAILURES = 10  # in a row, within WITHIN, open the breaker; retries of a single failing event are less frequent
WITHIN = timedelta(seconds=60)
# Maximum age of the cached endpoint state: an administrator's pause takes effect within it.
FRESH = timedelta(seconds=1)
FIRST_PROBE = timedelta(seconds=5)
LONGEST_WAIT = timedelta(seconds=MAX_RETRY_AFTER)
PROBE_EVERY = timedelta(seconds=30)  # maximum interval between probes, unless a Retry-After is longer
PROBE_LEASE = timedelta(seconds=60)  # longer than a probe takes
SLACK = timedelta(seconds=2)  # tolerance for a probe's message that arrives early
# The next step of a drain arrives one second after the lease expires, which allows for a clock difference. An earlier
# message belongs to a duplicate chain and is dropped.
DRAIN_LEASE = timedelta(seconds=2)

_logger = logging.getLogger("relay.circuit_breaker")


class CircuitBreaker:
    """One instance per process. Methods raise ServiceUnavailable or ConfigurationError when storage fails.

    The leases for the probe and the drain are columns of the endpoint's row, so that one write changes them together
    with the state.
    """

    def __init__(self, endpoints: Endpoints, now: Callable[[], datetime]) -> None:
        self._endpoints = endpoints
        self._now = now
        self._lock = threading.Lock()
        # Of each failure: its time, its status, and the end of its Retry-After.
        self._failures: deque[tuple[datetime, int, datetime]] = deque(maxlen=FAILURES)
        self._cached: tuple[datetime, Endpoint] | None = None

    def endpoint(self, *, fresh: bool = False) -> Endpoint:
        """Return the endpoint's state, at most FRESH old."""
        cached = self._cached
        if fresh or cached is None or self._now() - cached[0] >= FRESH:
            cached = self._cached = (self._now(), self._endpoints.read())
        return cached[1]

    def allows_delivery(self) -> bool:
        """Return whether changes may be delivered now."""
        return self.endpoint().state == EndpointState.FLOWING

    def record_success(self) -> None:
        """Record a successful delivery, which ends the series of failures."""
        with self._lock:
            self._failures.clear()

    def record_failure(self, status: int, retry_after: float | None = None) -> str:
        """Record a failure that may concern the whole endpoint. If the breaker should open, return the statuses of the
        failures, otherwise an empty text.

        `retry_after`: the seconds of the partner's Retry-After; no probe is sent before.
        """
        now, wait = self._now(), timedelta(seconds=min(retry_after or 0.0, MAX_RETRY_AFTER))
        with self._lock:
            self._failures.append((now, status, now + wait))
            moments, statuses, _ = zip(*self._failures, strict=True)
        if len(moments) < FAILURES or moments[-1] - moments[0] > WITHIN:
            return ""
        return ", ".join(sorted({str(failed_status or "no answer") for failed_status in statuses}))

    def transition(self, state: EndpointState, reason: str, *, only_from: tuple[EndpointState, ...] = ()) -> bool:
        """Change the endpoint's state, if it is in another state (of `only_from`, if given); return whether it did."""
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
        self.record_success()  # the failures so far led to this state and must not count again
        level = logging.INFO if state == EndpointState.FLOWING else logging.ERROR
        _logger.log(level, "The partner's endpoint is %s: %s", state, reason)
        telemetry.count("endpoint", state=state)
        return True

    def probe_due(self) -> bool:
        """Return whether a probe may be sent now."""
        return self._probe_due(self.endpoint(fresh=True))

    def acquire_probe(self) -> bool:
        """Acquire the probe's lease for PROBE_LEASE; return whether a probe is due and the lease was free."""
        endpoint, now = self.endpoint(fresh=True), self._now()
        if not self._probe_due(endpoint):
            return False
        return self._endpoints.change(endpoint, probe_at=now + PROBE_LEASE, probes=endpoint.probes + 1) is not None

    def release_probe(self, until: datetime) -> None:
        """Release the lease of a failed probe; the next probe may be sent at `until`."""
        self._endpoints.change(self.endpoint(fresh=True), probe_at=until)

    def wait_for_probe(self, probes: int) -> timedelta:
        """Return the wait before the next probe after `probes` probes: exponential up to PROBE_EVERY, and at least the
        partner's Retry-After.
        """
        now = self._now()
        with self._lock:
            waits = [until - now for moment, _, until in self._failures if now - moment <= WITHIN]
        return max([min(FIRST_PROBE * (1 << min(probes, 10)), PROBE_EVERY), *waits])

    def acquire_drain(self) -> bool:
        """Acquire the drain's lease for DRAIN_LEASE; return whether deliveries are flowing and the lease was free."""
        endpoint, now = self.endpoint(fresh=True), self._now()
        is_held = endpoint.drain_at is not None and now < endpoint.drain_at <= now + DRAIN_LEASE + LARGEST_SKEW
        if endpoint.state != EndpointState.FLOWING or is_held:
            return False
        return self._endpoints.change(endpoint, drain_at=now + DRAIN_LEASE) is not None

    def release_drain(self) -> None:
        """Release the drain's lease."""
        self._endpoints.change(self.endpoint(fresh=True), drain_at=None)

    def _probe_due(self, endpoint: Endpoint) -> bool:
        is_failing = endpoint.state == EndpointState.FAILING
        now, at = self._now(), endpoint.probe_at
        return is_failing and (at is None or at <= now + SLACK or is_impossible(at - LONGEST_WAIT, now))
