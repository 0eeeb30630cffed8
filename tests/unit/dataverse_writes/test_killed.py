"""Claims about a worker that is killed while it writes bookings: one booking for an event, once it is at rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.booking_edits import exchange, is_in_step, live_rows
from tests.support.dataverse_world import KARI, OLA
from tests.support.event_edits import add_event, change_event
from tests.support.killing import AtCall, KilledAfter, KilledAtCall
from tests.support.pair_edits import drag, end_booking, on_event, remove_event, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(2400)]
MOST_CALLS = 60
HOUR, DAY = 3_700, 90_000  # seconds
Trouble = Callable[[PairsWorld, int], AtCall]


def created(world: PairsWorld) -> None:
    """Make an event."""
    add_event(world, 300)


def out_and_back(world: PairsWorld) -> None:
    """Make the only event free, and let its booking be canceled."""
    (event,) = world.calendar()
    change_event(world, event["id"], showAs="free")
    exchange(world)
    change_event(world, event["id"], showAs="busy")


def muted_and_moved(world: PairsWorld) -> None:
    """Delete the booking, which mutes the only event, and move that."""
    (row,) = live_rows(world)
    end_booking(world, row["bookableresourcebookingid"], "deleted")
    exchange(world)
    drag(world, 330)


ACTS: dict[str, Callable[[PairsWorld], None]] = {
    "made": created,
    "moved": lambda world: drag(world, 320),
    "canceled": remove_event,
    "busy again": out_and_back,
    "of the next generation": muted_and_moved,
}


@pytest.mark.parametrize("act", ACTS)
def test_a_worker_that_is_killed_after_a_write_does_it_once(world: PairsWorld, act: str) -> None:
    """Dataverse has carried it out; a day later the message comes back."""
    if act != "made":
        created(world)
        exchange(world)
    ACTS[act](world)
    world.hint_events(OLA)
    waiting = list(world.queue.messages)
    with KilledAfter(world, "PATCH", dataverse=True) as killer:
        world.empty_queue()
    assert killer.reached
    tick(world, DAY)
    world.queue.messages += [each for each in waiting if each not in world.queue.messages]
    world.empty_queue()
    exchange(world)
    assert is_in_step(world)


def notified_at_call(world: PairsWorld, number: int) -> AtCall:
    """Return that another worker handles notifications of all events at a counted moment of the first one."""

    def handled() -> None:
        world.hint_events(OLA, KARI)
        for due in [each for each in world.queue.messages if each[0] <= world.now()]:
            world.queue.messages.remove(due)
            world.pair_settling.process(due[1])

    return AtCall(world, number, handled)


@pytest.mark.parametrize("trouble", [KilledAtCall, notified_at_call])
def test_a_worker_that_is_killed_or_not_alone_makes_a_booking_once(world: PairsWorld, trouble: Trouble) -> None:
    """At a few calls; the next test takes each."""
    assert all(assert_story(world, trouble(world, number), pause) for number, pause in ((7, 0), (11, HOUR), (13, DAY)))


@pytest.mark.long
@pytest.mark.parametrize("trouble", [KilledAtCall, notified_at_call])
def test_each_call_of_a_worker_may_be_its_last_or_meet_another_worker(world: PairsWorld, trouble: Trouble) -> None:
    """Of the queue, storage, Graph and Dataverse; the message comes back after a pause."""
    reached = [
        number
        for number in range(1, MOST_CALLS)
        if assert_story(world, trouble(world, number), (0, HOUR, DAY)[number % 3])
    ]
    assert 15 < len(reached) < MOST_CALLS - 1


def assert_story(world: PairsWorld, trouble: AtCall, pause: float) -> bool:
    """Make, move, free, restore and delete an event, each with the trouble; return whether there was one."""
    reached = [
        _is_reached(world, trouble, ACTS[name], pause)
        for name in ("made", "moved", "busy again", "of the next generation")
    ]
    (event,) = world.calendar()
    reached.append(_is_reached(world, trouble, lambda _: on_event(world, OLA, event["id"], "softDelete"), pause))
    reached.append(_is_reached(world, trouble, lambda _: on_event(world, OLA, event["id"], "restore"), pause))
    reached.append(_is_reached(world, trouble, remove_event, pause))
    tick(world, DAY)
    return any(reached)


def _is_reached(world: PairsWorld, trouble: AtCall, act: Callable[[PairsWorld], object], pause: float) -> bool:
    """Act, with trouble, let everything else happen, and assert that both sides show the same."""
    act(world)
    waiting: list[Any] = []
    with trouble:
        world.hint_events(OLA)
        waiting = list(world.queue.messages)
        world.empty_queue()
    world.queue.messages += [each for each in waiting if trouble.reached and each not in world.queue.messages]
    tick(world, pause)
    world.empty_queue()
    exchange(world)
    assert is_in_step(world), (trouble.number, act)
    return trouble.reached
