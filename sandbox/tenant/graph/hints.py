"""Change notifications: what one change makes Graph say to one subscription.

Graph: Receive change notifications through webhooks; changeNotification resource type. Issues of Graph's docs tell that
one action gives created and updated, or two to four times updated.
"""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.registry import Subscription


@dataclass
class Hint:
    """One notification that waits for its time; `item` stands in the POST's value."""

    subscription_id: str
    url: str
    item: dict[str, Any]
    due: datetime
    outlives: bool = False
    """Sent even when its subscription is gone: it is what tells of that."""


def change_types(change: str, number: int, wanted: frozenset[str], chance: random.Random) -> list[str]:
    """Return the change types of the hints that one change gives a subscription which wants certain types.

    The first is the change itself. A creation is followed by updates or said again; others are only said again.
    """
    rest = ("created", "updated") if change == "created" else (change,)
    said = [change] + [chance.choice(rest) for _ in range(number - 1)]
    return [one for one in said if one in wanted]


def change_item(subscription: Subscription, tenant_id: str, change: str, event: Event) -> dict[str, Any]:
    """Return a basic change notification; a change of an occurrence arrives for the series' master."""
    told = event.master or event
    event_id = told.ids[1 if subscription.immutable else 0]
    resource = f"Users/{subscription.mailbox.id}/Events/{event_id}"
    data = {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": told.etag, "id": event_id}
    return {**_envelope(subscription, tenant_id), "changeType": change, "resource": resource, "resourceData": data}


def lifecycle_item(subscription: Subscription, tenant_id: str, lifecycle_event: str) -> dict[str, Any]:
    """Return a lifecycle notification. Graph: Reduce missing change notifications and removed subscriptions."""
    return {**_envelope(subscription, tenant_id), "resource": subscription.resource, "lifecycleEvent": lifecycle_event}


def _envelope(subscription: Subscription, tenant_id: str) -> dict[str, Any]:
    """Return what every notification of a subscription carries."""
    return {
        "subscriptionId": subscription.id,
        "tenantId": tenant_id,
        "clientState": subscription.client_state,
        "subscriptionExpirationDateTime": f"{subscription.expires:%Y-%m-%dT%H:%M:%S.%f}0Z",
    }
