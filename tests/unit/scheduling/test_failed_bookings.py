"""A call without an Idempotency-Key that fails gives its time back at once, or says how long the time stays taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from shared.errors import GraphError, GraphUnavailable, RelayError, RequestRejected, ServiceUnavailable
from shared.graph.answers import error_of
from shared.scheduling.booking import FRESH
from shared.scheduling.conflicts import SlotTaken
from tests.support.booking_world import AGENT, BookingWorld
from tests.support.table import FakeTable

BUSY = GraphUnavailable(503, "Busy", retry_after=7)
UNKNOWN = GraphUnavailable(0, "NoAnswer")


@pytest.fixture
def world() -> Iterator[BookingWorld]:
    """Return a world with an agent whose calendar is empty."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


def fail_from(world: BookingWorld, name: str, error: RelayError, *others: str) -> None:
    """Let the first call of that name, and every later call of that name or others, fail."""
    failing = set[str]()

    def fail(called: str) -> None:
        if called == name:
            failing.update((name, *others))
        if called in failing:
            raise error

    world.graph_calendars.before = fail


ALL = ("view", "schedule", "create", "remove", "get")


@pytest.mark.parametrize("name", ["view", "schedule"])
@pytest.mark.parametrize("error", [BUSY, UNKNOWN, ServiceUnavailable("login"), error_of(403, {}, {})], ids=repr)
def test_before_an_event_was_sent_the_time_is_given_back_at_once(
    world: BookingWorld, name: str, error: RelayError
) -> None:
    """Although Graph answers nothing: nothing was sent, so that nothing has to be looked for."""
    fail_from(world, name, error, *ALL)
    with pytest.raises(RelayError) as caught:
        world.slot_booker.book(world.new_booking())
    assert world.bookings() == []
    assert getattr(caught.value, "retry_after", None) in (7, 30, None)
    world.graph_calendars.before = lambda _: None
    world.slot_booker.book(world.new_booking())
    assert world.graph_calendars.spans() == [world.slot()]


@pytest.mark.parametrize("error", [error_of(429, {}, {"Retry-After": "7"}), error_of(403, {}, {}),
                                   ServiceUnavailable("login")], ids=repr)  # fmt: skip
def test_an_event_that_was_refused_is_not_looked_for(world: BookingWorld, error: RelayError) -> None:
    """Graph has carried out nothing; the time is free although it cannot be asked any more."""
    fail_from(world, "create", error, *ALL)
    with pytest.raises(RelayError):
        world.slot_booker.book(world.new_booking())
    assert world.bookings() == []


@pytest.mark.parametrize("error", [BUSY, UNKNOWN], ids=repr)
def test_while_the_time_stays_taken_retry_after_says_so(world: BookingWorld, error: GraphError) -> None:
    """The event may exist: who repeats the call after Retry-After gets the time."""
    fail_from(world, "create", error, *ALL)
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.status == 503
    world.graph_calendars.before = lambda _: None
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    assert caught.value.retry_after is not None
    world.pass_by(caught.value.retry_after)
    world.slot_booker.book(world.new_booking())
    assert world.graph_calendars.spans() == [world.slot()]


@pytest.mark.parametrize("created", [True, False])
def test_an_event_that_the_list_does_not_show_yet_is_not_left_behind(world: BookingWorld, *, created: bool) -> None:
    """Its call was not answered. The time stays taken until the list must show it; then the event is deleted."""
    if created:
        fail_after_create(world)
    else:
        fail_from(world, "create", UNKNOWN)
    world.graph_calendars.shown = list
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.retry_after == FRESH.total_seconds()
    world.graph_calendars.before = world.graph_calendars.after = lambda _: None
    world.graph_calendars.shown = None
    world.pass_by(FRESH.total_seconds())
    world.booking_cleanup.resolve_all()
    assert (world.graph_calendars.spans(), world.bookings()) == ([], [])


def fail_after_create(world: BookingWorld) -> None:
    """Let Graph create events and answer nothing."""

    def fail(called: str) -> None:
        if called == "create":
            raise UNKNOWN

    world.graph_calendars.after = fail


class UnansweredTable(FakeTable):
    """Storage that carries out a transaction (the first is 1) without answering, and fails `then` further calls."""

    def __init__(self, then: int, number: int = 1) -> None:
        super().__init__()
        self._then, self._left = then, number

    def submit_transaction(self, operations: Any, **_: Any) -> list[Mapping[str, Any]]:
        """Carry out a transaction."""
        answer = super().submit_transaction(operations)
        self._left -= 1
        if self._left == 0:
            self.failing = self._then
            error = HttpResponseError("lost")
            error.status_code = 500
            raise error
        return answer


@pytest.mark.parametrize("then", [0, 2])
def test_a_claim_of_which_storage_answers_nothing_is_taken_back(world: BookingWorld, then: int) -> None:
    """If storage stays away, Retry-After is as long as the time may stay taken."""
    world.slot_rows = UnansweredTable(then)
    with pytest.raises(ServiceUnavailable) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.retry_after == (FRESH.total_seconds() if then else None)
    world.slot_rows.failing = 0
    world.pass_by(caught.value.retry_after or 0)
    world.slot_booker.book(world.new_booking())


@pytest.mark.parametrize("then", [0, 2])
def test_an_event_whose_confirmation_storage_does_not_answer_is_withdrawn(world: BookingWorld, then: int) -> None:
    """The caller does not know its booking. If storage stays away, booking and event stand together."""
    world.slot_rows = UnansweredTable(then, number=2)
    with pytest.raises(ServiceUnavailable) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.retry_after == (FRESH.total_seconds() if then else None)
    if not then:
        assert (world.graph_calendars.spans(), world.bookings()) == ([], [])
    world.slot_rows.failing = 0
    assert len(world.graph_calendars.spans()) == len(world.bookings())


@pytest.mark.parametrize("name", ["view", "schedule"])
def test_a_move_that_failed_before_it_was_sent_gives_the_new_time_back(world: BookingWorld, name: str) -> None:
    """The booking keeps its own, and others can have the new one."""
    booked, _ = world.slot_booker.book(world.new_booking())
    fail_from(world, name, BUSY, *ALL[:3])
    with pytest.raises(RequestRejected):
        world.booking_changer.move(AGENT, booked.booking.id, {"start": world.slot(14).start.isoformat()})
    world.graph_calendars.before = lambda _: None
    world.slot_booker.book(world.new_booking(world.slot(14)))
    assert world.graph_calendars.spans() == [world.slot(), world.slot(14)]


def test_a_throttled_move_gives_the_new_time_back(world: BookingWorld) -> None:
    """A 429 was not carried out."""
    booked, _ = world.slot_booker.book(world.new_booking())
    fail_from(world, "move", error_of(429, {}, {"Retry-After": "7"}))
    with pytest.raises(RequestRejected):
        world.booking_changer.move(AGENT, booked.booking.id, {"start": world.slot(14).start.isoformat()})
    world.graph_calendars.before = lambda _: None
    world.slot_booker.book(world.new_booking(world.slot(14)))
