"""Claims about rules of the customer that change what the relay writes: at once, later, or back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.booking_edits import exchange, is_in_step, live
from tests.support.event_edits import add_event, hint, move_event
from tests.support.pair_edits import drag, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


@pytest.mark.parametrize("born", ["dataverse", "outlook"])
@pytest.mark.parametrize("later", [None, 30], ids=["at-once", "later"])
def test_a_shift_by_a_plugin_is_followed_once(world: PairsWorld, born: str, later: int | None) -> None:
    """The event follows what came back, or what was written a moment later."""
    event = _pair(world, born)
    given: dict[str, Any] = {"shiftSeconds": 900, "times": 1}
    world.dataverse.control("POST", "/plugins", given | ({"laterSeconds": later} if later else {}))
    move_event(world, event, 60)
    world.forget_calls()
    hint(world, event)
    world.dataverse.control("POST", "/background/flush")
    exchange(world)
    assert is_in_step(world)
    assert world.times()[0][1].endswith(":15")
    assert (len(world.to_dynamics.writes), len(world.to_graph.writes)) == (1, 1)


def test_a_creation_that_comes_back_with_other_times_is_followed(world: PairsWorld) -> None:
    """The event gets what Dataverse has."""
    world.dataverse.control("POST", "/plugins", {"shiftSeconds": 900, "times": 1})
    hint(world, add_event(world, 30))
    exchange(world)
    assert is_in_step(world)
    assert live(world)[0][0].endswith(":15")


def test_a_value_that_is_turned_back_again_and_again_is_held(world: PairsWorld) -> None:
    """A person moves the event four times, and a rule turns each move back: the fourth is not written."""
    event = _pair(world, "dataverse")
    world.dataverse.control("POST", "/plugins", {"back": True})
    world.forget_calls()
    for number in range(4):
        move_event(world, event, 60 + number)
        hint(world, event)
        exchange(world, 1)
        tick(world, 60)
    assert len(world.to_dynamics.writes) == 3
    assert [pair.held_by for pair in world.pairs.all()] == ["repeats"]


def test_two_sides_that_answer_each_other_are_held(world: PairsWorld) -> None:
    """Somebody moves the event each time that a rule has moved the booking: an end within six writes."""
    event = _pair(world, "dataverse")
    world.dataverse.control("POST", "/plugins", {"shiftSeconds": 900})
    world.forget_calls()
    for number in range(10):
        drag(world, 60 + number)
        hint(world, event)
        exchange(world, 1)
    assert len(world.to_dynamics.writes) + len(world.to_graph.writes) <= 6
    assert [pair.held_by for pair in world.pairs.all()] == ["repeats"]


def _pair(world: PairsWorld, born: str) -> str:
    """Make a pair, and return its event."""
    if born == "dataverse":
        world.dataverse.book(hours=30)
        world.follow_on()
    else:
        hint(world, add_event(world, 30))
    (event,) = world.calendar()
    return str(event["id"])
