"""When a change that failed is tried again, and when no more. Pure."""

from __future__ import annotations

import random
from itertools import pairwise

_HOUR = 3_600.0
_LAST = 7 * 24 * _HOUR
_EVERY = 12 * _HOUR
_FIRST = (0.0, 5.0, 60.0, 300.0, 1_800.0, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR)
_MORE = int((_LAST - _FIRST[-1]) // _EVERY)
# Seconds after the first try at which a change is tried.
ATTEMPT_OFFSETS = (*_FIRST, *(_FIRST[-1] + _EVERY * (number + 1) for number in range(_MORE)))
DELAYS = tuple(later - sooner for sooner, later in pairwise(ATTEMPT_OFFSETS))
JITTER = 0.2
MAX_RETRY_AFTER = 3_600.0  # seconds of a Retry-After that are granted


def delay_after(attempt: int, retry_after: float | None = None, spread: float | None = None) -> float:
    """Return the seconds until the next try after `attempt` (counted from 0) has failed.

    Grows, is spread by 20 % so that many changes do not return at once, and is never sooner than the server asked
    for. `spread` between -1 and 1 replaces the random one.
    """
    delay = DELAYS[min(max(attempt, 0), len(DELAYS) - 1)]
    delay *= 1 + JITTER * (random.uniform(-1, 1) if spread is None else spread)
    return max(delay, min(retry_after or 0.0, MAX_RETRY_AFTER))


def is_exhausted(attempt: int) -> bool:
    """Return whether no try follows after `attempt` (counted from 0): about seven days have passed."""
    return attempt >= len(ATTEMPT_OFFSETS) - 1
