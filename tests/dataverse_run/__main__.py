"""`python -m tests.dataverse_run`: what many pairs of the feature dataverse cost; exits with 1 beyond a bound."""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from sandbox.certificates import make_certificates
from tests.dataverse_run.both_ways import BothWays, Case, broken_both_ways, carried_both_ways, lines_of
from tests.dataverse_run.measures import Results, Size, broken_bounds, lines
from tests.dataverse_run.run import measured


def main() -> int:
    """Run, and print each result."""
    parser = argparse.ArgumentParser(prog="python -m tests.dataverse_run")
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--resources", type=int, default=50)
    parser.add_argument("--changes", type=int, default=500)
    parser.add_argument("--foreign", type=int, default=50_000, help="bookings of a resource that is not followed")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        make_certificates(Path(folder))
        size = Size(given.pairs, given.resources, given.changes, given.foreign)
        is_broken = show(measured(Path(folder), size), size)
        for is_trial in (False, True):
            case = Case(given.resources, given.changes, is_trial)
            is_broken = max(is_broken, show_both_ways(carried_both_ways(Path(folder), case), case))
        return is_broken


def show(results: Results, size: Size) -> int:
    """Print the results and the bounds that were passed; return 1 if there are any."""
    print("\n".join(lines(results, size)))
    return _judged(broken_bounds(results, size))


def show_both_ways(results: BothWays, case: Case) -> int:
    """Print what changes both ways took; return 1 if a bound was passed."""
    print("\n".join(lines_of(results, case)))
    return _judged(broken_both_ways(results, case))


def _judged(broken: list[str]) -> int:
    print("\n".join(f"BOUND PASSED: {bound}" for bound in broken) or "every bound holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
