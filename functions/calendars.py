"""The feature calendars: lists and creates calendars of a mailbox; reads, creates, changes and cancels events.

Registered if FEATURES names calendars.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import azure.functions as func

from functions.answer_headers import mark_deprecated
from functions.auth import READ, SETUP, address, caller_of, route
from functions.responses import json_object, json_response, page_size
from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "calendars/{mailbox}"
EVENTS = ROUTE + "/events"
EVENT = EVENTS + "/{id}"
PAGE_PARAMETERS = ("from", "to", "timeZone", "pageSize", "calendar")  # carried over to nextLink


@route(blueprint, ROUTE, methods=["GET"], role=READ)
def list_calendars(req: func.HttpRequest) -> func.HttpResponse:
    """List the calendars of a mailbox."""
    return json_response(200, {"value": relay().calendar_service.list_calendars(req.route_params["mailbox"])})


@route(blueprint, ROUTE, methods=["POST"], role=SETUP)
def create_calendar(req: func.HttpRequest) -> func.HttpResponse:
    """Create a calendar: 201."""
    from shared.calendars.requests import read_new_calendar

    request = read_new_calendar(json_object(req.get_body()))
    return json_response(201, relay().calendar_service.create_calendar(req.route_params["mailbox"], request.name))


@route(blueprint, EVENTS, methods=["GET"], role=READ)
def list_events(req: func.HttpRequest) -> func.HttpResponse:
    """List the events of a calendar from `from` to `to`, series as occurrences, `pageSize` to a page."""
    from shared.calendars.requests import page_token, read_event_query

    query, mailbox = read_event_query(req.params, page_size(req)), req.route_params["mailbox"]
    events, page = relay().calendar_service.view(mailbox, req.params.get("calendar", ""), query)
    return json_response(200, {"value": events, "nextLink": _next_link(req, page_token(page)) if page else None})


@route(blueprint, EVENTS, methods=["POST"], role=SETUP)
def create_event(req: func.HttpRequest) -> func.HttpResponse:
    """Create an event: 201. With an Idempotency-Key a repeated call creates no second event."""
    from shared.api.idempotency_keys import is_former
    from shared.calendars.requests import read_new_event

    calendar, key = req.params.get("calendar", ""), req.headers.get("idempotency-key")
    if is_former(key):
        mark_deprecated(req)
    request, mailbox = read_new_event(json_object(req.get_body())), req.route_params["mailbox"]
    event = relay().calendar_service.create_event(mailbox, calendar, request, key, caller_of(req).identity)
    link = address(req, f"{_events_of(req)}/{quote(event['id'], safe='')}")
    return _event_response(201, event, Location=link)


@route(blueprint, EVENT, methods=["GET"], role=READ)
def get_event(req: func.HttpRequest) -> func.HttpResponse:
    """Return an event, with its etag for If-Match."""
    event = relay().calendar_service.read_event(req.route_params["mailbox"], req.route_params["id"])
    return _event_response(200, event)


@route(blueprint, EVENT, methods=["PATCH"], role=SETUP)
def change_event(req: func.HttpRequest) -> func.HttpResponse:
    """Change the fields in the body, if the event matches If-Match; return the event."""
    from shared.calendars.requests import read_change

    change, mailbox = read_change(json_object(req.get_body())), req.route_params["mailbox"]
    etag = req.headers.get("if-match")
    event = relay().calendar_service.change_event(mailbox, req.route_params["id"], change, etag)
    return _event_response(200, event)


@route(blueprint, EVENT, methods=["DELETE"], role=SETUP)
def delete_event(req: func.HttpRequest) -> func.HttpResponse:
    """Delete an event, if it matches If-Match. Idempotent."""
    mailbox, event_id = req.route_params["mailbox"], req.route_params["id"]
    relay().calendar_service.delete_event(mailbox, event_id, req.headers.get("if-match"))
    return func.HttpResponse(status_code=204)


@route(blueprint, EVENT + "/cancel", methods=["POST"], role=SETUP)
def cancel_event(req: func.HttpRequest) -> func.HttpResponse:
    """Cancel a meeting as its organizer. Attendees are notified with the comment."""
    from shared.calendars.requests import read_cancellation

    body, mailbox = req.get_body(), req.route_params["mailbox"]
    cancellation = read_cancellation(json_object(body) if body.strip() else {})
    relay().calendar_service.cancel_event(mailbox, req.route_params["id"], cancellation.comment)
    return func.HttpResponse(status_code=202)


def _event_response(status: int, event: dict[str, Any], **headers: str) -> func.HttpResponse:
    return json_response(status, event, ETag=event["etag"], **headers)


def _events_of(req: func.HttpRequest) -> str:
    """Return the path of a mailbox's events. An address may hold characters such as # that a path must escape."""
    from shared.api.fields import checked_address

    return f"calendars/{quote(checked_address('mailbox', req.route_params['mailbox']), safe='@')}/events"


def _next_link(req: func.HttpRequest, after: str) -> str:
    from shared.api.windows import in_new_spelling

    given = in_new_spelling(req.params)
    params = {name: given[name] for name in PAGE_PARAMETERS if name in given}
    return f"{address(req, _events_of(req))}?{urlencode({**params, 'after': after})}"
