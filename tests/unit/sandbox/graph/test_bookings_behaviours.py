"""What Bookings does in practice, each switched on by control: the truth stays, and only the answers differ."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.graph_world import APP, World, refusal
from tests.unit.sandbox.graph.test_bookings import ADDRESS, ALL, ROOT, body, noon

pytestmark = pytest.mark.server

KARI = {"@odata.type": "#microsoft.graph.bookingCustomerInformation", "customerId": "kari", "name": "Kari",
        "emailAddress": "kari@contoso.com"}  # fmt: skip
LIV = KARI | {"customerId": "liv", "name": "Liv", "emailAddress": "liv@contoso.com"}
GROUP: dict[str, Any] = {"serviceId": "group", "maximumAttendeesCount": 2, "staffMemberIds": ["bob"],
                         "preBuffer": "PT0S", "postBuffer": "PT0S"}  # fmt: skip
DAY = f"start={noon():%Y-%m-%dT00:00:00Z}&end={noon():%Y-%m-%dT23:00:00Z}"


@pytest.fixture
def bookings(world: World) -> World:
    """Return a world with a business of two people, whose app has all Bookings permissions."""
    cut = {"id": "cut", "displayName": "Haircut", "preBuffer": "PT5M", "postBuffer": "PT10M"}
    group = {"id": "group", "displayName": "Course", "maximumAttendeesCount": 2}
    world.control("POST", f"/clients/{APP}", {"roles": ALL})
    world.control("POST", "/bookings", {
        "address": ADDRESS, "timeZone": "UTC", "services": [cut, group],
        "staff": [{"id": "ada", "displayName": "Ada"}, {"id": "bob", "displayName": "Bob"}],
        "customers": [{"id": each["customerId"], "displayName": each["name"], "emailAddress": each["emailAddress"]}
                      for each in (KARI, LIV)],
    }, 201)  # fmt: skip
    return world


def switch(bookings: World, **on: Any) -> None:
    """Switch behaviours on for the business."""
    bookings.control("POST", "/behaviours", {"on": on, "of": [ADDRESS]})


def create(bookings: World, **changes: Any) -> dict[str, Any]:
    """Create an appointment and return it."""
    answer = bookings.graph("POST", f"{ROOT}/appointments", body(**changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def statuses(bookings: World, member: str) -> list[tuple[str, str]]:
    """Return the statuses of a member of staff, and when each begins."""
    window = {"startDateTime": {"dateTime": f"{noon():%Y-%m-%dT08:00:00}", "timeZone": "UTC"},
              "endDateTime": {"dateTime": f"{noon():%Y-%m-%dT17:00:00}", "timeZone": "UTC"}}  # fmt: skip
    answer = bookings.graph("POST", f"{ROOT}/getStaffAvailability", {"staffIds": [member], **window}).json()
    return [
        (each["status"], each["startDateTime"]["dateTime"][11:16]) for each in answer["value"][0]["availabilityItems"]
    ]


def test_lists_without_customers(bookings: World) -> None:
    """Both lists leave them out; by id they are there."""
    switch(bookings, listsWithoutCustomers=True)
    made = create(bookings)
    for path in (f"calendarView?{DAY}", "appointments"):
        (listed,) = bookings.get(f"{ROOT}/{path}")["value"]
        assert (listed["customers"], listed["filledAttendeesCount"]) == ([], 1)
    assert bookings.get(f"{ROOT}/appointments/{made['id']}")["customers"][0]["name"] == "Ola"


def test_ids_with_slashes(bookings: World) -> None:
    """Escaped or not they end a step of the path; by the letters of Outlook's ids they are one."""
    switch(bookings, slashesInIds=True)
    made = create(bookings)
    assert "/" in made["id"]
    for spelled in (made["id"], quote(made["id"], safe="")):
        assert refusal(bookings.graph("GET", f"{ROOT}/appointments/{spelled}"))[0] == 400
    by_other_letters = made["id"].replace("/", "-").replace("+", "_")
    assert bookings.get(f"{ROOT}/appointments/{by_other_letters}")["id"] == made["id"]


def test_a_write_is_shown_late(bookings: World) -> None:
    """Lists lag behind the creation, a change and the deletion; GET by id does not find a new one."""
    switch(bookings, appointmentListLagSeconds=60, appointmentUnseenSeconds=20)
    made = create(bookings)
    one = f"{ROOT}/appointments/{made['id']}"

    def listed() -> list[str]:
        return [
            each["startDateTime"]["dateTime"][11:16] for each in bookings.get(f"{ROOT}/calendarView?{DAY}")["value"]
        ]

    assert (refusal(bookings.graph("GET", one))[0], listed()) == (404, [])
    bookings.control("POST", "/clock", {"advanceSeconds": 30})
    assert (bookings.get(one)["id"], listed()) == (made["id"], [])
    bookings.control("POST", "/clock", {"advanceSeconds": 31})
    moved = {name: body(at=noon() + timedelta(hours=2))[name] for name in ("startDateTime", "endDateTime")}
    assert bookings.graph("PATCH", one, moved).status_code == 204
    assert listed() == ["12:00"]
    bookings.control("POST", "/clock", {"advanceSeconds": 61})
    assert listed() == ["14:00"]
    assert bookings.graph("DELETE", one).status_code == 204
    assert listed() == ["14:00"]
    bookings.control("POST", "/clock", {"advanceSeconds": 61})
    assert listed() == []


