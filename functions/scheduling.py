"""The feature scheduling: finds, books, moves and cancels slots. Registered if FEATURES names scheduling."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import azure.functions as func

from functions.auth import READ, SETUP, address, caller_of, charge, route
from functions.responses import json_object, json_response, page_size, problem
from shared.bootstrap.app import relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import tzinfo

    from shared.scheduling.booking import Booked
    from shared.scheduling.find_slots import Slot
    from shared.scheduling.slot_requests import SlotSearch
    from shared.scheduling.unavailable import Unavailable

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
SLOTS = "schedules/{mailbox}/slots"
BOOKINGS = "schedules/{mailbox}/bookings"
BOOKING = BOOKINGS + "/{id}"
SLOT_PARAMETERS = (
    "to", "duration", "timeZone", "stepMinutes", "bufferMinutes", "with", "match", "pageSize",
)  # fmt: skip  # carried over to nextLink; never others, such as the function key in `code`
EVERY_FIVE_MINUTES = "0 */5 * * * *"


@route(blueprint, SLOTS, methods=["GET"], role=READ)
def list_slots(req: func.HttpRequest) -> func.HttpResponse:
    """List free slots within working hours, earliest first, in the caller's time zone."""
    from shared.scheduling.slot_requests import read_slots

    size = page_size(req)
    search = read_slots(_mailbox(req), req.params, relay().now())
    return _slot_page(req, search, size, partial(_next_page, req, zone=search.query.zone))


@route(blueprint, SLOTS + "/query", methods=["POST"], role=READ)
def query_slots(req: func.HttpRequest) -> func.HttpResponse:
    """List free slots as `list_slots` does. In the body, because the host logs URLs; the same body goes to nextLink."""
    from shared.scheduling.slot_requests import read_slot_request

    content, after = json_object(req.get_body()), req.params.get("after", "")
    search, size = read_slot_request(_mailbox(req), content, after, relay().now())
    return _slot_page(req, search, size, partial(_next_query_page, req))


@route(blueprint, BOOKINGS, methods=["POST"], role=SETUP)
def create_booking(req: func.HttpRequest) -> func.HttpResponse:
    """Book a slot: 201; 200 if an earlier call with this Idempotency-Key did; 409 with the nearest free slots."""
    from shared.scheduling.requests import read_booking

    body, key = json_object(req.get_body()), req.headers.get("idempotency-key")
    request = read_booking(_mailbox(req), body, key, relay().now())

    def book() -> func.HttpResponse:
        booked, is_new = relay().slot_booker.book(request, caller_of(req).identity)
        location = address(req, f"{BOOKINGS.format(mailbox=_escaped(booked.booking.mailbox))}/{booked.booking.id}")
        return json_response(201 if is_new else 200, _booking_json(booked), Location=location)

    return _with_details(book, request.zone.info)


@route(blueprint, BOOKING, methods=["GET"], role=READ)
def get_booking(req: func.HttpRequest) -> func.HttpResponse:
    """Return a booking with the present state of its event."""
    return json_response(200, _booking_json(relay().booking_changer.read(_mailbox(req), req.route_params["id"])))


@route(blueprint, BOOKING, methods=["PATCH"], role=SETUP)
def move_booking(req: func.HttpRequest) -> func.HttpResponse:
    """Move a booking to another time: 200, or 409 with the nearest free slots."""
    from datetime import UTC

    def move() -> func.HttpResponse:
        body = json_object(req.get_body())
        booked = relay().booking_changer.move(_mailbox(req), req.route_params["id"], body)
        return json_response(200, _booking_json(booked))

    return _with_details(move, UTC)


