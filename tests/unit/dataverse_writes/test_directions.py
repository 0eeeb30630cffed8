"""Claims about DATAVERSE_DIRECTION: what is written in which direction, and what a later `both` carries over."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.config import Settings
from tests.support.booking_edits import exchange, is_in_step, live, live_rows
from tests.support.dataverse_world import APP, KARI, OLA
from tests.support.event_edits import add_event, event_times, hint, move_event
from tests.support.pair_edits import drag, remove_event
from tests.support.pairs_world import PairsWorld, pairs_world
from tests.support.world import SETTINGS

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
RESOURCES = [{"mailbox": OLA}, {"mailbox": KARI}]


def given(world: PairsWorld, direction: str) -> None:
    """Set another direction."""
    world.settings = Settings.load({**SETTINGS, **world._given, "DATAVERSE_DIRECTION": direction})
    world.present_setting.settings = world.settings


@pytest.mark.parametrize("direction", ["both", "to-dataverse"])
def test_events_become_bookings_in_both_directions_that_say_so(certificates: Path, direction: str) -> None:
    """Made, moved and canceled; the calendar is not written."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": direction}, resources=RESOURCES) as world:
        world.begin_to_follow()
        event = add_event(world, 30)
        exchange(world)
        move_event(world, event, 60)
        exchange(world)
        assert is_in_step(world)
        remove_event(world)
        exchange(world)
        assert live(world) == []
        assert world.to_graph.writes == []


def test_to_dataverse_leaves_calendars_alone(certificates: Path) -> None:
    """A dispatcher's booking gets no event, and a moved or canceled one of a person does not touch hers."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "to-dataverse"}, resources=RESOURCES) as world:
        world.begin_to_follow()
        event = add_event(world, 30)
        exchange(world)
        world.dataverse.book(hours=50)
        world.move(live_rows(world)[0]["bookableresourcebookingid"], 90)
        before = event_times(world)
        exchange(world)
        assert event_times(world) == before
        assert world.to_graph.writes == []
        move_event(world, event, 70)
        exchange(world)
        assert event_times(world)[0] in live(world)


def test_to_outlook_writes_no_booking(certificates: Path) -> None:
    """Events of persons cost nothing, and what is done to those of the relay is a finding."""
    with pairs_world(certificates, resources=RESOURCES) as world:
        world.begin_to_follow()
        world.dataverse.book(hours=30)
        exchange(world)
        drag(world, 60)
        add_event(world, 40)
        exchange(world)
        assert world.to_dynamics.writes == []


def test_what_was_a_finding_is_not_replayed_by_a_later_direction(certificates: Path) -> None:
    """Only what changes from now on is carried over."""
    with pairs_world(certificates, resources=RESOURCES) as world:
        world.begin_to_follow()
        booking = world.dataverse.book(hours=30)
        exchange(world)
        drag(world, 60)
        exchange(world)
        given(world, "both")
        world.forget_calls()
        exchange(world)
        assert (world.to_dynamics.writes, world.to_graph.writes) == ([], [])
        drag(world, 80)
        exchange(world)
        assert is_in_step(world)
        assert world.dataverse.row(booking)["duration"] == 60


def test_a_role_that_only_reads_writes_nothing_and_loses_nothing(certificates: Path) -> None:
    """The direction is set before the role: the event stays, and the booking is made once the role is there."""
    users = {"applicationUsers": {APP: "to-outlook"}}
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both"}, resources=RESOURCES, **users) as world:
        world.begin_to_follow()
        event = add_event(world, 30)
        hint(world, event)
        assert (live(world), len(event_times(world))) == ([], 1)
        assert [pair.state for pair in world.pairs.all()] == ["held"]
        world.dataverse.control("POST", f"/users/{APP}", {"privileges": "plain"})
        world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full"})
        world.event_changes.run()
        world.empty_queue()
        assert is_in_step(world)
