"""The same appointment is found whatever the lists of Bookings leave out, and told to nobody but its maker."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from shared.bookings.records import KEPT, SWEEP_EVERY, UNSEEN
from shared.errors import RequestRejected
from tests.support.appointments_world import ADDRESS, NOON, AppointmentWorld, customer, lost, minutes, raising

LISTS = [{}, {"listsWithoutCustomers": True}, {"appointmentListLagSeconds": 60.0, "staffAvailabilityLags": True},
         {"appointmentListLagSeconds": 60.0, "listsWithoutCustomers": True, "busyStaffShownFree": True}]  # fmt: skip


@pytest.mark.parametrize("lists", LISTS, ids=["whole", "without-customers", "late", "all"])
@pytest.mark.parametrize("fault", [None, raising(500), lost], ids=["answered", "500", "lost"])
def test_a_repeated_call_makes_no_second_appointment(
    world: AppointmentWorld, lists: dict[str, Any], fault: Any
) -> None:
    """Neither an empty list of customers, nor a late list, nor a 500 hides the appointment."""
    world.switch(busyStaffAccepted=True, **lists)
    if fault is not None:
        world.graph.after["POST", "appointments"] = [fault]
    for _ in range(4):
        with suppress(RequestRejected):
            world.book()
        world.pass_by(50)
    world.pass_by(140)
    assert not world.book()[1]
    assert len(world.booked) == 1


def test_customers_at_the_same_time_are_distinguished_without_customers_in_lists(world: AppointmentWorld) -> None:
    """Each candidate is read by its id."""
    world.switch(listsWithoutCustomers=True)
    made = {name: world.book(customer=customer(name))[0].id for name in ("Ola", "Kari")}
    assert {name: world.book(customer=customer(name))[0].id for name in ("Kari", "Ola")} == made
    assert len(set(made.values())) == 2


def test_an_appointment_that_cannot_be_read_yet_is_not_missing(world: AppointmentWorld) -> None:
    """GET by id answers 404 for a while: that is no proof. Another customer is not held up by it."""
    world.switch(appointmentUnseenSeconds=30.0)
    first, _ = world.book()
    assert world.refusal() == (503, "appointment_in_progress")
    assert world.book(customer=customer("Kari"))[1]
    world.pass_by(31)
    assert world.book() == (first, False)


def test_an_appointment_that_people_deleted_is_created_again(world: AppointmentWorld) -> None:
    """Once Bookings would have shown it."""
    first, _ = world.book()
    world.delete_in_bookings(first.id)
    assert world.refusal() == (503, "appointment_in_progress")
    world.pass_by(UNSEEN.total_seconds())
    again, is_new = world.book()
    assert (is_new, len(world.booked)) == (True, 1)
    assert again.id != first.id


def test_a_cancelled_appointment_is_created_again_at_once(world: AppointmentWorld) -> None:
    """Although lists show it for a while."""
    world.switch(appointmentListLagSeconds=60.0)
    first, _ = world.book(staff=["Ada"])
    world.pass_by(61)
    world.appointment_changer.cancel(ADDRESS, first.id, None)
    assert world.book()[1]
    assert len(world.booked) == 1


def test_bookings_may_never_return_the_customers(world: AppointmentWorld) -> None:
    """What this caller made is known by its id."""
    first, _ = world.book()
    world.change_in_bookings(first.id, customers=[])
    again, is_new = world.book()
    assert (again.id, is_new) == (first.id, False)


def test_an_appointment_that_was_moved_is_not_the_same(world: AppointmentWorld) -> None:
    """The customer may book the old time again."""
    first, _ = world.book(staff=["Ada"])
    times = {name: {"dateTime": f"2026-11-24T{at}:00", "timeZone": "UTC"}
             for name, at in (("startDateTime", "14:00"), ("endDateTime", "14:30"))}  # fmt: skip
    world.change_in_bookings(first.id, **times)
    assert world.book()[1]


@pytest.mark.parametrize("creator", ["app", "people"])
def test_an_appointment_is_hidden_from_another_caller(world: AppointmentWorld, creator: str) -> None:
    """It gets the answer that it would get for any other customer; nothing is made."""
    first, _ = world.book(caller="app-1", staff=["Ada"])
    if creator == "people":
        world.record_rows.rows.clear()
    for name in ("Ola", "Nobody"):
        assert world.refusal(caller="app-2", staff=["Ada"], customer=customer(name)) == (409, "staff_not_free")
    assert world.refusal(caller="app-2", staff=["Bob"], customer=customer("Ola")) == (409, "staff_not_free")
    assert [each["id"] for each in world.booked] == [first.id]


def test_a_call_that_died_after_the_write_finds_its_own_appointment(world: AppointmentWorld) -> None:
    """What was asked is remembered before it is sent."""

    def crash() -> None:
        raise KeyboardInterrupt

    world.switch(listsWithoutCustomers=True)
    world.graph.after["POST", "appointments"] = [crash]
    with pytest.raises(KeyboardInterrupt):
        world.book(caller="app-1")
    world.pass_by(140)
    assert world.refusal(caller="app-2") == (409, "staff_not_free")
    appointment, is_new = world.book(caller="app-1")
    assert (is_new, appointment.id) == (False, world.booked[0]["id"])


def test_a_refused_request_is_not_remembered(world: AppointmentWorld) -> None:
    """So an appointment that people make afterwards is not taken for its own."""
    world.graph.before["POST", "appointments"] = [raising(400, "InvalidStaff")]
    assert world.refusal(caller="app-1")[0] == 422
    rows = {(row["PartitionKey"].partition("-")[0], row.get("state")) for row in world.record_rows.rows.values()}
    assert rows == set()


def test_rows_hold_no_customer_and_end(world: AppointmentWorld) -> None:
    """They hold hashes, ids of Bookings and times, and go some days after the appointment."""
    world.book()
    text = repr(list(world.record_rows.rows.values())).lower()
    assert "ola" not in text
    assert "haircut@" not in text
    world.time = NOON + minutes(30) + KEPT + SWEEP_EVERY + timedelta(days=2)
    world.book(start="2026-12-01T12:00:00Z")
    kept = [row for row in world.record_rows.rows.values() if row["PartitionKey"] == "appointment"]
    assert len(kept) == 2


def test_a_secret_that_comes_with_an_upgrade_changes_no_appointment(world: AppointmentWorld) -> None:
    """What was asked before is found by its plain key; new rows have keys that nobody can compute."""
    first, _ = world.book(caller="app-1")
    derived = iter(range(1, 100))
    world.__dict__["identifiers"] = lambda *_: f"{next(derived):032x}"
    for part in ("appointment_records", "appointment_creator", "appointment_sender", "existing_appointments"):
        world.__dict__.pop(part)  # built again
    assert world.book(caller="app-1") == (first, False)
    assert world.refusal(caller="app-2") == (409, "staff_not_free")
    world.book(caller="app-1", customer=customer("Kari"))
    assert any(row["RowKey"].startswith("0" * 20) for row in world.record_rows.rows.values())


def hiding(world: AppointmentWorld, *, is_created: bool) -> Callable[[], None]:
    """Return a fault: Bookings tells no customers, and answers 500 to a call that has made its appointment or not."""

    def hide() -> None:
        for each in world.booked[-1:] if is_created else []:
            world.change_in_bookings(each["id"], customers=[])
        raising(500)()

    return hide


@pytest.mark.parametrize("lag", [0.0, 60.0])
def test_a_call_without_an_answer_has_its_appointment_without_customers(world: AppointmentWorld, lag: float) -> None:
    """By the moment of its creation; Bob is free, and is not booked."""
    world.switch(appointmentListLagSeconds=lag)
    world.graph.after["POST", "appointments"] = [hiding(world, is_created=True)]
    with suppress(RequestRejected):
        world.book()
    world.pass_by(140)
    assert (world.book()[1], len(world.booked)) == (False, 1)


def test_the_appointment_of_another_customer_stays_that_customers(world: AppointmentWorld) -> None:
    """The relay made it for the other one in the same minute, and Bookings does not tell whose it is."""
    other, _ = world.book(customer=customer("Liv"))
    world.change_in_bookings(other.id, customers=[])
    world.graph.before["POST", "appointments"] = [hiding(world, is_created=False)]
    assert world.refusal() == (503, "outcome_unknown")
    world.pass_by(UNSEEN.total_seconds())
    made, is_new = world.book()
    assert (is_new, made.id != other.id, len(world.booked)) == (True, True, 2)
