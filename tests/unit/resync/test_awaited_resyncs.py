"""Nights and events add nothing to the resync that a mailbox owes, and it has a last try."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphUnavailable
from shared.messages import Job
from shared.reliability.job_limits import LAST_RESYNC
from shared.resync.awaited_resyncs import REST
from tests.support.failing_room import DOWN, Host, Room, awaited_after_failure, run, watched_room
from tests.support.subscribed import stored
from tests.support.world import START, WATCH_ID, event

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def room() -> Iterator[Room]:
    """Return a world with a watched room."""
    world = watched_room()
    yield world
    world.end()


def test_sixty_nights_of_a_failing_resync_queue_a_single_job(room: Room) -> None:
    """At no time is there more than one job, and each day has nine tries at most. When Graph answers, one succeeds."""
    host = Host(room)
    room.events.view_failure = DOWN
    for night in range(60):
        room.catch_up.queue_nightly_resyncs()
        host.until(START + night * DAY + timedelta(minutes=1))
        assert len(host.messages) <= 1
        host.until(START + (night + 1) * DAY)
    tries = [at for at, result in host.results if result in ("put-back", "gave-up")]
    assert 60 < len(tries) <= 60 * (LAST_RESYNC + 1)
    room.events.view_failure = None
    host.results.clear()
    room.catch_up.queue_nightly_resyncs()
    host.until(START + 61 * DAY)
    assert [result for _, result in host.results] == ["resynced"]
    assert (host.messages, stored(room).resync_token) == ([], "")


def test_sixty_nights_of_a_stalled_queue_cost_a_single_resync(room: Room) -> None:
    """The first job that runs finds what all of them are about."""
    for _ in range(60):
        room.catch_up.queue_nightly_resyncs()
        room.pass_by(DAY.total_seconds())
    jobs = room.jobs.take_jobs()
    assert len(jobs) == 60
    assert [room.job_runner.run_job(job) for job in jobs] == ["resynced", *["covered"] * 59]


def test_a_job_queued_within_ten_minutes_of_a_resync_is_not_covered(room: Room) -> None:
    """The clocks of two instances may be so far apart; and a resync that failed covers nothing."""
    assert run(room, at=room.time) == "resynced"
    for minutes, result in ((-11, "covered"), (-10, "resynced"), (0, "resynced"), (5, "resynced")):
        assert run(room, at=START + minutes * MINUTE) == result
    assert run(room, "resync-full", at=START - DAY) == "resynced"
    awaited_after_failure(room)
    assert run(room, at=START - 11 * MINUTE) == "awaited"


def test_a_resync_of_a_wrong_clock_covers_nothing(room: Room) -> None:
    """It is not recorded; and what a clock far ahead recorded does not count."""
    room.skew = timedelta(days=-5)
    run(room)
    assert stored(room).resynced is None
    room.skew = timedelta()
    room.watches.change(stored(room), resynced=room.time + DAY)
    assert run(room, at=room.time) == "resynced"


def test_the_queue_says_when_a_job_of_an_earlier_version_was_queued(room: Room) -> None:
    """Its jobs name no time. A time that is before that of the queue is one of a wrong clock."""
    run(room)
    room.pass_by(DAY.total_seconds())
    for at, queued_at, number in ((None, START - DAY, 0), (START - DAY, room.time, 1), (START - DAY, None, 0)):
        before = room.events.views
        room.job_runner.run_jobs([Job(WATCH_ID, "missed", at=at)], queued_at=queued_at)
        assert room.events.views - before == number


@pytest.mark.parametrize("kind", ["missed", "resync-full"])
def test_the_last_try_leaves_a_gap_that_waits(room: Room, kind: str) -> None:
    """After 22 hours; the next resync of the mailbox is as full as the one that failed."""
    host = Host(room)
    room.events.view_failure = DOWN
    room.jobs.send(Job(WATCH_ID, kind, at=room.time))
    host.until(START + timedelta(hours=27))
    gave_up = host.results[-1]
    assert (gave_up[1], len(host.results), host.messages) == ("gave-up", LAST_RESYNC + 1, [])
    watch = stored(room)
    assert (watch.resync_token, watch.gap_since, watch.resync_full) == ("", gave_up[0], kind == "resync-full")
    room.time = gave_up[0] + REST - MINUTE
    room.catch_up.queue_pending_resync(watch)
    assert room.jobs.wanted == []
    room.time += MINUTE
    room.catch_up.queue_pending_resync(watch)
    room.events.view_failure = None
    host.until(room.time + MINUTE)
    assert host.results[-1][1] == "resynced"
    assert (stored(room).gap_since, stored(room).resync_full) == (None, False)


def test_waits_that_graph_demands_do_not_lengthen_the_tries(room: Room) -> None:
    """Nine tries a day apart would last longer than a week."""
    host = Host(room)
    room.events.view_failure = GraphUnavailable(503, "x", retry_after=86_400)
    room.jobs.send(Job(WATCH_ID, "missed", at=room.time))
    host.until(START + 2 * DAY)
    assert [result for _, result in host.results] == ["put-back", "gave-up"]


def test_a_full_resync_stays_full(room: Room) -> None:
    """Through a try that fails, a refusal, a job that it meets, and a night; then it is paid."""
    room.events.by_id["E"] = event()
    owed = awaited_after_failure(room)
    assert run(room, "resync-full") == "awaited"
    room.events.view_failure = DOWN
    assert room.job_runner.run_job(owed) == "put-back"
    [owed] = room.jobs.take_jobs()
    assert owed.kind == "resync-full"
    room.events.view_failure = GraphForbidden(403, "x")
    assert room.job_runner.run_job(owed) == "refused"
    room.events.view_failure = None
    assert run(room, "resync") == "resynced"
    assert [message.force for message, _ in room.changes.take()] == [True]
    assert not stored(room).resync_full
    run(room, "resync")
    assert [message.force for message, _ in room.changes.take()] == [False]


def test_a_mailbox_that_is_not_allowed_has_a_gap_instead(room: Room) -> None:
    """No job is left, and a full one is full when the mailbox is allowed again."""
    owed = awaited_after_failure(room, "resync-full")
    room.allow("")
    assert room.job_runner.run_job(owed) == "not-allowed"
    watch = stored(room)
    assert (watch.resync_token, watch.gap_since, watch.resync_full) == ("", room.time, True)


def test_the_usual_resync_costs_a_single_write(room: Room) -> None:
    """That of its time; a row that owes nothing is not claimed. The owner of the calendar was asked that night."""
    run(room, "resync")
    before = stored(room)
    run(room, "resync")
    number_before, number = (int(row.etag.strip('W/"')) for row in (before, stored(room)))
    assert number - number_before == 1
