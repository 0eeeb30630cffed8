"""Claims about a worker that is killed at each of its calls: one event for a booking, once it is at rest."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, takewhile
from pathlib import Path

import pytest

from tests.support.dataverse_world import KARI, OLA
from tests.support.killing import AtCall, KilledAfter, KilledAtCall
from tests.support.pair_edits import end_booking, linked, reassign, shown, tick
from tests.support.pairs_world import PairsWorld, pairs_world
from tests.support.troubled_acts import (
    ACTS,
    DAY,
    HOUR,
    PAUSES,
    STORY,
    Trouble,
    carried_out,
    met_trouble,
    notified_at_call,
    stopped_at_call,
)

pytestmark = pytest.mark.server
FEWEST_CALLS, MOST_CALLS = 20, 200  # of an act: from its change in Dataverse or Outlook until both sides agree


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


@pytest.mark.parametrize("trouble", [KilledAtCall, notified_at_call])
def test_a_worker_that_is_killed_or_not_alone_makes_an_event_once(world: PairsWorld, trouble: Trouble) -> None:
    """At a few calls; the next test takes each."""
    world.begin_to_follow()
    assert all(assert_story(world, trouble(world, number), pause) for number, pause in ((8, 0), (17, HOUR), (23, DAY)))


def test_a_worker_that_is_stopped_before_it_sends_leaves_a_single_event(certificates: Path) -> None:
    """Another one sends it meanwhile, and Graph has forgotten the transactionId when the first goes on."""
    sent = []
    for number in range(26, 33):
        with pairs_world(certificates) as world:
            world.begin_to_follow()
            assert carried_out(world, linked(world), ACTS["make"], stopped_at_call(world, number), 0)
            sent.append(sum(method == "POST" for method, _ in world.to_graph.writes))
    assert set(sent) == {1, 2}, "the worker was never stopped right before it sends"


@pytest.mark.long
@pytest.mark.parametrize("trouble", [KilledAtCall, notified_at_call, stopped_at_call])
@pytest.mark.parametrize("act", ACTS)
def test_each_call_of_a_worker_may_be_its_last_or_meet_another_worker(
    certificates: Path, act: str, trouble: Trouble
) -> None:
    """Of the queue, storage, Graph and Dataverse; the message comes back after a pause, the events were notified."""
    pauses = cycle(PAUSES)
    reached = takewhile(
        lambda number: met_trouble(certificates, act, trouble, number, next(pauses)), range(1, MOST_CALLS)
    )
    assert FEWEST_CALLS < len(list(reached)) < MOST_CALLS - 1


def assert_story(world: PairsWorld, trouble: AtCall, pause: float) -> bool:
    """Make, move, reassign, end and bring back a booking, each with the trouble; return whether there was one."""
    booking = linked(world)
    reached = [carried_out(world, booking, act, trouble, pause) for act in STORY]
    tick(world, DAY)
    return any(reached)
