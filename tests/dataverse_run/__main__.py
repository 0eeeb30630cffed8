"""`python -m tests.dataverse_run`: what many pairs of the feature dataverse cost; exits with 1 beyond a bound."""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from sandbox.certificates import make_certificates
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
        return show(measured(Path(folder), size), size)


def show(results: Results, size: Size) -> int:
    """Print the results and the bounds that were passed."""
    print("\n".join(lines(results, size)))
    broken = broken_bounds(results, size)
    print("\n".join(f"BOUND PASSED: {bound}" for bound in broken) or "every bound holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
