"""Poison messages of both queues of jobs go back to their own queue; what this version does not know is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.messages import Job, write_jobs
from shared.reliability.unknown_jobs import DELAY, PUT_BACK_FOR
from shared.storage.parked import DEAD
from tests.support.fake_queues import FakeJobs
from tests.support.world import START, World


def letters(world: World) -> list[str]:
    """Return the reasons of the dead letters."""
    return [letter.reason for letter in world.parked.page(DEAD, 10)]


def text_of(*jobs: Job) -> str:
    """Return the message of some jobs."""
    return next(write_jobs(jobs))


@pytest.mark.parametrize("kind", ["lookup", "run", "audit"])
def test_poisoned_work_goes_back_to_its_own_queue(world: World, kind: str) -> None:
    """An earlier version, which reads the other queue, takes such a kind for a removed subscription."""
    job, work = Job("w", kind, at=START), FakeJobs()
    world.poison_messages.keep_jobs(text_of(job), work)
    [(back, delay)] = work.wanted
    assert (back, 4 <= delay <= 6, world.jobs.wanted) == (replace(job, attempt=1), True, [])


def test_poisoned_jobs_go_back_to_the_older_queue(world: World) -> None:
    """With one more attempt; after the last they are dropped, because the timer and the resync do their work."""
    world.poison_messages.keep_jobs(text_of(Job("w", "missed"), Job("w", "missed", attempt=20)))
    assert world.jobs.take_jobs() == [Job("w", "missed", attempt=1)]
    assert letters(world) == []


@pytest.mark.parametrize("attempt", [0, 20, 10**6])
def test_an_unknown_job_is_put_back_whatever_its_attempt(world: World, attempt: int) -> None:
    """Its attempts are those of another version. After two days it is kept, and never dropped."""
    job, work = Job("w", "retire", attempt=attempt), FakeJobs()
    world.poison_messages.keep_jobs(text_of(job), work)
    assert work.wanted == [(replace(job, since=START), DELAY)]
    assert letters(world) == []
    world.poison_messages.keep_jobs(text_of(replace(job, since=START - PUT_BACK_FOR)), work)
    assert (len(work.wanted), world.jobs.wanted) == (1, [])
    assert letters(world) == ["unreadable-message"]


@pytest.mark.parametrize("text", ["", "garbage", '{"v":2,"repairs":[]}', "\udcff"])
def test_a_message_that_is_no_message_of_jobs_is_kept_without_its_content(world: World, text: str) -> None:
    """Nothing is queued."""
    work = FakeJobs()
    world.poison_messages.keep_jobs(text, work)
    assert (letters(world), work.wanted, world.jobs.wanted) == (["unreadable-message"], [], [])
