"""A service for several customers: each has a seat of its own, and nobody sees or loses another's."""

from __future__ import annotations

from typing import Any

import pytest

from shared.graph.bookings.ids import route_id
from shared.graph.bookings.models import Appointment
from tests.support.appointments_world import (
    ADDRESS,
    COURSE,
    NOON,
    AppointmentWorld,
    customer,
    lost,
    minutes,
    raising,
    refusal_of,
)


def joined(world: AppointmentWorld, *names: str, **changes: Any) -> list[Appointment]:
    """Book the course for some customers."""
    return [world.book(service="Course", customer=customer(name), **changes)[0] for name in names]


def names_in(world: AppointmentWorld) -> list[list[str]]:
    """Return the names of the customers of each appointment in Bookings."""
    return [[each["name"] for each in appointment["customers"]] for appointment in world.booked]


def public_id(appointment: Appointment) -> str:
    """Return the id that callers get."""
    return route_id(appointment.id, appointment.seat)


def cancel(world: AppointmentWorld, appointment: Appointment, **how: Any) -> None:
    """Cancel a seat."""
    world.appointment_changer.cancel(ADDRESS, public_id(appointment), None, **how)


@pytest.mark.parametrize("lists", [{}, {"listsWithoutCustomers": True}, {"appointmentListLagSeconds": 60.0},
                                   {"appointmentListLagSeconds": 60.0, "staffAvailabilityLags": True}])  # fmt: skip
def test_later_customers_join_until_it_is_full(world: AppointmentWorld, lists: dict[str, Any]) -> None:
    """Three seats; the fourth customer gets the next free staff, or with the same staff a refusal."""
    world.switch(**lists)
    first, second, third = joined(world, "Ola", "Kari", "Liv", staff=["Ada"])
    assert first.id == second.id == third.id
    assert len({first.seat, second.seat, third.seat, ""}) == 4
    assert names_in(world) == [["Ola", "Kari", "Liv"]]
    assert world.booked[0]["filledAttendeesCount"] == 3
    assert world.refusal(service="Course", customer=customer("Per"), staff=["Ada"]) == (409, "staff_not_free")
    (other,) = joined(world, "Per")
    assert (other.id != first.id, len(world.booked)) == (True, 2)


def test_joining_again_is_the_same_place(world: AppointmentWorld) -> None:
    """Also after an answer that was lost."""
    first, second = joined(world, "Ola", "Kari")
    again = [world.book(service="Course", customer=customer(name)) for name in ("Kari", "Ola")]
    assert [(each.seat, is_new) for each, is_new in again] == [(second.seat, False), (first.seat, False)]
    for fault in (raising(500), lost):
        world.graph.after["PATCH", first.id] = [fault]
        name = f"Liv{len(names_in(world)[0])}"
        if len(names_in(world)[0]) < 3:
            assert world.book(service="Course", customer=customer(name))[1]
    assert names_in(world) == [["Ola", "Kari", "Liv2"]]


def test_what_others_gave_is_kept(world: AppointmentWorld) -> None:
    """The update replaces the whole list, so each customer goes back as it was read."""
    (first,) = joined(world, "Ola")
    (stored,) = world.booked
    more = {
        **stored["customers"][0],
        "notes": "Peanuts",
        "customQuestionAnswers": [{"questionId": "q", "answer": "25"}],
    }
    world.change_in_bookings(first.id, customers=[more])
    joined(world, "Kari")
    assert world.booked[0]["customers"][0] == more


def test_a_cancelled_seat_leaves_the_others(world: AppointmentWorld) -> None:
    """The others keep theirs; the last one ends the appointment. Again is a no-op."""
    first, second = joined(world, "Ola", "Kari")
    for _ in range(2):
        cancel(world, second)
        assert names_in(world) == [["Ola"]]
    assert refusal_of(lambda: world.bookings_reader.appointment(ADDRESS, public_id(second)))[0] == 404
    assert world.bookings_reader.appointment(ADDRESS, public_id(first)).id == first.id
    (third,) = joined(world, "Kari")
    assert third.id == first.id
    cancel(world, first)
    assert names_in(world) == [["Kari"]]
    cancel(world, third)
    assert world.booked == []


def test_nobody_cancels_or_moves_for_others_by_mistake(world: AppointmentWorld) -> None:
    """The whole appointment needs `allCustomers`; a seat that nobody has is unknown."""
    first, second = joined(world, "Ola", "Kari")
    whole = route_id(first.id)
    assert refusal_of(lambda: world.appointment_changer.cancel(ADDRESS, whole, None)) == (409, "appointment_shared")
    assert refusal_of(lambda: world.change(public_id(second), start="2026-11-24T14:00:00Z")) == (
        409,
        "appointment_shared",
    )
    stranger = route_id(first.id, "nobody")
    assert refusal_of(lambda: world.appointment_changer.cancel(ADDRESS, stranger, None)) == (
        404,
        "appointment_not_found",
    )
    assert names_in(world) == [["Ola", "Kari"]]
    moved = world.change(whole, start="2026-11-24T14:00:00Z", allCustomers=True)
    assert moved.start == NOON + minutes(120)
    world.appointment_changer.cancel(ADDRESS, whole, None, all_customers=True)
    assert world.booked == []


