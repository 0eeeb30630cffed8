"""Changes stored outside the queue: parked while deliveries are stopped, or dead letters.

There is one row for each event, so an event that changes often meanwhile costs one delivery of its newest state. Rows
hold ids and times, never a title, and stay until they are taken, or their watch is removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from shared.errors import ServiceUnavailable
from shared.storage.connection import storage_errors
from shared.storage.table import PAGE, columns_of, stored_as
from shared.unreadable_rows import ERRORS, SIGHTINGS, Unreadable, checked, moment_in

if TYPE_CHECKING:
    from azure.data.tables import TableClient

WAITING, DEAD = "waiting", "dead"
ATTEMPTS = 8  # to write a row that other processes write as well
AT_ONCE = 100  # "Performing entity group transactions": the maximum of entities


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked change or dead letter. `at` is when it was last parked, `status` the partner's last response (0: none),
    `force` whether to deliver it even if the partner has this state. An unreadable message has neither watch nor event.

    `attempts`: how many attempts have failed. `series_id`: the series of an occurrence, if known. `first_at`: when
    Graph first notified the relay of what is owed; None in a row of an earlier version. `source`: the feature whose
    item this is, by its group (`watch_id`) and id (`event_id`); empty for an event of a watch.
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
    series_id: str = ""
    first_at: datetime | None = None
    source: str = ""
    etag: str = ""

    @property
    def id(self) -> str:
        """The row's key, one for each event: a newer change replaces the older one."""
        return parked_id(self.watch_id, self.event_id)


def parked_id(watch_id: str, event_id: str) -> str:
    """Return the id of an event's row: 32 hex digits."""
    return hashlib.sha256(f"{watch_id}\n{event_id}".encode("utf-8", "replace")).hexdigest()[:32]


def key_of(row: Parked | Unreadable) -> str:
    """Return the key of a row, which is its id."""
    return row.key if isinstance(row, Unreadable) else row.id


