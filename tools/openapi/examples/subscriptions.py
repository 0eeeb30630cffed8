"""Examples of watches and room lists."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.values import BUILDING, GRAPH_SUBSCRIPTION, NOW, OTHER_ROOM, ROOM, ROOM_LIST, WATCH

_WATCH: dict[str, Any] = {
    "id": WATCH,
    "mailbox": ROOM,
    "delivery": "relay",
    "state": "live",
    "since": "2026-11-01T08:00:00Z",
    "lastError": None,
    "roomLists": [],
    "graphSubscriptionId": GRAPH_SUBSCRIPTION,
    "expirationDateTime": "2026-11-26T08:00:00Z",
    "lastChangeSeen": NOW,
    "created": "2026-11-01T08:00:00Z",
}
_ROOM_LIST: dict[str, Any] = {
    "id": ROOM_LIST,
    "roomList": BUILDING,
    "desired": 12,
    "notAllowed": 1,
    "checked": NOW,
    "lastError": None,
    "created": "2026-11-01T08:00:00Z",
}
_REFUSED = {
    "mailbox": OTHER_ROOM,
    "type": "/api/problems/mailbox_not_allowed",
    "status": 403,
    "code": "mailbox_not_allowed",
    "title": "Mailbox not allowed",
    "detail": "The customer's allow-list does not contain this mailbox.",
}

EXAMPLES: dict[str, Any] = {
    "SubscriptionRequest": {"mailbox": ROOM},
    "SubscriptionsRequest": {"mailboxes": [ROOM, OTHER_ROOM]},
    "SubscriptionQuery": {"mailboxes": [ROOM, OTHER_ROOM]},
    "SubscriptionLookup": {"value": [_WATCH], "notWatched": [OTHER_ROOM], "unreadable": []},
    "RoomListRequest": {"roomList": BUILDING},
    "Subscription": _WATCH,
    "NewSubscription": _WATCH,
    "SubscriptionPage": {"value": [_WATCH], "nextLink": None},
    "SetupResults": {"value": [{"mailbox": ROOM, "status": 201, "subscription": _WATCH}, _REFUSED]},
    "AcceptedRoomList": {"id": ROOM_LIST, "roomList": BUILDING, "link": f"/api/room-lists/{ROOM_LIST}"},
    "RoomLists": {"value": [_ROOM_LIST]},
    "RoomListProgress": _ROOM_LIST | {"live": 10, "pending": 1, "refused": 1, "gone": 0, "paused": 0},
    "Resync": {"full": False},
    "QueuedResync": {"id": WATCH, "full": False},
}
