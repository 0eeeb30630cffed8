"""The parts that keep subscriptions alive, each built at its first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.appointment_deliveries import AppointmentDeliveryParts

if TYPE_CHECKING:
    from shared.forgetting.off_list import OffListRows
    from shared.forgetting.rows import MailboxRows
    from shared.reliability.overdue_run import OverdueRun
    from shared.storage.maintenance import Brake, Handshake, Lifetime, Rollout, SingleRow, Sweep
    from shared.storage.unknown_subscriptions import UnknownSubscriptions
    from shared.subscriptions.addresses import Addresses
    from shared.subscriptions.brakes import LossBrake, RefusalBrake
    from shared.subscriptions.creation import Creation
    from shared.subscriptions.due import Timing
    from shared.subscriptions.endings import Endings
    from shared.subscriptions.handshake_record import HandshakeRecord
    from shared.subscriptions.lifetime import Lifetimes
    from shared.subscriptions.losses import Losses
    from shared.subscriptions.records import Records
    from shared.subscriptions.removal import Removal
    from shared.subscriptions.service import SubscriptionService
    from shared.subscriptions.timer.clock_check import ClockCheck
    from shared.subscriptions.timer.rollout import Rollouts
    from shared.subscriptions.timer.steps import Steps
    from shared.subscriptions.unknown.audit import Audit
    from shared.subscriptions.unknown.unknown_cleanup import UnknownCleanup


class MaintenanceParts(AppointmentDeliveryParts):
    """What is stored about the maintenance of subscriptions, and the services that do it."""

    @cached_property
    def sweep_row(self) -> SingleRow[Sweep]:
        """The row of the last sweep."""
        from shared.storage.maintenance import SingleRow, Sweep

        return SingleRow(lambda: self.watches_table, Sweep, "sweep")

    @cached_property
    def brake_row(self) -> SingleRow[Brake]:
        """The row of the brakes."""
        from shared.storage.maintenance import Brake, SingleRow

        return SingleRow(lambda: self.watches_table, Brake, "brake")

    @cached_property
    def rollout_row(self) -> SingleRow[Rollout]:
        """The row of the rollout."""
        from shared.storage.maintenance import Rollout, SingleRow

        return SingleRow(lambda: self.watches_table, Rollout, "rollout")

    @cached_property
    def lifetime_row(self) -> SingleRow[Lifetime]:
        """The row of the lifetime that Graph accepts."""
        from shared.storage.maintenance import Lifetime, SingleRow

        return SingleRow(lambda: self.watches_table, Lifetime, "lifetime")

    @cached_property
    def handshake_row(self) -> SingleRow[Handshake]:
        """The row of the last handshake."""
        from shared.storage.maintenance import Handshake, SingleRow

        return SingleRow(lambda: self.watches_table, Handshake, "handshake")

    @cached_property
    def unknown_subscriptions(self) -> UnknownSubscriptions:
        """The subscriptions that no row names."""
        from shared.storage.unknown_subscriptions import UnknownSubscriptions

        return UnknownSubscriptions(lambda: self.watches_table)

    @cached_property
    def handshakes(self) -> HandshakeRecord:
        """Records Graph's handshakes."""
        from shared.subscriptions.handshake_record import HandshakeRecord

        return HandshakeRecord(self.handshake_row, self.addresses, self.now)

    @cached_property
    def addresses(self) -> Addresses:
        """The URLs of subscriptions."""
        from shared.subscriptions.addresses import Addresses

        return Addresses(self.settings, self.handshake_row, self.now)

    @cached_property
    def lifetimes(self) -> Lifetimes:
        """The lifetime of subscriptions."""
        from shared.subscriptions.lifetime import Lifetimes

        return Lifetimes(self.settings, self.lifetime_row, self.now, lambda: self.clock_check.is_wrong())  # noqa: PLW0108

    @cached_property
    def loss_brake(self) -> LossBrake:
        """The brake on new subscriptions in the place of lost ones."""
        from shared.subscriptions.brakes import LossBrake

        return LossBrake(self.brake_row, self.watches.count, self.now)

    @cached_property
    def refusal_brake(self) -> RefusalBrake:
        """The brake on believing refusals."""
        from shared.subscriptions.brakes import RefusalBrake

        return RefusalBrake(self.brake_row, self.now)

    def timing(self) -> Timing:
        """Return when renewals are due, and the hash of the settings."""
        from shared.graph.client_state import signing_key
        from shared.subscriptions.due import Timing

        keys = self.client_state_keys()
        further = self.client_state_keys.further()  # one that is disabled then has every row read
        versions = [signing_key(keys, self.now()).version, *(key.version for key in keys), *further]
        return Timing(self.lifetimes.renew_before(), self._settings_hash(versions))

    def _settings_hash(self, versions: list[str]) -> str:
        from shared.subscriptions.due import settings_hash

        return settings_hash(self.settings, versions, is_stopped=self.stop.is_stopped())

    @cached_property
    def overdue_run(self) -> OverdueRun:
        """Queues the timer's run when the timer does not come."""
        from shared.reliability.awaited_queue import AwaitedQueue
        from shared.reliability.overdue_run import OverdueRun

        return OverdueRun(self.heartbeat, AwaitedQueue(self.jobs, self.awaited_jobs, self.now), self.now)

    @cached_property
    def clock_check(self) -> ClockCheck:
        """Compares this instance's clock with Graph's."""
        from shared.subscriptions.timer.clock_check import ClockCheck

        return ClockCheck(self.clock_skew, self.watches, self.subscriptions)

    @cached_property
    def records(self) -> Records:
        """Writes what was learnt about subscriptions."""
        from shared.subscriptions.records import Records

        return Records(self.watches, self.refusal_brake, lambda: self.timing(), self.now)  # noqa: PLW0108

    @cached_property
    def removal(self) -> Removal:
        """Deletes subscriptions for a recorded reason."""
        from shared.subscriptions.removal import Removal

        return Removal(self.subscriptions, self.tombstones, self.watches, self.unknown_subscriptions, self.now)

    @cached_property
    def mailbox_rows(self) -> MailboxRows:
        """Deletes the rows that name a mailbox."""
        from shared.forgetting.rows import MailboxRows
        from shared.policy.owner import OwnerReadings

        return MailboxRows(
            self.watches, self.ledger, self.parked, self.replays, self.rollout_row, self.rows_of_slots,
            self.off_list_rows, OwnerReadings(lambda: self.watches_table), self.tombstones,
        )  # fmt: skip

    @cached_property
    def off_list_rows(self) -> OffListRows:
        """Since when mailboxes have not been on the allow-list."""
        from shared.forgetting.off_list import OffListRows

        return OffListRows(lambda: self.watches_table)

    @cached_property
    def endings(self) -> Endings:
        """Removes and pauses watches."""
        from shared.subscriptions.endings import Endings

        return Endings(self.watches, self.records, self.removal, self.permission, self.mailbox_rows, self.now)

    @cached_property
    def creation(self) -> Creation:
        """Creates subscriptions."""
        from shared.subscriptions.creation import Creation

        return Creation(
            self.addresses, self.subscriptions, self.watches, self.records, self.removal, self.lifetimes,
            self.renamed_mailboxes, self.client_state_keys, self.now,
        )  # fmt: skip

    @cached_property
    def losses(self) -> Losses:
        """Confirms losses of subscriptions."""
        from shared.subscriptions.losses import Losses

        return Losses(
            self.subscriptions, self.watches, self.records, self.creation, self.loss_brake, self.work, self.now
        )

    @cached_property
    def subscription_service(self) -> SubscriptionService:
        """Renews, replaces and pauses subscriptions."""
        from shared.subscriptions.service import SubscriptionService

        return SubscriptionService(
            self.addresses, self.subscriptions, self.watches, self.records, self.creation, self.lifetimes,
            self.losses, self.client_state_keys, self.now,
        )  # fmt: skip

    @cached_property
    def rollouts(self) -> Rollouts:
        """Changes of many subscriptions."""
        from shared.subscriptions.timer.rollout import Rollouts

        return Rollouts(self.rollout_row, self.handshake_row, self.now)

    @cached_property
    def steps(self) -> Steps:
        """Carries out the steps of a run."""
        from shared.subscriptions.timer.steps import Steps

        return Steps(
            self.watches, self.subscription_service, self.losses, self.creation, self.endings, self.rollouts,
            self.catch_up,
        )  # fmt: skip

    @cached_property
    def audit(self) -> Audit:
        """Counts the subscriptions that no row names."""
        from shared.subscriptions.unknown.audit import Audit

        return Audit(
            self.subscriptions, self.watches, self.unknown_subscriptions, self.tombstones, self.addresses, self.now,
            self.leases, self.clock_check.is_wrong_now,
        )  # fmt: skip

    @cached_property
    def unknown_cleanup(self) -> UnknownCleanup:
        """Deletes unknown subscriptions at an administrator's request."""
        from shared.subscriptions.unknown.unknown_cleanup import UnknownCleanup

        return UnknownCleanup(
            self.subscriptions, self.watches, self.unknown_subscriptions, self.removal, self.addresses, self.now
        )
