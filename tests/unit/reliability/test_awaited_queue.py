"""One job of a kind is waited for at a time, whoever asks for it; and a job that fails ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import GraphUnavailable, ServiceUnavailable
from shared.graph.client_state import Key
from shared.messages import JOB_KINDS, LIFECYCLE_KINDS, Job, read_jobs, write_jobs
from shared.reliability.job_limits import OF_THE_TIMER, RESYNCS, is_last_try
from shared.reliability.overdue_run import OVERDUE
from shared.reliability.retry_schedule import is_exhausted
from shared.storage.awaited_jobs import LATE
from tests.support.watched_room import run, watch_room
from tests.support.world import START, WATCH_ID, FakeKeys, World

LIST = "rooms@contoso.com"


@pytest.fixture
def listed(world: World) -> World:
    """Return a world with a room list that may be watched."""
    world.allow(f"@contoso.com,roomlist:{LIST}")
    world.rooms.by_list[LIST] = ["room1@contoso.com"]
    return world


def test_a_hundred_posts_of_a_room_list_queue_a_single_reconcile(listed: World) -> None:
    """It begins after the last of them. Once it began, another is queued, which may see what it does not."""
    for _ in range(100):
        listed.room_list_service.watch(LIST)
    [job] = listed.jobs.take_jobs()
    assert listed.job_runner.run_job(job) == "reconciled"
    assert listed.watches.get(WATCH_ID) is not None
    listed.room_list_service.watch(LIST)
    assert [each.kind for each in listed.jobs.take_jobs()] == ["reconcile"]


def test_a_reconcile_that_is_lost_is_queued_again(listed: World) -> None:
    """By the next call, after a while; one that comes late nevertheless is superseded."""
    listed.room_list_service.watch(LIST)
    [first] = listed.jobs.take_jobs()
    for late, number in ((LATE - timedelta(seconds=1), 0), (LATE, 1)):
        listed.time = START + late
        listed.room_list_service.watch(LIST)
        assert len(listed.jobs.wanted) == number
    [second] = listed.jobs.take_jobs()
    assert listed.job_runner.run_job(first) == "superseded"
    assert listed.job_runner.run_job(second) == "reconciled"


def test_a_reconcile_that_cannot_be_queued_is_not_waited_for(listed: World) -> None:
    """The caller repeats the call."""
    listed.jobs.failure = ServiceUnavailable("storage")
    with pytest.raises(ServiceUnavailable):
        listed.room_list_service.watch(LIST)
    listed.jobs.failure = None
    listed.room_list_service.watch(LIST)
    assert len(listed.jobs.take_jobs()) == 1


def test_a_failing_reconcile_is_put_back_once_for_all_calls(listed: World) -> None:
    """A call that comes while it waits adds none. One that was queued while it ran does its work."""
    listed.room_list_service.watch(LIST)
    [job] = listed.jobs.take_jobs()
    calls: list[Callable[[], object]] = []

    def keys() -> list[Key]:
        for call in calls:
            call()
        return broken_keys()

    listed.client_state_keys = FakeKeys(keys)
    assert listed.job_runner.run_job(job) == "put-back"
    [again] = listed.jobs.take_jobs()
    listed.room_list_service.watch(LIST)
    assert (listed.jobs.take_jobs(), again.attempt) == ([], 1)
    calls.append(lambda: listed.room_list_service.watch(LIST))
    assert listed.job_runner.run_job(again) == "awaited"
    assert [(each.kind, each.attempt) for each in listed.jobs.take_jobs()] == [("reconcile", 0)]


def test_the_work_of_a_run_goes_on_in_a_single_chain(world: World) -> None:
    """Each run of the timer finds the same work, and would begin a chain of its own."""
    queue = world.awaited_queue(world.work)
    for _ in range(48):
        queue.send(Job("", "run", at=world.time), 24 * 3600.0)
        world.pass_by(1800)
    assert len(world.work.take_jobs()) == 1


def test_a_job_without_a_token_is_run(world: World) -> None:
    """An earlier version queued it. A job that another one has replaced is not; one that the host shows twice is."""
    watch_room(world)
    world.awaited_queue(world.jobs).send(Job("", "reconcile"))
    assert run(world, "reconcile", "") == "reconciled"
    assert world.job_runner.run_job(Job("", "reconcile", token="f" * 32)) == "superseded"
    [job] = world.jobs.take_jobs()
    for _ in range(2):
        assert world.job_runner.run_job(job) == "reconciled"


def test_an_overdue_run_is_not_queued_beside_a_reconcile(world: World) -> None:
    """Both are the same work."""
    world.heartbeat.ran(world.time)
    world.pass_by(OVERDUE.total_seconds() + 1)
    world.awaited_queue(world.jobs).send(Job("", "reconcile"))
    world.overdue_run.ensure()
    assert len(world.jobs.take_jobs()) == 1


def test_every_kind_of_job_has_a_last_try() -> None:
    """What the timer finds again ends within half an hour, a resync within a day, other jobs within seven days."""
    for kind in JOB_KINDS:
        last = next(number for number in range(99) if is_last_try(Job("", kind, attempt=number), START))
        assert last == (4 if kind in OF_THE_TIMER else 8 if kind in RESYNCS else 20), kind
        assert not is_exhausted(last - 1)
    assert {*OF_THE_TIMER, *RESYNCS, *LIFECYCLE_KINDS, "replay"} == JOB_KINDS


@pytest.mark.parametrize("kind", ["reauthorizationRequired", "lookup", "reconcile", "run"])
def test_a_failing_job_ends(world: World, kind: str) -> None:
    """It is put back until its last try; then nothing is left on the queue."""
    watch_room(world)
    if kind in ("reconcile", "run"):
        world.client_state_keys = FakeKeys(broken_keys)
    job: Job | None = Job(WATCH_ID, kind, "s-0")
    if kind == "lookup":
        watch = world.watches.get(WATCH_ID)
        assert watch is not None
        world.watches.change(watch, missing_since=world.time - timedelta(hours=1))
    results: list[str] = []
    while job is not None and len(results) < 30:
        world.subscriptions.failures = [GraphUnavailable(503, "x")] * 4
        results.append(world.job_runner.run_job(job))
        job = next(iter(world.jobs.take_jobs()), None)
        world.pass_by(3600)
    assert results == ["put-back"] * (20 if kind == "reauthorizationRequired" else 4) + ["gave-up"]


def broken_keys() -> list[Key]:
    """Fail as the vault does."""
    raise ServiceUnavailable("vault")


def test_token_and_cursor_are_written_only_where_they_say_something() -> None:
    """An earlier version keeps both in what it puts back."""
    job = Job("w", "sweep", token="t", cursor="c")
    [text] = write_jobs([job])
    assert read_jobs(text) == [job]
    [text] = write_jobs([replace(job, token="", cursor="")])
    assert not any(name in text for name in ("token", "cursor"))
