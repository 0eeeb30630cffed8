"""The URLs that subscriptions are made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.graph.subscriptions import Subscription
from shared.storage.watches import Watch

if TYPE_CHECKING:
    from shared.config import Settings

NOTIFICATIONS = "/api/notifications"
LIFECYCLE = "/api/lifecycle"


@dataclass(frozen=True)
class Addresses:
    """The relay's URLs, from PUBLIC_BASE_URL. Properties raise ConfigurationError if the setting is invalid."""

    settings: Settings

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

    def is_own(self, watch: Watch, subscription: Subscription) -> bool:
        """Return whether a subscription of the watch's mailbox belongs to the watch: by its id, or by its URLs."""
        is_named = subscription.id in (watch.subscription_id, watch.former_id)
        posts_here = subscription.notification_url == self.notification_url(watch)
        return is_named or posts_here or subscription.lifecycle_url == self.lifecycle_url
