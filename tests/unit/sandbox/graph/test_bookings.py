"""The simulated Microsoft Bookings: its permissions, rules, errors and responses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.graph_world import APP, World, fits, refusal

pytestmark = pytest.mark.server

ADDRESS = "Haircut@contoso.com"
ROOT = f"/solutions/bookingBusinesses/{ADDRESS}"
CUT = {"id": "cut", "displayName": "Haircut", "preBuffer": "PT5M", "postBuffer": "PT10M", "staffMemberIds": ["ada"]}
GROUP = {"id": "group", "displayName": "Course", "maximumAttendeesCount": 3}
ALL = ["Bookings.Read.All", "BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All"]


@pytest.fixture
def bookings(world: World) -> World:
    """Return a world with a business of two people, whose app has all Bookings permissions."""
    world.control("POST", f"/clients/{APP}", {"roles": ALL})
    world.control("POST", "/bookings", {
        "address": ADDRESS, "displayName": "Haircut & Co", "timeZone": "UTC", "services": [CUT, GROUP],
        "staff": [{"id": "ada", "displayName": "Ada"}, {"id": "bob", "displayName": "Bob"}],
        "customers": [{"id": "kari", "displayName": "Kari", "emailAddress": "kari@contoso.com"}],
    }, 201)  # fmt: skip
    return world


def noon() -> datetime:
    """Return noon of a future working day."""
    day = datetime.now(UTC) + timedelta(days=3)
    day += timedelta(days=(-day.weekday()) % 7 if day.weekday() > 4 else 0)
    return day.replace(hour=12, minute=0, second=0, microsecond=0)


def body(**changes: Any) -> dict[str, Any]:
    """Return an appointment at noon; a change to None removes a property."""
    at = changes.pop("at", noon())
    length = changes.pop("minutes", 30)
    end_at = at + timedelta(minutes=length)
    start, end = ({"dateTime": f"{one:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"} for one in (at, end_at))
    made = {
        "serviceId": "cut", "serviceName": "Haircut", "startDateTime": start, "endDateTime": end, "duration": "PT30M",
        "preBuffer": "PT5M", "postBuffer": "PT10M", "price": 0, "priceType": "notSet", "maximumAttendeesCount": 1,
        "filledAttendeesCount": 1, "staffMemberIds": ["ada"],
        "customers": [{"@odata.type": "#microsoft.graph.bookingCustomerInformation", "name": "Ola",
                       "emailAddress": "ola@contoso.com"}], **changes,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def test_responses_fit_graphs_types(bookings: World) -> None:
    """Every kind of object, in lists and alone."""
    (listed,) = bookings.get("/solutions/bookingBusinesses?query=hair")["value"]
    assert listed == {"id": ADDRESS, "displayName": "Haircut & Co"}
    assert fits("bookingBusiness", bookings.get(ROOT))
    for name, kind in (("services", "bookingService"), ("staffMembers", "bookingStaffMember"),
                       ("customers", "bookingCustomer")):  # fmt: skip
        value = bookings.get(f"{ROOT}/{name}")["value"]
        assert value
        assert all(fits(kind, one) for one in value)
    made = bookings.graph("POST", f"{ROOT}/appointments", body()).json()
    assert fits("bookingAppointment", made)
    assert fits("bookingAppointment", bookings.get(f"{ROOT}/appointments/{made['id']}"))


def test_an_appointment_is_created_listed_moved_and_cancelled(bookings: World) -> None:
    """It is in both lists, its staff is busy with both buffers, and its customer is stored."""
    made = bookings.graph("POST", f"{ROOT}/appointments", body(isLocationOnline=True))
    assert made.status_code == 201
    assert made.json()["joinWebUrl"].startswith("https://teams.microsoft.com/")
    one = f"{ROOT}/appointments/{made.json()['id']}"
    day = f"start={noon():%Y-%m-%dT00:00:00Z}&end={noon():%Y-%m-%dT23:00:00Z}"
    assert len(bookings.get(f"{ROOT}/calendarView?{day}")["value"]) == 1
    assert len(bookings.get(f"{ROOT}/appointments")["value"]) == 1
    assert len(bookings.get(f"{ROOT}/customers")["value"]) == 2
    moved = {name: body(at=noon() + timedelta(hours=2))[name] for name in ("startDateTime", "endDateTime")}
    assert bookings.graph("PATCH", one, moved).status_code == 204
    assert bookings.get(one)["startDateTime"]["dateTime"].startswith(f"{noon():%Y-%m-%d}T14:00")
    assert bookings.graph("POST", f"{one}/cancel", {"cancellationMessage": "Sorry"}).status_code == 204
    assert refusal(bookings.graph("GET", one))[0] == 404
    truth = bookings.control("GET", f"/bookings/{ADDRESS}")
    assert (truth["appointments"], truth["cancelled"][0]["cancellationMessage"]) == ([], "Sorry")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"staffMemberIds": []}, "InvalidStaff"), ({"staffMemberIds": ["bob"]}, "InvalidStaff"),
     ({"serviceId": "none"}, "InvalidService"), ({"minutes": 45}, "InvalidDuration"),
     ({"at": noon() + timedelta(hours=5)}, "OutsideBusinessHours"),
     ({"at": noon() + timedelta(days=90)}, "InvalidLeadTime"),
     ({"at": datetime.now(UTC) + timedelta(minutes=1)}, "InvalidLeadTime"), ({"duration": None}, "BadRequest"),
     ({"colour": "red"}, "RequestBodyRead"), ({"priceType": "cheap"}, "RequestBodyRead"),
     ({"customers": [{"mail": "x"}]}, "RequestBodyRead")],
)  # fmt: skip
def test_an_appointment_against_a_rule_is_400(bookings: World, changes: dict[str, Any], code: str) -> None:
    """Nothing is created."""
    assert refusal(bookings.graph("POST", f"{ROOT}/appointments", body(**changes))) == (400, code)
    assert bookings.control("GET", f"/bookings/{ADDRESS}")["appointments"] == []


def test_staff_is_not_booked_twice_and_buffers_count(bookings: World) -> None:
    """Ten minutes after and five before an appointment belong to it."""
    assert bookings.graph("POST", f"{ROOT}/appointments", body()).status_code == 201
    for minutes, status in ((0, 400), (30, 400), (44, 400), (45, 201)):
        later = body(at=noon() + timedelta(minutes=minutes))
        assert bookings.graph("POST", f"{ROOT}/appointments", later).status_code == status, minutes


def test_staff_is_available_during_opening_hours_without_appointments(bookings: World) -> None:
    """The items cover the time from opening to closing without a gap."""
    bookings.graph("POST", f"{ROOT}/appointments", body())
    asked = {"staffIds": ["ada"], "startDateTime": {"dateTime": f"{noon():%Y-%m-%dT00:00:00}", "timeZone": "UTC"},
             "endDateTime": {"dateTime": f"{noon():%Y-%m-%dT23:00:00}", "timeZone": "UTC"}}  # fmt: skip
    answer = bookings.graph("POST", f"{ROOT}/getStaffAvailability", asked).json()
    (item,) = answer["value"]
    assert fits("staffAvailabilityItem", item)
    told = [(one["status"], one["startDateTime"]["dateTime"][11:16]) for one in item["availabilityItems"]]
    assert told == [("available", "08:00"), ("busy", "11:55"), ("available", "12:40")]


@pytest.mark.parametrize(
    ("method", "path", "content", "role"),
    [("GET", "/solutions/bookingBusinesses?query=x", None, "Bookings.Read.All"),
     ("GET", ROOT, None, "BookingsAppointment.ReadWrite.All"), ("GET", f"{ROOT}/customers", None, "Bookings.Read.All"),
     ("GET", f"{ROOT}/calendarView?start=2026-11-20T00:00:00Z&end=2026-11-21T00:00:00Z", None, "Bookings.Read.All"),
     ("POST", f"{ROOT}/appointments", body(), "BookingsAppointment.ReadWrite.All"),
     ("POST", f"{ROOT}/appointments/x/cancel", {}, "Bookings.ReadWrite.All")],
)  # fmt: skip
def test_each_call_needs_its_permission(bookings: World, method: str, path: str, content: Any, role: str) -> None:
    """With every other permission it gets 403, with its own another status."""
    bookings.control("POST", f"/clients/{APP}", {"roles": ["Calendars.ReadWrite"]})
    assert refusal(bookings.graph(method, path, content))[0] == 403
    bookings.control("POST", f"/clients/{APP}", {"roles": [role]})
    assert bookings.graph(method, path, content).status_code != 403


def test_too_many_businesses_are_an_error(bookings: World) -> None:
    """Bookings requires a query then."""
    bookings.control("POST", "/settings", {"bookingsFound": 0})
    assert refusal(bookings.graph("GET", "/solutions/bookingBusinesses")) == (400, "ErrorExceededFindCountLimit")


def test_a_group_service_accepts_existing_customers(bookings: World) -> None:
    """Unknown customers are dropped silently."""
    known = {"@odata.type": "#microsoft.graph.bookingCustomerInformation", "customerId": "kari", "name": "Kari"}
    group = body(serviceId="group", maximumAttendeesCount=3, customers=[known, {"customerId": "nobody"}],
                 staffMemberIds=["bob"])  # fmt: skip
    made = bookings.graph("POST", f"{ROOT}/appointments", group)
    assert [one["customerId"] for one in made.json()["customers"]] == ["kari"]


def test_a_new_appointment_may_show_late_in_lists(bookings: World) -> None:
    """It can be read by its id immediately."""
    bookings.control("POST", "/settings", {"bookingsHiddenSeconds": 3600})
    made = bookings.graph("POST", f"{ROOT}/appointments", body()).json()
    assert bookings.get(f"{ROOT}/appointments")["value"] == []
    assert bookings.get(f"{ROOT}/appointments/{made['id']}")["id"] == made["id"]
