"""The live subscriptions of the simulated Graph.

Graph: subscription resource type.
"""

import uuid
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.tenant.clock import Clock
from sandbox.tenant.state import Mailbox


@dataclass
class Subscription:
    """One live subscription; `immutable` is whether it was created with immutable ids."""

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
    """When its access token expires; None: never."""
    patched: datetime | None = None
    reauthorized: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def same_combination(self, other: "Subscription") -> bool:
        """Return whether the other is a duplicate, which Graph rejects: same app, mailbox and change types."""
        return (self.app, self.mailbox.id, self.change_types) == (other.app, other.mailbox.id, other.change_types)

    def lapsed(self, now: datetime) -> bool:
        """Return whether its access token has expired, so that its notifications wait."""
        return self.authorized_until is not None and now >= self.authorized_until


class Registry:
    """Subscriptions by id; expired ones are removed without notice, and the last of them are kept in `expired`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._subscriptions: dict[str, Subscription] = {}
        self._by_mailbox: defaultdict[str, dict[str, Subscription]] = defaultdict(dict)
        self.expired: deque[Subscription] = deque(maxlen=1_000)

    def add(self, subscription: Subscription) -> None:
        """Add a subscription."""
        self._subscriptions[subscription.id] = subscription
        self._by_mailbox[subscription.mailbox.id][subscription.id] = subscription

    def remove(self, subscription_id: str) -> bool:
        """Remove a subscription; return whether it was alive."""
        alive = self.find(subscription_id) is not None
        if (subscription := self._subscriptions.pop(subscription_id, None)) is not None:
            del self._by_mailbox[subscription.mailbox.id][subscription_id]
        return alive

    def find(self, subscription_id: str) -> Subscription | None:
        """Return a live subscription, or None."""
        subscription = self._subscriptions.get(subscription_id)
        return subscription if subscription is not None and self._lives(subscription) else None

    def live(self) -> list[Subscription]:
        """Return all live subscriptions, oldest first."""
        return self._alive(self._subscriptions)

    def of_mailbox(self, mailbox: Mailbox) -> list[Subscription]:
        """Return a mailbox's live subscriptions of all apps."""
        return self._alive(self._by_mailbox[mailbox.id])

    def _alive(self, subscriptions: dict[str, Subscription]) -> list[Subscription]:
        """Return the live ones and remove the others."""
        for expired in [each for each in subscriptions.values() if not self._lives(each)]:
            self.remove(expired.id)
            self.expired.append(expired)
        return list(subscriptions.values())

    def _lives(self, subscription: Subscription) -> bool:
        """Return whether a subscription has not expired."""
        return subscription.expires > self._clock.now()
