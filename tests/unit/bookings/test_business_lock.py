"""The business lock: no staff member is booked twice, and no caller blocks the others for long."""

from __future__ import annotations

from typing import Any

import pytest

from shared.bookings.business_lock import LOCK_TIME
from shared.bookings.requests import AppointmentChange, parse
from shared.bookings.sending import SEND_WITHIN
from shared.errors import RequestRejected
from shared.storage.leases import observed_after
from tests.support.appointments_world import ADDRESS, AppointmentWorld
from tests.support.world import START


def refused(world: AppointmentWorld, **changes: Any) -> tuple[int, str]:
    """Return status and code of the rejection of a booking."""
    with pytest.raises(RequestRejected) as caught:
        world.book(**changes)
    return caught.value.status, caught.value.problem.code


def test_concurrent_bookings_do_not_take_the_same_staff(world: AppointmentWorld) -> None:
    """The second caller waits while the first is between the availability read and the write, then gets 503."""
    other = {"customer": {"name": "Kari", "email": "kari@contoso.com"}, "staff": ["Ada"]}
    seen: list[tuple[int, str]] = []
    world.graph.after["POST", "getStaffAvailability"] = [lambda: seen.append(refused(world, **other))]
    world.book(staff=["Ada"])
    assert seen == [(503, "business_busy")]
    assert refused(world, **other) == (409, "staff_not_free")
    assert (len(world.booked), world.lease_rows.rows) == (1, {})


def test_a_move_takes_the_lock(world: AppointmentWorld) -> None:
    """A change that moves an appointment books staff, too, so it needs the lock."""
    appointment, _ = world.book(staff=["Ada"])
    later = {"start": "2026-11-24T14:00:00Z", "staff": ["Ada"], "customer": {"name": "K", "email": "k@contoso.com"}}
    seen: list[tuple[int, str]] = []
    world.graph.after["POST", "getStaffAvailability"] = [lambda: seen.append(refused(world, **later))]
    change = parse(AppointmentChange, {"start": "2026-11-24T14:00:00Z"})
    world.appointment_changer.change(ADDRESS, appointment.id, change)
    assert seen[0][0] == 503
    assert refused(world, **later) == (409, "staff_not_free")


def test_the_lock_of_a_crashed_call_expires_after_two_minutes(world: AppointmentWorld) -> None:
    """And ten seconds, in which a booking waits some seconds and is rejected."""
    with world.business_lock.hold(ADDRESS):
        left = dict(world.lease_rows.rows)
    world.lease_rows.rows.update(left)
    assert refused(world) == (503, "business_busy")
    assert 5 < sum(world.slept) < 15
    world.pass_by(observed_after(LOCK_TIME) - 2 * sum(world.slept) - 0.1)
    assert refused(world) == (503, "business_busy")
    assert world.book()[1]
    assert (world.time - START).total_seconds() == pytest.approx(observed_after(LOCK_TIME), abs=4)


def test_a_slow_call_does_not_write_after_its_lock_may_have_expired(world: AppointmentWorld) -> None:
    """The next owner of the lock must see what was created, so a slow attempt ends before the write."""
    slow = SEND_WITHIN.total_seconds() + 1
    world.graph.after["POST", "getStaffAvailability"] = [lambda: world.pass_by(slow)]
    assert refused(world) == (503, "bookings_unavailable")
    assert "POST appointments" not in world.graph.calls
    assert world.book()[1]


def test_a_move_that_was_stopped_for_the_time_of_its_lock_does_not_write(world: AppointmentWorld) -> None:
    """Another call may have booked the staff meanwhile."""
    appointment, _ = world.book(staff=["Ada"])
    stopped = LOCK_TIME.total_seconds() * 2 / 3
    world.graph.after["POST", "getStaffAvailability"] = [lambda: world.pass_by(stopped)]
    change = parse(AppointmentChange, {"start": "2026-11-24T14:00:00Z"})
    with pytest.raises(RequestRejected) as caught:
        world.appointment_changer.change(ADDRESS, appointment.id, change)
    assert (caught.value.status, caught.value.problem.code) == (503, "bookings_unavailable")
    assert "PATCH appointments" not in {call.rpartition("/")[0] for call in world.graph.calls}
    assert world.appointment_changer.change(ADDRESS, appointment.id, change).start.hour == 14
