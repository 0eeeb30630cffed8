"""Creating an appointment: by names or ids, within the rules, and never twice, whatever Graph returns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.tenant.graph import types
from shared.bookings.business_lock import LEASE_TIME
from shared.bookings.records import UNSEEN
from shared.errors import RequestRejected
from shared.graph.bookings.models import Appointment
from shared.storage.leases import observed_after
from tests.support.appointments_world import (
    ADDRESS,
    CUT,
    NOON,
    AppointmentWorld,
    lost,
    minutes,
    raising,
)

POST = ("POST", "appointments")
FREE_AFTER = observed_after(LEASE_TIME)


def refused(world: AppointmentWorld, business: str = ADDRESS, **changes: Any) -> tuple[int, str]:
    """Return status and first words of the rejection of a booking."""
    with pytest.raises(RequestRejected) as caught:
        world.book(business, **changes)
    return caught.value.status, str(caught.value).partition(":")[0]


def test_an_appointment_takes_its_defaults_from_the_service(world: AppointmentWorld) -> None:
    """Duration, buffers, price and capacity come from the service; the first free staff member is booked."""
    appointment, is_new = world.book()
    (stored,) = world.booked
    assert is_new
    assert (appointment.start, appointment.end, appointment.staff_ids) == (NOON, NOON + minutes(30), ("ada",))
    assert types.faults("bookingAppointment", stored) == []
    named = ("serviceId", "duration", "preBuffer", "postBuffer", "priceType", "maximumAttendeesCount")
    assert [stored[name] for name in named] == ["cut", "PT30M", "PT5M", "PT10M", "notSet", 1]
    assert stored["customers"][0]["emailAddress"] == "Ola@contoso.com"


@pytest.mark.parametrize("business", [ADDRESS, "Haircut & Co", "haircut & co", "HAIRCUT@contoso.com"])
@pytest.mark.parametrize("service", ["cut", "Haircut", "haircut "])
@pytest.mark.parametrize("staff", ["bob", "Bob"])
def test_names_can_be_used_for_ids(world: AppointmentWorld, business: str, service: str, staff: str) -> None:
    """Names of businesses, services and staff are case-insensitive."""
    appointment, _ = world.book(business, service=service, staff=[staff])
    assert (appointment.service_id, appointment.staff_ids) == ("cut", ("bob",))


def test_staff_can_be_named_by_address(world: AppointmentWorld) -> None:
    """An ITSM tool identifies people by their addresses."""
    assert world.book(staff=["ADA@contoso.com"])[0].staff_ids == ("ada",)


@pytest.mark.parametrize("fault", [raising(500), raising(503), raising(504), lost])
def test_an_appointment_created_despite_an_error_is_read_back(world: AppointmentWorld, fault: Any) -> None:
    """The caller gets the appointment, which exists once."""
    world.graph.after[POST] = [fault]
    created, is_new = world.book()
    assert is_new
    assert [appointment["id"] for appointment in world.booked] == [created.id]
    assert world.graph.calls.count("POST appointments") == 1


def test_an_appointment_that_appears_late_is_not_created_again(world: AppointmentWorld) -> None:
    """Neither this call nor one soon after it sends it again; a later call finds the appointment."""
    world.tenant.settings["bookingsHiddenSeconds"] = 60
    world.graph.after[POST] = [raising(500)]
    assert refused(world)[0] == 503
    assert refused(world)[0] == 503
    world.pass_by(FREE_AFTER)
    created, is_new = world.book()
    assert not is_new
    assert [appointment["id"] for appointment in world.booked] == [created.id]


def test_a_500_that_created_nothing_is_retried_by_the_caller(world: AppointmentWorld) -> None:
    """The caller's next call creates the appointment, once the Retry-After is over."""
    world.graph.before[POST] = [raising(500)]
    with pytest.raises(RequestRejected) as caught:
        world.book()
    assert (caught.value.status, caught.value.retry_after, world.booked) == (503, FREE_AFTER, [])
    world.pass_by(caught.value.retry_after or 0)
    assert world.book()[1]
    assert len(world.booked) == 1


def test_reading_back_is_retried_while_graph_fails(world: AppointmentWorld) -> None:
    """Three reads with growing delays; two were before the write."""
    world.graph.after[POST] = [raising(500)]
    world.graph.before[("GET", "calendarView")] = [lambda: None, lambda: None, raising(503), raising(503)]
    assert world.book()[1]
    assert world.slept[-3:] == [0.0, 1.0, 2.0]


def test_a_repeated_request_returns_the_existing_appointment(world: AppointmentWorld) -> None:
    """Customer, service and start identify an appointment, whichever staff member it has."""
    first, _ = world.book()
    again, is_new = world.book("Haircut & Co", customer={"name": "O. N.", "email": "OLA@contoso.com"})
    assert (again, is_new) == (first, False)
    assert refused(world, staff=["Bob"]) == (409, "The customer has this appointment with other staff")
    assert len(world.booked) == 1


def test_fifty_concurrent_callers_create_a_single_appointment(world: AppointmentWorld) -> None:
    """One call creates it; the others get the existing appointment, or 503 while it is being created."""

    def book(_: int) -> Appointment | int:
        try:
            return world.book()[0]
        except RequestRejected as refusal:
            return refusal.status

    with ThreadPoolExecutor(50) as callers:
        results = list(callers.map(book, range(50)))
    assert len(world.booked) == 1
    assert world.graph.calls.count("POST appointments") == 1
    assert {result for result in results if isinstance(result, int)} <= {503}
    assert {result.id for result in results if not isinstance(result, int)} == {world.booked[0]["id"]}


