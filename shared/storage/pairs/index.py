"""The index of the table `pairs`: which pair an event of a mailbox belongs to, so that an event leads to its pair.

The partition is the mailbox's watch, the key a hash of the event's id, which may be too long for a key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from shared.errors import ServiceUnavailable
from shared.storage.table import Table, compared
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

ATTEMPTS = 8
PREFIX = "event-"
# pair: the event is, or was, one of the pair of `booking_id`. microsoft: an event of Microsoft's own sync, which never
# becomes a booking, also once its tag is taken off.
Kind = Literal["pair", "microsoft"]


@dataclass(frozen=True, slots=True)
class IndexedEvent:
    """What an event of a mailbox belongs to. `id` is a hash of its id; `start` and `end` are those of the last look."""

    id: str
    kind: Kind
    booking_id: str = ""
    series_id: str = ""
    start: datetime | None = field(default=None, metadata=compared())
    end: datetime | None = field(default=None, metadata=compared())
    etag: str = ""


class PairIndex:
    """The index. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def find(self, watch_id: str, event_id: str) -> IndexedEvent | None:
        """Return what an event belongs to, or None. An unreadable row raises: the event does belong to something."""
        return self._rows(watch_id).get(event_key(event_id))

    def write(self, watch_id: str, row: IndexedEvent) -> IndexedEvent:
        """Store what an event belongs to, in place of what is stored. An event of Microsoft's sync stays one."""
        rows = self._rows(watch_id)
        for _ in range(ATTEMPTS):
            existing = rows.find(row.id)
            if existing is None:
                stored = rows.insert(row)
            elif isinstance(existing, Unreadable):
                stored = rows.overwrite(replace(row, etag=existing.etag))
            elif existing.kind == "microsoft" or replace(existing, etag="") == replace(row, etag=""):
                return existing
            else:
                stored = rows.overwrite(replace(row, etag=existing.etag))
            if stored is not None:
                return stored
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def _rows(self, watch_id: str) -> Table[IndexedEvent]:
        return Table(self._table, IndexedEvent, PREFIX + watch_id)


def event_key(event_id: str) -> str:
    """Return the key of an event: 32 hex digits."""
    return hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()[:32]
