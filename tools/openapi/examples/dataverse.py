"""Examples of the feature dataverse."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.values import NOW, ROOM

_ORGANIZATION = "5f1c2b9e-0b7a-4c61-9a55-2f6d3e8a7b10"
_RESOURCE = "8d2f6a31-6c1e-4f0b-b3a4-91c7d5e0f2a8"

EXAMPLES: dict[str, Any] = {
    "DataverseStart": {"sandbox": False},
    "MailboxToHold": {"mailbox": ROOM},
    "NoContent": {},
    "ExecutionContext": {
        "MessageName": "Update",
        "OrganizationId": _ORGANIZATION,
        "PrimaryEntityName": "bookableresourcebooking",
        "PrimaryEntityId": "c41d5b07-2a52-4f7e-8d3c-6b1e0f9a7c11",
    },
    "DataversePlan": {
        "organization": _ORGANIZATION,
        "environmentType": "Customer",
        "direction": "to-outlook",
        "resources": [
            {"id": _RESOURCE, "state": "followed", "eventsToMake": 12, "bookingsToMake": 0, "eventsToRemove": 0},
        ],
        "findings": [],
    },
    "StartedDataverse": {"organization": _ORGANIZATION, "resources": 1, "watches": 1},
    "DataverseState": {
        "startedAt": NOW,
        "organization": _ORGANIZATION,
        "heldSince": None,
        "tokenAgeSeconds": 180,
        "resources": {"followed": 1},
        "pairs": {"paired": 12},
        "waiting": 0,
        "oldestHintSeconds": 0,
        "mailboxesHeld": 0,
        "deadLetters": 0,
        "circuitBreakerUntil": None,
        "lastWebhookAt": NOW,
    },
}
