"""Notifications: what Graph sends to one subscription after one change.

Graph: Receive change notifications through webhooks; changeNotification resource type. According to issues of Graph's
docs, one action can cause created and updated, or updated two to four times.
"""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.registry import Subscription


@dataclass
class Notification:
    """One notification until it is sent; `item` is its entry in the POST's `value`."""

    subscription_id: str
    url: str
    item: dict[str, Any]
    due: datetime
    outlives: bool = False
    """Sent even if its subscription no longer exists, because it reports the removal."""


def change_types(change: str, number: int, wanted: frozenset[str], rng: random.Random) -> list[str]:
    """Return the change types of the notifications that one change causes at a subscription.

    The first is the change itself. A creation is followed by updates or repetitions, others only by repetitions.
    `wanted` are the subscription's own change types.
    """
    later = ("created", "updated") if change == "created" else (change,)
    types = [change] + [rng.choice(later) for _ in range(number - 1)]
    return [each for each in types if each in wanted]


def change_item(subscription: Subscription, tenant_id: str, change: str, event: Event) -> dict[str, Any]:
    """Return a basic change notification; a change of an occurrence is reported for the series master."""
    subject = event.master or event
    event_id = subject.ids[1 if subscription.immutable else 0]
    resource = f"Users/{subscription.mailbox.id}/Events/{event_id}"
    data = {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": subject.etag, "id": event_id}
    return {**_envelope(subscription, tenant_id), "changeType": change, "resource": resource, "resourceData": data}


def lifecycle_item(subscription: Subscription, tenant_id: str, lifecycle_event: str) -> dict[str, Any]:
    """Return a lifecycle notification. Graph: Reduce missing change notifications and removed subscriptions."""
    return {**_envelope(subscription, tenant_id), "resource": subscription.resource, "lifecycleEvent": lifecycle_event}


def _envelope(subscription: Subscription, tenant_id: str) -> dict[str, Any]:
    """Return the common properties of all notifications of a subscription."""
    return {
        "subscriptionId": subscription.id,
        "tenantId": tenant_id,
        "clientState": subscription.client_state,
        "subscriptionExpirationDateTime": f"{subscription.expires:%Y-%m-%dT%H:%M:%S.%f}0Z",
    }
