"""Graph's subscriptions in memory, as strict as its documentation, with lies that a test switches on.

"Create subscription", "Get subscription", "Update subscription", "List subscriptions", "Delete subscription", "change
notifications overview" (409, lifetimes).
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from shared.errors import GraphForbidden, GraphNotFound
from shared.graph import subscriptions
from shared.graph.subscriptions import DeleteReason, Subscription, mailbox_of, resource_of
from tests.simulation.held import Held, HeldById
from tests.simulation.lies import Lies

__all__ = ["Held", "Subscriptions"]

TRACED = 200  # calls that are kept for a failed property


class Subscriptions(Lies, subscriptions.Subscriptions):
    """All subscriptions of the app. `before` and `after` run around every call, with its verb, and may raise.

    The verbs are POST, GET, PATCH, DELETE and LIST. `forbidden` are mailboxes out of scope, `missing` addresses without
    a mailbox. `lost` is called with every subscription that ends, and the time; `cause` then says why. `deletion` is
    called before each DELETE of a living subscription, and may raise. `wait` runs when a write waits for the rate.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self.held = HeldById()
        self.expired: list[Subscription] = []
        self.forbidden: set[str] = set()
        self.missing: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.touched: list[tuple[str, str]] = []
        self.deleted: list[tuple[Held, DeleteReason]] = []
        self.creations: dict[str, list[datetime]] = {}
        self.trace: deque[tuple[datetime, str, str]] = deque(maxlen=TRACED)
        self.cause = ""
        self.waits = 0
        self.wait: Callable[[], None] = lambda: None
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.lost: Callable[[Held, datetime], None] = lambda *_: None
        self.created: Callable[[Held], None] = lambda _: None
        self.deletion: Callable[[Held, DeleteReason], None] = lambda *_: None
        self.next_listing: Sequence[Subscription] | None = None  # returned once instead of the live ones
        self._ids = itertools.count(1)

    def wait_for_rate(self) -> None:
        """Wait for the rate of writes; no call to Graph."""
        self.waits += 1
        self.wait()

    def create(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime) -> Subscription:
        """Create a subscription; 404 or 403 for the mailbox, 409 for a second one."""
        self._called("POST", mailbox)
        self.throttle(mailbox)
        self.refuse_lifetime(expires - self._now())
        self.validate(url, lifecycle)
        self._check(mailbox)
        self.refuse_new(mailbox, [held.subscription.id for held in self.of(mailbox) if _conflicts(held)])
        held = self.hold(mailbox, url, lifecycle, state, expires)
        self.creations.setdefault(mailbox, []).append(self._now())
        self.created(held)
        self.after("POST")
        return self._answer(held)

    def hold(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime, *, own: bool = True) -> Held:
        """Add a subscription without a call."""
        self.refuse_lifetime(expires - self._now())
        subscription = Subscription(f"s-{next(self._ids)}", resource_of(mailbox), url, lifecycle, expires)
        self.held[subscription.id] = Held(subscription, mailbox, state, own)
        return self.held[subscription.id]

    def get(self, subscription_id: str) -> Subscription:
        """Read a subscription; 404 for one that does not exist."""
        self._called("GET", subscription_id)
        answer = self._answer(self._existing(subscription_id))
        self.after("GET")
        return answer

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Move the expiry; 404 for one that does not exist."""
        return self._patch(subscription_id, "", expires)

    def change_address(self, subscription_id: str, url: str, expires: datetime) -> Subscription:
        """Change the notificationUrl, after its validation where Graph does that, and move the expiry."""
        return self._patch(subscription_id, url, expires)

    def _patch(self, subscription_id: str, url: str, expires: datetime) -> Subscription:
        self._called("PATCH", subscription_id)
        held = self._existing(subscription_id)
        self.refuse_lifetime(expires - self._now())
        if url and self.validates_address:
            self.validate(url)
        self._check(held.mailbox)
        self.touched.append(("PATCH", subscription_id))
        changed = replace(
            held.subscription, expires=expires, notification_url=url or held.subscription.notification_url
        )
        self.held[subscription_id] = replace(held, subscription=changed)
        self.after("PATCH")
        if subscription_id in self.unreadable_answers:
            raise self.unreadable
        return self._answer(self.held[subscription_id])

    def delete(self, subscription_id: str, reason: DeleteReason) -> None:
        """Delete a subscription; a no-op for one that does not exist, as in the relay's client."""
        self._called("DELETE", f"{subscription_id} ({reason})")
        self.touched.append(("DELETE", subscription_id))
        self.expire()
        if subscription_id in self.held and not self.is_hidden(subscription_id):
            self.throttle(self.held[subscription_id].mailbox)
            self.deletion(self.held[subscription_id], reason)
            self.deleted.append((self.held[subscription_id], reason))
            self.lose(subscription_id, cause=f"deleted: {reason}")
        self.after("DELETE")

    def list(self) -> Iterator[Subscription]:
        """List all subscriptions of the app."""
        self._called("LIST", "")
        listing, self.next_listing = self.next_listing, None
        live = [self._answer(held) for held in self.live()]
        yield from self.listing(live, self.expired) if listing is None else listing

    def live(self) -> Sequence[Held]:
        """Return the live subscriptions."""
        self.expire()
        return [*self.held.values()]

    def expire(self) -> None:
        """Remove the subscriptions that have expired: Graph sends no notification of that."""
        for held in self.held.expired(self._now()):
            if held.subscription.id in self.held:  # `lost` may have asked for the living ones
                self.expired.append(held.subscription)
                self.lose(held.subscription.id, held.subscription.expires, cause="expired")

    def of(self, mailbox: str) -> Sequence[Held]:
        """Return the live subscriptions of a mailbox."""
        self.expire()
        return self.held.of(mailbox)

    def lose(self, subscription_id: str, moment: datetime | None = None, cause: str = "removed") -> Held:
        """Remove a subscription."""
        held, self.cause = self.held.pop(subscription_id), cause
        self.trace.append((moment or self._now(), cause, f"{subscription_id} of {held.mailbox}"))
        self.lost(held, moment or self._now())
        return held

    def _called(self, verb: str, subject: str) -> None:
        self.before(verb)
        self.calls[verb] += 1
        self.trace.append((self._now(), verb, subject))
        if self.refuse_all is not None:
            raise self.refuse_all

    def _existing(self, subscription_id: str) -> Held:
        self.expire()
        if subscription_id not in self.held or self.is_hidden(subscription_id):
            raise GraphNotFound(404, "ResourceNotFound")
        self.throttle(self.held[subscription_id].mailbox)
        return self.held[subscription_id]

    def _answer(self, held: Held) -> Subscription:
        if self.spelled is resource_of:
            return held.subscription
        return replace(held.subscription, resource=self.spelled(held.mailbox))

    def _check(self, mailbox: str) -> None:
        if mailbox_of(resource_of(mailbox)) in self.missing:
            raise GraphNotFound(404, "ResourceNotFound")
        if mailbox in self.forbidden:
            raise GraphForbidden(403, "ErrorAccessDenied")


def _conflicts(held: Held) -> bool:
    """Return whether a second subscription would be the same: another deployment uses other change types, or says."""
    return held.own or "/conflict" in held.subscription.notification_url
