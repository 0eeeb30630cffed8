"""Replays of dead letters, and their progress."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.errors import ServiceUnavailable
from shared.storage.table import Table, stored_as
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_WATCH = re.compile(r'"watch": ?"([0-9a-f]{32})"')
ATTEMPTS = 8  # to delete a row that other processes write as well


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay: when it was requested, the selection as JSON, how many letters are queued, the id of the last of them
    (`after`), and when it was done.
    """

    id: str
    requested_at: datetime | None = field(metadata=stored_as("asked"))
    selection: str
    queued: int = 0
    after: str = ""
    done: datetime | None = None
    etag: str = ""


class Replays(Table[Replay]):
    """The rows of replays. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Replay, "replay")

    def forget(self, watch_id: str) -> int:
        """Delete the replays whose selection names a watch, also unreadable ones, and return how many were deleted.

        Raises ServiceUnavailable if one is still there, because steps of the replay change it.
        """
        deleted = 0
        for _ in range(ATTEMPTS):
            found = [row for row in self.rows() if watch_id in _selection_of(row)]
            if not found:
                return deleted
            deleted += sum(self.delete(_deletable(row)) for row in found)
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def watch_ids(self) -> set[str]:
        """Return the ids of the watches that selections name."""
        return {found[1] for row in self.rows() if (found := _WATCH.search(_selection_of(row)))}

    def drop_old(self, before: datetime) -> int:
        """Delete the replays that were requested before a moment, and return how many were deleted."""
        rows = (row for row in self.rows() if isinstance(row, Replay))
        return sum(self.delete(row) for row in list(rows) if row.requested_at and row.requested_at < before)


def _selection_of(row: Replay | Unreadable) -> str:
    return str(row.cells.get("selection", "")) if isinstance(row, Unreadable) else row.selection


def _deletable(row: Replay | Unreadable) -> Replay:
    return Replay(row.key, None, "", etag=row.etag) if isinstance(row, Unreadable) else row
