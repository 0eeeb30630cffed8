"""Claims about the way of an event into Dataverse: made, moved, deleted."""

from __future__ import annotations

import pytest

from tests.support.booking_edits import exchange, is_in_step, rows
from tests.support.dataverse_world import OLA
from tests.support.event_edits import add_event, hint, times_of
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


@pytest.mark.parametrize("is_deleted", [False, True], ids=["moved", "deleted"])
def test_what_the_relay_wrote_is_no_edit_of_a_dispatcher(world: PairsWorld, is_deleted: bool) -> None:  # noqa: FBT001
    """A dispatcher's booking follows its event at once and once more, before Dataverse tells of the first write."""
    world.dataverse.book(hours=30)
    world.follow_on()
    world.forget_calls()
    drag(world, 60)
    world.notify()
    if is_deleted:
        remove_event(world)
    else:
        drag(world, 80)
    world.notify()
    assert is_in_step(world)
    assert len(world.times()) == (not is_deleted)
    assert (len(world.to_dynamics.writes), world.to_graph.writes) == (2, [])


def test_what_the_relay_wrote_is_no_edit_of_a_person(world: PairsWorld) -> None:
    """A person's event follows its booking at once and once more, before Graph notifies of the first write."""
    hint(world, add_event(world, 30))
    (row,) = rows(world)
    world.forget_calls()
    for hours in (60, 80):
        world.move(row["bookableresourcebookingid"], hours)
        world.follow_on()
    assert is_in_step(world)
    assert world.times()[0][1] == times_of(world, 80)["start"][:16]
    assert (len(world.to_graph.writes), world.to_dynamics.writes) == (2, [])


def test_an_event_that_is_deleted_cancels_its_booking(world: PairsWorld) -> None:
    """The row stays, with the canceled status."""
    add_event(world, 30)
    exchange(world)
    remove_event(world)
    exchange(world)
    (row,) = rows(world, OLA)
    assert row["_bookingstatus_value"] == world.dataverse.id_of("status:Cancelled")
