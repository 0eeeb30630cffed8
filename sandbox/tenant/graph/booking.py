"""Convert control's description of an event to a stored event.

A body is a short form of Graph's event: body, location, attendees and organizer may be plain texts, start and end ISO
times; `direct`, `rrule` and `exdates` exist only here. The result is checked against Graph's type.
"""

from typing import Any

from sandbox.tenant.graph import types
from sandbox.tenant.graph.errors import GraphError
from sandbox.tenant.graph.event import DEFAULTS, Event
from sandbox.tenant.graph.processing import RoomRules
from sandbox.tenant.graph.recurrence import patterned
from sandbox.tenant.graph.series import Rule, read_rule
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.graph.zones import Moment, moment
from sandbox.tenant.state import Mailbox

STORED = frozenset(
    {
        "subject",
        "body",
        "showAs",
        "sensitivity",
        "importance",
        "isAllDay",
        "isCancelled",
        "attendees",
        "location",
        "organizer",
        "categories",
        "isReminderOn",
        "reminderMinutesBeforeStart",
    }
)
OWN = frozenset({"start", "end", "direct", "rrule", "exdates", "timeZone"})


def new_event(graph: Graph, mailbox: Mailbox, body: dict[str, Any]) -> Event:
    """Return the event that control describes. Raises ValueError with the reason.

    A room's event counts as booked by its organizer unless it is `direct`; a user's is written directly to the calendar
    unless `direct` is false.
    """
    fields = {**_copied(DEFAULTS), **_fields(body)}
    start, end = _times(body, fields)
    direct = body.get("direct", mailbox.kind != "room")
    if not isinstance(direct, bool):
        raise ValueError("direct: neither true nor false")  # noqa: TRY004 - the body is wrong, not the caller
    if not direct:
        fields.setdefault("organizer", recipient("organizer@contoso.com"))
    now = graph.clock.now()
    event = Event(start, end, fields, created=now, modified=now, booked=not direct)
    event.uid = f"040000008200E00074C5B7101A82E008{event.change_key.encode().hex().upper()}"
    if body.get("rrule") is not None:
        event.rule, event.type = _rule(body, start), "seriesMaster"
    return event


def change(event: Event, body: dict[str, Any]) -> None:
    """Apply control's changes to an event. Raises ValueError with the reason, and then changes nothing."""
    if "direct" in body:
        raise ValueError("direct: only at creation")
    if event.master is not None and (body.get("rrule") is not None or "exdates" in body):
        raise ValueError("rrule: not for an occurrence")
    fields = {**event.fields, **_fields(body)}
    current = {"start": event.start.as_json(), "end": event.end.as_json()}
    start, end = _times({**current, **_kept_length(event, body)}, fields)
    rule = event.rule
    if "rrule" in body or ("exdates" in body and rule is not None):
        rule = _rule({"rrule": rule.text if rule else None, **body}, start)
    event.fields, event.start, event.end, event.rule = fields, start, end, rule
    if event.master is None:
        event.type = "singleInstance" if rule is None else "seriesMaster"


def recipient(given: Any) -> dict[str, Any]:
    """Return Graph's recipient for an address, for {name, address}, or for a recipient."""
    if isinstance(given, str):
        return {"emailAddress": {"name": given.partition("@")[0], "address": given}}
    if isinstance(given, dict) and "emailAddress" not in given:
        return {"emailAddress": given}
    return dict(given)


def room_rules(body: dict[str, Any]) -> RoomRules:
    """Return a room's calendar processing from control's camelCase names. Raises ValueError for others."""
    names = {
        "deleteSubject": "delete_subject",
        "addOrganizerToSubject": "add_organizer_to_subject",
        "deleteComments": "delete_comments",
        "removePrivateProperty": "remove_private_property",
    }
    for name, value in body.items():
        if name not in names or not isinstance(value, bool):
            raise ValueError(f"{name}: not one of {', '.join(names)} with true or false")
    return RoomRules(**{names[name]: value for name, value in body.items()})


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """Return the stored fields of a body in Graph's form."""
    if unknown := body.keys() - STORED - OWN:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    fields = {name: value for name, value in body.items() if name in STORED}
    if isinstance(fields.get("body"), str):
        fields["body"] = {"contentType": "text", "content": fields["body"]}
    if isinstance(fields.get("location"), str):
        fields["location"] = {"displayName": fields["location"]}
    if fields.get("organizer") is not None:
        fields["organizer"] = recipient(fields["organizer"])
    if isinstance(fields.get("attendees"), list):
        fields["attendees"] = [
            {"type": "required", "status": {"response": "none", "time": "0001-01-01T00:00:00Z"}, **recipient(attendee)}
            for attendee in fields["attendees"]
        ]
    _check(fields)
    return fields


def _check(fields: dict[str, Any]) -> None:
    """Raise ValueError when the fields do not match Graph's type, or are null where Graph always has a value."""
    try:
        types.check("event", fields)
    except GraphError as error:
        raise ValueError(error.message) from error
    if empty := [name for name, value in fields.items() if value is None]:
        raise ValueError(f"null: {', '.join(empty)}")
    if "body" in fields and not isinstance(fields["body"].get("content"), str):
        raise ValueError("body: no content")


def _times(body: dict[str, Any], fields: dict[str, Any]) -> tuple[Moment, Moment]:
    """Return start and end. Raises ValueError unless an all-day event's are midnights, as Graph requires."""
    zone = str(body.get("timeZone", "UTC"))
    if "start" not in body or "end" not in body:
        raise ValueError("start, end: both are required")
    start, end = moment(body["start"], zone), moment(body["end"], zone)
    if end.utc < start.utc:
        raise ValueError("end: before the start")
    midnights = all(time.local.time().isoformat() == "00:00:00" for time in (start, end))
    if fields["isAllDay"] and (not midnights or start.zone != end.zone or end.local == start.local):
        raise ValueError("isAllDay: start and end must be different midnights of one time zone")
    return start, end


def _kept_length(event: Event, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body, with an end that keeps the event's length if only the start is moved."""
    if "start" not in body or "end" in body:
        return body
    start = moment(body["start"], str(body.get("timeZone", "UTC")))
    return {**body, "end": Moment(start.local + event.length, start.zone).as_json()}


def _rule(body: dict[str, Any], start: Moment) -> Rule | None:
    """Return the recurrence of a body, None when it is removed; exdates are original starts."""
    if body["rrule"] is None:
        return None
    rule = read_rule(str(body["rrule"]), start.local, start.zone)
    patterned(rule, start)
    if next(rule.starts(start.local, start.zone)) != start.local:
        raise ValueError("rrule: the start is not the first occurrence")
    rule.exdates = {moment(exdate, start.zone).in_zone(start.zone).local for exdate in body.get("exdates", [])}
    return rule


def _copied(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the defaults with their inner objects copied, so that events do not share them."""
    return {name: value.copy() if isinstance(value, dict | list) else value for name, value in fields.items()}
