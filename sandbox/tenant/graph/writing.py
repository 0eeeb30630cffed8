"""Events as an app writes them: create, update, delete, cancel.

Graph: Create event; Update event; Delete event; event: cancel; event resource type (transactionId, isOnlineMeeting).
A transactionId that made the same event answers with it again; for another event it is refused
(ErrorDuplicateTransactionId), as developers report. If-Match stands in Graph's published schema of PATCH and DELETE.
"""

import uuid
from typing import Any
from urllib.parse import quote

from sandbox.tenant.graph import types
from sandbox.tenant.graph.access import CALENDAR_WRITE
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError, bad_request
from sandbox.tenant.graph.event import DEFAULTS, Event
from sandbox.tenant.graph.events import at_mailbox, found_event, seen
from sandbox.tenant.graph.folders import in_folder
from sandbox.tenant.graph.patterned import rule_of
from sandbox.tenant.graph.prefer import preferences
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.zones import Moment, moment, zone_info

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
    """Make an event, and answer it; with a Teams meeting if it is asked for."""
    async with at_mailbox(graph, call, CALENDAR_WRITE) as mailbox:
        body, calendar = _body(call, STORED | TIMED | ONLINE | {"transactionId"}), graph.calendar(mailbox)
        folder, transaction = in_folder(graph, call, mailbox), body.get("transactionId")
        now = graph.clock.now()
        utc = Moment(now.replace(tzinfo=None))
        made = Event(utc, utc, {**_defaults(), **_stored(body)}, now, now, folder=folder, transaction=transaction)
        if not body.keys() >= {"start", "end"}:
            raise _invalid("start, end: both are needed")
        _set_times(made, body)
        made.uid = f"040000008200E00074C5B7101A82E008{made.change_key.encode().hex().upper()}"
        made.join_url = _joined(made, body)
        before = calendar.made_by(transaction) if transaction else None
        if before is not None and _picture(before) != _picture(made):
            text = (
                "Your request can't be completed. The TransactionId specified in the request has already been used "
                "to create a different event."
            )
            raise GraphError(409, "ErrorDuplicateTransactionId", text)
        if before is None:
            graph.processing.created(mailbox, made)
        return Answer(201, seen(graph, call, before or made, mailbox, preferences(call)))


async def update(graph: Graph, call: Call) -> Answer:
    """Change what the body names, and answer the event."""
    async with at_mailbox(graph, call, CALENDAR_WRITE) as mailbox:
        event, body = found_event(graph, call, mailbox), _body(call, STORED | TIMED | ONLINE)
        _check_etag(call, event)
        if event.master is not None and body.get("recurrence") is not None:
            raise _invalid("recurrence: an occurrence has none")
        if event.join_url and body.get("isOnlineMeeting") is False:
            raise _invalid("isOnlineMeeting: an online meeting stays one")
        before, fields = (event.start, event.end, event.rule), event.fields
        event.fields = {**fields, **_stored(body)}
        try:
            _set_times(event, body)
        except GraphError:
            event.fields = fields
            raise
        event.join_url = event.join_url or _joined(event, body)
        if before != (event.start, event.end, event.rule) and event.master is None:
            graph.calendar(mailbox).forget_exceptions(event)
        graph.processing.updated(mailbox, event)
        return Answer(200, seen(graph, call, event, mailbox, preferences(call)))


async def delete(graph: Graph, call: Call) -> Answer:
    """Delete an event."""
    async with at_mailbox(graph, call, CALENDAR_WRITE) as mailbox:
        event = found_event(graph, call, mailbox)
        _check_etag(call, event)
        graph.processing.deleted(mailbox, event)
        return Answer(204)


async def cancel(graph: Graph, call: Call) -> Answer:
    """Cancel a meeting: the organizer's own event goes to Deleted Items; an attendee is refused."""
    async with at_mailbox(graph, call, CALENDAR_WRITE) as mailbox:
        event, body = found_event(graph, call, mailbox), call.body or {}
        if not isinstance(body, dict) or {name.lower() for name in body} - {"comment"}:
            raise bad_request("The request is malformed or incorrect.", "RequestBodyRead")
        if event.booked:
            text = "Your request can't be completed. You need to be an organizer to cancel a meeting."
            raise bad_request(text, "ErrorAccessDenied")
        graph.processing.deleted(mailbox, event)
        return Answer(202)


