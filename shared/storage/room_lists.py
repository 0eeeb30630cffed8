"""Room lists, in the table of watches: those that the partner watches, and what readings of a list have shown.

A list may be watched, named in ALLOWED_MAILBOXES, or both; it has one row of readings for all uses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.table import Table
from shared.storage.watches import watch_id_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient


WRITE_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class RoomList:
    """A room list that the partner watches. Times are in UTC.

    `desired` is the number of its rooms to watch, `not_allowed` the number that the allow-list excludes, both as of
    `checked`, the last successful read from Graph; `last_error` is why a later read failed. `empty_since` is when Graph
    first returned no rooms.
    """

    id: str
    address: str
    created: datetime
    desired: int = 0
    not_allowed: int = 0
    checked: datetime | None = None
    last_error: str = ""
    empty_since: datetime | None = None
    etag: str = ""

    def earlier_reading(self) -> RoomListReading:
        """Return what this row says about readings: versions without rows of readings wrote only that."""
        count = self.desired + self.not_allowed
        since = (self.checked or self.created) if count else None
        return RoomListReading(self.id, count, since, fewer_since=self.empty_since)


@dataclass(frozen=True, slots=True)
class RoomListReading:
    """What readings of one room list have shown: a number of rooms and times (UTC), and no address.

    - `count`: the number of rooms that is believed, since `since`; None: nothing is believed yet.
    - `fewer`: the smaller number that Graph has returned at every reading since `fewer_since`, and that is not believed
      yet; None: the last reading is believed.
    """

    id: str
    count: int = 0
    since: datetime | None = None
    fewer: int = 0
    fewer_since: datetime | None = None
    etag: str = ""


def room_list_id_of(address: str) -> str:
    """Return the id of a room list: derived from its address, and different from any watch's id."""
    return watch_id_of(f"roomlist:{address}")


class RoomLists(Table[RoomList]):
    """The rows of room lists, in the table of watches."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, RoomList, "roomlist")


class RoomListReadings(Table[RoomListReading]):
    """The rows of readings, in the table of watches; their id is that of the room list."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, RoomListReading, "directory")

    def record(
        self, initial: RoomListReading, judged: Callable[[RoomListReading], RoomListReading]
    ) -> RoomListReading | None:
        """Change a row to what `judged` makes of it, or add it as `judged` makes it of `initial`; return the row.

        Return None if other instances changed the row at each of WRITE_ATTEMPTS attempts.
        """
        for _ in range(WRITE_ATTEMPTS):
            before = self.get(initial.id)
            after = judged(before or initial)
            if after == before:
                return after
            if before is None:
                stored = self.insert(after)
            else:
                changes = {name: getattr(after, name) for name in ("count", "since", "fewer", "fewer_since")}
                stored = self.change(before, **changes)
            if stored is not None:
                return stored
        return None
