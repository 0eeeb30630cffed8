"""No customer of an appointment that moves gets two of a service at one time, whatever Bookings shows late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from shared.bookings.records import UNSEEN
from shared.errors import RequestRejected
from tests.support.appointments_world import NOON, AppointmentWorld, customer, lost, minutes, raising, refusal_of
from tests.unit.bookings.test_existing import LISTS

LATER = "2026-11-24T13:00:00Z"
IN_PROGRESS = (503, "appointment_in_progress")
NOT_FREE = (409, "staff_not_free")
NAMES = ["whole", "without-customers", "late", "all"]


class Killed(BaseException):
    """The process ends here."""


def killed() -> None:
    """End the process."""
    raise Killed


def starts(world: AppointmentWorld) -> list[str]:
    """Return when the appointments are."""
    return sorted(each["startDateTime"]["dateTime"][11:16] for each in world.booked)


def refusal_to_move(world: AppointmentWorld, appointment: str) -> tuple[int, str]:
    """Return status and code of the rejection of a move to one o'clock."""
    return refusal_of(lambda: world.change(appointment, start=LATER))


@pytest.fixture(params=LISTS, ids=NAMES)
def listing(world: AppointmentWorld, request: pytest.FixtureRequest) -> AppointmentWorld:
    """Return a world whose lists may lack customers, and may be late."""
    world.switch(busyStaffAccepted=True, **request.param)
    return world


def test_a_customer_is_not_moved_to_another_appointment_of_the_service(listing: AppointmentWorld) -> None:
    """The staff of both is free, and only the customer is not. Another customer's appointment is not in the way."""
    first, _ = listing.book(staff=["Ada"])
    other, _ = listing.book(staff=["Bob"], start=LATER)
    assert refusal_to_move(listing, first.id) == NOT_FREE
    assert (starts(listing), len(listing.booked)) == (["12:00", "13:00"], 2)
    listing.appointment_changer.cancel("haircut@contoso.com", other.id, None)
    listing.book(staff=["Bob"], start=LATER, customer=customer("Kari"))
    listing.change(first.id, start=LATER)
    assert starts(listing) == ["13:00", "13:00"]


def test_the_second_move_to_the_same_time_is_refused(listing: AppointmentWorld) -> None:
    """Although lists may still show the first one at its old time."""
    first, _ = listing.book(staff=["Ada"])
    second, _ = listing.book(staff=["Bob"], start="2026-11-24T15:00:00Z")
    listing.pass_by(200)
    listing.change(first.id, start=LATER)
    assert refusal_to_move(listing, second.id) == NOT_FREE


def test_a_moved_customer_is_not_booked_at_the_new_time(listing: AppointmentWorld) -> None:
    """A late list shows the appointment at its old time, with its customer."""
    first, _ = listing.book(staff=["Ada"])
    listing.pass_by(200)
    at = f"{NOON + minutes(15):%Y-%m-%dT%H:%M:%SZ}"
    listing.change(first.id, start=at)
    assert listing.refusal(staff=["Bob"], start=at) == NOT_FREE
    assert len(listing.booked) == 1


@pytest.mark.parametrize("fault", [lost, raising(500), killed], ids=["lost", "500", "killed"])
def test_a_creation_without_an_answer_is_in_the_way(listing: AppointmentWorld, fault: Callable[[], None]) -> None:
    """Lists may not show it yet."""
    first, _ = listing.book(staff=["Ada"])
    listing.graph.after["POST", "appointments"] = [fault]
    with suppress(RequestRejected, Killed):
        listing.book(staff=["Bob"], start=LATER)
    assert refusal_to_move(listing, first.id) in (IN_PROGRESS, NOT_FREE)
    listing.pass_by(140)
    assert refusal_to_move(listing, first.id) == NOT_FREE
    assert starts(listing) == ["12:00", "13:00"]


def test_a_move_waits_for_a_creation_that_has_looked_already(world: AppointmentWorld) -> None:
    """The creation found nothing at that time, and is about to send."""
    first, _ = world.book(staff=["Ada"])
    met: list[tuple[int, str]] = []
    world.graph.after["GET", "calendarView"] = [lambda: met.append(refusal_to_move(world, first.id))]
    assert world.book(staff=["Bob"], start=LATER)[1]
    assert (met, starts(world)) == ([IN_PROGRESS], ["12:00", "13:00"])


def test_a_creation_waits_for_a_move_that_is_being_sent(world: AppointmentWorld) -> None:
    """Afterwards it finds the moved appointment; the lease of the move is released."""
    first, _ = world.book(staff=["Ada"])
    met: list[tuple[int, str]] = []
    world.graph.before["PATCH", first.id] = [lambda: met.append(world.refusal(staff=["Bob"], start=LATER))]
    world.change(first.id, start=LATER)
    assert met == [IN_PROGRESS]
    assert world.refusal(staff=["Bob"], start=LATER, caller="other") == NOT_FREE


@pytest.mark.parametrize("is_late", [True, False], ids=["carried-out-later", "never-carried-out"])
def test_a_move_without_an_answer_may_still_come(world: AppointmentWorld, *, is_late: bool) -> None:
    """The customer gets nothing else at its time meanwhile. Repeating the move is not held up."""
    first, _ = world.book(staff=["Ada"])
    world.graph.before["PATCH", first.id] = [lost, lost]
    for _ in range(2):
        assert refusal_to_move(world, first.id) == (503, "bookings_unavailable")
    assert world.refusal(staff=["Bob"], start=LATER) == IN_PROGRESS
    if is_late:
        at = {"startDateTime": "13:00:00", "endDateTime": "13:30:00"}
        changes = {name: {"dateTime": f"2026-11-24T{time}", "timeZone": "UTC"} for name, time in at.items()}
        world.change_in_bookings(first.id, **changes)
    world.pass_by(UNSEEN.total_seconds())
    if is_late:
        assert world.refusal(staff=["Bob"], start=LATER) == NOT_FREE
    else:
        assert world.book(staff=["Bob"], start=LATER)[1]


def test_a_move_that_cannot_read_what_is_there_is_not_sent(world: AppointmentWorld) -> None:
    """A listed appointment whose GET answers 404 may be the customer's."""
    world.switch(listsWithoutCustomers=True)
    first, _ = world.book(staff=["Ada"])
    other, _ = world.book(staff=["Bob"], start=LATER)
    world.pass_by(200)
    world.graph.before["GET", other.id] = [raising(404, "ErrorItemNotFound")]
    assert refusal_to_move(world, first.id) == IN_PROGRESS
    assert starts(world) == ["12:00", "13:00"]


@pytest.mark.parametrize("lag", [0.0, 120.0], ids=["shown", "late"])
def test_a_shared_appointment_is_not_moved_to_another_of_its_customers(world: AppointmentWorld, lag: float) -> None:
    """Ola joined the other one a moment ago, and a late list shows Kari alone there."""
    world.business.services["course"]["staffMemberIds"] = ["ada", "cid"]
    first, _ = world.book(service="Course", staff=["Ada"])
    world.book(service="Course", staff=["Cid"], start=LATER, customer=customer("Kari"))
    world.pass_by(200)
    world.switch(appointmentListLagSeconds=lag)
    world.book(service="Course", staff=["Cid"], start=LATER)
    assert refusal_to_move(world, first.id) == NOT_FREE
    assert starts(world) == ["12:00", "13:00"]
