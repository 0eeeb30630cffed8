"""Read an iCalendar file into events that control can book. Pure: bytes in, dicts out.

Follows RFC 5545, and [MS-OXCICAL] for the X-MICROSOFT-CDO properties that Outlook writes.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.ics_shift import shift_to
from sandbox.ics_text import calendars_of
from sandbox.ics_zones import (
    DateTimeTimeZone,
    date_time_time_zone,
    graph_time,
    has_rules_of_its_own,
    instant,
    wall_clock,
    zone_of_file,
)

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
    """The result of reading a file: events that can be booked, and a reason for each thing left out.

    An event: subject, start, end (dateTimeTimeZone with an IANA name), isAllDay, showAs, sensitivity, location, body,
    attendees ([{name, address}]), organizer ({name, address} or None), cancelled, rrule ("FREQ=…" or None), exdates
    (original starts), overrides (events like this one, each with recurrenceId: the original start that it replaces).
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def read_calendar(content: bytes, floating: str = "UTC") -> Reading:
    """Read a whole file; invalid parts are skipped with a reason, and no content raises an exception.

    `floating` is the IANA zone of times without a zone, unless the file has X-WR-TIMEZONE.
    """
    calendars, skipped = calendars_of(content)
    parsed: list[tuple[str, dict[str, Any]]] = []
    for calendar in calendars:
        zone = _zone_of_calendar(_text(calendar, "X-WR-TIMEZONE"), floating)
        for component in calendar.walk("VEVENT"):
            uid = _text(component, "UID")
            try:
                parsed.append((uid, _event(component, zone)))
            except (ValueError, OverflowError, TypeError, AttributeError, LookupError) as error:
                skipped.append(f"event {uid or 'without a UID'}: {error}")
                continue
            if "RDATE" in component:
                skipped.append(f"event {uid}: its RDATE, which Exchange does not support")
    return Reading(_joined(parsed), skipped)


def control_body(event: dict[str, Any]) -> dict[str, Any]:
    """Return the body with which control books an event; overrides and cancelled need separate calls."""
    later = ("overrides", "cancelled", "recurrenceId")
    return {name: value for name, value in event.items() if name not in later and value not in (None, [], "")}


