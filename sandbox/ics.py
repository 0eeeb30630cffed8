"""An iCalendar file, read into what the tenant's control is to book. Pure: bytes in, dicts out.

Rests on RFC 5545, and on [MS-OXCICAL] for the X-MICROSOFT-CDO properties that Outlook writes.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.ics_shift import shift_to
from sandbox.ics_text import calendars_of
from sandbox.ics_zones import DateTimeTimeZone, date_time_time_zone, instant, wall_clock, written, zone_named

__all__ = ["Reading", "control_body", "read_calendar", "shift_to"]

SHOW_AS = {
    "FREE": "free",
    "TENTATIVE": "tentative",
    "BUSY": "busy",
    "OOF": "oof",
    "WORKINGELSEWHERE": "workingElsewhere",
}
SENSITIVITY = {"": "normal", "PUBLIC": "normal", "CONFIDENTIAL": "confidential"}
YEARS = range(1601, 4501)  # what Exchange can store


@dataclass
class Reading:
    """What a file came to: events that can be booked, and a readable reason for each thing that was left out.

    An event: subject, start, end (dateTimeTimeZone with an IANA name), isAllDay, showAs, sensitivity, location, body,
    attendees ([{name, address}]), organizer ({name, address} or None), cancelled, rrule ("FREQ=…" or None), exdates
    (original starts), overrides (events like this one, each with recurrenceId: the original start that it replaces).
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def read_calendar(content: bytes, floating: str = "UTC") -> Reading:
    """Read a whole file; whatever is broken in it is skipped with a reason, and no content makes this raise.

    `floating` is the IANA zone of times without one, when the file has no X-WR-TIMEZONE.
    """
    calendars, skipped = calendars_of(content)
    found: list[tuple[str, dict[str, Any]]] = []
    for calendar in calendars:
        zone = zone_named(_text(calendar, "X-WR-TIMEZONE")) or floating
        for component in calendar.walk("VEVENT"):
            uid = _text(component, "UID")
            try:
                found.append((uid, _event(component, zone)))
            except (ValueError, OverflowError, TypeError, AttributeError, LookupError) as error:
                skipped.append(f"event {uid or 'without a UID'}: {error}")
                continue
            if "RDATE" in component:
                skipped.append(f"event {uid}: its RDATE, which Exchange does not know")
    return Reading(_joined(found), skipped)


def control_body(event: dict[str, Any]) -> dict[str, Any]:
    """Return the body with which control books an event; overrides and cancelled are steps of their own."""
    later = ("overrides", "cancelled", "recurrenceId")
    return {name: value for name, value in event.items() if name not in later and value not in (None, [], "")}


