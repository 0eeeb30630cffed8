"""No ledger entry outlives its watch: a removal, a second call and each night delete what is left of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import Job
from shared.resync.ledger_sweep import AT_ONCE, IN_USE, UNUSED
from shared.storage.ledger import Ledger
from shared.storage.tombstones import KEEP
from shared.storage.watches import PARTITION, Watch, watch_id_of
from tests.support.subscribed import stored, subscribed
from tests.support.world import MAILBOX, WATCH_ID, World

OTHER = watch_id_of("room2@contoso.com")


def deliver(world: World, watch_id: str = WATCH_ID, event_id: str = "E") -> None:
    """Write an entry, as a worker does that has read an event now."""
    [claimed] = world.ledger.claim([world.entry(event_id, watch_id)])
    assert claimed is not None
    world.ledger.release([replace(claimed, delivered_state="1", read_at=world.time)])


def sweep(world: World) -> list[str]:
    """Run a night's sweep; return the results of its steps."""
    world.ledger_sweep.queue()
    results = []
    while jobs := world.work.take_jobs():
        [job] = jobs
        results.append(world.job_runner.run_job(job, world.work))
    return results


def removed(world: World) -> World:
    """Remove the watch of a room, and let a worker write an entry a moment later."""
    subscribed(world)
    deliver(world)
    world.endings.unsubscribe(WATCH_ID)
    assert world.ledger_rows.rows == {}
    deliver(world)
    return world


def test_entries_written_after_a_removal_are_swept(world: World) -> None:
    """A day later: a worker may use them until then."""
    removed(world)
    world.pass_by(IN_USE.total_seconds())
    assert sweep(world) == ["swept-0"]
    world.pass_by(1)
    assert sweep(world) == ["swept-1"]
    assert world.ledger_rows.rows == {}


def test_entries_of_a_watch_are_never_swept(world: World) -> None:
    """Nor those of a mailbox that is watched again, or whose row this version cannot read."""
    subscribed(world)
    deliver(world)
    world.watches.delete(stored(world))
    world.tombstones.write_watch(WATCH_ID, world.time)
    world.watch()
    world.pass_by(5 * 86_400)
    assert sweep(world) == ["swept-0"]
    world.rows.rows[PARTITION, WATCH_ID]["created"] = "not a time"
    assert sweep(world) == ["swept-0"]
    assert len(world.ledger_rows.rows) == 1


def test_the_row_of_a_watch_is_looked_up_before_its_entries_are_swept(world: World) -> None:
    """The ids that a step reads in advance do not reach as far as its partitions."""
    for number in range(AT_ONCE + 1):
        watch = Watch(f"{number:032x}", f"room{number}@contoso.com", "relay", world.time)
        assert world.watches.insert(watch) is not None
    deliver(world, f"{AT_ONCE:032x}")
    world.tombstones.write_watch(f"{AT_ONCE:032x}", world.time)
    world.pass_by(IN_USE.total_seconds() + 1)
    assert sweep(world) == ["swept-0"]


def test_a_missing_row_is_no_proof_of_a_removal(world: World) -> None:
    """The table of watches was lost or restored. Only what nobody has used for a month is deleted then."""
    deliver(world)
    world.pass_by(UNUSED.total_seconds())
    assert sweep(world) == ["swept-0"]
    world.pass_by(1)
    assert sweep(world) == ["swept-1"]
    assert UNUSED > KEEP


@pytest.mark.parametrize("at", range(1, 6))
def test_nothing_is_swept_while_a_table_cannot_be_read(world: World, at: int) -> None:
    """Whichever read fails: the step is put back, and nothing was deleted before."""
    removed(world)
    world.pass_by(IN_USE.total_seconds() + 1)
    calls = iter(range(1, 99))

    def fail_once() -> None:
        world.rows.failing = world.ledger_rows.failing = int(next(calls) == at)

    world.rows.before = world.ledger_rows.before = fail_once
    result = world.job_runner.run_job(Job("", "sweep"), world.work)
    assert (result, len(world.ledger_rows.rows)) == ("put-back", 1)
    world.rows.before = world.ledger_rows.before = lambda: None
    world.rows.failing = world.ledger_rows.failing = 0
    [job] = world.work.take_jobs()
    assert world.job_runner.run_job(job, world.work) == "swept-1"


