"""Claims about bookings that the relay made while its rows are gone, and about old events that nobody has planned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.event_edits import add_event, booking_ids, bookings, event_times, hint, live_times, move_event
from tests.support.pair_edits import tick
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server


@pytest.mark.parametrize("rrule", [None, "FREQ=WEEKLY;COUNT=3"], ids=["single", "series"])
def test_lost_rows_make_neither_a_second_booking_nor_an_event(world: PairsWorld, rrule: str | None) -> None:
    """The booking has the id that is derived from its event; one that the relay made is no dispatcher's."""
    more: dict[str, Any] = {"rrule": rrule} if rrule else {}
    event = add_event(world, **more)
    hint(world, event)
    before = booking_ids(world)
    lose_rows(world, "pair", "event-")
    for booking in before:
        world.change(booking, msdyn_estimatedtravelduration=5)
    world.follow_on()
    world.event_changes.run()
    world.empty_queue()
    assert booking_ids(world) == before
    move_event(world, event, 30)
    hint(world, event)
    world.event_changes.run()
    world.empty_queue()
    assert live_times(world) == event_times(world)
    assert booking_ids(world) == before


@pytest.mark.parametrize("rrule", [None, "FREQ=WEEKLY;COUNT=3"], ids=["single", "series"])
def test_a_pair_that_its_event_does_not_lead_to_is_used(world: PairsWorld, rrule: str | None) -> None:
    """A worker that is killed between both rows stores the pair, and no row of the index."""
    more: dict[str, Any] = {"rrule": rrule} if rrule else {}
    event = add_event(world, **more)
    hint(world, event)
    before = booking_ids(world)
    lose_rows(world, "event-")
    move_event(world, event, 30)
    hint(world, event)
    world.event_changes.run()
    world.empty_queue()
    assert live_times(world) == event_times(world)
    assert booking_ids(world) == before


def test_many_old_events_that_nobody_planned_are_held(world: PairsWorld) -> None:
    """They were made after the start, and seen hours later: IT releases them."""
    for number in range(12):
        add_event(world, 24 + 2 * number)
    tick(world, 2 * 3600)
    world.event_changes.run()
    world.empty_queue()
    assert len(bookings(world)) < 10
    world.dataverse_hold.release("it")
    world.empty_queue()
    assert live_times(world) == event_times(world)
    assert len(bookings(world)) == 12


def lose_rows(world: PairsWorld, *partitions: str) -> None:
    """Delete the rows of partitions, each given by how its key begins."""
    rows = world.pair_rows.rows
    lost = [key for key in rows if key[0].startswith(partitions)]
    assert lost
    for key in lost:
        del rows[key]
