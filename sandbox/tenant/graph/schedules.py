"""getSchedule: when mailboxes are busy, and their working hours.

Graph: calendar: getSchedule; scheduleInformation, scheduleItem and workingHours resource types. Stricter than Graph: a
mailbox outside the app's permissions gets an error, whatever the tenant's sharing would allow.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph import types
from sandbox.tenant.graph.access import EVENT_READ
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, bad_request
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.events import at_mailbox
from sandbox.tenant.graph.prefer import Preferences, preferences
from sandbox.tenant.graph.representation import spelled
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.working_hours import hours_of
from sandbox.tenant.graph.zones import Moment, moment

PARAMETERS = ("Schedules", "StartTime", "EndTime", "AvailabilityViewInterval")
MOVING = ("MailboxNotEnabledForRESTAPI", "ErrorMailboxMoveInProgress")
MOST_SCHEDULES = 20
LONGEST_DAYS = 62
MOST_ITEMS = 1000
DIGITS = {"free": 0, "workingElsewhere": 0, "tentative": 1, "busy": 2, "oof": 3, "unknown": 2}


async def get_schedule(graph: Graph, call: Call) -> Answer:
    """Return a scheduleInformation for each address; errors are returned in the entry."""
    async with at_mailbox(graph, call, EVENT_READ):
        parameters, preferred = _parameters(graph, call), preferences(call)
        await asyncio.sleep(graph.switches.number("scheduleSeconds", call.params["id"], call.request_id))
        window = _window(parameters)
        addresses = [each for each in parameters["Schedules"] if not graph.switches.is_on("scheduleLeftOut", each)]
        value = [_information(graph, call, address, window, preferred) for address in addresses]
        if graph.switches.is_on("scheduleReversed"):
            value.reverse()
        context = f"{call.base}/$metadata#Collection(microsoft.graph.scheduleInformation)"
        return Answer(200, {"@odata.context": context, "value": value}, preferred.headers())


def _parameters(graph: Graph, call: Call) -> dict[str, Any]:
    """Return the action's parameters, whose names are case-insensitive in OData. Raises GraphError (400)."""
    names = {name.lower(): name for name in PARAMETERS}
    body = call.json_object()
    if unknown := [name for name in body if name.lower() not in names]:
        text = f"The parameter '{unknown[0]}' in the request payload is not a valid parameter for the operation."
        raise bad_request(text, "RequestBodyRead")
    parameters = {names[name.lower()]: value for name, value in body.items()}
    # Both have the same type as an event's start and end.
    types.check("event", {"start": parameters.get("StartTime"), "end": parameters.get("EndTime")})
    schedules = parameters.get("Schedules")
    if not isinstance(schedules, list) or not schedules or not all(isinstance(address, str) for address in schedules):
        raise bad_request("Schedules: a list of addresses is required.", "ErrorInvalidParameter")
    if sum(len(_members(graph, address) or [address]) for address in schedules) > MOST_SCHEDULES:
        raise bad_request(f"Schedules: more than {MOST_SCHEDULES}.", "ErrorInvalidParameter")
    return parameters


def _window(parameters: dict[str, Any]) -> tuple[datetime, datetime, int]:
    """Return the window and the interval in minutes. Raises GraphError (400)."""
    try:
        start, end = (moment(parameters.get(name)).utc for name in ("StartTime", "EndTime"))
    except ValueError as error:
        raise bad_request(str(error), "ErrorInvalidParameter") from error
    minutes = parameters.get("AvailabilityViewInterval") or 30
    if not isinstance(minutes, int) or not 5 <= minutes <= 1440:
        raise bad_request("AvailabilityViewInterval: minutes from 5 to 1440.", "ErrorInvalidMergedFreeBusyInterval")
    if end <= start or end - start < timedelta(minutes=minutes):
        raise bad_request("The interval is longer than the time window.", "ErrorInvalidTimeInterval")
    if end - start > timedelta(days=LONGEST_DAYS):
        raise bad_request(
            "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long.",
            "ErrorTimeIntervalTooBig",
        )
    return start, end, minutes


