"""The feature bookings: appointments are made, changed and cancelled. Registered only where FEATURES names it."""

from __future__ import annotations

import azure.functions as func

from functions.bookings import BUSINESS
from functions.callers import SETUP, address, callable_by
from functions.http import answer, json_object
from shared.bootstrap import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ONE = BUSINESS + "/appointments/{appointment}"


@callable_by(blueprint, BUSINESS + "/appointments", methods=["POST"], role=SETUP)
def create_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Make an appointment: 201 with the new one, 200 with the same one that stands."""
    from shared.partner.bookings_payload import booked_appointment
    from shared.relay.bookings.book import book
    from shared.relay.bookings.request import AppointmentAsked, read

    business = req.route_params["business"]
    made, is_new = book(relay(), business, read(AppointmentAsked, json_object(req.get_body())))
    picture = booked_appointment(made, relay().settings.details)
    return answer(201 if is_new else 200, picture, Location=_link(req, business, made.id))


@callable_by(blueprint, ONE, methods=["PATCH"], role=SETUP)
def change_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Move an appointment, or give it to others."""
    from shared.partner.bookings_payload import booked_appointment
    from shared.relay.bookings.change import change_appointment
    from shared.relay.bookings.request import AppointmentChange, read

    asked = read(AppointmentChange, json_object(req.get_body()))
    changed = change_appointment(relay(), req.route_params["business"], req.route_params["appointment"], asked)
    return answer(200, booked_appointment(changed, relay().settings.details))


@callable_by(blueprint, ONE + "/cancel", methods=["POST"], role=SETUP)
def cancel_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel an appointment and tell its customer; doing it again is as good."""
    from shared.relay.bookings.change import cancel_appointment
    from shared.relay.bookings.request import BookingCancellation, read

    asked = read(BookingCancellation, json_object(req.get_body() or b"{}"))
    cancel_appointment(relay(), req.route_params["business"], req.route_params["appointment"], asked.message)
    return func.HttpResponse(status_code=204)


@callable_by(blueprint, ONE, methods=["DELETE"], role=SETUP)
def delete_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel an appointment without a message, which needs a lesser permission; doing it again is as good."""
    from shared.relay.bookings.change import cancel_appointment

    cancel_appointment(relay(), req.route_params["business"], req.route_params["appointment"], None)
    return func.HttpResponse(status_code=204)


def _link(req: func.HttpRequest, business: str, appointment: str) -> str:
    from urllib.parse import quote

    return address(req, f"bookings/{quote(business, safe='@')}/appointments/{quote(appointment, safe='')}")
