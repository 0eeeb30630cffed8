"""Queues in memory, whose messages become visible by the simulated clock."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta


class TimedQueue:
    """A queue whose messages become visible when they are due. `before` runs at every put."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.waiting: list[tuple[datetime, int, str]] = []
        self.before: Callable[[], None] = lambda: None
        self.drops_messages = False
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def put(self, text: str, delay: float = 0) -> None:
        """Put a message."""
        self.before()
        if self.drops_messages:
            return
        with self._lock:
            heapq.heappush(self.waiting, (self._now() + timedelta(seconds=delay), next(self._numbers), text))

    def next_due(self) -> str | None:
        """Return a message that is due, without removing it."""
        return self.waiting[0][2] if self.waiting and self.waiting[0][0] <= self._now() else None

    def done(self) -> None:
        """Remove the first message."""
        with self._lock:
            heapq.heappop(self.waiting)

    def depth(self) -> int:
        """Return how many messages there are."""
        return len(self.waiting)

    def due(self, most: int = 32) -> list[tuple[str, datetime]]:
        """Return the texts of the messages that are due, and since when."""
        return [(text, at) for at, _, text in sorted(self.waiting)[:most] if at <= self._now()]
