"""The rows that the features keep about calls and appointments: deleted when nothing can need them any more.

The features delete them while they are used. A feature that is switched off deletes nothing, so the night does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.storage.connection import storage_errors
from shared.storage.table import text_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient

FIRST_CALLS_KEPT = timedelta(days=30)  # after the call
HELD_TIMES_KEPT = timedelta(days=1)  # they count for minutes; clocks of instances can differ by more
FOLLOWED_KEPT = timedelta(days=30)  # after an appointment's end, and after the last reading of a business
ROOMS_KEPT = timedelta(days=2)  # a reading of rooms counts for one
# A sign after "-" is the end of the partitions that begin with "held-", and of rooms and rooms-part.
_FIRST_CALLS = "PartitionKey eq 'first-call' and since lt @moment"
_APPOINTMENTS = "PartitionKey eq 'appointment' and until lt @moment"
_FOLLOWED = "PartitionKey eq 'appointment' and end lt @moment"
_BUSINESSES = "PartitionKey eq 'business' and read_at ge '2' and read_at lt @moment"
_ROOMS = "PartitionKey ge 'rooms' and PartitionKey lt 'rooms.' and at lt @moment"
_HELD_TIMES = "PartitionKey ge 'held-' and PartitionKey lt 'held.' and at lt @moment"


class CallRows:
    """Deletes rows of the tables `watches`, `attempts` and `appointments` (`followed`).

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    def __init__(
        self, watches: Callable[[], TableClient], attempts: Callable[[], TableClient],
        followed: Callable[[], TableClient],
    ) -> None:  # fmt: skip
        self._watches = watches
        self._attempts = attempts
        self._followed = followed

    def drop_ended(self, now: datetime) -> int:
        """Delete the rows whose time has ended, also those of a later version, and return how many."""
        return sum((
            self._drop(self._watches, _FIRST_CALLS, now - FIRST_CALLS_KEPT),
            self._drop(self._watches, _ROOMS, now - ROOMS_KEPT),
            self._drop(self._attempts, _APPOINTMENTS, now),
            self._drop(self._attempts, _HELD_TIMES, now - HELD_TIMES_KEPT),
            self._drop(self._followed, _FOLLOWED, now - FOLLOWED_KEPT),
            self._drop(self._followed, _BUSINESSES, now - FOLLOWED_KEPT),
        ))  # fmt: skip

    def _drop(self, table: Callable[[], TableClient], rule: str, before: datetime) -> int:
        with storage_errors():
            rows = list(table().query_entities(rule, parameters={"moment": text_of(before)}))
            return sum(_deleted(table(), row) for row in rows)


def _deleted(table: TableClient, row: Any) -> bool:
    """Delete a row unless it has changed since it was read; return whether it was deleted."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

    try:
        table.delete_entity(row, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified)
    except (ResourceModifiedError, ResourceNotFoundError):
        return False
    return True
