"""At most eight messages of pairs are worked on at once, over all instances: each holds one of eight leases.

Dataverse counts concurrent requests of the application user on each of its servers ("Service protection API limits").
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.storage.leases import Held, Leases

MOST_AT_ONCE = 8
LENGTH = timedelta(minutes=2)


class CallLeases:
    """The eight leases. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(
        self, leases: Leases, now: Callable[[], datetime], shuffled: Callable[[list[int]], list[int]] | None = None
    ) -> None:
        self._leases = leases
        self._now = now
        self._shuffled = shuffled or (lambda numbers: random.sample(numbers, len(numbers)))

    def acquire(self) -> Held | None:
        """Acquire a free lease, or return None if all are held. The holder renews it with `keep` between its calls."""
        for number in self._shuffled(list(range(MOST_AT_ONCE))):
            lease = self._leases.acquire(f"dataverse-calls-{number}", self._now(), LENGTH)
            if isinstance(lease, Held):
                return lease
        return None
