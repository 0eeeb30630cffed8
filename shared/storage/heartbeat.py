"""The heartbeat: when the timer last ran, and when a run last succeeded. One row in the table of watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.storage.connection import storage_errors

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_KEYS = {"PartitionKey": "relay", "RowKey": "heartbeat"}


@dataclass(frozen=True, slots=True)
class Beats:
    """The last run and the last success (UTC, None before the first), and the number of runs that began since."""

    ran: datetime | None = None
    succeeded: datetime | None = None
    unfinished: int = 0


class Heartbeat:
    """The heartbeat's row. Methods raise ServiceUnavailable or ConfigurationError when storage fails.

    A run that does not succeed is no absence: Graph's notifications were taken in meanwhile. So an absence is judged by
    `last_run` alone. Earlier versions write and need the column "at", the beginning of the last run.
    """

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def beats(self) -> Beats:
        """Return all that is recorded, with one read."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                row = self._table().get_entity(_KEYS["PartitionKey"], _KEYS["RowKey"])
            except ResourceNotFoundError:
                return Beats()
        return Beats(_moment(row.get("at")), _moment(row.get("succeeded")), int(row.get("unfinished") or 0))

    def last_run(self) -> datetime | None:
        """Return when the last run began."""
        return self.beats().ran

    def ran(self, moment: datetime) -> None:
        """Record that a run began at `moment`. Call it once for each run, not for the parts that continue it."""
        self._write(at=moment, unfinished=self.beats().unfinished + 1)

    def succeeded(self, moment: datetime) -> None:
        """Record that a run has done all its work at `moment`."""
        missing = {} if self.last_run() else {"at": moment}  # an earlier version cannot read a row without it
        self._write(succeeded=moment, unfinished=0, **missing)

    def queue_run(self, moment: datetime, again_after: timedelta) -> bool:
        """Record that a message for the run is queued at `moment`; return whether to queue it: once after each run, and
        again if none has come `again_after`. Of several processes one is told so.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        with storage_errors():
            try:
                row = self._table().get_entity(_KEYS["PartitionKey"], _KEYS["RowKey"])
                ran, queued = _moment(row.get("at")), _moment(row.get("queued"))
                if queued is not None and (ran is None or queued >= ran) and abs(moment - queued) <= again_after:
                    return False
                changes = {**_KEYS, "queued": _cell(moment)}
                etag = row.metadata["etag"]
                self._table().update_entity(changes, etag=etag, match_condition=MatchConditions.IfNotModified)
            except (ResourceModifiedError, ResourceNotFoundError):
                return False
        return True

    def _write(self, **columns: datetime | int) -> None:
        row: dict[str, Any] = {name: _cell(value) for name, value in columns.items()}
        with storage_errors():
            self._table().upsert_entity({**_KEYS, **row})


def _cell(value: datetime | int) -> str | int:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
