"""Changes stored outside the queue: parked while deliveries are stopped, or dead letters.

There is one row for each event, so an event that changes often meanwhile costs one delivery of its newest state. Rows
hold ids and times, never a title, and never expire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from shared.storage.connection import storage_errors
from shared.storage.table import columns_of, stored_as

if TYPE_CHECKING:
    from azure.data.tables import TableClient

WAITING, DEAD = "waiting", "dead"
AT_ONCE = 100  # "Performing entity group transactions": the maximum of entities


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked change or dead letter. `at` is when it was last parked, `status` the partner's last response (0: none),
    `force` whether to deliver it even if the partner has this state. An unreadable message has neither watch nor event.
    """

    watch_id: str
    user_id: str
    event_id: str
    at: datetime
    reason: str
    deleted: bool = False
    force: bool = field(default=False, metadata=stored_as("again"))
    status: int = 0
    attempts: int = 0
    etag: str = ""

    @property
    def id(self) -> str:
        """The row's key, one for each event: a newer change replaces the older one."""
        return parked_id(self.watch_id, self.event_id)


def parked_id(watch_id: str, event_id: str) -> str:
    """Return the id of an event's row: 32 hex digits."""
    return hashlib.sha256(f"{watch_id}\n{event_id}".encode("utf-8", "replace")).hexdigest()[:32]


class ParkedChanges:
    """The table; `kind` is WAITING or DEAD. Methods raise ServiceUnavailable or ConfigurationError on failure."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def put(self, kind: str, changes: Sequence[Parked]) -> None:
        """Park changes, one row for each event. The flags `force` and `deleted` stay set once they were set.

        A wrong `deleted` is harmless: it only makes the next read check the calendar view, too.
        """
        from azure.data.tables import UpdateMode

        by_id: dict[str, dict[str, Any]] = {}
        for change in changes:
            by_id[change.id] = by_id.get(change.id, {}) | _row(kind, change)
        rows = list(by_id.values())
        for first in range(0, len(rows), AT_ONCE):
            part = [("upsert", row, {"mode": UpdateMode.MERGE}) for row in rows[first : first + AT_ONCE]]
            with storage_errors():
                self._table().submit_transaction(part)

    def page(self, kind: str, size: int, after: str = "", *, since: datetime | None = None,
             before: datetime | None = None, reason: str = "") -> list[Parked]:  # fmt: skip
        """Return up to `size` rows in the order of their ids, after the id `after`; optionally only those of a time
        range [since, before) or a reason.
        """
        rules = ["PartitionKey eq @partition", "RowKey gt @after"]
        names: dict[str, Any] = {"partition": kind, "after": after}
        for name, rule, value in (("since", "at ge @since", since), ("before", "at lt @before", before)):
            if value is not None:
                rules.append(rule)
                names[name] = _text(value)
        if reason:
            rules.append("reason eq @reason")
            names["reason"] = reason
        with storage_errors():
            rows = self._table().query_entities(" and ".join(rules), parameters=names, results_per_page=size)
            return [_parked(row) for row in islice(rows, size)]

    def get(self, kind: str, row_id: str) -> Parked | None:
        """Return one row, or None."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                return _parked(self._table().get_entity(kind, row_id))
            except ResourceNotFoundError:
                return None

    def drop(self, kind: str, changes: Sequence[Parked]) -> int:
        """Delete rows and return how many. A row that was parked again since it was read stays."""
        return sum(self._drop(kind, changes[first : first + AT_ONCE]) for first in range(0, len(changes), AT_ONCE))

    def forget(self, kind: str, row_id: str) -> None:
        """Delete a row unconditionally."""
        with storage_errors():
            self._table().delete_entity({"PartitionKey": kind, "RowKey": row_id})

    def count(self, kind: str, limit: int = 1000) -> int:
        """Return how many rows there are, up to `limit`."""
        with storage_errors():
            rows: Iterator[Any] = self._table().query_entities(
                "PartitionKey eq @partition", parameters={"partition": kind}, select=["RowKey"]
            )
            return sum(1 for _ in islice(rows, limit))

    def _drop(self, kind: str, changes: Sequence[Parked]) -> int:
        from azure.core import MatchConditions
        from azure.data.tables import TableTransactionError

        unchanged = MatchConditions.IfNotModified
        operations = [
            ("delete", {"PartitionKey": kind, "RowKey": each.id}, {"etag": each.etag, "match_condition": unchanged})
            for each in changes
        ]
        if not operations:
            return 0
        with storage_errors():
            try:
                self._table().submit_transaction(operations)
            except TableTransactionError as error:
                if error.status_code not in (404, 412):
                    raise
                return 0 if len(changes) == 1 else sum(self._drop(kind, [each]) for each in changes)
        return len(changes)


_COLUMNS = {name: column for name, column in columns_of(Parked).items() if name != "at"}


def _row(kind: str, change: Parked) -> dict[str, Any]:
    """Return the row to merge. An unset flag (`force`, `deleted`) is left out and keeps its stored value."""
    row: dict[str, Any] = {"PartitionKey": kind, "RowKey": change.id, "at": _text(change.at)}
    values = {name: getattr(change, name) for name in _COLUMNS}
    return row | {_COLUMNS[name]: value for name, value in values.items() if value or name not in ("force", "deleted")}


def _parked(row: Any) -> Parked:
    values = {name: row[column] for name, column in _COLUMNS.items() if column in row}
    return Parked(**values, at=datetime.fromisoformat(row["at"]), etag=str(row.metadata["etag"]))


def _text(moment: datetime) -> str:
    """Return a time as stored: with a fixed length, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
