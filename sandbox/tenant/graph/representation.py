"""Convert a stored event to Graph's JSON.

Graph: event resource type.
"""

from datetime import datetime
from typing import Any

from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.prefer import Preferences
from sandbox.tenant.graph.recurrence import patterned
from sandbox.tenant.graph.zones import Moment
from sandbox.tenant.state import Mailbox

BODIES = ("body", "bodyPreview", "hasAttachments")
"""Properties that Calendars.ReadBasic hides."""
ENUMERATED = ("showAs", "sensitivity", "importance", "type", "status", "responseStatus", "response", "attendees")
"""Properties with enumerated values, or with objects that have such properties."""


def event_json(event: Event, mailbox: Mailbox, preferred: Preferences) -> dict[str, Any]:
    """Return all properties of an event, with times in the preferred zone and ids in the preferred form."""
    form = 1 if preferred.immutable else 0
    return {
        "@odata.etag": event.etag,
        "id": event.ids[form],
        "changeKey": event.change_key,
        "createdDateTime": date_time_offset(event.created),
        "lastModifiedDateTime": date_time_offset(event.modified),
        **{name: value for name, value in event.fields.items() if name != "organizer"},
        "body": _body(event, preferred),
        "bodyPreview": event.fields["body"]["content"][:255],
        "start": _time(event, event.start, preferred),
        "end": _time(event, event.end, preferred),
        "originalStartTimeZone": event.start.zone,
        "originalEndTimeZone": event.end.zone,
        "organizer": _organizer(event, mailbox),
        "isOrganizer": not event.booked,
        "responseStatus": {"response": "accepted" if event.booked else "organizer", "time": "0001-01-01T00:00:00Z"},
        "responseRequested": True,
        "allowNewTimeProposals": True,
        "hasAttachments": False,
        "hideAttendees": False,
        "isDraft": False,
        **_online(event),
        "locations": _locations(event),
        "iCalUId": event.uid,
        "transactionId": event.transaction,
        "webLink": f"https://outlook.office365.com/owa/?itemid={event.ids[0]}",
        **_series(event, form),
    }


def spelled(item: dict[str, Any], spelling: str) -> dict[str, Any]:
    """Return an event or an entry of a schedule with Graph's values in other letters, if a spelling is given."""
    if not spelling:
        return item
    return item | {name: _respelled(item[name], spelling) for name in ENUMERATED if item.get(name)}


def _respelled(value: Any, spelling: str) -> Any:
    """Return a value, or an object or list with values in it, in another spelling."""
    if isinstance(value, list):
        return [_respelled(each, spelling) for each in value]
    if isinstance(value, dict):
        return spelled(value, spelling)
    return value.upper() if spelling == "CAPITALS" else value[:1].upper() + value[1:]


def date_time_offset(moment: datetime) -> str:
    """Return a time as Graph writes a DateTimeOffset."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"


def _body(event: Event, preferred: Preferences) -> dict[str, Any]:
    """Return the body, as text if preferred (HTML is not converted: bodies in the sandbox are plain)."""
    body: dict[str, Any] = event.fields["body"]
    return {**body, "contentType": "text"} if preferred.text_body else body


def _time(event: Event, moment: Moment, preferred: Preferences) -> dict[str, str]:
    """Return a start or end. An all-day event is at midnight in any requested zone."""
    if event.fields["isAllDay"]:
        return Moment(moment.local, preferred.zone).as_json()
    return moment.in_zone(preferred.zone).as_json()


def _organizer(event: Event, mailbox: Mailbox) -> dict[str, Any]:
    """Return the organizer; of an event written directly to a calendar, the mailbox itself."""
    own = {"emailAddress": {"name": mailbox.display_name, "address": mailbox.address}}
    organizer: dict[str, Any] = event.fields.get("organizer") or own
    return organizer


def _online(event: Event) -> dict[str, Any]:
    """Return the properties of the online meeting."""
    if not event.join_url:
        return {
            "isOnlineMeeting": False,
            "onlineMeeting": None,
            "onlineMeetingProvider": "unknown",
            "onlineMeetingUrl": None,
        }
    return {
        "isOnlineMeeting": True,
        "onlineMeeting": {"joinUrl": event.join_url},
        "onlineMeetingUrl": None,
        "onlineMeetingProvider": "teamsForBusiness",
    }


def _locations(event: Event) -> list[dict[str, Any]]:
    """Return the locations, which always match the location."""
    return [event.fields["location"]] if event.fields["location"].get("displayName") else []


def _series(event: Event, form: int) -> dict[str, Any]:
    """Return the properties that distinguish single events, masters and occurrences."""
    series: dict[str, Any] = {"type": event.type, "seriesMasterId": None, "recurrence": None}
    if event.rule is not None:
        series |= {"type": "seriesMaster", "recurrence": patterned(event.rule, event.start)}
    if event.master is not None and event.original_start is not None:
        series |= {
            "seriesMasterId": event.master.ids[form],
            "originalStart": date_time_offset(event.original_start.utc),
        }
    return series
