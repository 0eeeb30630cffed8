"""Calendar and storage agree again after bookings that stopped half way or were changed in Outlook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.errors import GraphError, GraphNotFound, GraphUnavailable, RequestRejected
from shared.scheduling.conflicts import SlotTaken
from tests.support.booking_world import AGENT, BookingWorld


@pytest.fixture
def world() -> Iterator[BookingWorld]:
    """Return a world with an agent whose calendar is empty."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


@pytest.mark.parametrize("after", [True, False])
def test_a_lost_response_of_graph_creates_no_second_event(world: BookingWorld, *, after: bool) -> None:
    """The POST is repeated with the same transactionId."""
    lost = [GraphUnavailable(0, "NoAnswer"), None]

    def fail(name: str) -> None:
        if name == "create" and lost and (error := lost.pop(0)):
            raise error

    if after:
        world.graph_calendars.after = fail
    else:
        world.graph_calendars.before = fail
    world.slot_booker.book(world.new_booking())
    assert world.graph_calendars.spans() == [world.slot()]


def test_a_booking_fails_cleanly_while_graph_is_unavailable(world: BookingWorld) -> None:
    """The call fails with 503. A repeated call continues it; otherwise the cleanup removes it."""

    def fail(name: str) -> None:
        if name == "create":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    world.graph_calendars.after = fail  # it was made all the same
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking(number=1))
    assert caught.value.status == 503
    assert world.graph_calendars.spans() == [world.slot()]
    world.graph_calendars.after = lambda _: None
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    world.pass_by(121)
    world.booking_cleanup.resolve_all()
    assert (world.graph_calendars.spans(), world.bookings()) == ([], [])
    _, is_new = world.slot_booker.book(world.new_booking())
    assert is_new


@pytest.mark.parametrize("name", ["view", "schedule", "create"])
@pytest.mark.parametrize("error", [GraphUnavailable(503, "Busy", retry_after=2), GraphError(400, "ErrorInvalid")])
def test_a_failed_call_without_a_key_releases_its_time(world: BookingWorld, name: str, error: GraphError) -> None:
    """Without an Idempotency-Key the time is free immediately, and an event that was created is deleted."""
    errors = [error]

    def fail(called: str) -> None:
        if called == name and errors:
            raise errors.pop()

    world.graph_calendars.after = fail
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.status == (503 if error.status == 503 else 422)
    assert (world.graph_calendars.spans(), world.bookings()) == ([], [])
    world.slot_booker.book(world.new_booking())


def test_a_repeated_call_continues_the_first(world: BookingWorld) -> None:
    """The Idempotency-Key identifies the booking, which keeps the event that was created."""

    def fail(name: str) -> None:
        if name == "create":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    world.graph_calendars.after = fail
    with pytest.raises(RequestRejected):
        world.slot_booker.book(world.new_booking(number=1))
    world.graph_calendars.after = lambda _: None
    booked, is_new = world.slot_booker.book(world.new_booking(number=1))
    assert not is_new
    assert booked.booking.state == "booked"
    assert world.graph_calendars.spans() == [world.slot()]


def test_a_slot_whose_event_was_deleted_in_outlook_is_free_again(world: BookingWorld) -> None:
    """The conflicting row is looked up in the calendar, and removed."""
    booked, _ = world.slot_booker.book(world.new_booking())
    world.graph_calendars.events[AGENT].clear()
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
    world.graph_calendars.move(AGENT, booked.event["id"], later.start, later.end)
    world.pass_by(121)
    world.slot_booker.book(world.new_booking())
    assert world.graph_calendars.spans() == [world.slot(), later]
    followed = world.slot_bookings.get(AGENT, booked.booking.id)
    assert followed is not None
    assert (followed.start, followed.holds) == (later.start, False)


def test_a_past_booking_is_removed(world: BookingWorld) -> None:
    """Its rows are removed seven days after its end."""
    world.slot_booker.book(world.new_booking())
    world.time += timedelta(days=7)
    world.booking_cleanup.resolve_all()
    assert len(world.bookings()) == 1
    world.time += timedelta(days=1)
    world.booking_cleanup.resolve_all()
    assert world.slot_rows.rows == {}


@pytest.mark.parametrize("gone", [True, False])
def test_an_unfinished_booking_of_an_unavailable_mailbox_is_removed(world: BookingWorld, *, gone: bool) -> None:
    """If the mailbox is off the allow-list, its calendar is left alone. If Graph does not find it, that may be a move
    of the mailbox: its event may stand, so that the row is kept until seven days after its end.
    """

    def fail(name: str) -> None:
        if name == "create":
            raise GraphUnavailable(503, "Busy", retry_after=2)

    def no_mailbox(_: str) -> None:
        if not gone:
            pytest.fail("nobody may look")
        raise GraphNotFound(404, "ErrorInvalidUser")

    world.graph_calendars.before = fail
    with pytest.raises(RequestRejected):
        world.slot_booker.book(world.new_booking(number=1))
    world.graph_calendars.before = no_mailbox
    world.pass_by(121)
    if not gone:
        world.allow("other@contoso.com")
    world.booking_cleanup.resolve_all()
    assert [row.state for row in world.bookings()] == (["ending"] if gone else [])
    world.time += timedelta(days=7, hours=3)
    world.booking_cleanup.resolve_all()
    assert world.bookings() == []


def test_a_call_that_resumes_too_late_deletes_its_event(world: BookingWorld) -> None:
    """It stopped between its read and its event; meanwhile its claim was resolved, and the time went to another
    booking.
    """
    late = world.new_booking()
    first = [True]

    def meanwhile(name: str) -> None:
        if name == "create" and first:
            first.clear()
            world.pass_by(121)
            world.slot_booker.book(world.new_booking())
            world.pass_by(1)

    world.graph_calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        world.slot_booker.book(late)
    assert world.graph_calendars.spans() == [world.slot()]
    assert [row.id for row in world.bookings()] != [late.id]


def test_a_call_that_resumes_too_late_deletes_its_event_at_a_free_time(world: BookingWorld) -> None:
    """Its claim was resolved and the time is free; its event is still deleted, because the caller got an error."""
    first = [True]

    def meanwhile(name: str) -> None:
        if name == "create" and first:
            first.clear()
            world.pass_by(121)
            world.booking_cleanup.resolve_all()

    world.graph_calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    assert (world.graph_calendars.spans(), world.bookings()) == ([], [])
