"""The operations of the feature calendars, and models of their responses."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.api.times import TIME_PATTERN
from shared.calendars.requests import Cancellation, EventChange, NewCalendar, NewEvent
from tools.openapi.deliveries import Event
from tools.openapi.fields import IDEMPOTENCY_KEY, Strict, never_null
from tools.openapi.operation import Header, Operation, Query, Response

FEATURE = "calendars"
CALENDARS_OF, EVENTS = "calendars/{mailbox}", "calendars/{mailbox}/events"
EVENT = EVENTS + "/{id}"


def _allowed(description: str) -> Any:
    """Return a field that is present only where EVENT_DETAIL allows it, and null for a private event."""
    text = f"Only where the customer's EVENT_DETAIL allows it. {description}"
    return Field(default=None, description=text, json_schema_extra=never_null)


class Calendar(Strict):
    """One of a mailbox's calendars."""

    id: str
    name: str
    color: str = Field(description="Outlook's name of the color.")
    hex_color: str | None
    default: bool = Field(description="The default calendar: it is watched, and used where a call names none.")
    can_edit: bool


class CalendarList(Strict):
    """The calendars of a mailbox that may be used: its own, and those of allowed mailboxes."""

    value: list[Calendar]


class Organizer(Strict):
    """The organizer of a meeting."""

    name: str | None
    address: str | None


class CalendarEvent(Event):
    """An event: the fields of a delivery, its etag, and what EVENT_DETAIL allows; never its body."""

    etag: str = Field(description="Identifies its state, for If-Match.")
    location: str | None = _allowed("Name of the location.")
    organizer: Organizer | None = _allowed("The organizer.")
    attendees: int | None = _allowed("Number of attendees.")


class WrittenEvent(CalendarEvent):
    """An event in the response of a call that created or changed it."""

    join_url: str | None = Field(
        default=None,
        description="Link to the Teams meeting, only where the call asks for one and has made the meeting online.",
        json_schema_extra=never_null,
    )
    join_url_missing: Literal["not_told", "not_yet"] | None = Field(
        default=None,
        description="Why joinUrl is null: the meeting was online before this call, or Graph has not told the link yet.",
        json_schema_extra=never_null,
    )


class CalendarEventPage(Strict):
    """A page of events, ordered by start."""

    value: list[CalendarEvent]
    next_link: str | None = Field(description="URL of the next page; null on the last.")


_WHEN = "With an offset, or as local time in timeZone."
_MOMENT = {"type": "string", "pattern": TIME_PATTERN}
_CALENDAR = Query("calendar", "Id of a calendar; the default calendar if missing.", {"type": "string"})
_WINDOW = (
    Query("from", f"Start of the span: events that end after it. {_WHEN}", _MOMENT, required=True),
    Query("to", f"End of the span (at most 1825 days): events that begin before it. {_WHEN}", _MOMENT, required=True),
    Query("start", "Start of the span.", _MOMENT, deprecated="Use from."),
    Query("end", "End of the span.", _MOMENT, deprecated="Use to."),
    Query("timeZone", "IANA or Windows name of the time zone of from and to.", {"type": "string"}),
    Query("pageSize", "Maximum number of items.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
    Query("after", "Start of the page; taken from nextLink.", {"type": "string"}),
    _CALENDAR,
)
_KEY = Header("Idempotency-Key", "A repeated call of the caller with the same key creates no second event.",
              IDEMPOTENCY_KEY)  # fmt: skip
_MATCH = Header("If-Match", "An etag: the call succeeds only if the event still has it.",
                {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"})  # fmt: skip
_READING, _WRITING = (403, 404, 422, 502, 503), (400, 403, 404, 409, 422, 502, 503)

CALENDARS = (
    Operation(
        "list_calendars", "get", CALENDARS_OF, "partner", "List the calendars of a mailbox.",
        {200: Response("All calendars that may be used.", CalendarList)}, _READING, feature=FEATURE,
    ),
    Operation(
        "create_calendar", "post", CALENDARS_OF, "partner", "Create a calendar.",
        {201: Response("The calendar.", Calendar)}, _WRITING, NewCalendar, feature=FEATURE,
    ),
    Operation(
        "list_events", "get", EVENTS, "partner", "List the events of a span, series as their occurrences.",
        {200: Response("A page.", CalendarEventPage, names=EVENT)}, _READING, query=_WINDOW, feature=FEATURE,
    ),
    Operation(
        "create_event", "post", EVENTS, "partner", "Create an event and invite its attendees.",
        {201: Response("The event.", WrittenEvent, ("Location", "ETag"), names=EVENT)}, _WRITING, NewEvent,
        query=(_CALENDAR,), headers=(_KEY,), feature=FEATURE,
    ),
    Operation(
        "get_event", "get", EVENT, "partner", "Read one event.",
        {200: Response("The event.", CalendarEvent, ("ETag",))}, _READING, feature=FEATURE,
    ),
    Operation(
        "change_event", "patch", EVENT, "partner", "Change an event; Outlook notifies its attendees.",
        {200: Response("The event.", WrittenEvent, ("ETag",))}, (*_WRITING, 412), EventChange, headers=(_MATCH,),
        feature=FEATURE,
    ),
    Operation(
        "delete_event", "delete", EVENT, "partner", "Delete an event; Outlook notifies the attendees of a meeting.",
        {204: Response("Deleted, or not found. Idempotent.")}, (*_READING, 412), headers=(_MATCH,),
        feature=FEATURE,
    ),
    Operation(
        "cancel_event", "post", EVENT + "/cancel", "partner", "Cancel a meeting as its organizer, with a comment.",
        {202: Response("Accepted; Outlook will notify the attendees.")}, _WRITING, Cancellation, body_is_needed=False,
        feature=FEATURE,
    ),
)  # fmt: skip
