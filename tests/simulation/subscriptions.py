"""Graph's subscriptions in memory, as strict as its documentation.

"Create subscription", "Update subscription", "List subscriptions", "Delete subscription", "change notifications
overview" (409, lifetimes).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.errors import GraphConflict, GraphForbidden, GraphNotFound, GraphRejected
from shared.graph import subscriptions
from shared.graph.subscriptions import Subscription, mailbox_of, resource_of

LONGEST = timedelta(minutes=10_080)


@dataclass(frozen=True)
class Held:
    """A subscription as Graph holds it; `own` is false when another deployment created it with the same app."""

    subscription: Subscription
    mailbox: str
    client_state: str
    own: bool = True


class Subscriptions(subscriptions.Subscriptions):
    """All subscriptions of the app. `before` and `after` run around every call, with its verb, and may raise.

    `forbidden` are mailboxes out of scope, `missing` addresses without a mailbox. `lost` is called with every
    subscription that ends, and the time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.held: dict[str, Held] = {}
        self.forbidden: set[str] = set()
        self.missing: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.touched: list[tuple[str, str]] = []
        self.creations: dict[str, list[datetime]] = {}
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.lost: Callable[[Held, datetime], None] = lambda *_: None
        self.created: Callable[[Held], None] = lambda _: None
        self.next_listing: Sequence[Subscription] | None = None  # returned once instead of the live ones
        self._ids = itertools.count(1)

    def create(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime) -> Subscription:
        """Create a subscription; 404 or 403 for the mailbox, 409 for a second one."""
        self._called("POST")
        self._check(mailbox)
        if any(
            held.mailbox == mailbox
            for held in self.live()
            if held.own or "/conflict" in held.subscription.notification_url
        ):
            raise GraphConflict(409, "Conflict")
        held = self.hold(mailbox, url, lifecycle, state, expires)
        self.creations.setdefault(mailbox, []).append(self._now())
        self.created(held)
        self.after("POST")
        return held.subscription

    def hold(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime, *, own: bool = True) -> Held:
        """Add a subscription without a call."""
        if expires > self._now() + LONGEST:
            raise GraphRejected(400, "ExtensionError")
        subscription = Subscription(f"s-{next(self._ids)}", resource_of(mailbox), url, lifecycle, expires)
        self.held[subscription.id] = Held(subscription, mailbox, state, own)
        return self.held[subscription.id]

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Move the expiry; 404 for one that does not exist."""
        self._called("PATCH")
        held = self._existing(subscription_id)
        self._check(held.mailbox)
        self.touched.append(("PATCH", subscription_id))
        self.held[subscription_id] = replace(held, subscription=replace(held.subscription, expires=expires))
        self.after("PATCH")
        return self.held[subscription_id].subscription

    def delete(self, subscription_id: str) -> None:
        """Delete a subscription; a no-op for one that does not exist, as in the relay's client."""
        self._called("DELETE")
        self.touched.append(("DELETE", subscription_id))
        if subscription_id in self.held:
            self.lose(subscription_id)
        self.after("DELETE")

    def list(self) -> Iterator[Subscription]:
        """List all subscriptions of the app."""
        self._called("LIST")
        listing, self.next_listing = self.next_listing, None
        yield from [held.subscription for held in self.live()] if listing is None else listing

    def live(self) -> Sequence[Held]:
        """Return the live subscriptions, and remove those that have expired: Graph sends no notification of that."""
        for held in [held for held in self.held.values() if held.subscription.expires <= self._now()]:
            self.lose(held.subscription.id, held.subscription.expires)
        return [*self.held.values()]

    def of(self, mailbox: str) -> Sequence[Held]:
        """Return the live subscriptions of a mailbox."""
        return [held for held in self.live() if held.mailbox == mailbox]

    def lose(self, subscription_id: str, moment: datetime | None = None) -> Held:
        """Remove a subscription."""
        held = self.held.pop(subscription_id)
        self.lost(held, moment or self._now())
        return held

    def _called(self, verb: str) -> None:
        self.before(verb)
        self.calls[verb] += 1

    def _existing(self, subscription_id: str) -> Held:
        self.live()
        if subscription_id not in self.held:
            raise GraphNotFound(404, "ResourceNotFound")
        return self.held[subscription_id]

    def _check(self, mailbox: str) -> None:
        if mailbox_of(resource_of(mailbox)) in self.missing:
            raise GraphNotFound(404, "ResourceNotFound")
        if mailbox in self.forbidden:
            raise GraphForbidden(403, "ErrorAccessDenied")
