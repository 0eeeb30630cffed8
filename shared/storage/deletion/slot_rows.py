"""The rows of slot bookings, as far as they name a mailbox: which mailboxes there are, and the deletion of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.errors import ServiceUnavailable
from shared.storage.connection import storage_errors
from shared.storage.slot_bookings import partition_of
from shared.storage.table import text_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient

AT_ONCE = 100  # "Performing entity group transactions": the maximum of entities
ATTEMPTS = 8  # to delete rows that other processes write as well
_CONFLICTS = (404, 412)  # a row was deleted or changed since it was read


class SlotRows:
    """The table of slot bookings. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def mailboxes(self) -> set[str]:
        """Return the mailboxes of all bookings, in lower case; also those of rows that this version cannot read."""
        with storage_errors():
            rows = self._table().query_entities("mailbox ne ''", select=["mailbox"])
            return {row["mailbox"].lower() for row in rows if isinstance(row.get("mailbox"), str)}

    def forget(self, mailbox: str, before: datetime | None = None) -> int:
        """Delete all rows of a mailbox, also unreadable ones, and return how many bookings that were.

        `before`: bookings whose state began then or later stay.
        """
        forgotten, limit = 0, text_of(before) if before is not None else ""
        for _ in range(ATTEMPTS):
            bookings = [rows for rows in self._by_booking(mailbox) if not _is_since(rows[-1], limit)]
            if not bookings:
                return forgotten
            forgotten += sum(self._deleted(rows) for rows in bookings)
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def drop_ended(self, before: datetime) -> int:
        """Delete the bookings whose times ended before a moment, in any state, and return how many.

        Without this a switched-off feature, which settles nothing, would keep them for ever.
        """
        names = {"moment": text_of(before), "none": ""}
        with storage_errors():
            ended = list(self._table().query_entities("end lt @moment and end gt @none", parameters=names))
        return sum(self._deleted([*self._cells_of(row), row]) for row in ended)

    def _cells_of(self, row: Any) -> list[Any]:
        rule = "PartitionKey eq @partition and booking eq @booking"
        names = {"partition": row["PartitionKey"], "booking": row["RowKey"]}
        with storage_errors():
            return list(self._table().query_entities(rule, parameters=names))

    def _by_booking(self, mailbox: str) -> list[list[Any]]:
        """Return the rows of each booking: first those of its cells, last its own, if it has one."""
        found: dict[str, list[Any]] = {}
        names = {"partition": partition_of(mailbox)}
        with storage_errors():
            for row in self._table().query_entities("PartitionKey eq @partition", parameters=names):
                found.setdefault(str(row.get("booking") or row["RowKey"]), []).append(row)
        return [sorted(rows, key=lambda row: "booking" not in row) for rows in found.values()]

    def _deleted(self, rows: Sequence[Any]) -> bool:
        """Delete rows of one partition unless they have changed since they were read; return whether all were.

        More than AT_ONCE are deleted in parts. The booking's own row is in the last: until then it is found again.
        """
        from azure.core import MatchConditions
        from azure.data.tables import TableTransactionError

        unchanged = MatchConditions.IfNotModified
        operations = [("delete", row, {"etag": row.metadata["etag"], "match_condition": unchanged}) for row in rows]
        with storage_errors():
            try:
                for first in range(0, len(operations), AT_ONCE):
                    self._table().submit_transaction(operations[first : first + AT_ONCE])
            except TableTransactionError as error:
                if error.status_code not in _CONFLICTS:
                    raise
                return False
        return True


def _is_since(row: Any, limit: str) -> bool:
    """Return whether a booking's state began at a limit or later; not without a limit, nor if that cannot be read."""
    since = row.get("since")
    return bool(limit) and isinstance(since, str) and since >= limit
