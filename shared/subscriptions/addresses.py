"""The URLs that subscriptions are made with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.graph.subscriptions import Subscription
from shared.storage.maintenance import Handshake, SingleRow
from shared.storage.watches import Watch
from shared.subscriptions.former_addresses import remembered

if TYPE_CHECKING:
    from shared.config import Settings

NOTIFICATIONS = "/api/notifications"
LIFECYCLE = "/api/lifecycle"


@dataclass(frozen=True)
class Addresses:
    """The relay's URLs, from PUBLIC_BASE_URL. Properties raise ConfigurationError if the setting is invalid."""

    settings: Settings
    handshake: SingleRow[Handshake]
    now: Callable[[], datetime]

    @property
    def relay_url(self) -> str:
        """The URL for Graph's change notifications when the relay delivers."""
        return self.settings.public_base_url + NOTIFICATIONS

    @property
    def lifecycle_url(self) -> str:
        """The URL for Graph's lifecycle notifications."""
        return self.settings.public_base_url + LIFECYCLE

    def notification_url(self, watch: Watch) -> str:
        """Return the URL for a watch's change notifications: the relay's, or with direct delivery the partner's."""
        return watch.notification_url or self.relay_url

    def own_urls(self) -> frozenset[str]:
        """Return the relay's URLs for both kinds of notifications: the present ones, and those that it used up to ten
        days ago, where Graph's validation reached it. A subscription lives for seven days at most.

        Raises ServiceUnavailable or ConfigurationError.
        """
        row = self.handshake.read()
        used = [url for url in (row.url, *remembered(row.former, self.now())) if url]
        bases = [self.settings.public_base_url, *(url.removesuffix(NOTIFICATIONS) for url in used)]
        return frozenset(base + path for base in bases for path in (NOTIFICATIONS, LIFECYCLE))

    def is_own(self, watch: Watch, subscription: Subscription) -> bool:
        """Return whether a subscription of the watch's mailbox belongs to the watch: by its id, or by its URLs."""
        is_named = subscription.id in (watch.subscription_id, watch.former_id)
        posts_here = subscription.notification_url == self.notification_url(watch)
        return is_named or posts_here or posts_to(self.own_urls(), subscription)


def posts_to(urls: Collection[str], subscription: Subscription) -> bool:
    """Return whether Graph posts a subscription's notifications, of either kind, to one of these URLs."""
    own = {_place_of(url) for url in urls}
    return any(_place_of(url) in own for url in (subscription.notification_url, subscription.lifecycle_url) if url)


def _place_of(url: str) -> tuple[str, int, str, str]:
    """Return host, port, path and query of a URL: Graph may return another spelling than it was sent."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "", parts.port or 443, parts.path.rstrip("/").lower(), parts.query)
    except ValueError:
        return ("", 0, url, "")
