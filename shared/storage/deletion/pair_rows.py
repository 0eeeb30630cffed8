"""The rows of the table `pairs`, as far as they name a mailbox: their end by time, and the deletion of a mailbox's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.storage.connection import storage_errors
from shared.storage.deletion.row import delete_unchanged
from shared.storage.pairs.brakes import PARTITION as BRAKES
from shared.storage.pairs.index import PREFIX as INDEX
from shared.storage.pairs.pairs import PARTITION as PAIRS
from shared.storage.pairs.resources import PARTITION as RESOURCES
from shared.storage.table import text_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PAIRS_KEPT = timedelta(days=30)  # after their end left the window: what is edited late must not be made twice
BRAKES_KEPT = timedelta(days=1)  # after their last change; they count for an hour
RESOURCES_KEPT = timedelta(days=30)  # after they were last read
DEAD, DEAD_KEPT = "dead", timedelta(days=30)  # hints that were given up (shared.dataverse.flow.dead)
# "." follows "-": the end of the partitions that begin with "event-".
_ENDED = f"(PartitionKey eq '{PAIRS}' or (PartitionKey ge '{INDEX}' and PartitionKey lt 'event.'))"


class PairRows:
    """Deletes rows, also unreadable ones. `past`: how long before now the window begins.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails, or a setting is missing.
    """

    def __init__(self, table: Callable[[], TableClient], past: Callable[[], timedelta]) -> None:
        self._table = table
        self._past = past

    def drop_ended(self, now: datetime) -> int:
        """Delete the rows that are of no use any more, and return how many. A mailbox that is held stays so."""
        ended = {"moment": text_of(now - self._past() - PAIRS_KEPT), "none": ""}
        unused = {"moment": text_of(now - BRAKES_KEPT), "none": ""}
        unread = {"moment": text_of(now - RESOURCES_KEPT), "none": ""}
        given_up = {"moment": text_of(now - DEAD_KEPT), "none": ""}
        return sum((
            self._drop(f"{_ENDED} and end lt @moment and end gt @none", ended),
            self._drop(f"PartitionKey eq '{BRAKES}' and changed lt @moment and held_since eq @none", unused),
            self._drop(f"PartitionKey eq '{RESOURCES}' and read_at lt @moment and read_at gt @none", unread),
            self._drop(f"PartitionKey eq '{DEAD}' and at lt @moment and at gt @none", given_up),
        ))  # fmt: skip

    def forget(self, watch_id: str) -> int:
        """Delete all rows of a mailbox, and return how many pairs that were."""
        names = {"mailbox": watch_id, "partition": INDEX + watch_id}
        pairs = self._drop(f"PartitionKey eq '{PAIRS}' and mailbox_watch eq @mailbox", names)
        self._drop("PartitionKey eq @partition", names)
        self._drop(f"PartitionKey eq '{BRAKES}' and RowKey eq @mailbox", names)
        self._drop(f"PartitionKey eq '{RESOURCES}' and watch_id eq @mailbox", names)
        return pairs

    def _drop(self, rule: str, parameters: Mapping[str, str]) -> int:
        used = {name: value for name, value in parameters.items() if f"@{name}" in rule.split()}
        with storage_errors():
            return sum(delete_unchanged(self._table(), row) for row in self._rows(rule, used))

    def _rows(self, rule: str, parameters: Mapping[str, str]) -> Iterator[Any]:
        yield from list(self._table().query_entities(rule, parameters=dict(parameters)))
