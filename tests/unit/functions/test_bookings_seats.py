"""Ids, links and pages of Bookings, as callers get them and send them back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from functions import bookings
from sandbox.tenant.graph import bookings_reads
from shared.bookings.requests import read_page_mark
from shared.errors import RequestRejected
from tests.support.appointments_world import ADDRESS, customer
from tests.support.booking_calls import APPOINTMENT, CalledWorld, call_business, called_world
from tests.unit.functions.conftest import call, content_of
from tools.openapi import bookings as contract

COURSE = APPOINTMENT | {"service": "Course"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[CalledWorld]:
    """Return a world that the functions use as the process's relay."""
    with called_world(monkeypatch) as called:
        yield called


def create(body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """Create an appointment and return the answer."""
    answer = call_business(bookings.create_booking_appointment, "POST", body)
    assert answer.status_code == status, answer.get_body()
    return content_of(answer)


def link_of(answer: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the link of an answer, and why it is missing."""
    return answer["joinUrl"], answer["joinUrlMissing"]


@pytest.mark.parametrize("spelling", ["given out", "of an earlier version", "decoded"])
def test_an_id_with_a_slash_is_read_changed_and_cancelled(world: CalledWorld, spelling: str) -> None:
    """The host leaves an escaped slash escaped; the appointment must not stand after a 204."""
    world.switch(slashesInIds=True)
    made = create(APPOINTMENT)
    (raw,) = world.business.appointments
    assert "/" in raw
    assert not set(made["id"]) & set("/+%")
    sent = {"given out": made["id"], "of an earlier version": raw.replace("/", "%2F"), "decoded": raw}[spelling]
    read = call_business(bookings.get_booking_appointment, appointment=sent)
    assert (read.status_code, content_of(read)["id"]) == (200, made["id"])
    later = {"start": "2026-11-24T13:00:00Z"}
    moved = call_business(bookings.change_booking_appointment, "PATCH", later, appointment=sent)
    assert (moved.status_code, content_of(moved)["id"]) == (200, made["id"])
    listed = content_of(call_business(bookings.list_booking_appointments))["value"]
    assert [each["id"] for each in listed] == [made["id"]]
    for _ in range(2):
        cancelled = call_business(bookings.cancel_booking_appointment, "POST", b"{}", appointment=sent)
        assert (cancelled.status_code, world.booked) == (204, [])


@pytest.mark.parametrize(
    "name", ["Repairs / Service", "Repairs %2F Service", "Repairs %2f Service", "repairs / SERVICE"]
)
def test_a_business_with_a_slash_in_its_name_is_accepted(world: CalledWorld, name: str) -> None:
    """As the host hands the name over; one whose name really has the three letters is found, too."""
    world.add("repairs@contoso.com", "Repairs / Service")
    world.add("odd@contoso.com", "Odd%2FName")
    for asked, address in ((name, "repairs@contoso.com"), ("Odd%2FName", "odd@contoso.com")):
        answer = call(bookings.get_booking_business, "GET", route_params={"business": asked})
        assert content_of(answer)["id"] == address


def test_a_business_with_an_at_sign_in_its_name_is_accepted(world: CalledWorld) -> None:
    """No address has a space."""
    world.add("work@contoso.com", "Salon @ Work")
    answer = call(bookings.get_booking_business, "GET", route_params={"business": "Salon @ Work"})
    assert (answer.status_code, content_of(answer)["id"]) == (200, "work@contoso.com")


@pytest.mark.parametrize("service", ["Repairs / Service", "50 % off", "A?b#c&d"])
def test_any_name_of_a_service_or_of_staff_is_accepted(world: CalledWorld, service: str) -> None:
    """They are sent in the body."""
    world.business.services["cut"]["displayName"] = world.business.staff["ada"]["displayName"] = service
    made = create(APPOINTMENT | {"service": service, "staff": [service]})
    assert (made["serviceId"], made["staffIds"]) == ("cut", ["ada"])


def test_each_customer_of_an_appointment_has_an_id_of_its_own(world: CalledWorld) -> None:
    """Its Location leads to it; cancelling it leaves the others, of whom nothing is told."""
    others = [create(COURSE | {"customer": customer(name)}) for name in ("canaryone", "canarytwo")]
    mine = call_business(bookings.create_booking_appointment, "POST", COURSE)
    content = contract.BookedAppointment.model_validate(content_of(mine))
    assert mine.headers["Location"].endswith(f"/appointments/{quote(content.id, safe='')}")
    assert len({content.id, *(other["id"] for other in others)}) == 3
    read = call_business(bookings.get_booking_appointment, appointment=content.id)
    assert content_of(read)["id"] == content.id
    assert b"canary" not in mine.get_body() + read.get_body()
    assert call_business(bookings.delete_booking_appointment, "DELETE", appointment=content.id).status_code == 204
    assert call_business(bookings.get_booking_appointment, appointment=content.id).status_code == 404
    (stored,) = world.booked
    assert [each["name"] for each in stored["customers"]] == ["canaryone", "canarytwo"]
    whole = content_of(call_business(bookings.list_booking_appointments))["value"][0]["id"]
    refused = call_business(bookings.delete_booking_appointment, "DELETE", appointment=whole)
    assert (refused.status_code, content_of(refused)["code"]) == (409, "appointment_shared")
    body = {"allCustomers": True}
    assert call_business(bookings.cancel_booking_appointment, "POST", body, appointment=whole).status_code == 204
    assert world.booked == []


def test_only_the_call_that_created_the_online_meeting_gets_its_link(world: CalledWorld) -> None:
    """Each other answer says why there is none."""
    online, plain = APPOINTMENT | {"online": True}, APPOINTMENT | {"start": "2026-11-24T14:00:00Z"}
    made = create(online)
    assert (made["joinUrl"][:8], made["joinUrlMissing"]) == ("https://", None)
    assert create(online, 200) == made
    moved = call_business(
        bookings.change_booking_appointment, "PATCH", {"start": "2026-11-24T13:00:00Z"}, appointment=made["id"]
    )
    assert link_of(content_of(moved)) == (None, "not_told")
    assert "joinUrl" not in content_of(call_business(bookings.get_booking_appointment, appointment=made["id"]))
    assert link_of(create(plain)) == (None, "not_online")
    first, second = create(COURSE), create(COURSE | {"customer": customer("Kari")})
    assert (bool(first["joinUrl"]), second["joinUrl"], second["joinUrlMissing"]) == (True, None, "not_told")


def test_a_link_that_comes_late_is_said_to_come(world: CalledWorld) -> None:
    """The repeated call has it."""
    world.switch(joinLinkLate=True)
    body = APPOINTMENT | {"online": True}
    assert link_of(create(body)) == (None, "not_yet")
    again = create(body, 200)
    assert (bool(again["joinUrl"]), again["joinUrlMissing"]) == (True, None)


def test_an_answer_to_another_caller_is_that_for_any_customer(world: CalledWorld) -> None:
    """Whoever has the appointment: the bodies are the same."""
    request = APPOINTMENT | {"staff": ["Ada"]}
    world.book(caller="another app", staff=["Ada"], customer=request["customer"])
    mine = call_business(bookings.create_booking_appointment, "POST", request)
    stranger = call_business(bookings.create_booking_appointment, "POST", request | {"customer": customer("Nobody")})
    assert (mine.status_code, mine.get_body()) == (409, stranger.get_body())


def test_a_search_of_customers_says_whether_it_is_complete(world: CalledWorld) -> None:
    """At most twenty are told."""
    people = [{"id": f"{n}", "displayName": f"Anna {n}", "emailAddress": f"a{n}@contoso.com"} for n in range(30)]
    world.add(customers=people)
    for search, number, is_complete in (("anna", 20, False), ("anna 2", 11, True), (".com", 0, True)):
        found = content_of(call_business(bookings.search_booking_customers, "POST", {"search": search}))
        assert (len(found["value"]), found["isComplete"]) == (number, is_complete)


def pages(world: CalledWorld, size: str) -> list[list[str]]:
    """Return the ids on each page, following nextLink, which must lead to this list alone."""
    params: dict[str, str] = {"pageSize": size, "code": "the-function-key"}
    found = []
    while True:
        answer = call_business(bookings.list_booking_appointments, params=params)
        content = content_of(answer)
        contract.BookingAppointments.model_validate(content)
        found.append([each["id"] for each in content["value"]])
        link = content["nextLink"]
        if link is None:
            assert content["nextAfter"] is None
            return found
        assert link.startswith(f"https://relay.example/api/bookings/{ADDRESS}/appointments?")
        assert "code" not in link
        params = dict(parse_qsl(urlsplit(link).query))
        assert params["after"] == content["nextAfter"]
        world.pass_by(3600 * 15)  # past midnight: the link keeps its days


@pytest.mark.parametrize("size", ["1", "2", "3", "100"])
@pytest.mark.parametrize("graphs", [2, 3, 100])
def test_a_list_goes_page_by_page_through_graphs_pages(
    world: CalledWorld, monkeypatch: pytest.MonkeyPatch, size: str, graphs: int
) -> None:
    """Each appointment is on one page, and a page needs one of Graph's."""
    monkeypatch.setattr(bookings_reads, "PAGE", graphs)
    ids = {create(APPOINTMENT | {"start": f"2026-11-24T{hour:02}:00:00Z"})["id"] for hour in (14, 9, 12, 10, 13)}
    world.graph.calls.clear()
    told = pages(world, size)
    assert sorted(each for page in told for each in page) == sorted(ids)
    assert max(map(len, told)) <= int(size)
    assert world.graph.calls.count("GET calendarView") == len(told)


def test_a_number_of_an_earlier_version_is_understood(world: CalledWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts over Graph's pages."""
    for hour in (9, 10, 12, 13, 14):
        create(APPOINTMENT | {"start": f"2026-11-24T{hour:02}:00:00Z"})
    monkeypatch.setattr(bookings_reads, "PAGE", 2)
    rest = content_of(call_business(bookings.list_booking_appointments, params={"after": "3"}))
    assert [each["start"][11:13] for each in rest["value"]] == ["13"]
    assert rest["nextAfter"]


@pytest.mark.parametrize("after", [
    "x", "skiptoken=", "$filter=a", "filter=a", "startDateTime=2020-01-01", "skipped=-1", "skipped=9999999", "²",
    "skiptoken", "skiptoken=1&select=id", "a" * 3000, "skipped=1&skiptoken=" + "1" * 3000,
])  # fmt: skip
def test_what_is_no_mark_of_a_page_is_refused(after: str) -> None:
    """A caller cannot add parameters to the call of Graph."""
    if after == "skiptoken=":  # nothing of a page: the first
        assert read_page_mark(after).page == {}
        return
    with pytest.raises(RequestRejected) as caught:
        read_page_mark(after)
    assert caught.value.status == 422
