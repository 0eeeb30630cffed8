"""The feature bookings: reads Microsoft Bookings and manages appointments. Registered if FEATURES names bookings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import azure.functions as func

from functions.auth import READ, SETUP, address, caller_of, route
from functions.responses import json_object, json_response, page_size
from shared.bootstrap.app import relay

if TYPE_CHECKING:
    from datetime import datetime

    from shared.graph.bookings.models import Span, Staff

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "bookings"
BUSINESS = ROUTE + "/{business}"
APPOINTMENT = BUSINESS + "/appointments/{appointment}"


@route(blueprint, ROUTE, methods=["GET"], role=READ)
def list_booking_businesses(req: func.HttpRequest) -> func.HttpResponse:
    """List the allowed businesses whose name contains the parameter `name`."""
    from shared.api.fields import invalid
    from shared.partner.bookings_payload import public_business

    name = req.params.get("name", "").strip()
    if not name or not name.isprintable():
        raise invalid("name: give a part of the name of the business; Bookings does not list all businesses")
    businesses = relay().business_lookup.businesses_like(name)
    return json_response(200, {"value": [public_business(business) for business in businesses]})


@route(blueprint, BUSINESS, methods=["GET"], role=READ)
def get_booking_business(req: func.HttpRequest) -> func.HttpResponse:
    """Return a business with its hours and rules."""
    from shared.partner.bookings_payload import public_opening

    return json_response(200, public_opening(relay().bookings_reader.business(_business(req))))


@route(blueprint, BUSINESS + "/services", methods=["GET"], role=READ)
def list_booking_services(req: func.HttpRequest) -> func.HttpResponse:
    """List the services of a business."""
    from shared.partner.bookings_payload import public_service

    services = relay().bookings_reader.services(_business(req))
    return json_response(200, {"value": [public_service(service) for service in services]})


@route(blueprint, BUSINESS + "/staff", methods=["GET"], role=READ)
def list_booking_staff(req: func.HttpRequest) -> func.HttpResponse:
    """List the staff of a business."""
    from shared.partner.bookings_payload import public_staff

    staff = relay().bookings_reader.staff(_business(req))
    return json_response(200, {"value": [public_staff(member) for member in staff]})


@route(blueprint, BUSINESS + "/customers/search", methods=["POST"], role=READ)
def search_booking_customers(req: func.HttpRequest) -> func.HttpResponse:
    """Return the customers whose name or email contains `search`. In the body, because the host logs URLs."""
    from shared.bookings.read import MAX_CUSTOMERS
    from shared.bookings.requests import CustomerSearch, parse
    from shared.partner.bookings_payload import public_customer

    search = parse(CustomerSearch, json_object(req.get_body())).search
    customers = relay().bookings_reader.customers(_business(req), search)
    shown = [public_customer(customer) for customer in customers[:MAX_CUSTOMERS]]
    return json_response(200, {"value": shown, "isComplete": len(customers) <= MAX_CUSTOMERS})


@route(blueprint, BUSINESS + "/availability", methods=["GET"], role=READ)
def get_booking_availability(req: func.HttpRequest) -> func.HttpResponse:
    """Return the availability of the staff between `from` and `to`. `staff` is an old spelling, because the host logs
    URLs: ids, names or addresses, separated by commas.
    """
    from shared.bookings.requests import parse_window

    staff = [name.strip() for name in req.params.get("staff", "").split(",") if name.strip()]
    window = parse_window(req.params.get("from"), req.params.get("to"))
    return _availability_json(relay().bookings_reader.availability(_business(req), staff, window))


@route(blueprint, BUSINESS + "/availability/query", methods=["POST"], role=READ)
def query_booking_availability(req: func.HttpRequest) -> func.HttpResponse:
    """Return the availability of the staff. In the body, because the host logs URLs."""
    from shared.bookings.requests import StaffAvailabilityRequest, parse, parse_window

    body = parse(StaffAvailabilityRequest, json_object(req.get_body()))
    window = parse_window(body.from_, body.to)
    return _availability_json(relay().bookings_reader.availability(_business(req), body.staff, window))


@route(blueprint, BUSINESS + "/appointments", methods=["GET"], role=READ)
def list_booking_appointments(req: func.HttpRequest) -> func.HttpResponse:
    """List appointments by start, between `from` and `to`, without both in the next 62 days; `after` is nextAfter of
    the previous page.
    """
    from shared.bookings.requests import page_mark_text, read_page_mark
    from shared.partner.bookings_payload import public_appointment

    size, mark, window = page_size(req), read_page_mark(req.params.get("after", "")), _window(req)
    page = relay().bookings_reader.appointments(_business(req), window, size, mark)
    shown: list[Any] = [public_appointment(each, relay().settings.details) for each in page.appointments]
    after = page_mark_text(page.after) if page.after else None
    link = _next_link(req, window, size, after) if after else None
    return json_response(200, {"value": shown, "nextAfter": after, "nextLink": link})


@route(blueprint, APPOINTMENT, methods=["GET"], role=READ)
def get_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Return one appointment."""
    from shared.partner.bookings_payload import public_appointment

    appointment = relay().bookings_reader.appointment(_business(req), _appointment_id(req))
    return json_response(200, public_appointment(appointment, relay().settings.details))


