"""Examples of the feature rooms."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.values import END, NOW, OTHER_ROOM, ROOM, START, WATCH

_ROOM = {
    "id": WATCH,
    "mailbox": ROOM,
    "name": "Room 1",
    "capacity": 8,
    "building": "Building 1",
    "floorNumber": 2,
    "floorLabel": "2nd floor",
    "label": "201",
    "equipment": {"audio": None, "video": "Camera 1", "display": "Screen 1"},
    "wheelchairAccessible": True,
    "tags": ["whiteboard"],
}

EXAMPLES: dict[str, Any] = {
    "RoomPage": {"value": [_ROOM], "asOf": NOW, "complete": True, "detail": None, "nextLink": None},
    "AvailabilityQuery": {
        "from": "2026-11-20T00:00:00Z",
        "to": "2026-11-21T00:00:00Z",
        "mailboxes": [ROOM, OTHER_ROOM],
    },
    "BusyTimes": {
        "value": [{"mailbox": ROOM, "busy": [{"start": START, "end": END}]}],
        "unknown": [
            {
                "mailbox": OTHER_ROOM,
                "code": "mailbox_not_watched",
                "detail": f"{OTHER_ROOM} is not watched. Watch it first: POST /api/subscriptions.",
            }
        ],
    },
}
