"""What happens when: a list of acts by time. All randomness of a simulation comes from its seed."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta

DAY = timedelta(days=1)
Act = Callable[[], object]


class Agenda:
    """Acts from `start` to `end`, which is not included."""

    def __init__(self, seed: int, start: datetime, end: datetime) -> None:
        self.chance = random.Random(seed)
        self.start, self.end = start, end
        self._acts: list[tuple[datetime, int, Act]] = []
        self._numbers = itertools.count()

    def at(self, moment: datetime, act: Act) -> None:
        """Plan an act."""
        heapq.heappush(self._acts, (moment, next(self._numbers), act))

    def every(self, period: timedelta, first: timedelta, act: Act) -> None:
        """Plan an act at regular times, the first some time after the start."""
        moment = self.start + first
        while moment < self.end:
            self.at(moment, act)
            moment += period

    def now_and_then(self, per_day: float, act: Act) -> None:
        """Plan an act at random times."""
        moment = self.start
        while (moment := moment + self.chance.expovariate(per_day) * DAY) < self.end:
            self.at(moment, act)

    def at_least_once(self, per_day: float, act: Act) -> None:
        """Plan an act at random times, and at one time in any case."""
        self.at(self.start + self.chance.random() * (self.end - self.start), act)
        self.now_and_then(per_day, act)

    def hours(self, least: float, most: float) -> timedelta:
        """Return a random duration."""
        return timedelta(hours=self.chance.uniform(least, most))

    def next(self) -> tuple[datetime, Act] | None:
        """Return the next act and its time, and forget it; None after the last."""
        if not self._acts or self._acts[0][0] >= self.end:
            return None
        moment, _, act = heapq.heappop(self._acts)
        return moment, act
