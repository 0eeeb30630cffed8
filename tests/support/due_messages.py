"""Process the messages of a world's queues when they are due, on the world's clock."""

from __future__ import annotations

import heapq
import itertools
from datetime import datetime, timedelta

from shared.messages import ChangeMessage, Job
from tests.support.world import World


class DueMessages:
    """The messages that wait, and `processed`: those that were processed, in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.processed: list[ChangeMessage | Job] = []
        self._waiting: list[tuple[datetime, int, ChangeMessage | Job]] = []
        self._numbers = itertools.count()

    def notify(self, event_id: str = "E", *, deleted: bool = False) -> None:
        """Queue a change that Graph notifies now."""
        self.put(self.world.hint(event_id, deleted=deleted))

    def put(self, message: ChangeMessage | Job, delay: float = 0.0) -> None:
        """Queue a message."""
        due = self.world.time + timedelta(seconds=delay)
        heapq.heappush(self._waiting, (due, next(self._numbers), message))

    def play(self, length: timedelta) -> None:
        """Process what becomes due within a length of time, and move the clock to its end."""
        end = self.world.time + length
        self._collect()
        while self._waiting and self._waiting[0][0] <= end:
            due, _, message = heapq.heappop(self._waiting)
            self.world.time = max(self.world.time, due)
            self.processed.append(message)
            if isinstance(message, Job):
                self.world.job_runner.run_job(message)
            else:
                self.world.delivery.deliver(message)
            self._collect()
        self.world.time = end

    def _collect(self) -> None:
        """Take what the relay has queued."""
        for message, delay in self.world.changes.take():
            self.put(message, delay)
        for queue in (self.world.jobs, self.world.work):
            wanted, queue.wanted = queue.wanted, []
            for job, delay in wanted:
                self.put(job, delay)
