"""Jobs that meet an owed resync of their mailbox are dropped or wait, and nothing that they are about is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.messages import Job
from shared.resync.awaited_resyncs import LATE, LONGEST_RUN, is_to_come
from tests.support.failing_room import Room, awaited_after_failure, run, watched_room
from tests.support.subscribed import stored
from tests.support.world import START, WATCH_ID, event

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def room() -> Iterator[Room]:
    """Return a world with a watched room."""
    world = watched_room()
    yield world
    world.end()


@pytest.mark.parametrize("kind", ["missed", "resync"])
def test_a_job_that_meets_an_awaited_resync_is_dropped(room: Room, kind: str) -> None:
    """That one begins later: the event of the second job is found by it."""
    owed = awaited_after_failure(room)
    room.events.by_id["E"] = event()
    assert run(room, kind, at=room.time) == "awaited"
    assert room.jobs.take_jobs() == []
    assert room.job_runner.run_job(owed) == "resynced"
    assert [change.event_id for message, _ in room.changes.take() for change in message.changes] == ["E"]
    assert stored(room).resync_token == ""


def test_a_job_that_meets_a_resync_in_progress_waits_for_its_end(room: Room) -> None:
    """It may have read the calendar before the change that the job is about. After its end the job runs."""
    owed, met = awaited_after_failure(room), []
    room.events.on_view = lambda: met.append(run(room, at=room.time))
    assert room.job_runner.run_job(owed) == "resynced"
    room.events.on_view = lambda: None
    assert met == ["waits"]
    [(later, delay)] = room.jobs.wanted
    assert (later.kind, later.attempt, delay) == ("missed", 0, 60.0)
    assert room.job_runner.run_job(later) == "resynced"


def test_a_resync_that_never_ended_is_taken_over(room: Room) -> None:
    """The process was killed, and the message is lost."""
    owed = awaited_after_failure(room)
    room.watches.change(stored(room), resync_started=room.time)
    room.pass_by(LONGEST_RUN.total_seconds() - 1)
    assert run(room, at=room.time) == "waits"
    room.pass_by(1)
    assert run(room, at=room.time) == "resynced"
    assert stored(room).resync_token != owed.token


def test_a_resync_of_a_killed_process_is_repeated_by_its_own_message(room: Room) -> None:
    """The host shows it again, and the row still names it."""
    owed = awaited_after_failure(room)
    room.watches.change(stored(room), resync_started=room.time)
    assert room.job_runner.run_job(owed) == "resynced"


def test_a_lost_job_is_taken_over(room: Room) -> None:
    """Storage was restored, so the queue does not have what the row names. A job that comes late is superseded."""
    owed = awaited_after_failure(room)
    assert stored(room).resync_due is not None
    room.time = (stored(room).resync_due or room.time) + LATE
    assert room.catch_up.queue_nightly_resyncs() == 1
    room.jobs.take_jobs()
    other = awaited_after_failure(room)
    assert other.token != owed.token
    assert room.job_runner.run_job(owed) == "superseded"
    assert room.job_runner.run_job(other) == "resynced"


def test_a_lost_job_is_taken_over_by_a_covered_job(room: Room) -> None:
    """Jobs that were dropped for the lost one are not covered."""
    run(room)
    awaited_after_failure(room)
    room.pass_by(3600)
    assert run(room, at=START - timedelta(days=1)) == "resynced"
    assert run(room, at=START - timedelta(days=1)) == "covered"


def test_a_night_adds_nothing_to_what_is_awaited(room: Room) -> None:
    """Nor does an absence, an administrator or a gap."""
    awaited_after_failure(room)
    assert room.catch_up.queue_nightly_resyncs() == 0
    room.catch_up.queue_resync(WATCH_ID)
    watch = room.watches.change(stored(room), gap_since=room.time)
    assert watch is not None
    room.pass_by(3600)
    room.watches.change(stored(room), resync_due=room.time)
    room.catch_up.queue_pending_resync(stored(room))
    assert (room.jobs.take_jobs(), stored(room).gap_since) == ([], None)


def test_a_hundred_calls_queue_a_single_resync(room: Room) -> None:
    """It is full if one of them asked for that. After it began, another is queued."""
    room.events.by_id["E"] = event()
    for full in (False, False, True, True, False):
        room.catch_up.queue_resync(WATCH_ID, full=full)
    [job] = room.jobs.take_jobs()
    room.events.on_view = lambda: room.catch_up.queue_resync(WATCH_ID)
    assert room.job_runner.run_job(job) == "resynced"
    assert [message.force for message, _ in room.changes.take()] == [True]
    assert len(room.jobs.take_jobs()) == 1


def test_a_job_that_is_faster_than_the_row_leaves_nothing_awaited(room: Room) -> None:
    """It runs between the message and the second write of its row; later jobs are not dropped."""
    sent: list[str] = []

    def run_at_once(_: str) -> None:
        if not sent:
            sent.append(stored(room).resync_token)
            assert run(room, "resync", token=sent[0]) == "resynced"

    room.jobs.on_put = run_at_once
    room.catch_up.queue_resync(WATCH_ID)
    assert (stored(room).resync_token, is_to_come(stored(room), room.time)) == ("", False)
    assert run(room) == "resynced"


def test_a_job_that_begins_before_the_second_write_of_its_row_runs(room: Room) -> None:
    """Even at the same moment. A job that comes while it reads the calendar waits, and is not dropped."""

    def begin(_: str) -> None:
        attempt = room.catch_up.awaited.begin(stored(room), Job(WATCH_ID, "resync", token=stored(room).resync_token))
        assert not isinstance(attempt, str)

    room.jobs.on_put = begin
    room.catch_up.queue_resync(WATCH_ID)
    room.jobs.on_put = lambda _: None
    assert run(room) == "waits"


def test_a_resync_that_began_before_a_gap_leaves_it(room: Room) -> None:
    """A change was dropped while the resync read the calendar."""
    owed = awaited_after_failure(room)

    def drop_a_change() -> None:
        room.catch_up.mark_resync_needed(stored(room))

    room.events.on_view = drop_a_change
    room.watches.change(stored(room), gap_since=START - DAY)
    assert room.job_runner.run_job(owed) == "resynced"
    assert stored(room).gap_since == room.time
