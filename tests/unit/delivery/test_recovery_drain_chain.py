"""Claims about the drain: however many ask for it there is one, and nobody who asked is left waiting."""

from __future__ import annotations

import pytest

from shared.delivery.recovery import DRAIN_EVERY, DRAINED_AT_ONCE
from shared.errors import ServiceUnavailable
from shared.messages import Change, ChangeMessage, Job
from shared.storage.parked import WAITING
from tests.support.world import WATCH_ID, World


@pytest.fixture
def world(world: World) -> World:
    """A world whose endpoint takes deliveries, and for which changes of a thousand events wait."""
    world.watch()
    late(world, *(f"E{number:04}" for number in range(1000)))
    world.jobs.take_jobs()
    return world


def late(world: World, *names: str) -> None:
    """Park changes although deliveries flow: a worker has read so a second ago."""
    changes = tuple(Change(WATCH_ID, "user", name) for name in names)
    world.parking.park(ChangeMessage(world.time, changes), changes, "failing")


def ask(world: World) -> None:
    """Ask for a drain."""
    world.jobs.send(Job("", "drain"))


def work(world: World, seconds: float) -> list[int]:
    """Let repairs be worked on as they fall due, and return how many changes were queued in each third second."""
    queued = []
    due = [(world.time.timestamp() + delay, one) for one, delay in world.jobs.wanted]
    world.jobs.wanted = []
    ends = world.time.timestamp() + seconds
    window = world.time.timestamp() + DRAIN_EVERY
    while True:
        due.sort(key=lambda one: one[0])
        if not due or due[0][0] > ends:
            break
        moment, wanted = due.pop(0)
        if moment >= window:
            queued.append(waiting_on_queue(world))
            window += DRAIN_EVERY
        world.pass_by(moment - world.time.timestamp())
        world.job_runner.run_job(wanted)
        due += [(world.time.timestamp() + delay, one) for one, delay in world.jobs.wanted]
        world.jobs.wanted = []
    world.jobs.wanted = [(one, moment - world.time.timestamp()) for moment, one in due]
    return [*queued, waiting_on_queue(world)]


def waiting_on_queue(world: World) -> int:
    """Return how many changes were queued since the last time."""
    return sum(len(message.changes) for message, _ in world.changes.take())


def test_five_that_ask_at_once_are_one_drain(world: World) -> None:
    """A hundred changes in three seconds, not five hundred, and one message for the next step."""
    for _ in range(5):
        ask(world)
    assert work(world, 0) == [DRAINED_AT_ONCE]
    assert [(one.kind, round(delay, 3)) for one, delay in world.jobs.wanted] == [("drain", DRAIN_EVERY)]
    assert max(work(world, 60)) == DRAINED_AT_ONCE
    assert world.parked.count(WAITING) == 0


def test_two_drains_become_one(world: World) -> None:
    """The timer asks in the middle of another's step: at most one turn more is taken until they are one."""
    ask(world)
    work(world, 0)
    world.pass_by(2.5)
    world.jobs.wanted = [(one, delay - 2.5) for one, delay in world.jobs.wanted]
    world.recovery.ensure_progress()
    assert sum(work(world, 3.1)) <= 2 * DRAINED_AT_ONCE
    assert [one.kind for one, _ in world.jobs.wanted] == ["drain"]
    assert sum(work(world, 60)) > 0
    assert world.parked.count(WAITING) == 0


def test_who_parks_during_the_last_step_does_not_wait_for_the_timer(world: World) -> None:
    """The step has read the table already, and its claim turns the asker away: it looks again at its end."""
    ask(world)
    work(world, 26)
    assert world.parked.count(WAITING) == DRAINED_AT_ONCE
    waits, end = world.parked.page(WAITING, DRAINED_AT_ONCE), world.breaker.release_drain
    world.parked.drop(WAITING, waits[10:])

    def too_late() -> None:
        late(world, "LATE")
        assert world.job_runner.run_job(Job("", "drain")) == "not-now"
        world.jobs.take_jobs()
        end()

    world.breaker.release_drain = too_late  # type: ignore[method-assign]
    work(world, 3)
    world.breaker.release_drain = end  # type: ignore[method-assign]
    assert [one.event_id for one in world.parked.page(WAITING, 10)] == ["LATE"]
    work(world, 10)
    assert world.parked.count(WAITING) == 0


def test_a_step_that_failed_is_taken_again(world: World) -> None:
    """The queue takes nothing for a moment: the claim is no hindrance when the step comes back."""
    ask(world)
    world.changes.failure = ServiceUnavailable("storage")
    work(world, 0)
    world.changes.failure = None
    assert [one.attempt for one, _ in world.jobs.wanted] == [1]
    assert work(world, 10)
    assert world.parked.count(WAITING) < 1000


def test_a_resume_does_not_wait_for_an_earlier_drain(world: World) -> None:
    """Paused and resumed within a second."""
    ask(world)
    work(world, 0)
    world.jobs.take_jobs()
    world.breaker.transition("paused", "test")
    assert world.job_runner.run_job(Job("", "drain")) == "not-now"
    world.breaker.transition("flowing", "test")
    assert world.job_runner.run_job(Job("", "drain")) == f"drained-{DRAINED_AT_ONCE}"