def test_availability_that_is_not_so(bookings: World) -> None:
    """Cut short by a shorter appointment, late like the lists, or free over all appointments."""
    switch(bookings, busyStaffAccepted=True)
    create(bookings)
    assert statuses(bookings, "ada") == [("available", "08:00"), ("busy", "11:55"), ("available", "12:40")]
    create(bookings, at=noon() - timedelta(minutes=5))
    switch(bookings, staffAvailabilityCutShort=True)
    assert statuses(bookings, "ada")[-1] == ("available", "12:35")
    switch(bookings, busyStaffShownFree=True)
    assert statuses(bookings, "ada") == [("available", "08:00")]
    switch(bookings, busyStaffShownFree=False, staffAvailabilityLags=True, appointmentListLagSeconds=60)
    create(bookings, at=noon() + timedelta(hours=2))
    assert ("busy", "13:55") not in statuses(bookings, "ada")


def test_what_is_not_free_is_accepted(bookings: World) -> None:
    """No page says that Bookings refuses it."""
    create(bookings)
    assert bookings.graph("POST", f"{ROOT}/appointments", body()).status_code == 400
    switch(bookings, busyStaffAccepted=True)
    create(bookings)
    assert len(bookings.control("GET", f"/bookings/{ADDRESS}")["appointments"]) == 2


def test_a_service_for_several_has_seats(bookings: World) -> None:
    """SlotsAvailable while one is left; an update replaces all customers, and each must name its type."""
    made = create(bookings, customers=[KARI], **GROUP)
    assert ("slotsAvailable", "12:00") in statuses(bookings, "bob")
    one = f"{ROOT}/appointments/{made['id']}"
    untyped = {name: value for name, value in LIV.items() if not name.startswith("@")}
    assert bookings.graph("PATCH", one, {"customers": [KARI, untyped]}).status_code == 400
    assert bookings.graph("PATCH", one, {"customers": [KARI, LIV, KARI]}).status_code == 400
    assert bookings.graph("PATCH", one, {"customers": [KARI, LIV | {"customerId": "nobody"}]}).status_code == 204
    assert bookings.get(one)["filledAttendeesCount"] == 1
    assert bookings.graph("PATCH", one, {"customers": [LIV, KARI]}).status_code == 204
    assert ("busy", "12:00") in statuses(bookings, "bob")
    assert bookings.graph("PATCH", one, {"customers": [LIV]}).status_code == 204
    assert [each["name"] for each in bookings.get(one)["customers"]] == ["Liv"]


def test_a_customer_is_deleted(bookings: World) -> None:
    """Once."""
    path = f"{ROOT}/customers/liv"
    assert [bookings.graph("DELETE", path).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(("opted_out", "kinds"), [(False, ["confirmation", "update", "cancellation"]), (True, [])])
def test_customers_get_mail_unless_they_opted_out(bookings: World, opted_out: bool, kinds: list[str]) -> None:  # noqa: FBT001  (a parameter of the test)
    """Also of a deletion, where that is switched on. A cancellation always sends."""
    switch(bookings, deleteSendsMail=True)
    for finish, more in (("DELETE", []), ("cancel", ["cancellation"] if opted_out else [])):
        before = len(mails(bookings))
        one = f"{ROOT}/appointments/{create(bookings, optOutOfCustomerEmail=opted_out)['id']}"
        assert bookings.graph("PATCH", one, {"isLocationOnline": False}).status_code == 204
        if finish == "DELETE":
            bookings.graph("DELETE", one)
        else:
            bookings.graph("POST", f"{one}/cancel", {"cancellationMessage": "Sorry"})
        assert mails(bookings)[before:] == kinds + more


def mails(bookings: World) -> list[str]:
    """Return the kinds of the mails that customers got."""
    return [each["kind"] for each in bookings.control("GET", f"/bookings/{ADDRESS}")["mails"]]


def test_a_link_comes_late(bookings: World) -> None:
    """Not in the answer of the POST, but by id."""
    switch(bookings, joinLinkLate=True)
    made = create(bookings, isLocationOnline=True)
    assert made["joinWebUrl"] is None
    assert bookings.get(f"{ROOT}/appointments/{made['id']}")["joinWebUrl"]


@pytest.mark.parametrize(("when", "number"), [("before", 0), ("after", 1)])
def test_a_write_answers_500(bookings: World, when: str, number: int) -> None:
    """Carried out or not."""
    switch(bookings, appointmentWriteFails=when)
    assert bookings.graph("POST", f"{ROOT}/appointments", body()).status_code == 500
    assert len(bookings.control("GET", f"/bookings/{ADDRESS}")["appointments"]) == number
