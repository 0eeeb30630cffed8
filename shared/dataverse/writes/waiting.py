"""Whether a booking may be written now: not while its board is busy, nor while a crew's cascade is under way.

Field Service carries a change of one of a crew's bookings over to the others up to a minute later ("Manage crews"). An
optimizer or an import writes many bookings of a resource at once, and reads what it has not written yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.repetition import wrote_within
from shared.dataverse.sides import Booking
from shared.dynamics.booking_rows import BookingRows
from shared.storage.pairs.pair import key_of
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.write_waits import WriteWaits

MOST_OF_OTHERS = 10  # bookings of a resource that others wrote within MINUTE
MINUTE = timedelta(minutes=1)
ANSWERED = 2 * MINUTE  # Field Service writes up to a minute after the relay
BUSY = timedelta(seconds=300)


@dataclass(frozen=True)
class WriteWaiting:
    """Methods raise ServiceUnavailable or ConfigurationError when storage fails, DynamicsError when Dataverse does."""

    waits: WriteWaits
    pairs: Pairs
    rows: BookingRows
    queue: HintQueue
    now: Callable[[], datetime]

    def is_busy(self, resource_id: str, user_id: str) -> bool:
        """Return whether the writes to a resource's bookings wait. One delayed message compares the resource then.

        After the wait they are written regardless, for as long as the wait was. `user_id`: the relay's own.
        """
        wait, now = self.waits.read(resource_id), self.now()
        if wait.until is not None and wait.until > now:
            return True
        if wait.free_until is not None and wait.free_until > now:
            return False
        if not self._has_many_writers(resource_id, user_id):
            return False
        self.queue.send(Hints(hinted_at=now, resource=resource_id), BUSY.total_seconds())  # first: a kill loses no hint
        self.waits.begin(resource_id, now + BUSY, free_until=now + 2 * BUSY)
        return True

    def _has_many_writers(self, resource_id: str, user_id: str) -> bool:
        """Return whether others write many bookings of a resource. What answers a write of the relay does not count."""
        now = self.now()
        written = self.rows.written_by_others(resource_id, user_id, now - MINUTE)
        if len(written) <= MOST_OF_OTHERS:
            return False
        pairs = [self.pairs.get(key_of(each)) for each in written]
        answers = sum(pair is not None and wrote_within(pair, "dataverse", now, ANSWERED) for pair in pairs)
        return len(written) - answers > MOST_OF_OTHERS

    def is_sister_written(self, booking: Booking) -> bool:
        """Return whether another booking of the same crew is being carried over to this one."""
        if not booking.header:
            return False
        wait = self.waits.read(booking.header)
        return wait.until is not None and wait.until > self.now() and wait.booking_id != booking.id

    def begin_cascade(self, booking: Booking, period: timedelta) -> None:
        """Let the other bookings of a crew wait; a no-op for one that has no crew."""
        if booking.header:
            self.waits.begin(booking.header, self.now() + period, booking_id=booking.id)
