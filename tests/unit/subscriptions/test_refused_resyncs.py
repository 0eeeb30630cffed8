"""A resync that is owed and refused rests, for as long as the calendar could not be read; other work goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import GraphError, GraphForbidden, GraphNotFound
from shared.messages import Job
from tests.support.fake_queues import FakeJobs
from tests.support.subscribed import stored, subscribed
from tests.support.world import START, WATCH_ID, World

HOUR = timedelta(hours=1)


class JobsAtOnce(FakeJobs):
    """A queue whose jobs are run as soon as they are sent."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def send(self, job: Job, _delay: float = 0.0) -> None:
        """Run a job."""
        self._world.job_runner.run_job(job)


def attempts(world: World, hours: int) -> list[int]:
    """Run the timer each half hour and process its jobs; return the hours, from now, in which a resync was tried."""
    tried, begin = [], world.time
    for _ in range(2 * hours):
        world.reconciler.reconcile()
        for job in world.jobs.take_jobs():
            if job.kind == "resync":
                world.job_runner.run_job(job)
                tried.append(round((world.time - begin) / HOUR))
        world.pass_by(1800)
    return tried


@pytest.fixture
def refused(world: World) -> World:
    """Return a world whose calendar is refused at the first resync."""
    subscribed(world, left=timedelta(days=6))
    world.skew = timedelta()
    world.events.view_failure = GraphForbidden(403, "ErrorAccessDenied")
    assert world.job_runner.run_job(Job(WATCH_ID, "missed")) == "refused"
    return world


def test_the_rest_is_an_hour_and_doubles_up_to_a_day(refused: World) -> None:
    """A run every half hour does not try it each time."""
    assert attempts(refused, 72) == [1, 2, 4, 8, 16, 32, 56]
    assert stored(refused).gap_since is not None


@pytest.mark.parametrize("error", [GraphForbidden(403, "x"), GraphNotFound(404, "MailboxNotEnabledForRESTAPI")])
def test_a_resync_of_a_gap_is_tried_at_once_and_then_waits(world: World, error: GraphError) -> None:
    """The first attempt comes from a gap that an earlier loss has left."""
    subscribed(world, gap_since=START - timedelta(days=2), due_at=START)
    world.skew = timedelta()
    world.events.view_failure = error
    assert attempts(world, 5) == [0, 1, 2, 4]


def test_a_watch_that_waits_costs_no_work(refused: World) -> None:
    """Its row is written once; then the next runs do not even read it."""
    refused.reconciler.reconcile()
    row = stored(refused)
    assert row.due_at == START + HOUR
    assert refused.reconciler.reconcile() == {}
    assert stored(refused) == row


def test_renewals_and_lookups_go_on(refused: World) -> None:
    """The note steers nothing else."""
    refused.pass_by(timedelta(days=5, hours=23).total_seconds())
    refused.reconciler.reconcile()
    assert "renew" in refused.subscriptions.calls


def test_a_calendar_that_can_be_read_again_is_resynced_by_the_next_run(refused: World) -> None:
    """A delivery has read it: the rest is over."""
    attempts(refused, 20)
    refused.events.view_failure = None
    refused.readings.succeeded(stored(refused))
    refused.reconciler.reconcile()
    assert [job.kind for job in refused.jobs.take_jobs()] == ["resync"]
    assert stored(refused).gap_since is None


def test_a_job_that_is_refused_before_its_gap_is_cleared_stays_due(world: World) -> None:
    """It runs in another process as soon as it is queued."""
    subscribed(world, gap_since=START)
    world.events.view_failure = GraphForbidden(403, "ErrorAccessDenied")
    world.pass_by(1)
    replace(world.catch_up, jobs=JobsAtOnce(world)).queue_pending_resync(stored(world))
    assert stored(world).gap_since == world.time
