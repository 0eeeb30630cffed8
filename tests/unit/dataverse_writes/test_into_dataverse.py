"""Claims about the way of an event into Dataverse: made, moved, deleted."""

from __future__ import annotations

import pytest

from tests.support.booking_edits import exchange, rows
from tests.support.dataverse_world import OLA
from tests.support.event_edits import add_event
from tests.support.pair_edits import drag, remove_event
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server


def test_an_event_becomes_a_booking(world: PairsWorld) -> None:
    """It has the event's times, the resource, the committed status and no name of the event."""
    add_event(world, 30)
    exchange(world)
    (row,) = rows(world, OLA)
    (event,) = world.times()
    assert (row["starttime"][:16], row["endtime"][:16], row["duration"]) == (event[1], event[2], 60)
    assert (row["name"], row["bookingtype"]) == ("Busy", 1)
    assert row["_bookingstatus_value"] == world.dataverse.id_of("status:Committed")
    assert [pair.state for pair in world.pairs.all()] == ["paired"]
    assert world.to_graph.writes == []


def test_an_event_that_moves_takes_its_booking_along(world: PairsWorld) -> None:
    """Start, end and duration; the same row."""
    add_event(world, 30)
    exchange(world)
    (before,) = rows(world, OLA)
    drag(world, 80)
    exchange(world)
    (row,) = rows(world, OLA)
    (event,) = world.times()
    assert row["bookableresourcebookingid"] == before["bookableresourcebookingid"]
    assert (row["starttime"][:16], row["endtime"][:16], row["duration"]) == (event[1], event[2], 60)


def test_an_event_that_is_deleted_cancels_its_booking(world: PairsWorld) -> None:
    """The row stays, with the canceled status."""
    add_event(world, 30)
    exchange(world)
    remove_event(world)
    exchange(world)
    (row,) = rows(world, OLA)
    assert row["_bookingstatus_value"] == world.dataverse.id_of("status:Cancelled")