def test_the_lease_of_a_crashed_call_expires(world: AppointmentWorld) -> None:
    """After two minutes and ten seconds the next caller takes over and finds what the crashed call created."""

    def crash() -> None:
        raise KeyboardInterrupt

    world.graph.after[POST] = [crash]
    with pytest.raises(KeyboardInterrupt):
        world.book()
    assert refused(world)[0] == 503
    world.pass_by(FREE_AFTER)
    assert not world.book()[1]
    assert (len(world.booked), world.lease_rows.rows) == (1, {})


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"start": "2026-11-24T15:45:00Z"}, (422, "start")), ({"start": "2026-11-21T12:00:00Z"}, (422, "start")),
     ({"start": "2026-11-20T11:00:00Z"}, (422, "start")), ({"start": "2026-11-19T12:00:00Z"}, (422, "start")),
     ({"start": "2027-03-23T12:00:00Z"}, (422, "start")), ({"end": "2026-11-24T13:00:00Z"}, (422, "end")),
     ({"service": "Shave"}, (404, "service")), ({"staff": ["Zoe"]}, (404, "staff")),
     ({"staff": ["Cid"]}, (422, "staff")), ({"start": "2026-11-24T12:00:00"}, (422, "start")),
     ({"start": "2026-11-24T12:00:01Z"}, (422, "start")),
     ({"timeZone": "Mars/Base"}, (422, "timeZone")), ({"start": "noon"}, (422, "start")),
     ({"customer": {"name": "x", "email": "none"}}, (422, "customer.email")),
     ({"customer": {"name": "x\ny", "email": "x@contoso.com"}}, (422, "customer.name"))],
)  # fmt: skip
def test_an_invalid_booking_is_rejected_before_bookings_is_called(
    world: AppointmentWorld, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """The rejection names the field; nothing is sent and no lease is left."""
    assert refused(world, **changes) == refusal
    assert "POST appointments" not in world.graph.calls
    assert world.lease_rows.rows == {}


def test_staff_busy_within_the_buffers_is_not_booked(world: AppointmentWorld) -> None:
    """The next free staff member is booked; with none free, or with the requested one busy, it is 409."""
    for number, taken in enumerate((["ada"], ["bob"])):
        customer = {"name": "K", "email": f"k{number}@contoso.com"}
        world.book(staff=taken, start="2026-11-24T11:30:00Z", customer=customer)
        if taken == ["ada"]:
            assert refused(world, staff=["Ada"]) == (409, "start")
            assert world.book()[0].staff_ids == ("bob",)
            world.business.appointments.popitem()
            world.pass_by(UNSEEN.total_seconds())
    assert refused(world) == (409, "start")


def test_a_business_that_is_not_allowed_is_403_without_a_call_to_graph(world: AppointmentWorld) -> None:
    """An address is rejected without a call; a name is not found, although the business has the service."""
    world.add("salon@fabrikam.com", "Salon", services=[CUT])
    assert refused(world, "salon@fabrikam.com")[0] == 403
    assert world.graph.calls == []
    assert refused(world, "Salon") == (404, "business")
    assert [business.id for business in world.business_lookup.businesses_like("a")] == [ADDRESS]


def test_an_ambiguous_name_is_409(world: AppointmentWorld) -> None:
    """The caller has to use the id."""
    world.add("other@contoso.com", "Haircut & Co")
    assert refused(world, "Haircut & Co")[0] == 409


def test_a_group_service_books_stored_customers(world: AppointmentWorld) -> None:
    """An existing customer is booked by id; an unknown customer is created first."""
    world.book(service="Course", customer={"name": "Kari", "email": "kari@contoso.com"}, staff=["Ada"])
    world.book(service="Course", staff=["Bob"])
    first, second = (appointment["customers"][0]["customerId"] for appointment in world.booked)
    assert first == "kari"
    assert world.business.customers[second]["displayName"] == "Ola"


def test_an_online_appointment_has_a_join_url(world: AppointmentWorld) -> None:
    """The service's setting is the default; the caller may override it."""
    assert world.book(service="Course")[0].join_url.startswith("https://teams.")
    assert world.book(online=True)[0].join_url


def test_a_business_without_staff_selection_is_422(world: AppointmentWorld) -> None:
    """An app has to name staff, so an administrator has to allow staff selection."""
    world.business.fields["schedulingPolicy"]["allowStaffSelection"] = False
    assert refused(world) == (422, "staff")


@pytest.mark.parametrize(("role", "status"), [("Bookings.Read.All", 502), ("BookingsAppointment.ReadWrite.All", 502)])
def test_a_missing_permission_is_named(world: AppointmentWorld, role: str, status: int) -> None:
    """The rejection names the permission, so that an administrator can grant it."""
    world.client.roles = {"Bookings.Read.All", "BookingsAppointment.ReadWrite.All"} - {role}
    with pytest.raises(RequestRejected, match=role.replace(".", r"\.")) as caught:
        world.book()
    assert caught.value.status == status
    assert world.lease_rows.rows == {}


def test_a_throttled_write_is_503_and_leaves_no_lease(world: AppointmentWorld) -> None:
    """A throttled request has certainly created nothing, so the next call may write immediately."""
    world.graph.before[POST] = [raising(429)]
    assert refused(world)[0] == 503
    assert world.book()[1]


def test_a_lease_row_holds_nothing_of_the_customer(world: AppointmentWorld) -> None:
    """It holds a hash and a time."""
    world.graph.before[POST] = [raising(500)]
    assert refused(world)[0] == 503
    (row,) = world.lease_rows.rows.values()
    assert set(row) == {"PartitionKey", "RowKey", "id", "until"}
