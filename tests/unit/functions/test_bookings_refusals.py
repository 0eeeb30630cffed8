"""Rejected calls of the feature bookings: invalid input, missing permissions, unknown ids."""

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
    """Return a world that the functions use as the process's relay."""
    with called_world(monkeypatch) as called:
        yield called


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
def test_an_invalid_parameter_is_422(world: CalledWorld, function: Any, params: dict[str, str]) -> None:
    """Graph is not called."""
    answer = call_business(function, params=params)
    assert answer.status_code == 422
    Problem.model_validate(content_of(answer))
    assert world.graph.calls == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), ({}, 422), ({"search": "ka"}, 422), ({"search": " k  "}, 422), ({"search": 123}, 422),
     ({"search": CANARY, "more": 1}, 422)],
)  # fmt: skip
def test_a_search_for_customers_needs_a_text(world: CalledWorld, body: object, status: int) -> None:
    """The text has at least three characters; the error does not repeat it."""
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
def test_an_invalid_appointment_is_a_problem(world: CalledWorld, body: object, status: int) -> None:
    """The response is a 400 or 422 in the format of RFC 9457, and does not repeat the value."""
    answer = call_business(bookings.create_booking_appointment, "POST", body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert CANARY.encode() not in answer.get_body()
    assert world.graph.calls == []


def test_the_error_for_an_invalid_customer_has_the_name_of_the_schema(world: CalledWorld) -> None:
    """The validation library puts the name of the model class into its text, which callers may read."""
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
def test_an_invalid_change_is_a_problem(world: CalledWorld, function: Any, body: object, status: int) -> None:
    """The request is rejected before Bookings is called to change anything."""
    answer = call_business(function, "POST", body, appointment="x")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert CANARY.encode() not in answer.get_body()
    assert not [sent for sent in world.graph.calls if not sent.startswith("GET")]


READING = [
    (bookings.list_booking_businesses, {"name": "hair"}, b""), (bookings.get_booking_business, {}, b""),
    (bookings.list_booking_services, {}, b""), (bookings.list_booking_staff, {}, b""),
    (bookings.search_booking_customers, {}, {"search": "kari"}), (bookings.list_booking_appointments, {}, b""),
    (bookings.get_booking_availability, {"from": "2026-11-24T00:00:00Z", "to": "2026-11-25T00:00:00Z"}, b""),
]  # fmt: skip


@pytest.mark.parametrize(("function", "params", "body"), READING)
def test_reading_needs_only_the_read_permission(
    world: CalledWorld, function: Any, params: dict[str, str], body: object
) -> None:
    """Without it the response names it."""
    world.client.roles = {"Bookings.Read.All"}
    assert call_business(function, "POST", body, params).status_code == 200
    world.client.roles = {"Calendars.Read"}
    rejected = call_business(function, "POST", body, params)
    assert (rejected.status_code, "Bookings.Read.All" in content_of(rejected)["detail"]) == (502, True)


def test_writing_needs_two_permissions_and_a_message_a_third(world: CalledWorld) -> None:
    """Two permissions suffice to create, read, move and delete; a cancellation with a message names the third."""
    world.client.roles = {"Bookings.Read.All", "BookingsAppointment.ReadWrite.All"}
    created = call_business(bookings.create_booking_appointment, "POST", APPOINTMENT)
    ids = {"appointment": content_of(created)["id"]}
    moved = call_business(bookings.change_booking_appointment, "PATCH", {"start": "2026-11-24T13:00:00Z"}, **ids)
    with_message = call_business(bookings.cancel_booking_appointment, "POST", {"message": "Sorry"}, **ids)
    deleted = call_business(bookings.delete_booking_appointment, "DELETE", **ids)
    assert [each.status_code for each in (created, moved, with_message, deleted)] == [201, 200, 502, 204]
    assert "Bookings.ReadWrite.All" in content_of(with_message)["detail"]


@pytest.mark.parametrize(("function", "body", "unknown"), [
    (bookings.get_booking_appointment, b"", 404), (bookings.cancel_booking_appointment, b"{}", 404),
    (bookings.change_booking_appointment, {"start": "2026-11-24T13:00:00Z"}, 404),
    (bookings.delete_booking_appointment, b"", 404),
])  # fmt: skip
def test_an_unknown_or_forbidden_appointment_is_rejected(
    world: CalledWorld, function: Any, body: object, unknown: int
) -> None:
    """A forbidden business is a 403, and an unknown one a 404; so is an appointment that was never known."""
    answers = {
        business: call(function, "POST", body=body, params={}, route_params={"business": business, "appointment": "x"})
        for business in ("x@fabrikam.com", "Shave", ADDRESS)
    }
    assert [answer.status_code for answer in answers.values()] == [403, 404, unknown]


@pytest.mark.parametrize(
    "business",
    [
        "x@fabrikam.com",
        ".@contoso.com",
        "..",
        "a/b@contoso.com",
        "?",
        "a b",
        "\ud800",
        "a%2fb@contoso.com",
        "a#b@contoso.com",
        "a@contoso.com/x",
        "a?b@contoso.com",
    ],
)
def test_no_business_name_leads_to_another_path(world: CalledWorld, business: str) -> None:
    """Every malformed name is rejected, and Graph is called only below bookingBusinesses."""
    answer = call(bookings.get_booking_business, "GET", route_params={"business": business})
    assert answer.status_code in (403, 404, 422, 502)
    assert all("bookingBusinesses" in sent or "@" in sent for sent in world.graph.calls)


def test_too_many_matching_businesses_are_422(world: CalledWorld) -> None:
    """The detail says to send more of the name, since Bookings limits its result."""
    world.tenant.settings["bookingsFound"] = 0
    answer = call_business(bookings.list_booking_businesses, params={"name": "hair"})
    assert (answer.status_code, "more of the name" in content_of(answer)["detail"]) == (422, True)
