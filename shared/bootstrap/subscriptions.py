"""The services of subscriptions, jobs and health, each built at its first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.delivery import DeliveryParts

if TYPE_CHECKING:
    from shared.health.checks import HealthChecks
    from shared.health.metrics import Gauges
    from shared.jobs import JobRunner
    from shared.subscriptions.reconcile import Reconciler
    from shared.subscriptions.room_lists import RoomListService
    from shared.subscriptions.service import SubscriptionService
    from shared.subscriptions.subscribe import WatchSetup
    from shared.watches.quota import WatchQuota
    from shared.watches.sources import WatchSources


class SubscriptionParts(DeliveryParts):
    """The parts that maintain subscriptions, run jobs and report health."""

    @cached_property
    def quota(self) -> WatchQuota:
        """Limits the number of watches."""
        from shared.watches.quota import WatchQuota

        return WatchQuota(self.watches.count, lambda: self.settings.most_watches, self.now)

    @cached_property
    def watch_sources(self) -> WatchSources:
        """The sources of watches."""
        from shared.watches.sources import WatchSources

        return WatchSources(self.watches, self.quota)

    @cached_property
    def subscription_service(self) -> SubscriptionService:
        """Creates, renews and deletes subscriptions."""
        from shared.subscriptions.service import SubscriptionService

        return SubscriptionService(self.settings, self.subscriptions, self.watches, self.client_state_keys, self.now)

    @cached_property
    def watch_setup(self) -> WatchSetup:
        """Creates and removes watches."""
        from shared.subscriptions.subscribe import WatchSetup

        return WatchSetup(
            self.allow_list, self.watches, self.watch_sources, self.ledger, self.subscription_service, self.catch_up,
            lambda: self.resolver, self.now, self.sleep,
        )  # fmt: skip

    @cached_property
    def room_list_service(self) -> RoomListService:
        """Watches room lists."""
        from shared.subscriptions.room_lists import RoomListService

        return RoomListService(
            self.allow_list, self.rooms, self.room_lists, self.watches, self.watch_sources, self.watch_setup,
            self.jobs, self.now,
        )  # fmt: skip

    @cached_property
    def reconciler(self) -> Reconciler:
        """Reconciles Graph's subscriptions with the watches."""
        from shared.subscriptions.reconcile import Reconciler

        return Reconciler(
            self.settings, self.subscription_service, self.watches, self.client_state_keys, self.allow_list,
            self.room_list_service, self.catch_up, self.recovery, self.now,
        )  # fmt: skip

    @cached_property
    def job_runner(self) -> JobRunner:
        """Runs jobs."""
        from shared.jobs import JobRunner

        return JobRunner(
            self.watches, self.allow_list, self.subscription_service, self.catch_up, self.resync, self.reconciler,
            self.recovery, self.dead_letters, self.jobs,
        )  # fmt: skip

    @cached_property
    def health_checks(self) -> HealthChecks:
        """The health checks."""
        from shared.health.checks import HealthChecks

        return HealthChecks(
            self.settings, self.client_state_keys, self.webhook, lambda: self.get_token(), self.watches,  # noqa: PLW0108
            self.heartbeat, self.changes, self.pause, self.now,
        )  # fmt: skip

    @cached_property
    def gauges(self) -> Gauges:
        """Reports the gauges."""
        from shared.health.metrics import Gauges

        return Gauges(self.watches, self.changes, self.pause, self.now)
