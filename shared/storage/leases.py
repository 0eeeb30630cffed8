"""Leases: named locks with one holder at a time across all instances.

The etag of a lease's row changes with every write. The holder renews the lease every fifth of its length, and stops at
two thirds of it by its own clock, counted from before its last write. Another process takes the lease after it has
itself seen the same etag for the whole length and MARGIN. So no process compares a moment of another machine with its
own clock; it only relies on clocks that run at the same speed. An answer that is lost costs the holder its lease.

A process may be stopped between its last look at the clock and its next write. So everything that is done under a lease
must be safe when it is done twice.

The row's key is a hash of the name, so a name may be any text and cannot be read in storage.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shared.errors import ServiceUnavailable
from shared.storage.table import Table
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

LENGTH = timedelta(minutes=5)
MARGIN = 10.0  # seconds
REMEMBERED = 1000  # names; a process that forgets one observes it again


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease's row. `id` is the hash of its name. Only earlier versions read `until`, and take the lease after it."""

    id: str
    until: datetime | None
    etag: str = ""


class Seen(NamedTuple):
    """A lease that may have a holder. This process takes it with the same etag, after `wait` seconds more."""

    etag: str
    wait: float


def running_seconds() -> float:
    """Return the seconds of a clock that nobody sets. On Linux it also counts the time that a machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


class Leases(Table[Lease]):
    """The table of leases, and when this process first saw their etags.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    def __init__(self, table: Callable[[], TableClient], clock: Callable[[], float] = running_seconds) -> None:
        super().__init__(table, Lease, "attempt")
        self.clock = clock
        self._first_seen: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def acquire(self, name: str, now: datetime, length: timedelta = LENGTH, waited_for: str = "") -> Held | Seen:
        """Acquire a lease, or return what stands in the way.

        `waited_for` is the etag of an earlier Seen, from a message that was hidden for observed_after(length) seconds:
        then the storage service has waited, whichever process reads the message ("Put Message": visibilitytimeout). A
        later read of the same message is an observation, too: the etag has been the same for even longer.
        """
        lease_id, started = lease_id_of(name), self.clock()
        lease = self.insert(Lease(lease_id, now + length))
        if lease is None:
            existing = self.find(lease_id)
            if existing is None:  # released since
                return Seen("", 0)
            if isinstance(existing, Unreadable):  # its etag is all that this version needs
                existing = Lease(lease_id, None, existing.etag)
            wait = observed_after(length) - (started - self._first_sight(existing))
            if wait <= 0 or existing.etag == waited_for:
                lease = self.change(existing, until=now + length)
            if lease is None:
                return Seen(existing.etag, max(wait, 0))
        self._first_sight(lease)
        return Held(self, lease, started, length)

    def drop_old(self, before: datetime) -> int:
        """Delete the leases that ended before a moment, and return how many: their holders crashed, and nobody asked
        for them since. `before` must be longer ago than clocks can differ.
        """
        rows = [row for row in self.rows() if isinstance(row, Lease)]
        return sum(self.delete(row) for row in rows if row.until is not None and row.until < before)

    def forget(self, lease: Lease) -> None:
        """Forget the etag of a lease that was released."""
        with self._lock:
            self._first_seen.pop(lease.id, None)

    def _first_sight(self, lease: Lease) -> float:
        """Return when this process first saw the etag of a lease, by its clock."""
        with self._lock:
            etag, since = self._first_seen.get(lease.id, ("", 0.0))
            if etag != lease.etag:
                since = self.clock()
                self._first_seen[lease.id] = lease.etag, since
                self._first_seen.move_to_end(lease.id)
                if len(self._first_seen) > REMEMBERED:
                    self._first_seen.popitem(last=False)
            return since


class Held:
    """A lease of this process. Threads may share it."""

    def __init__(self, leases: Leases, lease: Lease, written: float, length: timedelta) -> None:
        self._leases = leases
        self._lease: Lease | None = lease
        self._written = written
        self._length = length
        self._lock = threading.Lock()

    def age(self) -> float:
        """Return the seconds since the last acquisition or renewal began."""
        return self._leases.clock() - self._written

    def is_held(self) -> bool:
        """Return whether the work may go on. False for good after two thirds of the length without a renewal."""
        return self._lease is not None and self.age() < self._length.total_seconds() * 2 / 3

    def keep(self, now: datetime) -> bool:
        """Renew the lease if a fifth of its length is over, and return whether the work may go on.

        For calls between the steps of the work. A failure of storage ends the work only after two thirds.
        """
        with self._lock:
            if self.is_held() and self.age() >= self._length.total_seconds() / 5:
                self._renew(now)
            return self.is_held()

    def release(self) -> None:
        """Release the lease, unless another holder has it. Raises ServiceUnavailable or ConfigurationError."""
        with self._lock:
            lease, self._lease = self._lease, None
        if lease is not None:
            self._leases.forget(lease)
            self._leases.delete(lease)

    def _renew(self, now: datetime) -> None:
        started = self._leases.clock()
        lease = self._lease
        if lease is None:
            return
        try:
            self._lease = self._leases.change(lease, until=now + self._length)
        except ServiceUnavailable:
            return
        self._written = started


def observed_after(length: timedelta) -> float:
    """Return for how many seconds an etag has to stay the same until another process takes the lease."""
    return length.total_seconds() + MARGIN


def lease_id_of(name: str) -> str:
    """Return the row key of a lease: 32 hex digits, a hash of its name."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
