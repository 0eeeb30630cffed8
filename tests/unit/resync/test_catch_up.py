"""What triggers a resync, and that no resync is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import Job
from shared.resync.catch_up import MAX_ABSENCE, MAX_ATTEMPTS, STAGGER, is_daily
from shared.storage.watches import Watch, Watches
from tests.support.world import WATCH_ID, World


def beat(world: World) -> list[Job]:
    """Run the timer's catch-up, and return the jobs it queued."""
    world.catch_up.catch_up_after_absence()
    return world.jobs.take_jobs()


def test_a_short_absence_is_bridged_by_graph(world: World) -> None:
    """Graph retries for four hours; the first heartbeat has no predecessor."""
    world.watch()
    assert beat(world) == []
    world.pass_by(MAX_ABSENCE.total_seconds())
    assert beat(world) == []


def test_after_a_long_absence_every_mailbox_is_resynced(world: World) -> None:
    """It happens once: the next heartbeat follows soon."""
    world.watch()
    beat(world)
    world.pass_by(MAX_ABSENCE.total_seconds() + 1)
    assert beat(world) == [Job(WATCH_ID, "resync", at=world.time)]
    assert beat(world) == []


def test_an_absence_is_not_forgotten_when_the_queue_fails(world: World) -> None:
    """The heartbeat is written after the resyncs are queued."""
    world.watch()
    beat(world)
    world.pass_by(5 * 3600)
    world.jobs.failure = ServiceUnavailable("storage")
    with pytest.raises(ServiceUnavailable):
        beat(world)
    world.jobs.failure = None
    assert beat(world) == [Job(WATCH_ID, "resync", at=world.time)]


def test_the_margin_is_below_what_graph_retries() -> None:
    """It is half an hour less than Graph's four hours, as the timer runs every half an hour."""
    assert timedelta(hours=4) - MAX_ABSENCE >= timedelta(minutes=30)


def test_the_nightly_resyncs_are_staggered(world: World) -> None:
    """Every mailbox that is readable and delivered by the relay is resynced."""
    world.watch("a@contoso.com")
    world.watch("b@contoso.com", state="pending")
    world.watch("c@contoso.com", delivery="direct")
    for state in ("refused", "gone", "paused"):
        world.watch(f"{state}@contoso.com", state=state)
    assert world.catch_up.queue_nightly_resyncs() == 2
    assert sorted(delay for _, delay in world.jobs.wanted) == [0, STAGGER]


def test_only_a_daily_resync_names_the_subscription(world: World) -> None:
    """It judges whether that is silent; a later subscription is not judged by it."""
    watch = world.watch(subscription_id="s-0")
    world.catch_up.queue_nightly_resyncs()
    [daily] = world.jobs.take_jobs()
    assert daily == Job(WATCH_ID, "resync", "s-0", at=world.time)
    world.catch_up.queue_resyncs([watch])
    world.catch_up.queue_resync(WATCH_ID, full=True)
    others = world.jobs.take_jobs()
    assert (len(others), [is_daily(job, watch) for job in (daily, *others)]) == (2, [True, False, False])
    assert not is_daily(daily, replace(watch, subscription_id="s-1"))
    assert not is_daily(Job(WATCH_ID, "missed", "s-0"), watch)
    assert not is_daily(Job(WATCH_ID, "resync"), replace(watch, subscription_id=""))


def test_an_outage_of_graph_is_no_absence(world: World) -> None:
    """Every run of five hours fails; notifications were taken in meanwhile."""
    world.watch()
    beat(world)
    world.heartbeat.succeeded(world.time)
    for _ in range(10):
        world.pass_by(1800)
        assert beat(world) == []


def test_the_caller_learns_of_an_absence(world: World) -> None:
    """Missing notifications then prove nothing against a subscription."""
    assert not world.catch_up.catch_up_after_absence()
    world.pass_by(MAX_ABSENCE.total_seconds() + 1)
    assert world.catch_up.catch_up_after_absence()
    assert not world.catch_up.catch_up_after_absence()


def test_a_gap_is_resynced_once(world: World) -> None:
    """The row keeps the gap until the message is queued."""
    watch = world.watch(gap_since=world.time)
    world.catch_up.queue_pending_resync(watch)
    assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == [(WATCH_ID, "resync")]
    after = world.watches.get(WATCH_ID)
    assert after is not None
    world.catch_up.queue_pending_resync(after)
    assert (after.gap_since, world.jobs.take_jobs()) == (None, [])


def test_a_gap_is_resynced_at_once_by_a_clock_that_runs(world: World) -> None:
    """No two readings of a real clock are equal."""

    def now() -> datetime:
        world.time += timedelta(microseconds=1)
        return world.time

    replace(world.catch_up, now=now).queue_pending_resync(world.watch(gap_since=world.time))
    assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == [(WATCH_ID, "resync")]


@pytest.mark.parametrize("others", [1, MAX_ATTEMPTS - 1])
def test_a_needed_resync_is_marked_despite_concurrent_writes(world: World, others: int) -> None:
    """Another write may record at the same moment that a change was seen."""
    watch = world.watch()
    write_between(world, others)
    world.catch_up.mark_resync_needed(watch)
    after = world.watches.get(WATCH_ID)
    assert after is not None
    assert (after.gap_since, after.user_id) == (world.time, f"user {others}")


def test_a_resync_that_cannot_be_marked_keeps_the_change(world: World) -> None:
    """The change stays on the queue, or nothing would record the need."""
    watch = world.watch()
    write_between(world, MAX_ATTEMPTS)
    with pytest.raises(ServiceUnavailable):
        world.catch_up.mark_resync_needed(watch)


def test_a_deleted_watch_is_not_marked(world: World) -> None:
    """A watch that is already marked is not marked again either."""
    watch = world.watch()
    world.watches.delete(watch)
    world.catch_up.mark_resync_needed(watch)
    assert world.watches.get(WATCH_ID) is None


def write_between(world: World, times: int) -> None:
    """Write to the row right before each of the next changes of it."""
    numbers = iter(range(1, times + 1))

    class BusyWatches(Watches):
        """Watches that another caller changes first."""

        def change(self, row: Watch, **changes: Any) -> Watch | None:
            """Change the row, after another caller did."""
            number = next(numbers, None)
            if number is not None:
                self.saw_change(row, world.time, f"user {number}")
            return super().change(row, **changes)

    world.watches = BusyWatches(lambda: world.rows)
