"""The night's comparison alone carries over what nobody signaled: nothing was notified, and no delta was read.

Each test runs neither the timer nor a notification after the edit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from shared.dataverse.reading.events import TAG
from tests.support.dataverse_world import KARI, OLA
from tests.support.pair_edits import bring_back, end_booking, linked, on_event, reassign, remove_event, shown, tick
from tests.support.pairs_world import PairsWorld
from tests.unit.dataverse_flow.outlook_rows import meet

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
HOUR = 3600  # longer than lists are late
Edit = Callable[[PairsWorld, str], object]
KEPT: dict[str, Edit] = {
    "moved": lambda world, booking: world.move(booking, 60),
    "renamed": lambda world, booking: world.change(booking, name="Renamed"),
    "reassigned": lambda world, booking: reassign(world, booking, KARI),
    "event deleted": lambda world, _: remove_event(world),
}
ENDS = ("deleted", "canceled", "inactive", "proposed")


def compare(world: PairsWorld) -> None:
    """Let lists catch up, and run the comparison of the night."""
    tick(world, HOUR)
    world.event_changes.run()
    world.empty_queue()


def followed(world: PairsWorld) -> str:
    """Make a booking with a work order, and its event."""
    booking = linked(world)
    world.begin_to_follow()
    tick(world, HOUR)  # Field Service has written its part by then
    world.follow_on()
    return booking


def events(world: PairsWorld) -> list[tuple[str, str, str]]:
    """Return what both calendars show."""
    return [*world.times(OLA), *world.times(KARI)]


def test_a_new_booking_gets_its_event(world: PairsWorld) -> None:
    """It has no pair yet."""
    world.begin_to_follow()
    booking = world.dataverse.book()
    compare(world)
    assert events(world) == [shown(world, booking)]


@pytest.mark.parametrize("edit", KEPT.values(), ids=KEPT)
def test_an_edit_is_carried_over(world: PairsWorld, edit: Edit) -> None:
    """Whichever side it was made on; the next comparison finds nothing to write."""
    booking = followed(world)
    edit(world, booking)
    compare(world)
    assert events(world) == [shown(world, booking)]
    world.forget_calls()
    compare(world)
    assert world.to_graph.writes == []


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_a_booking_and_its_return_are_carried_over(world: PairsWorld, end: str) -> None:
    """The pair has ended meanwhile, and its booking has another version than at its end."""
    booking = followed(world)
    end_booking(world, booking, end)
    compare(world)
    assert events(world) == []
    bring_back(world, booking, end)
    compare(world)
    assert events(world) == [shown(world, booking)]


def test_an_event_that_became_a_meeting_is_looked_at(world: PairsWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Its times are the booking's, so that its version alone shows it."""
    booking = followed(world)
    meet(world)
    caplog.set_level(logging.INFO, "relay.dataverse")
    compare(world)
    assert f"Row 45 for the booking {booking} meetingLetGo" in [each.strip() for each in caplog.messages]


def test_an_old_event_that_a_person_restores_is_removed(world: PairsWorld) -> None:
    """The calendar shows it beside the new one."""
    booking = followed(world)
    (old,) = world.calendar()
    on_event(world, OLA, old["id"], "softDelete")
    compare(world)
    on_event(world, OLA, old["id"], "restore")
    compare(world)
    assert (events(world), world.calendar()[0]["id"] == old["id"]) == ([shown(world, booking)], False)


def test_an_event_of_the_relay_is_never_left_to_microsofts_sync(world: PairsWorld) -> None:
    """A person gave it that category: its pair is still led to, and restored when the event is deleted."""
    booking = followed(world)
    (event,) = world.calendar()
    url = f"{world.dataverse.graph_url}/_control/calendars/{OLA}/events/{event['id']}"
    assert world.dataverse.session.patch(url, json={"categories": [TAG]}, timeout=60).ok
    compare(world)
    remove_event(world)
    tick(world, HOUR)
    world.notify()
    assert events(world) == [shown(world, booking)]
    assert {row.tagged_at for row in world.bookable_resources.all()} == {None}
