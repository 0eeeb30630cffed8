"""Rows whose columns have the right types and impossible values: they hold up neither other rows nor their reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.reliability.parking import parked_change
from shared.scheduling.conflicts import SlotTaken
from shared.storage.maintenance import Sweep
from shared.storage.parked import DEAD, WAITING
from shared.storage.retries import SLOTS, DeliveryCounts, slot_of
from shared.storage.slot_bookings import Booking
from shared.storage.watches import Watch, watch_id_of
from shared.unreadable_rows import Unreadable
from shared.utc import format_utc
from tests.support.booking_world import AGENT, BookingWorld
from tests.support.table import FakeTable
from tests.support.world import START, World

BAD = "bad@contoso.com"
ID = "0" * 32
BEYOND = "9999-12-31T23:59:59-14:00"  # in UTC it is in the year 10000, which Python has not
BEFORE = "0001-01-01T00:00:00+14:00"
MOMENTS = [name for name, field in Watch.__dataclass_fields__.items() if "datetime" in str(field.type)]
# due_at and room_lists are in filters: tests/unit/storage/test_table_unreadable.py has them, with the real storage
COLUMNS = [name for name in Watch.__dataclass_fields__ if name not in ("id", "etag", "room_lists", "due_at")]
VALUES: list[Any] = [5, -1, 1e300, True, b"\0", "", "x", "\0" * 100, BEYOND, BEFORE, "9999-12-31T23:59:59Z"]


@pytest.fixture
def world() -> Iterator[World]:
    """Return a world with a live watch of which a renewal is due, and a watch to damage."""
    world = World()
    for mailbox in (BAD, "good@contoso.com"):
        world.watch(mailbox, due_at=world.time, expires=world.time + timedelta(hours=1))
    yield world
    world.end()


def damage(table: FakeTable, partition: str, key: str, **columns: Any) -> None:
    """Change columns of a stored row."""
    table.update_entity({"PartitionKey": partition, "RowKey": key, **columns})


@pytest.mark.parametrize("column", COLUMNS)
def test_no_value_of_a_watch_ends_the_work_on_others(world: World, column: str) -> None:
    """Whatever a column holds, the timer's run, the gauges and the list of watches go on."""
    stored = dict(world.rows.rows["watch", watch_id_of(BAD)])
    for value in VALUES:
        world.rows.upsert_entity(stored)
        damage(world.rows, "watch", watch_id_of(BAD), **{column: value})
        world.watches.change(next(world.watches.all()), due_at=world.time)
        world.reconciler.reconcile()
        world.gauges.report_gauges()
        shown = [watch for watch in world.watches.page(10) if watch.mailbox == "good@contoso.com"]
        assert len(shown) == 1, value


@pytest.mark.parametrize("moment", [BEYOND, BEFORE])
@pytest.mark.parametrize("column", MOMENTS)
def test_a_watch_with_a_time_that_utc_has_not_is_unreadable(world: World, column: str, moment: str) -> None:
    """The list of watches would fail where it writes the time."""
    damage(world.rows, "watch", watch_id_of(BAD), **{column: moment})
    assert isinstance(world.watches.find(watch_id_of(BAD)), Unreadable)
    assert [format_utc(watch.created) for watch in world.watches.page(10)] == [format_utc(START)]


def test_the_id_of_a_row_is_its_key(world: World) -> None:
    """Not what its column says: a change by another id would miss the row at every attempt."""
    world.sweep_row.write(lambda _: {"read_at": START})
    damage(world.rows, "sweep", ID, id="x")
    assert world.sweep_row.write(lambda _: {"read_at": START + timedelta(days=1)}).read_at == START + timedelta(days=1)
    assert world.sweep_row.read().id == Sweep().id
    damage(world.rows, "watch", watch_id_of(BAD), id=ID)
    assert [watch.mailbox for watch in world.watches.all() if watch.id == watch_id_of(BAD)] == [BAD]


