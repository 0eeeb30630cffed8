"""`python -m tests.schedules --random 2h`: random schedules, faults and lies over two simulated weeks, on all CPUs.

`--random` is a time (90s, 30m, 2h) or a number of runs; --seed is drawn if it is not given. Each failure is shrunk,
and written to a file of dist/schedules, which `--replay FILE` runs again. Exits with 1 when a run failed, or when a
verb had less than its share of the events.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from tests.schedules import plan
from tests.schedules.campaign import Length, quiet, run_plan
from tests.schedules.many import Order, Result, amount, results
from tests.schedules.strategies import Recorded
from tests.schedules.tally import ENOUGH, Tally
from tests.schedules.trace import read

FOLDER = Path("dist/schedules")
PROGRESS = 60.0  # seconds between lines about how many runs there were
STOPPED = 130  # exit code after Ctrl-C, as in a shell


class Counts(Protocol):
    """The counts of runs."""

    runs: int

    @property
    def events(self) -> int:
        """The number of acts."""

    def merge(self, other: Any) -> None:
        """Add the counts of other runs."""

    def rare(self) -> list[str]:
        """Return the verbs below their share of the events."""


class Campaign:
    """Collects the results of runs, and writes what failed. `tally`: the counts. `enough`: events, to judge shares."""

    module, enough = "tests.schedules", ENOUGH

    def __init__(self, length: Any, stop: int, folder: Path = FOLDER, tally: Counts | None = None) -> None:
        self._length, self._stop, self._folder = length, stop, folder
        self._began = self._said = time.monotonic()
        self.tally, self.failures = tally or Tally(), 0

    def flags(self) -> str:
        """Return the arguments of a command that say how long a run is."""
        return f"--days {self._length.days:g} --rounds {self._length.rounds}"

    def run(self, incoming: Iterable[Result]) -> int:
        """Collect until the end, until too many runs failed, or until Ctrl-C; return the exit code."""
        is_stopped = False
        try:
            for each in incoming:
                self._add(each)
                if self.failures >= self._stop:
                    _say(f"{self.failures} failures: stopped")
                    break
        except KeyboardInterrupt:
            is_stopped = True
        _say(str(self.tally))
        rare = self.tally.rare() if self.tally.events >= self.enough else []
        _say(f"verbs below one in a hundred events: {', '.join(rare)}") if rare else None
        _say(f"{self.failures} failures in {self.tally.runs} runs, {time.monotonic() - self._began:.0f} s")
        if self.failures or rare:
            return 1
        return STOPPED if is_stopped else 0

    def _add(self, result: Result) -> None:
        self.tally.merge(result.tally)
        if result.failure is not None:
            self.failures += 1
            self._write(result.failure)
        if time.monotonic() - self._said > PROGRESS:
            self._said = time.monotonic()
            _say(f"{self.tally.runs} runs, {self.failures} failures, {self._said - self._began:.0f} s")

    def _write(self, failure: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{failure.seed}.txt"
        path.write_text(failure.replay())
        command = f"{os.path.relpath(sys.executable)} -m {self.module}"
        _say(str(failure))
        _say(f"replay:   {command} --replay {path}")
        _say(f"unshrunk: {command} --random 1 --seed {failure.seed} {self.flags()} --shrink 0\n")


def main() -> int:
    """Run, and write what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.schedules")
    parser.add_argument("--random", "--runs", type=amount, default=(100, None), help="a number of runs, or 30m, 2h")
    parser.add_argument("--seed", type=int, help="the first seed")
    parser.add_argument("--days", type=float, default=Length().days)
    parser.add_argument("--rounds", type=int, default=Length().rounds)
    parser.add_argument("--shrink", type=int, default=150, help="runs to spend on each failure")
    parser.add_argument("--stop", type=int, default=20, help="failures after which to stop")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=Path)
    given = parser.parse_args()
    if given.replay:
        with quiet():
            return replay(given.replay)
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**9)
    (runs, seconds), length = given.random, Length(given.days, given.rounds)
    _say(f"seed {seed}, {given.processes} processes, runs of {length.days:g} days with {length.rounds} rounds")
    order = Order(seed, runs, seconds, length, given.shrink)
    return Campaign(length, given.stop).run(results(order, given.processes))


def replay(path: Path) -> int:
    """Run a failure from its file, and write all calls; return 1 if it fails again."""
    first, *rest = path.read_text().splitlines()
    outcome, trace = run_plan(plan.read(first), Recorded(read(rest)))
    _say(str(trace))
    _say("\n".join(outcome.failures) or "no failure")
    return 1 if outcome.failures else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