class ParkedChanges:
    """The table; `kind` is WAITING or DEAD. Methods raise ServiceUnavailable or ConfigurationError on failure."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def put(self, kind: str, changes: Sequence[Parked]) -> None:
        """Park changes, one row for each event. The flags `force` and `deleted` stay set once they were set, and the
        earliest `first_at` and the most `attempts` stay.

        A wrong `deleted` is harmless: it only makes the next read check the calendar view, too.
        """
        by_id: dict[str, Parked] = {}
        for change in changes:
            by_id[change.id] = merged(by_id.get(change.id), change)
        rows = list(by_id.values())
        for first in range(0, len(rows), AT_ONCE):
            self._put(kind, rows[first : first + AT_ONCE])

    def _put(self, kind: str, rows: Sequence[Parked]) -> None:
        """Add rows. If one of them exists, add or change each by itself."""
        from azure.data.tables import TableTransactionError

        with storage_errors():
            try:
                self._table().submit_transaction([("create", _row(kind, row)) for row in rows])
            except TableTransactionError as error:
                if error.status_code != 409:
                    raise
                for row in rows:
                    self._put_row(kind, row)

    def _put_row(self, kind: str, row: Parked) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        for _ in range(ATTEMPTS):
            before = self.find(kind, row.id)
            entity = _row(kind, merged(before, row))
            try:
                if before is None:
                    self._table().create_entity(entity)
                else:
                    mode = UpdateMode.REPLACE if isinstance(before, Unreadable) else UpdateMode.MERGE
                    unchanged = MatchConditions.IfNotModified
                    self._table().update_entity(entity, mode, etag=before.etag, match_condition=unchanged)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                continue
            return
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def page(self, kind: str, size: int, after: str = "", *, since: datetime | None = None,
             before: datetime | None = None, reason: str = "", watch_id: str = "") -> list[Parked]:  # fmt: skip
        """Return up to `size` readable rows in the order of their ids, after the id `after`; optionally only those of a
        time range [since, before), a reason or a watch.
        """
        rows = self.rows(kind, after, since=since, before=before, reason=reason, watch_id=watch_id, at_once=size)
        return list(islice((row for row in rows if isinstance(row, Parked)), size))

    def rows(self, kind: str, after: str = "", *, since: datetime | None = None, before: datetime | None = None,
             reason: str = "", watch_id: str = "", at_once: int = PAGE) -> Iterator[Parked | Unreadable]:  # fmt: skip
        """Yield the rows of `page`, and in their places what stands for unreadable ones; read `at_once` in a call."""
        rules = ["PartitionKey eq @partition", "RowKey gt @after"]
        names: dict[str, Any] = {"partition": kind, "after": after}
        for name, rule, value in (("since", "at ge @since", since), ("before", "at lt @before", before)):
            if value is not None:
                rules.append(rule)
                names[name] = _text(value)
        for name, text in (("reason", reason), ("watch_id", watch_id)):
            if text:
                rules.append(f"{name} eq @{name}")
                names[name] = text
        with storage_errors():
            for row in self._table().query_entities(" and ".join(rules), parameters=names, results_per_page=at_once):
                yield _parked(row)

    def get(self, kind: str, row_id: str) -> Parked | None:
        """Return one row; None if there is none that can be read."""
        row = self.find(kind, row_id)
        return row if isinstance(row, Parked) else None

    def find(self, kind: str, row_id: str) -> Parked | Unreadable | None:
        """Return one row, what stands for an unreadable one, or None."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                return _parked(self._table().get_entity(kind, row_id))
            except ResourceNotFoundError:
                return None

    def drop(self, kind: str, changes: Sequence[Parked | Unreadable]) -> int:
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

    def _drop(self, kind: str, changes: Sequence[Parked | Unreadable]) -> int:
        from azure.core import MatchConditions
        from azure.data.tables import TableTransactionError

        unchanged = MatchConditions.IfNotModified
        operations = [
            (
                "delete",
                {"PartitionKey": kind, "RowKey": key_of(each)},
                {"etag": each.etag, "match_condition": unchanged},
            )
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


def merged(before: Parked | Unreadable | None, after: Parked) -> Parked:
    """Return the row of an event that is parked again. Pure. An unreadable row may have said that it was deleted."""
    if before is None:
        return after
    if isinstance(before, Unreadable):
        return replace(after, deleted=True)
    first_at = min(before.first_at or before.at, after.first_at or after.at)
    return replace(
        after, deleted=before.deleted or after.deleted, force=before.force or after.force, first_at=first_at,
        series_id=after.series_id or before.series_id,
        attempts=max(before.attempts, after.attempts),
    )  # fmt: skip


_COLUMNS = {name: column for name, column in columns_of(Parked).items() if name not in ("at", "first_at")}

_OPTIONAL = ("again", "deleted", "series_id", "source")


def _row(kind: str, change: Parked) -> dict[str, Any]:
    row: dict[str, Any] = {"PartitionKey": kind, "RowKey": change.id, "at": _text(change.at)}
    first = {"first_at": _text(change.first_at)} if change.first_at else {}
    values = {column: getattr(change, name) for name, column in _COLUMNS.items()}
    return row | first | {column: value for column, value in values.items() if value or column not in _OPTIONAL}


def _parked(row: Any) -> Parked | Unreadable:
    values = {name: row[column] for name, column in _COLUMNS.items() if column in row}
    try:
        values |= {"at": moment_in(row["at"]), "first_at": moment_in(row.get("first_at"))}
        change = Parked(**checked(Parked, values), etag=str(row.metadata["etag"]))
    except ERRORS:
        return SIGHTINGS.saw("parked", str(row["PartitionKey"]), row)
    if change.id != row["RowKey"]:  # the row of another event: it could not be deleted, and each drain would queue it
        return SIGHTINGS.saw("parked", str(row["PartitionKey"]), row)
    return change


def _text(moment: datetime) -> str:
    """Return a time as stored: with a fixed length, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
