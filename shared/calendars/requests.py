"""Validate requests about calendars and events, and convert events to Graph's form. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.api.fields import checked_recipient, invalid, read_body
from shared.api.times import WHEN_PATTERN, check_order, read_day, read_moment, read_zone
from shared.api.windows import names_in, read_window
from shared.calendars.recurrence import Recurrence, as_graph, check_zone
from shared.config import LONGEST_VIEW_DAYS
from shared.graph.calendars import PAGE_PARAMETERS
from shared.graph.time_zones import Zone

MOST_FAULTS = 5  # reported in one response
MOST_ATTENDEES = 500  # "event resource type"
START = "With an offset, or in the local time of timeZone; for an all-day event, a date."
END = "Like start; for an all-day event, the day after its last day."
LONGEST_VIEW = timedelta(days=LONGEST_VIEW_DAYS)
LONGEST_PAGE_TOKEN = 2_000
TIMES = {"start", "end", "time_zone", "all_day", "recurrence"}


def _readable(text: str) -> str:
    if any(character < " " or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must be one line of readable text")
    return text


def _as_time(schema: dict[str, Any]) -> None:
    """Document the format of a time without validating it: shared.api.times does, with better error texts."""
    schema.pop("default", None)
    schema["pattern"] = WHEN_PATTERN


Line = Annotated[str, Field(max_length=255), AfterValidator(_readable)]


class RequestBody(BaseModel):
    """A JSON object in camelCase; unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class Attendee(RequestBody):
    """An invited person, or a room."""

    address: str
    name: Line | None = None
    type: Literal["required", "optional", "resource"] = "required"


class EventChange(RequestBody):
    """The fields of an event to change; omitted fields keep their values. `start` and `end` go together."""

    title: Line = ""
    start: str = Field(default="", description=START, json_schema_extra=_as_time)
    end: str = Field(default="", description=END, json_schema_extra=_as_time)
    time_zone: str | None = Field(default=None, description="An IANA or Windows name.")
    all_day: bool = False
    location: Line = ""
    attendees: list[Attendee] = Field(default=[], max_length=MOST_ATTENDEES)
    show_as: Literal["free", "tentative", "busy", "oof", "workingElsewhere"] = "busy"
    reminder_minutes: int | None = Field(
        default=None, ge=0, le=40_320, description="Before the start; null for no reminder."
    )
    recurrence: Recurrence | None = None
    teams_meeting: bool = Field(default=False, description="If true, the response has joinUrl, or joinUrlMissing.")


class NewEvent(EventChange):
    """An event to create."""

    title: Line
    start: str = Field(description=START, json_schema_extra=_as_time)
    end: str = Field(description=END, json_schema_extra=_as_time)


class NewCalendar(RequestBody):
    """A calendar to create; the mailbox must not have another one of its name."""

    name: Line = Field(min_length=1)


class Cancellation(RequestBody):
    """A comment for the attendees of a cancelled meeting. An empty body means no comment."""

    comment: str = Field(default="", max_length=1_000)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """One page of a calendar view: `page` holds Graph's paging parameters, {} for the first page."""

    between: tuple[datetime, datetime]
    size: int
    page: Mapping[str, str]


def read_new_event(content: dict[str, Any]) -> NewEvent:
    """Return the validated body of a call that creates an event. Raises RequestRejected 422, without values."""
    return read_body(NewEvent, content, MOST_FAULTS)


def read_change(content: dict[str, Any]) -> EventChange:
    """Return the validated body of a call that changes an event. Raises RequestRejected 422, without values."""
    change = read_body(EventChange, content, MOST_FAULTS)
    fields = change.model_fields_set
    if not fields:
        raise invalid("title: give at least one field to change")
    if fields & TIMES and not fields >= {"start", "end"}:
        raise invalid("start: give start and end together, with timeZone, allDay and recurrence if the event has them")
    if "teams_meeting" in fields and not change.teams_meeting:
        raise invalid("teamsMeeting: cannot be changed to false")
    return change


def graph_event(request: EventChange) -> dict[str, Any]:
    """Return a request body as Graph's event. Raises RequestRejected 422."""
    fields = request.model_fields_set
    event = _times(request) if "start" in fields else {}
    for name, write in _WRITERS.items():
        if name in fields:
            event |= write(getattr(request, name))
    return event


