"""Slot bookings over HTTP: the event in the calendar, the response, and which requests are rejected."""

from __future__ import annotations

from typing import Any

import pytest

from functions.scheduling import cancel_booking, create_booking, get_booking, list_slots, move_booking
from shared.errors import GraphConflict, GraphError, GraphForbidden, GraphNotFound, GraphRejected, GraphUnavailable
from tests.support.graph_world import APP, USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.conftest import call, content_of
from tests.unit.functions.scheduling.conftest import AT, TALK, truth
from tests.unit.functions.scheduling.test_scheduling_slots import TUESDAY

pytestmark = pytest.mark.server


def booked(**changes: Any) -> dict[str, Any]:
    """Book a slot and return the booking."""
    return json_of(create_booking, 201, body=TALK | changes, route_params=AT)


def at(booking: dict[str, Any], mailbox: str = USER) -> dict[str, str]:
    """Return the route parameters of a booking."""
    return {"mailbox": mailbox, "id": booking["id"]}


def test_a_booking_becomes_an_event(world: TenantWorld) -> None:
    """The event has the title and, in its body, the customer, who is not invited; the response has public fields."""
    answer = call(create_booking, body=TALK, route_params=AT)
    booking = content_of(answer)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"https://relay.example/api/schedules/{USER}/bookings/{booking['id']}"
    (event,) = truth(world)
    assert (event["subject"], event["showAs"], event["attendees"]) == (TALK["title"], "busy", [])
    assert event["body"]["content"] == "Canary Nordmann <canary@customer.example>"
    assert event["start"]["dateTime"].startswith("2026-12-01T09:00:00")
    assert booking == {
        "id": booking["id"], "mailbox": USER,
        "event": {"id": event["immutableId"], "seriesId": None, "title": TALK["title"],
                  "start": "2026-12-01T09:00:00Z", "end": "2026-12-01T09:30:00Z", "startDate": None,
                  "endDate": None, "allDay": False, "availability": "busy", "cancelled": False,
                  "etag": event["@odata.etag"]},
    }  # fmt: skip
    assert json_of(get_booking, 200, method="GET", route_params=at(booking)) == booking


def test_the_customer_is_invited_on_request(world: TenantWorld) -> None:
    """An invitation needs the customer's address."""
    booked(invite=True)
    (event,) = truth(world)
    (attendee,) = event["attendees"]
    assert attendee["emailAddress"] == {"address": "canary@customer.example", "name": "Canary Nordmann"}
    detail = problem(create_booking, 422, body=TALK | {"invite": True, "customer": {"name": "x"}}, route_params=AT)
    assert detail.startswith("customer.email")


def test_a_taken_slot_returns_the_nearest_in_the_callers_zone(world: TenantWorld) -> None:
    """The response is a 409 problem with the member `nearest`."""
    booked()
    answer = call(create_booking, body=TALK, route_params=AT)
    content = content_of(answer)
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert [slot["start"] for slot in content["nearest"]] == [
        f"2026-12-01T{clock}:00+01:00" for clock in ("09:30", "10:30", "09:15", "10:45", "09:00")
    ]
    assert all(slot["mailboxes"] == [USER] for slot in content["nearest"])
    assert "anary" not in str(content)
    assert len(truth(world)) == 1