def _information(
    graph: Graph, call: Call, address: str, window: tuple[datetime, datetime, int], preferred: Preferences
) -> dict[str, Any]:
    """Return one mailbox's schedule, or the error; of a distribution list, the times of all its members."""
    if members := _members(graph, address):
        return _of_list(address, [_information(graph, call, each, window, preferred) for each in members])
    try:
        mailbox = graph.access.mailbox(call.caller, address, EVENT_READ)
    except GraphError as error:
        return _failed(address, _code_of(error), error.message)
    if code := graph.switches.choice("scheduleError", address, call.request_id):
        return _failed(address, code, "The schedule is not available.")
    start, end, minutes = window
    calendar = graph.listed(mailbox) if graph.switches.is_on("scheduleLags", address) else graph.calendar(mailbox)
    events = [event for event in calendar.view(start, end) if not event.fields["isCancelled"]]
    spelling = graph.switches.choice("valuesSpelled", address)
    if len(events) > MOST_ITEMS:
        return _failed(address, "5006", f"More than {MOST_ITEMS} entries.")
    items = [spelled(_item(event, preferred, calendar.zone), spelling) for event in events]
    return {
        "scheduleId": address,
        "availabilityView": _digits(events, (start, end), timedelta(minutes=minutes), calendar.zone),
        "scheduleItems": [] if graph.switches.is_on("scheduleWithoutItems", address) else items,
        "workingHours": hours_of(graph, mailbox),
    }


def _members(graph: Graph, address: str) -> list[str]:
    """Return the members of a distribution list; none for another address."""
    lists: dict[str, list[str]] = graph.setting("distributionLists")
    return {each.lower(): members for each, members in lists.items()}.get(address.lower(), [])


def _of_list(address: str, members: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the schedule of a distribution list: the items of its members, and the busiest digit of each interval."""
    views = [each["availabilityView"] for each in members if each["availabilityView"]]
    digits = "".join(max(column) for column in zip(*views, strict=True))
    items = [item for each in members for item in each["scheduleItems"]]
    return {"scheduleId": address, "availabilityView": digits, "scheduleItems": items}


def _code_of(error: GraphError) -> str:
    """Return the code of one schedule for a mailbox that cannot be read."""
    if error.code in MOVING:
        return "ErrorMailboxMoveInProgress"
    return "ErrorMailRecipientNotFound" if error.status == 404 else "ErrorNoFreeBusyAccess"


def _failed(address: str, code: str, message: str) -> dict[str, Any]:
    """Return the error of one schedule."""
    error = {"message": message, "responseCode": code}
    return {"scheduleId": address, "availabilityView": "", "scheduleItems": [], "error": error}


def _item(event: Event, preferred: Preferences, zone: str) -> dict[str, Any]:
    """Return one event's time, with subject and location unless it is private, as sharing allows them here."""
    hidden = event.fields["sensitivity"] in ("private", "confidential")
    instants = zip(("start", "end"), event.span(zone), strict=True)
    times = {name: Moment(at.replace(tzinfo=None)).in_zone(preferred.zone).as_json() for name, at in instants}
    item = {"isPrivate": hidden, "status": event.fields["showAs"], **times}
    if hidden:
        return item
    return item | {"subject": event.fields["subject"], "location": event.fields["location"].get("displayName", "")}


def _digits(events: list[Event], window: tuple[datetime, datetime], step: timedelta, zone: str) -> str:
    """Return the availabilityView: a digit for each interval, for the busiest status in it."""
    digits, (start, end) = "", window
    spans = [(*event.span(zone), DIGITS[event.fields["showAs"]]) for event in events]
    while start < end:
        until = min(start + step, end)
        digits += str(max((digit for first, last, digit in spans if first < until and last > start), default=0))
        start = until
    return digits


ENDPOINTS = [
    Endpoint("POST", "/users/{id}/calendar/getSchedule", get_schedule),
    Endpoint("POST", "/users/{id}/calendar/microsoft.graph.getSchedule", get_schedule),
]
