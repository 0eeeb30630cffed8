"""The subscriptions that live at the simulated Graph.

Graph: subscription resource type.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.tenant.clock import Clock
from sandbox.tenant.state import Mailbox


@dataclass
class Subscription:
    """One live subscription; `immutable` is how its creation asked for ids."""

    app: str
    mailbox: Mailbox
    resource: str
    """As the app wrote it."""
    change_types: frozenset[str]
    change_type: str
    """As the app wrote it."""
    notification_url: str
    expires: datetime
    lifecycle_url: str | None = None
    client_state: str | None = None
    immutable: bool = False
    tls_version: str = "v1_2"
    authorized_until: datetime | None = None
    """When the access token lapses that Graph holds for it; None: never."""
    patched: datetime | None = None
    reauthorized: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def same_combination(self, other: "Subscription") -> bool:
        """Tell whether another one of the app watches the same changes of the same mailbox, which Graph refuses."""
        return (self.app, self.mailbox.id, self.change_types) == (other.app, other.mailbox.id, other.change_types)

    def lapsed(self, now: datetime) -> bool:
        """Tell whether its token has lapsed: its notifications wait."""
        return self.authorized_until is not None and now >= self.authorized_until


class Registry:
    """Subscriptions by id; one that expired is gone without a word."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._subscriptions: dict[str, Subscription] = {}
        self._by_mailbox: defaultdict[str, dict[str, Subscription]] = defaultdict(dict)

    def add(self, subscription: Subscription) -> None:
        """Keep a new subscription."""
        self._subscriptions[subscription.id] = subscription
        self._by_mailbox[subscription.mailbox.id][subscription.id] = subscription

    def remove(self, subscription_id: str) -> bool:
        """Drop a subscription; return whether it was alive."""
        alive = self.find(subscription_id) is not None
        if (subscription := self._subscriptions.pop(subscription_id, None)) is not None:
            del self._by_mailbox[subscription.mailbox.id][subscription_id]
        return alive

    def find(self, subscription_id: str) -> Subscription | None:
        """Return a live subscription."""
        subscription = self._subscriptions.get(subscription_id)
        return subscription if subscription is not None and self._lives(subscription) else None

    def live(self) -> list[Subscription]:
        """Return all live subscriptions, oldest first."""
        return self._alive(self._subscriptions)

    def of_mailbox(self, mailbox: Mailbox) -> list[Subscription]:
        """Return a mailbox's live subscriptions over all apps."""
        return self._alive(self._by_mailbox[mailbox.id])

    def _alive(self, subscriptions: dict[str, Subscription]) -> list[Subscription]:
        """Return those that live, and forget the others."""
        for one in [one for one in subscriptions.values() if not self._lives(one)]:
            self.remove(one.id)
        return list(subscriptions.values())

    def _lives(self, subscription: Subscription) -> bool:
        """Tell whether a subscription has not expired."""
        return subscription.expires > self._clock.now()
