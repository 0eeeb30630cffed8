"""The queues that the relay writes to directly: changes and jobs, as texts on storage queues.

Unlike an output binding of the Functions host, these can send a message with a delay.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.messages import ChangeMessage, Job, write_changes, write_jobs


class TextQueue(Protocol):
    """A queue of texts: shared.storage.queues.Queue, or an in-memory queue."""

    def put(self, text: str, delay: float = 0) -> None:
        """Put a message that becomes visible after `delay` seconds."""

    def depth(self) -> int:
        """Return the approximate number of messages."""

    def due(self, most: int = 32) -> list[tuple[str, datetime]]:
        """Return the text and insertion time of the first visible messages, without dequeuing them."""


class ChangeQueue:
    """A queue of changes. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, queue: TextQueue) -> None:
        self._queue = queue

    def send(self, message: ChangeMessage, delay: float = 0) -> None:
        """Queue the changes of a message, split by size; a no-op without changes."""
        for text in write_changes(message):
            self._queue.put(text, delay)

    def depth(self) -> int:
        """Return about how many messages there are, the hidden ones included."""
        return self._queue.depth()

    def due(self) -> list[tuple[str, datetime]]:
        """Return the text and insertion time of the first visible messages, without dequeuing them."""
        return self._queue.due()


class JobQueue:
    """A queue of jobs, one of two. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, queue: TextQueue) -> None:
        self._queue = queue

    def send(self, job: Job, delay: float = 0) -> None:
        """Queue a job as a separate message."""
        for text in write_jobs([job]):
            self._queue.put(text, delay)

    def depth(self) -> int:
        """Return about how many messages there are, the hidden ones included."""
        return self._queue.depth()