def _joined(parsed: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Put each override into its series; an override whose series is not in the file becomes a separate event."""
    events = [event for _, event in parsed if "recurrenceId" not in event]
    series = {uid: event for uid, event in parsed if event["rrule"] and "recurrenceId" not in event}
    for uid, event in parsed:
        if "recurrenceId" in event:
            (series[uid]["overrides"] if uid in series else events).append(event)
    return events


def _zone_of_calendar(name: str, floating: str) -> str | None:
    """Return the zone of times without a zone; None if the file names one that is unknown."""
    if not name:
        return floating
    try:
        return zone_of_file(name)
    except ValueError:
        return None


def _event(component: Any, floating: str | None) -> dict[str, Any]:
    """Return a VEVENT as a dict. Raises ValueError with the reason if it is invalid."""
    start, end = _times(component, floating)
    if _rule(component) and has_rules_of_its_own(_value(component, "DTSTART"), _tzid(component, "DTSTART")):
        raise ValueError("it is a series in a time zone whose changes of clocks no known zone has")
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
        "attendees": [_person(attendee) for attendee in _all(component, "ATTENDEE")],
        "organizer": next((_person(organizer) for organizer in _all(component, "ORGANIZER")), None),
        "cancelled": _text(component, "STATUS").upper() == "CANCELLED",
        "rrule": _rule(component),
        "exdates": [
            _original(value, exdate, start, floating)
            for exdate in _all(component, "EXDATE")
            for value in (item.dt for item in exdate.dts)
        ],
        "overrides": [],
    }
    if "RECURRENCE-ID" in component:
        given = _all(component, "RECURRENCE-ID")[0]
        event["recurrenceId"] = _original(_value(component, "RECURRENCE-ID"), given, start, floating)
    return event


def _times(component: Any, floating: str | None) -> tuple[DateTimeTimeZone, DateTimeTimeZone]:
    """Return start and end. Raises ValueError without a start, or if the end is before it."""
    first = _value(component, "DTSTART")
    if not isinstance(first, date):
        raise ValueError("it has no valid DTSTART")  # noqa: TRY004 - the file is wrong, not the caller
    start = date_time_time_zone(first, _tzid(component, "DTSTART"), floating)
    last = _value(component, "DTEND")
    if last is None:
        end = _after(start, _value(component, "DURATION"))
    elif isinstance(last, datetime) == isinstance(first, datetime) and isinstance(last, date):
        end = date_time_time_zone(last, _tzid(component, "DTEND"), floating)
    else:
        raise ValueError("DTSTART and DTEND are of different types")
    if not isinstance(first, datetime) and end == start:
        end = _after(start, timedelta(days=1))  # some programs write the start as the end of an all-day event
    if wall_clock(start).year not in YEARS or wall_clock(end).year not in YEARS:
        raise ValueError("its year is outside the range that Exchange can store")
    if instant(end) < instant(start):
        raise ValueError("it ends before it starts")
    return start, end


def _after(start: DateTimeTimeZone, length: Any) -> DateTimeTimeZone:
    """Return the end by DURATION: days are calendar days, the rest is exact time (RFC 5545, 3.3.6)."""
    if length is None:
        length = timedelta(0)
    if not isinstance(length, timedelta):
        raise ValueError("its DURATION is invalid")  # noqa: TRY004 - the file is wrong, not the caller
    days = graph_time(wall_clock(start) + timedelta(days=length.days), start["timeZone"])
    exact = instant(days) + timedelta(seconds=length.seconds)
    if length.seconds == 0:
        return days
    return graph_time(exact.astimezone(ZoneInfo(start["timeZone"])), start["timeZone"])


def _original(value: Any, given: Any, start: DateTimeTimeZone, floating: str | None) -> DateTimeTimeZone:
    """Return an occurrence's original start; a bare DATE, as many programs write, means that day's occurrence."""
    if not isinstance(value, date):
        raise ValueError("an EXDATE or RECURRENCE-ID is not a date")  # noqa: TRY004 - the file is wrong, not the caller
    if isinstance(value, datetime):
        return date_time_time_zone(value, given.params.get("TZID"), floating)
    return graph_time(datetime.combine(value, wall_clock(start).time()), start["timeZone"])


def _show_as(component: Any) -> str:
    """Return Graph's showAs: Outlook's property takes precedence over TRANSP and STATUS."""
    outlook = _text(component, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    if outlook in SHOW_AS:
        return SHOW_AS[outlook]
    if _text(component, "TRANSP").upper() == "TRANSPARENT":
        return "free"
    return "tentative" if _text(component, "STATUS").upper() == "TENTATIVE" else "busy"


def _rule(component: Any) -> str | None:
    """Return the RRULE as written; only the first counts, since RFC 5545 allows just one."""
    rules = _all(component, "RRULE")
    return str(rules[0].to_ical().decode()) if rules else None


def _person(given: Any) -> dict[str, str]:
    """Return name and address of an ATTENDEE or ORGANIZER."""
    address = str(given)
    address = address[7:] if address.lower().startswith("mailto:") else address
    return {"name": str(given.params.get("CN", address)), "address": address}


def _all(component: Any, name: str) -> list[Any]:
    """Return all values of a property. Raises ValueError if one could not be parsed."""
    given = component.get(name)
    values = given if isinstance(given, list) else [] if given is None else [given]
    for value in values:
        if type(value).__name__ == "vBroken":
            raise ValueError(f"its {name} cannot be read")
    return values


def _text(component: Any, name: str) -> str:
    """Return the text of a property, empty if absent; the first if there are several."""
    given = component.get(name)
    value = given[0] if isinstance(given, list) else given
    return "" if value is None else str(value)


def _value(component: Any, name: str) -> Any:
    """Return the date, datetime or timedelta of a property, None if absent."""
    values = _all(component, name)
    return values[0].dt if values else None


def _tzid(component: Any, name: str) -> str | None:
    """Return the TZID of a property."""
    tzid = _all(component, name)[0].params.get("TZID")
    return None if tzid is None else str(tzid)
