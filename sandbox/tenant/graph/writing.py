"""Events, writes by an app: create, update.

Graph: Create event; Update event; event resource type (isOnlineMeeting). If-Match is in Graph's published schema of
PATCH and DELETE; whether Outlook honours it is not documented, so a setting says so.
"""

import uuid
from typing import Any
from urllib.parse import quote

from sandbox.tenant.graph import types
from sandbox.tenant.graph.access import CALENDAR_WRITE
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, access_denied, bad_request
from sandbox.tenant.graph.event import DEFAULTS, Event
from sandbox.tenant.graph.events import at_mailbox, find_event, visible_event
from sandbox.tenant.graph.extended import NAME, properties_of
from sandbox.tenant.graph.folders import in_folder
from sandbox.tenant.graph.neighbours import check_neighbours
from sandbox.tenant.graph.patterned import rule_of
from sandbox.tenant.graph.prefer import preferences
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.transactions import earlier_event
from sandbox.tenant.graph.zones import Moment, moment, zone_info
from sandbox.tenant.state import Mailbox

STORED = frozenset(
    {
        "subject",
        "body",
        "showAs",
        "sensitivity",
        "importance",
        "isAllDay",
        "attendees",
        "location",
        "categories",
        "isReminderOn",
        "reminderMinutesBeforeStart",
    }
)
TIMED = frozenset({"start", "end", "recurrence"})
ONLINE = frozenset({"isOnlineMeeting", "onlineMeetingProvider"})
MOST_ATTENDEES = 500


async def create(graph: Graph, call: Call) -> Answer:
    """Create an event, optionally with a Teams meeting, and return it."""
    async with at_mailbox(graph, call, CALENDAR_WRITE) as mailbox:
        body, calendar = _body(call, STORED | TIMED | ONLINE | {"transactionId", NAME}), graph.calendar(mailbox)
        folder, transaction = in_folder(graph, call, mailbox), body.get("transactionId")
        check_editable(graph, mailbox, folder)
        now = graph.clock.now()
        utc = Moment(now.replace(tzinfo=None))
        event = Event(utc, utc, {**_defaults(), **_stored(body)}, now, now, folder=folder, transaction=transaction)
        event.properties = properties_of(body)
        if not body.keys() >= {"start", "end"}:
            raise _invalid("start, end: both are required")
        _set_times(event, body)
        event.uid = f"040000008200E00074C5B7101A82E008{event.change_key.encode().hex().upper()}"
        event.join_url = _joined(event, body)
        existing = earlier_event(calendar, event, now, graph.tenant.settings)
        if existing is None:
            graph.processing.created(mailbox, event)
            if transaction:
                calendar.transactions[transaction] = (event, now)
        return Answer(201, _written(graph, call, existing or event, mailbox))


async def update(graph: Graph, call: Call) -> Answer:
    """Change the properties in the body, and return the event."""
    async with at_mailbox(graph, call, CALENDAR_WRITE) as mailbox:
        event, body = find_event(graph, call, mailbox), _body(call, STORED | TIMED | ONLINE | {NAME})
        if graph.setting("honoursIfMatch"):
            check_etag(call, event)
        check_editable(graph, mailbox, event.folder)
        if event.master is not None and body.get("recurrence") is not None:
            raise _invalid("recurrence: not for an occurrence")
        if event.join_url and body.get("isOnlineMeeting") is False:
            raise _invalid("isOnlineMeeting: cannot be removed")
        before, fields = (event.start, event.end, event.rule), event.fields
        properties = {**event.properties, **properties_of(body)}
        event.fields = {**fields, **_stored(body)}
        try:
            _set_times(event, body)
            check_neighbours(graph.calendar(mailbox), event)
        except GraphError:
            event.fields, event.start, event.end, event.rule = fields, *before
            raise
        event.properties = properties
        event.join_url = event.join_url or _joined(event, body)
        if before != (event.start, event.end, event.rule) and event.master is None:
            graph.calendar(mailbox).forget_exceptions(event)
        graph.processing.updated(mailbox, event)
        return Answer(200, _written(graph, call, event, mailbox))


def check_editable(graph: Graph, mailbox: Mailbox, folder: str) -> None:
    """Raise GraphError (403) for a calendar that others shared without the right to edit it."""
    if not all(each.can_edit for each in graph.calendar(mailbox).folders.values() if each.events == folder):
        raise access_denied()


def _written(graph: Graph, call: Call, event: Event, mailbox: Mailbox) -> dict[str, Any]:
    """Return an event that was just written; its meeting may not have its link yet."""
    item = visible_event(graph, call, event, mailbox, preferences(call))
    return item | ({"onlineMeeting": None} if graph.switches.is_on("linkLate", mailbox.address) else {})


