"""Claims about making an appointment: by names or ids, within the rules, and never two, whatever Graph answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.tenant.graph import types
from shared.bookings.create import LEASE_TIME
from shared.errors import RequestRejected
from shared.graph.bookings.models import Appointment
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


def refused(world: AppointmentWorld, business: str = ADDRESS, **changes: Any) -> tuple[int, str]:
    """Return status and first words of the refusal that a booking gets."""
    with pytest.raises(RequestRejected) as caught:
        world.book(business, **changes)
    return caught.value.status, str(caught.value).partition(":")[0]


def test_an_appointment_is_made_with_everything_that_its_service_says(world: AppointmentWorld) -> None:
    """Length, buffers, price, places; for the first of the staff that is free."""
    made, is_new = world.book()
    (stored,) = world.booked
    assert is_new
    assert (made.start, made.end, made.staff_ids) == (NOON, NOON + minutes(30), ("ada",))
    assert types.faults("bookingAppointment", stored) == []
    named = ("serviceId", "duration", "preBuffer", "postBuffer", "priceType", "maximumAttendeesCount")
    assert [stored[name] for name in named] == ["cut", "PT30M", "PT5M", "PT10M", "notSet", 1]
    assert stored["customers"][0]["emailAddress"] == "Ola@contoso.com"


@pytest.mark.parametrize("business", [ADDRESS, "Haircut & Co", "haircut & co", "HAIRCUT@contoso.com"])
@pytest.mark.parametrize("service", ["cut", "Haircut", "haircut "])
@pytest.mark.parametrize("staff", ["bob", "Bob"])
def test_names_do_as_well_as_ids(world: AppointmentWorld, business: str, service: str, staff: str) -> None:
    """In any case of letters."""
    made, _ = world.book(business, service=service, staff=[staff])
    assert (made.service_id, made.staff_ids) == ("cut", ("bob",))


def test_staff_can_be_named_by_address(world: AppointmentWorld) -> None:
    """As an ITSM tool knows people."""
    assert world.book(staff=["ADA@contoso.com"])[0].staff_ids == ("ada",)


@pytest.mark.parametrize("fault", [raising(500), raising(503), raising(504), lost])
def test_a_500_although_it_was_made_is_read_back(world: AppointmentWorld, fault: Any) -> None:
    """The caller hears of the appointment, and it stands once."""
    world.graph.after[POST] = [fault]
    made, is_new = world.book()
    assert is_new
    assert [one["id"] for one in world.booked] == [made.id]
    assert world.graph.calls.count("POST appointments") == 1


def test_a_500_that_shows_late_is_not_sent_again(world: AppointmentWorld) -> None:
    """Not by this call, not by one soon after it; a later one finds it."""
    world.tenant.settings["bookingsHiddenSeconds"] = 60
    world.graph.after[POST] = [raising(500)]
    assert refused(world)[0] == 503
    assert refused(world)[0] == 503
    world.pass_by(LEASE_TIME.total_seconds())
    made, is_new = world.book()
    assert not is_new
    assert [one["id"] for one in world.booked] == [made.id]


def test_a_500_that_made_nothing_is_looked_for_and_then_made(world: AppointmentWorld) -> None:
    """By the caller's next try, once its Retry-After is over."""
    world.graph.before[POST] = [raising(500)]
    with pytest.raises(RequestRejected) as caught:
        world.book()
    assert (caught.value.status, caught.value.retry_after, world.booked) == (503, LEASE_TIME.total_seconds(), [])
    world.pass_by(caught.value.retry_after or 0)
    assert world.book()[1]
    assert len(world.booked) == 1


def test_looking_back_goes_on_while_graph_is_away(world: AppointmentWorld) -> None:
    """Three looks, a little later each."""
    world.graph.after[POST] = [raising(500)]
    world.graph.before[("GET", "calendarView")] = [lambda: None, raising(503), raising(503)]
    assert world.book()[1]
    assert world.slept[-3:] == [0.0, 1.0, 2.0]


def test_asking_again_is_as_good(world: AppointmentWorld) -> None:
    """The same customer, service and start are the same appointment, whoever of the staff has it."""
    first, _ = world.book()
    again, is_new = world.book("Haircut & Co", customer={"name": "O. N.", "email": "OLA@contoso.com"})
    assert (again, is_new) == (first, False)
    assert refused(world, staff=["Bob"]) == (409, "The customer has it with other staff")
    assert len(world.booked) == 1


