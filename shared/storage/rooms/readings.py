"""The last reading of each source of rooms, in the table of watches: all instances answer from it.

A source has one row that describes its last reading, and rows of parts that hold the rooms as callers get them, and
nothing else. A reading is written as new parts; then the row names them, and the former parts are deleted.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.storage.table import Table, compared
from shared.storage.watches import watch_id_of
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PART_LENGTH = 30_000  # characters; a text of a table holds 32 Ki ("Understanding the Table service data model")
WRITE_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class RoomReading:
    """What is known of a source. Times are in UTC.

    - `at`: when the row was last written. `tried`: when the last reading began; `claim`: who is reading now, "" nobody.
    - `retry_at`: no reading begins before.
    - `as_of`: when the reading began that returned the rooms of the parts; None before the first. `token`, `parts`:
      their names and number. `is_whole`: whether Graph returned all of them, and as many as before.
    - `names`: the hash of the allow-list's entries that selected the rooms of the tenant.
    - `failure`: why the last reading failed, "" if it did not: `permission`, or Graph's code.
    - `count`, `since`, `fewer`, `fewer_since`: as in shared.storage.room_lists.RoomListReading.
    """

    id: str
    at: datetime | None = field(default=None, metadata=compared())
    tried: datetime | None = None
    claim: str = ""
    retry_at: datetime | None = None
    as_of: datetime | None = None
    token: str = ""
    parts: int = 0
    is_whole: bool = False
    names: str = ""
    failure: str = ""
    count: int = 0
    since: datetime | None = None
    fewer: int = 0
    fewer_since: datetime | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class RoomPart:
    """Some rooms of a reading, as a JSON list. `at`: when it was written."""

    id: str
    at: datetime | None = field(default=None, metadata=compared())
    rooms: str = "[]"
    etag: str = ""


class RoomReadings:
    """The rows. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._readings = Table(table, RoomReading, "rooms")
        self._parts = Table(table, RoomPart, "rooms-part")

    def get(self, source: str) -> RoomReading | None:
        """Return what is known of a source; None before its first reading, and for a row that cannot be read."""
        row = self._readings.find(source_id_of(source))
        return None if isinstance(row, Unreadable) else row

    def change(self, source: str, changed: Callable[[RoomReading], RoomReading | None]) -> RoomReading | None:
        """Write what `changed` makes of the row, and return it; None if `changed` returns None.

        Also None if other instances changed the row at each of WRITE_ATTEMPTS attempts.
        """
        for _ in range(WRITE_ATTEMPTS):
            row = self._readings.find(source_id_of(source))
            before = row if isinstance(row, RoomReading) else RoomReading(source_id_of(source))
            after = changed(before)
            if after is None:
                return None
            if isinstance(row, Unreadable):
                after = replace(after, etag=row.etag)
            stored = self._readings.insert(after) if row is None else self._readings.overwrite(after)
            if stored is not None:
                return stored
        return None

    def rooms(self, reading: RoomReading) -> list[dict[str, Any]] | None:
        """Return the rooms of a reading; None if its parts were deleted meanwhile, or cannot be read."""
        rooms: list[dict[str, Any]] = []
        for part_id in _part_ids(reading.token, reading.parts):
            part = self._parts.find(part_id)
            if not isinstance(part, RoomPart):
                return None
            found = _rooms_in(part)
            if found is None:
                return None
            rooms += found
        return rooms

    def write_parts(self, rooms: Sequence[dict[str, Any]], now: datetime) -> tuple[str, int]:
        """Write the rooms of a new reading; return the token and the number of the parts."""
        token, texts = uuid.uuid4().hex, list(_texts_of(rooms))
        for part_id, text in zip(_part_ids(token, len(texts)), texts, strict=True):
            self._parts.insert(RoomPart(part_id, now, text))
        return token, len(texts)

    def forget(self, mailbox: str) -> int:
        """Delete a room from the stored readings, and return in how many it was. An unreadable part is deleted whole:
        it may hold the room. Then each reading gets another etag: instances remember the rooms by it.
        """
        found = sum(self._without(part, mailbox.lower()) for part in list(self._parts.rows()))
        for row in list(self._readings.rows()):
            if isinstance(row, RoomReading):
                self._readings.change(row, at=row.at)
        return found

    def _without(self, part: RoomPart | Unreadable, mailbox: str) -> bool:
        """Delete a room from a part; return whether it was there."""
        rooms = _rooms_in(part) if isinstance(part, RoomPart) else None
        if rooms is None or isinstance(part, Unreadable):
            return self._parts.delete(RoomPart(part.key if isinstance(part, Unreadable) else part.id, etag=part.etag))
        kept = [room for room in rooms if room.get("mailbox") != mailbox]
        if len(kept) == len(rooms):
            return False
        return self._parts.change(part, rooms=_text_of(kept)) is not None

    def delete_parts(self, token: str, parts: int) -> None:
        """Delete the parts of a former reading. What an interruption leaves, the night deletes."""
        for part_id in _part_ids(token, parts):
            part = self._parts.find(part_id)
            if isinstance(part, RoomPart):
                self._parts.delete(part)


def source_id_of(source: str) -> str:
    """Return the id of a source: a room list's address, or "" for all rooms of the tenant."""
    return watch_id_of(f"rooms:{source}")


def _rooms_in(part: RoomPart) -> list[dict[str, Any]] | None:
    """Return the rooms of a part; None if they cannot be read."""
    try:
        rooms = json.loads(part.rooms)
    except ValueError:
        return None
    return rooms if isinstance(rooms, list) and all(isinstance(room, dict) for room in rooms) else None


def _text_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _part_ids(token: str, parts: int) -> list[str]:
    return [watch_id_of(f"rooms:{token}:{number}") for number in range(parts)]


def _texts_of(rooms: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield JSON lists of up to PART_LENGTH characters; a single room is far shorter."""
    part, length = list[str](), 1
    for room in rooms:
        text = _text_of(room)
        size = len(text.encode("utf-16-le", "replace")) // 2 + 1  # a table counts in UTF-16
        if part and length + size > PART_LENGTH:
            yield f"[{','.join(part)}]"
            part, length = [], 1
        part.append(text)
        length += size
    if part:
        yield f"[{','.join(part)}]"
