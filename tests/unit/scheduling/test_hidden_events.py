"""What Graph does not find is not gone: a new event is hidden for a while, and a mailbox may be moving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import GraphConflict, GraphNotFound, GraphUnavailable, RequestRejected
from shared.graph.answers import error_of
from shared.scheduling.booking import Booked
from tests.support.booking_world import AGENT, BookingWorld

NO_ITEM = GraphNotFound(404, "ErrorItemNotFound")
CODES = ("MailboxNotEnabledForRESTAPI", "ErrorInvalidUser", "ResourceNotFound", "UnknownError", "")
ABOUT_MAILBOX = [error_of(404, {"error": {"code": code}}, {}) for code in CODES]
ABOUT_MAILBOX += [error_of(410, {"error": {"code": "ErrorItemNotFound"}}, {})]


@pytest.fixture
def world() -> Iterator[BookingWorld]:
    """Return a world with an agent whose calendar is empty."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


@pytest.fixture
def booked(world: BookingWorld) -> Booked:
    """Return a booking with an Idempotency-Key, made a moment ago."""
    return world.slot_booker.book(world.new_booking(number=1))[0]


def fail(world: BookingWorld, error: Exception, *names: str) -> None:
    """Let calls of these names fail."""

    def before(called: str) -> None:
        if called in names:
            raise error

    world.graph_calendars.before = before


def acts(world: BookingWorld, booked: Booked) -> dict[str, Any]:
    """Return what a caller can do with a booking."""
    booking_id, later = booked.booking.id, {"start": world.slot(14).start.isoformat()}
    return {
        "read": lambda: world.booking_changer.read(AGENT, booking_id),
        "move": lambda: world.booking_changer.move(AGENT, booking_id, later),
        "cancel": lambda: world.booking_changer.cancel(AGENT, booking_id),
        "again": lambda: world.slot_booker.book(world.new_booking(number=1)),
    }


def refusal(act: Any) -> RequestRejected:
    """Return the refusal of a call that can be repeated."""
    with pytest.raises(RequestRejected) as caught:
        act()
    assert caught.value.status == 503
    assert caught.value.retry_after
    return caught.value


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("act", ["read", "move", "cancel", "again"])
def test_a_new_event_that_graph_does_not_find_yet_is_not_gone(
    world: BookingWorld, booked: Booked, act: str, *, listed: bool
) -> None:
    """The call can be repeated; then it does what it says, with a single event."""
    fail(world, NO_ITEM, "get", "move", "remove")
    if not listed:
        world.graph_calendars.shown = list
    refusal(acts(world, booked)[act])
    world.graph_calendars.before, world.graph_calendars.shown = lambda _: None, None
    acts(world, booked)[act]()
    expected = {"move": [world.slot(14)], "cancel": []}.get(act, [world.slot()])
    assert world.graph_calendars.spans() == expected
    assert [(row.start, row.state) for row in world.bookings()] == [(span.start, "booked") for span in expected]


def test_a_hidden_event_whose_cancellation_is_not_repeated_is_deleted_all_the_same(
    world: BookingWorld, booked: Booked
) -> None:
    """Until then its time stays taken."""
    fail(world, NO_ITEM, "get", "move", "remove")
    refusal(acts(world, booked)["cancel"])
    assert [row.state for row in world.bookings()] == ["ending"]
    world.graph_calendars.before = lambda _: None
    world.pass_by(121)
    world.booking_cleanup.resolve_all()
    assert (world.graph_calendars.spans(), world.bookings()) == ([], [])


def test_repeated_cancellations_of_an_event_that_was_deleted_end(world: BookingWorld, booked: Booked) -> None:
    """However often they are repeated, within two minutes it is known to be gone."""
    world.graph_calendars.events[AGENT].clear()
    for _ in range(4):
        refusal(acts(world, booked)["cancel"])
        world.pass_by(30)
    acts(world, booked)["cancel"]()
    assert world.bookings() == []


def test_an_event_that_is_listed_is_not_gone(world: BookingWorld, booked: Booked) -> None:
    """A 404 by its id alone is no proof, at any age."""
    world.pass_by(3600)
    fail(world, NO_ITEM, "get")
    refusal(acts(world, booked)["read"])
    assert not world.booking_cleanup.resolve(booked.booking)
    assert [row.state for row in world.bookings()] == ["booked"]


