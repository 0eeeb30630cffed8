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
from shared.reliability.retry_schedule import LONGEST_WISH
from shared.storage.partner_endpoint import FAILING, FLOWING, Endpoint, Endpoints

FAILURES = 10  # in a row, within WITHIN, open the breaker: one event that always fails is tried less often than that
WITHIN = timedelta(seconds=60)
FRESH = timedelta(seconds=1)  # that the shared state may be old: an administrator's pause takes effect within it
FIRST_PROBE = timedelta(seconds=5)
PROBE_EVERY = timedelta(seconds=30)  # in the long run
LEASE = timedelta(seconds=60)  # longer than a probe takes
SLACK = timedelta(seconds=2)  # that a probe's message may come early
# A step of the drain asks for the next one a second later than that: who comes sooner belongs to another chain, which
# ends. Clocks may differ by the second.
DRAIN_LEASE = timedelta(seconds=2)

_logger = logging.getLogger("relay.gate")


class Gate:
    """One for a process. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, endpoints: Endpoints, now: Callable[[], datetime]) -> None:
        self._endpoints = endpoints
        self._now = now
        self._lock = threading.Lock()
        # When, with which status, and until when the partner asked not to be called.
        self._failures: deque[tuple[datetime, int, datetime]] = deque(maxlen=FAILURES)
        self._read: tuple[datetime, Endpoint] | None = None

    def endpoint(self, *, fresh: bool = False) -> Endpoint:
        """Return the endpoint's state, at most FRESH old."""
        read = self._read
        if fresh or read is None or self._now() - read[0] >= FRESH:
            read = self._read = (self._now(), self._endpoints.read())
        return read[1]

    def is_open(self) -> bool:
        """Return whether changes may leave."""
        return self.endpoint().state == FLOWING

    def succeeded(self) -> None:
        """Note a delivery that the partner took."""
        with self._lock:
            self._failures.clear()

    def failed(self, status: int, retry_after: float | None = None) -> str:
        """Note a delivery that failed and may have failed for all; if that is one too many, say how they all failed.

        `retry_after` are the seconds that the partner asked for: no probe goes out sooner.
        """
        now, wish = self._now(), timedelta(seconds=min(retry_after or 0.0, LONGEST_WISH))
        with self._lock:
            self._failures.append((now, status, now + wish))
            moments, statuses, _ = zip(*self._failures, strict=True)
        if len(moments) < FAILURES or moments[-1] - moments[0] > WITHIN:
            return ""
        return ", ".join(sorted({str(one or "no answer") for one in statuses}))

    def put(self, state: str, reason: str, *, only_from: tuple[str, ...] = ()) -> bool:
        """Put the endpoint into a state, if it is in another one (of `only_from`, if given); return whether it was."""
        while True:
            endpoint = self.endpoint(fresh=True)
            if endpoint.state == state or (only_from and endpoint.state not in only_from):
                return False
            now = self._now()
            probe_at = now + self.wait_for_probe(0) if state == FAILING else None
            news = {"state": state, "since": now, "reason": reason, "probe_at": probe_at, "probes": 0, "drain_at": None}
            if self._endpoints.change(endpoint, **news) is not None:
                break
        self._read = None
        self.succeeded()  # whatever failed before is in the reason now
        _logger.log(
            logging.INFO if state == FLOWING else logging.ERROR, "The partner's endpoint is %s: %s", state, reason
        )
        telemetry.count("endpoint", state=state)
        return True

    def wants_probe(self) -> bool:
        """Return whether a probe may go out now."""
        return self._wants_probe(self.endpoint(fresh=True))

    def claim_probe(self) -> bool:
        """Return whether this caller may probe now; then nobody else may for LEASE."""
        endpoint, now = self.endpoint(fresh=True), self._now()
        if not self._wants_probe(endpoint):
            return False
        return self._endpoints.change(endpoint, probe_at=now + LEASE, probes=endpoint.probes + 1) is not None

    def wait_for_probe(self, probes: int) -> timedelta:
        """Return after which time the probe after so many may go out: soon at first, then later, and never sooner than
        the partner asked for.
        """
        now = self._now()
        with self._lock:
            wishes = [until - now for moment, _, until in self._failures if now - moment <= WITHIN]
        return max([min(FIRST_PROBE * (1 << min(probes, 10)), PROBE_EVERY), *wishes])

    def probe_failed(self, until: datetime) -> None:
        """Give the claim back; the next probe may go out at `until`."""
        self._endpoints.change(self.endpoint(fresh=True), probe_at=until)

    def claim_drain(self) -> bool:
        """Return whether this caller may take a step of the drain now; then nobody else may for DRAIN_LEASE."""
        endpoint, now = self.endpoint(fresh=True), self._now()
        if endpoint.state != FLOWING or (endpoint.drain_at is not None and endpoint.drain_at > now):
            return False
        return self._endpoints.change(endpoint, drain_at=now + DRAIN_LEASE) is not None

    def end_drain(self) -> None:
        """Give the claim back."""
        self._endpoints.change(self.endpoint(fresh=True), drain_at=None)

    def _wants_probe(self, endpoint: Endpoint) -> bool:
        return endpoint.state == FAILING and (endpoint.probe_at is None or endpoint.probe_at <= self._now() + SLACK)
