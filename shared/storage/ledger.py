"""The ledger: for each mailbox, the states that the partner has. Stores ids, etags and times; never a title.

It also serializes the processing of one event: a worker claims the entry first, so that an older read never reaches the
partner after a newer one. A claim expires, because its owner may have crashed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.moments import LARGEST_SKEW
from shared.storage.connection import storage_errors
from shared.storage.table import columns_of, stored_as

if TYPE_CHECKING:
    from azure.data.tables import TableClient

CLAIM = timedelta(seconds=120)  # longer than two rounds of reads and deliveries take
MOST_AT_ONCE = 8  # entries claimed together: two rounds, as Graph allows four calls at a time for each mailbox


@dataclass(frozen=True, slots=True)
class Entry:
    """The ledger's row for one event. Times are in UTC, None or "" when unknown.

    - `delivered_state`: the state (etag) that the partner has, "" if none.
    - `read_at`: when the last attempt to read the event began.
    - `checked_calendar`: whether that attempt also checked the calendar view, as after a notification of a deletion.
    - `retry_token`: identifies the queued message that will retry the delivery, "" if none.
    - `series_id`, `start`, `end`: those of the last delivered state.
    - `deletions`: how many deletions of this event were delivered.
    - `is_dead_lettered`: whether the event has a dead letter.
    """

    watch_id: str
    event_id: str
    delivered_state: str = field(default="", metadata=stored_as("told"))
    read_at: datetime | None = None
    checked_calendar: bool = field(default=False, metadata=stored_as("doubted"))
    retry_token: str = field(default="", metadata=stored_as("retry"))
    series_id: str = ""
    start: str = ""
    end: str = ""
    deletions: int = 0
    is_dead_lettered: bool = field(default=False, metadata=stored_as("is_dead"))
    claimed_until: datetime | None = None
    etag: str = ""


class Ledger:
    """The table of entries. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient], now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now

    def read(self, watch_id: str, event_ids: Sequence[str]) -> list[Entry]:
        """Return the entries of up to MOST_AT_ONCE events, in their order; for a new event a blank one without etag."""
        if len(event_ids) == 1:  # the common case: a point query; a filter with several keys scans the partition
            return [self._read_entry(watch_id, event_ids[0])]
        keys = {_key(event_id): event_id for event_id in event_ids}
        row_filter = " or ".join(f"RowKey eq '{key}'" for key in keys)  # hex digits need no quoting
        with storage_errors():
            query = f"PartitionKey eq @watch and ({row_filter})"
            rows = self._table().query_entities(query, parameters={"watch": watch_id})
            rows_by_key = {row["RowKey"]: _entry(row) for row in rows}
        return [rows_by_key.get(_key(event_id)) or Entry(watch_id, event_id) for event_id in event_ids]

    def _read_entry(self, watch_id: str, event_id: str) -> Entry:
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                return _entry(self._table().get_entity(watch_id, _key(event_id)))
            except ResourceNotFoundError as error:
                if getattr(error, "error_code", "") == "TableNotFound":  # only a missing row means a new event
                    raise
                return Entry(watch_id, event_id)

    def claim(self, entries: Sequence[Entry]) -> list[Entry | None]:
        """Claim entries of one watch for CLAIM. None stands for one that is claimed or changed since it was read."""
        until = self._now() + CLAIM
        free = [entry for entry in entries if not self._is_claimed(entry)]
        taken = dict(zip(free, self._write([replace(entry, claimed_until=until) for entry in free]), strict=True))
        return [taken.get(entry) for entry in entries]

    def release(self, entries: Sequence[Entry]) -> None:
        """Write claimed entries and end their claims. An entry whose claim another worker took over is not written."""
        self._write([replace(entry, claimed_until=None) for entry in entries])

    def _is_claimed(self, entry: Entry) -> bool:
        now = self._now()
        return entry.claimed_until is not None and now < entry.claimed_until <= now + CLAIM + LARGEST_SKEW

    def of_series(self, watch_id: str, series_id: str) -> list[Entry]:
        """Return the entries of a series' occurrences whose last delivered state is not deleted."""
        rule = "PartitionKey eq @watch and series_id eq @series and told ne 'deleted'"
        with storage_errors():
            rows = self._table().query_entities(rule, parameters={"watch": watch_id, "series": series_id})
            return [_entry(row) for row in rows]

    def pages(self, watch_id: str) -> Iterator[list[Entry]]:
        """Yield all entries of a watch by page, so that a large calendar is never in memory as a whole."""
        with storage_errors():
            rows = self._table().query_entities("PartitionKey eq @watch", parameters={"watch": watch_id})
            for page in rows.by_page():
                yield [_entry(row) for row in page]

    def drop(self, entries: Sequence[Entry]) -> int:
        """Delete entries unless claimed or changed since they were read, and return how many were deleted."""
        free = [entry for entry in entries if not self._is_claimed(entry)]
        return sum(self._drop(free[first : first + 100]) for first in range(0, len(free), 100))

    def forget(self, watch_id: str) -> None:
        """Delete all entries of a watch. Safe to run concurrently."""
        from azure.data.tables import TableTransactionError

        with storage_errors():
            table = self._table()
            rows = table.query_entities(
                "PartitionKey eq @watch", parameters={"watch": watch_id}, select=["PartitionKey", "RowKey"]
            )
            for page in rows.by_page():
                keys = [{"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]} for row in page]
                for first in range(0, len(keys), 100):
                    part = keys[first : first + 100]
                    try:
                        table.submit_transaction([("delete", key) for key in part])
                    except TableTransactionError as error:
                        if error.status_code != 404:
                            raise
                        for key in part:
                            table.delete_entity(key)  # deleting a missing row is a no-op

    def _drop(self, entries: Sequence[Entry]) -> int:
        from azure.data.tables import TableTransactionError

        table = self._table()
        with storage_errors():
            try:
                table.submit_transaction([("delete", _row(entry), _if_unchanged(entry)) for entry in entries])
            except TableTransactionError as error:
                if error.status_code not in (404, 412):
                    raise
                if len(entries) == 1:
                    return 0
                return sum(self._drop([entry]) for entry in entries)
        return len(entries)

    def _write(self, entries: Sequence[Entry]) -> list[Entry | None]:
        """Write entries of one watch unless changed since they were read; None stands for one that was not written.

        One conflict fails the whole transaction; then write each entry by itself.
        """
        from azure.data.tables import TableTransactionError

        if len(entries) <= 1:
            return [self._write_entry(entry) for entry in entries]
        with storage_errors():
            try:
                responses = self._table().submit_transaction([_operation(entry) for entry in entries])
            except TableTransactionError as error:
                if error.status_code not in (400, 404, 409, 412):
                    raise
                return [self._write_entry(entry) for entry in entries]
        return [replace(entry, etag=str(new["etag"])) for entry, new in zip(entries, responses, strict=True)]

    def _write_entry(self, entry: Entry) -> Entry | None:
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

        verb, row, *conditions = _operation(entry)
        table = self._table()
        with storage_errors():
            try:
                write = table.create_entity if verb == "create" else table.update_entity
                response = write(row, **(conditions[0] if conditions else {}))
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return None
        return replace(entry, etag=str(response["etag"]))


def _operation(entry: Entry) -> tuple[Any, ...]:
    """Return the write of an entry, on the condition that its row has not changed since it was read."""
    from azure.data.tables import UpdateMode

    if not entry.etag:
        return "create", _row(entry)
    return "update", _row(entry), {**_if_unchanged(entry), "mode": UpdateMode.REPLACE}


def _if_unchanged(entry: Entry) -> dict[str, Any]:
    from azure.core import MatchConditions

    return {"etag": entry.etag, "match_condition": MatchConditions.IfNotModified}


def _key(event_id: str) -> str:
    """Return a row key: a hash, because event ids may hold forbidden characters and be too long for a key."""
    return hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()


_COLUMNS = {name: column for name, column in columns_of(Entry).items() if name != "watch_id"}
_MOMENTS = ("read_at", "claimed_until")


def _row(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in _COLUMNS} | {
        name: _text(getattr(entry, name)) for name in _MOMENTS
    }
    keys = {"PartitionKey": entry.watch_id, "RowKey": _key(entry.event_id)}
    return keys | {_COLUMNS[name]: value for name, value in values.items()}


def _entry(row: Any) -> Entry:
    """Return an entry; a column missing from an older version's row has its default."""
    values = {name: row[column] for name, column in _COLUMNS.items() if column in row}
    values |= {name: _moment(row.get(name)) for name in _MOMENTS}
    return Entry(watch_id=row["PartitionKey"], **values, etag=str(row.metadata["etag"]))


def _text(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
