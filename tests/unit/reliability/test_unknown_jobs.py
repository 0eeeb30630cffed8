"""Jobs of a later version: nothing is done, and they are kept for two days for a version that knows their kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import JOB_KINDS, Job, read_jobs
from shared.reliability.unknown_jobs import DELAY, PUT_BACK_FOR, is_unknown, put_back, put_back_unknown
from shared.storage.parked import DEAD
from tests.support.fake_queues import FakeJobs
from tests.support.world import MAILBOX, START, WATCH_ID, World

LATER = '{"v":1,"repairs":[{"watch":"%s","kind":"%s","subscription":"s-0","attempt":3,"slot":{"day":1}}]}'
KINDS = ["retire", "", "Missed", "subscriptionremoved", "resync-slot", "canary" * 1_000, "Ünïcødé\n"]


def of_a_later_version(kind: str) -> Job:
    """Return a job as a later version writes it."""
    [job] = read_jobs(LATER % (WATCH_ID, kind.replace("\n", "\\n")))
    return job


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mailboxes", [(), (MAILBOX,)])
def test_this_version_does_nothing_with_a_kind_that_it_does_not_know(
    world: World, kind: str, mailboxes: tuple[str, ...]
) -> None:
    """It is put back with a delay on the queue it came from, complete, for a live watch and for a removed one."""
    for mailbox in mailboxes:
        world.watch(mailbox)
    job, origin = of_a_later_version(kind), FakeJobs()
    rows = {key: row.etag for key, row in world.rows.rows.items()}
    world.job_runner.run_jobs([job], origin)
    assert origin.wanted == [(replace(job, since=START), DELAY)]
    assert (world.jobs.take_jobs(), world.changes.take(), world.subscriptions.calls) == ([], [], [])
    assert {key: row.etag for key, row in world.rows.rows.items()} == rows


def test_a_job_from_the_older_queue_goes_back_there(world: World) -> None:
    """The version that wrote it reads that queue."""
    world.job_runner.run_jobs([of_a_later_version("retire")])
    assert [job.kind for job in world.jobs.take_jobs()] == ["retire"]


def test_an_unknown_job_among_others_disturbs_none(world: World) -> None:
    """Each becomes a message of its own first, on the same queue."""
    jobs, origin = [Job(WATCH_ID, "missed"), of_a_later_version("retire")], FakeJobs()
    world.job_runner.run_jobs(jobs, origin)
    assert origin.messages == [[job] for job in jobs]


@pytest.mark.parametrize("kind", KINDS)
def test_after_two_days_it_is_kept_as_unreadable(world: World, kind: str) -> None:
    """It comes back every ten minutes until then. An administrator sees it among the dead letters."""
    job, origin, rounds = of_a_later_version(kind), FakeJobs(), 0
    while True:
        result = put_back_unknown(job, origin, world.dead_letters)
        put = origin.take_jobs()
        if not put:
            break
        assert result == "unknown-kind"
        [job] = put
        assert not world.parked.page(DEAD, 1)
        world.pass_by(DELAY)
        rounds += 1
    assert (result, rounds, world.time - START) == ("kept-unknown", 2 * 24 * 6, timedelta(days=2))
    [letter] = world.parked.page(DEAD, 10)
    assert (letter.watch_id, letter.reason) == ("", "unreadable-message")
    assert "canary" not in str(world.parked_rows.rows)


def test_a_version_that_knows_the_kind_gets_the_job_as_it_was_written() -> None:
    """Except for the moment at which it was first put back."""
    job = of_a_later_version("retire")
    back = put_back(job, START)
    assert back == replace(job, since=START)
    assert put_back(back, START + timedelta(days=1)) == back


def test_the_clock_of_another_instance_does_not_prolong_the_time() -> None:
    """It was five days ahead when that instance put the job back."""
    back = put_back(replace(of_a_later_version("x"), since=START + timedelta(days=5)), START)
    assert back is not None
    assert back.since == START
    assert put_back(back, START + PUT_BACK_FOR) is None


def test_a_job_stays_with_the_host_while_its_queue_cannot_be_written(world: World) -> None:
    """Then the host repeats the message."""
    origin = FakeJobs()
    origin.failure = ServiceUnavailable("storage")
    with pytest.raises(ServiceUnavailable):
        world.job_runner.run_jobs([of_a_later_version("retire")], origin)


def test_no_kind_of_this_version_is_put_back() -> None:
    """And no other."""
    assert not any(is_unknown(Job("", kind)) for kind in JOB_KINDS)
    assert all(is_unknown(of_a_later_version(kind)) for kind in KINDS)
