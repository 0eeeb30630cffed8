"""The feature bookings: what Microsoft Bookings holds. Registered only where FEATURES names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.callers import READ, callable_by
from functions.http import answer, json_object, page_size
from shared.bootstrap import relay

if TYPE_CHECKING:
    from datetime import datetime

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "bookings"
BUSINESS = ROUTE + "/{business}"


@callable_by(blueprint, ROUTE, methods=["GET"], role=READ)
def list_booking_businesses(req: func.HttpRequest) -> func.HttpResponse:
    """List the businesses whose name holds the parameter `name`, of those that the customer allows."""
    from shared.partner.bookings_payload import public_business
    from shared.relay.bookings.names import businesses_like
    from shared.relay.moments import refused

    name = req.params.get("name", "").strip()
    if not name or not name.isprintable():
        raise refused("name: give a part of the name of the business; Bookings does not list all of them")
    return answer(200, {"value": [public_business(one) for one in businesses_like(relay(), name)]})


@callable_by(blueprint, BUSINESS, methods=["GET"], role=READ)
def get_booking_business(req: func.HttpRequest) -> func.HttpResponse:
    """Return a business with its hours and rules."""
    from shared.partner.bookings_payload import public_opening
    from shared.relay.bookings.lists import business

    return answer(200, public_opening(business(relay(), _named(req))))


@callable_by(blueprint, BUSINESS + "/services", methods=["GET"], role=READ)
def list_booking_services(req: func.HttpRequest) -> func.HttpResponse:
    """List what can be booked."""
    from shared.partner.bookings_payload import public_service
    from shared.relay.bookings.lists import services

    return answer(200, {"value": [public_service(one) for one in services(relay(), _named(req))]})


@callable_by(blueprint, BUSINESS + "/staff", methods=["GET"], role=READ)
def list_booking_staff(req: func.HttpRequest) -> func.HttpResponse:
    """List who provides it."""
    from shared.partner.bookings_payload import public_staff
    from shared.relay.bookings.lists import staff

    return answer(200, {"value": [public_staff(one) for one in staff(relay(), _named(req))]})


@callable_by(blueprint, BUSINESS + "/customers/search", methods=["POST"], role=READ)
def search_booking_customers(req: func.HttpRequest) -> func.HttpResponse:
    """Return the customers whose name or address holds `search` of the body: the host logs addresses, never bodies."""
    from shared.partner.bookings_payload import public_customer
    from shared.relay.bookings.lists import customers
    from shared.relay.bookings.request import CustomerSearch, read

    found = customers(relay(), _named(req), read(CustomerSearch, json_object(req.get_body())).search)
    return answer(200, {"value": [public_customer(one) for one in found]})


@callable_by(blueprint, BUSINESS + "/availability", methods=["GET"], role=READ)
def get_booking_availability(req: func.HttpRequest) -> func.HttpResponse:
    """Return when the staff is available, from when until when; `staff` names some of it, separated by commas."""
    from shared.partner.bookings_payload import public_availability
    from shared.relay.bookings.lists import availability
    from shared.relay.bookings.request import window_of

    wanted = [name.strip() for name in req.params.get("staff", "").split(",") if name.strip()]
    window = window_of(req.params.get("from"), req.params.get("to"))
    found = availability(relay(), _named(req), wanted, window)
    return answer(200, {"value": [public_availability(one, spans) for one, spans in found]})


@callable_by(blueprint, BUSINESS + "/appointments", methods=["GET"], role=READ)
def list_booking_appointments(req: func.HttpRequest) -> func.HttpResponse:
    """List appointments by their start, between `from` and `to` or all; `after` is nextAfter of the last page."""
    from shared.partner.bookings_payload import public_appointment
    from shared.relay.bookings.lists import appointments

    size, skipped = page_size(req), _skipped(req.params.get("after", ""))
    found = appointments(relay(), _named(req), _window(req))
    page: list[Any] = [public_appointment(one, relay().settings.details) for one in found[skipped : skipped + size]]
    more = str(skipped + size) if len(found) > skipped + size else None
    return answer(200, {"value": page, "nextAfter": more})


@callable_by(blueprint, BUSINESS + "/appointments/{appointment}", methods=["GET"], role=READ)
def get_booking_appointment(req: func.HttpRequest) -> func.HttpResponse:
    """Return one appointment."""
    from shared.partner.bookings_payload import public_appointment
    from shared.relay.bookings.lists import appointment

    found = appointment(relay(), _named(req), req.route_params["appointment"])
    return answer(200, public_appointment(found, relay().settings.details))


def _named(req: func.HttpRequest) -> str:
    return str(req.route_params["business"])


def _window(req: func.HttpRequest) -> tuple[datetime, datetime] | None:
    from shared.relay.bookings.request import window_of

    start, end = req.params.get("from"), req.params.get("to")
    return window_of(start, end) if start or end else None


def _skipped(text: str) -> int:
    from shared.relay.moments import refused

    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise refused("after: is nextAfter of the page before, as it was")
    return int(text)
