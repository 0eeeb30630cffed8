"""Claims about the calls of the feature bookings: statuses, exactly the public fields, and who hears what."""

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
    """Return a world that the functions take for the process's relay."""
    with called_world(monkeypatch) as made:
        yield made


def test_every_answer_is_what_the_contract_says_to_the_field(world: CalledWorld) -> None:
    """Checked by the models, which know no other field."""
    found = call_business(bookings.list_booking_businesses, params={"name": "hair"})
    assert contract.BookingBusinesses.model_validate(content_of(found)).value[0].id == ADDRESS
    opening = contract.BookingOpening.model_validate(content_of(call_business(bookings.get_booking_business)))
    assert (opening.time_zone, opening.hours[0].to, opening.minimum_lead_minutes) == ("Europe/Oslo", "17:00", 120)
    services = contract.BookingServices.model_validate(content_of(call_business(bookings.list_booking_services))).value
    assert [(one.name, one.pre_buffer_minutes, one.maximum_customers) for one in services] == [
        ("Haircut", 5, 1), ("Course", 0, 3)]  # fmt: skip
    staff = contract.BookingStaffList.model_validate(content_of(call_business(bookings.list_booking_staff))).value
    assert [one.name for one in staff] == ["Ada", "Bob", "Cid"]
    customers = content_of(call_business(bookings.search_booking_customers, "POST", {"search": "KARI"}))
    assert [one.email for one in contract.BookingCustomers.model_validate(customers).value] == ["Kari@contoso.com"]
    window = {"from": "2026-11-24T00:00:00Z", "to": "2026-11-25T00:00:00Z", "staff": "Ada, bob"}
    free = content_of(call_business(bookings.get_booking_availability, params=window))
    spans = contract.StaffAvailabilities.model_validate(free).value
    assert [(one.name, [(span.status, span.start) for span in one.spans]) for one in spans] == [
        (name, [("available", "2026-11-24T07:00:00Z")]) for name in ("Ada", "Bob")]  # fmt: skip


def test_an_appointment_is_201_then_200_and_can_be_read_moved_and_cancelled(world: CalledWorld) -> None:
    """At its Location."""
    first, again = (call_business(bookings.create_booking_appointment, "POST", APPOINTMENT) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    made = contract.BookedAppointment.model_validate(content_of(first))
    assert content_of(first) == content_of(again) == {
        "id": made.id, "title": "Haircut", "start": "2026-11-24T12:00:00Z", "end": "2026-11-24T12:30:00Z",
        "serviceId": "cut", "staffIds": ["ada"], "joinUrl": None,
    }  # fmt: skip
    link = f"https://relay.example/api/bookings/{ADDRESS}/appointments/{made.id}"
    assert first.headers["Location"] == again.headers["Location"]
    assert unquote(first.headers["Location"]) == link
    one = {"appointment": made.id}
    moved = call_business(bookings.change_booking_appointment, "PATCH", {"start": "2026-11-24T13:00:00Z"}, **one)
    assert (moved.status_code, content_of(moved)["start"]) == (200, "2026-11-24T13:00:00Z")
    read = content_of(call_business(bookings.get_booking_appointment, **one))
    assert contract.BookingAppointment.model_validate(read).end == "2026-11-24T13:30:00Z"
    for function, body in ((bookings.cancel_booking_appointment, {"message": "Sorry"}),
                           (bookings.delete_booking_appointment, b"")):  # fmt: skip
        gone = call_business(function, "POST", body, **one)
        assert (gone.status_code, gone.get_body()) == (204, b"")
    assert call_business(bookings.get_booking_appointment, **one).status_code == 404


def test_nothing_of_a_customer_leaves_but_what_is_searched_for(
    world: CalledWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """No answer about appointments has a name, an address, a phone number or notes, and no log has."""
    caplog.set_level("DEBUG")
    world.graph.after["POST", "appointments"] = [raising(500)]
    made = call_business(bookings.create_booking_appointment, "POST", APPOINTMENT)
    assert made.status_code == 201
    (stored,) = world.booked
    assert json.dumps(stored["customers"]).count(CANARY) == 4
    answers = [made, call_business(bookings.list_booking_appointments),
               call_business(bookings.get_booking_appointment, appointment=stored["id"]),
               call_business(bookings.get_booking_business), call_business(bookings.list_booking_staff)]  # fmt: skip
    assert not [one for one in answers if CANARY.encode() in one.get_body()]
    assert CANARY not in caplog.text


def test_event_detail_allows_where_and_how_many_and_never_who(world: CalledWorld) -> None:
    """By the setting's own words."""
    made = content_of(call_business(bookings.create_booking_appointment, "POST", APPOINTMENT))
    world.booked[0]["serviceLocation"] = {"displayName": "Room 1"}
    world.settings.__dict__["event_detail"] = "attendees,location"
    read = content_of(call_business(bookings.get_booking_appointment, appointment=made["id"]))
    assert (read["location"], read["attendees"]) == ("Room 1", 1)
    assert set(read) == {"id", "title", "start", "end", "serviceId", "staffIds", "location", "attendees"}


def test_appointments_are_listed_by_date_and_by_pages(world: CalledWorld) -> None:
    """Each once, by their start."""
    for hour in (14, 9, 12):
        body = APPOINTMENT | {"start": f"2026-11-24T{hour:02}:00:00Z"}
        assert call_business(bookings.create_booking_appointment, "POST", body).status_code == 201
    found, after = [], ""
    while True:
        page = content_of(call_business(bookings.list_booking_appointments, params={"pageSize": "2", "after": after}))
        contract.BookingAppointments.model_validate(page)
        found += [one["start"][11:13] for one in page["value"]]
        if page["nextAfter"] is None:
            break
        after = page["nextAfter"]
    assert found == ["09", "12", "14"]
    window = {"from": "2026-11-24T10:00:00Z", "to": "2026-11-24T13:00:00Z"}
    within = content_of(call_business(bookings.list_booking_appointments, params=window))["value"]
    assert [one["start"][11:13] for one in within] == ["12"]
