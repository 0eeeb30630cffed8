"""Plants faults into copies of the product, and runs random deliveries there until each is found.

`python -m tests.deliveries.plant_runs`, with the arguments and the variable PLANT_SEED of tests.schedules.plant_runs.
"""

from __future__ import annotations

import sys

from tests.deliveries.campaign import quiet, run_seed, unpacked
from tests.deliveries.plan import ROUNDS
from tests.deliveries.plants import PLANTS, drawn
from tests.deliveries.tally import Tally
from tests.schedules.plant_runs import COPIED, Detection, Machine, main


def first_failure(most: int, seed: int) -> Detection:
    """Return the first run that fails in this tree."""
    with quiet():
        for number in range(1, most + 1):
            failure = run_seed(seed + number - 1, ROUNDS, Tally())
            if failure is not None:
                return Detection(number, failure.texts[0])
    return Detection(0, "")


DELIVERIES = Machine(
    "tests.deliveries.plant_runs", PLANTS, drawn, (*COPIED, "tests/deliveries", "sandbox"), first_failure,
    unpacked,
)  # fmt: skip

if __name__ == "__main__":
    sys.exit(main(DELIVERIES))
