"""Exactly one caller gets a time; after every outcome, calendar and storage agree."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from shared.errors import GraphForbidden, RequestRejected
from shared.scheduling.conflicts import SlotTaken
from shared.scheduling.slot_requests import SlotSearch
from shared.scheduling.slot_rules import SlotQuery, Span
from tests.support.booking_world import AGENT, BookingWorld


@pytest.fixture
def world() -> Iterator[BookingWorld]:
    """Return a world with an agent whose calendar is empty."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


def test_a_free_slot_is_booked_once(world: BookingWorld) -> None:
    """Its event is in the calendar, and its row in the table."""
    booked, is_new = world.slot_booker.book(world.new_booking())
    assert is_new
    assert booked.event["subject"] == "A talk"
    assert world.graph_calendars.spans() == [world.slot()]
    assert [(row.id, row.state, row.event_id) for row in world.bookings()] == [
        (booked.booking.id, "booked", booked.event["id"])
    ]


@pytest.mark.parametrize("blind", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_of_fifty_callers_a_single_caller_gets_the_slot(world: BookingWorld, seed: int, *, blind: bool) -> None:
    """In any order of Graph's responses, and also when reads show no event at all."""
    chance = random.Random(seed)
    if blind:
        world.graph_calendars.shown = list
    world.graph_calendars.before = world.graph_calendars.after = lambda _: time.sleep(chance.random() / 500)

    def call(_: int) -> str:
        try:
            world.slot_booker.book(world.new_booking())
        except SlotTaken:
            return "taken"
        return "booked"

    with ThreadPoolExecutor(50) as callers:
        outcomes = Counter(callers.map(call, range(50)))
    assert outcomes == {"booked": 1, "taken": 49}
    assert world.graph_calendars.spans() == [world.slot()]


def test_of_fifty_callers_for_times_that_overlap_no_two_overlap(world: BookingWorld) -> None:
    """The times have any length, and overlap each other."""
    chance = random.Random(7)
    wanted = [world.slot(12, chance.randrange(0, 60, 5), chance.randrange(5, 60, 5)) for _ in range(50)]
    world.graph_calendars.before = lambda _: time.sleep(chance.random() / 500)

    def call(slot: Span) -> bool:
        try:
            world.slot_booker.book(world.new_booking(slot))
        except SlotTaken:
            return False
        return True

    with ThreadPoolExecutor(50) as callers:
        outcomes = list(callers.map(call, wanted))
    got = sorted(slot for slot, is_booked in zip(wanted, outcomes, strict=True) if is_booked)
    assert got
    assert world.graph_calendars.spans() == got
    assert all(first.end <= second.start for first, second in pairwise(got))


def test_the_error_for_a_taken_slot_has_the_nearest_free_slots(world: BookingWorld) -> None:
    """The nearest comes first; none is in the past, outside of working hours or taken."""
    world.slot_booker.book(world.new_booking(world.slot(13)))
    with pytest.raises(SlotTaken) as caught:
        world.slot_booker.book(world.new_booking(world.slot(13, 15)))
    starts = [slot.span.start for slot in caught.value.nearest]
    nearest = [(13, 30), (13, 45), (12, 30), (14, 0), (12, 15)]
    assert starts == [world.slot(*clock).start for clock in nearest]


def test_a_booking_that_graph_does_not_show_yet_is_not_offered(world: BookingWorld) -> None:
    """Neither as a free slot nor as one of the nearest; after two minutes only Graph's schedule counts."""
    world.slot_booker.book(world.new_booking())
    world.graph_calendars.shown = list
    around = Span(world.slot(11, 30).start, world.slot(13).start)
    search = SlotSearch((AGENT,), "any", SlotQuery(around, timedelta(minutes=30)))
    assert [slot.span for slot in world.slot_finder.find(search)] == [world.slot(11, 30), world.slot(12, 30)]
    with pytest.raises(SlotTaken) as caught:
        world.slot_booker.book(world.new_booking(world.slot(12, 15)))
    assert not any(slot.span.overlaps(world.slot()) for slot in caught.value.nearest)
    world.pass_by(121)
    assert world.slot() in [slot.span for slot in world.slot_finder.find(search)]


@pytest.mark.parametrize(("hour", "minutes"), [(15, 30), (14, 90), (20, 30)])
def test_a_slot_outside_of_working_hours_is_not_free(world: BookingWorld, hour: int, minutes: int) -> None:
    """Working hours end at 16 in Berlin, which is 15 in UTC."""
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking(world.slot(hour, 0, minutes)))
    assert world.graph_calendars.spans() == []
    assert world.bookings() == []


