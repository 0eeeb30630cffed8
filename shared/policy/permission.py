"""What the customer permits: the one place that answers for set-up, maintenance of subscriptions, readings, deliveries.

Exchange and Entra ID have their own answer: a call to Graph can be refused although the relay permits it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from shared import problems
from shared.errors import RelayError, RequestRejected
from shared.policy.allow_list import AllowList, Decision

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.storage.watches import Watch

# set-up: a watch for a caller. renew, create, address: PATCH and POST of its subscription, and a new notificationUrl.
# resync: compare its calendar with the ledger. deliver: read one event and send it. read: read or write a calendar for
# a caller. audit: judge a subscription that Graph lists.
Verb = Literal["set-up", "renew", "create", "address", "resync", "deliver", "read", "audit"]


@dataclass(frozen=True)
class Permission:
    """Answers whether the customer permits something. Its only I/O reads the room lists in ALLOWED_MAILBOXES."""

    allow_list: AllowList
    settings: Settings

    def may(
        self,
        watch: Watch | None,  # noqa: ARG002  (today's answers do not depend on it)
        mailbox: str,
        url: str,
        caller: str,  # noqa: ARG002
        verb: Verb,
    ) -> Decision:
        """Return whether `verb` is permitted for a mailbox; `allowed` is None while that is unknown.

        `watch`: None before it exists. `url`: where Graph is to post with direct delivery, else empty. `caller`: the
        name of the caller, or "relay" for its own work. Never raises.
        """
        decision = self.allow_list.decide(mailbox)
        if decision.allowed is not True or not url or verb != "set-up":
            return decision
        try:
            if allows_host(self.settings, url):
                return decision
        except RelayError as error:  # the setting is invalid
            return Decision(allowed=None, why=str(error), error=error)
        text = "notificationUrl: its host is not in the customer's ALLOWED_NOTIFICATION_HOSTS"
        return Decision(allowed=False, why=text, error=RequestRejected(problems.INVALID_REQUEST, text))


def allows_host(settings: Settings, url: str) -> bool:
    """Return whether Graph may post to the host of a URL with direct delivery. Without an entry in
    ALLOWED_NOTIFICATION_HOSTS, only the host of PARTNER_WEBHOOK_URL is allowed.

    Raises ConfigurationError when a setting is invalid.
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    allowed = [entry.strip().lower() for entry in settings.allowed_notification_hosts.split(",") if entry.strip()]
    return bool(host) and host in (allowed or [urlsplit(settings.partner_webhook_url).hostname or ""])
