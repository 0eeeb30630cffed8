"""The ledger: for each mailbox, the states that the partner has. Stores ids, etags and times; never a title.

It also serializes the processing of one event: a worker claims the entry first, so that an older read never reaches the
partner after a newer one. A claim expires, because its owner may have crashed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from shared.errors import ServiceUnavailable
from shared.moments import LARGEST_SKEW
from shared.storage.connection import storage_errors
from shared.storage.ledger_entry import Entry, claimed, entry_of, is_row_used_since, key_of, row_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient

CLAIM = timedelta(seconds=120)  # longer than two rounds of reads and deliveries take
ATTEMPTS = 8  # to write a row that other processes write as well
MOST_AT_ONCE = 8  # entries claimed together: two rounds, as Graph allows four calls at a time for each mailbox


class Ledger:
    """The table of entries. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient], now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now

    def read(self, watch_id: str, event_ids: Sequence[str]) -> list[Entry]:
        """Return the entries of up to MOST_AT_ONCE events, in their order; for a new event a blank one without etag."""
        if len(event_ids) == 1:  # the common case: a point query; a filter with several keys scans the partition
            return [self._read_entry(watch_id, event_ids[0])]
        keys = {key_of(event_id): event_id for event_id in event_ids}
        row_filter = " or ".join(f"RowKey eq '{key}'" for key in keys)  # hex digits need no quoting
        with storage_errors():
            query = f"PartitionKey eq @watch and ({row_filter})"
            rows = self._table().query_entities(query, parameters={"watch": watch_id})
            rows_by_key = {row["RowKey"]: entry_of(row, keys[row["RowKey"]]) for row in rows}
        return [rows_by_key.get(key_of(event_id)) or Entry(watch_id, event_id) for event_id in event_ids]

    def _read_entry(self, watch_id: str, event_id: str) -> Entry:
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                return entry_of(self._table().get_entity(watch_id, key_of(event_id)), event_id)
            except ResourceNotFoundError as error:
                if getattr(error, "error_code", "") == "TableNotFound":  # only a missing row means a new event
                    raise
                return Entry(watch_id, event_id)

    def claim(self, entries: Sequence[Entry], page: str = "") -> list[Entry | None]:
        """Claim up to 100 entries of one watch for CLAIM, by themselves or for the delivery of a `page`.

        None stands for one that is claimed or changed since it was read.
        """
        until = self._now() + CLAIM
        free = [entry for entry in entries if not self._is_claimed(entry)]
        taken = dict(zip(free, self._write([claimed(entry, until, page) for entry in free]), strict=True))
        return [taken.get(entry) for entry in entries]

    def keep(self, entry: Entry) -> Entry | None:
        """Write a claimed entry and keep its claim; None if another worker took the claim over."""
        return self._write_entry(entry)

    def release(self, entries: Sequence[Entry]) -> None:
        """Write claimed entries and end their claims. An entry whose claim another worker took over is not written."""
        self._write([replace(entry, claimed_until=None, page="") for entry in entries])

    def mark_dead_lettered(self, watch_id: str, event_id: str) -> None:
        """Record that an event has a dead letter, whoever holds its claim."""
        for _ in range(ATTEMPTS):
            (entry,) = self.read(watch_id, [event_id])
            if entry.is_dead_lettered or self._write_entry(replace(entry, is_dead_lettered=True)) is not None:
                return
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def _is_claimed(self, entry: Entry) -> bool:
        now = self._now()
        return entry.claimed_until is not None and now < entry.claimed_until <= now + CLAIM + LARGEST_SKEW

    def of_series(self, watch_id: str, series_id: str) -> list[Entry]:
        """Return the entries of a series' occurrences that the partner has, may have, or is about to receive."""
        rule = "PartitionKey eq @watch and series_id eq @series"
        with storage_errors():
            rows = self._table().query_entities(rule, parameters={"watch": watch_id, "series": series_id})
            entries = [entry for row in rows if (entry := entry_of(row)).event_id]
        return [entry for entry in entries if entry.tried or entry.delivered_state != "deleted"]

    def pages(self, watch_id: str) -> Iterator[list[Entry]]:
        """Yield all entries of a watch by page, so that a large calendar is never in memory as a whole.

        A row whose event is not known is no entry.
        """
        for page in self._row_pages(watch_id):
            yield [entry for row in page if (entry := entry_of(row)).event_id]

    def _row_pages(self, watch_id: str) -> Iterator[list[Any]]:
        with storage_errors():
            rows = self._table().query_entities("PartitionKey eq @watch", parameters={"watch": watch_id})
            for page in rows.by_page():
                yield list(page)

    def next_partition(self, after: str) -> str:
        """Return the next watch's id that has entries, in the order of ids; "" if there is none."""
        with storage_errors():
            rows = self._table().query_entities(
                "PartitionKey gt @after", parameters={"after": after}, select=["PartitionKey"], results_per_page=1
            )
            return next((str(row["PartitionKey"]) for row in islice(rows, 1)), "")

    def is_used_since(self, watch_id: str, moment: datetime) -> bool:
        """Return whether any entry of a watch was read, claimed or written since a moment, or cannot be dated."""
        with storage_errors():
            rows = self._table().query_entities("PartitionKey eq @watch", parameters={"watch": watch_id})
            return any(is_row_used_since(row, moment) for row in rows)

    def drop(self, entries: Sequence[Entry]) -> int:
        """Delete entries unless claimed or changed since they were read, and return how many were deleted."""
        free = [entry for entry in entries if not self._is_claimed(entry)]
        return sum(self._drop(free[first : first + 100]) for first in range(0, len(free), 100))

    def forget(self, watch_id: str, is_over: Callable[[Entry], bool] = lambda _: True) -> int:
        """Delete the entries of a watch, or those that `is_over` selects, also claimed ones; return how many were
        deleted. Safe to run concurrently.

        An entry that is written meanwhile stays: it may be that of a watch that was set up again.
        """
        deleted = 0
        for page in self._row_pages(watch_id):
            found = [(entry_of(row), str(row["RowKey"])) for row in page]
            entries = [entry for entry, _ in found if entry.event_id and is_over(entry)]
            for first in range(0, len(entries), 100):
                deleted += self._drop(entries[first : first + 100])
            for key in [key for entry, key in found if not entry.event_id and is_over(entry)]:
                with storage_errors():
                    self._table().delete_entity({"PartitionKey": watch_id, "RowKey": key})
                deleted += 1
        return deleted

    def _drop(self, entries: Sequence[Entry]) -> int:
        from azure.data.tables import TableTransactionError

        table = self._table()
        with storage_errors():
            try:
                table.submit_transaction([("delete", row_of(entry), _if_unchanged(entry)) for entry in entries])
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
        return "create", row_of(entry)
    return "update", row_of(entry), {**_if_unchanged(entry), "mode": UpdateMode.REPLACE}


def _if_unchanged(entry: Entry) -> dict[str, Any]:
    from azure.core import MatchConditions

    return {"etag": entry.etag, "match_condition": MatchConditions.IfNotModified}
