"""What people do in Bookings, by control; and lists and answers that lack what stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.graph_world import World
from tests.unit.sandbox.graph.test_bookings import ADDRESS, ROOT, noon
from tests.unit.sandbox.graph.test_bookings_behaviours import bookings, switch

__all__ = ["bookings"]  # the fixture

pytestmark = pytest.mark.server
PEOPLE = f"/bookings/{ADDRESS}/appointments"
WINDOW = f"start={noon():%Y-%m-%dT00:00:00Z}&end={noon() + timedelta(days=2):%Y-%m-%dT00:00:00Z}"


def listed(world: World) -> dict[str, Any]:
    """Return the appointments of the calendar view, by id."""
    return {each["id"]: each for each in world.graph("GET", f"{ROOT}/calendarView?{WINDOW}").json()["value"]}


def test_people_book_move_and_cancel(bookings: World) -> None:
    """As Graph shows it: the length of the service, the staff, and when it was last changed."""
    booked = bookings.control("POST", PEOPLE, {"serviceId": "cut", "start": noon().isoformat()}, 201)
    shown = bookings.graph("GET", f"{ROOT}/appointments/{booked['id']}").json()
    assert (shown["serviceName"], shown["startDateTime"]["dateTime"][11:16]) == ("Haircut", "12:00")
    assert (shown["endDateTime"]["dateTime"][11:16], shown["customers"][0]["name"]) == ("12:30", "Kari Walk-in")
    later = (noon() + timedelta(hours=1)).isoformat()
    bookings.control("PATCH", f"{PEOPLE}/{booked['id']}", {"start": later, "staffIds": ["bob"], "serviceId": "group"})
    [moved] = listed(bookings).values()
    assert (moved["startDateTime"]["dateTime"][11:16], moved["staffMemberIds"]) == ("13:00", ["bob"])
    assert moved["serviceId"] == "group"
    bookings.control("DELETE", f"{PEOPLE}/{booked['id']}", None, 200)
    assert listed(bookings) == {}
    assert bookings.graph("GET", f"{ROOT}/appointments/{booked['id']}").status_code == 404


@pytest.mark.parametrize("body", [{}, {"serviceId": "none", "start": "2026-11-24T12:00:00Z"}, {"serviceId": "cut"}])
def test_a_booking_without_service_or_time_is_refused(bookings: World, body: dict[str, Any]) -> None:
    """With 400."""
    bookings.control("POST", PEOPLE, body, 400)


def test_an_unknown_appointment_is_404(bookings: World) -> None:
    """To change and to cancel."""
    bookings.control("PATCH", f"{PEOPLE}/none", {}, 404)
    bookings.control("DELETE", f"{PEOPLE}/none", None, 404)


def test_lists_and_answers_lack_what_stands(bookings: World) -> None:
    """Half or all, the same ones each time; off again, everything is there."""
    ids = {bookings.control("POST", PEOPLE, {"serviceId": "cut", "start": noon().isoformat()}, 201)["id"]
           for _ in range(12)}  # fmt: skip
    switch(bookings, appointmentListsLack="half", appointmentsNotFound="half")
    half = set(listed(bookings))
    assert half == set(listed(bookings))
    assert 0 < len(half) < 12
    statuses = {each: bookings.graph("GET", f"{ROOT}/appointments/{each}").status_code for each in ids}
    assert {each for each, status in statuses.items() if status == 200} == half
    switch(bookings, appointmentListsLack="all", appointmentsNotFound="all")
    assert listed(bookings) == {}
    switch(bookings, appointmentListsLack=False, appointmentsNotFound=False)
    assert set(listed(bookings)) == ids
