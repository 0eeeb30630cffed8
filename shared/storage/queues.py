"""The queues that the relay itself writes to, with a delay: an output binding cannot wait."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.connection import storage_errors

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient

CHANGES = "calendar-changes"
REPAIRS = "mailbox-repairs"
LONGEST_DELAY = 7 * 24 * 3600 - 60  # seconds; "Put Message" takes at most 7 days
NEVER = -1  # a message that is owed to the partner must not run out


class Queue:
    """One queue. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, client: Callable[[], QueueClient]) -> None:
        self._client = client

    def put(self, text: str, delay: float = 0) -> None:
        """Put a message that shows after `delay` seconds and never expires; the queue is made when it is missing."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        seconds = min(math.ceil(max(delay, 0)), LONGEST_DELAY)
        client = self._client()
        with storage_errors():
            try:
                client.send_message(text, visibility_timeout=seconds, time_to_live=NEVER)
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):
                    client.create_queue()
                client.send_message(text, visibility_timeout=seconds, time_to_live=NEVER)

    def depth(self) -> int:
        """Return about how many messages there are, the hidden ones included; 0 when the queue is not made yet."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                return self._client().get_queue_properties().approximate_message_count or 0
            except ResourceNotFoundError:
                return 0

    def due(self, most: int = 32) -> list[tuple[str, datetime]]:
        """Return the text of the first messages that anybody could take now, and since when each is there.

        None is taken, and none that is delayed or in work is among them ("Peek Messages": 32 at most).
        """
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                messages = self._client().peek_messages(max_messages=most)
            except ResourceNotFoundError:
                return []
        return [(str(message.content), message.inserted_on) for message in messages if message.inserted_on]
