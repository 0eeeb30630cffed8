"""The bodies with which a caller makes or changes an event, checked, and as Graph's event. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from shared.relay.moments import WHEN_PATTERN, check_order, read_day, read_moment, read_zone, refused
from shared.relay.recurrence import Recurrence, as_graph
from shared.relay.setup_request import checked_address

MOST_ATTENDEES = 500  # "event resource type"
START = "With an offset, or by the clock of timeZone; of an all-day event a day."
END = "Like start; of an all-day event the day after its last."
TIMES = {"start", "end", "time_zone", "all_day", "recurrence"}


def _readable(text: str) -> str:
    if any(character < " " or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must be one line of readable text")
    return text


def _as_a_time(schema: dict[str, Any]) -> None:
    """Tell the contract how a time looks; what is wrong with one is said by who reads it."""
    schema.pop("default", None)
    schema["pattern"] = WHEN_PATTERN


Line = Annotated[str, Field(max_length=255), AfterValidator(_readable)]


Body = TypeVar("Body", bound="Given")


class Given(BaseModel):
    """A JSON object of a caller; a field that is not named here is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class Attendee(Given):
    """Somebody who is invited, or a room."""

    address: str
    name: Line | None = None
    type: Literal["required", "optional", "resource"] = "required"


class EventChange(Given):
    """What shall be another in an event; what is not named stays. `start` and `end` go together."""

    title: Line = ""
    start: str = Field(default="", description=START, json_schema_extra=_as_a_time)
    end: str = Field(default="", description=END, json_schema_extra=_as_a_time)
    time_zone: str | None = Field(default=None, description="A name of IANA or of Windows.")
    all_day: bool = False
    location: Line = ""
    attendees: list[Attendee] = Field(default=[], max_length=MOST_ATTENDEES)
    show_as: Literal["free", "tentative", "busy", "oof", "workingElsewhere"] = "busy"
    reminder_minutes: int | None = Field(default=None, ge=0, le=40_320, description="Before the start; null is none.")
    recurrence: Recurrence | None = None
    teams_meeting: bool = Field(default=False, description="The answer then tells the joinUrl.")


class NewEvent(EventChange):
    """An event to be made."""

    title: Line
    start: str = Field(description=START, json_schema_extra=_as_a_time)
    end: str = Field(description=END, json_schema_extra=_as_a_time)


def read_new_event(content: dict[str, Any]) -> NewEvent:
    """Return the body of a call that makes an event. Raises SetupRefused 422, which never quotes a value."""
    return read_body(NewEvent, content)


def read_change(content: dict[str, Any]) -> EventChange:
    """Return the body of a call that changes an event. Raises SetupRefused 422, which never quotes a value."""
    change = read_body(EventChange, content)
    given = change.model_fields_set
    if not given:
        raise refused("title: name something to change")
    if given & TIMES and not given >= {"start", "end"}:
        raise refused("start: give start and end together, with timeZone, allDay and recurrence as they shall be")
    if "teams_meeting" in given and not change.teams_meeting:
        raise refused("teamsMeeting: a Teams meeting stays one")
    return change


def graph_event(request: EventChange) -> dict[str, Any]:
    """Return what a body says as Graph's event. Raises SetupRefused 422."""
    given = request.model_fields_set
    event = _times(request) if "start" in given else {}
    for name, write in _WRITERS.items():
        if name in given:
            event |= write(getattr(request, name))
    return event


def read_body(kind: type[Body], content: dict[str, Any]) -> Body:
    """Return a body of a kind. Raises SetupRefused 422, which names the fields and never quotes a value."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc']))[:60]}: {e['msg']}" for e in error.errors(include_input=False)]
        raise refused("; ".join(faults[:5])) from None


def _times(request: EventChange) -> dict[str, Any]:
    """Return start, end and recurrence in Graph's words."""
    zone = read_zone(request.time_zone)
    if request.all_day:
        start, end, name = *_days(request), zone.name if zone else "UTC"
        times = {"isAllDay": True, "start": _midnight(start, name), "end": _midnight(end, name)}
        return times | _recurring(request, start, name)
    first, last = read_moment("start", request.start, zone), read_moment("end", request.end, zone)
    check_order(first, last)
    if request.recurrence is not None and first.zone != zone:
        raise refused("recurrence: needs timeZone and a start by its clock, so that it stays at its hour all year")
    times = {"isAllDay": False, "start": first.as_graph(), "end": last.as_graph()}
    return times | _recurring(request, first.local, first.zone.name)


def _days(request: EventChange) -> tuple[datetime, datetime]:
    start, end = read_day("start", request.start), read_day("end", request.end)
    if end <= start:
        raise refused("end: of an all-day event it is the day after its last")
    return start, end


def _midnight(day: datetime, zone: str) -> dict[str, str]:
    return {"dateTime": day.isoformat(), "timeZone": zone}


def _recurring(request: EventChange, start: datetime, zone: str) -> dict[str, Any]:
    if "recurrence" not in request.model_fields_set:
        return {}
    return {"recurrence": as_graph(request.recurrence, start, zone) if request.recurrence else None}


def _attendee(attendee: Attendee) -> dict[str, Any]:
    address = checked_address("attendees", attendee.address)
    return {"type": attendee.type, "emailAddress": {"address": address, "name": attendee.name or address}}


def _reminder(minutes: int | None) -> dict[str, Any]:
    return {"isReminderOn": minutes is not None} | ({} if minutes is None else {"reminderMinutesBeforeStart": minutes})


def _online(wanted: bool) -> dict[str, Any]:  # noqa: FBT001  (the field's own value)
    return {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"} if wanted else {}


_WRITERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "title": lambda text: {"subject": text},
    "location": lambda text: {"location": {"displayName": text}},
    "attendees": lambda attendees: {"attendees": [_attendee(one) for one in attendees]},
    "show_as": lambda word: {"showAs": word},
    "reminder_minutes": _reminder,
    "teams_meeting": _online,
}
