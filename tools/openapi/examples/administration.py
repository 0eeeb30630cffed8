"""Examples of the operations for administrators."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.values import EVENT, GRAPH_SUBSCRIPTION, NOW, OTHER_ROOM, ROOM, WATCH

_LETTER = "3c9e1f7ab5d24086a1b2c3d4e5f60718"
_RELAY: dict[str, Any] = {
    "state": "flowing",
    "since": "2026-11-01T08:00:00Z",
    "reason": None,
    "waiting": 0,
    "deadLetters": 2,
    "countedTo": 1000,
    "late": False,
    "retried": 0,
    "retriedSince": None,
    "stoppedSince": None,
    "stopReason": None,
    "outgoingAddress": None,
    "version": "0.1.0",
    "commit": None,
    "packageHash": None,
}
_UNKNOWN: dict[str, Any] = {
    "id": WATCH,
    "graphSubscriptionId": GRAPH_SUBSCRIPTION,
    "mailbox": ROOM,
    "expirationDateTime": "2026-11-26T08:00:00Z",
    "firstSeen": "2026-11-19T08:00:00Z",
    "lastSeen": NOW,
}
_DEAD_LETTER: dict[str, Any] = {
    "id": _LETTER,
    "subscriptionId": WATCH,
    "eventId": EVENT,
    "died": NOW,
    "reason": "rejected",
    "status": 422,
    "attempts": 1,
}
_FORGOTTEN = {
    "watches": 1,
    "subscriptions": 1,
    "unknownSubscriptions": 0,
    "ledgerEntries": 40,
    "parkedChanges": 0,
    "deadLetters": 0,
    "slotBookings": 0,
    "replays": 0,
    "allowed": False,
}

EXAMPLES: dict[str, Any] = {
    "StateChange": {"reason": "The partner's endpoint is being moved."},
    "RelayState": _RELAY,
    "DeadLetterPage": {"value": [_DEAD_LETTER], "nextLink": None},
    "DeletedDeadLetters": {"deleted": 2},
    "DeadLetterSelection": {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"},
    "Replay": {
        "id": _LETTER,
        "link": f"/api/dead-letters/replays/{_LETTER}",
        "asked": NOW,
        "queued": 2,
        "done": None,
    },
    "UnknownSubscriptionPage": {"value": [_UNKNOWN], "nextLink": None, "count": 1, "asOf": NOW, "lastError": None},
    "UnknownSubscriptionCleanup": {"deleted": 1, "ended": 0, "kept": [], "remaining": 0},
    "MailboxToForget": {"mailbox": ROOM},
    "ForgottenMailbox": _FORGOTTEN,
    "Examination": {"allowed": [ROOM], "refused": [OTHER_ROOM], "ping": True},
    "Findings": {
        "ok": True,
        "checks": [{"name": "partner", "ok": True, "detail": "Answered 200 in 0.2 s.", "whatToDo": None}],
    },
}