def test_the_same_key_books_once(world: TenantWorld) -> None:
    """The first call returns 201, a repetition 200 with the same booking."""
    headers = {"idempotency-key": "order-17"}
    first = call(create_booking, body=TALK, route_params=AT, headers=headers)
    again = call(create_booking, body=TALK, route_params=AT, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert content_of(first) == content_of(again)
    assert len(truth(world)) == 1
    other = call(create_booking, body=TALK | {"duration": 60}, route_params=AT, headers=headers)
    assert other.status_code == 422


def test_a_booking_is_moved_and_cancelled(world: TenantWorld) -> None:
    """The event moves with it; a taken slot is a 409, and a repeated cancellation is a no-op."""
    booking, other = booked(), booked(start="2026-12-01T12:00:00")
    moved = json_of(move_booking, 200, method="PATCH", body={"start": "2026-12-01T10:00:00Z"}, route_params=at(booking))
    assert (moved["event"]["start"], moved["event"]["end"]) == ("2026-12-01T10:00:00Z", "2026-12-01T10:30:00Z")
    assert moved["event"]["id"] == booking["event"]["id"]
    answer = call(move_booking, method="PATCH", body={"start": "2026-12-01T11:00:00Z"}, route_params=at(booking))
    assert answer.status_code == 409
    assert content_of(answer)["nearest"]
    for _ in range(2):
        assert call(cancel_booking, method="DELETE", route_params=at(booking)).status_code == 204
    problem(get_booking, 404, method="GET", route_params=at(booking))
    assert [event["immutableId"] for event in truth(world)] == [other["event"]["id"]]


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"start": "2026-12-01T10:01:00"}, "start"), ({"start": "2026-11-01T10:00:00"}, "start"), ({"start": 5}, "start"),
     ({"start": "2047-12-01T10:00:00"}, "start"), ({"start": "2026-12-01T10:00:00", "timeZone": None}, "start"),
     ({"start": "2027-03-28T02:30:00"}, "start"), ({"duration": 0}, "duration"), ({"duration": 31}, "duration"),
     ({"duration": "30"}, "duration"), ({"duration": 485}, "duration"), ({"title": ""}, "title"),
     ({"title": "  "}, "title"), ({"title": "a\nb"}, "title"), ({"title": "x" * 256}, "title"),
     ({"customer": None}, "customer"), ({"customer": {}}, "customer.name"), ({"timeZone": "Mars"}, "timeZone"),
     ({"customer": {"name": "x", "email": "canary"}}, "customer.email"), ({"extra": 1}, "extra"),
     ({"customer": {"name": "x\u0000"}}, "customer.name"), ({"invite": "yes"}, "invite")],
)  # fmt: skip
def test_an_invalid_booking_is_rejected_by_field(world: TenantWorld, changes: dict[str, Any], named: str) -> None:
    """The response is a 422 that names the field without its value, and no event is created."""
    detail = problem(create_booking, 422, body=TALK | changes, route_params=AT)
    assert named in detail
    assert "anary" not in detail
    assert truth(world) == []


@pytest.mark.parametrize("key", ["", "a\tb", "x" * 129, "ø"])
def test_an_invalid_idempotency_key_is_rejected(world: TenantWorld, key: str) -> None:
    """The response is a 422, and no event is created."""
    problem(create_booking, 422, body=TALK, route_params=AT, headers={"idempotency-key": key})


def test_an_unknown_or_forbidden_mailbox_is_rejected(world: TenantWorld) -> None:
    """A mailbox outside the allow-list is a 403 without a call to Graph; an unknown mailbox is a 404."""
    problem(create_booking, 403, body=TALK, route_params={"mailbox": "a@elsewhere.example"})
    assert not world.tenant.calls
    problem(create_booking, 404, body=TALK, route_params={"mailbox": "no@contoso.com"})
    for function, method in ((get_booking, "GET"), (cancel_booking, "DELETE"), (move_booking, "PATCH")):
        problem(function, 403, method=method, body={}, route_params={"mailbox": "a@elsewhere.example", "id": "x"})
    problem(get_booking, 404, method="GET", route_params={"mailbox": USER, "id": "x"})
    problem(move_booking, 404, method="PATCH", body={"start": "2026-12-01T10:00:00Z"}, route_params=at({"id": "x"}))


def test_a_read_permission_is_not_enough_to_book(world: TenantWorld) -> None:
    """The 502 names the missing permission, and the attempt does not reserve the slot."""
    world.tenant.clients[APP].roles = {"Calendars.Read"}
    assert "Calendars.ReadWrite" in problem(create_booking, 502, body=TALK, route_params=AT)
    world.tenant.clients[APP].roles = {"Calendars.ReadWrite"}
    booked()


def test_neither_title_nor_customer_is_stored(world: TenantWorld) -> None:
    """No row and no key has them."""
    booked(invite=True)
    assert world.rows.rows
    assert "anary" not in str(world.rows.rows)


@pytest.mark.parametrize(
    ("error", "status"),
    [(GraphConflict(409, "ExtensionError"), 502), (GraphRejected(412, "ErrorIrresolvableConflict"), 502),
     (GraphRejected(400, "ErrorInvalidRequest"), 422), (GraphForbidden(403, "ErrorAccessDenied"), 502),
     (GraphNotFound(404, "ErrorInvalidUser"), 404), (GraphUnavailable(503, "Busy", retry_after=3), 503)],
)  # fmt: skip
def test_an_error_of_graph_has_a_status_of_the_contract(
    world: TenantWorld, monkeypatch: pytest.MonkeyPatch, error: GraphError, status: int
) -> None:
    """The status is the same for every call, also where other calls of calendars return 409 or 412."""
    booking = booked()

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(world.graph, "call", fail)
    given = {"route_params": at(booking)}
    problem(list_slots, status, method="GET", route_params=AT, params=TUESDAY)
    problem(create_booking, status, body=TALK | {"start": "2026-12-01T13:00:00"}, route_params=AT)
    if status != 404:  # these calls take a 404 for a deleted event, as tested above
        problem(get_booking, status, method="GET", **given)
        problem(move_booking, status, method="PATCH", body={"start": "2026-12-01T10:00:00Z"}, **given)
        problem(cancel_booking, status, method="DELETE", **given)
