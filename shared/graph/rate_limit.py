"""Keep calls under one of Graph's limits, over all threads of this process.

Rests on "Microsoft Graph service-specific throttling limits", section on subscriptions, per app and tenant: 500 writes
and 25 list calls in 20 seconds. What goes above is answered 429, and counts all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

WRITES = (475, 20.0, 1)  # the rest of the 500 is room for another instance's few, and for clocks that differ
LISTS = (18, 20.0, 5)


class RateLimiter:
    """Hands out places at an even pace, `calls` in `seconds`; the first `burst` of them at once."""

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
        """Return when the next call may be sent."""
        with self._lock:
            mine = max(self._next, self._now())
            self._next = mine + self._step
        wait = (mine - self._early - self._now()).total_seconds()
        if wait > 0:
            self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """Give out no place for so long: Graph has said that it is too much."""
        with self._lock:
            self._next = max(self._next, self._now() + timedelta(seconds=seconds) + self._early)