def test_fifty_callers_at_once_make_one_appointment(world: AppointmentWorld) -> None:
    """One makes it; the others hear that it stands, or that it is being made."""

    def ask(_: int) -> Appointment | int:
        try:
            return world.book()[0]
        except RequestRejected as refusal:
            return refusal.status

    with ThreadPoolExecutor(50) as callers:
        ends = list(callers.map(ask, range(50)))
    assert len(world.booked) == 1
    assert world.graph.calls.count("POST appointments") == 1
    assert {end for end in ends if isinstance(end, int)} <= {503}
    assert {end.id for end in ends if not isinstance(end, int)} == {world.booked[0]["id"]}


def test_a_crash_leaves_a_row_that_ends_by_itself(world: AppointmentWorld) -> None:
    """After two minutes the next caller takes over, and finds what the crashed one has made."""

    def crash() -> None:
        raise KeyboardInterrupt

    world.graph.after[POST] = [crash]
    with pytest.raises(KeyboardInterrupt):
        world.book()
    assert refused(world)[0] == 503
    world.pass_by(LEASE_TIME.total_seconds())
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
def test_what_breaks_a_rule_never_reaches_bookings(
    world: AppointmentWorld, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """The refusal names the field; nothing is sent, and nothing is left behind."""
    assert refused(world, **changes) == refusal
    assert "POST appointments" not in world.graph.calls
    assert world.lease_rows.rows == {}


def test_staff_that_is_busy_in_the_buffers_is_not_taken(world: AppointmentWorld) -> None:
    """The next one is, until nobody is left; then it is 409, as it is for who was named."""
    for number, taken in enumerate((["ada"], ["bob"])):
        customer = {"name": "K", "email": f"k{number}@contoso.com"}
        world.book(staff=taken, start="2026-11-24T11:30:00Z", customer=customer)
        if taken == ["ada"]:
            assert refused(world, staff=["Ada"]) == (409, "start")
            assert world.book()[0].staff_ids == ("bob",)
            world.business.appointments.popitem()
    assert refused(world) == (409, "start")


def test_a_business_that_is_not_allowed_is_403_and_graph_is_not_asked(world: AppointmentWorld) -> None:
    """By its address; by its name it is not even found, though it has the service."""
    world.add("salon@fabrikam.com", "Salon", services=[CUT])
    assert refused(world, "salon@fabrikam.com")[0] == 403
    assert world.graph.calls == []
    assert refused(world, "Salon") == (404, "business")
    assert [one.id for one in world.business_lookup.businesses_like("a")] == [ADDRESS]


def test_names_that_several_have_are_409(world: AppointmentWorld) -> None:
    """Ids tell them apart."""
    world.add("other@contoso.com", "Haircut & Co")
    assert refused(world, "Haircut & Co")[0] == 409


def test_a_service_for_several_gets_customers_that_exist(world: AppointmentWorld) -> None:
    """One who is known by their id, one who is not once they are created."""
    world.book(service="Course", customer={"name": "Kari", "email": "kari@contoso.com"}, staff=["Ada"])
    world.book(service="Course", staff=["Bob"])
    first, second = (one["customers"][0]["customerId"] for one in world.booked)
    assert first == "kari"
    assert world.business.customers[second]["displayName"] == "Ola"


def test_an_online_service_brings_the_link(world: AppointmentWorld) -> None:
    """Unless the caller wants it otherwise."""
    assert world.book(service="Course")[0].join_url.startswith("https://teams.")
    assert world.book(online=True)[0].join_url


def test_a_business_that_lets_nobody_choose_staff_says_so(world: AppointmentWorld) -> None:
    """An app has to name the staff: the customer's IT has to allow it."""
    world.business.fields["schedulingPolicy"]["allowStaffSelection"] = False
    assert refused(world) == (422, "staff")


@pytest.mark.parametrize(("role", "status"), [("Bookings.Read.All", 502), ("BookingsAppointment.ReadWrite.All", 502)])
def test_a_permission_that_is_missing_is_named(world: AppointmentWorld, role: str, status: int) -> None:
    """For the customer's IT."""
    world.client.roles = {"Bookings.Read.All", "BookingsAppointment.ReadWrite.All"} - {role}
    with pytest.raises(RequestRejected, match=role.replace(".", r"\.")) as caught:
        world.book()
    assert caught.value.status == status
    assert world.lease_rows.rows == {}


def test_throttling_is_503_and_leaves_the_way_free(world: AppointmentWorld) -> None:
    """What was throttled was surely not made."""
    world.graph.before[POST] = [raising(429)]
    assert refused(world)[0] == 503
    assert world.book()[1]


def test_nothing_of_the_customer_is_in_the_row_of_an_attempt(world: AppointmentWorld) -> None:
    """A fingerprint and a moment."""
    world.graph.before[POST] = [raising(500)]
    assert refused(world)[0] == 503
    (row,) = world.lease_rows.rows.values()
    assert set(row) == {"PartitionKey", "RowKey", "id", "until"}
