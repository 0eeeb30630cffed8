"""What the daily resyncs of the last hour found, in one row of the table of watches that all instances share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient

ATTEMPTS = 8  # to write to a row that other instances write to as well
_ONLY = "0" * 32  # the row key: there is one row


@dataclass(frozen=True, slots=True)
class ResyncHour:
    """The numbers of the hour that began at `began`.

    - `resyncs`: all daily resyncs; of these `unnotified` found changes without a notification, and `notified` with one.
    - `granted`: how many subscriptions were to be replaced.
    - `missing_since`: since when so many changes come without a notification that Graph has an outage.
    - `resynced_at`: when all mailboxes were last resynced because of that.
    - `excused_until`: until then a change without a notification proves nothing, because the relay itself was absent.
    """

    id: str = _ONLY
    began: datetime | None = None
    resyncs: int = 0
    unnotified: int = 0
    notified: int = 0
    granted: int = 0
    missing_since: datetime | None = None
    resynced_at: datetime | None = None
    excused_until: datetime | None = None
    etag: str = ""


class ResyncHours:
    """The row. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._rows: Table[ResyncHour] = Table(table, ResyncHour, "resync-hour")

    def read(self) -> ResyncHour:
        """Return the row, or a blank one."""
        return self._rows.get(_ONLY) or ResyncHour()

    def write(self, decide: Callable[[ResyncHour], dict[str, Any]]) -> tuple[ResyncHour, bool]:
        """Write the changes that `decide` returns for the present row, again if another instance changed it meanwhile.

        Return the row as last seen, and whether this call changed it: not if `decide` returned nothing, nor after
        ATTEMPTS, when the numbers of one resync are lost.
        """
        row = self.read()
        for _ in range(ATTEMPTS):
            changes = decide(row)
            if not changes:
                return row, False
            if not row.etag:
                self._rows.insert(row)
            elif (written := self._rows.change(row, **changes)) is not None:
                return written, True
            row = self.read()
        return row, False
