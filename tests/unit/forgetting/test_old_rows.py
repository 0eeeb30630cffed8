"""The night deletes what is of no use any more, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.bookings.held_times import HeldTime, HeldTimes
from shared.bookings.records import AppointmentRecord
from shared.calendars.first_calls import FirstCall
from shared.errors import ServiceUnavailable
from shared.forgetting.old_rows import LEASES_KEPT, ORPHANS_KEPT, REPLAYS_KEPT, SLOTS_KEPT
from shared.messages import Job
from shared.scheduling.cleanup import KEPT
from shared.storage.deletion.call_rows import FIRST_CALLS_KEPT, HELD_TIMES_KEPT
from shared.storage.leases import Leases
from shared.storage.parked import DEAD, WAITING
from shared.storage.table import Table
from tests.support.world import MAILBOX, WATCH_ID
from tests.unit.forgetting.conftest import OTHER, OTHER_ID, OTHER_NAMES, FilledWorld

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def pass_by(world: FilledWorld, time: timedelta) -> None:
    """Move the clock."""
    world.pass_by(time.total_seconds())


def test_a_night_touches_nothing_that_is_in_use(world: FilledWorld) -> None:
    """Rows of watched mailboxes stay, parked changes and dead letters as long as they wait."""
    before = world.traces(MAILBOX, *OTHER_NAMES)
    assert world.old_rows.sweep() == 0
    pass_by(world, 3 * DAY)
    assert world.old_rows.sweep() == 0
    assert world.traces(MAILBOX, *OTHER_NAMES) == before
    pass_by(world, 2 * ORPHANS_KEPT)
    world.old_rows.sweep()
    assert (world.parked.count(WAITING), world.parked.count(DEAD)) == (4, 2)


def test_each_kind_has_its_end(world: FilledWorld) -> None:
    """To the minute; the days are those of the page."""
    world.leases.acquire("turn", world.time, MINUTE)
    ends: dict[str, tuple[timedelta, Callable[[], int]]] = {
        "lease": (LEASES_KEPT + MINUTE, world.leases.count),
        "replay": (REPLAYS_KEPT, world.replays.count),
        "slot": (SLOTS_KEPT + timedelta(minutes=90), lambda: len(world.slot_rows.rows)),
    }
    start = world.time
    for kind, (end, count) in sorted(ends.items(), key=lambda item: item[1][0]):
        world.time = start + end - MINUTE
        world.old_rows.sweep()
        assert count() > 0, kind
        world.time = start + end + MINUTE
        world.old_rows.sweep()
        assert count() == 0, kind


def test_what_features_keep_about_calls_ends_although_they_are_switched_off(world: FilledWorld) -> None:
    """Each to the minute, whatever the partition of a business; rows in use stay."""
    calls = Table(lambda: world.watches_table, FirstCall, "first-call")
    calls.insert(FirstCall("c" * 32, since=world.time))
    appointments = Table(lambda: world.attempts_table, AppointmentRecord, "appointment")
    appointments.insert(AppointmentRecord("a" * 32, until=world.time + 9 * DAY))
    held = HeldTimes(lambda: world.attempts_table, world.now)
    held.hold("BUSINESS@contoso.com", HeldTime("b" * 32))
    ends: dict[timedelta, Callable[[], object]] = {
        HELD_TIMES_KEPT: lambda: [key for key in world.attempt_rows.rows if key[0].startswith("held-")],
        9 * DAY: lambda: appointments.get("a" * 32),
        FIRST_CALLS_KEPT: lambda: calls.get("c" * 32),
    }
    start = world.time
    for end, found in ends.items():
        world.time = start + end - MINUTE
        world.old_rows.sweep()
        assert found(), end
        world.time = start + end + MINUTE
        world.old_rows.sweep()
        assert not found(), end


def test_slot_bookings_end_when_the_feature_ends_them(world: FilledWorld) -> None:
    """The night ends those of a switched-off feature, in any state, with all their cells."""
    assert SLOTS_KEPT == KEPT
    booking = world.book(MAILBOX, world.time + timedelta(hours=5), 9)
    assert world.slot_bookings.change(booking, state="moving", to_start=booking.start + DAY, to_end=booking.end + DAY)
    pass_by(world, SLOTS_KEPT + DAY)
    world.old_rows.sweep()
    assert world.slot_rows.rows == {}


def test_what_waits_for_a_removed_watch_is_deleted(world: FilledWorld) -> None:
    """A worker may park a change after the removal; unreadable rows are deleted, too. Others' stay."""
    (row,) = [each for each in world.watches.all() if each.id == WATCH_ID]
    world.tombstones.write_watch(WATCH_ID, world.time)
    world.watches.delete(row)
    for (_, _), cells in list(world.parked_rows.rows.items())[:2]:
        cells["at"] = "not a time"
    world.old_rows.sweep()
    assert {row.watch_id for kind in (WAITING, DEAD) for row in world.parked.page(kind, 99)} == {OTHER_ID}
    assert world.replays.watch_ids() == {OTHER_ID}
    assert world.rollout_row.read().first_id == ""


