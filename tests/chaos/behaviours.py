"""A seeded random choice of Graph's behaviours is on during the load; control switches it.

Of those that concern deliveries: the others are about calls of callers, which `make fuzz` makes.
"""

from collections.abc import Mapping
from typing import Any

from tests.chaos.lies import Control

NAMES = (
    "createdUnseenSeconds", "listLagSeconds", "hintDelaySeconds", "capitalsInAddresses", "placesWithoutLinks",
    "zoneOfMailbox", "valuesSpelled",
)  # fmt: skip
SHARE = 0.6
LONGEST = 3.0  # seconds: the relay's own waits are shorter in the run, too (tests/chaos/time_warp.py)


def switch_on(control: Control, seed: int) -> Mapping[str, Any]:
    """Switch a choice on, and return the values by name."""
    body = {"seed": seed, "share": SHARE, "names": list(NAMES), "longestSeconds": LONGEST}
    on: Mapping[str, Any] = control("POST", "/behaviours/random", body)["on"]
    return on


def switch_off(control: Control) -> None:
    """Switch all off."""
    control("DELETE", "/behaviours", None)