@route(blueprint, BUSINESS + "/appointments", methods=["POST"], role=SETUP)
def create_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Create an appointment: 201, or 200 with the existing identical one."""
    from shared.bookings.requests import AppointmentRequest, parse
    from shared.partner.bookings_payload import booked_appointment

    business, request = _business(req), parse(AppointmentRequest, json_object(req.get_body()))
    appointment, is_new = relay().appointment_creator.create(business, request, caller_of(req).identity)
    content = booked_appointment(appointment, relay().settings.details)
    return json_response(201 if is_new else 200, content, Location=_link(req, business, content["id"]))


@route(blueprint, APPOINTMENT, methods=["PATCH"], role=SETUP)
def change_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Move an appointment, or assign it to other staff."""
    from shared.bookings.requests import AppointmentChange, parse
    from shared.partner.bookings_payload import booked_appointment

    change = parse(AppointmentChange, json_object(req.get_body()))
    caller = caller_of(req).identity
    appointment = relay().appointment_changer.change(_business(req), _appointment_id(req), change, caller)
    return json_response(200, booked_appointment(appointment, relay().settings.details))


@route(blueprint, APPOINTMENT + "/cancel", methods=["POST"], role=SETUP)
def cancel_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel an appointment, or one customer's seat in it, and notify the customer. Idempotent."""
    from shared.bookings.requests import BookingCancellation, parse

    cancellation = parse(BookingCancellation, json_object(req.get_body() or b"{}"))
    ids = _business(req), _appointment_id(req)
    relay().appointment_changer.cancel(
        *ids, cancellation.message, caller_of(req).identity, all_customers=cancellation.all_customers
    )
    return func.HttpResponse(status_code=204)


@route(blueprint, APPOINTMENT, methods=["DELETE"], role=SETUP)
def delete_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Delete an appointment, or one customer's seat, which needs fewer permissions. Idempotent."""
    relay().appointment_changer.cancel(_business(req), _appointment_id(req), None, caller_of(req).identity)
    return func.HttpResponse(status_code=204)


def _availability_json(availability: list[tuple[Staff, list[Span]]]) -> func.HttpResponse:
    from shared.partner.bookings_payload import public_availability

    return json_response(200, {"value": [public_availability(member, spans) for member, spans in availability]})


def _business(req: func.HttpRequest) -> str:
    return str(req.route_params["business"])


def _appointment_id(req: func.HttpRequest) -> str:
    return str(req.route_params["appointment"])


def _window(req: func.HttpRequest) -> tuple[datetime, datetime]:
    from shared.bookings.requests import parse_window, window_from

    start, end = req.params.get("from"), req.params.get("to")
    return parse_window(start, end) if start or end else window_from(relay().now())


def _link(req: func.HttpRequest, business: str, appointment_id: str) -> str:
    return f"{_appointments(req, business)}/{quote(appointment_id, safe='')}"


def _appointments(req: func.HttpRequest, business: str) -> str:
    return address(req, f"bookings/{quote(business, safe='@')}/appointments")


def _next_link(req: func.HttpRequest, window: tuple[datetime, datetime], size: int, after: str) -> str:
    from shared.utc import format_utc

    first, last = window
    params = {"from": format_utc(first), "to": format_utc(last), "pageSize": str(size), "after": after}
    return f"{_appointments(req, _business(req))}?{urlencode(params)}"
