"""The queue of one run's steps and their results, shared by its workers."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.errors import GraphUnauthorized, GraphUnavailable
from shared.graph.rate_limit import LONGEST_WAIT
from shared.subscriptions.plan import Step

GIVE_UP = 12  # consecutive failures without a response, of one or two calls each: Graph is down, so end the run
REPORT_EVERY = timedelta(seconds=5)

_logger = logging.getLogger("relay.reconcile")


@dataclass
class Run:
    """The remaining steps and the results so far. Thread-safe."""

    now: Callable[[], datetime]
    stop: datetime
    left: deque[tuple[Step, int]]
    reported: datetime
    total: int = field(default=0, init=False)
    results: Counter[str] = field(default_factory=Counter, init=False)
    unanswered: int = field(default=0, init=False)
    has_answer: bool = field(default=False, init=False)
    is_unauthorized: bool = field(default=False, init=False)
    held_for: float = field(default=0.0, init=False)  # seconds for which Graph allows no further writes
    lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def add(self, steps: Iterable[Step]) -> None:
        """Add steps, which are carried out in this order."""
        with self.lock:
            self.left.extend((step, 0) for step in steps)
            self.total = self.results.total() + len(self.left)

    def next(self) -> tuple[Step, int] | None:
        """Return the next step and its number of failed attempts; None if there is none, or the run is over."""
        with self.lock:
            return None if self.is_over or not self.left else self.left.popleft()

    @property
    def is_over(self) -> bool:
        """Whether the time is up, Graph does not answer, allows no writes for a while, or accepts no token."""
        return self.now() >= self.stop or self.unanswered >= GIVE_UP or self.is_unauthorized or self.held_for > 0

    def put_back(self, step: Step, attempts: int, error: GraphUnavailable) -> bool:
        """Put a step back, unless the run gives up; return whether it was put back.

        Steps throttled for a rate go to the front (the rate limiter waits), others to the back.
        """
        with self.lock:
            if error.status == 429 and error.is_rate:
                self.left.appendleft((step, attempts + 1))
                is_long = (error.retry_after or 0) > LONGEST_WAIT
                self.held_for = max(self.held_for, error.retry_after or 0 if is_long else 0)
                return True
            self._count(has_answer=error.status == 429)
            if self.unanswered < GIVE_UP:
                self.left.append((step, attempts + 1))
            return self.unanswered < GIVE_UP

    def put_aside(self) -> None:
        """Leave the remaining steps to a later run."""
        with self.lock:
            self.results["waiting"] += len(self.left)
            self.left.clear()

    def record(self, result: str, error: Exception | None = None) -> None:
        """Count a result, and log the progress every REPORT_EVERY."""
        with self.lock:
            self.results[result] += 1
            is_throttled = isinstance(error, GraphUnavailable) and error.status == 429
            self._count(has_answer=is_throttled or result != "unanswered")
            self.is_unauthorized = self.is_unauthorized or isinstance(error, GraphUnauthorized)
            done, now = self.results.total(), self.now()
            if now - self.reported < REPORT_EVERY and done < self.total:
                return
            self.reported = now
        _logger.info("Subscriptions: %d of %d steps done (%s)", done, self.total, summary(self.results))

    def _count(self, *, has_answer: bool) -> None:
        """Count the consecutive calls without an answer."""
        self.unanswered = 0 if has_answer else self.unanswered + 1
        self.has_answer = self.has_answer or has_answer


def summary(results: Counter[str]) -> str:
    """Return the results as text."""
    return ", ".join(f"{number} {result}" for result, number in sorted(results.items()))
