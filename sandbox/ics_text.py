"""The text of an iCalendar file, parsed as a whole or, when that fails, component by component."""

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
    tzp.use_zoneinfo()  # icalendar remembers the zones that an earlier file defined, and would take them for this one's
    begun = len(_BEGIN.findall(text))
    try:
        calendars: list[Any] = list(Calendar.from_ical(text, multiple=True))
    except Exception:  # noqa: BLE001 - on damaged files icalendar raises what it happens to run into
        calendars = []
    if calendars and sum(len(calendar.walk("VEVENT")) for calendar in calendars) == begun:
        return calendars, []
    return _one_by_one(text, begun)


def _one_by_one(text: str, begun: int) -> tuple[list[Any], list[str]]:
    """Return a calendar for each VEVENT that can be parsed alone, beside the zones that can."""
    zones = "\n".join(zone for zone in _ZONE.findall(text) if _parsed(zone) is not None)
    heading = "\n".join(_CALENDAR_ZONE.findall(text)[:1])
    events = _EVENT.findall(text)
    reasons = [] if begun or events else ["the file: no event in it"]
    reasons += [f"{begun - len(events)} of {begun} events: no END:VEVENT"] if begun > len(events) else []
    calendars = []
    for number, event in enumerate(events, 1):
        calendar = _parsed(f"{heading}\n{zones}\n{event}")
        if calendar is None:
            reasons.append(f"event number {number}: cannot be parsed")
        else:
            calendars.append(calendar)
    return calendars, reasons


def _parsed(components: str) -> Any:
    """Return a calendar of these components, None when icalendar refuses them."""
    try:
        return Calendar.from_ical(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-\n{components.strip()}\nEND:VCALENDAR\n")
    except Exception:  # noqa: BLE001 - as above
        return None
