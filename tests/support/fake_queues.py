"""The queues of changes and jobs, in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.messages import ChangeMessage, Job, read_changes, read_jobs
from shared.queues import ChangeQueue, JobQueue


class FakeQueue(ChangeQueue):
    """Keeps each message with its delay; `on_put` runs before."""

    def __init__(self) -> None:
        super().__init__(self)
        self.puts: list[tuple[ChangeMessage, float]] = []
        self.visible: list[tuple[str, datetime]] = []
        self.failure: Exception | None = None
        self.on_put: Callable[[str], None] = lambda _: None

    def put(self, text: str, delay: float = 0) -> None:
        """Keep a message."""
        self.on_put(text)
        if self.failure:
            raise self.failure
        self.puts.append((read_changes(text), delay))

    def take(self) -> list[tuple[ChangeMessage, float]]:
        """Return the messages put since the last call."""
        taken, self.puts = self.puts, []
        return taken

    def depth(self) -> int:
        """Return how many messages there are."""
        return len(self.puts)

    def due(self, _most: int = 32) -> list[tuple[str, datetime]]:
        """Return the visible texts, as storage holds them."""
        if self.failure:
            raise self.failure
        return self.visible


class FakeJobs(JobQueue):
    """Keeps each job with its delay; `on_put` runs before."""

    def __init__(self) -> None:
        super().__init__(self)
        self.failure: Exception | None = None
        self.on_put: Callable[[str], None] = lambda _: None
        self.wanted: list[tuple[Job, float]] = []
        self.messages: list[list[Job]] = []

    def put(self, text: str, delay: float = 0) -> None:
        """Keep the jobs of a message."""
        self.on_put(text)
        if self.failure:
            raise self.failure
        self.messages.append(read_jobs(text))
        self.wanted += [(job, delay) for job in self.messages[-1]]

    def depth(self) -> int:
        """Return how many messages there are."""
        return len(self.messages)

    def due(self, _most: int = 32) -> list[tuple[str, datetime]]:
        """Return nothing: the product does not call this for jobs."""
        return []

    def take_jobs(self) -> list[Job]:
        """Return the jobs put since the last call."""
        taken, self.wanted = self.wanted, []
        return [job for job, _ in taken]
