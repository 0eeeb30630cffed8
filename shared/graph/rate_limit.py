"""Keep calls under one of Graph's limits, across all threads of this process. Several processes together may exceed it:
Graph then answers 429, which holds back the calls of the process that received it.

Reference: "Microsoft Graph service-specific throttling limits", section on subscriptions, per app and tenant: 500
writes, 500 reads by id and 25 list calls in 20 seconds. Calls above the limit are answered 429, and also count.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from shared.errors import GraphUnavailable
from shared.http.deadline import seconds_left

WRITES = (475, 20.0, 1)  # of 500: leaves room for a few calls of another instance, and for clock skew
READS = (475, 20.0, 1)  # of 500
LISTS = (18, 20.0, 5)
LONGEST_WAIT = 60.0  # seconds; a longer pause is an error, so that no worker sleeps beyond the host's functionTimeout
AGAIN_SECONDS = 10.0  # before a call is repeated after an error without Retry-After

Answer = TypeVar("Answer")


class RateLimiter:
    """Spaces calls evenly, `calls` in `seconds`; the first `burst` calls need not wait."""

    def __init__(
        self, calls: int, seconds: float, burst: int, now: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._step = timedelta(seconds=seconds / calls)
        self._early = self._step * (burst - 1)
        self._now = now
        self._sleep = sleep
        self._next = self._seen = now()
        self._lock = threading.Lock()

    def wait(self, longest: float = LONGEST_WAIT) -> None:
        """Wait until the next call may be sent.

        Raises GraphUnavailable 429 with Retry-After when that takes more than `longest` seconds: after `pause`.
        """
        with self._lock:
            now = self._clock()
            reserved = max(self._next, now)
            wait = (reserved - self._early - now).total_seconds()
            if wait > longest:
                raise GraphUnavailable(429, "HeldBack", retry_after=wait, is_rate=True)
            self._next = reserved + self._step
        if wait > 0:
            self._sleep(wait)

    def pause(self, seconds: float) -> None:
        """Hold back all calls for a time, after Graph throttled one."""
        with self._lock:
            self._next = max(self._next, self._clock() + timedelta(seconds=seconds) + self._early)

    def repeated(self, call: Callable[[], Answer], longest: float) -> Answer:
        """Return the answer of a call that reads. While Graph throttles or does not answer, hold back all calls, and
        repeat it for at most `longest` seconds, or until the thread's deadline (`within`). Raises GraphError.
        """
        end = self._now() + timedelta(seconds=min(longest, _seconds_left(longest)))
        while True:
            self.wait((end - self._now()).total_seconds())
            try:
                return call()
            except GraphUnavailable as error:
                wait = AGAIN_SECONDS if error.retry_after is None else error.retry_after
                if self._now() + timedelta(seconds=wait) > end:
                    raise
                self.pause(wait)

    def _clock(self) -> datetime:
        """Return the time. If the clock was set back, so is the reserved time: nobody waits for the difference."""
        now = self._now()
        if now < self._seen:
            self._next -= self._seen - now
        self._seen = now
        return now


def _seconds_left(otherwise: float) -> float:
    try:
        left = seconds_left()
    except TimeoutError:
        return 0.0
    return otherwise if left is None else left
