"""When a change that failed is tried again. Pure."""

from __future__ import annotations

import random

DELAYS = (5.0, 60.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 43_200.0)  # seconds; the last one repeats
JITTER = 0.2
LONGEST_WISH = 3_600.0  # seconds of a Retry-After that are granted


def delay_after(attempt: int, retry_after: float | None = None, spread: float | None = None) -> float:
    """Return the seconds until the next try after `attempt` (counted from 0) has failed.

    Grows, is spread by 20 % so that many changes do not return at once, and is never sooner than the server asked
    for. `spread` between -1 and 1 replaces the random one.
    """
    delay = DELAYS[min(max(attempt, 0), len(DELAYS) - 1)]
    delay *= 1 + JITTER * (random.uniform(-1, 1) if spread is None else spread)
    return max(delay, min(retry_after or 0.0, LONGEST_WISH))