@route(blueprint, BOOKING, methods=["DELETE"], role=SETUP)
def cancel_booking(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel a booking: delete its event; Outlook notifies the attendees. Idempotent."""
    relay().booking_changer.cancel(_mailbox(req), req.route_params["id"])
    return func.HttpResponse(status_code=204)


@blueprint.timer_trigger("timer", EVERY_FIVE_MINUTES, run_on_startup=False, use_monitor=True)
def settle_bookings(timer: func.TimerRequest) -> None:  # noqa: ARG001  (the host binds it by its name)
    """Complete or undo interrupted bookings, and delete the rows of past ones."""
    relay().booking_cleanup.resolve_all()


def _slot_page(
    req: func.HttpRequest, search: SlotSearch, size: int, next_page: Callable[[Slot], str]
) -> func.HttpResponse:
    """Return a page of the free slots; `next_page` returns the URL of the page that begins with a slot."""
    charge(req, len(search.mailboxes))
    zone = search.query.zone

    def find() -> func.HttpResponse:
        found = relay().slot_finder.answer(search)
        slots, unavailable = found.slots, _unavailable_json(found.unavailable)
        more = next_page(slots[size]) if len(slots) > size else None
        value = [_slot_json(slot, zone) for slot in slots[:size]]
        return json_response(200, {"value": value, "unavailable": unavailable, "nextLink": more})

    return _with_details(find, zone)


def _mailbox(req: func.HttpRequest) -> str:
    from shared.api.fields import checked_address

    return checked_address("mailbox", req.route_params["mailbox"])


def _escaped(mailbox: str) -> str:
    """Return an address for a path: it may hold characters such as # that a path must escape."""
    return quote(mailbox, safe="@")


def _with_details(act: Callable[[], func.HttpResponse], zone: tzinfo) -> func.HttpResponse:
    """Return the response of `act`; or a problem with the nearest free slots when the slot is taken, or with the
    mailboxes that have no schedule.
    """
    from shared.scheduling.conflicts import SlotTaken
    from shared.scheduling.unavailable import SchedulesUnavailable

    try:
        return act()
    except SlotTaken as error:
        return problem(error.problem, str(error), nearest=[_slot_json(slot, zone) for slot in error.nearest])
    except SchedulesUnavailable as error:
        unavailable = _unavailable_json(error.unavailable)
        return problem(error.problem, str(error), error.retry_after, unavailable=unavailable)


def _unavailable_json(unavailable: Iterable[Unavailable]) -> list[dict[str, Any]]:
    return [{"mailbox": each.mailbox, "code": each.problem.code, "detail": each.text} for each in unavailable]


def _slot_json(slot: Slot, zone: tzinfo) -> dict[str, Any]:
    """Return a slot in the caller's time zone."""
    start, end = (moment.astimezone(zone).isoformat(timespec="seconds") for moment in (slot.span.start, slot.span.end))
    return {"start": start, "end": end, "mailboxes": list(slot.mailboxes)}


def _next_page(req: func.HttpRequest, first: Slot, zone: tzinfo) -> str:
    """Return the same query, from the first slot that did not fit on the page."""
    start = first.span.start.astimezone(zone).isoformat(timespec="seconds")
    params = {"from": start} | {name: req.params[name] for name in SLOT_PARAMETERS if name in req.params}
    return f"{_slots_of(req)}?{urlencode(params)}"


def _next_query_page(req: func.HttpRequest, first: Slot) -> str:
    """Return the URL for the same body, from the first slot that did not fit on the page."""
    from shared.utc import format_utc

    return f"{_slots_of(req)}/query?{urlencode({'after': format_utc(first.span.start)})}"


def _slots_of(req: func.HttpRequest) -> str:
    return address(req, SLOTS.format(mailbox=_escaped(_mailbox(req))))


def _booking_json(booked: Booked) -> dict[str, Any]:
    """Return a booking for the partner."""
    from shared.partner.payload import detailed_event, etag_of

    event = {**detailed_event(booked.event, relay().settings.details), "etag": etag_of(booked.event)}
    return {"id": booked.booking.id, "mailbox": booked.booking.mailbox, "event": event}
