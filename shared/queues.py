"""The queues that the relay itself writes to: changes for the partner, and jobs. Both are texts on a storage queue.

A message may be sent with a delay, which an output binding of the Functions host cannot do.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shared.messages import ChangeMessage, Job, write_changes, write_jobs


class TextQueue(Protocol):
    """A queue of texts: shared.storage.queues.Queue, or one in memory."""

    def put(self, text: str, delay: float = 0) -> None:
        """Put a message that shows after `delay` seconds."""

    def depth(self) -> int:
        """Return about how many messages there are."""

    def due(self, most: int = 32) -> list[tuple[str, datetime]]:
        """Return the texts that anybody could take now, and since when each is there."""


class ChangeQueue:
    """A queue of changes. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, queue: TextQueue) -> None:
        self._queue = queue

    def send(self, message: ChangeMessage, delay: float = 0) -> None:
        """Queue the changes of a message, in as many messages as their size needs; none for none."""
        for text in write_changes(message):
            self._queue.put(text, delay)

    def depth(self) -> int:
        """Return about how many messages there are, the hidden ones included."""
        return self._queue.depth()

    def due(self) -> list[tuple[str, datetime]]:
        """Return the texts of the first messages that anybody could take now, and since when each is there."""
        return self._queue.due()


class JobQueue:
    """The queue of jobs. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, queue: TextQueue) -> None:
        self._queue = queue

    def send(self, job: Job, delay: float = 0) -> None:
        """Queue a job, in a message of its own."""
        for text in write_jobs([job]):
            self._queue.put(text, delay)

    def depth(self) -> int:
        """Return about how many messages there are, the hidden ones included."""
        return self._queue.depth()
