"""Claims about moving, handing over and cancelling appointments."""

from __future__ import annotations

from typing import Any

import pytest

from shared.bookings.requests import AppointmentChange, parse
from shared.errors import RequestRejected
from shared.graph.bookings.models import Appointment
from tests.support.appointments_world import (
    ADDRESS,
    NOON,
    AppointmentWorld,
    lost,
    minutes,
    raising,
)


@pytest.fixture
def made(world: AppointmentWorld) -> Appointment:
    """Make an appointment at noon with Ada."""
    return world.book()[0]


def changed(world: AppointmentWorld, appointment: str, **changes: Any) -> Appointment:
    """Change an appointment."""
    return world.appointment_changer.change(ADDRESS, appointment, parse(AppointmentChange, changes))


def refused(world: AppointmentWorld, appointment: str, **changes: Any) -> tuple[int, str]:
    """Return status and first words of the refusal that a change gets."""
    with pytest.raises(RequestRejected) as caught:
        changed(world, appointment, **changes)
    return caught.value.status, str(caught.value).partition(":")[0]


def test_an_appointment_is_moved_with_its_length(world: AppointmentWorld, made: Appointment) -> None:
    """Also by a few minutes, over itself: its own staff is free there."""
    for later in (15, 120):
        at = NOON + minutes(later)
        moved = changed(world, made.id, start=f"{at:%Y-%m-%dT%H:%M:%SZ}")
        assert (moved.id, moved.start, moved.end, moved.staff_ids) == (made.id, at, at + minutes(30), ("ada",))
    (stored,) = world.booked
    assert stored["customers"][0]["name"] == "Ola"  # what was not changed stays


def test_an_appointment_is_given_to_others(world: AppointmentWorld, made: Appointment) -> None:
    """By name, if they provide the service."""
    moved = changed(world, made.id, staff=["Bob"])
    assert (moved.start, moved.staff_ids) == (NOON, ("bob",))
    assert refused(world, made.id, staff=["Cid"]) == (422, "staff")


def test_it_is_not_moved_to_where_its_staff_is_busy(world: AppointmentWorld, made: Appointment) -> None:
    """Neither onto another appointment nor into its buffers."""
    customer = {"name": "K", "email": "k@contoso.com"}
    world.book(start="2026-11-24T13:00:00Z", staff=["Ada"], customer=customer)
    for start in ("2026-11-24T13:00:00Z", "2026-11-24T12:30:00Z", "2026-11-24T13:40:00Z"):
        assert refused(world, made.id, start=start) == (409, "start")
    assert changed(world, made.id, start="2026-11-24T12:15:00Z").start == NOON + minutes(15)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"start": "2026-11-24T16:00:00Z"}, (422, "start")), ({"start": "2026-11-20T11:00:00Z"}, (422, "start")),
     ({"start": "2026-11-24T13:00"}, (422, "start")), ({}, (422, "start or staff")), ({"staff": []}, (422, "staff")),
     ({"end": "x"}, (422, "end"))],
)  # fmt: skip
def test_a_change_keeps_the_rules(
    world: AppointmentWorld, made: Appointment, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """Nothing is sent otherwise."""
    assert refused(world, made.id, **changes) == refusal
    assert not [call for call in world.graph.calls if call.startswith("PATCH")]


def test_a_clock_of_the_callers_zone_does(world: AppointmentWorld, made: Appointment) -> None:
    """14:00 in Oslo is 13:00 UTC in winter."""
    assert changed(world, made.id, start="2026-11-24T14:00", timeZone="Europe/Oslo").start == NOON + minutes(60)


def test_too_late_is_too_late(world: AppointmentWorld, made: Appointment) -> None:
    """The lead time holds for changes and cancellations, too."""
    world.time = NOON - minutes(119)
    assert refused(world, made.id, start="2026-11-24T15:00:00Z") == (422, "start")
    for message in ("Sorry", None):
        with pytest.raises(RequestRejected, match="2 hours ahead") as caught:
            world.appointment_changer.cancel(ADDRESS, made.id, message)
        assert caught.value.status == 422
    assert len(world.booked) == 1


@pytest.mark.parametrize("fault", [raising(500), lost])
@pytest.mark.parametrize("message", ["Sorry", None])
def test_a_cancellation_is_done_whatever_is_answered(
    world: AppointmentWorld, made: Appointment, fault: Any, message: str | None
) -> None:
    """With or without a message; done again it is as good."""
    faults = [fault]
    world.graph.after["POST", "cancel"] = world.graph.after["DELETE", made.id] = faults
    for _ in range(2):
        world.appointment_changer.cancel(ADDRESS, made.id, message)
    assert (world.booked, faults) == ([], [])
    assert [one["cancellationMessage"] for one in world.business.cancelled] == ([message] if message else [])


def test_a_cancellation_that_failed_says_so(world: AppointmentWorld, made: Appointment) -> None:
    """503: it still stands."""
    world.graph.before["POST", "cancel"] = [raising(500)]
    with pytest.raises(RequestRejected) as caught:
        world.appointment_changer.cancel(ADDRESS, made.id, "Sorry")
    assert (caught.value.status, len(world.booked)) == (503, 1)


def test_a_message_needs_more_than_deleting(world: AppointmentWorld, made: Appointment) -> None:
    """The refusal names the permission; without a message the lesser one does."""
    world.client.roles -= {"Bookings.ReadWrite.All"}
    with pytest.raises(RequestRejected, match=r"Bookings\.ReadWrite\.All"):
        world.appointment_changer.cancel(ADDRESS, made.id, "Sorry")
    world.appointment_changer.cancel(ADDRESS, made.id, None)
    assert world.booked == []


def test_an_unknown_appointment_is_404_and_a_foreign_business_403(world: AppointmentWorld) -> None:
    """And Graph is not asked about a business that is not allowed."""
    assert refused(world, "nothing", start="2026-11-24T15:00:00Z")[0] == 404
    world.graph.calls.clear()
    with pytest.raises(RequestRejected) as caught:
        world.appointment_changer.cancel("salon@fabrikam.com", "nothing", None)
    assert (caught.value.status, world.graph.calls) == (403, [])
