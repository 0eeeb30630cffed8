"""The operations of the feature calendars, and what they answer, as models."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shared.api.times import TIME_PATTERN
from shared.calendars.requests import Cancellation, EventChange, NewCalendar, NewEvent
from tools.openapi.deliveries import Event
from tools.openapi.fields import Strict, never_null
from tools.openapi.operation import Header, Operation, Query, Response

FEATURE = "calendars"
CALENDARS_OF, EVENTS = "calendars/{mailbox}", "calendars/{mailbox}/events"
EVENT = EVENTS + "/{id}"


def _allowed(description: str) -> Any:
    """Return a field that is there only where EVENT_DETAIL allows it; null for a private event."""
    text = f"Only where the customer's EVENT_DETAIL allows it. {description}"
    return Field(default=None, description=text, json_schema_extra=never_null)


class Calendar(Strict):
    """One of a mailbox's calendars."""

    id: str
    name: str
    color: str = Field(description="Outlook's name of it.")
    hex_color: str | None
    default: bool = Field(description="The one that is watched, and that is meant where no calendar is named.")
    can_edit: bool


class CalendarList(Strict):
    """All calendars of a mailbox."""

    value: list[Calendar]


class Organizer(Strict):
    """Who organizes a meeting."""

    name: str | None
    address: str | None


class CalendarEvent(Event):
    """An event as it is now: what deliveries tell of it, its etag, and what EVENT_DETAIL allows; never its body."""

    etag: str = Field(description="Its state, for If-Match.")
    location: str | None = _allowed("The location's name.")
    organizer: Organizer | None = _allowed("Who organizes it.")
    attendees: int | None = _allowed("How many are invited.")


class WrittenEvent(CalendarEvent):
    """An event as a call made or changed it."""

    join_url: str | None = Field(
        default=None,
        description="Only where the call asked for a Teams meeting; null while Outlook still makes it.",
        json_schema_extra=never_null,
    )


class CalendarEventPage(Strict):
    """A page of a calendar, in the order of the starts."""

    value: list[CalendarEvent]
    next_link: str | None = Field(description="Where the next page is; null after the last.")


_WHEN = "With an offset, or by the clock of timeZone."
_MOMENT = {"type": "string", "pattern": TIME_PATTERN}
_CALENDAR = Query("calendar", "The id of a calendar; the default one if there is none.", {"type": "string"})
_WINDOW = (
    Query("start", f"Show what ends after it. {_WHEN}", _MOMENT, required=True),
    Query("end", f"Show what begins before it; at most 1825 days later. {_WHEN}", _MOMENT, required=True),
    Query("timeZone", "A name of IANA or of Windows, for start and end.", {"type": "string"}),
    Query("pageSize", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query("after", "Where the page begins, as nextLink says it.", {"type": "string"}),
    _CALENDAR,
)
_KEY = Header("Idempotency-Key", "Repeat a call with the same key, and it makes no second event.",
              {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"})  # fmt: skip
_MATCH = Header("If-Match", "The etag that was read: the event is touched only if it is still so.",
                {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"})  # fmt: skip
_READING, _WRITING = (403, 404, 422, 502, 503), (400, 403, 404, 409, 422, 502, 503)

CALENDARS = (
    Operation(
        "list_calendars", "get", CALENDARS_OF, "partner", "List the calendars of a mailbox.",
        {200: Response("All of them.", CalendarList)}, _READING, feature=FEATURE,
    ),
    Operation(
        "create_calendar", "post", CALENDARS_OF, "partner", "Make a calendar.",
        {201: Response("The calendar.", Calendar)}, _WRITING, NewCalendar, feature=FEATURE,
    ),
    Operation(
        "list_events", "get", EVENTS, "partner", "Show a part of a calendar, series as their occurrences.",
        {200: Response("A page.", CalendarEventPage, names=EVENT)}, _READING, query=_WINDOW, feature=FEATURE,
    ),
    Operation(
        "create_event", "post", EVENTS, "partner", "Make an event; its attendees are invited.",
        {201: Response("The event.", WrittenEvent, ("Location", "ETag"), names=EVENT)}, _WRITING, NewEvent,
        query=(_CALENDAR,), headers=(_KEY,), feature=FEATURE,
    ),
    Operation(
        "get_event", "get", EVENT, "partner", "Read one event.",
        {200: Response("The event.", CalendarEvent, ("ETag",))}, _READING, feature=FEATURE,
    ),
    Operation(
        "change_event", "patch", EVENT, "partner", "Change an event; its attendees are told.",
        {200: Response("The event.", WrittenEvent, ("ETag",))}, (*_WRITING, 412), EventChange, headers=(_MATCH,),
        feature=FEATURE,
    ),
    Operation(
        "delete_event", "delete", EVENT, "partner", "Delete an event; the attendees of a meeting are told.",
        {204: Response("It is not there any more, or never was.")}, (*_READING, 412), headers=(_MATCH,),
        feature=FEATURE,
    ),
    Operation(
        "cancel_event", "post", EVENT + "/cancel", "partner", "Cancel a meeting as its organizer, and say why.",
        {202: Response("Its attendees will hear of it.")}, _WRITING, Cancellation, body_is_needed=False,
        feature=FEATURE,
    ),
)  # fmt: skip
