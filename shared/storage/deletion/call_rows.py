"""The rows that the features keep about calls: deleted when no call can need them any more.

The features delete them while they are used. A feature that is switched off deletes nothing, so the night does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.storage.connection import storage_errors
from shared.storage.deletion.row import delete_unchanged
from shared.storage.table import text_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient

FIRST_CALLS_KEPT = timedelta(days=30)  # after the call
HELD_TIMES_KEPT = timedelta(days=1)  # they count for minutes; clocks of instances can differ by more
# A sign after "-" is the end of the partitions that begin with "held-".
_FIRST_CALLS = "PartitionKey eq 'first-call' and since lt @moment"
_APPOINTMENTS = "PartitionKey eq 'appointment' and until lt @moment"
_HELD_TIMES = "PartitionKey ge 'held-' and PartitionKey lt 'held.' and at lt @moment"


class CallRows:
    """Deletes rows of the tables `watches` and `attempts`.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    def __init__(self, watches: Callable[[], TableClient], attempts: Callable[[], TableClient]) -> None:
        self._watches = watches
        self._attempts = attempts

    def drop_ended(self, now: datetime) -> int:
        """Delete the rows whose time has ended, also those of a later version, and return how many."""
        return sum((
            self._drop(self._watches, _FIRST_CALLS, now - FIRST_CALLS_KEPT),
            self._drop(self._attempts, _APPOINTMENTS, now),
            self._drop(self._attempts, _HELD_TIMES, now - HELD_TIMES_KEPT),
        ))  # fmt: skip

    def _drop(self, table: Callable[[], TableClient], rule: str, before: datetime) -> int:
        with storage_errors():
            rows = list(table().query_entities(rule, parameters={"moment": text_of(before)}))
            return sum(delete_unchanged(table(), row) for row in rows)
