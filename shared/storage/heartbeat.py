"""The heartbeat: one row in the table of watches, written at every run of the timer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.storage.connection import storage_errors

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_KEYS = {"PartitionKey": "relay", "RowKey": "heartbeat"}


class Heartbeat:
    """The heartbeat's row. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def last(self) -> datetime | None:
        """Return the time of the last heartbeat (UTC), None before the first."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                row = self._table().get_entity(_KEYS["PartitionKey"], _KEYS["RowKey"])
            except ResourceNotFoundError:
                return None
        return datetime.fromisoformat(row["at"])

    def beat(self, moment: datetime) -> None:
        """Record a heartbeat."""
        with storage_errors():
            self._table().upsert_entity({**_KEYS, "at": moment.astimezone(UTC).isoformat()})
