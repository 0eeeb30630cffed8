"""Moving, reassigning and cancelling appointments."""

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
def appointment(world: AppointmentWorld) -> Appointment:
    """Return an appointment at noon with Ada."""
    return world.book()[0]


def changed(world: AppointmentWorld, appointment_id: str, **changes: Any) -> Appointment:
    """Change an appointment and return it."""
    return world.appointment_changer.change(ADDRESS, appointment_id, parse(AppointmentChange, changes))


def refused(world: AppointmentWorld, appointment_id: str, **changes: Any) -> tuple[int, str]:
    """Return status and first words of the rejection of a change."""
    with pytest.raises(RequestRejected) as caught:
        changed(world, appointment_id, **changes)
    return caught.value.status, str(caught.value).partition(":")[0]


def test_a_moved_appointment_keeps_its_duration(world: AppointmentWorld, appointment: Appointment) -> None:
    """It may overlap its own old time, since its staff is only busy with itself there."""
    for later in (15, 120):
        at = NOON + minutes(later)
        moved = changed(world, appointment.id, start=f"{at:%Y-%m-%dT%H:%M:%SZ}")
        assert (moved.id, moved.start, moved.end, moved.staff_ids) == (appointment.id, at, at + minutes(30), ("ada",))
    (stored,) = world.booked
    assert stored["customers"][0]["name"] == "Ola"  # other fields stay


def test_an_appointment_is_reassigned_by_name(world: AppointmentWorld, appointment: Appointment) -> None:
    """The new staff member must provide the service."""
    moved = changed(world, appointment.id, staff=["Bob"])
    assert (moved.start, moved.staff_ids) == (NOON, ("bob",))
    assert refused(world, appointment.id, staff=["Cid"]) == (422, "staff")


