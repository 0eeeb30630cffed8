"""Claims about a worker that is killed at each of its calls: one event for a booking, once it is at rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.dataverse_world import KARI, OLA
from tests.support.killing import AtCall, KilledAfter, KilledAtCall
from tests.support.pair_edits import bring_back, end_booking, linked, reassign, shown, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(1200)]
MOST_CALLS = 90
HOUR, DAY = 3_700, 90_000  # seconds; after five minutes a transactionId is forgotten, after an hour no removal counts
Trouble = Callable[[PairsWorld, int], AtCall]
NOTHING: list[tuple[str, str, str]] = []


@pytest.mark.parametrize(
    ("act", "method"),
    [("make", "POST"), ("move", "PATCH"), ("reassign", "POST"), ("reassign", "DELETE"), ("restore", "POST"),
     ("end", "DELETE")],
)  # fmt: skip
def test_a_worker_that_is_killed_after_a_write_does_it_once(world: PairsWorld, act: str, method: str) -> None:
    """Graph has carried it out; an hour later, when it has forgotten the transactionId, the message comes back."""
    world.begin_to_follow()
    booking = linked(world)
    if act != "make":
        world.follow_on()
    if act == "restore":
        world.marked_events.remove(OLA, world.calendar()[0]["id"])
        world.hint_events(OLA)
    else:
        edits: dict[str, Callable[[], None]] = {
            "make": lambda: None,
            "move": lambda: world.move(booking, 60),
            "reassign": lambda: reassign(world, booking, KARI),
            "end": lambda: end_booking(world, booking, "deleted"),
        }
        edits[act]()
    world.follow.run()
    waiting = list(world.queue.messages)
    with KilledAfter(world, method) as killer:
        world.empty_queue()
    assert killer.reached
    tick(world, HOUR)
    world.queue.messages += [each for each in waiting if each not in world.queue.messages]
    world.empty_queue()
    mailbox = KARI if act == "reassign" else OLA
    assert [len(world.times(each)) for each in (mailbox, OLA if mailbox == KARI else KARI)] == [act != "end", 0]
    assert act == "end" or world.times(mailbox) == [shown(world, booking)]


def notified_at_call(world: PairsWorld, number: int) -> AtCall:
    """Return that another worker handles notifications of all events at a counted moment of the first one."""

    def handled() -> None:
        world.hint_events(OLA, KARI)
        for due in [each for each in world.queue.messages if each[0] <= world.now()]:
            world.queue.messages.remove(due)
            world.pair_settling.process(due[1])

    return AtCall(world, number, handled)


@pytest.mark.parametrize("trouble", [KilledAtCall, notified_at_call])
def test_a_worker_that_is_killed_or_not_alone_makes_an_event_once(world: PairsWorld, trouble: Trouble) -> None:
    """At a few calls; the next test takes each."""
    world.begin_to_follow()
    assert all(assert_story(world, trouble(world, number), pause) for number, pause in ((8, 0), (17, HOUR), (23, DAY)))


@pytest.mark.long
@pytest.mark.parametrize("trouble", [KilledAtCall, notified_at_call])
def test_each_call_of_a_worker_may_be_its_last_or_meet_another_worker(world: PairsWorld, trouble: Trouble) -> None:
    """Of the queue, storage, Graph and Dataverse; the message comes back after a pause, the events were notified."""
    world.begin_to_follow()
    reached = [
        number
        for number in range(1, MOST_CALLS)
        if assert_story(world, trouble(world, number), (0, HOUR, DAY)[number % 3])
    ]
    assert 20 < len(reached) < MOST_CALLS - 1


def assert_story(world: PairsWorld, trouble: AtCall, pause: float) -> bool:
    """Make, move, reassign, end and bring back a booking, each with the trouble; return whether there was one."""
    booking = linked(world)
    acts: list[tuple[Callable[[], object], str]] = [
        (lambda: None, OLA),
        (lambda: world.move(booking, 60), OLA),
        (lambda: reassign(world, booking, KARI), KARI),
        (lambda: world.marked_events.remove(KARI, world.calendar(KARI)[0]["id"]), KARI),
        (lambda: reassign(world, booking, OLA), OLA),
        (lambda: end_booking(world, booking, "canceled"), ""),
        (lambda: bring_back(world, booking, "canceled"), OLA),
        (lambda: end_booking(world, booking, "deleted"), ""),
    ]
    reached = [_is_reached(world, trouble, act, pause, booking, mailbox) for act, mailbox in acts]
    tick(world, DAY)
    return any(reached)


def _is_reached(
    world: PairsWorld, trouble: AtCall, act: Callable[[], object], pause: float, booking: str, mailbox: str
) -> bool:
    """Act, with trouble, let everything else happen, and assert that the booking has its event in that mailbox."""
    act()
    waiting: list[Any] = []
    with trouble:
        world.follow.run()
        waiting = list(world.queue.messages)
        world.empty_queue()
    world.queue.messages += [each for each in waiting if trouble.reached and each not in world.queue.messages]
    tick(world, pause)
    world.empty_queue()
    assert all(len(world.times(each)) <= 1 for each in (OLA, KARI))
    for each in (OLA, KARI):
        world.notify(each)
    world.follow_on()
    expected = [shown(world, booking)] if mailbox else NOTHING
    found = {each: world.times(each) for each in (OLA, KARI)}
    assert found == {each: expected if each == mailbox else NOTHING for each in (OLA, KARI)}, trouble.number
    return trouble.reached
