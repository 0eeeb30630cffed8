"""Tests the storage account: writes, reads and deletes a row and a message."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.storage.connection import storage_errors

if TYPE_CHECKING:
    from azure.data.tables import TableClient
    from azure.storage.queue import QueueClient

PROBES = "relay-probes"  # a queue that no function listens to
SECONDS = 60  # a message expires after this if the process ends before deleting it


class StorageDiagnostics:
    """Tests a table and a queue. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient], queue: Callable[[], QueueClient]) -> None:
        self._table = table
        self._queue = queue

    def row(self) -> None:
        """Write a row, read it, and delete it."""
        key = f"probe-{uuid.uuid4().hex}"
        with storage_errors():
            table = self._table()
            table.create_entity({"PartitionKey": "relay", "RowKey": key})
            try:
                table.get_entity("relay", key)
            finally:
                table.delete_entity("relay", key)

    def message(self) -> None:
        """Send a message to the queue, peek, and delete the message."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            queue = self._queue()
            try:
                queue.get_queue_properties()
            except ResourceNotFoundError:
                queue.create_queue()
            message = queue.send_message("probe", time_to_live=SECONDS)
            queue.peek_messages()
            queue.delete_message(message)
