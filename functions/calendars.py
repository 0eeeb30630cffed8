"""A caller lists the calendars of a mailbox, and makes one. Registered where FEATURES names calendars."""

import azure.functions as func

from functions.auth import READ, SETUP, callable_by
from functions.responses import answer, json_object
from shared.bootstrap.app import relay

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "calendars/{mailbox}"


@callable_by(blueprint, ROUTE, methods=["GET"], role=READ)
def list_calendars(req: func.HttpRequest) -> func.HttpResponse:
    """List the calendars of a mailbox."""
    from shared.calendars import service

    return answer(200, {"value": service.list_calendars(relay(), req.route_params["mailbox"])})


@callable_by(blueprint, ROUTE, methods=["POST"], role=SETUP)
def create_calendar(req: func.HttpRequest) -> func.HttpResponse:
    """Make a calendar: 201 with it."""
    from shared.calendars import service
    from shared.calendars.requests import read_new_calendar

    wanted = read_new_calendar(json_object(req.get_body()))
    return answer(201, service.create_calendar(relay(), req.route_params["mailbox"], wanted.name))
