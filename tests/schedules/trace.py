"""What a run recorded: each call with what was chosen there, and the deviations that replay it.

A run without deviations goes straight: a worker keeps running until it ends or waits, then the first one that can
go on does. A deviation names its point by the round, the worker, and the number of that worker's point in the
round, so that it still means the same when other deviations, or whole rounds, are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Point(NamedTuple):
    """A moment at which the scheduler decides: the n-th of a worker in a round."""

    round: str
    worker: str
    number: int

    def __str__(self) -> str:
        return f"{self.round}/{self.worker}/{self.number}"


class Choice(NamedTuple):
    """Who goes on, and what happens to the call that was about to be made ("" for nothing unusual)."""

    to: str
    fault: str = ""


@dataclass
class Trace:
    """The calls of a run, and its deviations by point."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)  # worker, call, what was chosen
    deviations: dict[Point, Choice] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join(
            f"  {worker:<10} {call}{' -> ' + choice if choice else ''}" for worker, call, choice in self.calls
        )


def stored(deviations: Mapping[Point, Choice]) -> str:
    """Return deviations as text, one a line."""
    return "\n".join(json.dumps([*point, *choice]) for point, choice in deviations.items())


def read(lines: Iterable[str]) -> dict[Point, Choice]:
    """Return the deviations that `stored` wrote."""
    rows = (json.loads(line) for line in lines if line.strip())
    return {Point(name, worker, number): Choice(to, fault) for name, worker, number, to, fault in rows}
