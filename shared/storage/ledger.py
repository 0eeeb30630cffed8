"""The ledger: per mailbox, what the partner has been told. Ids, etags and times; never a title.

It also keeps two readers of one event apart: who works on an event claims its row first, so that an older reading can
never reach the partner after a newer one. A claim ends by itself, because its owner may have been killed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.storage.connection import storage_errors

if TYPE_CHECKING:
    from azure.data.tables import TableClient

CLAIM = timedelta(seconds=120)  # longer than a reading and a delivery can take together


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one event. Moments are in UTC, None or "" when unknown.

    `told` is the state (etag) that the partner has, "" if it has none. `read_at` is when the last attempt to read it
    began. `retry` names the message on the queue that will try again, "" when nothing is owed. `series_id`,
    `start` and `end` are those of the last state told.
    """

    watch_id: str
    event_id: str
    told: str = ""
    read_at: datetime | None = None
    retry: str = ""
    series_id: str = ""
    start: str = ""
    end: str = ""
    claimed_until: datetime | None = None
    etag: str = ""


class Ledger:
    """The table of entries. Methods raise Unavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient], now: Callable[[], datetime]) -> None:
        self._table = table
        self._now = now

    def get(self, watch_id: str, event_id: str) -> Entry:
        """Return the entry of an event; a blank one, without an etag, when there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                row = self._table().get_entity(watch_id, _key(event_id))
            except ResourceNotFoundError:
                return Entry(watch_id, event_id)
        return _entry(row)

    def claim(self, entry: Entry) -> Entry | None:
        """Take an entry for CLAIM; None when somebody else has it, or has changed it since it was read."""
        if entry.claimed_until is not None and self._now() < entry.claimed_until:
            return None
        return self._write(replace(entry, claimed_until=self._now() + CLAIM))

    def settle(self, entry: Entry) -> bool:
        """Write what came of a claimed entry and give it free; False when the claim had run out and was taken over."""
        return self._write(replace(entry, claimed_until=None)) is not None

    def of_series(self, watch_id: str, series_id: str) -> list[Entry]:
        """Return the entries of a series' occurrences that the partner believes to exist."""
        rule = "PartitionKey eq @watch and series_id eq @series and told ne 'deleted'"
        with storage_errors():
            rows = self._table().query_entities(rule, parameters={"watch": watch_id, "series": series_id})
            return [_entry(row) for row in rows]

    def forget(self, watch_id: str) -> None:
        """Delete all entries of a watch, a hundred at a time."""
        with storage_errors():
            table = self._table()
            rows = table.query_entities(
                "PartitionKey eq @watch", parameters={"watch": watch_id}, select=["PartitionKey", "RowKey"]
            )
            for page in rows.by_page():
                keys = [{"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]} for row in page]
                for first in range(0, len(keys), 100):
                    table.submit_transaction([("delete", key) for key in keys[first : first + 100]])

    def _write(self, entry: Entry) -> Entry | None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        with storage_errors():
            try:
                answer = (
                    self._table().update_entity(
                        _row(entry), UpdateMode.REPLACE, etag=entry.etag, match_condition=MatchConditions.IfNotModified
                    )
                    if entry.etag
                    else self._table().create_entity(_row(entry))
                )
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return None
        return replace(entry, etag=str(answer["etag"]))


def _key(event_id: str) -> str:
    """Return a row key: event ids hold characters that keys must not, and may be as long as a key may be."""
    return hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "PartitionKey": entry.watch_id,
        "RowKey": _key(entry.event_id),
        "event_id": entry.event_id,
        "told": entry.told,
        "read_at": _text(entry.read_at),
        "retry": entry.retry,
        "series_id": entry.series_id,
        "start": entry.start,
        "end": entry.end,
        "claimed_until": _text(entry.claimed_until),
    }


def _entry(row: Any) -> Entry:
    values: dict[str, Any] = {name: row.get(name, "") for name in ("event_id", "told", "retry", "series_id")}
    values |= {"start": row.get("start", ""), "end": row.get("end", "")}
    values |= {name: _moment(row.get(name)) for name in ("read_at", "claimed_until")}
    return Entry(watch_id=row["PartitionKey"], **values, etag=str(row.metadata["etag"]))


def _text(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
