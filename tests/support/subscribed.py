"""A watch and its subscription, as the relay and Graph hold them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.graph.subscriptions import Subscription, resource_of
from shared.storage.watches import Watch, watch_id_of
from tests.support.world import MAILBOX, World

URL, LIFECYCLE = "https://relay.example/api/notifications", "https://relay.example/api/lifecycle"
ELSEWHERE = "https://other.example/api/notifications"
PARTNER_URL = "https://partner.example/graph"
LIFETIME = timedelta(minutes=10_000)
FAR, SOON = timedelta(days=6), timedelta(hours=1)


def at_graph(world: World, subscription_id: str, mailbox: str = MAILBOX, **changes: Any) -> Subscription:
    """Add a subscription at Graph that posts to the relay."""
    fields: dict[str, Any] = {"notification_url": URL, "lifecycle_url": LIFECYCLE, "expires": world.time + FAR}
    added = Subscription(subscription_id, resource_of(mailbox), **fields | changes)
    world.subscriptions.existing[subscription_id] = added
    return added


def lost(world: World, mailbox: str = MAILBOX, left: timedelta = FAR, **changes: Any) -> Watch:
    """Store a live watch, asked for just now, whose subscription does not exist at Graph."""
    number = f"s-{mailbox}"
    made_with = {"described_id": number, "posts_to": changes.get("notification_url", URL), "lifecycle_url": LIFECYCLE}
    fields: dict[str, Any] = {
        "subscription_id": number, "expires": world.time + left, "looked_up_at": world.time, **made_with
    }  # fmt: skip
    return world.watch(mailbox, **fields | changes)


def subscribed(world: World, mailbox: str = MAILBOX, left: timedelta = FAR, **changes: Any) -> Watch:
    """Store a live watch whose subscription exists at Graph as the row describes it."""
    watch = lost(world, mailbox, left, **changes)
    described = watch.described_id == watch.subscription_id
    urls = {"notification_url": watch.posts_to, "lifecycle_url": watch.lifecycle_url} if described else {}
    at_graph(world, watch.subscription_id, mailbox, expires=world.time + left, **urls)
    return watch


def stored(world: World, mailbox: str = MAILBOX) -> Watch:
    """Return the stored watch of a mailbox."""
    watch = world.watches.get(watch_id_of(mailbox))
    assert watch is not None
    return watch
