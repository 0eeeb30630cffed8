"""The parts that reach Key Vault and Graph, each built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.storage import IDENTITY_OPTIONS, StoredParts
from shared.http.session import USER_AGENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azure.core.credentials import TokenCredential
    from azure.keyvault.secrets import SecretClient

    from shared.caller_keys import Identifiers
    from shared.config import Settings
    from shared.graph.client import GetToken, GraphClient
    from shared.graph.client_state_keys import ClientStateKeys
    from shared.graph.clock import GraphClock
    from shared.graph.diagnostics import GraphDiagnostics
    from shared.graph.events import Events
    from shared.graph.handshake_check import HandshakeCheck
    from shared.graph.rooms import Rooms
    from shared.graph.schedules import Schedules
    from shared.graph.subscriptions import Subscriptions
    from shared.key_vault import Secrets
    from shared.policy.allow_list import AllowList
    from shared.policy.mailbox_owners import MailboxOwners
    from shared.policy.permission import Permission
    from shared.policy.stop import StopSwitch
    from shared.storage.ledger import Ledger
    from shared.threads import MailboxLimits


class GraphParts(StoredParts):
    """The parts that call Graph, and their collaborators."""

    @cached_property
    def settings(self) -> Settings:
        """The app settings."""
        from shared.config import Settings

        return Settings.load(self._environ)

    @cached_property
    def secrets(self) -> Secrets:
        """The secrets in Key Vault."""
        from shared.key_vault import Secrets

        return Secrets(lambda: self._secret_client, lambda: self.settings.secrets_kept_seconds)

    @cached_property
    def _secret_client(self) -> SecretClient:
        from azure.keyvault.secrets import SecretClient

        return SecretClient(
            self.settings.key_vault_uri,
            self.credential,
            verify_challenge_resource=self.settings.key_vault_verify_challenge,
            connection_timeout=3,
            read_timeout=4,
            retry_total=1,
            user_agent=USER_AGENT,
        )

    @cached_property
    def get_token(self) -> GetToken:
        """Returns tokens for Graph, obtained by GRAPH_CREDENTIAL."""
        return self._new_get_token()

    def _new_get_token(self) -> GetToken:
        from shared.graph.token import AppToken, IdentityToken

        if self.settings.graph_credential == "managed-identity":
            return IdentityToken(self._graph_identity, self.settings.graph_base_url)
        return AppToken(self.settings, self.secrets)

    @property
    def _graph_identity(self) -> TokenCredential:
        from azure.identity import ManagedIdentityCredential

        from shared.token_errors import CheckedCredential

        return CheckedCredential(ManagedIdentityCredential(client_id=self.settings.client_id, **IDENTITY_OPTIONS))

    @cached_property
    def graph(self) -> GraphClient:
        """The client for Microsoft Graph."""
        from shared.graph.client import GraphClient, graph_session

        session = cache(lambda: graph_session(self.settings.graph_base_url))

        def get_token(*, fresh: bool = False) -> str:
            return self.get_token(fresh=fresh)

        return GraphClient(lambda: self.settings.graph_base_url, get_token, session, self.now)

    def clock_skew(self) -> timedelta | None:
        """Return how far Graph's clock was ahead of this process's at the last answer; None if unknown.

        Graph's client is not built for this: the receiver of notifications must not wait for it.
        """
        built: GraphClient | None = vars(self).get("graph")
        return built.clock_skew if built else None

    @cached_property
    def graph_clock(self) -> GraphClock:
        """The clock by which instances compare moments."""
        from shared.graph.clock import GraphClock

        return GraphClock(self.now, self.clock_skew)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        from shared.storage.ledger import Ledger

        return Ledger(lambda: self.ledger_table, self.graph_clock)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Graph's subscriptions of this app."""
        from shared.graph.rate_limit import LISTS, READS, WRITES, RateLimiter
        from shared.graph.subscriptions import Subscriptions

        writes, lists, reads = (RateLimiter(*limit, self.now, self.sleep) for limit in (WRITES, LISTS, READS))
        return Subscriptions(self.graph, writes, lists, reads)

    @cached_property
    def client_state_keys(self) -> ClientStateKeys:
        """Returns the keys of the clientState."""
        from shared.graph.client_state_keys import ClientStateKeys

        return ClientStateKeys(self.secrets, lambda: self.settings.client_state_key_name)

    @cached_property
    def identifiers(self) -> Identifiers:
        """Derives ids from what callers send."""
        from shared.caller_keys import Identifiers

        return Identifiers(self.secrets, lambda: self.settings.identifier_key_name)

    @cached_property
    def allow_list(self) -> AllowList:
        """The mailboxes that the customer allows."""
        from shared.policy.allow_list import AllowList

        allowed_mailboxes, rooms_of = (lambda: self.settings.allowed_mailboxes), self.rooms_of_list
        return AllowList(allowed_mailboxes, rooms_of, self.now, self.room_list_readings)

    def rooms_of_list(self, address: str) -> Iterable[str]:
        """Return the addresses of a room list's rooms."""
        return self.rooms.of_list(address)

    @cached_property
    def permission(self) -> Permission:
        """What the customer permits."""
        from shared.policy.permission import Permission

        return Permission(self.allow_list, self.settings, self.stop.is_stopped, self.mailbox_owners)

    @cached_property
    def mailbox_owners(self) -> MailboxOwners:
        """Which mailboxes answer under addresses."""
        from shared.policy.mailbox_owners import MailboxOwners
        from shared.policy.owner import OwnerReadings

        readings = OwnerReadings(lambda: self.watches_table)
        return MailboxOwners(self.allow_list, lambda name: self.events.owner(name), readings, self.watches, self.now)  # noqa: PLW0108

    @cached_property
    def stop(self) -> StopSwitch:
        """Whether the relay is stopped."""
        from shared.policy.stop import StopSwitch

        return StopSwitch(lambda: self.watches_table, self.now)

    @cached_property
    def mailbox_limits(self) -> MailboxLimits:
        """Limits concurrent calls to each mailbox."""
        from shared.threads import MailboxLimits

        return MailboxLimits()

    @cached_property
    def events(self) -> Events:
        """Reads events."""
        from shared.graph.events import Events

        return Events(self.graph)

    @cached_property
    def rooms(self) -> Rooms:
        """Reads room lists."""
        from shared.graph.rooms import Rooms

        return Rooms(self.graph)

    @cached_property
    def schedules(self) -> Schedules:
        """Queries when mailboxes are busy."""
        from shared.graph.schedules import Schedules

        return Schedules(self.graph)

    def graph_diagnostics(self) -> GraphDiagnostics:
        """Return a tester of Graph that gets its own new token and does not replace the relay's."""
        from shared.graph.client import graph_session
        from shared.graph.diagnostics import GraphDiagnostics

        url = self.settings.graph_base_url
        return GraphDiagnostics(url, self._new_get_token(), graph_session(url))

    def handshake_check(self) -> HandshakeCheck:
        """Return a tester that calls the relay at its public address, as Graph does."""
        from shared.graph.handshake_check import HandshakeCheck
        from shared.http.session import session_for

        url = self.settings.public_base_url
        return HandshakeCheck(url, session_for(url))
