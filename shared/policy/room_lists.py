"""Read room lists from Graph: the only reader, for the allow-list and for watched room lists, with one rule.

Each list has a lock of its own. One thread reads a list; the others use the last answer meanwhile, and a failure is an
answer, too, for FAILED_FOR. So nobody waits for another list, and nobody with an answer waits at all.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.errors import GraphNotFound, GraphUnavailable, RelayError
from shared.policy.room_list_rule import after_reading, is_confirmed
from shared.storage.room_lists import RoomListReading, RoomListReadings, room_list_id_of
from shared.threads import side_by_side

KEEP = timedelta(minutes=15)  # how long a confirmed answer is used
UNCONFIRMED_FOR = timedelta(minutes=5)  # until a list with an unconfirmed answer is read again
FAILED_FOR = timedelta(seconds=30)  # until a list that failed is read again, unless Retry-After is longer
LONGEST_RETRY_AFTER = timedelta(days=1)
TRUSTED = timedelta(days=7)  # how long an answer counts while the list cannot be read; then its rooms are unknown
FIRST_WAIT_SECONDS = 10.0  # for another thread's first reading of the same list
AT_ONCE = 8

_logger = logging.getLogger("relay.room_lists")


@dataclass(frozen=True, slots=True)
class ListedRooms:
    """What is believed about the rooms of a list.

    - `addresses`: the rooms, in lower case: those of the last reading, and while it is unconfirmed also those before.
    - `is_complete`: whether a room that is not among them does not belong to the list. False: that is unknown.
    - `is_confirmed`: whether the last reading is believed. `row`: what readings have shown; None if not recorded.
    - `failure`: why the last reading failed; the rooms are those of an earlier one then.
    - `missing`: Graph's answer at the last reading that the list does not exist.
    """

    addresses: frozenset[str]
    is_complete: bool
    is_confirmed: bool
    row: RoomListReading | None = None
    failure: RelayError | None = None
    missing: GraphNotFound | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the last reading had no rooms."""
        if self.is_confirmed or self.row is None:
            return not self.addresses
        return self.row.fewer_since is not None and self.row.fewer == 0

    @property
    def warning(self) -> str:
        """What an administrator has to check; empty if there is nothing."""
        if self.is_empty:
            return (
                "Graph returns no rooms for this list. Check that the list exists and has rooms: "
                "if it stays empty, the relay stops watching its rooms."
            )
        if self.is_confirmed:
            return ""
        if self.row is None or self.row.fewer_since is None:
            return "The last reading could not be recorded in storage. The next run tries again."
        return (
            f"Graph returns {self.row.fewer} rooms for this list, and returned {self.row.count} before. Check the "
            "list: if it stays so, the relay stops watching the missing rooms."
        )