def test_a_customer_of_another_caller_is_hidden(world: AppointmentWorld) -> None:
    """Neither joined again nor named."""
    joined(world, "Ola", caller="app-1")
    assert world.refusal(service="Course", customer=customer("Ola"), caller="app-2") == (409, "staff_not_free")
    joined(world, "Kari", caller="app-2")
    assert names_in(world) == [["Ola", "Kari"]]


@pytest.mark.parametrize("refused", ["busy", "rejected", "late"])
def test_nothing_of_a_refused_customer_stays(world: AppointmentWorld, refused: str) -> None:
    """Staff is asked before a customer is created; who is refused afterwards is deleted again."""
    if refused == "busy":
        world.business.busy = {name: [(NOON, NOON + minutes(60))] for name in world.business.staff}
    if refused == "rejected":
        world.graph.before["POST", "appointments"] = [raising(400, "InvalidStaff")]
    if refused == "late":
        world.graph.after["POST", "customers"] = [lambda: world.pass_by(61)]
    assert world.refusal(service="Course")[0] in (409, 422, 503)
    assert list(world.business.customers) == ["kari"]
    assert {row["PartitionKey"] for row in world.record_rows.rows.values()} == set()


def test_a_customer_that_bookings_leaves_out_is_said(world: AppointmentWorld) -> None:
    """Bookings drops a customer whose id is not valid, without a word. Nothing of the call stays."""

    def lose() -> None:
        world.business.customers.popitem()

    world.graph.after["POST", "customers"] = [lose]
    assert world.refusal(service="Course") == (422, "bookings_rejected")
    assert (world.booked, list(world.business.customers)) == ([], ["kari"])
    assert world.book(service="Course")[1]


def test_a_customer_that_bookings_left_out_once_is_added(world: AppointmentWorld) -> None:
    """The caller gets one appointment with its customer."""
    unknown: dict[str, Any] = {}

    def forget() -> None:
        unknown.update([world.business.customers.popitem()])

    world.graph.before["POST", "appointments"] = [forget]
    world.graph.after["POST", "appointments"] = [lambda: world.business.customers.update(unknown)]
    assert world.book(service="Course")[1]
    assert names_in(world) == [["Ola"]]


def test_the_capacity_is_that_of_the_appointment(world: AppointmentWorld) -> None:
    """A service whose maximum was raised later does not overfill an older appointment."""
    world.business.services["course"] = {**world.business.services["course"], **COURSE, "maximumAttendeesCount": 1}
    joined(world, "Ola", staff=["Ada"])
    world.business.services["course"]["maximumAttendeesCount"] = 3
    assert world.refusal(service="Course", customer=customer("Kari"), staff=["Ada"]) == (409, "staff_not_free")


@pytest.mark.parametrize("shown", ["none", "some", "without-id"])
def test_nobody_is_removed_whom_bookings_does_not_return(world: AppointmentWorld, shown: str) -> None:
    """A new list of customers would remove them: so nobody joins, and no seat is given back."""
    _, second = joined(world, "Ola", "Kari", staff=["Ada"])
    people = world.booked[0]["customers"]
    returned = {"none": [], "some": people[1:], "without-id": [people[0] | {"customerId": None}, people[1]]}[shown]
    world.change_in_bookings(second.id, customers=returned, filledAttendeesCount=2)
    assert world.refusal(service="Course", customer=customer("Liv"), staff=["Ada"]) == (409, "staff_not_free")
    assert refusal_of(lambda: cancel(world, second)) == (409, "appointment_conflict")
    assert world.booked[0]["customers"] == returned


def test_a_seat_whose_result_cannot_be_read_is_not_undone(world: AppointmentWorld) -> None:
    """Bookings carried the update out: the customer stays, and the repeated call has the seat."""
    (first,) = joined(world, "Ola")
    world.graph.before["GET", first.id] = [lambda: None, raising(503)]
    assert world.refusal(service="Course", customer=customer("Liv")) == (503, "outcome_unknown")
    world.pass_by(140)
    again, is_new = world.book(service="Course", customer=customer("Liv"))
    assert (again.seat != first.seat, is_new, len(world.business.customers)) == (True, False, 3)
    assert names_in(world) == [["Ola", "Liv"]]


@pytest.mark.parametrize("is_again", [True, False], ids=["again", "another's"])
def test_the_last_seat_is_not_given_back_for_another_customer(world: AppointmentWorld, *, is_again: bool) -> None:
    """Bookings tells one customer, and not which: the appointment may be that customer's."""
    first, second = joined(world, "Ola", "Kari")
    if is_again:
        cancel(world, second)
    world.change_in_bookings(first.id, customers=[], filledAttendeesCount=1)
    if is_again:
        cancel(world, second)  # done before
        assert refusal_of(lambda: world.change(public_id(second), start="2026-11-24T14:00:00Z"))[0] == 404
    else:
        assert refusal_of(lambda: cancel(world, second)) == (409, "appointment_conflict")
    assert len(world.booked) == 1
    cancel(world, second if not is_again else first, all_customers=True)
    assert world.booked == []


@pytest.mark.parametrize("names", [("Ola",), ("Ola", "Kari")], ids=["last", "one of two"])
def test_a_seat_that_is_cancelled_twice_at_once_is_given_back(world: AppointmentWorld, names: tuple[str, ...]) -> None:
    """The second call finds nothing to do when its turn comes."""
    seats = joined(world, *names)
    world.graph.after["GET", "services"] = [lambda: cancel(world, seats[-1])]
    cancel(world, seats[-1])
    assert names_in(world) == [["Ola"]] * (len(names) - 1)
