"""A call that the relay could not send leaves nothing behind, and the next one is not held up by it."""

from __future__ import annotations

import pytest

from shared.bookings.business_lock import WAIT_UNKNOWN
from shared.errors import ServiceUnavailable
from tests.support.appointments_world import AppointmentWorld, customer, lost, raising
from tests.unit.bookings.test_seats import joined, names_in


def no_place() -> None:
    """Raise the error of a business whose places are all taken, or of a login that does not answer."""
    raise ServiceUnavailable("Bookings", "has no free place")


@pytest.mark.parametrize("call", [("GET", "calendarView"), ("POST", "getStaffAvailability"), ("POST", "customers"),
                                  ("POST", "appointments")], ids=lambda call: call[1])  # fmt: skip
def test_the_next_call_books_at_once(world: AppointmentWorld, call: tuple[str, str]) -> None:
    """It is not told that another call is creating the same appointment; no customer stays behind."""
    world.graph.before[call] = [no_place]
    with pytest.raises(ServiceUnavailable):
        world.book(service="Course")
    assert (world.booked, list(world.business.customers), len(world.record_rows.rows)) == ([], ["kari"], 0)
    assert world.book(service="Course")[1]


def test_a_seat_without_a_free_place_leaves_no_customer(world: AppointmentWorld) -> None:
    """The next call takes it at once."""
    (first,) = joined(world, "Ola")
    customers = list(world.business.customers)
    world.graph.before["PATCH", first.id] = [no_place]
    with pytest.raises(ServiceUnavailable):
        joined(world, "Liv")
    assert list(world.business.customers) == customers
    joined(world, "Liv")
    assert names_in(world) == [["Ola", "Liv"]]


def test_what_may_have_been_sent_holds_the_next_call_up(world: AppointmentWorld) -> None:
    """Bookings has the appointment, and the relay could not look: nothing is made a second time."""
    world.graph.after["POST", "appointments"] = [lost]
    world.graph.before["GET", "calendarView"] = [lambda: None, lambda: None, *[no_place] * 3]
    assert world.refusal() == (503, "outcome_unknown")
    assert world.refusal() == (503, "appointment_in_progress")
    world.pass_by(WAIT_UNKNOWN)
    assert (world.book()[1], len(world.booked)) == (False, 1)


def test_a_seat_with_an_unread_result_is_not_undone(world: AppointmentWorld) -> None:
    """The customer has the seat, so the customer stays."""
    (first,) = joined(world, "Ola")
    world.graph.before["GET", first.id] = [lambda: None, no_place]
    assert world.refusal(service="Course", customer=customer("Liv")) == (503, "outcome_unknown")
    assert (names_in(world), len(world.business.customers)) == ([["Ola", "Liv"]], 3)


@pytest.mark.parametrize("fault", [raising(500), lost], ids=["500", "lost"])
def test_a_customer_that_was_created_despite_an_error_is_used_or_deleted(
    world: AppointmentWorld, fault: object
) -> None:
    """It is found by its address, and it goes when the appointment is refused."""
    assert callable(fault)
    world.graph.after["POST", "customers"] = [fault]
    world.graph.before["POST", "appointments"] = [raising(400, "InvalidStaff")]
    assert world.refusal(service="Course") == (422, "bookings_rejected")
    assert list(world.business.customers) == ["kari"]
    world.graph.after["POST", "customers"] = [fault]
    assert world.book(service="Course")[1]
    assert len(world.business.customers) == 2


def test_a_refusal_stays_when_its_customer_stays(world: AppointmentWorld) -> None:
    """The error of the deletion does not take its place."""

    def refuse_and_fail() -> None:
        world.graph.before["DELETE", list(world.business.customers)[-1]] = [no_place]
        raising(400, "InvalidStaff")()

    world.graph.before["POST", "appointments"] = [refuse_and_fail]
    assert world.refusal(service="Course") == (422, "bookings_rejected")


def test_a_storage_failure_after_the_write_holds_the_next_call_up(world: AppointmentWorld) -> None:
    """Bookings has the appointment, and its lists may not show it yet."""
    world.switch(appointmentListLagSeconds=60.0)
    world.graph.after["POST", "appointments"] = [lambda: setattr(world.record_rows, "failing", 1)]
    with pytest.raises(ServiceUnavailable):
        world.book()
    assert world.refusal() == (503, "appointment_in_progress")
    world.pass_by(WAIT_UNKNOWN)
    assert (world.book()[1], len(world.booked)) == (False, 1)
