"""Rows that this version cannot read hide nothing: the partner may have any state, so it gets the present one."""

from __future__ import annotations

from datetime import timedelta

from tests.support.appointments_world import NOON
from tests.support.followed_world import FollowedWorld

HOUR = timedelta(hours=1)


def damage(world: FollowedWorld, kind: str, column: str) -> None:
    """Write a text into a column of the only row of a kind that holds none."""
    [row] = [each for each in world.appointment_rows.rows.values() if each["PartitionKey"] == kind]
    row[column] = "damaged"


def test_an_appointment_with_a_damaged_row_is_delivered_as_it_is(world: FollowedWorld) -> None:
    """Once, and its changes go on."""
    booked = world.booked_by_others(NOON)
    world.run()
    damage(world, "appointment", "number")
    world.run()
    world.run()
    assert world.delivered == [("created", booked)] * 2
    world.moved_by_others(booked, start=NOON + HOUR)
    world.run()
    assert world.delivered[-1] == ("updated", booked)


def test_a_damaged_row_is_named_by_health(world: FollowedWorld) -> None:
    """Until the next reading has written it anew."""
    world.booked_by_others(NOON)
    world.run()
    damage(world, "appointment", "number")
    [check] = [each for each in world.health_checks.check_all() if each.name == "unreadableRows"]
    assert (check.ok, "appointment in the table appointments" in check.text) == (False, True)


def test_a_business_with_a_damaged_row_gets_no_second_baseline(world: FollowedWorld) -> None:
    """What happened meanwhile would not be delivered."""
    first = world.booked_by_others(NOON)
    world.run()
    damage(world, "business", "baseline_at")
    second = world.booked_by_others(NOON + HOUR)
    world.run()
    assert world.delivered == [("created", first), ("created", second)]


def test_a_call_leaves_a_damaged_row_to_the_next_reading(world: FollowedWorld) -> None:
    """The call succeeds, and its appointment is delivered, too."""
    booked, _ = world.book(caller="key")
    damage(world, "appointment", "number")
    world.book(caller="key")
    world.run()
    assert world.delivered == [("created", booked.id)]
