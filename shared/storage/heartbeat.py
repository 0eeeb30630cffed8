"""The heartbeat: when the timer last ran, and when a run last succeeded. One row in the table of watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.storage.connection import storage_errors
from shared.unreadable_rows import SIGHTINGS, moment_or_none

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_KEYS = {"PartitionKey": "relay", "RowKey": "heartbeat"}


@dataclass(frozen=True, slots=True)
class Beats:
    """The last run and the last success (UTC, None before the first), and the number of runs that began since.

    `late_at`: from when on the subscription that ends first is late, as of the last run; None if there is none.
    `silent_from`: the start of the first process that saw that no run had succeeded for long; None if none has since
    the last success.
    """

    ran: datetime | None = None
    succeeded: datetime | None = None
    unfinished: int = 0
    late_at: datetime | None = None
    silent_from: datetime | None = None


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
        return _beats(row)

    def last_run(self) -> datetime | None:
        """Return when the last run began."""
        return self.beats().ran

    def ran(self, moment: datetime) -> None:
        """Record that a run began at `moment`. Call it once for each run, not for the parts that continue it."""
        self._write(at=moment, unfinished=self.beats().unfinished + 1)

    def succeeded(self, moment: datetime) -> None:
        """Record that a run has done all its work at `moment`."""
        missing = {} if self.last_run() else {"at": moment}  # an earlier version cannot read a row without it
        self._write(succeeded=moment, unfinished=0, silent_from="", **missing)

    def silent(self, since: datetime) -> None:
        """Record that a process that runs `since` then has seen no success for long. The next success deletes it."""
        self._write(silent_from=since)

    def late_from(self, moment: datetime | None) -> None:
        """Record from when on the subscription that ends first is late; None: there is no subscription."""
        self._write(late_at=moment if moment is not None else "")

    def queue_run(self, moment: datetime, again_after: timedelta) -> bool:
        """Record that a message for the run is queued at `moment`; return whether to queue it: once after each run, and
        again if none has come `again_after`. Of several processes one is told so.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        with storage_errors():
            try:
                row = self._table().get_entity(_KEYS["PartitionKey"], _KEYS["RowKey"])
                ran, queued = moment_or_none(row.get("at")), moment_or_none(row.get("queued"))
                if queued is not None and (ran is None or queued >= ran) and abs(moment - queued) <= again_after:
                    return False
                changes = {**_KEYS, "queued": _cell(moment)}
                etag = row.metadata["etag"]
                self._table().update_entity(changes, etag=etag, match_condition=MatchConditions.IfNotModified)
            except (ResourceModifiedError, ResourceNotFoundError):
                return False
        return True

    def _write(self, **columns: datetime | int | str) -> None:
        row: dict[str, Any] = {name: _cell(value) for name, value in columns.items()}
        with storage_errors():
            self._table().upsert_entity({**_KEYS, **row})


def _cell(value: datetime | int | str) -> str | int:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _beats(row: Any) -> Beats:
    """Return what a row says. An unreadable time is unknown, like one before the first run; the next run writes it."""
    unfinished = row.get("unfinished") or 0
    beats = Beats(
        moment_or_none(row.get("at")),
        moment_or_none(row.get("succeeded")),
        unfinished if isinstance(unfinished, int) else 0,
        moment_or_none(row.get("late_at")),
        moment_or_none(row.get("silent_from")),
    )
    if (row.get("at") and beats.ran is None) or (row.get("succeeded") and beats.succeeded is None):
        SIGHTINGS.saw("watches", "heartbeat", row)
    return beats
