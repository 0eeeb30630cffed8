"""The limit on the number of watches (MOST_WATCHES), so that a caller's mistake cannot exhaust Graph quota or cost.

The rows are counted at most every KEEP; between counts, this process adds its own new watches to the count. With
several instances the limit can be exceeded by what the other instances add between two counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from shared import problems
from shared.errors import RequestRejected

KEEP = timedelta(minutes=5)
KEEP_WHEN_FULL = timedelta(seconds=2)  # recount quickly when full, so that freed quota is usable


class WatchQuota:
    """Limits the number of watches; thread-safe."""

    def __init__(self, count: Callable[[], int], most: Callable[[], int], now: Callable[[], datetime]) -> None:
        self._count = count
        self._most = most
        self._now = now
        self._used = 0
        self._counted: datetime | None = None
        self._lock = threading.Lock()

    def reserve(self) -> bool:
        """Reserve quota for a new watch; return False when the limit is reached."""
        with self._lock:
            if self._left() <= 0:
                return False
            self._used += 1
            return True

    def release(self) -> None:
        """Release a reservation that was not used."""
        with self._lock:
            self._used -= 1

    def check(self) -> None:
        """Raise RequestRejected 409 when the limit is reached."""
        with self._lock:
            if self._left() <= 0:
                raise self.rejection()

    def rejection(self) -> RequestRejected:
        """Return the error for a watch beyond the limit."""
        text = (
            f"The relay watches as many mailboxes as MOST_WATCHES allows ({self._most()}). "
            "Delete a subscription that is not needed, or ask the customer's IT to raise MOST_WATCHES."
        )
        return RequestRejected(problems.TOO_MANY_SUBSCRIPTIONS, text)

    def _left(self) -> int:
        """Return the remaining quota. Recount after KEEP, or after KEEP_WHEN_FULL when the limit is reached."""
        most, age = self._most(), self._now() - self._counted if self._counted else None
        if age is None or age >= KEEP or (self._used >= most and age >= KEEP_WHEN_FULL):
            self._used, self._counted = self._count(), self._now()
        return most - self._used