def test_an_appointment_is_not_moved_to_a_time_when_its_staff_is_busy(
    world: AppointmentWorld, appointment: Appointment
) -> None:
    """Another appointment and its buffers are both in conflict with it."""
    customer = {"name": "K", "email": "k@contoso.com"}
    world.book(start="2026-11-24T13:00:00Z", staff=["Ada"], customer=customer)
    for start in ("2026-11-24T13:00:00Z", "2026-11-24T12:30:00Z", "2026-11-24T13:40:00Z"):
        assert refused(world, appointment.id, start=start) == (409, "start")
    assert changed(world, appointment.id, start="2026-11-24T12:15:00Z").start == NOON + minutes(15)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"start": "2026-11-24T16:00:00Z"}, (422, "start")), ({"start": "2026-11-20T11:00:00Z"}, (422, "start")),
     ({"start": "2026-11-24T13:00"}, (422, "start")), ({}, (422, "start or staff")), ({"staff": []}, (422, "staff")),
     ({"end": "x"}, (422, "end"))],
)  # fmt: skip
def test_a_change_follows_the_rules_of_a_booking(
    world: AppointmentWorld, appointment: Appointment, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """A change that breaks a rule is rejected and nothing is sent."""
    assert refused(world, appointment.id, **changes) == refusal
    assert not [call for call in world.graph.calls if call.startswith("PATCH")]


def test_a_change_may_use_the_callers_time_zone(world: AppointmentWorld, appointment: Appointment) -> None:
    """14:00 in Oslo is 13:00 UTC in winter."""
    assert changed(world, appointment.id, start="2026-11-24T14:00", timeZone="Europe/Oslo").start == NOON + minutes(60)


def test_the_lead_time_applies_to_changes_and_cancellations(world: AppointmentWorld, appointment: Appointment) -> None:
    """Within the minimum lead time an appointment can be neither moved nor cancelled."""
    world.time = NOON - minutes(119)
    assert refused(world, appointment.id, start="2026-11-24T15:00:00Z") == (422, "start")
    for message in ("Sorry", None):
        with pytest.raises(RequestRejected, match="2 hours ahead") as caught:
            world.appointment_changer.cancel(ADDRESS, appointment.id, message)
        assert caught.value.status == 422
    assert len(world.booked) == 1


@pytest.mark.parametrize("fault", [raising(500), lost])
@pytest.mark.parametrize("message", ["Sorry", None])
def test_a_cancellation_is_confirmed_although_the_response_failed(
    world: AppointmentWorld, appointment: Appointment, fault: Any, message: str | None
) -> None:
    """With or without a message; cancelling again is a no-op."""
    faults = [fault]
    world.graph.after["POST", "cancel"] = world.graph.after["DELETE", appointment.id] = faults
    for _ in range(2):
        world.appointment_changer.cancel(ADDRESS, appointment.id, message)
    assert (world.booked, faults) == ([], [])
    messages = [cancelled["cancellationMessage"] for cancelled in world.business.cancelled]
    assert messages == ([message] if message else [])


def test_a_failed_cancellation_is_503(world: AppointmentWorld, appointment: Appointment) -> None:
    """The appointment still exists."""
    world.graph.before["POST", "cancel"] = [raising(500)]
    with pytest.raises(RequestRejected) as caught:
        world.appointment_changer.cancel(ADDRESS, appointment.id, "Sorry")
    assert (caught.value.status, len(world.booked)) == (503, 1)


def test_a_cancellation_with_a_message_needs_another_permission(
    world: AppointmentWorld, appointment: Appointment
) -> None:
    """The rejection names the permission; without a message the lesser permission suffices."""
    world.client.roles -= {"Bookings.ReadWrite.All"}
    with pytest.raises(RequestRejected, match=r"Bookings\.ReadWrite\.All"):
        world.appointment_changer.cancel(ADDRESS, appointment.id, "Sorry")
    world.appointment_changer.cancel(ADDRESS, appointment.id, None)
    assert world.booked == []


def test_an_unknown_appointment_is_404_and_a_foreign_business_403(world: AppointmentWorld) -> None:
    """Graph is not called for a business that is not allowed."""
    assert refused(world, "nothing", start="2026-11-24T15:00:00Z")[0] == 404
    world.graph.calls.clear()
    with pytest.raises(RequestRejected) as caught:
        world.appointment_changer.cancel("salon@fabrikam.com", "nothing", None)
    assert (caught.value.status, world.graph.calls) == (403, [])


def test_a_change_reads_again_under_the_lock(world: AppointmentWorld, appointment: Appointment) -> None:
    """The appointment was moved meanwhile, and its old time given away: that is not its own any more."""
    world.switch(busyStaffAccepted=True)

    def give_away() -> None:
        times = {"startDateTime": NOON + minutes(120), "endDateTime": NOON + minutes(150)}
        at = {name: {"dateTime": f"{time:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"} for name, time in times.items()}
        world.change_in_bookings(appointment.id, **at)
        world.pass_by(200)
        world.book(staff=["Ada"], customer={"name": "K", "email": "k@contoso.com"})

    world.graph.after["GET", "services"] = [give_away]
    assert refused(world, appointment.id, start="2026-11-24T12:15:00Z") == (409, "start")


def test_another_appointment_within_its_own_time_is_in_the_way(
    world: AppointmentWorld, appointment: Appointment
) -> None:
    """Bookings, or people, booked the same staff twice."""
    twin = {**world.business.appointments[appointment.id], "id": "twin"}
    world.business.put(twin, world.time, minutes(0))
    assert refused(world, appointment.id, start="2026-11-24T12:15:00Z") == (409, "start")


def test_a_change_that_changes_nothing_sends_nothing_and_returns_no_link(world: AppointmentWorld) -> None:
    """The meeting was made online by another call."""
    made, _ = world.book(online=True)
    assert (bool(made.join_url), made.missing_link) == (True, "")
    same = changed(world, made.id, start="2026-11-24T12:00:00Z")
    assert (same.join_url, same.missing_link) == ("", "not_told")
    assert not [call for call in world.graph.calls if call.startswith("PATCH")]


@pytest.mark.parametrize("message", ["Sorry", None])
def test_an_unread_appointment_is_not_cancelled(world: AppointmentWorld, message: str | None) -> None:
    """Another 404 than that of a missing appointment proves nothing, nor does one for an id that nobody knows."""
    made, _ = world.book()
    for known, status in ((made.id, 404), ("AAMkunknown=", 404)):
        if known == made.id:
            world.graph.before["GET", made.id] = [raising(404, "MailboxNotEnabledForRESTAPI")]
        with pytest.raises(RequestRejected) as caught:
            world.appointment_changer.cancel(ADDRESS, known, message)
        assert (caught.value.status, len(world.booked)) == (status, 1)


def test_a_cancellation_of_what_bookings_does_not_show_yet_is_repeated(world: AppointmentWorld) -> None:
    """It was made a moment ago: the 404 does not mean that it is gone."""
    world.switch(appointmentUnseenSeconds=30.0)
    made, _ = world.book()
    with pytest.raises(RequestRejected) as caught:
        world.appointment_changer.cancel(ADDRESS, made.id, None)
    assert (caught.value.status, caught.value.retry_after) == (503, 10)
    world.pass_by(30)
    world.appointment_changer.cancel(ADDRESS, made.id, None)
    assert world.booked == []


def test_a_change_of_staff_holds_for_the_time_that_the_appointment_has_now(
    world: AppointmentWorld, appointment: Appointment
) -> None:
    """People moved it while the call waited: the new staff has to be free then, not at the old time."""
    world.switch(busyStaffAccepted=True)
    world.book(staff=["Bob"], start="2026-11-24T14:00:00Z", customer={"name": "K", "email": "k@contoso.com"})

    def move() -> None:
        times = {"startDateTime": NOON + minutes(120), "endDateTime": NOON + minutes(150)}
        at = {name: {"dateTime": f"{time:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"} for name, time in times.items()}
        world.change_in_bookings(appointment.id, **at)

    world.graph.after["GET", "services"] = [move]
    assert refused(world, appointment.id, staff=["Bob"]) == (409, "start")


def test_a_message_is_sent_as_text(world: AppointmentWorld, appointment: Appointment) -> None:
    """Bookings puts it into a mail, which may be HTML."""
    world.appointment_changer.cancel(ADDRESS, appointment.id, "R&D <a href='https://x.example'>moved</a>")
    (cancelled,) = world.business.cancelled
    assert cancelled["cancellationMessage"] == "R&D &lt;a href='https://x.example'&gt;moved&lt;/a&gt;"
