"""`python -m tests.simulation`: a year of two hundred subscriptions; exits with 1 when a bound is exceeded."""

import argparse
import logging
import sys
import time
from datetime import timedelta

from tests.simulation.measures import Results
from tests.simulation.year import TIMER, Year

RENEW_BEFORE = 240  # minutes: with the setting's default, 4320, a year costs 93 renewals (docs/operations.md)
MOST_CALLS = 60.0


def main() -> int:
    """Run, and print every measurement with its bound."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--subscriptions", type=int, default=200)
    parser.add_argument("--renew-before", type=int, default=RENEW_BEFORE, help="RENEW_BEFORE_MINUTES")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    year = Year(given.seed, given.days, given.subscriptions, RENEW_BEFORE_MINUTES=str(given.renew_before))
    results = year.run()
    _print(results, given.days, given.subscriptions)
    broken = broken_bounds(results, given.days, given.subscriptions)
    print("\n".join(f"BOUND PASSED: {bound}" for bound in broken) or "every bound holds")
    print(f"year: seed {given.seed}, {given.days} days, {given.subscriptions} subscriptions, "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip
    return 1 if broken else 0


def broken_bounds(results: Results, days: int, subscriptions: int) -> list[str]:
    """Return the bounds that a run exceeded."""
    bounds = {
        f"{results.silent} without a live subscription, {TIMER} allowed": results.silent > TIMER + timedelta(minutes=1),
        f"{_yearly(results, days, subscriptions):.1f} calls per subscription-year, {MOST_CALLS:.0f} allowed":
            _yearly(results, days, subscriptions) > MOST_CALLS,
        f"{len(results.missed)} changes missed, none allowed: {results.missed[:3]}": bool(results.missed),
    }  # fmt: skip
    return [name for name, is_broken in bounds.items() if is_broken]


def _yearly(results: Results, days: int, subscriptions: int) -> float:
    return results.writes / subscriptions * 365 / days


def _print(results: Results, days: int, subscriptions: int) -> None:
    for name, number in sorted(results.losses.items()):
        print(f"{name}: {number}")
    print(f"changes: {results.changes}; hints lost: {results.lost_hints}; deliveries: {results.deliveries}")
    print(f"longest time without a live subscription while all parts answered: {results.silent}")
    print(f"calls per subscription-year (POST, PATCH, DELETE): {_yearly(results, days, subscriptions):.1f}")
    print(f"beside them: {results.lists} list calls in all, {results.views} calendar views, {results.reads} readings")
    print(f"changes missed after resync: {len(results.missed)}")


if __name__ == "__main__":
    sys.exit(main())
