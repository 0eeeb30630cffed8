"""The retry schedule: the delays between attempts, and the end after seven days. Pure."""

from __future__ import annotations

import random
from itertools import pairwise

_HOUR = 3_600.0
_LAST = 7 * 24 * _HOUR
_EVERY = 12 * _HOUR
_FIRST = (0.0, 5.0, 60.0, 300.0, 1_800.0, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR)
_MORE = int((_LAST - _FIRST[-1]) // _EVERY)
# Time of each attempt, in seconds after the first one.
ATTEMPT_OFFSETS = (*_FIRST, *(_FIRST[-1] + _EVERY * (number + 1) for number in range(_MORE)))
DELAYS = tuple(later - sooner for sooner, later in pairwise(ATTEMPT_OFFSETS))
JITTER = 0.2
MAX_RETRY_AFTER = 24 * _HOUR  # seconds; a longer Retry-After is cut to this, or is a refusal (GraphQuotaExceeded)


def delay_after(attempt: int, retry_after: float | None = None, spread: float | None = None) -> float:
    """Return the seconds until the next attempt after `attempt` (counted from 0) has failed.

    The delay grows, has 20 % jitter so that many changes do not return at the same time, and is at least Retry-After
    (up to MAX_RETRY_AFTER). `spread`, from -1 to 1, replaces the random jitter.
    """
    delay = DELAYS[min(max(attempt, 0), len(DELAYS) - 1)]
    delay *= 1 + JITTER * (random.uniform(-1, 1) if spread is None else spread)
    return max(delay, min(retry_after or 0.0, MAX_RETRY_AFTER))


def is_exhausted(attempt: int) -> bool:
    """Return whether `attempt` (counted from 0) is the last one, about seven days after the first."""
    return attempt >= len(ATTEMPT_OFFSETS) - 1
