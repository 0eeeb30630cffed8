"""A caller lists the calendars of a mailbox, and makes one. Registered where FEATURES names calendars."""

import azure.functions as func

from functions.auth import READ, SETUP, route
from functions.responses import json_object, json_response
from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "calendars/{mailbox}"


@route(blueprint, ROUTE, methods=["GET"], role=READ)
def list_calendars(req: func.HttpRequest) -> func.HttpResponse:
    """List the calendars of a mailbox."""
    from shared.calendars import service

    return json_response(200, {"value": service.list_calendars(relay(), req.route_params["mailbox"])})


@route(blueprint, ROUTE, methods=["POST"], role=SETUP)
def create_calendar(req: func.HttpRequest) -> func.HttpResponse:
    """Make a calendar: 201 with it."""
    from shared.calendars import service
    from shared.calendars.requests import read_new_calendar

    wanted = read_new_calendar(json_object(req.get_body()))
    return json_response(201, service.create_calendar(relay(), req.route_params["mailbox"], wanted.name))
