"""Claims about turns: at a business nobody is given away twice, and nobody holds the others up for long."""

from __future__ import annotations

from typing import Any

import pytest

from shared.bookings.business_lock import LOCK_TIME
from shared.bookings.create import SEND_WITHIN
from shared.bookings.requests import AppointmentChange, parse
from shared.errors import RequestRejected
from tests.support.appointments_world import ADDRESS, AppointmentWorld


def refused(world: AppointmentWorld, **changes: Any) -> tuple[int, str]:
    """Return status and code of the refusal that a booking gets."""
    with pytest.raises(RequestRejected) as caught:
        world.book(**changes)
    return caught.value.status, caught.value.problem.code


def test_of_two_who_want_the_same_staff_one_gets_it(world: AppointmentWorld) -> None:
    """Nobody comes between reading who is free and taking them: the second waits, and is told to come again."""
    other = {"customer": {"name": "Kari", "email": "kari@contoso.com"}, "staff": ["Ada"]}
    seen: list[tuple[int, str]] = []
    world.graph.after["POST", "getStaffAvailability"] = [lambda: seen.append(refused(world, **other))]
    world.book(staff=["Ada"])
    assert seen == [(503, "business_busy")]
    assert refused(world, **other) == (409, "staff_not_free")
    assert (len(world.booked), world.lease_rows.rows) == (1, {})


def test_a_move_waits_for_its_turn(world: AppointmentWorld) -> None:
    """It takes staff, too."""
    made, _ = world.book(staff=["Ada"])
    later = {"start": "2026-11-24T14:00:00Z", "staff": ["Ada"], "customer": {"name": "K", "email": "k@contoso.com"}}
    seen: list[tuple[int, str]] = []
    world.graph.after["POST", "getStaffAvailability"] = [lambda: seen.append(refused(world, **later))]
    world.appointment_changer.change(ADDRESS, made.id, parse(AppointmentChange, {"start": "2026-11-24T14:00:00Z"}))
    assert seen[0][0] == 503
    assert refused(world, **later) == (409, "staff_not_free")


def test_a_turn_that_crashed_is_over_after_two_minutes(world: AppointmentWorld) -> None:
    """Until then nobody is given away; whoever comes in vain has waited for some seconds."""
    with world.business_lock.hold(ADDRESS):
        left = dict(world.lease_rows.rows)
    world.lease_rows.rows.update(left)
    assert refused(world) == (503, "business_busy")
    assert 5 < sum(world.slept) < 15
    world.pass_by(LOCK_TIME.total_seconds())
    assert world.book()[1]


def test_what_comes_too_late_is_not_sent(world: AppointmentWorld) -> None:
    """Whoever takes over must see what was made: a slow attempt ends before it makes anything."""
    slow = SEND_WITHIN.total_seconds() + 1
    world.graph.after["POST", "getStaffAvailability"] = [lambda: world.pass_by(slow)]
    assert refused(world) == (503, "bookings_unavailable")
    assert "POST appointments" not in world.graph.calls
    assert world.book()[1]
