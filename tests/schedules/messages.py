"""A queue with several consumers: a message that is taken is hidden for a while, and stays until it is done."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.simulation.queues import TimedQueue

HIDDEN = timedelta(minutes=10)  # while a message is processed
TRIED_AGAIN = timedelta(seconds=30)  # host.json: visibilityTimeout
TRIES = 5  # host.json: maxDequeueCount


class SharedQueue(TimedQueue):
    """Messages by number; `poison` are the texts that were tried TRIES times."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.tried: dict[int, int] = {}
        self.poison: list[str] = []

    def take(self) -> tuple[int, str] | None:
        """Return the first message that is due, and hide it."""
        if self.next_due() is None:
            return None
        _, number, text = heapq.heappop(self.waiting)
        self.tried[number] = self.tried.get(number, 0) + 1
        if self.tried[number] > TRIES:
            self.poison.append(text)
            return self.take()
        heapq.heappush(self.waiting, (self._now() + HIDDEN, number, text))
        return number, text

    def remove(self, number: int) -> None:
        """Remove a message, because it is done."""
        self.waiting = [each for each in self.waiting if each[1] != number]
        heapq.heapify(self.waiting)

    def give_back(self, number: int) -> None:
        """Show a message again soon, because its processing failed."""
        at = self._now() + TRIED_AGAIN
        self.waiting = [(at, number, text) if number == each else (due, each, text) for due, each, text in self.waiting]
        heapq.heapify(self.waiting)