@pytest.mark.parametrize("columns", [{"event_id": "Z"}, {"watch_id": "0" * 32}], ids=str)
def test_a_parked_row_of_another_event_is_not_drained_again_and_again(world: World, columns: dict[str, str]) -> None:
    """It cannot be deleted by the key that its columns give, so it is unreadable and named by the health check."""
    message = world.hint("A", "B", watch_id=watch_id_of(BAD))
    changes = [parked_change(message, change, "x", world.time) for change in message.changes]
    for kind in (WAITING, DEAD):
        world.parked.put(kind, changes)
        damage(world.parked_rows, kind, changes[0].id, **columns)
    assert [world.recovery.drain() for _ in range(2)] == ["drained-1", "drained-0"]
    assert [change.event_id for message, _ in world.changes.take() for change in message.changes] == ["B"]
    assert [letter.id for letter in world.parked.page(DEAD, 10)] == [changes[1].id]


def test_an_unreadable_number_of_deliveries_is_replaced(world: World) -> None:
    """It would hold back the numbers of its processes for ever: the row is used again every eighty minutes."""
    table = FakeTable()
    counts = DeliveryCounts(lambda: table)
    assert counts.add(slot_of(START), 5, 0)
    ((_, key),) = table.rows
    damage(table, "delivered", key, number="many")
    assert counts.add(slot_of(START), 3, 0)
    assert (counts.since(START - timedelta(hours=1)), SLOTS) == (3, 8)


@pytest.fixture
def bookings() -> Iterator[BookingWorld]:
    """Return a world of slot bookings with two unfinished ones."""
    world = BookingWorld()
    for hour in (12, 13):
        claim = world.new_booking(world.slot(hour), number=hour)
        row = Booking(claim.id, AGENT, claim.slot.start, claim.slot.end, world.time, "t")
        assert world.slot_bookings.claim(row)
    yield world
    world.end()


@pytest.mark.parametrize(
    "columns",
    [{"end": "9999-01-01T00:00:00+00:00"}, {"start": "1970-01-01T00:00:00+00:00"}, {"end": BEYOND},
     {"to_start": "2026-11-20T10:00:00+00:00", "to_end": "2300-01-01T00:00:00+00:00"}],
    ids=str,
)  # fmt: skip
@pytest.mark.timeout(60)
def test_a_booking_of_a_thousand_years_ends_no_settling(bookings: BookingWorld, columns: dict[str, str]) -> None:
    """Its times would be a hundred million cells; the other booking is settled as ever."""
    (partition,) = {row["PartitionKey"] for row in bookings.slot_rows.rows.values()}
    bad, good = (row["RowKey"] for row in list(bookings.slot_rows.rows.values()) if "state" in row)
    damage(bookings.slot_rows, partition, bad, **columns)
    bookings.pass_by(601)
    bookings.booking_cleanup.resolve_all()
    settled = bookings.slot_bookings.get(AGENT, good)
    assert settled is not None
    assert settled.state == "ended"
    assert [row.key for row in bookings.slot_bookings.rows() if isinstance(row, Unreadable)] == [bad]


@pytest.mark.parametrize("booking", [None, 5, b"x"])
def test_a_cell_that_names_no_booking_keeps_its_time_taken(bookings: BookingWorld, booking: object) -> None:
    """Other times are booked as ever, and this one is refused without an error of the relay's own."""
    slot = bookings.slot(12)
    for row in [row for row in bookings.slot_rows.rows.values() if str(row["RowKey"]).startswith("at-")]:
        if booking is None:
            del bookings.slot_rows.rows[row["PartitionKey"], row["RowKey"]]["booking"]
        else:
            damage(bookings.slot_rows, row["PartitionKey"], row["RowKey"], booking=booking)
    assert bookings.slot_bookings.holders(AGENT, slot.start, slot.end) == []
    with pytest.raises(SlotTaken):
        bookings.slot_booker.book(bookings.new_booking(slot, number=99))
    bookings.slot_booker.book(bookings.new_booking(bookings.slot(14), number=100))
