"""Parse the text of an iCalendar file: as a whole or, if that fails, event by event."""

import re
from typing import Any

from icalendar import Calendar
from icalendar.timezone import tzp

_EVENT = re.compile(r"^BEGIN:VEVENT[ \t]*$.*?^END:VEVENT[ \t]*$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_ZONE = re.compile(r"^BEGIN:VTIMEZONE[ \t]*$.*?^END:VTIMEZONE[ \t]*$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_BEGIN = re.compile(r"^BEGIN:VEVENT[ \t]*$", re.MULTILINE | re.IGNORECASE)
_CALENDAR_ZONE = re.compile(r"^X-WR-TIMEZONE[:;].*$", re.MULTILINE | re.IGNORECASE)


def calendars_of(content: bytes) -> tuple[list[Any], list[str]]:
    """Return icalendar's components of a file, and a reason for each VEVENT that could not be parsed."""
    text = re.sub(r"\r\n?", "\n", content.decode("utf-8-sig", "replace"))
    tzp.use_zoneinfo()  # drop the zones of earlier files, which icalendar would otherwise reuse
    expected = len(_BEGIN.findall(text))
    try:
        calendars: list[Any] = list(Calendar.from_ical(text, multiple=True))
    except Exception:  # noqa: BLE001 - icalendar raises any exception on damaged files
        calendars = []
    if calendars and sum(len(calendar.walk("VEVENT")) for calendar in calendars) == expected:
        return calendars, []
    return _parse_each(text, expected)


def _parse_each(text: str, expected: int) -> tuple[list[Any], list[str]]:
    """Return a calendar for each VEVENT that can be parsed separately, each with the valid time zones."""
    zones = "\n".join(zone for zone in _ZONE.findall(text) if _parsed(zone) is not None)
    heading = "\n".join(_CALENDAR_ZONE.findall(text)[:1])
    events = _EVENT.findall(text)
    reasons = [] if expected or events else ["the file: no event in it"]
    reasons += [f"{expected - len(events)} of {expected} events: no END:VEVENT"] if expected > len(events) else []
    calendars = []
    for number, event in enumerate(events, 1):
        calendar = _parsed(f"{heading}\n{zones}\n{event}")
        if calendar is None:
            reasons.append(f"event number {number}: cannot be parsed")
        else:
            calendars.append(calendar)
    return calendars, reasons


def _parsed(components: str) -> Any:
    """Return a calendar of these components, None if icalendar rejects them."""
    try:
        return Calendar.from_ical(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-\n{components.strip()}\nEND:VCALENDAR\n")
    except Exception:  # noqa: BLE001 - as above
        return None
