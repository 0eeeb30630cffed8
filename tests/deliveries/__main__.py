"""`python -m tests.deliveries --random 10m`: random schedules and faults of deliveries over some simulated days.

`--random` is a time (90s, 30m, 2h) or a number of runs; --seed is drawn if it is not given. Each failure is shrunk,
and written to a file of dist/deliveries, which `--replay FILE` runs again. Exits with 1 when a run failed, or when a
verb had less than its share of the events.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path

from tests.deliveries import plan
from tests.deliveries.campaign import quiet, run_plan
from tests.deliveries.tally import ENOUGH, Tally
from tests.schedules.__main__ import Campaign
from tests.schedules.many import Order, amount, results
from tests.schedules.strategies import Recorded
from tests.schedules.trace import read

FOLDER = Path("dist/deliveries")
TRIES = 120  # runs to spend on shrinking a failure


class DeliveryCampaign(Campaign):
    """Collects the results of runs of so many rounds, and writes what failed."""

    module, enough = "tests.deliveries", ENOUGH

    def __init__(self, rounds: int, stop: int, folder: Path = FOLDER) -> None:
        super().__init__(rounds, stop, folder, Tally())

    def flags(self) -> str:
        """Return the arguments of a command that say how long a run is."""
        return f"--rounds {self._length}"


def main() -> int:
    """Run, and write what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.deliveries")
    parser.add_argument("--random", "--runs", type=amount, default=(100, None), help="a number of runs, or 30m, 2h")
    parser.add_argument("--seed", type=int, help="the first seed")
    parser.add_argument("--rounds", type=int, default=plan.ROUNDS)
    parser.add_argument("--shrink", type=int, default=TRIES, help="runs to spend on each failure")
    parser.add_argument("--stop", type=int, default=20, help="failures after which to stop")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=Path)
    given = parser.parse_args()
    if given.replay:
        with quiet():
            return replay(given.replay)
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**9)
    (runs, seconds), rounds = given.random, given.rounds
    sys.stdout.write(f"seed {seed}, {given.processes} processes, runs of {rounds} rounds\n")
    order = Order(seed, runs, seconds, rounds, given.shrink, "tests.deliveries.campaign")
    return DeliveryCampaign(rounds, given.stop).run(results(order, given.processes))


def replay(path: Path) -> int:
    """Run a failure from its file, and write all calls; return 1 if it fails again."""
    first, *rest = path.read_text().splitlines()
    outcome, trace = run_plan(plan.read(first), Recorded(read(rest)))
    failures = "\n".join(outcome.failures)
    sys.stdout.write(f"{trace}\n{failures or 'no failure'}\n")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