def test_a_persons_event_makes_a_slot_taken(world: BookingWorld) -> None:
    """The booking fails, and leaves nothing behind."""
    theirs = world.slot(12, 15)
    world.graph_calendars.put(AGENT, theirs.start, theirs.end)
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    assert world.graph_calendars.spans() == [theirs]
    assert world.bookings() == []


def test_an_unreadable_event_counts_as_a_conflict(world: BookingWorld) -> None:
    """The call fails with 502 and leaves nothing behind."""
    theirs = world.graph_calendars.put(AGENT, world.slot(14).start, world.slot(14).end)
    stored = world.graph_calendars.events[AGENT][theirs["id"]]
    stored |= {"start": {"dateTime": "2026-11-20T14:00:00", "timeZone": "Mars"}}
    world.graph_calendars.shown = lambda: [dict(stored)]
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert (caught.value.status, "UnreadableEvent" in str(caught.value)) == (502, True)
    assert world.bookings() == []
    assert list(world.graph_calendars.events[AGENT]) == [theirs["id"]]


def test_a_persons_event_created_before_the_bookings_event_wins(world: BookingWorld) -> None:
    """It was created between the read and the booking's event, which is deleted again."""
    theirs = world.slot(12, 15)

    def meanwhile(name: str) -> None:
        if name == "create" and not world.graph_calendars.spans():
            world.graph_calendars.put(AGENT, theirs.start, theirs.end)
            world.pass_by(1)

    world.graph_calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    assert world.graph_calendars.spans() == [theirs]


def test_a_persons_event_created_after_the_bookings_event_changes_nothing(world: BookingWorld) -> None:
    """The later event was created when the calendar already showed the booking."""

    def meanwhile(name: str) -> None:
        if name == "create" and len(world.graph_calendars.spans()) == 1:
            world.pass_by(1)
            world.graph_calendars.put(AGENT, world.slot().start, world.slot().end)

    world.graph_calendars.after = meanwhile
    _, is_new = world.slot_booker.book(world.new_booking())
    assert is_new
    assert len(world.graph_calendars.spans()) == 2


def test_a_repeated_request_is_booked_once(world: BookingWorld) -> None:
    """It may be sent any number of times, and the first response may be lost."""
    first, _ = world.slot_booker.book(world.new_booking(number=1))
    again, is_new = world.slot_booker.book(world.new_booking(number=1))
    assert not is_new
    assert (again.booking.id, again.event["id"]) == (first.booking.id, first.event["id"])
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking(world.slot(14), number=1))
    assert caught.value.status == 422


def test_a_mailbox_that_is_not_allowed_is_rejected_without_graph(world: BookingWorld) -> None:
    """The call fails with 403, without a call to Graph."""
    world.graph_calendars.before = pytest.fail
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking(mailbox="agent@elsewhere.example"))
    assert caught.value.status == 403


def test_a_missing_permission_is_named(world: BookingWorld) -> None:
    """The call fails with 502 and says what the customer's IT must grant."""

    def fail(name: str) -> None:
        if name == "create":
            raise GraphForbidden(403, "ErrorAccessDenied")

    world.graph_calendars.before = fail
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.status == 502
    assert "Calendars.ReadWrite" in str(caught.value)
