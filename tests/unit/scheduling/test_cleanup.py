"""Claims about bookings that end half done or that people change in Outlook: calendar and storage agree at last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.errors import GraphError, GraphNotFound, GraphUnavailable, RequestRejected
from shared.scheduling.conflicts import SlotTaken
from tests.support.booking_world import AGENT, BookingWorld


@pytest.fixture
def world() -> Iterator[BookingWorld]:
    """Return a world with an agent's empty calendar."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


@pytest.mark.parametrize("after", [True, False])
def test_an_answer_of_graph_that_is_lost_makes_no_second_event(world: BookingWorld, *, after: bool) -> None:
    """The POST is sent again with the same transactionId."""
    lost = [GraphUnavailable(0, "NoAnswer"), None]

    def fail(name: str) -> None:
        if name == "create" and lost and (error := lost.pop(0)):
            raise error

    setattr(world.calendars, "after" if after else "before", fail)
    world.slot_booker.book(world.new_booking())
    assert world.calendars.spans() == [world.slot()]


def test_while_graph_is_away_nothing_is_promised_and_nothing_stays(world: BookingWorld) -> None:
    """503; the same call may go on later, and what nobody goes on with is taken back."""

    def fail(name: str) -> None:
        if name == "create":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    world.calendars.after = fail  # it was made all the same
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking(number=1))
    assert caught.value.status == 503
    assert world.calendars.spans() == [world.slot()]
    world.calendars.after = lambda _: None
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    world.pass_by(121)
    world.booking_cleanup.resolve_all()
    assert (world.calendars.spans(), world.bookings()) == ([], [])
    _, is_new = world.slot_booker.book(world.new_booking())
    assert is_new


@pytest.mark.parametrize("name", ["view", "schedule", "create"])
@pytest.mark.parametrize("error", [GraphUnavailable(503, "Busy", retry_after=2), GraphError(400, "ErrorInvalid")])
def test_a_failed_call_that_cannot_be_sent_again_holds_nothing(
    world: BookingWorld, name: str, error: GraphError
) -> None:
    """It has no Idempotency-Key: its time is free for others at once, and what it made is gone."""
    errors = [error]

    def fail(called: str) -> None:
        if called == name and errors:
            raise errors.pop()

    world.calendars.after = fail
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.status == (503 if error.status == 503 else 422)
    assert (world.calendars.spans(), world.bookings()) == ([], [])
    world.slot_booker.book(world.new_booking())


def test_a_call_that_is_sent_again_goes_on_where_the_first_ended(world: BookingWorld) -> None:
    """By its Idempotency-Key: the event that was made is the booking's."""

    def fail(name: str) -> None:
        if name == "create":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    world.calendars.after = fail
    with pytest.raises(RequestRejected):
        world.slot_booker.book(world.new_booking(number=1))
    world.calendars.after = lambda _: None
    booked, is_new = world.slot_booker.book(world.new_booking(number=1))
    assert not is_new
    assert booked.booking.state == "booked"
    assert world.calendars.spans() == [world.slot()]


def test_a_slot_whose_event_was_deleted_in_outlook_is_free_again(world: BookingWorld) -> None:
    """Its row is found in the way, looked up, and forgotten."""
    booked, _ = world.slot_booker.book(world.new_booking())
    world.calendars.events[AGENT].clear()
    with pytest.raises(SlotTaken):  # too young to be doubted
        world.slot_booker.book(world.new_booking())
    world.pass_by(121)
    again, is_new = world.slot_booker.book(world.new_booking())
    assert is_new
    assert [row.id for row in world.bookings()] == [again.booking.id] != [booked.booking.id]


def test_a_slot_whose_event_was_moved_in_outlook_is_free_again(world: BookingWorld) -> None:
    """The booking follows its event."""
    booked, _ = world.slot_booker.book(world.new_booking())
    later = world.slot(14)
    world.calendars.move(AGENT, booked.event["id"], later.start, later.end)
    world.pass_by(121)
    world.slot_booker.book(world.new_booking())
    assert world.calendars.spans() == [world.slot(), later]
    followed = world.slot_bookings.get(AGENT, booked.booking.id)
    assert followed is not None
    assert (followed.start, followed.holds) == (later.start, False)


def test_what_is_long_past_is_forgotten(world: BookingWorld) -> None:
    """Seven days after its end, with its times."""
    world.slot_booker.book(world.new_booking())
    world.time += timedelta(days=7)
    world.booking_cleanup.resolve_all()
    assert len(world.bookings()) == 1
    world.time += timedelta(days=1)
    world.booking_cleanup.resolve_all()
    assert world.slot_rows.rows == {}


@pytest.mark.parametrize("gone", [True, False])
def test_what_is_unfinished_at_a_mailbox_that_is_gone_is_forgotten(world: BookingWorld, *, gone: bool) -> None:
    """Or at one that the customer has taken off the allow-list, whose calendar is left alone then."""

    def fail(name: str) -> None:
        if name == "create":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    def no_mailbox(_: str) -> None:
        if not gone:
            pytest.fail("nobody may look")
        raise GraphNotFound(404, "ErrorInvalidUser")

    world.calendars.before = fail
    with pytest.raises(RequestRejected):
        world.slot_booker.book(world.new_booking(number=1))
    world.calendars.before = no_mailbox
    world.pass_by(121)
    if not gone:
        world.allow("other@contoso.com")
    world.booking_cleanup.resolve_all()
    assert world.bookings() == []


def test_a_call_that_comes_back_too_late_takes_its_event_away(world: BookingWorld) -> None:
    """It slept between its look and its event; meanwhile its claim was settled, and somebody else has the time."""
    late = world.new_booking()
    first = [True]

    def meanwhile(name: str) -> None:
        if name == "create" and first:
            first.clear()
            world.pass_by(121)
            world.slot_booker.book(world.new_booking())
            world.pass_by(1)

    world.calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        world.slot_booker.book(late)
    assert world.calendars.spans() == [world.slot()]
    assert [row.id for row in world.bookings()] != [late.id]


def test_a_call_that_comes_back_too_late_finds_nobody_there(world: BookingWorld) -> None:
    """Its claim was settled, and the time is free again: its event goes all the same, since nobody was told of it."""
    first = [True]

    def meanwhile(name: str) -> None:
        if name == "create" and first:
            first.clear()
            world.pass_by(121)
            world.booking_cleanup.resolve_all()

    world.calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    assert (world.calendars.spans(), world.bookings()) == ([], [])