@pytest.mark.parametrize("age", [0, 121, 3600])
@pytest.mark.parametrize("error", ABOUT_MAILBOX, ids=lambda error: f"{error.status}-{error.code}")
@pytest.mark.parametrize("act", ["read", "move", "cancel", "again"])
def test_a_mailbox_that_is_not_found_does_not_end_its_bookings(
    world: BookingWorld, booked: Booked, act: str, error: GraphNotFound, age: int
) -> None:
    """It may be moving: the call can be repeated, and the slot stays taken."""
    world.pass_by(age)
    fail(world, error, "get", "move", "remove", "view", "schedule", "create")
    refused = refusal(acts(world, booked)[act])
    assert refused.problem.code == "graph_unavailable"
    world.booking_cleanup.resolve_all()
    world.graph_calendars.before = lambda _: None
    acts(world, booked)[act]()
    expected = {"move": [world.slot(14)], "cancel": []}.get(act, [world.slot()])
    assert world.graph_calendars.spans() == expected


@pytest.mark.parametrize("error", ABOUT_MAILBOX, ids=lambda error: f"{error.status}-{error.code}")
@pytest.mark.parametrize("state", ["claimed", "ending", "moving", "ended"])
def test_the_timer_forgets_no_booking_whose_mailbox_is_not_found(
    world: BookingWorld, booked: Booked, state: str, error: GraphNotFound
) -> None:
    """Whatever was interrupted; when the mailbox is back, no event is left without its booking."""
    to = {"to_start": world.slot(14).start, "to_end": world.slot(14).end} if state == "moving" else {}
    assert world.slot_bookings.change(booked.booking, state=state, since=world.time, **to)
    world.pass_by(601)
    fail(world, error, "get", "move", "remove", "view")
    world.booking_cleanup.resolve_all()
    assert [row.state for row in world.slot_bookings.unfinished()] == ["ending" if state == "claimed" else state]
    world.graph_calendars.before = lambda _: None
    world.pass_by(601)
    for _ in range(2):
        world.booking_cleanup.resolve_all()
        world.pass_by(601)
    assert len(world.graph_calendars.spans()) == len(world.bookings()) == (1 if state == "moving" else 0)


def test_an_event_in_deleted_items_is_gone(world: BookingWorld, booked: Booked) -> None:
    """Graph finds it by its id, but its calendar lacks it: its slot is free again."""
    world.pass_by(121)
    world.graph_calendars.shown = list
    with pytest.raises(RequestRejected) as caught:
        acts(world, booked)["read"]()
    assert caught.value.status == 404
    assert world.bookings() == []


def test_an_event_that_was_moved_in_outlook_a_moment_ago_is_not_gone(world: BookingWorld, booked: Booked) -> None:
    """The list shows it at its former time still, by its id at the new one."""
    world.pass_by(121)
    before = dict(world.graph_calendars.events[AGENT][booked.event["id"]])
    world.graph_calendars.move(AGENT, booked.event["id"], world.slot(14).start, world.slot(14).end)
    world.graph_calendars.shown = lambda: [before]
    assert acts(world, booked)["read"]().event["start"]["dateTime"].startswith("2026-11-20T14:00")


def test_a_repeated_transaction_whose_event_is_not_listed_yet_is_sent_again(world: BookingWorld) -> None:
    """Graph says that it has the event: neither a second one nor a name that is taken."""
    world.graph_calendars.shown = list

    def after(called: str) -> None:
        if called == "create" and len(world.graph_calendars.spans()) == 1:
            world.graph_calendars.after = lambda _: None
            fail(world, GraphConflict(409, "ErrorDuplicateTransactionId"), "create")
            raise GraphUnavailable(0, "NoAnswer")

    world.graph_calendars.after = after
    refused = refusal(lambda: world.slot_booker.book(world.new_booking(number=1)))
    assert refused.problem.code == "booking_in_progress"
    world.graph_calendars.shown = None
    world.slot_booker.book(world.new_booking(number=1))
    assert world.graph_calendars.spans() == [world.slot()]


def test_an_event_that_gives_way_is_deleted_although_it_is_hidden(world: BookingWorld) -> None:
    """A person was faster; the relay's own event answers 404 when it is withdrawn, and is withdrawn later."""
    theirs = world.slot(12, 15)

    def meanwhile(called: str) -> None:
        if called == "create" and not world.graph_calendars.spans():
            world.graph_calendars.put(AGENT, theirs.start, theirs.end)
            world.pass_by(1)
        if called == "remove":
            raise NO_ITEM

    world.graph_calendars.before = meanwhile
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.status == 409
    world.graph_calendars.before = lambda _: None
    world.graph_calendars.shown = list  # the list is late, too: the row has the event's id
    world.pass_by(121)
    world.booking_cleanup.resolve_all()
    assert world.graph_calendars.spans() == [theirs]
