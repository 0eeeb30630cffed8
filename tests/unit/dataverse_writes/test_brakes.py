"""Claims about the brake: too many cancellations, or bookings for old events, of one mailbox are held."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.booking_edits import exchange, is_in_step, live
from tests.support.dataverse_world import KARI, OLA
from tests.support.event_edits import add_event, change_event, delete_event
from tests.support.pair_edits import on_event, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
HOUR = 3_700  # seconds
Act = Callable[[PairsWorld, str], object]


def calendar_of(world: PairsWorld, number: int, *, booked: int = 0) -> list[str]:
    """Make events of a person, and bookings of a dispatcher; return the ids of all events."""
    for each in range(number):
        add_event(world, 30 + 2 * each)
    for each in range(booked):
        world.dataverse.book(hours=31 + 2 * each)
    exchange(world, 1)
    return [str(event["id"]) for event in world.calendar()]


def is_held(world: PairsWorld, mailbox: str = OLA) -> bool:
    """Return whether a mailbox is held."""
    rows = {row.mailbox: row.watch_id for row in world.bookable_resources.all()}
    return world.brakes.read(rows[mailbox]).held_since is not None


def freed(world: PairsWorld, event: str) -> object:
    """Let a person make an event free."""
    return change_event(world, event, showAs="free")


def put_away(world: PairsWorld, event: str) -> object:
    """Let a person move an event to Deleted Items."""
    return on_event(world, OLA, event, "softDelete")


@pytest.mark.parametrize("act", [delete_event, put_away, freed])
@pytest.mark.parametrize("at_intervals", [True, False])
def test_half_of_a_calendar_that_is_removed_is_held(world: PairsWorld, act: Act, at_intervals: bool) -> None:  # noqa: FBT001
    """No booking is canceled before it is held if all are removed at once; one by one, fewer than half are."""
    events = calendar_of(world, 10)
    for event in events[:6]:
        act(world, event)
        tick(world, 10 if at_intervals else 0)
        if at_intervals:
            world.notify()
    tick(world, 600)
    exchange(world)
    assert is_held(world)
    assert len(live(world)) == (6 if at_intervals else 10)


@pytest.mark.parametrize("act", [delete_event, freed])
def test_a_release_cancels_what_was_held(world: PairsWorld, act: Act) -> None:
    """All of it, and the mailbox is not held again by it."""
    events = calendar_of(world, 10)
    for event in events[:6]:
        act(world, event)
    exchange(world)
    assert len(live(world)) == 10
    world.dataverse_hold.release("it", OLA)
    exchange(world)
    assert (len(live(world)), is_held(world)) == (4, False)


@pytest.mark.parametrize("mailbox", [OLA, ""], ids=["mailbox", "everything"])
def test_a_release_of_what_is_not_held_cancels_nothing(world: PairsWorld, mailbox: str) -> None:
    """A calendar that is emptied soon after it is held."""
    events = calendar_of(world, 10)
    world.dataverse_hold.release("it", mailbox)
    world.empty_queue()
    for event in events[:6]:
        delete_event(world, event)
    exchange(world)
    assert (len(live(world)), is_held(world)) == (10, True)


@pytest.mark.parametrize("mailbox", [OLA, ""], ids=["mailbox", "everything"])
def test_a_release_of_what_is_not_held_books_no_old_events(world: PairsWorld, mailbox: str) -> None:
    """A calendar that is moved in from elsewhere soon after it."""
    for each in range(12):
        add_event(world, 30 + 2 * each)
    tick(world, 2 * HOUR)
    world.dataverse_hold.release("it", mailbox)
    exchange(world)
    assert (len(live(world)), is_held(world)) == (9, True)


def test_events_of_a_dispatchers_bookings_count_as_well(world: PairsWorld) -> None:
    """A person clears a calendar of both kinds."""
    for event in calendar_of(world, 3, booked=3):
        delete_event(world, event)
    exchange(world)
    assert is_held(world)
    assert len(live(world)) == 6


def test_a_booking_whose_event_is_refused_hinders_nothing(world: PairsWorld) -> None:
    """A pair without an event is none that was deleted, and none that has to be read."""
    world.tenant_fault({"match": "POST /v1.0/users/.*/events", "status": 400, "body": {"error": {"code": "ErrorX"}}})
    events = calendar_of(world, 6, booked=1)
    delete_event(world, events[0])
    exchange(world)
    assert len(live(world)) == 6


def test_few_removals_are_carried_out(world: PairsWorld) -> None:
    """Four of five are fewer than five."""
    events = calendar_of(world, 5)
    for event in events[:4]:
        delete_event(world, event)
    exchange(world)
    assert not is_held(world)
    assert is_in_step(world)


def test_another_mailbox_goes_on(world: PairsWorld) -> None:
    """The brake holds one calendar."""
    for event in calendar_of(world, 6):
        delete_event(world, event)
    exchange(world)
    event = add_event(world, 30, KARI)
    exchange(world)
    assert (is_held(world), is_held(world, KARI)) == (True, False)
    assert is_in_step(world, KARI)
    delete_event(world, event, KARI)
    exchange(world)
    assert live(world, KARI) == []


@pytest.mark.parametrize(("number", "held"), [(9, False), (10, True)])
def test_old_events_that_appear_at_once_are_held(world: PairsWorld, number: int, held: bool) -> None:  # noqa: FBT001
    """A calendar that is moved in from elsewhere: ten events that were made long ago, and no booking for the last."""
    for each in range(number):
        add_event(world, 30 + 2 * each)
    tick(world, 2 * HOUR)
    exchange(world)
    assert is_held(world) is held
    assert len(live(world)) == 9
    world.dataverse_hold.release("it", OLA)
    exchange(world)
    assert is_in_step(world)


def test_new_events_never_count(world: PairsWorld) -> None:
    """Someone plans the whole quarter in a minute."""
    calendar_of(world, 30)
    assert not is_held(world)
    assert len(live(world)) == 30
