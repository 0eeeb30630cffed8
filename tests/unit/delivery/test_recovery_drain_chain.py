"""The drain: any number of requests make one drain, and no request is lost."""

from __future__ import annotations

import pytest

from shared.delivery.recovery import DRAIN_EVERY, DRAINED_AT_ONCE
from shared.errors import ServiceUnavailable
from shared.messages import Change, ChangeMessage, Job
from shared.storage.parked import WAITING
from shared.storage.partner_endpoint import EndpointState
from tests.support.scripted_breaker import ScriptedBreaker
from tests.support.world import WATCH_ID, World


@pytest.fixture
def world(world: World) -> World:
    """Return a world whose endpoint is flowing, with parked changes of a thousand events."""
    world.watch()
    late(world, *(f"E{number:04}" for number in range(1000)))
    world.jobs.take_jobs()
    return world


def late(world: World, *names: str) -> None:
    """Park changes although the endpoint is flowing, as a worker with an old state does."""
    changes = tuple(Change(WATCH_ID, "user", name) for name in names)
    world.parking.park(ChangeMessage(world.time, changes), changes, "failing")


def request(world: World) -> None:
    """Queue a drain."""
    world.jobs.send(Job("", "drain"))


def work(world: World, seconds: float) -> list[int]:
    """Run jobs as they fall due, and return how many changes were queued in each window of DRAIN_EVERY seconds."""
    queued = []
    due = [(world.time.timestamp() + delay, job) for job, delay in world.jobs.wanted]
    world.jobs.wanted = []
    deadline = world.time.timestamp() + seconds
    window = world.time.timestamp() + DRAIN_EVERY
    while True:
        due.sort(key=lambda entry: entry[0])
        if not due or due[0][0] > deadline:
            break
        moment, job = due.pop(0)
        if moment >= window:
            queued.append(waiting_on_queue(world))
            window += DRAIN_EVERY
        world.pass_by(moment - world.time.timestamp())
        world.job_runner.run_job(job)
        due += [(world.time.timestamp() + delay, job) for job, delay in world.jobs.wanted]
        world.jobs.wanted = []
    world.jobs.wanted = [(job, moment - world.time.timestamp()) for moment, job in due]
    return [*queued, waiting_on_queue(world)]


def waiting_on_queue(world: World) -> int:
    """Return how many changes were queued since the last call."""
    return sum(len(message.changes) for message, _ in world.changes.take())


def test_five_simultaneous_requests_are_a_single_drain(world: World) -> None:
    """A hundred changes are queued in three seconds, not five hundred, and one message for the next step."""
    for _ in range(5):
        request(world)
    assert work(world, 0) == [DRAINED_AT_ONCE]
    assert [(job.kind, round(delay, 3)) for job, delay in world.jobs.wanted] == [("drain", DRAIN_EVERY)]
    assert max(work(world, 60)) == DRAINED_AT_ONCE
    assert world.parked.count(WAITING) == 0


def test_two_drains_become_a_single_drain(world: World) -> None:
    """If the timer requests a drain between two steps of another, at most one extra step runs."""
    request(world)
    work(world, 0)
    world.pass_by(2.5)
    world.jobs.wanted = [(job, delay - 2.5) for job, delay in world.jobs.wanted]
    world.recovery.ensure_progress()
    assert sum(work(world, 3.1)) <= 2 * DRAINED_AT_ONCE
    assert [job.kind for job, _ in world.jobs.wanted] == ["drain"]
    assert sum(work(world, 60)) > 0
    assert world.parked.count(WAITING) == 0


def test_a_change_parked_during_the_last_step_does_not_wait_for_the_timer(world: World) -> None:
    """The last step has read the table and its lease rejects another drain, so it reads the table again at its end."""
    breaker = world.breaker = ScriptedBreaker(world)
    request(world)
    work(world, 26)
    assert world.parked.count(WAITING) == DRAINED_AT_ONCE
    world.parked.drop(WAITING, world.parked.page(WAITING, DRAINED_AT_ONCE)[10:])

    def park_late() -> None:
        late(world, "LATE")
        assert world.job_runner.run_job(Job("", "drain")) == "not-now"
        world.jobs.take_jobs()

    breaker.before["release_drain"] = park_late
    work(world, 3)
    breaker.before.clear()
    assert [parked.event_id for parked in world.parked.page(WAITING, 10)] == ["LATE"]
    work(world, 10)
    assert world.parked.count(WAITING) == 0


def test_a_failed_step_is_repeated(world: World) -> None:
    """If the queue fails, the lease of the failed step does not block its repetition."""
    request(world)
    world.changes.failure = ServiceUnavailable("storage")
    work(world, 0)
    world.changes.failure = None
    assert [job.attempt for job, _ in world.jobs.wanted] == [1]
    assert work(world, 10)
    assert world.parked.count(WAITING) < 1000


def test_a_resume_does_not_wait_for_an_earlier_drain(world: World) -> None:
    """The endpoint is paused and resumed within a second."""
    request(world)
    work(world, 0)
    world.jobs.take_jobs()
    world.breaker.transition(EndpointState.PAUSED, "test")
    assert world.job_runner.run_job(Job("", "drain")) == "not-now"
    world.breaker.transition(EndpointState.FLOWING, "test")
    assert world.job_runner.run_job(Job("", "drain")) == f"drained-{DRAINED_AT_ONCE}"
