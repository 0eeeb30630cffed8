"""The services of delivery and resync, each built at its first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.partner import PartnerParts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.delivery.batch import Batches
    from shared.delivery.deliver import Delivery
    from shared.delivery.failures import Failures
    from shared.delivery.hand_over import HandOver
    from shared.delivery.mailbox_access import MailboxAccess
    from shared.delivery.partner_delivery import PartnerDelivery
    from shared.delivery.poison import PoisonMessages
    from shared.delivery.posting import Posting
    from shared.delivery.recovery import Recovery
    from shared.delivery.stop import Stopping
    from shared.delivery.sync_event import EventSync
    from shared.health.permissions import PermissionChecks
    from shared.ports.change_listener import ChangeListener
    from shared.ports.nightly_check import NightlyChecks
    from shared.reliability.mailbox_holds import MailboxHolds
    from shared.resync.catch_up import CatchUp
    from shared.resync.fingerprints import Fingerprints
    from shared.resync.missed_changes import MissedChanges
    from shared.resync.occurrences import Occurrences
    from shared.resync.resync import Resync
    from shared.resync.silence import Silence
    from shared.resync.window import Window
    from shared.threads import MailboxWorkers
    from shared.watches.readings import Readings
    from shared.watches.renamed import RenamedMailboxes, WatchedEvents

WORKERS = 32  # changes that one process reads and delivers at once; each instance has as many


class DeliveryParts(PartnerParts):
    """The parts that deliver changes to the partner."""

    @cached_property
    def renamed_mailboxes(self) -> RenamedMailboxes:
        """Reaches mailboxes whose addresses have changed."""
        from shared.watches.renamed import RenamedMailboxes

        return RenamedMailboxes(self.events, self.watches, self.now)

    @cached_property
    def watched_events(self) -> WatchedEvents:
        """Reads the events of watched mailboxes."""
        from shared.watches.renamed import WatchedEvents

        return WatchedEvents(self.events, self.renamed_mailboxes)

    def window(self) -> Window:
        """Return the present window."""
        from shared.resync.window import window_of

        return window_of(self.settings, self.now())

    @cached_property
    def occurrences(self) -> Occurrences:
        """Finds the occurrences of a series in the window."""
        from shared.resync.occurrences import Occurrences

        return Occurrences(self.watched_events, self.ledger, self.fingerprints, self.window)

    @cached_property
    def catch_up(self) -> CatchUp:
        """Queues resyncs after gaps."""
        from shared.resync.catch_up import CatchUp

        return CatchUp(self.watches, self.jobs, self.heartbeat, self.now)

    @cached_property
    def readings(self) -> Readings:
        """Notes which calendars cannot be read."""
        from shared.watches.readings import Readings

        return Readings(self.watches, self.now)

    @cached_property
    def mailbox_holds(self) -> MailboxHolds:
        """The mailboxes that Graph has asked not to call for a while."""
        from shared.reliability.mailbox_holds import MailboxHolds

        return MailboxHolds()

    @cached_property
    def resync(self) -> Resync:
        """Compares calendars with the ledger."""
        from shared.resync.resync import Resync

        return Resync(
            self.watched_events,
            self.ledger,
            self.changes,
            self.parking,
            self.window,
            self.graph_clock,
            self.mailbox_holds,
        )

    @cached_property
    def silence(self) -> Silence:
        """Finds subscriptions that send nothing."""
        from shared.resync.silence import Silence
        from shared.storage.maintenance import ResyncHours

        hours = ResyncHours(lambda: self.watches_table)
        return Silence(hours, self.watches, self.changes, self.parking, self.now)

    @cached_property
    def missed_changes(self) -> MissedChanges:
        """Queues the resyncs of all mailboxes."""
        from shared.resync.missed_changes import MissedChanges

        return MissedChanges(self.catch_up, self.silence)

    @cached_property
    def workers(self) -> MailboxWorkers:
        """The threads that process changes."""
        from shared.threads import MailboxWorkers, pool

        return MailboxWorkers(pool(WORKERS, "change"), self.mailbox_limits)

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """Compares what the partner sees of events."""
        from shared.resync.fingerprints import Fingerprints

        return Fingerprints(self.client_state_keys, self.now)

    @cached_property
    def posting(self) -> Posting:
        """Sends deliveries."""
        from shared.delivery.posting import Posting

        return Posting(self.ledger, self.webhook, self.graph_clock)

    @cached_property
    def event_sync(self) -> EventSync:
        """Brings the partner up to date on one event."""
        from shared.delivery.sync_event import EventSync

        return EventSync(
            self.settings, self.watched_events, self.occurrences, self.fingerprints, self.posting, self.graph_clock
        )

    @cached_property
    def failures(self) -> Failures:
        """Queues, parks or dead-letters what the partner did not accept."""
        from shared.delivery.failures import Failures

        return Failures(
            self.breaker, self.parking, self.dead_letters, self.ledger, self.changes, self.jobs, self.delivery_metrics
        )

    @cached_property
    def mailbox_access(self) -> MailboxAccess:
        """Decides which mailboxes may be read."""
        from shared.delivery.mailbox_access import MailboxAccess

        return MailboxAccess(self.watches, self.permission, self.catch_up, self.readings, self.mailbox_holds, self.now)

    @cached_property
    def batches(self) -> Batches:
        """Processes the changes of a mailbox."""
        from shared.delivery.batch import Batches

        return Batches(
            self.mailbox_access, self.ledger, self.changes, self.event_sync, self.failures, self.workers,
            self.graph_clock,
        )  # fmt: skip

    @cached_property
    def change_listeners(self) -> Mapping[str, ChangeListener]:
        """The features that follow calendars, by name."""
        return {}

    @cached_property
    def nightly_checks(self) -> NightlyChecks:
        """What features do each night."""
        from shared.ports.nightly_check import NightlyChecks

        return NightlyChecks()

    @cached_property
    def hand_over(self) -> HandOver:
        """Hands changes to features."""
        from shared.delivery.hand_over import HandOver

        return HandOver(self.change_listeners, self.watches, self.permission, self.catch_up, self.changes)

    @cached_property
    def delivery(self) -> Delivery:
        """Delivers messages of changes."""
        from shared.delivery.deliver import Delivery

        return Delivery(
            self.settings, self.parking, self.changes, self.hand_over, self.partner_delivery, self.stop.is_stopped,
            self.now,
        )  # fmt: skip

    @cached_property
    def partner_delivery(self) -> PartnerDelivery:
        """Delivers changes to the partner."""
        from shared.delivery.partner_delivery import PartnerDelivery

        return PartnerDelivery(
            self.breaker, self.parking, self.changes, self.batches, self.failures, self.delivery_metrics,
            self.stop.is_stopped, self.now,
        )  # fmt: skip

    @cached_property
    def stopping(self) -> Stopping:
        """Stops and starts the relay."""
        from shared.delivery.stop import Stopping

        return Stopping(self.stop, self.jobs)

    def permission_checks(self) -> PermissionChecks:
        """Return the health checks of what the customer permits."""
        from shared.health.permissions import PermissionChecks

        return PermissionChecks(self.stop, self.permission, self.watches)

    @cached_property
    def recovery(self) -> Recovery:
        """Probes the endpoint, and drains what is parked."""
        from shared.delivery.recovery import Recovery

        return Recovery(
            self.breaker, self.parked, self.parking, self.jobs, self.batches, self.failures, self.graph_clock
        )

    @cached_property
    def poison_messages(self) -> PoisonMessages:
        """Handles poison messages."""
        from shared.delivery.poison import PoisonMessages

        return PoisonMessages(self.dead_letters, self.ledger, self.catch_up, self.changes, self.jobs)
