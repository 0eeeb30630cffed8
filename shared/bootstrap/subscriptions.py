"""The services of subscriptions, jobs and health, each built at its first use."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.forgetting import ForgettingParts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.health.all_checks import AllChecks
    from shared.health.check_memory import CheckMemory
    from shared.health.metrics import Gauges
    from shared.health.table_check import RowChecks
    from shared.jobs import JobRunner
    from shared.queues import JobQueue
    from shared.reliability.awaited_queue import AwaitedQueue
    from shared.resync.ledger_sweep import LedgerSweep
    from shared.subscriptions.admission import Admission
    from shared.subscriptions.lifecycle import LifecycleEvents
    from shared.subscriptions.new_watches import NewWatches
    from shared.subscriptions.rooms.room_lists import RoomListService
    from shared.subscriptions.rooms.status import RoomProgress
    from shared.subscriptions.subscribe import WatchSetup
    from shared.subscriptions.timer.due_work import DueWork
    from shared.subscriptions.timer.reconcile import Reconciler
    from shared.subscriptions.timer.restart import Restart
    from shared.subscriptions.timer.runs import Runs
    from shared.subscriptions.watch_jobs import WatchJobs
    from shared.watches.quota import WatchQuota
    from shared.watches.sources import WatchSources


class SubscriptionParts(ForgettingParts):
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
    def watch_setup(self) -> WatchSetup:
        """Creates and removes watches."""
        from shared.subscriptions.subscribe import WatchSetup

        return WatchSetup(
            self.admission, self.watches, self.watch_sources, self.new_watches, self.creation, self.endings,
            self.catch_up, self.now, self.sleep,
        )  # fmt: skip

    @cached_property
    def admission(self) -> Admission:
        """Admits requests of set-up calls."""
        from shared.subscriptions.admission import Admission

        return Admission(self.permission, lambda: self.resolver)

    @cached_property
    def new_watches(self) -> NewWatches:
        """Completes set-ups."""
        from shared.subscriptions.new_watches import NewWatches

        return NewWatches(self.watches, self.watch_sources, self.ledger, self.creation, self.records)

    @cached_property
    def room_list_service(self) -> RoomListService:
        """Watches room lists."""
        from shared.subscriptions.rooms.room_lists import RoomListService

        return RoomListService(
            self.allow_list, self.permission, self.room_lists, self.watches, self.watch_sources, self.endings,
            self.awaited_queue(self.jobs), self.now,
        )  # fmt: skip

    @cached_property
    def room_progress(self) -> RoomProgress:
        """Counts the rooms of room lists by state."""
        from shared.subscriptions.rooms.status import RoomProgress

        return RoomProgress(self.watches, self.watch_sources)

    def rooms_hash(self) -> str | None:
        """Return a hash of what ALLOWED_MAILBOXES allows now, with its room lists read afresh; None if unknown."""
        return self.allow_list.fingerprint(timedelta(0))

    @cached_property
    def reconciler(self) -> Reconciler:
        """Reconciles Graph's subscriptions with the watches."""
        from shared.subscriptions.timer.reconcile import Reconciler

        return Reconciler(
            self.restart, self.room_list_service, self.runs, self.missed_changes, self.recovery,
            self.heartbeat, self.audit, self.work, self.now,
        )  # fmt: skip

    @cached_property
    def restart(self) -> Restart:
        """Makes every watch pending after a start."""
        from shared.subscriptions.timer.restart import Restart

        return Restart(self.stop, self.watches, self.records, self.now)

    @cached_property
    def due_work(self) -> DueWork:
        """Reads which work is due."""
        from shared.subscriptions.timer.due_work import DueWork

        return DueWork(
            self.addresses, self.watches, self.sweep_row, self.tombstones, self.client_state_keys, self.permission,
            self.timing, self.rooms_hash, self.now,
        )  # fmt: skip

    @cached_property
    def runs(self) -> Runs:
        """Does what is due."""
        from shared.subscriptions.timer.runs import Runs

        return Runs(
            self.due_work, self.steps, self.records, self.loss_brake, self.refusal_brake, self.watches,
            self.clock_check, self.awaited_queue(self.work), self.now,
        )  # fmt: skip

    def awaited_queue(self, queue: JobQueue) -> AwaitedQueue:
        """Return a queue on which one job of a kind is waited for at a time."""
        from shared.reliability.awaited_queue import AwaitedQueue

        return AwaitedQueue(queue, self.awaited_jobs, self.now)

    @cached_property
    def ledger_sweep(self) -> LedgerSweep:
        """Deletes ledger entries of removed watches."""
        from shared.resync.ledger_sweep import LedgerSweep

        return LedgerSweep(self.ledger, self.watches, self.tombstones, self.awaited_queue(self.work), self.now)

    @cached_property
    def lifecycle_events(self) -> LifecycleEvents:
        """Acts on Graph's lifecycle events."""
        from shared.subscriptions.lifecycle import LifecycleEvents

        return LifecycleEvents(self.subscription_service, self.losses, self.creation, self.catch_up, self.now)

    @cached_property
    def watch_jobs(self) -> WatchJobs:
        """Runs the jobs of single watches."""
        from shared.subscriptions.watch_jobs import ResyncJobs, WatchJobs

        resyncs = ResyncJobs(
            self.watches, self.resync, self.readings, self.catch_up, self.silence, self.lifecycle_events,
            self.work, self.clock_check.is_wrong,
        )  # fmt: skip
        return WatchJobs(self.watches, self.permission, self.catch_up, resyncs, self.lifecycle_events)

    @cached_property
    def job_runner(self) -> JobRunner:
        """Runs jobs."""
        from shared.jobs import JobRunner

        return JobRunner(
            self.watch_jobs, self.reconciler, self.audit, self.recovery, self.dead_letters, self.jobs,
            {"sweep": self.ledger_sweep.step, "cleanup": self.nightly_cleanup.step, "backlog": self.send_backlog,
             "retries": self.send_backlog},
            self.awaited_jobs, self.stop.is_stopped,
        )  # fmt: skip

    @cached_property
    def health_checks(self) -> AllChecks:
        """The health checks."""
        from shared.health.all_checks import AllChecks
        from shared.health.checks import HealthChecks
        from shared.health.maintenance import MaintenanceChecks
        from shared.health.timer_check import RenewalCheck
        from shared.health.vault import VaultReadings

        checks = HealthChecks(
            self.settings, self.client_state_keys, self.webhook, lambda: self.get_token(), self.watches,  # noqa: PLW0108
            self.heartbeat, self.changes, self.pause, self.now,
        )  # fmt: skip
        maintenance = MaintenanceChecks(
            self.settings, self.brake_row, self.rollout_row, self.lifetime_row, lambda: self.audit.health(),  # noqa: PLW0108
            self.silence.is_outage, self.clock_skew,
        )  # fmt: skip
        vault = VaultReadings(self.settings, self.secrets)
        more = {
            **RenewalCheck(self.heartbeat, self.started, self.now).by_name(),
            **self.permission_checks().by_name(),
            **maintenance.by_name(), **self.row_checks().by_name(), "identifierKey": vault.identifier_key,
            "version": lambda: f"ok; {self.package}",
        }  # fmt: skip
        if "bookings" in self.settings.switched_on:
            more["appointmentDeliveries"] = self.appointment_checks().check
        return AllChecks(checks, vault.problems, more)

    @cached_property
    def check_memory(self) -> CheckMemory:
        """The results of the health checks, kept for a while."""
        from shared.health.check_memory import CheckMemory

        return CheckMemory(self.health_checks.check_all)

    @cached_property
    def vital_memory(self) -> CheckMemory:
        """The results of the vital checks: anonymous requests must not each cause calls of vault, login and storage."""
        from shared.health.check_memory import CheckMemory

        return CheckMemory(self.health_checks.check_vital)

    def row_checks(self) -> RowChecks:
        """Return the check of stored rows."""
        from shared.health.table_check import RowChecks
        from shared.storage.parked import DEAD, WAITING

        readers: dict[str, Callable[[], Iterable[object]]] = {
            "watch in the table watches": self.watches.rows,
            "roomlist in the table watches": self.room_lists.rows,
            "directory in the table watches": self.room_list_readings.rows,
            "replay in the table watches": self.replays.rows,
            "endpoint in the table watches": self.endpoints.rows,
            "stop in the table watches": self.stop.rows,
            "waiting in the table parked": lambda: self.parked.rows(WAITING),
            "dead in the table parked": lambda: self.parked.rows(DEAD),
        }
        if "scheduling" in self.settings.switched_on:
            readers["booking in the table slots"] = self.slot_bookings.rows
        if "bookings" in self.settings.switched_on:
            readers |= self.appointment_readers()
        return RowChecks(readers)

    @cached_property
    def gauges(self) -> Gauges:
        """Reports the gauges."""
        from shared.health.metrics import Gauges

        return Gauges(
            self.watches, self.changes, self.pause, self.now, self.delivery_metrics, self.heartbeat,
            self.lifetimes.renew_before, self.stop.is_stopped,
        )  # fmt: skip
