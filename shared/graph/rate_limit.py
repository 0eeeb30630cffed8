"""Keep calls under one of Graph's limits, across all threads of this process.

Reference: "Microsoft Graph service-specific throttling limits", section on subscriptions, per app and tenant: 500
writes and 25 list calls in 20 seconds. Calls above the limit are answered 429, and also count.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

WRITES = (475, 20.0, 1)  # of 500: leaves room for a few calls of another instance, and for clock skew
LISTS = (18, 20.0, 5)


class RateLimiter:
    """Spaces calls evenly, `calls` in `seconds`; the first `burst` calls need not wait."""

    def __init__(
        self, calls: int, seconds: float, burst: int, now: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._step = timedelta(seconds=seconds / calls)
        self._early = self._step * (burst - 1)
        self._now = now
        self._sleep = sleep
        self._next = now()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait until the next call may be sent."""
        with self._lock:
            reserved = max(self._next, self._now())
            self._next = reserved + self._step
        wait = (reserved - self._early - self._now()).total_seconds()
        if wait > 0:
            self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """Hold back all calls for a time, after Graph throttled one."""
        with self._lock:
            self._next = max(self._next, self._now() + timedelta(seconds=seconds) + self._early)
