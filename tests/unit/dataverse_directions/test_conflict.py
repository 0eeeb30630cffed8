"""Claims about DATAVERSE_CONFLICT: both sides got new times since the last look, and both are equal at rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.booking_edits import exchange, is_in_step, live, rows
from tests.support.event_edits import add_event, hour_from_now, move_event
from tests.support.pair_edits import set_status
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = pytest.mark.server
BY_DISPATCHER, BY_PERSON = 80, 100  # hours from now


def visit(world: PairsWorld) -> object:
    """Make a booking, as a dispatcher."""
    return world.dataverse.book(hours=30)


def appointment(world: PairsWorld) -> object:
    """Make an event, as a person."""
    return add_event(world, 30)


def meeting(world: PairsWorld) -> object:
    """Make a meeting with others, as a person."""
    return add_event(world, 30, attendees=["kari@contoso.com"])


def move_both(world: PairsWorld) -> None:
    """Move both halves of the only pair, and let both sides tell."""
    [booking], [event] = rows(world), world.calendar()
    world.move(booking["bookableresourcebookingid"], hours=BY_DISPATCHER)
    move_event(world, event["id"], BY_PERSON)
    exchange(world)


def start_of(world: PairsWorld) -> str:
    """Return when the only booking starts; the event has the same times."""
    assert is_in_step(world)
    [(start, _)] = live(world)
    return start


@pytest.mark.parametrize(
    ("conflict", "make", "winner"),
    [
        ("birth", visit, BY_DISPATCHER), ("birth", appointment, BY_PERSON),
        ("outlook", visit, BY_PERSON), ("outlook", appointment, BY_PERSON),
        ("dataverse", visit, BY_DISPATCHER), ("dataverse", appointment, BY_DISPATCHER),
    ],
    ids=lambda each: getattr(each, "__name__", str(each)),
)  # fmt: skip
def test_the_setting_says_which_side_wins(
    certificates: Path, conflict: str, make: Callable[[PairsWorld], object], winner: int
) -> None:
    """No second booking or event is left over."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both", "DATAVERSE_CONFLICT": conflict}) as world:
        world.begin_to_follow()
        make(world)
        exchange(world)
        expected = f"{hour_from_now(world, winner):%Y-%m-%dT%H:%M}"
        move_both(world)
        assert start_of(world) == expected
        assert len(world.times()) == 1


def test_a_booking_under_way_wins_in_any_case(certificates: Path) -> None:
    """The technician is there."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both", "DATAVERSE_CONFLICT": "outlook"}) as world:
        world.begin_to_follow()
        booking = world.dataverse.book(hours=30)
        exchange(world)
        set_status(world, booking, "Traveling")
        world.dataverse.control("POST", "/background/flush")
        exchange(world)
        expected = f"{hour_from_now(world, BY_DISPATCHER):%Y-%m-%dT%H:%M}"
        move_both(world)
        assert start_of(world) == expected


def test_a_meeting_with_others_is_never_moved(certificates: Path) -> None:
    """Not even with the setting dataverse: every change would be mailed to them."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both", "DATAVERSE_CONFLICT": "dataverse"}) as world:
        world.begin_to_follow()
        meeting(world)
        exchange(world)
        expected = f"{hour_from_now(world, BY_PERSON):%Y-%m-%dT%H:%M}"
        world.forget_calls()
        move_both(world)
        assert start_of(world) == expected
        assert world.to_graph.writes == []
