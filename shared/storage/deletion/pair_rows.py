"""The rows of the table `pairs`, as far as they name a mailbox: their end by time, and the deletion of a mailbox's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.storage.connection import storage_errors
from shared.storage.deletion.former_events import leave_out_formers
from shared.storage.deletion.row import delete_unchanged
from shared.storage.pairs.brakes import PARTITION as BRAKES
from shared.storage.pairs.index import PREFIX as INDEX
from shared.storage.pairs.pairs import PARTITION as PAIRS
from shared.storage.pairs.resources import PARTITION as RESOURCES
from shared.storage.pairs.write_waits import PARTITION as WAITS
from shared.storage.table import text_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PAIRS_KEPT = timedelta(days=30)  # after their end left the window: what is edited late must not be made twice
BRAKES_KEPT = timedelta(days=1)  # after their last change; they count for an hour
WAITS_KEPT = timedelta(days=1)  # after their end; they last for minutes
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
        over = {"moment": text_of(now - WAITS_KEPT)}
        given_up = {"moment": text_of(now - DEAD_KEPT), "none": ""}
        return sum((
            self._drop(f"{_ENDED} and end lt @moment and end gt @none", ended),
            self._drop(f"PartitionKey eq '{BRAKES}' and changed lt @moment and held_since eq @none", unused),
            self._drop(f"PartitionKey eq '{RESOURCES}' and read_at lt @moment and read_at gt @none", unread),
            self._drop(f"PartitionKey eq '{WAITS}' and until lt @moment and free_until lt @moment", over),
            self._drop(f"PartitionKey eq '{DEAD}' and at lt @moment and at gt @none", given_up),
        ))  # fmt: skip

    def forget(self, watch_id: str, user_ids: Collection[str] = ()) -> int:
        """Delete all rows of a mailbox, and return how many pairs that were. `user_ids`: its ids in Entra, as known.

        The pairs of other mailboxes stay, without the events that they had in this one.
        """
        names = {"mailbox": watch_id, "partition": INDEX + watch_id}
        pairs = self._drop(f"PartitionKey eq '{PAIRS}' and mailbox_watch eq @mailbox", names)
        leave_out_formers(self._table, watch_id)
        self._drop("PartitionKey eq @partition", names)
        self._drop(f"PartitionKey eq '{BRAKES}' and RowKey eq @mailbox", names)
        self._forget_resources("watch_id eq @mailbox", names)
        for user_id in user_ids:
            self._forget_resources("user_id eq @user", {"user": user_id})
        return pairs

    def _forget_resources(self, rule: str, names: Mapping[str, str]) -> None:
        """Delete the rows of resources last: until then the next call finds what else they lead to."""
        which = f"PartitionKey eq '{RESOURCES}' and {rule}"
        with storage_errors():
            ids = [str(row["RowKey"]) for row in self._rows(which, _used(which, names))]
        for each in ids:
            self._drop(f"PartitionKey eq '{WAITS}' and RowKey eq @resource", {"resource": each})
        self._drop(which, names)

    def _drop(self, rule: str, parameters: Mapping[str, str]) -> int:
        with storage_errors():
            return sum(delete_unchanged(self._table(), row) for row in self._rows(rule, _used(rule, parameters)))

    def _rows(self, rule: str, parameters: Mapping[str, str]) -> Iterator[Any]:
        yield from list(self._table().query_entities(rule, parameters=dict(parameters)))


def _used(rule: str, parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if f"@{name}" in rule.split()}
