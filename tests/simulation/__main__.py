"""`python -m tests.simulation`: a year of two hundred subscriptions; exits 1 when a bound is passed."""

import argparse
import logging
import sys
import time
from datetime import timedelta

from tests.simulation.measures import Figures
from tests.simulation.year import TIMER, Year

RENEW_BEFORE = 240  # minutes: with the setting's default, 4320, a year costs 93 renewals (docs/operations.md)
MOST_CALLS = 60.0


def main() -> int:
    """Run, and print every figure beside its bound."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--subscriptions", type=int, default=200)
    parser.add_argument("--renew-before", type=int, default=RENEW_BEFORE, help="RENEW_BEFORE_MINUTES")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    year = Year(given.seed, given.days, given.subscriptions, RENEW_BEFORE_MINUTES=str(given.renew_before))
    figures = year.run()
    _print(figures, given.days, given.subscriptions)
    broken = broken_bounds(figures, given.days, given.subscriptions)
    print("\n".join(f"BOUND PASSED: {one}" for one in broken) or "every bound holds")
    print(f"year: seed {given.seed}, {given.days} days, {given.subscriptions} subscriptions, "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip
    return 1 if broken else 0


def broken_bounds(figures: Figures, days: int, subscriptions: int) -> list[str]:
    """Return the bounds that a run passed."""
    bounds = {
        f"{figures.silent} without a live subscription, {TIMER} allowed": figures.silent > TIMER + timedelta(minutes=1),
        f"{_yearly(figures, days, subscriptions):.1f} calls per subscription-year, {MOST_CALLS:.0f} allowed":
            _yearly(figures, days, subscriptions) > MOST_CALLS,
        f"{len(figures.missed)} changes missed, none allowed: {figures.missed[:3]}": bool(figures.missed),
    }  # fmt: skip
    return [name for name, is_broken in bounds.items() if is_broken]


def _yearly(figures: Figures, days: int, subscriptions: int) -> float:
    return figures.writes / subscriptions * 365 / days


def _print(figures: Figures, days: int, subscriptions: int) -> None:
    for name, number in sorted(figures.losses.items()):
        print(f"{name}: {number}")
    print(f"changes: {figures.changes}; hints lost: {figures.lost_hints}; deliveries: {figures.deliveries}")
    print(f"longest time without a live subscription while all parts answered: {figures.silent}")
    print(f"calls per subscription-year (POST, PATCH, DELETE): {_yearly(figures, days, subscriptions):.1f}")
    print(f"beside them: {figures.lists} list calls in all, {figures.views} calendar views, {figures.reads} readings")
    print(f"changes missed after resync: {len(figures.missed)}")


if __name__ == "__main__":
    sys.exit(main())
