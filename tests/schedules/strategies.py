"""Strategies: the recorded one, random ones, and PCT.

PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding
Bugs" (2010). Workers have random priorities, and at `depth` - 1 points drawn from the expected number of points the
running worker's priority falls below all others. A bug of that depth is found with a chance of at least
1 / (workers * points ** (depth - 1)).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from tests.schedules.scheduler import straight
from tests.schedules.trace import Choice, Point


class Recorded:
    """Replays deviations; whatever does not fit any more goes straight."""

    def __init__(self, deviations: Mapping[Point, Choice]) -> None:
        self._deviations = deviations

    def choose(self, point: Point, can: Sequence[str], faults: Sequence[str]) -> Choice:
        """Return the recorded choice, as far as it is possible here."""
        usual, recorded = straight(point.worker, can), self._deviations.get(point)
        if recorded is None:
            return usual
        fits = not recorded.fault or recorded.fault in faults
        return Choice(recorded.to if recorded.to in can else usual.to, recorded.fault if fits else "")


class Faults:
    """Draws the fault of a call, with a chance for each call, and at most so many in a round.

    First a kind is drawn, then which of that kind. Calls that write, whose answers can be lost, have faults more often:
    what a process has begun, and others do not know yet, is between its writes.
    """

    def __init__(self, chance: random.Random, rate: float = 0.0, most: int = 0, writes: float | None = None) -> None:
        self._chance, self._rate, self._most = chance, rate, most
        self._writes = rate if writes is None else writes
        self._round, self._left = "", most

    def draw(self, point: Point, faults: Sequence[str]) -> str:
        """Return a fault, mostly none."""
        if point.round != self._round:
            self._round, self._left = point.round, self._most
        rate = self._writes if "lost" in faults else self._rate
        if not faults or self._left <= 0 or self._chance.random() >= rate:
            return ""
        self._left -= 1
        kind = self._chance.choice([*dict.fromkeys(_kind_of(each) for each in faults)])
        return self._chance.choice([each for each in faults if _kind_of(each) == kind])


def _kind_of(fault: str) -> str:
    return fault.partition(" ")[0]


class Random:
    """Switches with a chance at each point."""

    def __init__(self, seed: int | str, switch: float = 0.3, faults: Faults | None = None) -> None:
        self._chance = random.Random(seed)
        self._switch = switch
        self._faults = faults or Faults(self._chance)

    def choose(self, point: Point, can: Sequence[str], faults: Sequence[str]) -> Choice:
        """Return a worker by chance, often the one that runs."""
        stays = point.worker in can and self._chance.random() >= self._switch
        return Choice(point.worker if stays else self._chance.choice(can), self._faults.draw(point, faults))


class Pct:
    """The worker with the highest priority runs; at `depth` - 1 points of a round the running one falls below those
    that have not fallen yet.

    `sizes` are numbers of points that rounds have, as far as known. The size of each round is expected to be one of
    them, or that of an earlier round of the run.
    """

    def __init__(
        self, seed: int | str, depth: int = 3, sizes: Sequence[int] = (30,), faults: Faults | None = None
    ) -> None:
        self._chance = random.Random(seed)
        self._depth, self._sizes = depth, [*sizes]
        self._faults = faults or Faults(self._chance)
        self._round: str | None = None
        self._priorities: dict[str, float] = {}
        self._changes: dict[int, int] = {}  # the new priority, by the number of the point in the round
        self._seen = 0

    def choose(self, point: Point, can: Sequence[str], faults: Sequence[str]) -> Choice:
        """Return the worker with the highest priority."""
        if point.round != self._round:
            self._begin(point.round, can)
        if point.worker:
            self._seen += 1
            if self._seen in self._changes:
                self._priorities[point.worker] = self._changes[self._seen]
        return Choice(max(can, key=self._priorities.__getitem__), self._faults.draw(point, faults))

    def _begin(self, name: str, workers: Sequence[str]) -> None:
        """Draw the priorities of all workers, which all can go on at the beginning of a round, and the changes.

        The changes are not ordered: whoever falls later may fall less.
        """
        if self._seen:
            self._sizes.append(self._seen)
        self._round, self._seen = name, 0
        order = self._chance.sample(workers, len(workers))
        self._priorities = {worker: self._depth + number for number, worker in enumerate(order)}
        size = max(self._chance.choice(self._sizes), self._depth)
        points = self._chance.sample(range(1, size + 1), self._depth - 1)
        self._changes = {point: number for number, point in enumerate(points, start=1)}
