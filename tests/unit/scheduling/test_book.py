"""Claims about booking: exactly one of all who want a time gets it; every end leaves calendar and storage in step."""

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
from shared.scheduling.requests import SlotSearch
from shared.scheduling.slot_rules import SlotQuery, Span
from tests.support.booking_world import AGENT, BookingWorld


@pytest.fixture
def world() -> Iterator[BookingWorld]:
    """Return a world with an agent's empty calendar."""
    booking_world = BookingWorld()
    yield booking_world
    booking_world.end()


def test_a_free_slot_is_booked_once(world: BookingWorld) -> None:
    """With its event in the calendar, and its row beside it."""
    booked, is_new = world.slot_booker.book(world.new_booking())
    assert is_new
    assert booked.event["subject"] == "A talk"
    assert world.calendars.spans() == [world.slot()]
    assert [(row.id, row.state, row.event_id) for row in world.bookings()] == [
        (booked.booking.id, "booked", booked.event["id"])
    ]


@pytest.mark.parametrize("blind", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_of_fifty_callers_exactly_one_gets_the_slot(world: BookingWorld, seed: int, *, blind: bool) -> None:
    """In whatever order Graph answers them, and also when it shows nobody's event to anybody."""
    chance = random.Random(seed)
    if blind:
        world.calendars._seen = lambda *_: []  # type: ignore[method-assign]
    world.calendars.before = world.calendars.after = lambda _: time.sleep(chance.random() / 500)

    def call(_: int) -> str:
        try:
            world.slot_booker.book(world.new_booking())
        except SlotTaken:
            return "taken"
        return "booked"

    with ThreadPoolExecutor(50) as callers:
        outcomes = Counter(callers.map(call, range(50)))
    assert outcomes == {"booked": 1, "taken": 49}
    assert world.calendars.spans() == [world.slot()]


def test_of_fifty_callers_for_times_that_overlap_no_two_overlap(world: BookingWorld) -> None:
    """Times of any length, each a part of the others'."""
    chance = random.Random(7)
    wanted = [world.slot(12, chance.randrange(0, 60, 5), chance.randrange(5, 60, 5)) for _ in range(50)]
    world.calendars.before = lambda _: time.sleep(chance.random() / 500)

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
    assert world.calendars.spans() == got
    assert all(first.end <= second.start for first, second in pairwise(got))


def test_a_taken_slot_is_answered_with_the_nearest_free_ones(world: BookingWorld) -> None:
    """The nearest first; none of them in the past, outside of working hours or taken."""
    world.slot_booker.book(world.new_booking(world.slot(13)))
    with pytest.raises(SlotTaken) as caught:
        world.slot_booker.book(world.new_booking(world.slot(13, 15)))
    starts = [slot.span.start for slot in caught.value.nearest]
    nearest = [(13, 30), (13, 45), (12, 30), (14, 0), (12, 15)]
    assert starts == [world.slot(*clock).start for clock in nearest]


def test_a_booking_that_graph_does_not_tell_of_yet_is_not_offered(world: BookingWorld) -> None:
    """Neither as a free slot nor as one of the nearest; two minutes later Graph's word is taken."""
    world.slot_booker.book(world.new_booking())
    world.calendars._seen = lambda *_: []  # type: ignore[method-assign]
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
    """16 o'clock in Berlin is 15 in UTC; not a minute later."""
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking(world.slot(hour, 0, minutes)))
    assert world.calendars.spans() == []
    assert world.bookings() == []


def test_a_persons_event_is_in_the_way(world: BookingWorld) -> None:
    """A booking gives way to it, and nothing is left of the try."""
    theirs = world.slot(12, 15)
    world.calendars.put(AGENT, theirs.start, theirs.end)
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    assert world.calendars.spans() == [theirs]
    assert world.bookings() == []


def test_an_event_that_cannot_be_read_may_be_in_the_way(world: BookingWorld) -> None:
    """502, and nothing stays of the try."""
    theirs = world.calendars.put(AGENT, world.slot(14).start, world.slot(14).end)
    stored = world.calendars.events[AGENT][theirs["id"]]
    stored |= {"start": {"dateTime": "2026-11-20T14:00:00", "timeZone": "Mars"}}
    world.calendars._seen = lambda *_: [dict(stored)]  # type: ignore[method-assign]
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert (caught.value.status, "UnreadableEvent" in str(caught.value)) == (502, True)
    assert world.bookings() == []
    assert list(world.calendars.events[AGENT]) == [theirs["id"]]


def test_a_persons_event_that_comes_between_the_look_and_ours_wins(world: BookingWorld) -> None:
    """It was there first, and ours is taken back."""
    theirs = world.slot(12, 15)

    def meanwhile(name: str) -> None:
        if name == "create" and not world.calendars.spans():
            world.calendars.put(AGENT, theirs.start, theirs.end)
            world.pass_by(1)

    world.calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        world.slot_booker.book(world.new_booking())
    assert world.calendars.spans() == [theirs]


def test_a_persons_event_that_comes_after_ours_changes_nothing(world: BookingWorld) -> None:
    """Whoever comes later has seen the calendar, or could have."""

    def meanwhile(name: str) -> None:
        if name == "create" and len(world.calendars.spans()) == 1:
            world.pass_by(1)
            world.calendars.put(AGENT, world.slot().start, world.slot().end)

    world.calendars.after = meanwhile
    _, is_new = world.slot_booker.book(world.new_booking())
    assert is_new
    assert len(world.calendars.spans()) == 2


def test_the_same_wish_is_booked_once(world: BookingWorld) -> None:
    """However often it is sent, and whether the first answer arrived or not."""
    first, _ = world.slot_booker.book(world.new_booking(number=1))
    again, is_new = world.slot_booker.book(world.new_booking(number=1))
    assert not is_new
    assert (again.booking.id, again.event["id"]) == (first.booking.id, first.event["id"])
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking(world.slot(14), number=1))
    assert caught.value.status == 422


def test_what_is_not_allowed_is_not_even_asked_for(world: BookingWorld) -> None:
    """403, without a call to Graph."""
    world.calendars.before = pytest.fail
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking(mailbox="agent@elsewhere.example"))
    assert caught.value.status == 403


def test_a_missing_permission_is_named(world: BookingWorld) -> None:
    """502 with what the customer's IT has to grant."""

    def fail(name: str) -> None:
        if name == "create":
            raise GraphForbidden(403, "ErrorAccessDenied")

    world.calendars.before = fail
    with pytest.raises(RequestRejected) as caught:
        world.slot_booker.book(world.new_booking())
    assert caught.value.status == 502
    assert "Calendars.ReadWrite" in str(caught.value)
