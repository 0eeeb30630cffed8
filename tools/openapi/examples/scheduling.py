"""Examples of the feature scheduling."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.calendars import EVENT
from tools.openapi.examples.values import BOOKING, OTHER_ROOM, ROOM

_SLOT = {"start": "2026-11-20T13:00:00+01:00", "end": "2026-11-20T13:30:00+01:00", "mailboxes": [ROOM]}
_NEXT = {"start": "2026-11-20T13:30:00+01:00", "end": "2026-11-20T14:00:00+01:00", "mailboxes": [ROOM]}
_UNAVAILABLE = {"mailbox": OTHER_ROOM, "code": "schedule_unavailable", "detail": "Check its licence and working hours."}

EXAMPLES: dict[str, Any] = {
    "SlotRequest": {
        "from": "2026-11-20T08:00:00+01:00",
        "to": "2026-11-21T00:00:00+01:00",
        "duration": 30,
        "timeZone": "Europe/Oslo",
        "mailboxes": [OTHER_ROOM],
    },
    "SlotPage": {"value": [_SLOT, _NEXT], "unavailable": [], "nextLink": None},
    "SlotTaken": {
        "type": "/api/problems/slot_taken",
        "title": "Slot not free",
        "status": 409,
        "code": "slot_taken",
        "detail": "The slot is not free. `nearest` has free slots of the same length.",
        "nearest": [_NEXT],
    },
    "SchedulesUnavailable": {
        "type": "/api/problems/schedule_unavailable",
        "title": "Schedule unavailable",
        "status": 422,
        "code": "schedule_unavailable",
        "detail": "A mailbox of the call has no schedule; `unavailable` names it.",
        "unavailable": [_UNAVAILABLE],
    },
    "BookingRequest": {
        "start": "2026-11-20T13:00:00+01:00",
        "duration": 30,
        "title": "Viewing",
        "customer": {"name": "Ola Nordmann", "email": "ola@fabrikam.com"},
    },
    "NewTimes": {"start": "2026-11-20T13:30:00+01:00"},
    "BookingAnswer": {"id": BOOKING, "mailbox": ROOM, "event": EVENT},
}