def _body(call: Call, known: frozenset[str]) -> dict[str, Any]:
    """Return the call's body once it fits Graph's type and names only what an app may write."""
    body = call.json_object()
    types.check("event", body)
    if astray := body.keys() - known:
        raise _invalid(f"{', '.join(sorted(astray))}: not writable here")
    if len(body.get("attendees") or []) > MOST_ATTENDEES:
        raise _invalid(f"attendees: more than {MOST_ATTENDEES}")
    return body


def _stored(body: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept as Graph writes it; an attendee has not answered yet."""
    fields = {name: value for name, value in body.items() if name in STORED}
    if empty := [name for name, value in fields.items() if value is None]:
        raise _invalid(f"{', '.join(empty)}: null")
    if "attendees" in fields:
        fields["attendees"] = [
            {"type": "required", **one, "status": {"response": "none", "time": "0001-01-01T00:00:00Z"}}
            for one in fields["attendees"]
        ]
        if not all("@" in str((one.get("emailAddress") or {}).get("address")) for one in fields["attendees"]):
            raise bad_request("At least one recipient isn't valid.", "ErrorInvalidRecipients")
    return fields


def _defaults() -> dict[str, Any]:
    """Return the defaults with their inner objects copied, so that no two events share one."""
    return {name: value.copy() if isinstance(value, dict | list) else value for name, value in DEFAULTS.items()}


def _set_times(event: Event, body: dict[str, Any]) -> None:
    """Write start, end and recurrence; raises GraphError (400), and then changes nothing."""
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
    midnights = all(one.local.time().isoformat() == "00:00:00" for one in (start, end))
    if event.fields["isAllDay"] and (not midnights or start.zone != end.zone or end.local <= start.local):
        raise _invalid("The Event.Start property for an all-day event needs to be set to midnight.")
    if rule is not None:  # the first occurrence may be later than the start that was asked for
        length, first = end.local - start.local, next(rule.starts(start.local, start.zone))
        start, end = Moment(first, start.zone), Moment(first + length, end.zone)
    event.start, event.end, event.rule = start, end, rule
    if event.master is None:
        event.type = "singleInstance" if rule is None else "seriesMaster"


def _exact(given: Any) -> Moment:
    """Return a dateTimeTimeZone that some clock of its zone shows."""
    found = moment(given)
    back = found.utc.astimezone(zone_info(found.zone)).replace(tzinfo=None)
    if back != found.local:
        raise ValueError("the time does not exist in its zone")
    return found


def _joined(event: Event, body: dict[str, Any]) -> str:
    """Return the link of the Teams meeting that a body asks for."""
    if body.get("isOnlineMeeting") is not True:
        return ""
    if body.get("onlineMeetingProvider", "teamsForBusiness") != "teamsForBusiness":
        raise _invalid("onlineMeetingProvider: not allowed in this calendar")
    thread = quote(f"19:meeting_{uuid.uuid5(uuid.NAMESPACE_URL, event.id).hex}@thread.v2", safe="")
    return f"https://teams.microsoft.com/l/meetup-join/{thread}/0"


def _picture(event: Event) -> tuple[object, ...]:
    """Return what makes two events the same to a transactionId."""
    return event.start.utc, event.end.utc, event.folder, event.fields["subject"], event.rule and event.rule.text


def _check_etag(call: Call, event: Event) -> None:
    """Raise GraphError (412) when the caller saw another state of the event."""
    if call.headers.get("If-Match", "*") not in ("*", event.etag):
        text = (
            "The send or update operation could not be performed because the change key passed in the request does "
            "not match the current change key for the item."
        )
        raise GraphError(412, "ErrorIrresolvableConflict", text)


def _invalid(text: str) -> GraphError:
    """Return the 400 of a property that Exchange does not take."""
    return bad_request(f"At least one property failed validation. {text}", "ErrorPropertyValidationFailure")


WRITES = (("PATCH", "", update), ("DELETE", "", delete), ("POST", "/cancel", cancel))
PLACES = ("/users/{id}", "/users/{id}/calendar", "/users/{id}/calendars/{calendar}")
ENDPOINTS = [
    *(Endpoint("POST", f"{place}/events", create) for place in PLACES),
    *(Endpoint(method, f"{place}/events/{{event}}{step}", write) for place in PLACES for method, step, write in WRITES),
]
