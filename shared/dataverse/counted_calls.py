"""Count the calls of Dataverse for the doctor: its limits and licences are by calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from shared.dynamics.client import CallBreaker
from shared.dynamics.errors import DynamicsUnavailable
from shared.errors import RelayError
from shared.storage.pairs.call_counts import CallCounts

EVERY = timedelta(minutes=1)  # a process stores its number so often; what it counted since is lost when it ends


@dataclass
class CountedCalls:
    """Implements shared.dynamics.client.CallBreaker by another one, and counts each call that was made."""

    breaker: CallBreaker
    counts: CallCounts
    now: Callable[[], datetime]
    _pending: int = field(default=0, init=False)
    _stored_at: datetime | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def require(self) -> None:
        """Raise what the circuit breaker raises: a call that is not made is not counted."""
        self.breaker.require()

    def record(self, error: DynamicsUnavailable | None) -> None:
        """Count a call, and note how it ended."""
        if number := self._due():
            self._store(number)
        self.breaker.record(error)

    def _due(self) -> int:
        """Count a call; return the number to store now, 0 for none."""
        with self._lock:
            self._pending += 1
            if self._stored_at is not None and self.now() - self._stored_at < EVERY:
                return 0
            number, self._pending, self._stored_at = self._pending, 0, self.now()
            return number

    def _store(self, number: int) -> None:
        """Store a number. A failure must not end the call that was made: the number is kept until the next minute."""
        try:
            self.counts.add(number)
        except RelayError:
            with self._lock:
                self._pending += number
