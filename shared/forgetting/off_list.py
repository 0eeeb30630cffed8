"""Since when a mailbox has not been on the allow-list: a row for each, written each night.

A mistake in the list, or a list that cannot be read, must delete nothing at once. So a mailbox is forgotten only after
FORGET_AFTER, and only if the list was readable and did not name it in each night. A night that is missing begins the
count anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.moments import is_impossible
from shared.storage.table import Table
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

FORGET_AFTER = timedelta(days=30)
ANY = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_GAP = timedelta(days=3)  # between two nights that count: one may fail


@dataclass(frozen=True, slots=True)
class OffList:
    """A mailbox that is not on the allow-list: `id` is that of its watch, also if there is none; `since` the first of
    the nights in a row, and `seen` the last.
    """

    id: str
    since: datetime
    seen: datetime
    etag: str = ""


class OffListRows:
    """The rows, in the table of watches. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._rows = Table(table, OffList, "off-list")

    def saw(self, watch_id: str, now: datetime, paused_since: datetime | None = None) -> timedelta:
        """Record that a mailbox is not on the list tonight, and return for how long it has not been: not since before
        its watch was paused.
        """
        row = self._rows.find(watch_id)
        new = OffList(watch_id, now, now, etag=row.etag if row is not None else "")
        if row is None:
            self._rows.insert(new)
            return timedelta(0)
        if isinstance(row, Unreadable) or _is_interrupted(row, now, paused_since):
            self._rows.overwrite(new)
            return timedelta(0)
        self._rows.change(row, seen=now)
        return now - row.since

    def forget(self, watch_id: str) -> int:
        """Delete the row of a mailbox, which is allowed again, or forgotten; return how many were deleted."""
        row = self._rows.find(watch_id)
        if isinstance(row, Unreadable):
            row = OffList(watch_id, ANY, ANY, etag=row.etag)
        return int(row is not None and self._rows.delete(row))

    def drop_old(self, now: datetime) -> int:
        """Delete the rows that were not written for longer than LONGEST_GAP, and return how many."""
        old = [row for row in self._rows.rows() if isinstance(row, OffList) and _is_interrupted(row, now)]
        return sum(self._rows.delete(row) for row in old)


def _is_interrupted(row: OffList, now: datetime, paused_since: datetime | None = None) -> bool:
    """Return whether a night is missing, the watch was allowed in between, or a wrong clock wrote the row."""
    was_allowed = paused_since is not None and paused_since > row.seen
    return now - row.seen > LONGEST_GAP or is_impossible(row.seen, now) or row.since > row.seen or was_allowed
