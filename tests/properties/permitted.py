"""What IT permits at a moment, and a calendar and subscriptions at Graph that report each use.

The oracle is written anew here, and shares no code with `shared/policy`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from shared.graph.subscriptions import Subscription, mailbox_of
from tests.support.fake_graph import FakeEvents, FakeSubscriptions

LISTS = ("@contoso.com, @fabrikam.com", "@contoso.com", "room1@contoso.com, direct1@contoso.com", "@fabrikam.com", "")
HOSTS = ("", "none", "partner.example", "other.example", "partner.example, other.example")
OWNER_CHECKS = ("enforce", "enforce", "warn")
RELAY_URL = "https://relay.example/api/notifications"


@dataclass
class Permitted:
    """What IT permits now, and what the relay was told of owners."""

    mailboxes: str = LISTS[0]
    hosts: str = HOSTS[-1]
    owner_check: str = OWNER_CHECKS[0]
    is_stopped: bool = False
    owners: dict[str, str] = field(default_factory=dict)

    def mailbox(self, address: str, *, reads_owner: bool = False) -> bool:
        """Return whether a mailbox may be read; its owner may be asked for whoever was the last one."""
        if self.is_stopped or not self.names(address):
            return False
        owner = self.owners.get(address, "")
        is_named = address in [each.strip() for each in self.mailboxes.split(",")]
        is_free = reads_owner or is_named or self.owner_check == "warn"
        return is_free or owner in ("", address) or self.names(owner)

    def names(self, address: str) -> bool:
        """Return whether an entry names an address or its domain."""
        entries = [each.strip() for each in self.mailboxes.split(",")]
        return address in entries or "@" + address.partition("@")[2] in entries

    def url(self, url: str) -> bool:
        """Return whether Graph may post to a URL, of a watch that stands."""
        host, named = urlsplit(url).hostname, [each.strip() for each in self.hosts.split(",") if each.strip()]
        return url == RELAY_URL or (host in named if named else host == "partner.example")


class CheckedEvents(FakeEvents):
    """Calendars that tell each reading."""

    on_read: Callable[[str], None]
    on_owner: Callable[[str, str], None]
    reads_owner = False

    def owner(self, mailbox: str) -> str:
        """Return the owner."""
        self.on_owner(mailbox, "")
        self.reads_owner = True
        try:
            owner = super().owner(mailbox)
        finally:
            self.reads_owner = False
        self.on_owner(mailbox, owner)
        return owner

    def _check(self, mailbox: str) -> None:
        if not self.reads_owner:
            self.on_read(mailbox)
        super()._check(mailbox)


class CheckedSubscriptions(FakeSubscriptions):
    """Subscriptions that tell each POST and PATCH."""

    on_use: Callable[[str, str], None]

    def create(self, mailbox: str, url: str, lifecycle: str, state: str, expires: datetime) -> Subscription:
        """Create a subscription."""
        self.on_use(mailbox, url)
        return super().create(mailbox, url, lifecycle, state, expires)

    def renew(self, subscription_id: str, expires: datetime) -> Subscription:
        """Move the expiry."""
        self._check_use(subscription_id)
        return super().renew(subscription_id, expires)

    def change_address(self, subscription_id: str, url: str, expires: datetime) -> Subscription:
        """Change the notificationUrl."""
        self._check_use(subscription_id)
        return super().change_address(subscription_id, url, expires)

    def _check_use(self, subscription_id: str) -> None:
        if subscription_id in self.existing:
            each = self.existing[subscription_id]
            self.on_use(mailbox_of(each.resource) or "", each.notification_url)
