"""Claims about moving, reading and cancelling bookings."""

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
    """Return a world with an agent's empty calendar."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


@pytest.fixture
def booked(world: BookingWorld) -> Booked:
    """Return a booking from 12 o'clock on."""
    return world.slot_booker.book(world.new_booking())[0]


def to(slot: Span, **more: Any) -> dict[str, Any]:
    """Return the body that moves a booking to the beginning of a slot."""
    return {"start": slot.start.isoformat(), **more}


@pytest.mark.parametrize("minute", [0, 10, 30, 55])
def test_a_booking_is_moved_with_its_event(world: BookingWorld, booked: Booked, minute: int) -> None:
    """Also to a time that it takes a part of itself; what it leaves is free for others."""
    slot = world.slot(12, minute)
    moved = world.booking_changer.move(AGENT, booked.booking.id, to(slot))
    assert world.calendars.spans() == [slot]
    assert moved.event["id"] == booked.event["id"]
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking(slot))
    before = world.slot(11, minute or 30)
    world.slot_booker.book(world.new_booking(before))
    assert world.calendars.spans() == [before, slot]


def test_a_booking_can_be_made_longer_where_there_is_room(world: BookingWorld, booked: Booked) -> None:
    """By the duration alone, or not at all."""
    world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(), duration=60))
    assert world.calendars.spans() == [world.slot(minutes=60)]
    world.slot_booker.book(world.new_booking(world.slot(13)))
    with pytest.raises(SlotTaken) as caught:
        world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(), duration=65))
    assert caught.value.nearest
    assert world.calendars.spans() == [world.slot(minutes=60), world.slot(13)]


def test_a_booking_that_cannot_be_moved_stays(world: BookingWorld, booked: Booked) -> None:
    """Where another booking, a person's event or the end of the working hours is in the way."""
    world.slot_booker.book(world.new_booking(world.slot(13)))
    theirs = world.slot(14)
    world.calendars.put(AGENT, theirs.start, theirs.end)
    for hour in (13, 14, 15):
        with pytest.raises(SlotTaken):
            world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(hour)))
        assert world.calendars.spans() == [world.slot(), world.slot(13), theirs]
        assert {row.state for row in world.bookings()} == {"booked"}
    with pytest.raises(SlotTaken):  # its own time is still its own
        world.slot_booker.book(world.new_booking())


def test_a_move_gives_way_to_a_person_who_was_faster(world: BookingWorld, booked: Booked) -> None:
    """The event goes back to where it was."""
    theirs = world.slot(13, 15)

    def meanwhile(name: str) -> None:
        if name == "move" and len(world.calendars.spans()) == 1:
            world.calendars.put(AGENT, theirs.start, theirs.end)
            world.pass_by(1)

    world.calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(13)))
    assert world.calendars.spans() == [world.slot(), theirs]


@pytest.mark.parametrize("done", [True, False])
def test_a_move_whose_answer_is_lost_is_settled(world: BookingWorld, booked: Booked, *, done: bool) -> None:
    """By what the calendar says: it was moved, or it was not. Until then both times are held."""

    def fail(name: str) -> None:
        if name == "move":
            raise GraphUnavailable(0, "NoAnswer")

    setattr(world.calendars, "after" if done else "before", fail)
    with pytest.raises(RequestRejected) as caught:
        world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(13)))
    assert caught.value.status == 503
    world.calendars.before = world.calendars.after = lambda _: None
    for hour in (12, 13):
        with pytest.raises(SlotTaken):
            world.slot_booker.book(world.new_booking(world.slot(hour)))
    world.pass_by(601)
    world.booking_cleanup.resolve_all()
    assert [(row.state, row.start) for row in world.bookings()] == [("booked", world.slot(13 if done else 12).start)]
    world.slot_booker.book(world.new_booking(world.slot(12 if done else 13)))


def test_a_cancelled_booking_is_gone_and_its_time_is_free(world: BookingWorld, booked: Booked) -> None:
    """Cancelling it again is as good; reading and moving it is 404."""
    for _ in range(2):
        world.booking_changer.cancel(AGENT, booked.booking.id)
        assert world.calendars.spans() == []
    for call in (lambda: world.booking_changer.read(AGENT, booked.booking.id),
                 lambda: world.booking_changer.move(AGENT, booked.booking.id, to(world.slot(13)))):  # fmt: skip
        with pytest.raises(RequestRejected) as caught:
            call()
        assert caught.value.status == 404
    world.slot_booker.book(world.new_booking())


def test_a_cancellation_that_graph_does_not_answer_is_finished_later(world: BookingWorld, booked: Booked) -> None:
    """The time stays taken until the event is surely gone."""

    def fail(name: str) -> None:
        if name == "remove":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    world.calendars.before = fail
    with pytest.raises(RequestRejected):
        world.booking_changer.cancel(AGENT, booked.booking.id)
    world.calendars.before = lambda _: None
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    world.pass_by(121)
    world.booking_cleanup.resolve_all()
    assert world.calendars.spans() == []
    world.slot_booker.book(world.new_booking())


def test_a_booking_is_read_as_its_event_is_now(world: BookingWorld, booked: Booked) -> None:
    """Also when somebody moved it in Outlook, and not at all when somebody deleted it there."""
    later = world.slot(14)
    world.calendars.move(AGENT, booked.event["id"], later.start, later.end)
    event = world.booking_changer.read(AGENT, booked.booking.id).event
    assert event["start"]["dateTime"].startswith("2026-11-20T14:00")
    world.calendars.events[AGENT].clear()
    with pytest.raises(RequestRejected) as caught:
        world.booking_changer.read(AGENT, booked.booking.id)
    assert caught.value.status == 404


def test_a_booking_belongs_to_its_mailbox(world: BookingWorld, booked: Booked) -> None:
    """Its id is of no use at another one."""
    with pytest.raises(RequestRejected) as caught:
        world.booking_changer.read("agent2@contoso.com", booked.booking.id)
    assert caught.value.status == 404
    world.booking_changer.cancel("agent2@contoso.com", booked.booking.id)
    assert world.calendars.spans() == [world.slot()]


def test_a_move_to_a_time_that_is_not_sound_is_refused(world: BookingWorld, booked: Booked) -> None:
    """422, and nothing has happened."""
    for body in ({}, {"start": "2026-11-20T13:00:00"}, {"start": "2026-11-20T09:00:00Z"},
                 {"start": "2026-11-20T13:01:00Z"}, to(world.slot(13), duration=7)):  # fmt: skip
        with pytest.raises(RequestRejected) as caught:
            world.booking_changer.move(AGENT, booked.booking.id, body)
        assert caught.value.status == 422
    assert world.calendars.spans() == [world.slot()]