def read_new_calendar(content: dict[str, Any]) -> NewCalendar:
    """Return the validated body of a call that creates a calendar. Raises RequestRejected 422."""
    calendar = read_body(NewCalendar, content, MOST_FAULTS)
    if not calendar.name.strip():
        raise invalid("name: must not be blank")
    return calendar


def read_cancellation(content: dict[str, Any]) -> Cancellation:
    """Return the validated body of a call that cancels a meeting. Raises RequestRejected 422."""
    return read_body(Cancellation, content, MOST_FAULTS)


def read_event_query(params: Mapping[str, str], size: int) -> EventQuery:
    """Return the calendar view that the query parameters select. Raises RequestRejected 422."""
    zone = read_zone(params.get("timeZone"))
    start, end = read_window(params, zone, longest=LONGEST_VIEW, names=names_in(params))
    return EventQuery((start.utc, end.utc), size, _page_of(params.get("after", "")))


def page_token(page: Mapping[str, str]) -> str:
    """Return Graph's paging parameters as the value of `after`."""
    return urlencode({name.removeprefix("$"): value for name, value in page.items()})


def _page_of(after: str) -> dict[str, str]:
    """Return the paging parameters in `after`. Raises RequestRejected 422 for any other parameter."""
    page = {f"${name}": value for name, value in parse_qsl(after)}
    if len(after) > LONGEST_PAGE_TOKEN or not page.keys() <= set(PAGE_PARAMETERS) or (after and not page):
        raise invalid("after: follow nextLink unchanged")
    return page


def _times(request: EventChange) -> dict[str, Any]:
    """Return start, end and recurrence as Graph's properties."""
    zone = read_zone(request.time_zone)
    if request.all_day:
        start, end = _days(request)
        name = _zone_of_days(zone, start, end)
        times = {"isAllDay": True, "start": _midnight(start, name), "end": _midnight(end, name)}
        return times | _recurring(request, start, name)
    first, last = read_moment("start", request.start, zone), read_moment("end", request.end, zone)
    check_order(first, last)
    if request.recurrence is not None:
        if {first.zone, last.zone} != {zone}:
            raise invalid("recurrence: needs timeZone, and a start and end in its local time that occur once")
        check_zone(request.recurrence, first)
    times = {"isAllDay": False, "start": first.as_graph(), "end": last.as_graph()}
    return times | _recurring(request, first.local, first.zone.name)


def _days(request: EventChange) -> tuple[datetime, datetime]:
    start, end = read_day("start", request.start), read_day("end", request.end)
    if end <= start:
        raise invalid("end: for an all-day event, give the day after its last day")
    return start, end


def _zone_of_days(zone: Zone | None, *midnights: datetime) -> str:
    """Return the zone in which Graph gets the midnights of an all-day event: UTC if one of them is none there."""
    return zone.name if zone and all(zone.is_sent(midnight) for midnight in midnights) else "UTC"


def _midnight(day: datetime, zone: str) -> dict[str, str]:
    return {"dateTime": day.isoformat(), "timeZone": zone}


def _recurring(request: EventChange, start: datetime, zone: str) -> dict[str, Any]:
    if "recurrence" not in request.model_fields_set:
        return {}
    return {"recurrence": as_graph(request.recurrence, start, zone) if request.recurrence else None}


def _attendee(attendee: Attendee) -> dict[str, Any]:
    address = checked_recipient("attendees", attendee.address)
    return {"type": attendee.type, "emailAddress": {"address": address, "name": attendee.name or address}}


def _reminder(minutes: int | None) -> dict[str, Any]:
    return {"isReminderOn": minutes is not None} | ({} if minutes is None else {"reminderMinutesBeforeStart": minutes})


def _teams_meeting(teams_meeting: bool) -> dict[str, Any]:  # noqa: FBT001  (the field's own value)
    return {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"} if teams_meeting else {}


_WRITERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "title": lambda text: {"subject": text},
    "location": lambda text: {"location": {"displayName": text}},
    "attendees": lambda attendees: {"attendees": [_attendee(attendee) for attendee in attendees]},
    "show_as": lambda availability: {"showAs": availability},
    "reminder_minutes": _reminder,
    "teams_meeting": _teams_meeting,
}
