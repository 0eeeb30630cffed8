"""A caller reads, makes, changes and cancels events of a calendar. Registered where FEATURES names calendars."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import azure.functions as func

from functions.auth import READ, SETUP, address, route
from functions.responses import json_object, json_response, page_size
from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "calendars/{mailbox}/events"
KEPT = ("start", "end", "timeZone", "pageSize", "calendar")  # from page to page


@route(blueprint, ROUTE, methods=["GET"], role=READ)
def list_events(req: func.HttpRequest) -> func.HttpResponse:
    """Show a calendar from `start` to `end`, series as occurrences, a page of `pageSize` at a time."""
    from shared.calendars import service
    from shared.calendars.requests import read_asked, written_place

    asked = read_asked(req.params, page_size(req))
    events, place = service.view(relay(), req.route_params["mailbox"], req.params.get("calendar", ""), asked)
    return json_response(200, {"value": events, "nextLink": _next_page(req, written_place(place)) if place else None})


@route(blueprint, ROUTE, methods=["POST"], role=SETUP)
def create_event(req: func.HttpRequest) -> func.HttpResponse:
    """Make an event: 201 with it. With an Idempotency-Key a repeated call makes no second one."""
    from shared.calendars import service
    from shared.calendars.requests import read_new_event

    request, mailbox = read_new_event(json_object(req.get_body())), req.route_params["mailbox"]
    calendar, key = req.params.get("calendar", ""), req.headers.get("idempotency-key")
    event = service.make_event(relay(), mailbox, calendar, request, key)
    return _told(201, event, Location=_address_of(req, event["id"]))


@route(blueprint, ROUTE + "/{id}", methods=["GET"], role=READ)
def get_event(req: func.HttpRequest) -> func.HttpResponse:
    """Return one event; its etag is what If-Match takes."""
    from shared.calendars import service

    return _told(200, service.read_event(relay(), req.route_params["mailbox"], req.route_params["id"]))


@route(blueprint, ROUTE + "/{id}", methods=["PATCH"], role=SETUP)
def change_event(req: func.HttpRequest) -> func.HttpResponse:
    """Change what the body names, if the event is as If-Match says; return the event."""
    from shared.calendars import service
    from shared.calendars.requests import read_change

    change, place = read_change(json_object(req.get_body())), req.route_params
    event = service.change_event(relay(), place["mailbox"], place["id"], change, req.headers.get("if-match"))
    return _told(200, event)


@route(blueprint, ROUTE + "/{id}", methods=["DELETE"], role=SETUP)
def delete_event(req: func.HttpRequest) -> func.HttpResponse:
    """Delete an event, if it is as If-Match says; deleting it again is as good."""
    from shared.calendars import service

    place = req.route_params
    service.delete_event(relay(), place["mailbox"], place["id"], req.headers.get("if-match"))
    return func.HttpResponse(status_code=204)


@route(blueprint, ROUTE + "/{id}/cancel", methods=["POST"], role=SETUP)
def cancel_event(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel a meeting as its organizer; attendees are told, with the comment."""
    from shared.calendars import service
    from shared.calendars.requests import read_cancellation

    body, place = req.get_body(), req.route_params
    cancellation = read_cancellation(json_object(body) if body.strip() else {})
    service.cancel_event(relay(), place["mailbox"], place["id"], cancellation.comment)
    return func.HttpResponse(status_code=202)


def _told(status: int, event: dict[str, Any], **headers: str) -> func.HttpResponse:
    return json_response(status, event, ETag=event["etag"], **headers)


def _address_of(req: func.HttpRequest, event_id: str) -> str:
    return address(req, f"calendars/{req.route_params['mailbox']}/events/{quote(event_id, safe='')}")


def _next_page(req: func.HttpRequest, after: str) -> str:
    kept = {name: req.params[name] for name in KEPT if name in req.params}
    query = urlencode({**kept, "after": after})
    return f"{address(req, 'calendars/' + req.route_params['mailbox'] + '/events')}?{query}"
