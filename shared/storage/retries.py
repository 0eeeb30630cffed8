"""The changes whose delivery is being retried, and the number of deliveries that succeeded.

Both are for people; nothing depends on them. Rows hold hashes, numbers and times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from shared.storage.connection import storage_errors
from shared.storage.table import Table, compared, text_of
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

AT_ONCE = 100  # "Performing entity group transactions": the maximum of entities
SLOT = timedelta(minutes=10)
SLOTS = 8  # the rows of a slot are used again after 80 minutes
SHARDS = 16  # rows of a slot, so that processes seldom write the same row at the same time


@dataclass(frozen=True, slots=True)
class Retry:
    """A change whose last attempt failed. `id` is that of its event (shared.storage.parked.parked_id).

    - `since`: when Graph notified the relay of the first change that was not delivered.
    - `until`: the row counts until then. The next attempt comes earlier, and moves it or deletes the row; so a row
      whose attempts ended in another way, for example because the watch was deleted, counts no longer.
    """

    id: str
    since: datetime | None = None
    until: datetime | None = field(default=None, metadata=compared())
    etag: str = ""


class Retries(Table[Retry]):
    """The rows of changes that are being retried. Methods raise ServiceUnavailable or ConfigurationError on failure."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Retry, "retry")

    def put(self, changes: list[Retry]) -> None:
        """Write rows, one for each event. A row keeps its `since` where the change has none."""
        from azure.data.tables import UpdateMode

        rows: dict[str, dict[str, Any]] = {}
        for change in changes:
            since = {"since": change.since.astimezone(UTC).isoformat()} if change.since else {}
            until = {"until": text_of(change.until)} if change.until else {}
            rows[change.id] = self._key(change) | {"id": change.id} | since | until
        parts = [("upsert", row, {"mode": UpdateMode.MERGE}) for row in rows.values()]
        with storage_errors():
            for first in range(0, len(parts), AT_ONCE):
                self._table().submit_transaction(parts[first : first + AT_ONCE])

    def forget(self, change_id: str) -> None:
        """Delete a row, if there is one."""
        with storage_errors():
            self._table().delete_entity(self._key(Retry(change_id)))

    def counting(self, now: datetime, most: int) -> list[Retry]:
        """Return up to `most` rows that count now."""
        return list(islice(_readable(self.select("until ge @now", {"now": text_of(now)})), most))

    def drop_old(self, now: datetime, most: int) -> None:
        """Delete up to `most` rows that count no longer."""
        for row in islice(_readable(self.select("until lt @now", {"now": text_of(now)})), most):
            self.delete(row)


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """How many deliveries succeeded within the SLOT that begins at `slot`, by the processes that share the row."""

    id: str
    slot: datetime | None = None
    number: int = 0
    etag: str = ""


class DeliveryCounts(Table[DeliveryCount]):
    """The numbers of the last hour. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, DeliveryCount, "delivered")

    def add(self, slot: datetime, number: int, shard: int) -> bool:
        """Add to the number of a slot; return False if another process wrote the row at the same time."""
        row_id = f"{int(slot.timestamp() // SLOT.total_seconds()) % SLOTS:016x}{shard % SHARDS:016x}"
        row = self.find(row_id)
        if isinstance(row, Unreadable):  # it would be in the way of its slot for ever
            return self.overwrite(DeliveryCount(row_id, slot, number, row.etag)) is not None
        if row is None:
            return self.insert(DeliveryCount(row_id, slot, number)) is not None
        before = row.number if row.slot == slot else 0
        return self.change(row, slot=slot, number=before + number) is not None

    def since(self, moment: datetime) -> int:
        """Return the sum of the slots that began at `moment` or later."""
        return sum(row.number for row in self.all() if row.slot is not None and row.slot >= moment)


def slot_of(moment: datetime) -> datetime:
    """Return the beginning of the slot of a moment."""
    return moment - timedelta(seconds=moment.timestamp() % SLOT.total_seconds())


def _readable(rows: Iterator[Retry | Unreadable]) -> Iterator[Retry]:
    return (row for row in rows if not isinstance(row, Unreadable))
