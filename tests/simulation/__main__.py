"""`python -m tests.simulation`: a year of two hundred subscriptions; exits with 1 when a bound is exceeded."""

import argparse
import logging
import sys
import time

from tests.simulation.bounds import broken_bounds, show
from tests.simulation.year import Year

RENEW_BEFORE = 240  # minutes: with the setting's default, 4320, a year costs 93 renewals (docs/costs.md)


def main() -> int:
    """Run, and print every measurement with its bound."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--subscriptions", type=int, default=200)
    parser.add_argument("--upgrade", action="store_true", help="upgrade from the version before, in the middle")
    parser.add_argument("--renew-before", type=int, default=RENEW_BEFORE, help="RENEW_BEFORE_MINUTES")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began, settings = time.monotonic(), {"RENEW_BEFORE_MINUTES": str(given.renew_before)}
    results = Year(given.seed, given.days, given.subscriptions, upgrade=given.upgrade, **settings).run()
    show(results, given.days, given.subscriptions)
    broken = broken_bounds(results, given.days, given.subscriptions)
    print("\n".join(f"BOUND PASSED: {bound}" for bound in broken) or "every bound holds")
    print(f"year: seed {given.seed}, {given.days} days, {given.subscriptions} subscriptions"
          f"{', one upgrade' if given.upgrade else ''}, {time.monotonic() - began:.0f} s")  # fmt: skip
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
