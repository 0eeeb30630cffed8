"""How many watches there may be in all (MOST_WATCHES), so that no caller's mistake runs away with quota and cost.

The rows are counted at most every few minutes, and what this process adds meanwhile is counted with them. With several
instances the limit may be passed by what the others add between two counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from shared import problems
from shared.errors import RequestRejected

KEEP = timedelta(minutes=5)
KEEP_WHEN_FULL = timedelta(seconds=2)  # recount quickly when full, so a freed place is usable


class WatchQuota:
    """How many more watches there may be; safe for use from several threads."""

    def __init__(self, count: Callable[[], int], most: Callable[[], int], now: Callable[[], datetime]) -> None:
        self._count = count
        self._most = most
        self._now = now
        self._used = 0
        self._counted: datetime | None = None
        self._lock = threading.Lock()

    def reserve(self) -> bool:
        """Reserve room for a new watch; False when there is none left."""
        with self._lock:
            if self._left() <= 0:
                return False
            self._used += 1
            return True

    def release(self) -> None:
        """Give back what was reserved and not used."""
        with self._lock:
            self._used -= 1

    def check(self) -> None:
        """Raise RequestRejected 409 when there is no room left."""
        with self._lock:
            if self._left() <= 0:
                raise self.rejection()

    def rejection(self) -> RequestRejected:
        """Return the error for a caller who wants a watch too many."""
        text = (
            f"The relay watches as many mailboxes as MOST_WATCHES allows ({self._most()}). "
            "Remove one that is not needed, or ask the customer's IT to raise it."
        )
        return RequestRejected(problems.TOO_MANY_SUBSCRIPTIONS, text)

    def _left(self) -> int:
        """Return how many may still be made, counted anew when the count is old, or full and older than a moment."""
        most, age = self._most(), self._now() - self._counted if self._counted else None
        if age is None or age >= KEEP or (self._used >= most and age >= KEEP_WHEN_FULL):
            self._used, self._counted = self._count(), self._now()
        return most - self._used
