"""Who is free: each source can make a time busy, and none of them can make it free."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.appointments_world import ADDRESS, NOON, AppointmentWorld, customer, minutes, refusal_of

KARI: dict[str, Any] = {"customer": customer("Kari"), "staff": ["Ada"]}


@pytest.mark.parametrize("untrue", [{"busyStaffShownFree": True}, {"staffAvailabilityLags": True,
                                    "appointmentListLagSeconds": 90.0}])  # fmt: skip
def test_staff_that_is_shown_as_available_is_not_booked_twice(world: AppointmentWorld, untrue: dict[str, Any]) -> None:
    """By the calendar view, or by what the relay has just given away."""
    world.switch(busyStaffAccepted=True, **untrue)
    world.book(staff=["Ada"])
    assert world.refusal(**KARI) == (409, "staff_not_free")
    assert world.book(customer=customer("Kari"))[0].staff_ids == ("bob",)


def test_a_longer_appointment_counts_until_its_end(world: AppointmentWorld) -> None:
    """GetStaffAvailability ends it with a shorter one that begins later."""
    world.switch(busyStaffAccepted=True, staffAvailabilityCutShort=True)
    first, _ = world.book(staff=["Ada"])
    times = {"startDateTime": "2026-11-24T10:00:00", "endDateTime": "2026-11-24T14:00:00"}
    long = {name: {"dateTime": at, "timeZone": "UTC"} for name, at in times.items()}
    world.business.put({**world.business.appointments[first.id], "id": "long", **long}, world.time, minutes(0))
    assert world.refusal(start="2026-11-24T13:00:00Z", **KARI) == (409, "staff_not_free")
    assert world.book(start="2026-11-24T14:15:00Z", **KARI)[1]


def test_other_staff_of_a_longer_appointment_is_free_for_all_of_it(world: AppointmentWorld) -> None:
    """The length of its service was shortened since: the appointment stands as long as it was."""
    service = world.business.services["cut"]
    service["defaultDuration"] = "PT1H"
    made, _ = world.book(staff=["Ada"])
    service["defaultDuration"] = "PT30M"
    world.book(staff=["Bob"], customer=customer("Kari"), start="2026-11-24T12:50:00Z")
    assert refusal_of(lambda: world.change(made.id, staff=["Bob"])) == (409, "staff_not_free")
    assert world.change(made.id, staff=["Ada"]).end == made.end


def test_the_buffers_of_other_appointments_count(world: AppointmentWorld) -> None:
    """Also of one that ends before the new one begins, by its own length of buffer."""
    world.switch(busyStaffAccepted=True, busyStaffShownFree=True)
    first, _ = world.book(staff=["Ada"])
    world.change_in_bookings(first.id, postBuffer="PT50M")
    world.pass_by(200)
    assert world.refusal(start="2026-11-24T13:15:00Z", **KARI) == (409, "staff_not_free")
    assert world.book(start="2026-11-24T13:30:00Z", **KARI)[1]


def test_an_unknown_outcome_holds_its_staff(world: AppointmentWorld) -> None:
    """Until it is known whether the appointment was made."""
    world.switch(busyStaffAccepted=True, appointmentWriteFails="after", appointmentListLagSeconds=100.0,
                 staffAvailabilityLags=True)  # fmt: skip
    assert world.refusal(staff=["Ada"]) == (503, "outcome_unknown")
    world.switch(appointmentWriteFails=False)
    assert world.refusal(**KARI) == (409, "staff_not_free")


def test_a_move_holds_its_new_time_and_a_cancellation_gives_it_back(world: AppointmentWorld) -> None:
    """At once, whatever the lists show."""
    world.switch(busyStaffAccepted=True, staffAvailabilityLags=True, appointmentListLagSeconds=100.0)
    first, _ = world.book(staff=["Ada"])
    world.pass_by(200)
    moved = world.change(first.id, start="2026-11-24T14:00:00Z")
    assert world.refusal(start="2026-11-24T14:00:00Z", **KARI) == (409, "staff_not_free")
    world.appointment_changer.cancel(ADDRESS, moved.id, None)
    world.pass_by(100)
    assert world.book(start="2026-11-24T14:00:00Z", **KARI)[1]


def test_the_availability_shows_what_the_calendar_view_says(world: AppointmentWorld) -> None:
    """A time with seats left is not busy, and spans do not overlap."""
    world.switch(busyStaffShownFree=True)
    world.book(staff=["Ada"])
    world.book(service="Course", staff=["Ada"], start="2026-11-24T14:00:00Z")
    ((_, spans),) = world.bookings_reader.availability(ADDRESS, ["Ada"], (NOON - minutes(30), NOON + minutes(180)))
    shown = [(each.status, f"{each.start:%H:%M}", f"{each.end:%H:%M}") for each in spans]
    assert shown == [("available", "11:30", "11:55"), ("busy", "11:55", "12:40"), ("available", "12:40", "14:00"),
                     ("slotsAvailable", "14:00", "14:30"), ("available", "14:30", "15:00")]  # fmt: skip