@dataclass
class _Cached:
    """The last answer about one list. Only the holder of `lock` changes it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    rooms: ListedRooms | None = None
    failure: RelayError | None = None
    read_at: datetime | None = None
    succeeded_at: datetime | None = None
    keep: timedelta = KEEP

    def is_due(self, now: datetime, max_age: timedelta) -> bool:
        """Return whether the list must be read. A failure is kept for its time, whatever age the caller accepts."""
        keep = self.keep if self.failure else min(self.keep, max_age)
        return self.read_at is None or not timedelta(0) <= now - self.read_at < keep

    def is_trusted(self, now: datetime) -> bool:
        """Return whether the rooms still count although the last reading failed."""
        return self.failure is None or self.succeeded_at is None or now - self.succeeded_at < TRUSTED

    def answer(self, now: datetime) -> ListedRooms:
        """Return the answer. Raises RelayError when nothing is known about the list."""
        rooms, failure = self.rooms, self.failure
        if rooms is not None and self.is_trusted(now):
            return replace(rooms, failure=failure)
        if failure is not None:
            raise failure.with_traceback(None)  # many calls raise it, and its traceback would grow
        raise GraphUnavailable(0, "RoomListSlow")


class RoomListReader:
    """Reads room lists and judges what they return (see room_list_rule); thread-safe.

    `rooms_of` reads the rooms of a list from Graph. `readings` keeps what readings have shown, over restarts and for
    all instances; the answers are cached in this process.
    """

    def __init__(
        self,
        rooms_of: Callable[[str], Iterable[str]],
        readings: RoomListReadings,
        now: Callable[[], datetime],
        first_wait_seconds: float = FIRST_WAIT_SECONDS,
    ) -> None:
        self._rooms_of = rooms_of
        self._readings = readings
        self._now = now
        self._first_wait_seconds = first_wait_seconds
        self._cached: dict[str, _Cached] = {}

    def rooms(self, address: str, max_age: timedelta = KEEP, earlier: RoomListReading | None = None) -> ListedRooms:
        """Return the rooms of a list. An answer up to `max_age` old is returned without a reading.

        `earlier`: what is known about a list that has no row of readings yet. Raises RelayError when nothing is known
        about its rooms.
        """
        cached = self._cached_of(address)
        if cached.is_due(self._now(), max_age):
            wait = self._first_wait_seconds if cached.read_at is None else 0
            if cached.lock.acquire(timeout=wait):
                try:
                    if cached.is_due(self._now(), max_age):  # otherwise the holder before has just read it
                        self._read(address.lower(), cached, earlier)
                finally:
                    cached.lock.release()
        return cached.answer(self._now())

    def rooms_of_each(self, addresses: Sequence[str], max_age: timedelta = KEEP) -> list[ListedRooms | RelayError]:
        """Return the rooms of several lists in order, or the error of a list about which nothing is known.

        The lists that must be read are read in parallel.
        """

        def answer(address: str) -> ListedRooms | RelayError:
            try:
                return self.rooms(address, max_age)
            except RelayError as error:
                return error

        now = self._now()
        due = [address for address in addresses if self._cached_of(address).is_due(now, max_age)]
        read = dict(zip(due, side_by_side(answer, due, AT_ONCE, "room-lists"), strict=True))
        return [read[address] if address in read else answer(address) for address in addresses]

    def is_cached_room(self, address: str, mailbox: str) -> bool:
        """Return whether the answer at hand about a list is recent and contains a mailbox. Reads nothing."""
        cached = self._cached_of(address)
        rooms = cached.rooms
        return rooms is not None and mailbox in rooms.addresses and not cached.is_due(self._now(), KEEP)

    def forget(self, address: str) -> None:
        """Delete what is known about a list that is used no more. Raises RelayError when storage fails."""
        self._cached.pop(address.lower(), None)
        row = self._readings.get(room_list_id_of(address))
        if row is not None:
            self._readings.delete(row)

    def _cached_of(self, address: str) -> _Cached:
        return self._cached.setdefault(address.lower(), _Cached())

    def _read(self, address: str, cached: _Cached, earlier: RoomListReading | None) -> None:
        """Read a list from Graph and keep the answer."""
        missing: GraphNotFound | None = None
        try:
            addresses = frozenset(self._rooms_of(address))
        except GraphNotFound as error:
            addresses, missing = frozenset(), error
        except RelayError as error:
            cached.failure, cached.keep = error, _time_to_keep(error)
            cached.read_at = self._now()
            return
        before = cached.rooms
        initial = (before.row if before else None) or earlier or RoomListReading(room_list_id_of(address))
        row = self._recorded(replace(initial, etag=""), len(addresses))
        cached.rooms = replace(_judged(addresses, row, before), missing=missing)
        cached.failure = None
        cached.keep = KEEP if cached.rooms.is_confirmed else FAILED_FOR if row is None else UNCONFIRMED_FOR
        cached.read_at = cached.succeeded_at = self._now()

    def _recorded(self, initial: RoomListReading, count: int) -> RoomListReading | None:
        """Return the list's row after a reading with `count` rooms; None if it could not be written."""

        def judged(before: RoomListReading) -> RoomListReading:
            return after_reading(before, count, self._now())

        try:
            return self._readings.record(initial, judged)
        except RelayError as error:
            _logger.warning("The reading of room list %s cannot be recorded: %s", initial.id, error)
            return None


def _judged(addresses: frozenset[str], row: RoomListReading | None, before: ListedRooms | None) -> ListedRooms:
    """Return what is believed after a reading. A reading that is not recorded confirms nothing."""
    if row is not None and is_confirmed(row):
        return ListedRooms(addresses, is_complete=True, is_confirmed=True, row=row)
    if before is None:
        return ListedRooms(addresses, is_complete=False, is_confirmed=False, row=row)
    rooms, row = addresses | before.addresses, row or before.row
    return ListedRooms(rooms, before.is_complete, is_confirmed=False, row=row)


def _time_to_keep(error: RelayError) -> timedelta:
    """Return how long a failure is kept: Graph is not called again before the time in its Retry-After."""
    seconds = getattr(error, "retry_after", None) or 0
    return min(max(FAILED_FOR, timedelta(seconds=seconds)), LONGEST_RETRY_AFTER)
