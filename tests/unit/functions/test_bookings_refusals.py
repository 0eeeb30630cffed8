"""Claims about refused calls of the feature bookings: bad input, missing permissions, what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from functions import bookings
from tests.support.appointments_world import ADDRESS
from tests.support.booking_calls import APPOINTMENT, CANARY, CalledWorld, call_business, called_world
from tests.unit.functions.conftest import call, content_of
from tools.openapi.responses import Problem


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[CalledWorld]:
    """Return a world that the functions take for the process's relay."""
    with called_world(monkeypatch) as made:
        yield made


@pytest.mark.parametrize(
    ("function", "params"),
    [(bookings.list_booking_businesses, {}), (bookings.list_booking_businesses, {"name": " "}),
     (bookings.list_booking_businesses, {"name": "\ud800"}),
     (bookings.get_booking_availability, {}), (bookings.list_booking_appointments, {"after": "x"}),
     (bookings.list_booking_appointments, {"after": "²"}), (bookings.list_booking_appointments, {"pageSize": "0"}),
     (bookings.list_booking_appointments, {"from": "2026-11-24T10:00:00Z"}),
     (bookings.list_booking_appointments, {"from": "2026-11-24T10:00:00Z", "to": "2026-11-24T10:00:00Z"}),
     (bookings.list_booking_appointments, {"from": "2026-11-24T10:00:00Z", "to": "2027-11-24T10:00:00Z"}),
     (bookings.list_booking_appointments, {"from": "2026-11-24T10:00:00", "to": "2026-11-24T11:00:00"}),
     (bookings.list_booking_appointments, {"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59-14:00"})],
)  # fmt: skip
def test_a_parameter_that_is_not_sound_is_422(world: CalledWorld, function: Any, params: dict[str, str]) -> None:
    """And Graph is not asked."""
    answer = call_business(function, params=params)
    assert answer.status_code == 422
    Problem.model_validate(content_of(answer))
    assert world.graph.calls == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), ({}, 422), ({"search": "ka"}, 422), ({"search": " k  "}, 422), ({"search": 123}, 422),
     ({"search": CANARY, "more": 1}, 422)],
)  # fmt: skip
def test_a_search_for_customers_says_whom(world: CalledWorld, body: object, status: int) -> None:
    """In three letters at least, and what was sent is not quoted."""
    answer = call_business(bookings.search_booking_customers, "POST", body)
    assert (answer.status_code, CANARY.encode() in answer.get_body()) == (status, False)
    assert world.graph.calls == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), ({}, 422), (APPOINTMENT | {"more": 1}, 422), (APPOINTMENT | {"staff": "Ada"}, 422),
     (APPOINTMENT | {"start": 7}, 422), (APPOINTMENT | {"customer": None}, 422),
     (APPOINTMENT | {"customer": {"name": "x"}}, 422), (APPOINTMENT | {"service": ""}, 422),
     (b'{"\\ud800":1}', 422)],
)  # fmt: skip
def test_bad_bodies_are_problem_details(world: CalledWorld, body: object, status: int) -> None:
    """RFC 9457, nobody's mistake is 500, and the value is not quoted."""
    answer = call_business(bookings.create_booking_appointment, "POST", body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert CANARY.encode() not in answer.get_body()
    assert world.graph.calls == []


def test_a_customer_that_is_no_object_is_named_as_in_the_document(world: CalledWorld) -> None:
    """The text of the library's error holds the name of the schema."""
    answer = call_business(bookings.create_booking_appointment, "POST", APPOINTMENT | {"customer": None})
    text = "customer: Input should be a valid dictionary or instance of CustomerAsked"
    assert content_of(answer)["detail"] == text


@pytest.mark.parametrize(
    ("function", "body", "status"),
    [(bookings.change_booking_appointment, body, status) for body, status in (
        (b"", 400), (b"[]", 400), ({}, 422), ({"start": CANARY}, 422), ({"start": "2026-11-24T12:00:30Z"}, 422),
        ({"staff": []}, 422), ({"staff": [""]}, 422), ({"customer": {"name": CANARY}}, 422),
        ({"start": "2026-11-24T12:00", "timeZone": CANARY}, 422))]
    + [(bookings.cancel_booking_appointment, body, status) for body, status in (
        (b"[]", 400), (b"{", 400), ({"message": 1}, 422), ({"message": CANARY * 60}, 422), ({"more": CANARY}, 422))],
)  # fmt: skip
def test_bad_bodies_of_changes_are_problem_details(
    world: CalledWorld, function: Any, body: object, status: int
) -> None:
    """Told before Bookings is asked to change anything."""
    answer = call_business(function, "POST", body, appointment="x")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert CANARY.encode() not in answer.get_body()
    assert not [one for one in world.graph.calls if not one.startswith("GET")]


READING = [
    (bookings.list_booking_businesses, {"name": "hair"}, b""), (bookings.get_booking_business, {}, b""),
    (bookings.list_booking_services, {}, b""), (bookings.list_booking_staff, {}, b""),
    (bookings.search_booking_customers, {}, {"search": "kari"}), (bookings.list_booking_appointments, {}, b""),
    (bookings.get_booking_availability, {"from": "2026-11-24T00:00:00Z", "to": "2026-11-25T00:00:00Z"}, b""),
]  # fmt: skip


@pytest.mark.parametrize(("function", "params", "body"), READING)
def test_reading_needs_the_permission_to_read_and_no_other(
    world: CalledWorld, function: Any, params: dict[str, str], body: object
) -> None:
    """Without it the answer names it."""
    world.client.roles = {"Bookings.Read.All"}
    assert call_business(function, "POST", body, params).status_code == 200
    world.client.roles = {"Calendars.Read"}
    rejected = call_business(function, "POST", body, params)
    assert (rejected.status_code, "Bookings.Read.All" in content_of(rejected)["detail"]) == (502, True)


def test_writing_needs_two_permissions_and_a_message_the_third(world: CalledWorld) -> None:
    """Make, read, move and delete with two; a cancellation with a message says what it lacks."""
    world.client.roles = {"Bookings.Read.All", "BookingsAppointment.ReadWrite.All"}
    made = call_business(bookings.create_booking_appointment, "POST", APPOINTMENT)
    one = {"appointment": content_of(made)["id"]}
    moved = call_business(bookings.change_booking_appointment, "PATCH", {"start": "2026-11-24T13:00:00Z"}, **one)
    with_message = call_business(bookings.cancel_booking_appointment, "POST", {"message": "Sorry"}, **one)
    deleted = call_business(bookings.delete_booking_appointment, "DELETE", **one)
    assert [each.status_code for each in (made, moved, with_message, deleted)] == [201, 200, 502, 204]
    assert "Bookings.ReadWrite.All" in content_of(with_message)["detail"]


@pytest.mark.parametrize(("function", "body", "gone"), [
    (bookings.get_booking_appointment, b"", 404), (bookings.cancel_booking_appointment, b"{}", 204),
    (bookings.change_booking_appointment, {"start": "2026-11-24T13:00:00Z"}, 404),
    (bookings.delete_booking_appointment, b"", 204),
])  # fmt: skip
def test_an_appointment_that_is_not_there_or_not_allowed(
    world: CalledWorld, function: Any, body: object, gone: int
) -> None:
    """403 of a business that is not allowed, 404 of what there is not; what is gone already is cancelled."""
    found = {
        business: call(function, "POST", body=body, params={}, route_params={"business": business, "appointment": "x"})
        for business in ("x@fabrikam.com", "Shave", ADDRESS)
    }
    assert [answer.status_code for answer in found.values()] == [403, 404, gone]


@pytest.mark.parametrize("business", ["x@fabrikam.com", ".@contoso.com", "..", "a/b@contoso.com", "?", "a b", "\ud800"])
def test_no_name_of_a_business_leads_elsewhere(world: CalledWorld, business: str) -> None:
    """403 or 404, whatever it looks like."""
    answer = call(bookings.get_booking_business, "GET", route_params={"business": business})
    assert answer.status_code in (403, 404, 422, 502)
    assert all("bookingBusinesses" in one or "@" in one for one in world.graph.calls)


def test_too_many_businesses_ask_for_more_of_the_name(world: CalledWorld) -> None:
    """Bookings' own limit, told as what to do."""
    world.tenant.settings["bookingsFound"] = 0
    answer = call_business(bookings.list_booking_businesses, params={"name": "hair"})
    assert (answer.status_code, "more of the name" in content_of(answer)["detail"]) == (422, True)
