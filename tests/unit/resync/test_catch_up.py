"""Claims about what calls for a resync, and that none is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import Job
from shared.resync.catch_up import MAX_ABSENCE, STAGGER, TRIES
from shared.storage.watches import Watch
from tests.support.world import WATCH_ID, World


def here(world: World) -> list[Job]:
    """Let the relay be at work, and return what it queued."""
    world.catch_up.catch_up_after_absence()
    return world.jobs.take_jobs()


def test_a_short_absence_is_bridged_by_graph(world: World) -> None:
    """Graph tries again for four hours; the first beat has nothing to look back at."""
    world.watch()
    assert here(world) == []
    world.pass_by(MAX_ABSENCE.total_seconds())
    assert here(world) == []


def test_after_a_long_absence_every_mailbox_is_resynced(world: World) -> None:
    """Once: the next beat is soon after."""
    world.watch()
    here(world)
    world.pass_by(MAX_ABSENCE.total_seconds() + 1)
    assert here(world) == [Job(WATCH_ID, "resync")]
    assert here(world) == []


def test_an_absence_is_not_forgotten_when_the_queue_fails(world: World) -> None:
    """The beat comes after the resyncs."""
    world.watch()
    here(world)
    world.pass_by(5 * 3600)
    world.jobs.failure = ServiceUnavailable("storage")
    with pytest.raises(ServiceUnavailable):
        here(world)
    world.jobs.failure = None
    assert here(world) == [Job(WATCH_ID, "resync")]


def test_the_margin_is_below_what_graph_retries() -> None:
    """Half an hour before Graph gives up, as the timer looks every half an hour."""
    assert timedelta(hours=4) - MAX_ABSENCE >= timedelta(minutes=30)


def test_the_nightly_resyncs_come_one_after_the_other(world: World) -> None:
    """Of every mailbox that can be read and passes through us."""
    world.watch("a@contoso.com")
    world.watch("b@contoso.com", state="pending")
    world.watch("c@contoso.com", delivery="direct")
    for state in ("refused", "gone", "paused"):
        world.watch(f"{state}@contoso.com", state=state)
    assert world.catch_up.queue_nightly_resyncs() == 2
    assert sorted(delay for _, delay in world.jobs.wanted) == [0, STAGGER]


def test_a_gap_is_settled_once(world: World) -> None:
    """The message first, then the row."""
    watch = world.watch(gap_since=world.time)
    world.catch_up.queue_pending_resync(watch)
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]
    after = world.watches.get(WATCH_ID)
    assert after is not None
    world.catch_up.queue_pending_resync(after)
    assert (after.gap_since, world.jobs.take_jobs()) == (None, [])


@pytest.mark.parametrize("others", [1, TRIES - 1])
def test_a_resync_is_owed_whoever_else_writes_to_the_row(world: World, others: int) -> None:
    """The note that a change was seen, for instance, which comes at the same moment."""
    watch = world.watch()
    write_between(world, others)
    world.catch_up.mark_resync_needed(watch)
    after = world.watches.get(WATCH_ID)
    assert after is not None
    assert (after.gap_since, after.user_id) == (world.time, f"user {others}")


def test_a_resync_that_cannot_be_noted_keeps_the_change(world: World) -> None:
    """It stays on the queue: else nothing would know of it any more."""
    watch = world.watch()
    write_between(world, TRIES)
    with pytest.raises(ServiceUnavailable):
        world.catch_up.mark_resync_needed(watch)


def test_a_watch_that_is_gone_is_owed_nothing(world: World) -> None:
    """Nor is one that is owed a resync already."""
    watch = world.watch()
    world.watches.delete(watch)
    world.catch_up.mark_resync_needed(watch)
    assert world.watches.get(WATCH_ID) is None


def write_between(world: World, times: int) -> None:
    """Let somebody else write to the row right before each of the next writes."""
    change, numbers = world.watches.change, iter(range(1, times + 1))

    def later(row: Watch, **changes: object) -> Watch | None:
        number = next(numbers, None)
        if number is not None:
            world.watches.saw_change(row, world.time, f"user {number}")
        return change(row, **changes)

    world.watches.change = later  # type: ignore[method-assign]
