"""Claims about the rows of followed appointments: forgetting the mailbox and the night end them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.errors import RelayError
from tests.support.appointments_world import ADDRESS, NOON
from tests.support.followed_world import FollowedWorld


@pytest.fixture
def world() -> Iterator[FollowedWorld]:
    """Return a world with a row of an appointment, whose delivery is a dead letter, and one of its business."""
    world = FollowedWorld()
    world.booked_by_others(NOON)
    world.run()
    yield world
    world.end()


def test_forgetting_the_mailbox_of_a_business_deletes_its_rows(world: FollowedWorld) -> None:
    """Also those that cannot be read; another business keeps its own."""
    [row] = [each for each in world.appointment_rows.rows.values() if each["PartitionKey"] == "appointment"]
    row["number"] = "damaged"
    world.mailbox_forgetting.forget("other@contoso.com", "admin")
    assert len(world.appointment_rows.rows) == 2
    counts = world.mailbox_forgetting.forget(ADDRESS.upper(), "admin").counts
    assert (counts["followedAppointments"], dict(world.appointment_rows.rows)) == (2, {})


def test_the_night_ends_what_the_timer_of_the_feature_does_not(world: FollowedWorld) -> None:
    """A feature that is off has no timer: thirty days after its end an appointment's row is deleted."""
    world.time = NOON + timedelta(days=30)
    world.old_rows.sweep()
    assert len(world.appointment_rows.rows) == 1  # the business was read before that
    world.time += timedelta(hours=1)
    world.old_rows.sweep()
    assert dict(world.appointment_rows.rows) == {}


def test_a_removal_of_a_watch_keeps_the_rows_of_a_followed_business(world: FollowedWorld) -> None:
    """The business is followed by a setting of IT; its appointments are not those of the watch."""
    watch = world.watch(ADDRESS)
    try:
        world.endings.remove(watch.id, lambda _: True)
    except RelayError:
        pytest.fail("the watch could not be removed")
    assert len(world.appointment_rows.rows) == 2