def _joined(found: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Put each moved occurrence under its series; one whose series is not in the file is an event of its own."""
    events = [event for _, event in found if "recurrenceId" not in event]
    series = {uid: event for uid, event in found if event["rrule"] and "recurrenceId" not in event}
    for uid, event in found:
        if "recurrenceId" in event:
            (series[uid]["overrides"] if uid in series else events).append(event)
    return events


def _event(component: Any, floating: str) -> dict[str, Any]:
    """Return one VEVENT as a dict; raises ValueError with what is wrong with it."""
    start, end = _times(component, floating)
    timed = isinstance(_value(component, "DTSTART"), datetime)
    midnights = all(moment["dateTime"].endswith("T00:00:00") for moment in (start, end)) and start != end
    event = {
        "subject": _text(component, "SUMMARY"),
        "start": start,
        "end": end,
        "isAllDay": not timed or (midnights and _text(component, "X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE"),
        "showAs": _show_as(component),
        "sensitivity": SENSITIVITY.get(_text(component, "CLASS").upper(), "private"),  # RFC 5545: others are private
        "location": _text(component, "LOCATION"),
        "body": _text(component, "DESCRIPTION"),
        "attendees": [_person(one) for one in _all(component, "ATTENDEE")],
        "organizer": next((_person(one) for one in _all(component, "ORGANIZER")), None),
        "cancelled": _text(component, "STATUS").upper() == "CANCELLED",
        "rrule": _rule(component),
        "exdates": [
            _original(value, one, start, floating)
            for one in _all(component, "EXDATE")
            for value in (item.dt for item in one.dts)
        ],
        "overrides": [],
    }
    if "RECURRENCE-ID" in component:
        given = _all(component, "RECURRENCE-ID")[0]
        event["recurrenceId"] = _original(_value(component, "RECURRENCE-ID"), given, start, floating)
    return event


def _times(component: Any, floating: str) -> tuple[DateTimeTimeZone, DateTimeTimeZone]:
    """Return start and end; raises ValueError when there is no start, or the end lies before it."""
    first = _value(component, "DTSTART")
    if not isinstance(first, date):
        raise ValueError("it has no DTSTART that is a date")  # noqa: TRY004 - a file's fault, not a caller's
    start = date_time_time_zone(first, _tzid(component, "DTSTART"), floating)
    last = _value(component, "DTEND")
    if last is None:
        end = _after(start, _value(component, "DURATION"))
    elif isinstance(last, datetime) == isinstance(first, datetime) and isinstance(last, date):
        end = date_time_time_zone(last, _tzid(component, "DTEND"), floating)
    else:
        raise ValueError("DTSTART and DTEND are not of one kind")
    if not isinstance(first, datetime) and end == start:
        end = _after(start, timedelta(days=1))  # some programs write an all-day event's end like its start
    if wall_clock(start).year not in YEARS or wall_clock(end).year not in YEARS:
        raise ValueError("its year is outside of what Exchange can store")
    if instant(end) < instant(start):
        raise ValueError("it ends before it starts")
    return start, end


def _after(start: DateTimeTimeZone, length: Any) -> DateTimeTimeZone:
    """Return the end by DURATION: its days are days of the calendar, the rest is exact (RFC 5545, 3.3.6)."""
    if length is None:
        length = timedelta(0)
    if not isinstance(length, timedelta):
        raise ValueError("its DURATION is none")  # noqa: TRY004 - a file's fault, not a caller's
    days = written(wall_clock(start) + timedelta(days=length.days), start["timeZone"])
    exact = instant(days) + timedelta(seconds=length.seconds)
    if length.seconds == 0:
        return days
    return written(exact.astimezone(ZoneInfo(start["timeZone"])), start["timeZone"])


def _original(value: Any, given: Any, start: DateTimeTimeZone, floating: str) -> DateTimeTimeZone:
    """Return an occurrence's original start; a bare DATE, as many programs write, means that day's occurrence."""
    if not isinstance(value, date):
        raise ValueError("an EXDATE or RECURRENCE-ID is no date")  # noqa: TRY004 - a file's fault
    if isinstance(value, datetime):
        return date_time_time_zone(value, given.params.get("TZID"), floating)
    return written(datetime.combine(value, wall_clock(start).time()), start["timeZone"])


def _show_as(component: Any) -> str:
    """Return Graph's showAs: Outlook's own word before TRANSP and STATUS."""
    outlook = _text(component, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    if outlook in SHOW_AS:
        return SHOW_AS[outlook]
    if _text(component, "TRANSP").upper() == "TRANSPARENT":
        return "free"
    return "tentative" if _text(component, "STATUS").upper() == "TENTATIVE" else "busy"


def _rule(component: Any) -> str | None:
    """Return the RRULE as written; of several only the first counts, as RFC 5545 allows just one."""
    rules = _all(component, "RRULE")
    return str(rules[0].to_ical().decode()) if rules else None


def _person(given: Any) -> dict[str, str]:
    """Return name and address of an ATTENDEE or ORGANIZER."""
    address = str(given)
    address = address[7:] if address.lower().startswith("mailto:") else address
    return {"name": str(given.params.get("CN", address)), "address": address}


def _all(component: Any, name: str) -> list[Any]:
    """Return every value of a property; raises ValueError for one that could not be parsed."""
    given = component.get(name)
    values = given if isinstance(given, list) else [] if given is None else [given]
    for value in values:
        if type(value).__name__ == "vBroken":
            raise ValueError(f"its {name} cannot be read")
    return values


def _text(component: Any, name: str) -> str:
    """Return the text of a property, empty when there is none; of several the first."""
    given = component.get(name)
    value = given[0] if isinstance(given, list) else given
    return "" if value is None else str(value)


def _value(component: Any, name: str) -> Any:
    """Return the date, datetime or timedelta of a property, None when there is none."""
    values = _all(component, name)
    return values[0].dt if values else None


def _tzid(component: Any, name: str) -> str | None:
    """Return the TZID of a property."""
    found = _all(component, name)[0].params.get("TZID")
    return None if found is None else str(found)
