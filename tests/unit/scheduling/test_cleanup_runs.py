"""The timer's run over unfinished bookings: each is resolved, whatever happens to another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import GraphUnavailable, ServiceUnavailable
from shared.storage.slot_bookings import Booking, SlotBookings
from tests.support.booking_world import AGENT, BookingWorld


@pytest.fixture
def world() -> Iterator[BookingWorld]:
    """Return a world with an agent whose calendar is empty."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


@pytest.mark.parametrize("end", ["cancelled", "deleted in Outlook", "moved", "not moved"])
def test_a_cut_short_move_of_a_long_booking_is_resolved(world: BookingWorld, end: str) -> None:
    """Its two times have 192 cells, which one transaction does not take; afterwards both can be booked."""
    world.graph_calendars.hours = None
    first, second = world.slot(11, minutes=480), world.slot(19, minutes=480)
    booked, _ = world.slot_booker.book(world.new_booking(first))
    to = {"state": "moving", "since": world.time, "to_start": second.start, "to_end": second.end}
    assert world.slot_bookings.change(booked.booking, **to)
    if end == "moved":
        world.graph_calendars.move(AGENT, booked.event["id"], second.start, second.end)
    elif end == "deleted in Outlook":
        world.graph_calendars.events[AGENT].clear()
    elif end == "cancelled":
        world.booking_changer.cancel(AGENT, booked.booking.id)
    world.pass_by(601)
    world.booking_cleanup.resolve_all()
    left = {"moved": [second], "not moved": [first]}.get(end, [])
    assert [row.start for row in world.bookings()] == [span.start for span in left]
    for slot in (first, second):
        if slot not in left:
            world.slot_booker.book(world.new_booking(slot))
    assert world.graph_calendars.spans() == [first, second]


@pytest.mark.parametrize("error", [GraphUnavailable(503, "Busy"), ValueError("canary"), OSError("canary")], ids=repr)
def test_a_booking_that_cannot_be_resolved_keeps_no_other_from_it(
    world: BookingWorld, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is raised, and at whatever place of the run."""
    claims = [world.slot_bookings.claim(_claimed(world, hour)) for hour in (12, 13, 14)]
    calls = iter(range(100))

    def fail(_: str) -> None:
        if next(calls) == 1:
            raise error

    world.pass_by(121)
    world.graph_calendars.before = fail
    world.booking_cleanup.resolve_all()
    assert (len(claims), len(world.bookings())) == (3, 1)
    world.booking_cleanup.resolve_all()
    world.pass_by(121)
    world.booking_cleanup.resolve_all()
    assert world.bookings() == []
    assert "canary" not in caplog.text


def _claimed(world: BookingWorld, hour: int) -> Booking:
    """Return a claim that a killed call left."""
    slot = world.slot(hour)
    return Booking(f"{hour:032x}", AGENT, slot.start, slot.end, world.time, f"t{hour}")


def test_a_past_booking_that_storage_does_not_remove_keeps_no_other_from_it(world: BookingWorld) -> None:
    """The run goes on with the next; the rest is removed by the next run."""
    for hour in (12, 13, 14):
        world.slot_booker.book(world.new_booking(world.slot(hour)))
    world.time += timedelta(days=8)
    submit, calls = SlotBookings.remove, iter(range(100))

    class Failing(SlotBookings):
        def remove(self, booking: Booking) -> bool:
            if next(calls) == 0:
                raise ServiceUnavailable("storage")
            return submit(self, booking)

    world.booking_cleanup = replace(world.booking_cleanup, slot_bookings=Failing(lambda: world.slot_rows))
    world.booking_cleanup.resolve_all()
    assert len(world.bookings()) == 1
    world.booking_cleanup.resolve_all()
    assert world.slot_rows.rows == {}
