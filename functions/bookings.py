"""The feature bookings: what Microsoft Bookings holds, and its appointments. Only where FEATURES names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import READ, SETUP, address, route
from functions.responses import json_object, json_response, page_size
from shared.bootstrap.app import relay

if TYPE_CHECKING:
    from datetime import datetime

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "bookings"
BUSINESS = ROUTE + "/{business}"
ONE = BUSINESS + "/appointments/{appointment}"


@route(blueprint, ROUTE, methods=["GET"], role=READ)
def list_booking_businesses(req: func.HttpRequest) -> func.HttpResponse:
    """List the businesses whose name holds the parameter `name`, of those that the customer allows."""
    from shared.api.fields import refused
    from shared.bookings.lookup import businesses_like
    from shared.partner.bookings_payload import public_business

    name = req.params.get("name", "").strip()
    if not name or not name.isprintable():
        raise refused("name: give a part of the name of the business; Bookings does not list all of them")
    return json_response(200, {"value": [public_business(one) for one in businesses_like(relay(), name)]})


@route(blueprint, BUSINESS, methods=["GET"], role=READ)
def get_booking_business(req: func.HttpRequest) -> func.HttpResponse:
    """Return a business with its hours and rules."""
    from shared.bookings.read import business
    from shared.partner.bookings_payload import public_opening

    return json_response(200, public_opening(business(relay(), _named(req))))


@route(blueprint, BUSINESS + "/services", methods=["GET"], role=READ)
def list_booking_services(req: func.HttpRequest) -> func.HttpResponse:
    """List what can be booked."""
    from shared.bookings.read import services
    from shared.partner.bookings_payload import public_service

    return json_response(200, {"value": [public_service(one) for one in services(relay(), _named(req))]})


@route(blueprint, BUSINESS + "/staff", methods=["GET"], role=READ)
def list_booking_staff(req: func.HttpRequest) -> func.HttpResponse:
    """List who provides it."""
    from shared.bookings.read import staff
    from shared.partner.bookings_payload import public_staff

    return json_response(200, {"value": [public_staff(one) for one in staff(relay(), _named(req))]})


@route(blueprint, BUSINESS + "/customers/search", methods=["POST"], role=READ)
def search_booking_customers(req: func.HttpRequest) -> func.HttpResponse:
    """Return the customers whose name or address holds `search` of the body: the host logs addresses, never bodies."""
    from shared.bookings.read import customers
    from shared.bookings.requests import CustomerSearch, read
    from shared.partner.bookings_payload import public_customer

    found = customers(relay(), _named(req), read(CustomerSearch, json_object(req.get_body())).search)
    return json_response(200, {"value": [public_customer(one) for one in found]})


@route(blueprint, BUSINESS + "/availability", methods=["GET"], role=READ)
def get_booking_availability(req: func.HttpRequest) -> func.HttpResponse:
    """Return when the staff is available, from when until when; `staff` names some of it, separated by commas."""
    from shared.bookings.read import availability
    from shared.bookings.requests import window_of
    from shared.partner.bookings_payload import public_availability

    wanted = [name.strip() for name in req.params.get("staff", "").split(",") if name.strip()]
    window = window_of(req.params.get("from"), req.params.get("to"))
    found = availability(relay(), _named(req), wanted, window)
    return json_response(200, {"value": [public_availability(one, spans) for one, spans in found]})


@route(blueprint, BUSINESS + "/appointments", methods=["GET"], role=READ)
def list_booking_appointments(req: func.HttpRequest) -> func.HttpResponse:
    """List appointments by their start, between `from` and `to` or all; `after` is nextAfter of the last page."""
    from shared.bookings.read import appointments
    from shared.partner.bookings_payload import public_appointment

    size, skipped = page_size(req), _skipped(req.params.get("after", ""))
    found = appointments(relay(), _named(req), _window(req))
    page: list[Any] = [public_appointment(one, relay().settings.details) for one in found[skipped : skipped + size]]
    more = str(skipped + size) if len(found) > skipped + size else None
    return json_response(200, {"value": page, "nextAfter": more})


@route(blueprint, BUSINESS + "/appointments/{appointment}", methods=["GET"], role=READ)
def get_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Return one appointment."""
    from shared.bookings.read import appointment
    from shared.partner.bookings_payload import public_appointment

    found = appointment(relay(), _named(req), req.route_params["appointment"])
    return json_response(200, public_appointment(found, relay().settings.details))


@route(blueprint, BUSINESS + "/appointments", methods=["POST"], role=SETUP)
def create_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Make an appointment: 201 with the new one, 200 with the same one that stands."""
    from shared.bookings.create import book
    from shared.bookings.requests import AppointmentAsked, read
    from shared.partner.bookings_payload import booked_appointment

    business = req.route_params["business"]
    made, is_new = book(relay(), business, read(AppointmentAsked, json_object(req.get_body())))
    picture = booked_appointment(made, relay().settings.details)
    return json_response(201 if is_new else 200, picture, Location=_link(req, business, made.id))


@route(blueprint, ONE, methods=["PATCH"], role=SETUP)
def change_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Move an appointment, or give it to others."""
    from shared.bookings.change import change_appointment
    from shared.bookings.requests import AppointmentChange, read
    from shared.partner.bookings_payload import booked_appointment

    asked = read(AppointmentChange, json_object(req.get_body()))
    changed = change_appointment(relay(), req.route_params["business"], req.route_params["appointment"], asked)
    return json_response(200, booked_appointment(changed, relay().settings.details))


@route(blueprint, ONE + "/cancel", methods=["POST"], role=SETUP)
def cancel_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel an appointment and tell its customer; doing it again is as good."""
    from shared.bookings.change import cancel_appointment
    from shared.bookings.requests import BookingCancellation, read

    asked = read(BookingCancellation, json_object(req.get_body() or b"{}"))
    cancel_appointment(relay(), req.route_params["business"], req.route_params["appointment"], asked.message)
    return func.HttpResponse(status_code=204)


@route(blueprint, ONE, methods=["DELETE"], role=SETUP)
def delete_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel an appointment without a message, which needs a lesser permission; doing it again is as good."""
    from shared.bookings.change import cancel_appointment

    cancel_appointment(relay(), req.route_params["business"], req.route_params["appointment"], None)
    return func.HttpResponse(status_code=204)


def _named(req: func.HttpRequest) -> str:
    return str(req.route_params["business"])


def _window(req: func.HttpRequest) -> tuple[datetime, datetime] | None:
    from shared.bookings.requests import window_of

    start, end = req.params.get("from"), req.params.get("to")
    return window_of(start, end) if start or end else None


def _skipped(text: str) -> int:
    from shared.api.fields import refused

    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise refused("after: is nextAfter of the page before, as it was")
    return int(text)


def _link(req: func.HttpRequest, business: str, appointment: str) -> str:
    from urllib.parse import quote

    return address(req, f"bookings/{quote(business, safe='@')}/appointments/{quote(appointment, safe='')}")
