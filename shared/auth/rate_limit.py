"""Limits the calls per minute of each caller with a token bucket; a call that names several mailboxes counts as
several. Counts in this process only: with n instances, a caller may have n times as many.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """What a caller has left: `remaining` calls at once, and another after `next_in` seconds, up to `per_minute`."""

    per_minute: int
    remaining: int
    next_in: int


class CallRateLimiter:
    """Counts calls by caller name. Only authenticated callers are counted, so there are few names."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, per_minute: int) -> float:
        """Take one token and return 0, or return the seconds until one is available."""
        with self._lock:
            now = self._now()
            tokens = self._tokens(name, per_minute, now)
            taken = tokens >= 1
            self._buckets[name] = (tokens - 1 if taken else tokens, now)
        return 0.0 if taken else (1 - tokens) * 60 / per_minute

    def quota(self, name: str, per_minute: int) -> Quota:
        """Return what a caller has left, without taking a token."""
        with self._lock:
            tokens = self._tokens(name, per_minute, self._now())
        remaining = max(0, math.floor(tokens))
        lacking = min(remaining + 1, per_minute) - tokens
        return Quota(per_minute, remaining, math.ceil(lacking * 60 / per_minute))

    def _tokens(self, name: str, per_minute: int, now: float) -> float:
        tokens, at = self._buckets.get(name, (float(per_minute), now))
        return min(per_minute, tokens + (now - at) * per_minute / 60)

    def charge(self, name: str, number: int, per_minute: int) -> None:
        """Take further tokens for a call that was admitted; the caller's next calls wait until they are earned back."""
        with self._lock:
            tokens, at = self._buckets.get(name, (float(per_minute), self._now()))
            self._buckets[name] = (tokens - number, at)
