"""How many watches there may be in all (MOST_WATCHES), so that no caller's mistake runs away with quota and cost.

The rows are counted at most every few minutes, and what this process adds meanwhile is counted with them. With several
instances the limit may be passed by what the others add between two counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.errors import RequestRejected

KEEP = timedelta(minutes=5)
KEEP_WHEN_FULL = timedelta(seconds=2)  # who makes room has it soon


class WatchQuota:
    """The places for watches; safe for use from several threads."""

    def __init__(self, count: Callable[[], int], most: Callable[[], int], now: Callable[[], datetime]) -> None:
        self._count = count
        self._most = most
        self._now = now
        self._taken = 0
        self._counted: datetime | None = None
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a place for a new watch; False when there is none left."""
        with self._lock:
            if self._left() <= 0:
                return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        """Give back a place that was taken and not used."""
        with self._lock:
            self._taken -= 1

    def check(self) -> None:
        """Raise RequestRejected 409 when there is no place left."""
        with self._lock:
            if self._left() <= 0:
                raise self.refusal()

    def refusal(self) -> RequestRejected:
        """Return what a caller hears who asks for one too many."""
        text = (
            f"The relay watches as many mailboxes as MOST_WATCHES allows ({self._most()}). "
            "Remove one that is not needed, or ask the customer's IT to raise it."
        )
        return RequestRejected(409, "Too many subscriptions", text)

    def _left(self) -> int:
        """Return how many places are left, counted anew when the count is old, or older than a moment and says none."""
        most, age = self._most(), self._now() - self._counted if self._counted else None
        if age is None or age >= KEEP or (self._taken >= most and age >= KEEP_WHEN_FULL):
            self._taken, self._counted = self._count(), self._now()
        return most - self._taken
