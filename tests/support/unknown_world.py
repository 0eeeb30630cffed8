"""A world with subscriptions that no watch names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

from shared.graph.subscriptions import DeleteReason, Subscription, resource_of
from shared.storage.leases import Leases
from tests.support.fake_graph import FakeSubscriptions
from tests.support.world import World

HERE, LIFECYCLE = "https://relay.example/api/notifications", "https://relay.example/api/lifecycle"
ELSEWHERE = "https://partner.example/graph"


class PagedSubscriptions(FakeSubscriptions):
    """Lists page by page: `on_page` runs before each item, and the list repeats itself while it is `endless`."""

    def __init__(self) -> None:
        super().__init__()
        self.on_page: Callable[[], None] = lambda: None
        self.endless = False

    def list(self) -> Iterator[Subscription]:
        """List all subscriptions."""
        items = super().list()
        for item in itertools.islice(itertools.cycle(items), 10_000) if self.endless else items:
            self.on_page()
            yield item


class UnknownWorld(World):
    """Adds leases by its clock, and subscriptions at Graph that have no watch."""

    subscriptions: PagedSubscriptions

    def __init__(self) -> None:
        super().__init__({"subscriptions": PagedSubscriptions()})

    @cached_property
    def leases(self) -> Leases:
        """The leases, by the world's clock."""
        return Leases(lambda: self.attempts_table, lambda: self.time.timestamp())  # noqa: PLW0108  (the time moves)

    def stray(self, subscription_id: str, mailbox: str = "lost@contoso.com", **changes: Any) -> Subscription:
        """Add a living subscription at Graph, which posts to the relay."""
        fields: dict[str, Any] = {
            "resource": resource_of(mailbox), "notification_url": HERE, "lifecycle_url": LIFECYCLE,
            "expires": self.time + timedelta(days=6),
        }  # fmt: skip
        added = self.subscriptions.existing[subscription_id] = Subscription(subscription_id, **fields | changes)
        return added

    def spoil(self, watch_id: str) -> None:
        """Make the row of a watch unreadable."""
        row = self.rows.rows["watch", watch_id]
        self.rows.update_entity({**row, "created": "no time"})

    def restore(self, watch_id: str) -> None:
        """Make it readable again."""
        row = self.rows.rows["watch", watch_id]
        self.rows.update_entity({**row, "created": self.time.isoformat()})

    @property
    def unknown(self) -> list[str]:
        """The stored ids of unknown subscriptions."""
        return sorted(row.subscription_id for row in self.unknown_subscriptions.all())

    @property
    def deleted(self) -> list[tuple[str, DeleteReason]]:
        """The subscriptions that were to be deleted, with the reasons."""
        return self.subscriptions.deletions

    def run_audit(self) -> str:
        """Audit as soon as it is due."""
        self.pass_by(6 * 3600)
        result = self.audit.run()
        assert isinstance(result, str)
        return result
