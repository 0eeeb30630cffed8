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
from shared.storage.leases import Held, Leases, observed_after

LEASE_TIME = timedelta(minutes=2)  # of one request: longer than it takes, and than Bookings needs to show the result
WAIT_UNKNOWN = observed_after(LEASE_TIME)  # seconds, for a caller after an unknown outcome
LOCK_TIME = timedelta(minutes=2)  # the lock of a crashed holder is free after others have observed it for so long
ACQUIRE_DELAYS = (0.0, 0.3, 0.6, 1.0, 2.0, 3.0)  # seconds before each attempt; a lock is held for about one
RETRY_AFTER = 5  # seconds, for callers that did not get the lock


@dataclass(frozen=True)
class BusinessLock:
    """Lets one caller at a time allocate staff of a business, across instances."""

    leases: Leases
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    @contextmanager
    def hold(self, business: str) -> Iterator[Held]:
        """Hold the lock of a business. Raises RequestRejected 503 if other calls hold it for too long.

        A caller that was stopped meanwhile must not write: see check_held().
        """
        lease = self._acquire(f"turn\n{business.lower()}")
        try:
            yield lease
        finally:
            lease.release()

    def _acquire(self, name: str) -> Held:
        for seconds in ACQUIRE_DELAYS:
            self.sleep(seconds)
            lease = self.leases.acquire(name, self.now(), LOCK_TIME)
            if isinstance(lease, Held):
                return lease
        text = "Other calls are booking at this business. Repeat the request after the time in Retry-After."
        raise RequestRejected(problems.BUSINESS_BUSY, text, RETRY_AFTER)


def check_held(lock: Held, nothing_happened: str) -> None:
    """Raise RequestRejected 503 if another call may have the lock by now."""
    if not lock.is_held():
        raise RequestRejected(problems.BOOKINGS_UNAVAILABLE, f"{nothing_happened} Repeat the request.", RETRY_AFTER)
