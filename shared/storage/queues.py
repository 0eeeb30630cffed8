"""Queues that the relay writes to directly, because an output binding cannot set a delay."""

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
WORK = "subscription-work"  # kinds of jobs that versions without this queue do not know
PAIR_CHANGES = "pair-changes"  # of the feature dataverse
LONGEST_DELAY = 7 * 24 * 3600 - 60  # seconds; "Put Message" takes at most 7 days
NEVER = -1  # a message that holds undelivered changes must not expire


class Queue:
    """One queue. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, client: Callable[[], QueueClient]) -> None:
        self._client = client

    def put(self, text: str, delay: float = 0) -> None:
        """Send a message that becomes visible after `delay` seconds and never expires; create a missing queue."""
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
        """Return the approximate number of messages, hidden ones included; 0 without a queue."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                return self._client().get_queue_properties().approximate_message_count or 0
            except ResourceNotFoundError:
                return 0

    def due(self, most: int = 32) -> list[tuple[str, datetime]]:
        """Return the text and insertion time of the first visible messages, without dequeuing them.

        Messages that are delayed or being processed are not visible ("Peek Messages": 32 at most).
        """
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors():
            try:
                messages = self._client().peek_messages(max_messages=most)
            except ResourceNotFoundError:
                return []
        return [(str(message.content), message.inserted_on) for message in messages if message.inserted_on]