def _body(call: Call, writable: frozenset[str]) -> dict[str, Any]:
    """Return the call's body after checking it against Graph's type and the writable properties."""
    body = call.json_object()
    types.check("event", body)
    if unknown := body.keys() - writable:
        raise _invalid(f"{', '.join(sorted(unknown))}: not writable here")
    if len(body.get("attendees") or []) > MOST_ATTENDEES:
        raise _invalid(f"attendees: more than {MOST_ATTENDEES}")
    return body


def _stored(body: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that are stored in Graph's form; attendees have not responded yet."""
    fields = {name: value for name, value in body.items() if name in STORED}
    if empty := [name for name, value in fields.items() if value is None]:
        raise _invalid(f"{', '.join(empty)}: null")
    if "attendees" in fields:
        fields["attendees"] = [
            {"type": "required", **attendee, "status": {"response": "none", "time": "0001-01-01T00:00:00Z"}}
            for attendee in fields["attendees"]
        ]
        if not all("@" in str((each.get("emailAddress") or {}).get("address")) for each in fields["attendees"]):
            raise bad_request("At least one recipient isn't valid.", "ErrorInvalidRecipients")
    return fields


def _defaults() -> dict[str, Any]:
    """Return the defaults with their inner objects copied, so that events do not share them."""
    return {name: value.copy() if isinstance(value, dict | list) else value for name, value in DEFAULTS.items()}


def _set_times(event: Event, body: dict[str, Any]) -> None:
    """Set start, end and recurrence. Raises GraphError (400), and then changes nothing."""
    try:
        start = _exact(body["start"]) if "start" in body else event.start
        end = _exact(body["end"]) if "end" in body else event.end
        rule = event.rule
        if "recurrence" in body:
            rule = rule_of(body["recurrence"], start) if body["recurrence"] else None
    except ValueError as error:
        code = "TimeZoneNotSupportedException" if "TimeZone value" in str(error) else "ErrorInvalidRequest"
        raise bad_request(str(error), code) from error
    if end.utc < start.utc:
        raise bad_request("The end is before the start.", "ErrorCalendarEndDateIsEarlierThanStartDate")
    midnights = all(time.local.time().isoformat() == "00:00:00" for time in (start, end))
    if event.fields["isAllDay"] and (not midnights or start.zone != end.zone or end.local <= start.local):
        raise _invalid("The Event.Start property for an all-day event needs to be set to midnight.")
    if rule is not None:  # the first occurrence may be later than the requested start
        first = next(rule.starts(start.local, start.zone))
        start, end = Moment(first, start.zone), Moment(end.local + (first - start.local), end.zone)
    event.start, event.end, event.rule = start, end, rule
    if event.master is None:
        event.type = "singleInstance" if rule is None else "seriesMaster"


def _exact(given: Any) -> Moment:
    """Return a dateTimeTimeZone. Raises ValueError if the time does not exist in its zone."""
    time = moment(given)
    shown = time.utc.astimezone(zone_info(time.zone)).replace(tzinfo=None)
    if shown != time.local:
        raise ValueError("the time does not exist in its zone")
    return time


def _joined(event: Event, body: dict[str, Any]) -> str:
    """Return the link of the Teams meeting that the body requests, or an empty text."""
    if body.get("isOnlineMeeting") is not True:
        return ""
    if body.get("onlineMeetingProvider", "teamsForBusiness") != "teamsForBusiness":
        raise _invalid("onlineMeetingProvider: not allowed in this calendar")
    thread = quote(f"19:meeting_{uuid.uuid5(uuid.NAMESPACE_URL, event.id).hex}@thread.v2", safe="")
    return f"https://teams.microsoft.com/l/meetup-join/{thread}/0"


def check_etag(call: Call, event: Event) -> None:
    """Raise GraphError (412) when If-Match is not the event's current etag."""
    if call.headers.get("If-Match", "*") not in ("*", event.etag):
        text = (
            "The send or update operation could not be performed because the change key passed in the request does "
            "not match the current change key for the item."
        )
        raise GraphError(412, "ErrorIrresolvableConflict", text)


def _invalid(text: str) -> GraphError:
    """Return the 400 for an invalid property."""
    return bad_request(f"At least one property failed validation. {text}", "ErrorPropertyValidationFailure")


ROOTS = ("/users/{id}", "/users/{id}/calendar", "/users/{id}/calendars/{calendar}")
ENDPOINTS = [
    *(Endpoint("POST", f"{root}/events", create) for root in ROOTS),
    *(Endpoint("PATCH", f"{root}/events/{{event}}", update) for root in ROOTS),
]
