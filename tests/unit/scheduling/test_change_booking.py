"""Moving, reading and cancelling bookings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import GraphUnavailable, RequestRejected
from shared.scheduling.booking import Booked
from shared.scheduling.conflicts import SlotTaken
from shared.scheduling.slot_rules import Span
from tests.support.booking_world import AGENT, BookingWorld


@pytest.fixture
def world() -> Iterator[BookingWorld]:
    """Return a world with an agent whose calendar is empty."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


@pytest.fixture
def booked(world: BookingWorld) -> Booked:
    """Return a booking that starts at 12 o'clock."""
    return world.slot_booker.book(world.new_booking())[0]


def to(slot: Span, **more: Any) -> dict[str, Any]:
    """Return the body that moves a booking to the start of a slot."""
    return {"start": slot.start.isoformat(), **more}


@pytest.mark.parametrize("minute", [0, 10, 30, 55])
def test_a_booking_is_moved_with_its_event(world: BookingWorld, booked: Booked, minute: int) -> None:
    """The new time may overlap the old one; the time it leaves becomes free."""
    slot = world.slot(12, minute)
    moved = world.booking_changer.move(AGENT, booked.booking.id, to(slot))
    assert world.graph_calendars.spans() == [slot]
    assert moved.event["id"] == booked.event["id"]
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking(slot))
    before = world.slot(11, minute or 30)
    world.slot_booker.book(world.new_booking(before))
    assert world.graph_calendars.spans() == [before, slot]


def test_a_booking_can_be_extended_where_there_is_room(world: BookingWorld, booked: Booked) -> None:
    """The duration alone changes, or nothing does."""
    world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(), duration=60))
    assert world.graph_calendars.spans() == [world.slot(minutes=60)]
    world.slot_booker.book(world.new_booking(world.slot(13)))
    with pytest.raises(SlotTaken) as caught:
        world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(), duration=65))
    assert caught.value.nearest
    assert world.graph_calendars.spans() == [world.slot(minutes=60), world.slot(13)]


def test_a_booking_that_cannot_be_moved_stays(world: BookingWorld, booked: Booked) -> None:
    """Another booking, a person's event or the end of the working hours prevents the move."""
    world.slot_booker.book(world.new_booking(world.slot(13)))
    theirs = world.slot(14)
    world.graph_calendars.put(AGENT, theirs.start, theirs.end)
    for hour in (13, 14, 15):
        with pytest.raises(SlotTaken):
            world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(hour)))
        assert world.graph_calendars.spans() == [world.slot(), world.slot(13), theirs]
        assert {row.state for row in world.bookings()} == {"booked"}
    with pytest.raises(SlotTaken):  # its own time is still its own
        world.slot_booker.book(world.new_booking())


def test_a_move_gives_way_to_an_earlier_event_of_a_person(world: BookingWorld, booked: Booked) -> None:
    """The booking's event is moved back."""
    theirs = world.slot(13, 15)

    def meanwhile(name: str) -> None:
        if name == "move" and len(world.graph_calendars.spans()) == 1:
            world.graph_calendars.put(AGENT, theirs.start, theirs.end)
            world.pass_by(1)

    world.graph_calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(13)))
    assert world.graph_calendars.spans() == [world.slot(), theirs]


@pytest.mark.parametrize("done", [True, False])
def test_a_move_whose_response_is_lost_is_resolved(world: BookingWorld, booked: Booked, *, done: bool) -> None:
    """The calendar shows whether it was moved. Until then both times are held."""

    def fail(name: str) -> None:
        if name == "move":
            raise GraphUnavailable(0, "NoAnswer")

    if done:
        world.graph_calendars.after = fail
    else:
        world.graph_calendars.before = fail
    with pytest.raises(RequestRejected) as caught:
        world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(13)))
    assert caught.value.status == 503
    world.graph_calendars.before = world.graph_calendars.after = lambda _: None
    for hour in (12, 13):
        with pytest.raises(SlotTaken):
            world.slot_booker.book(world.new_booking(world.slot(hour)))
    world.pass_by(601)
    world.booking_cleanup.resolve_all()
    assert [(row.state, row.start) for row in world.bookings()] == [("booked", world.slot(13 if done else 12).start)]
    world.slot_booker.book(world.new_booking(world.slot(12 if done else 13)))


def test_a_cancelled_booking_frees_its_time(world: BookingWorld, booked: Booked) -> None:
    """Cancelling it again is a no-op; reading or moving it is 404."""
    for _ in range(2):
        world.booking_changer.cancel(AGENT, booked.booking.id)
        assert world.graph_calendars.spans() == []
    with pytest.raises(RequestRejected) as read:
        world.booking_changer.read(AGENT, booked.booking.id)
    with pytest.raises(RequestRejected) as moved:
        world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(13)))
    assert (read.value.status, moved.value.status) == (404, 404)
    world.slot_booker.book(world.new_booking())


def test_a_cancellation_that_graph_does_not_answer_is_finished_later(world: BookingWorld, booked: Booked) -> None:
    """The time stays taken until the event is known to be deleted."""

    def fail(name: str) -> None:
        if name == "remove":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    world.graph_calendars.before = fail
    with pytest.raises(RequestRejected):
        world.booking_changer.cancel(AGENT, booked.booking.id)
    world.graph_calendars.before = lambda _: None
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    world.pass_by(121)
    world.booking_cleanup.resolve_all()
    assert world.graph_calendars.spans() == []
    world.slot_booker.book(world.new_booking())


def test_a_booking_is_read_from_its_current_event(world: BookingWorld, booked: Booked) -> None:
    """It has the times of an event moved in Outlook, and is 404 when the event was deleted there."""
    later = world.slot(14)
    world.graph_calendars.move(AGENT, booked.event["id"], later.start, later.end)
    event = world.booking_changer.read(AGENT, booked.booking.id).event
    assert event["start"]["dateTime"].startswith("2026-11-20T14:00")
    world.graph_calendars.events[AGENT].clear()
    world.pass_by(121)
    with pytest.raises(RequestRejected) as caught:
        world.booking_changer.read(AGENT, booked.booking.id)
    assert caught.value.status == 404


def test_a_booking_belongs_to_its_mailbox(world: BookingWorld, booked: Booked) -> None:
    """At another mailbox its id is unknown."""
    with pytest.raises(RequestRejected) as caught:
        world.booking_changer.read("agent2@contoso.com", booked.booking.id)
    assert caught.value.status == 404
    world.booking_changer.cancel("agent2@contoso.com", booked.booking.id)
    assert world.graph_calendars.spans() == [world.slot()]


def test_a_move_to_an_invalid_time_is_rejected(world: BookingWorld, booked: Booked) -> None:
    """The call fails with 422 and changes nothing."""
    for body in ({}, {"start": "2026-11-20T13:00:00"}, {"start": "2026-11-20T09:00:00Z"},
                 {"start": "2026-11-20T13:01:00Z"}, to(world.slot(13), duration=7)):  # fmt: skip
        with pytest.raises(RequestRejected) as caught:
            world.booking_changer.move(AGENT, booked.booking.id, body)
        assert caught.value.status == 422
    assert world.graph_calendars.spans() == [world.slot()]
