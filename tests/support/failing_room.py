"""A watched room that owes resyncs, and the host that runs its jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import GraphUnavailable, RelayError
from shared.messages import Job
from tests.support.fake_graph import FakeEvents
from tests.support.subscribed import subscribed
from tests.support.world import WATCH_ID, World

DOWN = GraphUnavailable(503, "x")


class ViewedEvents(FakeEvents):
    """A calendar that counts how often its view is read; `on_view` runs at each."""

    def __init__(self) -> None:
        super().__init__()
        self.views = 0
        self.on_view: Callable[[], object] = lambda: None

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the events."""
        self.views += 1
        self.on_view()
        return super().calendar_view(mailbox, start, end)


class Room(World):
    """A world with a watched room."""

    if TYPE_CHECKING:
        events: ViewedEvents


def watched_room() -> Room:
    """Return a world whose room has a subscription for more than a year."""
    world = Room({"events": ViewedEvents()})
    subscribed(world, left=timedelta(days=400))
    return world


class Host:
    """Runs the jobs of the queue when they are due, and counts the resyncs that are tried by the hour."""

    def __init__(self, world: Room) -> None:
        self.world = world
        self.messages: list[tuple[datetime, Job]] = []
        self.results: list[tuple[datetime, str]] = []

    def until(self, moment: datetime) -> None:
        """Process what is due until a moment, in the order of time."""
        self._take()
        while due := sorted((each for each in self.messages if each[0] <= moment), key=lambda each: each[0]):
            at, job = due[0]
            self.messages.remove(due[0])
            self.world.time = max(self.world.time, at)
            self.results.append((self.world.time, self.world.job_runner.run_job(job)))
            self._take()
        self.world.time = moment

    def _take(self) -> None:
        self.messages += [(self.world.time + timedelta(seconds=delay), job) for job, delay in self.world.jobs.wanted]
        self.world.jobs.wanted.clear()


def run(world: Room, kind: str = "missed", *, at: datetime | None = None, token: str = "") -> str:
    """Run a job of the room."""
    return world.job_runner.run_job(Job(WATCH_ID, kind, at=at, token=token))


def awaited_after_failure(world: Room, kind: str = "missed", error: RelayError = DOWN) -> Job:
    """Let a resync fail, and return the job that makes the next try."""
    world.events.view_failure = error
    assert run(world, kind) == "put-back"
    [job] = world.jobs.take_jobs()
    world.events.view_failure = None
    return job
