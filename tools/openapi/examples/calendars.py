"""Examples of the feature calendars."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.deliveries import PUBLIC_EVENT

_ETAG = 'W/"DwAAABYAAADtwcnudv0"'
EVENT: dict[str, Any] = PUBLIC_EVENT | {"etag": _ETAG}
_DAY_OFF = EVENT | {
    "title": "Closed",
    "start": "2026-12-24T00:00:00Z",
    "end": "2026-12-27T00:00:00Z",
    "startDate": "2026-12-24",
    "endDate": "2026-12-27",
    "allDay": True,
}
_CALENDAR = {
    "id": "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A",
    "name": "Calendar",
    "color": "lightBlue",
    "hexColor": None,
    "default": True,
    "canEdit": True,
}

EXAMPLES: dict[str, Any] = {
    "CalendarList": {"value": [_CALENDAR]},
    "Calendar": _CALENDAR | {"name": "Viewings", "default": False},
    "NewCalendar": {"name": "Viewings"},
    "CalendarEventPage": {"value": [EVENT, _DAY_OFF], "nextLink": None},
    "CalendarEvent": EVENT,
    "WrittenEvent": EVENT,
    "NewEvent": {
        "title": "Ola Nordmann",
        "start": "2026-11-20T13:00:00",
        "end": "2026-11-20T14:00:00",
        "timeZone": "Europe/Oslo",
        "attendees": [{"address": "kari@contoso.com", "type": "required"}],
    },
    "EventChange": {"title": "Ola Nordmann, moved to the first floor"},
    "Cancellation": {"comment": "The room is closed that day."},
}
