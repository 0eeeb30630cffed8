"""Claims about a restore of the environment from a backup: everything is compared, and removals are held as ever."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.dataverse_world import KARI, OLA
from tests.support.pair_edits import shown, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]


def snapshot(world: PairsWorld) -> str:
    """Keep a backup."""
    return str(world.dataverse.control("POST", "/snapshots")["id"])


def restore(world: PairsWorld, backup: str) -> None:
    """Restore a backup."""
    world.dataverse.control("POST", "/restores", {"snapshot": backup})


def state_of(world: PairsWorld) -> Any:
    """Return the state of Ola's resource."""
    return world.resource_states.of(world.dataverse.id_of(f"resource:{OLA}")).state


def test_what_was_changed_since_the_backup_goes_back(world: PairsWorld) -> None:
    """A move is undone, and a booking that was deleted is there again with an event."""
    moved, deleted = world.dataverse.book(hours=24), world.dataverse.book(hours=30)
    world.begin_to_follow()
    backup = snapshot(world)
    world.move(moved, 60)
    world.follow_on()
    world.dataverse.control("DELETE", f"/rows/bookableresourcebookings/{deleted}")
    world.follow_on()
    tick(world, 3600)
    restore(world, backup)
    world.follow_on()
    assert world.times() == sorted([shown(world, moved), shown(world, deleted)])


def test_the_brake_holds_what_the_backup_does_not_have_in_spite_of_a_release(world: PairsWorld) -> None:
    """Six of ten bookings are gone at once, minutes after an administrator released the mailbox."""
    for number in range(4):
        world.dataverse.book(hours=24 + number)
    world.begin_to_follow()
    backup = snapshot(world)
    for number in range(6):
        world.dataverse.book(hours=40 + number)
    world.follow_on()
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    restore(world, backup)
    world.forget_calls()
    world.follow_on()
    assert (len(world.calendar()), world.to_graph.writes, state_of(world)) == (10, [], "held")


def test_a_backup_without_any_booking_is_noticed(world: PairsWorld) -> None:
    """The walk over all rows has none."""
    backup = snapshot(world)
    for number in range(6):
        world.dataverse.book(hours=24 + number)
    world.begin_to_follow()
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    restore(world, backup)
    world.follow_on()
    assert (len(world.calendar()), state_of(world)) == (6, "held")


def test_what_is_changed_after_a_restore_is_seen(world: PairsWorld) -> None:
    """The highest version number is the lower one from then on, and nothing is noticed again."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    backup = snapshot(world)
    for hours in (30, 40, 50):
        world.move(booking, hours)
        world.follow_on()
    restore(world, backup)
    world.follow_on()
    world.move(booking, 60)
    world.follow.run()
    assert [text for _, text in world.queue.messages if '"resource"' in text] == []
    world.empty_queue()
    assert world.times() == [shown(world, booking)]


def test_a_deleted_last_change_is_no_restore(world: PairsWorld) -> None:
    """Its version number was the highest one; without a change there is nothing to notice."""
    world.dataverse.book()
    booking = world.dataverse.book(resource=KARI)
    world.begin_to_follow()
    world.dataverse.control("DELETE", f"/rows/bookableresourcebookings/{booking}")
    world.follow.run()
    assert [text for _, text in world.queue.messages if '"resource"' in text] == []
    world.empty_queue()
    assert (len(world.calendar(OLA)), world.calendar(KARI)) == (1, [])
