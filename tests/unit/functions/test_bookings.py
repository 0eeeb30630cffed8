"""The calls of the feature bookings: statuses, exactly the public fields, and nothing of a customer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from functions import bookings
from tests.support.appointments_world import ADDRESS, raising
from tests.support.booking_calls import APPOINTMENT, CANARY, CalledWorld, call_business, called_world
from tests.unit.functions.conftest import content_of
from tools.openapi import bookings as contract


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[CalledWorld]:
    """Return a world that the functions use as the process's relay."""
    with called_world(monkeypatch) as called:
        yield called


def test_every_response_has_exactly_the_fields_of_the_contract(world: CalledWorld) -> None:
    """The models of the contract reject any other field."""
    businesses = call_business(bookings.list_booking_businesses, params={"name": "hair"})
    assert contract.BookingBusinesses.model_validate(content_of(businesses)).value[0].id == ADDRESS
    opening = contract.BookingOpening.model_validate(content_of(call_business(bookings.get_booking_business)))
    assert (opening.time_zone, opening.hours[0].to, opening.minimum_lead_minutes) == ("Europe/Oslo", "17:00", 120)
    services = contract.BookingServices.model_validate(content_of(call_business(bookings.list_booking_services))).value
    assert [(service.name, service.pre_buffer_minutes, service.maximum_customers) for service in services] == [
        ("Haircut", 5, 1), ("Course", 0, 3)]  # fmt: skip
    staff = contract.BookingStaffList.model_validate(content_of(call_business(bookings.list_booking_staff))).value
    assert [member.name for member in staff] == ["Ada", "Bob", "Cid"]
    customers = content_of(call_business(bookings.search_booking_customers, "POST", {"search": "KARI"}))
    matches = contract.BookingCustomers.model_validate(customers).value
    assert [customer.email for customer in matches] == ["Kari@contoso.com"]
    window = {"from": "2026-11-24T00:00:00Z", "to": "2026-11-25T00:00:00Z", "staff": "Ada, bob"}
    free = content_of(call_business(bookings.get_booking_availability, params=window))
    availabilities = contract.StaffAvailabilities.model_validate(free).value
    assert [(member.name, [(span.status, span.start) for span in member.spans]) for member in availabilities] == [
        (name, [("available", "2026-11-24T07:00:00Z")]) for name in ("Ada", "Bob")]  # fmt: skip


def test_an_appointment_is_created_read_moved_and_cancelled(world: CalledWorld) -> None:
    """A new appointment is a 201 and a repeated call a 200, with the same body and Location."""
    first, again = (call_business(bookings.create_booking_appointment, "POST", APPOINTMENT) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    created = contract.BookedAppointment.model_validate(content_of(first))
    assert content_of(first) == content_of(again) == {
        "id": created.id, "title": "Haircut", "start": "2026-11-24T12:00:00Z", "end": "2026-11-24T12:30:00Z",
        "serviceId": "cut", "staffIds": ["ada"], "joinUrl": None, "joinUrlMissing": "not_online",
    }  # fmt: skip
    link = f"https://relay.example/api/bookings/{ADDRESS}/appointments/{created.id}"
    assert first.headers["Location"] == again.headers["Location"]
    assert unquote(first.headers["Location"]) == link
    ids = {"appointment": created.id}
    moved = call_business(bookings.change_booking_appointment, "PATCH", {"start": "2026-11-24T13:00:00Z"}, **ids)
    assert (moved.status_code, content_of(moved)["start"]) == (200, "2026-11-24T13:00:00Z")
    read = content_of(call_business(bookings.get_booking_appointment, **ids))
    assert contract.BookingAppointment.model_validate(read).end == "2026-11-24T13:30:00Z"
    for function, body in ((bookings.cancel_booking_appointment, {"message": "Sorry"}),
                           (bookings.delete_booking_appointment, b"")):  # fmt: skip
        deleted = call_business(function, "POST", body, **ids)
        assert (deleted.status_code, deleted.get_body()) == (204, b"")
    assert call_business(bookings.get_booking_appointment, **ids).status_code == 404


def test_customer_data_is_only_in_the_results_of_a_search(world: CalledWorld, caplog: pytest.LogCaptureFixture) -> None:
    """No response about appointments and no log has a customer's name, address, phone number or notes."""
    caplog.set_level("DEBUG")
    world.graph.after["POST", "appointments"] = [raising(500)]
    created = call_business(bookings.create_booking_appointment, "POST", APPOINTMENT)
    assert created.status_code == 201
    (stored,) = world.booked
    assert json.dumps(stored["customers"]).count(CANARY) == 4
    answers = [created, call_business(bookings.list_booking_appointments),
               call_business(bookings.get_booking_appointment, appointment=stored["id"]),
               call_business(bookings.get_booking_business), call_business(bookings.list_booking_staff)]  # fmt: skip
    assert not [answer for answer in answers if CANARY.encode() in answer.get_body()]
    assert CANARY not in caplog.text


def test_event_detail_allows_location_and_number_of_attendees(world: CalledWorld) -> None:
    """The names of the attendees are never returned."""
    created = content_of(call_business(bookings.create_booking_appointment, "POST", APPOINTMENT))
    world.booked[0]["serviceLocation"] = {"displayName": "Room 1"}
    world.settings.__dict__["event_detail"] = "attendees,location"
    read = content_of(call_business(bookings.get_booking_appointment, appointment=created["id"]))
    assert (read["location"], read["attendees"]) == ("Room 1", 1)
    assert set(read) == {"id", "title", "start", "end", "serviceId", "staffIds", "location", "attendees"}


def test_appointments_are_listed_in_pages(world: CalledWorld) -> None:
    """Each appointment appears once, sorted by start; a window limits the list."""
    for hour in (14, 9, 12):
        body = APPOINTMENT | {"start": f"2026-11-24T{hour:02}:00:00Z"}
        assert call_business(bookings.create_booking_appointment, "POST", body).status_code == 201
    hours, after = [], ""
    while True:
        page = content_of(call_business(bookings.list_booking_appointments, params={"pageSize": "2", "after": after}))
        contract.BookingAppointments.model_validate(page)
        hours += [appointment["start"][11:13] for appointment in page["value"]]
        if page["nextAfter"] is None:
            break
        after = page["nextAfter"]
    assert hours == ["09", "12", "14"]
    window = {"from": "2026-11-24T10:00:00Z", "to": "2026-11-24T13:00:00Z"}
    within = content_of(call_business(bookings.list_booking_appointments, params=window))["value"]
    assert [appointment["start"][11:13] for appointment in within] == ["12"]


def test_without_a_window_the_next_62_days_are_listed(world: CalledWorld) -> None:
    """A business has years of appointments: without a window of ours, each call would read all of them."""
    call_business(bookings.create_booking_appointment, "POST", APPOINTMENT)
    (before,) = world.booked
    for day, found in (("2026-11-19", 0), ("2026-11-20", 1), ("2027-01-20", 1), ("2027-01-21", 0)):
        before["startDateTime"]["dateTime"] = f"{day}T12:00:00.0000000"
        before["endDateTime"]["dateTime"] = f"{day}T12:30:00.0000000"
        assert len(content_of(call_business(bookings.list_booking_appointments))["value"]) == found
    assert [call for call in world.graph.calls if call.startswith("GET") and call.endswith("/appointments")] == []
