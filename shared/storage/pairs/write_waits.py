"""Until when bookings are not written: those of a resource whose board is busy, and those of a crew."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.pairs.row import change_row
from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PARTITION = "wait"


@dataclass(frozen=True, slots=True)
class WriteWait:
    """`id`: of a resource or of a crew's header, as 32 hex digits. `until`: when the wait ends.

    `booking_id`: the booking of a crew that is written meanwhile. `free_until`: until when a busy resource is written
    regardless, after its wait.
    """

    id: str
    until: datetime | None = None
    free_until: datetime | None = None
    booking_id: str = ""
    etag: str = ""


class WriteWaits:
    """The rows. Methods raise ServiceUnavailable or ConfigurationError when storage fails, or a row is unreadable."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._rows = Table(table, WriteWait, PARTITION)

    def read(self, row_id: str) -> WriteWait:
        """Return a wait by the id of its resource or header, or a blank one."""
        key = uuid.UUID(row_id).hex
        return self._rows.get(key) or WriteWait(key)

    def begin(
        self, row_id: str, until: datetime, *, free_until: datetime | None = None, booking_id: str = ""
    ) -> WriteWait:
        """Begin a wait, in place of an earlier one."""
        changes = {"until": until, "free_until": free_until, "booking_id": booking_id}
        return change_row(self._rows, WriteWait(uuid.UUID(row_id).hex), lambda _: changes)

    def end(self, row_id: str) -> None:
        """End a wait, if there is one: what waited is written."""
        change_row(
            self._rows, WriteWait(uuid.UUID(row_id).hex), lambda row: {"until": None} if row.until is not None else {}
        )