def test_a_sweep_goes_on_in_steps(world: World) -> None:
    """Each looks at a bounded number of partitions; all are reached, those of watches between them, too."""
    number = 2 * AT_ONCE + 5
    for place in range(number):
        deliver(world, f"{place:032x}")
        if place % 2:
            world.tombstones.write_watch(f"{place:032x}", world.time)
    world.pass_by(IN_USE.total_seconds() + 1)
    assert sweep(world) == [f"swept-{AT_ONCE // 2}", f"swept-{AT_ONCE // 2}", "swept-2"]
    assert len(world.ledger_rows.rows) == number // 2 + 1


def test_an_entry_that_is_written_during_a_sweep_stays(world: World) -> None:
    """It was read by then, and the deletion names its etag."""
    removed(world)
    world.pass_by(IN_USE.total_seconds() + 1)
    drop: Callable[[Any], int] = world.ledger.drop

    class LedgerInUse(Ledger):
        """A ledger that a worker writes to before entries are dropped."""

        def drop(self, entries: Any) -> int:
            """Write, then drop."""
            deliver(world)
            return drop(entries)

    world.ledger_sweep = replace(world.ledger_sweep, ledger=LedgerInUse(lambda: world.ledger_rows, world.now))
    assert world.ledger_sweep.step("") == "swept-0"
    assert len(world.ledger_rows.rows) == 1


def test_a_sweep_is_queued_once(world: World) -> None:
    """Nights of a stalled queue add nothing."""
    for _ in range(3):
        world.ledger_sweep.queue()
    assert len(world.work.take_jobs()) == 1


def test_a_removal_that_storage_interrupts_is_finished_by_the_next_call(world: World) -> None:
    """The row is gone, and the entries are not. The partner repeats the call after a 503."""
    subscribed(world)
    deliver(world)
    deliver(world, OTHER)

    class BrokenLedger(Ledger):
        """A ledger that cannot be written."""

        def forget(self, *_: object) -> int:
            """Fail."""
            raise ServiceUnavailable("storage")

    endings, broken = world.endings, BrokenLedger(lambda: world.ledger_rows, world.now)
    with pytest.raises(ServiceUnavailable):
        replace(endings, rows=replace(endings.rows, ledger=broken)).unsubscribe(WATCH_ID)
    assert (world.watches.get(WATCH_ID), len(world.ledger_rows.rows)) == (None, 2)
    endings.unsubscribe(WATCH_ID)
    endings.unsubscribe(OTHER)  # which nobody has removed
    assert [key[0] for key in world.ledger_rows.rows] == [OTHER]


def test_a_room_that_comes_back_has_no_entries_of_before(world: World) -> None:
    """Its watch is new: another `born`, and no entry of before. A renewal and a pause do not change `born`."""
    lists, rooms = "rooms@contoso.com", [MAILBOX]
    world.rooms.by_list[lists] = rooms
    world.allow(f"@contoso.com,roomlist:{lists}")
    world.room_list_service.watch(lists)
    world.reconciler.reconcile()
    first = stored(world)
    deliver(world)
    world.allow(f"roomlist:{lists}")
    world.watches.delete(stored(world))  # a storage fault kept the entries
    world.reconciler.reconcile()
    assert (len(first.born), len({first.born, stored(world).born}), world.ledger_rows.rows) == (32, 2, {})
    again = stored(world)
    world.subscription_service.renew(again)
    world.watches.claim(stored(world), world.time)
    assert stored(world).born == again.born
