"""The counts of many runs, and the verbs that were drawn too rarely."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.deliveries.plan import FILLERS, VERBS

if TYPE_CHECKING:
    from tests.deliveries.history import Outcome
    from tests.schedules.trace import Trace

LEAST_SHARE = 0.01  # of the events, for each verb
ENOUGH = 5_000  # events, to judge the shares of verbs


@dataclass
class Tally:
    """The counts. `sizes`: the points of each run. `failed`: runs by the kinds of failure that each had."""

    runs: int = 0
    verbs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    work: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)

    def add(self, outcome: Outcome, trace: Trace) -> None:
        """Count a run."""
        self.runs += 1
        self.sizes.append(outcome.points)
        self.verbs.update(outcome.verbs)
        self.kinds.update(outcome.kinds)
        self.work.update(outcome.work)
        self.faults.update(choice.fault for choice in trace.deviations.values() if choice.fault)

    def merge(self, other: Tally) -> None:
        """Add the counts of other runs."""
        self.runs += other.runs
        self.sizes += other.sizes
        for mine, its in ((self.verbs, other.verbs), (self.faults, other.faults), (self.kinds, other.kinds),
                          (self.work, other.work), (self.failed, other.failed)):  # fmt: skip
            mine.update(its)

    @property
    def events(self) -> int:
        """The number of acts; the routine of timers and queues does not count."""
        return sum(number for verb, number in self.verbs.items() if verb not in FILLERS)

    def rare(self) -> list[str]:
        """Return the verbs below their share of the events."""
        return [verb for verb in VERBS if self.verbs[verb] < LEAST_SHARE * self.events]

    def __str__(self) -> str:
        median = statistics.median(self.sizes) if self.sizes else 0
        return "\n".join([
            f"{self.runs} runs, {sum(self.sizes)} points (median {median:g}), {self.events} events",
            _line("verbs", self.verbs), _line("faults", self.faults), _line("attempts", self.kinds),
            _line("work", self.work), _line("runs by kind of failure", self.failed),
        ])  # fmt: skip


def _line(name: str, counts: Mapping[str, int]) -> str:
    return f"{name}: " + ", ".join(f"{what} {number}" for what, number in sorted(counts.items()))
