"""The counts of many runs, and the verbs that were drawn too rarely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.schedules.plan import CALM_VERBS, FILLERS, RELAY_VERBS, WILD_VERBS, Plan

if TYPE_CHECKING:
    from tests.schedules.history import Outcome
    from tests.schedules.trace import Trace

LEAST_SHARE = 0.01  # of the events, for each verb
ENOUGH = 30_000  # events, to judge the shares of verbs: about 250 runs of two weeks
VERBS = (*RELAY_VERBS, *CALM_VERBS, *WILD_VERBS)
LIE = "lie: "


@dataclass
class Tally:
    """The counts. `minutes` and `longest`: without a living subscription, by what ended the last one."""

    runs: int = 0
    points: int = 0
    watches: Counter[int] = field(default_factory=Counter)  # runs by their number of mailboxes
    verbs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    deletions: Counter[str] = field(default_factory=Counter)
    minutes: Counter[str] = field(default_factory=Counter)
    longest: dict[str, tuple[timedelta, str]] = field(default_factory=dict)

    def add(self, plan: Plan, outcome: Outcome, trace: Trace) -> None:
        """Count a run."""
        self.runs += 1
        self.points += outcome.points
        self.watches[plan.mailboxes] += 1
        self.verbs.update(outcome.verbs)
        self.faults.update(choice.fault for choice in trace.deviations.values() if choice.fault)
        self.deletions.update(outcome.deletions)
        self.minutes.update(outcome.minutes)
        self._longer((cause, (time, f"seed {plan.seed}: {text}")) for cause, (time, text) in outcome.longest.items())

    def merge(self, other: Tally) -> None:
        """Add the counts of other runs."""
        self.runs += other.runs
        self.points += other.points
        for mine, its in ((self.verbs, other.verbs), (self.faults, other.faults), (self.deletions, other.deletions),
                          (self.minutes, other.minutes)):  # fmt: skip
            mine.update(its)
        self.watches.update(other.watches)
        self._longer(other.longest.items())

    @property
    def events(self) -> int:
        """The number of acts; the routine of timers and queues does not count."""
        return sum(number for verb, number in self.verbs.items() if verb not in FILLERS)

    def rare(self, verbs: Iterable[str] = VERBS) -> list[str]:
        """Return the verbs below their share of the events."""
        return [verb for verb in verbs if self.verbs[verb] < LEAST_SHARE * self.events]

    def _longer(self, items: Iterable[tuple[str, tuple[timedelta, str]]]) -> None:
        for cause, one in items:
            self.longest[cause] = max(self.longest.get(cause, (timedelta(), "")), one)

    def __str__(self) -> str:
        lies = {verb.removeprefix(LIE): number for verb, number in self.verbs.items() if verb.startswith(LIE)}
        verbs = {verb: number for verb, number in self.verbs.items() if not verb.startswith(LIE)}
        longest = "; ".join(f"{cause}: {length} ({text})" for cause, (length, text) in sorted(self.longest.items()))
        return "\n".join([
            f"{self.runs} runs, {self.points} points, {self.events} events",
            _line("runs by number of watches", {str(size): runs for size, runs in sorted(self.watches.items())}),
            _line("verbs", verbs), _line("lies", lies), _line("faults", self.faults),
            _line("deletions by reason", self.deletions),
            _line("minutes without a living subscription, by cause", self.minutes), f"longest, by cause: {longest}",
        ])  # fmt: skip


def _line(name: str, counts: Mapping[str, int]) -> str:
    return f"{name}: " + ", ".join(f"{what} {number}" for what, number in sorted(counts.items()))
