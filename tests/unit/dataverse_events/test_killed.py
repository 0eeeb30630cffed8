"""Claims about a worker that is killed at each of its calls while events become bookings or a series changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.messages import Change
from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import OLA
from tests.support.event_edits import (
    add_event,
    booking_ids,
    change_event,
    delete_event,
    event_times,
    hint,
    live_times,
    move_event,
)
from tests.support.killing import KilledAtCall
from tests.support.pair_edits import tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(1200)]
TWO_DATES = "FREQ=WEEKLY;COUNT=2"
MOST_CALLS = 200
STEP = 3  # each third call: the others lie between the same two writes
EXPIRED = 200  # seconds


def killed_at_each_call(
    world: PairsWorld, act: Callable[[], object], begin: Callable[[], list[str]], step: int = STEP
) -> None:
    """Act, be killed at a counted call, and settle all messages once the claim has expired; again for the next call."""
    for number in range(1, MOST_CALLS, step):
        events = begin()
        act()
        queue_hints(world, events)
        taken: list[str] = []
        with KilledAtCall(world, number) as killer:
            while world.queue.messages:
                wait, text = world.queue.take()
                tick(world, wait)
                taken[:] = [text]
                world.pair_settling.process(text)
        if killer.reached:  # its claim and its lease end, and its message is visible again
            tick(world, EXPIRED)
            world.queue.put(taken[0])
        world.empty_queue()
        assert live_times(world) == event_times(world), number
        if not killer.reached:
            return
    raise AssertionError("too many calls")


def queue_hints(world: PairsWorld, events: list[str]) -> None:
    """Queue events as hints."""
    watch = world.watches.get(watch_id_of(OLA))
    assert watch is not None
    world.event_changes.changed(watch, [Change(watch.id, "user", each) for each in events], world.now())


def test_an_event_becomes_a_single_booking(world: PairsWorld) -> None:
    """At each call of storage, Graph and Dataverse."""
    made: list[str] = []

    def begin() -> list[str]:
        made.append(add_event(world, 24 + 2 * len(made)))
        return made[-1:]

    killed_at_each_call(world, lambda: None, begin, 1)
    assert len(booking_ids(world)) == len(made)


def test_a_series_that_moves_takes_its_bookings_along(world: PairsWorld) -> None:
    """None is made or canceled at any call."""
    series = add_event(world, rrule=TWO_DATES)
    hint(world, series)
    hours = iter(range(25, 1000))
    before = set(booking_ids(world))
    killed_at_each_call(world, lambda: move_event(world, series, next(hours)), lambda: [series])
    assert set(booking_ids(world)) == before


def test_a_single_event_becomes_a_series_and_single_again(world: PairsWorld) -> None:
    """Its booking is never lost; no date has two."""
    event = add_event(world)
    hint(world, event)
    rules = iter([TWO_DATES, None] * MOST_CALLS)
    first = booking_ids(world)[0]
    killed_at_each_call(world, lambda: change_event(world, event, rrule=next(rules)), lambda: [event])
    assert first in booking_ids(world)
    delete_event(world, event)
    hint(world, event)
    assert live_times(world) == []
