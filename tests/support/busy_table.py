"""A table with another writer, which writes to a watch's row after each read of it."""

from __future__ import annotations

from typing import Any

from tests.support.table import FakeTable, Row
from tests.support.world import START, World


class BusyTable(FakeTable):
    """After each of the next `busy` reads of a row, the row's `last_change` is written, as by a notification."""

    def __init__(self) -> None:
        super().__init__()
        self.busy = self.foreign_writes = 0

    def get_entity(self, partition_key: str, row_key: str, **_: Any) -> Row:
        """Return a row that has another etag by now."""
        row = super().get_entity(partition_key, row_key)
        if self.busy and partition_key == "watch":
            self.busy -= 1
            self.write_to(row_key)
        return row

    def write_to(self, watch_id: str) -> None:
        """Write as a notification does."""
        self.foreign_writes += 1
        self.update_entity({"PartitionKey": "watch", "RowKey": watch_id, "last_change": START.isoformat()})


class BusyWorld(World):
    """A world whose table of watches is busy."""

    rows: BusyTable

    def __init__(self) -> None:
        table = BusyTable()
        super().__init__({"watches_table": table})
        self.rows = table
