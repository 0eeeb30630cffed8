"""`python -m tests.chaos [--seed N] [--changes N]`: run, print the report, and fail on any difference."""

import argparse
import secrets
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.report import lines
from tests.chaos.run import Plan, play

CHANGES_PER_SECOND = 33
STRETCH = 1.15
LIMIT = 560.0  # seconds, without start and accounting: ten minutes at most in all
CHANGES_PER_KILL = 175


def main() -> int:
    """Run; return 1 when a change is lost, the sides differ, a secret has leaked, or the run proved nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="repeats a run's random choices")
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--rooms", type=int, default=40)
    parser.add_argument("--kills", type=int, help="one for every 175 changes, if it is not said")
    parser.add_argument("--keep", type=Path, help="a folder in which logs and storage are left")
    given = parser.parse_args()
    seconds = max(15.0, given.changes / CHANGES_PER_SECOND)
    kills = given.kills or max(10, given.changes // CHANGES_PER_KILL)
    plan = Plan(given.seed, given.changes, given.rooms, kills, seconds, STRETCH * seconds, LIMIT)
    print(f"chaos: seed {plan.seed}, {plan.changes} changes within {seconds:.0f} s, {plan.kills} kills", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that started processes are stopped
    with tempfile.TemporaryDirectory(prefix="calendar-relay-chaos-") as name:
        outcome = play(plan, given.keep or Path(name))
    print("\n".join(lines(outcome)))
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
