"""The partner finds free slots, books one, moves and cancels bookings. Only where FEATURES names scheduling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import azure.functions as func

from functions.auth import READ, SETUP, address, route
from functions.responses import json_object, json_response, page_size, problem
from shared.bootstrap.app import relay

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from shared.scheduling.book import Booked, SlotTaken
    from shared.scheduling.find_slots import Slot

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
SLOTS = "schedules/{mailbox}/slots"
BOOKINGS = "schedules/{mailbox}/bookings"
ONE = BOOKINGS + "/{id}"
EVERY_FIVE_MINUTES = "0 */5 * * * *"


@route(blueprint, SLOTS, methods=["GET"], role=READ)
def list_slots(req: func.HttpRequest) -> func.HttpResponse:
    """List free slots within working hours, earliest first, in the caller's zone."""
    from shared.scheduling.find_slots import free_slots
    from shared.scheduling.requests import read_slots

    parts, size = relay(), page_size(req)
    wish = read_slots(_mailbox(req), req.params, parts.now())
    slots = free_slots(parts, wish)
    zone = wish.want.zone
    more = _next_page(req, slots[size], zone) if len(slots) > size else None
    return json_response(200, {"value": [_slot(one, zone) for one in slots[:size]], "nextLink": more})


@route(blueprint, BOOKINGS, methods=["POST"], role=SETUP)
def create_booking(req: func.HttpRequest) -> func.HttpResponse:
    """Book a slot: 201; 200 when an earlier call with this Idempotency-Key has; 409 with the nearest free slots."""
    from shared.scheduling.book import book
    from shared.scheduling.requests import read_booking

    parts = relay()
    wish = read_booking(_mailbox(req), json_object(req.get_body()), req.headers.get("idempotency-key"), parts.now())

    def booked() -> func.HttpResponse:
        made, is_new = book(parts, wish)
        location = address(req, f"schedules/{made.booking.mailbox}/bookings/{made.booking.id}")
        return json_response(201 if is_new else 200, _picture(made), Location=location)

    return _or_the_nearest(booked, wish.zone.info)


@route(blueprint, ONE, methods=["GET"], role=READ)
def get_booking(req: func.HttpRequest) -> func.HttpResponse:
    """Return a booking with its event as it is now."""
    from shared.scheduling.change_booking import read_booking_of

    return json_response(200, _picture(read_booking_of(relay(), _mailbox(req), req.route_params["id"])))


@route(blueprint, ONE, methods=["PATCH"], role=SETUP)
def move_booking(req: func.HttpRequest) -> func.HttpResponse:
    """Move a booking to another time: 200, or 409 with the nearest free slots."""
    from datetime import UTC

    from shared.scheduling.change_booking import move_booking as moved

    def move() -> func.HttpResponse:
        body = json_object(req.get_body())
        return json_response(200, _picture(moved(relay(), _mailbox(req), req.route_params["id"], body)))

    return _or_the_nearest(move, UTC)


@route(blueprint, ONE, methods=["DELETE"], role=SETUP)
def cancel_booking(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel a booking: its event is deleted, and who was invited is told. Doing it again is as good."""
    from shared.scheduling.change_booking import cancel_booking as cancelled

    cancelled(relay(), _mailbox(req), req.route_params["id"])
    return func.HttpResponse(status_code=204)


@blueprint.timer_trigger("timer", EVERY_FIVE_MINUTES, run_on_startup=False, use_monitor=True)
def settle_bookings(timer: func.TimerRequest) -> None:  # noqa: ARG001  (the host binds it by its name)
    """Bring to an end what killed calls left half done, and forget what is long past."""
    from shared.scheduling.cleanup import settle_all

    settle_all(relay())


def _mailbox(req: func.HttpRequest) -> str:
    from shared.api.fields import checked_address

    return checked_address("mailbox", req.route_params["mailbox"])


def _or_the_nearest(act: Callable[[], func.HttpResponse], zone: tzinfo) -> func.HttpResponse:
    from shared.scheduling.book import SlotTaken

    try:
        return act()
    except SlotTaken as error:
        return _taken(error, zone)


def _taken(error: SlotTaken, zone: tzinfo) -> func.HttpResponse:
    return problem(error.status, error.title, str(error), nearest=[_slot(one, zone) for one in error.nearest])


def _slot(slot: Slot, zone: tzinfo) -> dict[str, Any]:
    """Return a slot by the caller's clock."""
    start, end = (one.astimezone(zone).isoformat(timespec="seconds") for one in (slot.span.start, slot.span.end))
    return {"start": start, "end": end, "mailboxes": list(slot.mailboxes)}


def _next_page(req: func.HttpRequest, first: Slot, zone: tzinfo) -> str:
    """Return the same question, from the first slot on that did not fit on the page."""
    asked = {**req.params, "from": first.span.start.astimezone(zone).isoformat(timespec="seconds")}
    return f"{address(req, SLOTS.format(mailbox=_mailbox(req)))}?{urlencode(asked)}"


def _picture(made: Booked) -> dict[str, Any]:
    """Return what the partner sees of a booking."""
    from shared.partner.payload import detailed_event, etag_of

    event = {**detailed_event(made.event, relay().settings.details), "etag": etag_of(made.event)}
    return {"id": made.booking.id, "mailbox": made.booking.mailbox, "event": event}
