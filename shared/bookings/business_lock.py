"""A lock for each business: prevents double-allocating staff between the availability read and the write.

Bookings has no call that does both, and is not documented to reject a second appointment of the same staff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import problems
from shared.errors import RequestRejected
from shared.storage.leases import Lease, Leases

LOCK_TIME = timedelta(minutes=2)  # after this, the lock of a crashed holder is free; all others release it
ACQUIRE_DELAYS = (0.0, 0.3, 0.6, 1.0, 2.0, 3.0)  # seconds before each attempt; a lock is held for about one
RETRY_AFTER = 5  # seconds, for callers that did not get the lock


@dataclass(frozen=True)
class BusinessLock:
    """Lets one caller at a time allocate staff of a business, across instances."""

    leases: Leases
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    @contextmanager
    def hold(self, business: str) -> Iterator[None]:
        """Hold the lock of a business. Raises RequestRejected 503 if other calls hold it for too long."""
        lease = self._acquire(f"turn\n{business.lower()}")
        try:
            yield
        finally:
            self.leases.release(lease)

    def _acquire(self, name: str) -> Lease:
        for seconds in ACQUIRE_DELAYS:
            self.sleep(seconds)
            now = self.now()
            lease = self.leases.acquire(name, now, now + LOCK_TIME)
            if lease is not None:
                return lease
        text = "Other calls are booking at this business. Repeat the request after the time in Retry-After."
        raise RequestRejected(problems.BUSINESS_BUSY, text, RETRY_AFTER)
