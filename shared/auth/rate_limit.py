"""Calls per minute of each caller, counted in this process: a bucket that fills at that rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class CallRateLimiter:
    """Counts calls by the caller's name; names are those of recognized callers, and so they are few."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, per_minute: int) -> float:
        """Take one call out of the bucket and return 0, or the seconds until there is one again."""
        with self._lock:
            now = self._now()
            left, at = self._left.get(name, (float(per_minute), now))
            left = min(per_minute, left + (now - at) * per_minute / 60)
            taken = left >= 1
            self._left[name] = (left - 1 if taken else left, now)
        return 0.0 if taken else (1 - left) * 60 / per_minute
