"""Which job of a kind is waited for: one row in the table of watches, with two columns for each kind."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.moments import LARGEST_SKEW
from shared.storage.connection import storage_errors
from shared.unreadable_rows import moment_or_none

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_KEYS = {"PartitionKey": "relay", "RowKey": "awaited"}
ATTEMPTS = 5  # to write to a row that other processes write to as well
# Of these kinds a job that is sooner due takes the place of the one that is waited for. That one is dropped when it
# comes while another is waited for, or finds nothing to do.
SOONEST_FIRST = frozenset({"retries"})
SOONER = timedelta(seconds=1)  # at least: two computations of the same moment may differ by less
LATE = timedelta(minutes=30)  # after its time a job is believed lost; the timer has come by then
LONGEST = timedelta(hours=24) + LARGEST_SKEW  # a time further ahead is that of a wrong clock


class AwaitedJobs:
    """The row of what is waited for. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._table = table

    def expect(self, kind: str, now: datetime, due: datetime) -> str:
        """Record that a job is about to be queued that is due at `due`, and return its token.

        Return "" if one is waited for already: it begins later than now, so it does this work, too; of SOONEST_FIRST,
        if it is due no later than this one.
        """
        token = uuid.uuid4().hex
        for _ in range(ATTEMPTS):
            row = self._read()
            if row is not None and _is_awaited(row, kind, now) and not _is_sooner(row, kind, due):
                return ""
            if self._write(row, {f"{kind}_token": token, f"{kind}_due": due.astimezone(UTC).isoformat()}):
                return token
        return token  # without a record: a job too many does no harm

    def begin(self, kind: str, token: str) -> bool:
        """Record that a job begins, and is waited for no longer. Return False if another is waited for instead."""
        for _ in range(ATTEMPTS):
            row = self._read()
            recorded = str((row or {}).get(f"{kind}_token") or "")
            if recorded != token:
                return not recorded
            if self._write(row, {f"{kind}_token": ""}):
                return True
        return True

    def _read(self) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                return self._table().get_entity(_KEYS["PartitionKey"], _KEYS["RowKey"])
            except ResourceNotFoundError:
                return None

    def _write(self, row: Any, columns: dict[str, str]) -> bool:
        """Write columns if the row has not changed since it was read; return whether they were written."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

        with storage_errors():
            try:
                if row is None:
                    self._table().create_entity(_KEYS | columns)
                else:
                    etag, unchanged = row.metadata["etag"], MatchConditions.IfNotModified
                    self._table().update_entity(_KEYS | columns, etag=etag, match_condition=unchanged)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return False
        return True


def _is_sooner(row: Any, kind: str, due: datetime) -> bool:
    """Return whether a job is due before the one that is waited for, and takes its place."""
    awaited = moment_or_none(row.get(f"{kind}_due"))
    return kind in SOONEST_FIRST and awaited is not None and awaited - due > SOONER


def _is_awaited(row: Any, kind: str, now: datetime) -> bool:
    """Return whether a job is waited for. A time that cannot be read is none: a job too many does no harm."""
    due = moment_or_none(row.get(f"{kind}_due"))
    if not row.get(f"{kind}_token") or due is None:
        return False
    return -LATE < due - now <= LONGEST