def test_a_lost_row_of_a_watch_costs_no_parked_change_for_a_long_time(world: FilledWorld) -> None:
    """Without a tombstone the row may have been lost, and be restored."""
    (row,) = [each for each in world.watches.all() if each.id == WATCH_ID]
    world.watches.delete(row)
    pass_by(world, ORPHANS_KEPT - DAY)
    world.old_rows.sweep()
    assert (world.parked.count(WAITING), world.parked.count(DEAD)) == (4, 2)
    pass_by(world, 2 * DAY)
    world.old_rows.sweep()
    assert (world.parked.count(WAITING), world.parked.count(DEAD)) == (2, 1)


@pytest.mark.parametrize("first", ["", "8" * 32, "f" * 32])
def test_the_sweep_begins_anywhere_and_sees_every_row(world: FilledWorld, first: str) -> None:
    """So that a table that is too large for one night is swept in several."""
    world.tombstones.write_watch(WATCH_ID, world.time)
    (row,) = [each for each in world.watches.all() if each.id == WATCH_ID]
    world.watches.delete(row)
    replace(world.old_rows, beginning=lambda: first).sweep()
    assert (world.parked.count(WAITING), world.parked.count(DEAD)) == (2, 1)


def test_a_table_that_fails_does_not_stop_the_others(world: FilledWorld) -> None:
    """It is swept the next night."""

    class BrokenLeases(Leases):
        """Leases that cannot be read."""

        def drop_old(self, before: datetime) -> int:
            """Fail."""
            raise ServiceUnavailable("storage", f"is away before {before}")

    pass_by(world, REPLAYS_KEPT + DAY)
    replace(world.old_rows, leases=BrokenLeases(lambda: world.attempts_table)).sweep()
    assert world.replays.count() == 0


def test_the_night_runs_as_a_chain_of_jobs(world: FilledWorld) -> None:
    """Old rows first, then paused watches, at last slot bookings; of a night one chain of steps."""
    world.nightly_cleanup.queue()
    world.nightly_cleanup.queue()
    results = []
    while jobs := world.work.take_jobs():
        results += [(job.cursor, world.job_runner.run_job(job, world.work)) for job in jobs]
    assert results == [("", "cleaned-0"), ("0", "looked"), ("slots", "looked")]


def test_a_parked_change_of_a_removed_watch_is_dropped(world: FilledWorld) -> None:
    """Its message was on the queue when the mailbox was forgotten: read while deliveries are paused, or a last time."""
    message = world.hint("Late")
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    world.parking.park(message, message.changes, "paused")
    world.dead_letters.dead_letter(message, message.changes[0], "gave-up", 500)
    world.poison_messages.keep_changes(last_attempt(world))
    assert world.traces(MAILBOX, WATCH_ID) == []
    assert len(world.traces(OTHER)) > 0
    world.parking.park(world.hint("Late", watch_id=OTHER_ID), world.hint("Late", watch_id=OTHER_ID).changes, "paused")
    assert world.parked.count(WAITING) == 3


def last_attempt(world: FilledWorld) -> str:
    """Return a message as the host gave it up at its last attempt."""
    from shared.messages import write_changes

    (text,) = write_changes(replace(world.hint("Late"), attempt=99))
    return text


def test_a_job_of_a_forgotten_watch_does_nothing(world: FilledWorld) -> None:
    """It was queued before."""
    world.mailbox_forgetting.forget(MAILBOX, "IT")
    for kind in ("resync", "missed", "lookup", "reauthorizationRequired"):
        assert world.job_runner.run_job(Job(WATCH_ID, kind, "s-1"), world.jobs) == "unknown-watch"
    assert world.traces(MAILBOX, WATCH_ID) == []
