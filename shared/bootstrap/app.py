"""The one place that builds the real parts. Nothing is built, read or opened before it is first asked for.

`relay()` is what the functions use. Tests build an App of their own and pass other parts by keyword.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from shared import telemetry
from shared.bootstrap.doctor import DoctorParts

if TYPE_CHECKING:
    from shared.auth.authenticator import Authenticator
    from shared.auth.jwks import JwksCache
    from shared.graph.client_state_keys import ClientStateKeys
    from shared.graph.subscriptions import Subscriptions
    from shared.http.resolver import Resolver
    from shared.partner.webhook import Webhook
    from shared.policy.allow_list import AllowList
    from shared.reliability.circuit_breaker import Gate
    from shared.resync.occurrences import Occurrences
    from shared.resync.window import Window
    from shared.subscriptions.service import SubscriptionService
    from shared.threads import MailboxWorkers
    from shared.watches.quota import WatchQuota

WORKERS = 32


class App(DoctorParts):
    """All parts and services, each built at its first use.

    `parts` take the places of those of their names; TypeError for a name that is none. Building reads no setting: what
    needs one reads it when it works, and raises ConfigurationError then.
    """

    def __init__(self, environ: Mapping[str, str], **parts: Any) -> None:
        self._environ = environ
        for name in parts:
            if name.startswith("_") or not hasattr(type(self), name):
                raise TypeError(f"{name} is no part of the relay")
        self.__dict__.update(parts)  # a cached property is looked for there first

    @cached_property
    def sleep(self) -> Callable[[float], None]:
        """Waits some seconds."""
        return time.sleep

    @cached_property
    def door(self) -> Authenticator:
        """Lets callers in."""
        from shared.auth.authenticator import Authenticator
        from shared.auth.rate_limit import CallRateLimiter

        return Authenticator(self.settings, lambda: self.signing_keys, CallRateLimiter())

    @cached_property
    def signing_keys(self) -> JwksCache:
        """Login's keys, which sign the tokens of callers."""
        from shared.auth.jwks import JwksCache, fetch_keys
        from shared.http.session import session_for

        url = f"{self.settings.azure_authority_host}/{self.settings.tenant_id}/discovery/v2.0/keys"
        return JwksCache(lambda: fetch_keys(session_for(url), url), self.settings.tenant_id)

    @cached_property
    def allow_list(self) -> AllowList:
        """Which mailboxes the customer allows."""
        from shared.policy.allow_list import AllowList

        allowed = self.settings.allowed_mailboxes
        return AllowList(allowed, lambda address: self.rooms.of_list(address), self.now)  # noqa: PLW0108  (built late)

    @cached_property
    def places(self) -> WatchQuota:
        """How many watches there may be in all."""
        from shared.watches.quota import WatchQuota

        return WatchQuota(lambda: self.watches.count(), lambda: self.settings.most_watches, self.now)  # noqa: PLW0108  (late)

    @cached_property
    def occurrences(self) -> Occurrences:
        """Finds the occurrences of a series in the window."""
        from shared.resync.occurrences import Occurrences

        return Occurrences(self.events, self.ledger, self.window)

    def window(self) -> Window:
        """Return the calendar window that is kept in step now."""
        from shared.resync.window import window_of

        return window_of(self.settings, self.now())

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Graph's subscriptions of this app."""
        from shared.graph.rate_limit import LISTS, WRITES, RateLimiter
        from shared.graph.subscriptions import Subscriptions

        writes, lists = (RateLimiter(*limit, self.now, self.sleep) for limit in (WRITES, LISTS))
        return Subscriptions(self.graph, writes, lists)

    @cached_property
    def keeper(self) -> SubscriptionService:
        """Keeps subscriptions."""
        from shared.subscriptions.service import SubscriptionService

        return SubscriptionService(self.settings, self.subscriptions, self.watches, self.client_state_keys, self.now)

    @cached_property
    def resolver(self) -> Resolver:
        """Finds the addresses of hosts that others name."""
        from shared.http.resolver import Resolver

        return Resolver(lambda _: True) if self.settings.allow_private_addresses else Resolver()

    @cached_property
    def webhook(self) -> Webhook:
        """Delivers to the partner."""
        from shared.http.checked_session import checked_session
        from shared.http.session import trusted_roots
        from shared.partner.webhook import Webhook

        name, url = self.settings.partner_signing_secret_name, self.settings.partner_webhook_url
        session = checked_session(self.resolver, trusted_roots())
        return Webhook(url, lambda: self.secrets.get(name).value, name, session)

    @cached_property
    def gate(self) -> Gate:
        """Whether deliveries may leave now."""
        from shared.reliability.circuit_breaker import Gate

        return Gate(self.endpoints, self.now)

    @cached_property
    def workers(self) -> MailboxWorkers:
        """The threads that work on changes."""
        from shared.threads import MailboxWorkers, pool

        return MailboxWorkers(pool(WORKERS, "change"), self.mailbox_limits)

    @cached_property
    def client_state_keys(self) -> ClientStateKeys:
        """Gives the keys of the clientState."""
        from shared.graph.client_state_keys import ClientStateKeys

        return ClientStateKeys(self.secrets, self.settings.client_state_key_name)


@cache
def relay() -> App:
    """Return the process's one relay, on the process's environment."""
    telemetry.quiet_libraries()
    return App(os.environ)
