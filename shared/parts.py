"""What the use cases work with: the seams, all in one place. bootstrap.Relay builds the real ones, tests pass others.

A part is built when it is first asked for; that raises ConfigurationError when its settings are not sound.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.client import GetToken
    from shared.graph.client_state import Key
    from shared.graph.events import Events
    from shared.graph.rooms import Rooms
    from shared.health.checks import HealthChecks
    from shared.http.resolver import Resolver
    from shared.partner.webhook import Webhook
    from shared.policy.allow_list import AllowList
    from shared.queues import ChangeQueue, JobQueue
    from shared.reliability.circuit_breaker import CircuitBreaker
    from shared.resync.occurrences import Occurrences
    from shared.resync.window import Window
    from shared.storage.heartbeat import Heartbeat
    from shared.storage.ledger import Ledger
    from shared.storage.parked import ParkedChanges
    from shared.storage.replays import Replays
    from shared.storage.room_lists import RoomLists
    from shared.storage.watches import Watches
    from shared.subscriptions.service import SubscriptionService
    from shared.threads import MailboxLimits, MailboxWorkers
    from shared.watches.quota import WatchQuota


class Parts(Protocol):
    """The parts by name; each use case takes what it needs."""

    @property
    def settings(self) -> Settings:
        """The app settings."""

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock, in UTC."""

    @property
    def sleep(self) -> Callable[[float], None]:
        """Waits some seconds."""

    @property
    def watches(self) -> Watches:
        """The desired state."""

    @property
    def quota(self) -> WatchQuota:
        """How many watches there may be in all."""

    @property
    def room_lists(self) -> RoomLists:
        """The room lists that are watched as a whole."""

    @property
    def allow_list(self) -> AllowList:
        """Which mailboxes the customer allows."""

    @property
    def rooms(self) -> Rooms:
        """Reads room lists at Graph."""

    @property
    def ledger(self) -> Ledger:
        """What the partner has been told."""

    @property
    def changes(self) -> ChangeQueue:
        """The queue of changes."""

    @property
    def jobs(self) -> JobQueue:
        """The queue of repairs and resyncs."""

    @property
    def events(self) -> Events:
        """Reads events at Graph."""

    @property
    def occurrences(self) -> Occurrences:
        """Finds the occurrences of a series."""

    def window(self) -> Window:
        """Return the calendar window that is kept in step now."""

    @property
    def heartbeat(self) -> Heartbeat:
        """When the relay was last at work."""

    @property
    def subscription_service(self) -> SubscriptionService:
        """Keeps subscriptions at Graph."""

    @property
    def resolver(self) -> Resolver:
        """Finds the addresses of hosts that others name."""

    @property
    def webhook(self) -> Webhook:
        """Delivers to the partner."""

    @property
    def health_checks(self) -> HealthChecks:
        """The health checks."""

    @property
    def breaker(self) -> CircuitBreaker:
        """Whether deliveries may leave now."""

    @property
    def parked(self) -> ParkedChanges:
        """Changes that wait for the endpoint, and dead letters."""

    @property
    def replays(self) -> Replays:
        """Replays of dead letters."""

    @property
    def get_token(self) -> GetToken:
        """Gives tokens for Graph."""

    @property
    def workers(self) -> MailboxWorkers:
        """The threads that work on changes."""

    @property
    def mailbox_limits(self) -> MailboxLimits:
        """How many calls are under way at each mailbox."""

    @property
    def client_state_keys(self) -> Callable[[], list[Key]]:
        """Gives the keys of the clientState, newest first; may wait for the vault."""
