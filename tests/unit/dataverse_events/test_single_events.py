"""Claims about single events that persons make in Outlook: one booking each, or none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.dataverse_world import KARI, OLA
from tests.support.event_edits import add_event, bookings, delete_event, event_times, hint, live_times, move_event
from tests.support.pair_edits import tick
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server


def test_an_event_becomes_a_single_booking(world: PairsWorld) -> None:
    """Its name is Busy; repeated notifications make nothing more."""
    event = add_event(world)
    for _ in range(3):
        hint(world, event)
    assert [each[0] for each in bookings(world)] == ["Busy"]
    assert live_times(world) == event_times(world)


@pytest.mark.parametrize(
    "shown",
    [{"showAs": "free"}, {"showAs": "tentative"}, {"showAs": "workingElsewhere"}, {"hours": 24 * 400},
     {"hours": -24 * 20}],
    ids=["free", "tentative", "elsewhere", "after-the-window", "before-the-window"],
)  # fmt: skip
def test_an_event_out_of_rule_or_window_becomes_none(world: PairsWorld, shown: dict[str, Any]) -> None:
    """It costs one reading and no call of Dataverse."""
    event = add_event(world, **shown)
    world.forget_calls()
    hint(world, event)
    assert bookings(world) == []
    assert len(world.to_graph.calls) == 1
    assert [call for call in world.to_dynamics.calls if "bookableresourcebookings" in call[1]] == []


@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_a_private_event_gives_no_title(world: PairsWorld, sensitivity: str) -> None:
    """Its booking is called Private, whatever DATAVERSE_TITLES says."""
    hint(world, add_event(world, sensitivity=sensitivity))
    assert [each[0] for each in bookings(world)] == ["Private"]


def test_an_others_meeting_becomes_a_booking_and_is_never_written(world: PairsWorld) -> None:
    """Every change of it would be mailed."""
    hint(world, add_event(world, attendees=["kari@contoso.com"]))
    assert live_times(world) == event_times(world)
    assert world.to_graph.writes == []


def test_an_event_that_moves_moves_its_booking_and_cancels_it_at_its_end(world: PairsWorld) -> None:
    """The row stays, canceled."""
    event = add_event(world)
    hint(world, event)
    move_event(world, event, 30)
    hint(world, event)
    assert live_times(world) == event_times(world)
    delete_event(world, event)
    hint(world, event)
    assert (len(bookings(world)), live_times(world)) == (1, [])


def test_an_event_in_a_held_calendar_is_not_read_until_it_is_released(world: PairsWorld) -> None:
    """The release compares the calendar."""
    event = add_event(world)
    world.dataverse_hold.hold("it", OLA)
    world.forget_calls()
    hint(world, event)
    assert world.to_graph.calls == []
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    assert live_times(world) == event_times(world) != []


def test_half_a_calendar_that_is_deleted_is_held(world: PairsWorld) -> None:
    """Six of eight events: IT looks first. Those of one series count, too."""
    series = add_event(world, rrule="FREQ=DAILY;COUNT=6")
    for hours in (10, 12):
        hint(world, add_event(world, hours))
    hint(world, series)
    delete_event(world, series)
    hint(world, series)
    tick(world, 300)
    world.event_changes.run()
    world.empty_queue()
    assert len(live_times(world)) > 3
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    assert live_times(world) == event_times(world)
    assert len(live_times(world)) == 2


def test_every_other_mailbox_has_bookings_of_its_own(world: PairsWorld) -> None:
    """An event leads to the resource of its calendar alone."""
    hint(world, add_event(world))
    hint(world, add_event(world, 30, KARI), mailbox=KARI)
    assert [live_times(world)[0]] == event_times(world)
    assert [live_times(world)[1]] == event_times(world, KARI)
