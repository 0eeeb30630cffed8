"""A queue on which one job of a kind is waited for at a time.

A hundred calls that set up room lists need one reconcile: that which begins after the last of them. So a job is not
sent while one of its kind is still to begin.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import RelayError
from shared.messages import Job
from shared.queues import JobQueue
from shared.storage.awaited_jobs import AwaitedJobs

AWAITED_KINDS = ("reconcile", "run", "sweep", "cleanup", "backlog", "retries")


class AwaitedQueue(JobQueue):
    """Sends jobs of AWAITED_KINDS to a queue. Methods raise ServiceUnavailable or ConfigurationError."""

    def __init__(self, queue: JobQueue, awaited: AwaitedJobs, now: Callable[[], datetime]) -> None:
        self._jobs = queue
        self._awaited = awaited
        self._now = now

    def send(self, job: Job, delay: float = 0) -> None:
        """Queue a job, unless one of its kind is waited for."""
        self.sent(job, delay)

    def sent(self, job: Job, delay: float = 0) -> bool:
        """Queue a job as `send` does, and return whether it was queued."""
        now = self._now()
        token = self._awaited.expect(job.kind, now, now + timedelta(seconds=delay))
        if not token:
            return False
        try:
            self._jobs.send(replace(job, token=token), delay)
        except RelayError:
            with suppress(RelayError):  # else it counts as lost after a while
                self._awaited.begin(job.kind, token)
            raise
        return True

    def depth(self) -> int:
        """Return about how many messages the queue has, of all kinds."""
        return self._jobs.depth()
