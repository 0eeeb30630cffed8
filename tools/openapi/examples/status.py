"""Examples about the relay's health and version, and of what Microsoft Graph posts."""

from __future__ import annotations

from typing import Any

from tools.openapi.examples.values import GRAPH_SUBSCRIPTION

_NOTIFICATION = {
    "subscriptionId": GRAPH_SUBSCRIPTION,
    "subscriptionExpirationDateTime": "2026-11-26T08:00:00Z",
    "clientState": "from the relay, at the creation of the subscription",
    "changeType": "updated",
    "resource": "Users/00000000-0000-0000-0000-000000000001/Events/AAkALgAAA",
    "tenantId": "00000000-0000-0000-0000-000000000002",
    "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "AAkALgAAA"},
}

EXAMPLES: dict[str, Any] = {
    "RelayHealth": {"status": "up"},
    "CheckResults": {"checks": {"renewal": {"ok": True, "detail": "Ran 4 minutes ago."}}},
    "RunningPackage": {"package": "1a2b3c4d"},
    "NotificationCollection": {"value": [_NOTIFICATION]},
}
