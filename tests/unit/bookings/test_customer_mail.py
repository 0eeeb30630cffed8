"""CUSTOMER_INVITATIONS=false: Bookings sends no mail to a customer, whatever is done to the appointment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.graph.bookings.ids import route_id
from tests.support.appointments_world import ADDRESS, COURSE, CUT, AppointmentWorld, customer, raising, refusal_of

REMINDERS = [{"recipients": each, "message": "Soon", "offset": "P1D"} for each in ("allAttendees", "customer", "staff")]


@pytest.fixture
def quiet() -> Iterator[AppointmentWorld]:
    """Return a world where customers get no mail; Bookings mails on DELETE, too."""
    world = AppointmentWorld(CUSTOMER_INVITATIONS="false")
    world.switch(deleteSendsMail=True)
    world.business = world.add(services=[CUT | {"defaultReminders": REMINDERS}, COURSE])
    yield world
    world.end()


def test_by_default_customers_get_mail(world: AppointmentWorld) -> None:
    """As in earlier versions: of the booking, of changes, and of a cancellation with a message."""
    made, _ = world.book()
    world.change(made.id, start="2026-11-24T14:00:00Z")
    world.appointment_changer.cancel(ADDRESS, made.id, "Sorry")
    assert [mail["kind"] for mail in world.business.mails] == ["confirmation", "update", "cancellation"]


def test_no_customer_gets_a_mail(quiet: AppointmentWorld) -> None:
    """Of a booking, a move, a seat that is taken or given back, a cancellation or a deletion."""
    made, _ = quiet.book()
    assert [each["recipients"] for each in quiet.booked[0]["reminders"]] == ["staff", "staff"]
    quiet.change(made.id, start="2026-11-24T14:00:00Z")
    quiet.appointment_changer.cancel(ADDRESS, made.id, "")
    for name in ("Ola", "Kari"):
        seat, _ = quiet.book(service="Course", customer=customer(name))
    quiet.appointment_changer.cancel(ADDRESS, route_id(seat.id, seat.seat), None)
    quiet.appointment_changer.cancel(ADDRESS, route_id(seat.id), None)
    assert (quiet.business.mails, quiet.booked, quiet.business.cancelled) == ([], [], [])


def test_mail_of_an_appointment_of_others_is_switched_off_first(quiet: AppointmentWorld) -> None:
    """Before it is moved or deleted."""
    made, _ = quiet.book()
    quiet.change_in_bookings(made.id, optOutOfCustomerEmail=False)
    quiet.change(made.id, start="2026-11-24T14:00:00Z")
    quiet.change_in_bookings(made.id, optOutOfCustomerEmail=False)
    quiet.appointment_changer.cancel(ADDRESS, made.id, None)
    assert quiet.business.mails == []


def test_a_message_to_the_customer_is_refused(quiet: AppointmentWorld) -> None:
    """The answer names the setting, and nothing is cancelled."""
    made, _ = quiet.book()
    refused = refusal_of(lambda: quiet.appointment_changer.cancel(ADDRESS, made.id, "Sorry"))
    assert (refused, len(quiet.booked)) == ((403, "customer_mail_off"), 1)


def test_a_deletion_that_would_send_mail_is_not_sent(quiet: AppointmentWorld) -> None:
    """Bookings would mail the customer."""
    made, _ = quiet.book()
    quiet.change_in_bookings(made.id, optOutOfCustomerEmail=False)
    quiet.graph.before["PATCH", made.id] = [raising(400, "BadRequest")]
    assert refusal_of(lambda: quiet.appointment_changer.cancel(ADDRESS, made.id, None))[0] == 422
    assert quiet.business.mails == []
